"""A decision point that answers as a test says, with exact bytes."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

PERMIT: dict[str, Any] = {"decision": True}
Reply = bytes | Callable[[socket.socket], None] | None


def http(status: int, body: Any, **headers: str) -> bytes:
    """Returns an answer. A header whose name is not one in Python is given in `headers` with `_` for `-`."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    named = {"content_type": "application/json", "content_length": str(len(content)), **headers}
    lines = [f"HTTP/1.1 {status} x", *(f"{name.replace('_', '-')}: {value}" for name, value in named.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode() + content


@dataclass
class Stub:
    """The requests, and their answers: by path, or by a function of the request."""

    url: str = ""
    decide: Callable[[dict[str, Any]], Reply] = lambda _: None
    record: Callable[[dict[str, Any]], Reply] = lambda _: http(204, None, content_type="")
    other: Callable[[str, Any], Reply] = lambda _path, _body: http(404, {})
    asked: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    connections: int = 0
    _ids: int = 0
    _lock: Any = field(default_factory=threading.Lock)

    def permits(self, **context: Any) -> None:
        """Permits everything, each time under another id."""
        self.decide = lambda _: self.permit(**context)

    def permit(self, **context: Any) -> bytes:
        with self._lock:
            self._ids += 1
            return http(200, {**PERMIT, **({"context": context} if context else {})}, x_decision_id=f"01P{self._ids}")

    def denies(self, **context: Any) -> None:
        """Denies everything."""
        said = {"result": "deny", "reasons": [{"policy": "no", "reason": "not here"}], **context}
        self.decide = lambda _: http(200, {"decision": False, "context": said}, x_decision_id="01D")

    def statuses(self) -> list[tuple[str, str]]:
        return [(one["decisionId"], one["status"]) for one in self.outcomes]


@contextmanager
def stub() -> Iterator[Stub]:
    """Runs a decision point in a thread."""
    listening = socket.create_server(("127.0.0.1", 0))
    said = Stub(url=f"http://127.0.0.1:{listening.getsockname()[1]}")
    open_ones: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                open_ones.append(connection)
                said.connections += 1
                threading.Thread(target=_serve, args=(connection, said), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield said
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
        for connection in open_ones:
            connection.close()


def _serve(connection: socket.socket, said: Stub) -> None:
    reader = connection.makefile("rb")
    with suppress(OSError, ValueError), connection:
        while line := reader.readline():
            method, path, _ = line.decode().split(" ")
            headers: dict[str, str] = {}
            while (header := reader.readline().strip()) != b"":
                name, _, value = header.decode().partition(":")
                headers[name.lower()] = value.strip()
            content = reader.read(int(headers.get("content-length", "0")))
            body = json.loads(content) if content else None
            said.headers.append({"method": method, "path": path, **headers})
            if path == "/access/v1/evaluation":
                said.asked.append(body)
                said.events.append("decide")
                reply = said.decide(body)
            elif path == "/v1/outcomes":
                said.outcomes.append(body)
                said.events.append("report")
                reply = said.record(body)
            else:
                reply = said.other(path, body)
            if reply is None:
                return
            if callable(reply):
                reply(connection)
                return
            connection.sendall(reply)
