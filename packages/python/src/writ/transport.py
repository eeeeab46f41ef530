"""Sends requests to the service, each with one deadline for everything: waiting, sending, reading."""

from __future__ import annotations

import ssl
from weakref import WeakKeyDictionary

import anyio
import httpx
from anyio.lowlevel import RunVar

from writ.answers import Answer
from writ.errors import DecisionPointError

_MAX_BYTES = 16 * 2**20
_NOT_NOW = (429, 503)


class _Loop:
    """Stands for an event loop, as long as that exists. A connection belongs to one loop."""


_this_loop: RunVar[_Loop] = RunVar("writ-loop")


def _loop() -> _Loop:
    try:
        return _this_loop.get()
    except LookupError:
        _this_loop.set(here := _Loop())
        return here


class Transport:
    """Connections to one service, kept for each event loop."""

    def __init__(
        self, url: str, key: str, tls: ssl.SSLContext | None, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as cause:
            raise ValueError(f"{url!r} is not the URL of a service: {cause}") from cause
        if parsed.scheme not in ("http", "https") or parsed.host == "":
            raise ValueError(f"{url!r} is not the URL of a service: it begins with http:// or https:// and has a host")
        if parsed.userinfo != b"" or parsed.query != b"" or parsed.fragment != "":
            raise ValueError("the URL of a service has no user information, no query and no fragment")
        self._url = url.rstrip("/")
        self._key = key.strip()
        if self._key == "" or not self._key.isascii() or not self._key.isprintable():
            raise ValueError("the key is empty, or has characters that no key has")
        self._verify: ssl.SSLContext | bool = True if tls is None else tls
        self._given = transport
        self._clients: WeakKeyDictionary[_Loop, httpx.AsyncClient] = WeakKeyDictionary()

    async def send(
        self, method: str, path: str, text: str | None, deadline: float, headers: dict[str, str] | None = None
    ) -> Answer:
        """Returns the answer. A service that cannot now (503, Retry-After) is asked again, within the deadline."""
        try:
            with anyio.fail_after(deadline):
                while True:
                    answer = await self._once(method, path, text, headers or {})
                    after = _seconds(answer)
                    if after is None or after >= anyio.current_effective_deadline() - anyio.current_time():
                        return answer
                    await anyio.sleep(after)
        except TimeoutError as cause:
            raise DecisionPointError(f"{self._url} did not answer in {deadline:g} s") from cause
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, RuntimeError) as cause:
            said = str(cause) or type(cause).__name__
            raise DecisionPointError(f"{self._url} did not answer: {said}; is `writ start` running?") from cause

    async def _once(self, method: str, path: str, text: str | None, more: dict[str, str]) -> Answer:
        # Without compression: a small answer cannot become a large one.
        headers = {"authorization": f"Bearer {self._key}", "accept-encoding": "identity", **more}
        if text is not None:
            headers["content-type"] = "application/json"
        content = None if text is None else text.encode()
        async with self._client().stream(method, self._url + path, content=content, headers=headers) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise DecisionPointError("the decision point compressed its answer, which nobody asked for")
            read = bytearray()
            async for piece in response.aiter_raw():
                read += piece
                if len(read) > _MAX_BYTES:
                    raise DecisionPointError(f"the answer of the decision point is longer than {_MAX_BYTES} bytes")
            named = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, named, bytes(read))

    def _client(self) -> httpx.AsyncClient:
        loop = _loop()
        client = self._clients.get(loop)
        if client is None:
            # No redirect is followed, and no proxy or .netrc is read: the key goes to nobody else.
            client = httpx.AsyncClient(
                timeout=None, follow_redirects=False, trust_env=False, verify=self._verify, transport=self._given
            )
            self._clients[loop] = client
        return client

    async def close(self) -> None:
        """Closes the connections of this event loop."""
        client = self._clients.pop(_loop(), None)
        if client is not None:
            await client.aclose()


def _seconds(answer: Answer) -> float | None:
    after = answer.headers.get("retry-after", "")
    if answer.status not in _NOT_NOW or not after.isascii() or not after.isdigit() or len(after) > 6:
        return None
    # Never without a pause, also if the service says 0.
    return max(float(after), 0.05)
