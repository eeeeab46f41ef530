"""The client for asynchronous programs. The one for others rests on it."""

from __future__ import annotations

import contextlib
import inspect
import json
import ssl
import threading
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import anyio
import httpx

from writ import answers
from writ import obligations as duties
from writ.calls import Call, Entity, copied, written
from writ.decisions import Decision, Permitted, Refused, SteppedUp, is_permitted
from writ.errors import CallError, DecisionPointError, NotPermittedError, ObligationError
from writ.outcomes import Status, outcome
from writ.permits import Permit
from writ.transport import Transport

_MAX_AT_ONCE = 250
_MAX_PERMITS = 10_000
"""The permits whose ids are remembered: an answer that came for another request is recent."""
_OUTCOME_S = 10.0
"""How long the service may take with an outcome: it reads the result."""
_POLL_S = 2.0
T = TypeVar("T")
Until = Literal["first-denial", "first-permit"]
_SEMANTIC = {"first-denial": "deny_on_first_deny", "first-permit": "permit_on_first_permit"}


class AsyncWrit:
    """Asks a Writ. Whatever goes wrong is an error, and an error is never a permit."""

    def __init__(
        self,
        url: str,
        *,
        key: str,
        deadline: float = 2.0,
        tls: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`deadline` is the time for a decision, in seconds. `tls` has other authorities than the usual ones."""
        if not deadline > 0:
            raise ValueError("the deadline is more than 0 seconds")
        self._deadline = deadline
        self._transport = Transport(url, key, tls, transport)
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    async def decide(self, call: Call) -> Decision:
        """Returns the decision. A permit with an obligation that cannot be carried out here is a denial."""
        return await self._carried_out(await self._decide(call, _body(call)))

    async def decide_all(self, calls: Sequence[Call], *, until: Until | None = None) -> list[Decision]:
        """Returns a decision for each call, in order; up to 250. `until` names the answer after which none is made."""
        if len(calls) == 0:
            return []
        if len(calls) > _MAX_AT_ONCE:
            raise CallError(f"{len(calls)} calls at once; at most {_MAX_AT_ONCE} are decided")
        tokens = {call.token for call in calls}
        if len(tokens) > 1:
            raise CallError("calls that are decided at once have one transaction token")
        options = {"evaluations_semantic": "execute_all" if until is None else _SEMANTIC[until]}
        text = written({"evaluations": [_body(call) for call in calls], "options": options})
        answer = await self._send("/access/v1/evaluations", text, tokens.pop())
        decisions = answers.decisions_in(answer, len(calls), is_part=until is not None)
        return [await self._carried_out(self._fresh(one)) for one in decisions]

    async def search_subjects(
        self, subject_type: str, action: str, resource: Entity, **context: Any
    ) -> AsyncIterator[Entity]:
        """Lists the subjects of a type that may do this now."""
        asked = {"subject": {"type": subject_type}, "action": {"name": action}, "resource": resource.to_json()}
        async for one in self._found("subject", asked, context, answers.page_in):
            yield one

    async def search_resources(
        self, subject: Entity, action: str, resource_type: str, **context: Any
    ) -> AsyncIterator[Entity]:
        """Lists the resources of a type that the subject may do this to."""
        asked = {"subject": subject.to_json(), "action": {"name": action}, "resource": {"type": resource_type}}
        async for one in self._found("resource", asked, context, answers.page_in):
            yield one

    async def search_actions(self, subject: Entity, resource: Entity, **context: Any) -> AsyncIterator[str]:
        """Lists the names of the actions that the subject may do to the resource."""
        asked = {"subject": subject.to_json(), "resource": resource.to_json()}
        async for one in self._found("action", asked, context, answers.action_page_in):
            yield one

    async def begin(self, call: Call, *, wait: float = 0) -> Permit:
        """
        Returns a permit with the input as it is to be used. Raises `NotPermittedError` if it is not permitted, and
        `ObligationError` if the permit asks for a change that cannot be made here.

        `wait` is for how many seconds people may be asked to approve it; 0 asks nobody.
        """
        body = _body(call)
        decision = await self._decide(call, body)
        if isinstance(decision, SteppedUp) and wait > 0 and decision.expires is not None:
            decision = await self._approved(call, body, decision, wait)
        if not is_permitted(decision):
            raise NotPermittedError(decision)
        # Another copy: what was sent is not what is run.
        given = copied(body["context"].get("input"), "input")
        try:
            duties.check(decision.obligations)
            changed, changes = duties.apply("input", given, decision.obligations)
        except Exception as cause:
            await Permit(decision, None, (), self._report).drop_unused()
            raise ObligationError(f"an obligation of {decision.id} cannot be carried out here: {cause}") from cause
        return Permit(decision, changed, changes, self._report)

    async def guard(self, call: Call, run: Callable[[Any], Any], *, wait: float = 0) -> Any:
        """
        Runs an operation if it is permitted, with the permitted input, and returns its result once the outcome is on
        record. `run` may be a coroutine function. An error of it is reported and raised.
        """
        permit = await self.begin(call, wait=wait)
        try:
            value = run(permit.input)
            if inspect.isawaitable(value):
                value = await value
        except Exception as error:
            failure = error
        except BaseException:
            await permit.drop()
            raise
        else:
            return await permit.done(value)
        # Outside of the handler: an error that withholds this one does not carry it.
        await permit.failed(failure)
        raise failure

    async def report(
        self, decision: Permitted, status: Status, result: Any = None, *, error: str | None = None
    ) -> None:
        """Reports the outcome of a permit of `decide`. Raises `WithheldError` if it is not on record."""
        await self._report(outcome(decision.id, status, result, (), error))

    async def close(self) -> None:
        """Closes the connections."""
        await self._transport.close()

    async def __aenter__(self) -> AsyncWrit:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _send(self, path: str, text: str, token: str | None = None) -> answers.Answer:
        headers = {} if token is None else {"txn-token": token}
        return await self._transport.send("POST", path, text, self._deadline, headers)

    async def _decide(self, call: Call, body: Mapping[str, Any]) -> Decision:
        answer = await self._send("/access/v1/evaluation", written(body), call.token)
        return self._fresh(answers.decision_in(answer))

    def _fresh(self, decision: Decision) -> Decision:
        """Returns a decision. A permit that was given before is an error: it permits another request."""
        if not is_permitted(decision):
            return decision
        with self._lock:
            if decision.id in self._seen:
                raise DecisionPointError(
                    f"the decision point answered with {decision.id}, which permits another request"
                )
            self._seen[decision.id] = None
            if len(self._seen) > _MAX_PERMITS:
                self._seen.popitem(last=False)
        return decision

    async def _carried_out(self, decision: Decision) -> Decision:
        """Returns a decision. A permit that cannot be carried out is a denial, and what it holds is given back."""
        if not is_permitted(decision):
            return decision
        try:
            duties.check(decision.obligations)
        except ObligationError as error:
            await Permit(decision, None, (), self._report).drop_unused()
            refusal = {
                "code": "obligation_unsupported",
                "message": f"an obligation cannot be carried out here: {error}",
            }
            return Refused(decision.id, (), refusal, decision.context)
        return decision

    async def _report(self, said: dict[str, Any]) -> None:
        text = json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        answer = await self._transport.send("POST", "/v1/outcomes", text, max(self._deadline, _OUTCOME_S))
        answers.expect_recorded(answer)

    async def _found(
        self,
        kind: str,
        asked: Mapping[str, Any],
        context: Mapping[str, Any],
        read: Callable[[answers.Answer], tuple[list[T], str | None]],
    ) -> AsyncIterator[T]:
        token: str | None = None
        seen: set[str] = set()
        while True:
            page = {} if token is None else {"page": {"token": token}}
            said = {"supported_obligations": list(duties.TRANSFORMS), **context}
            text = written({**copied(asked, "search"), "context": copied(said, "context"), **page})
            found, token = read(await self._send(f"/access/v1/search/{kind}", text))
            for one in found:
                yield one
            if token is None:
                return
            if token in seen:
                raise DecisionPointError("the pages of the search do not end")
            seen.add(token)

    async def _approved(self, call: Call, body: dict[str, Any], decision: SteppedUp, wait: float) -> Decision:
        """Asks people to approve it, waits, and decides again if they did."""
        denial = {"evaluation_id": decision.id, "expires_at": decision.expires}
        text = written({**body, "denial": denial})
        key = {"idempotency-key": str(uuid.uuid4()), **({} if call.token is None else {"txn-token": call.token})}
        until = anyio.current_time() + wait
        answer = await self._transport.send("POST", "/access/v1/requests", text, self._deadline, key)
        task, status, approval = answers.access_task_in(answer)
        path = f"/access/v1/requests/{quote(task, safe='')}"
        try:
            while status == "pending" and (left := until - anyio.current_time()) > 0:
                await anyio.sleep(min(_POLL_S, left))
                answer = await self._transport.send("GET", path, None, self._deadline)
                _, status, approval = answers.access_task_in(answer)
        except BaseException:
            # Nobody waits for it any more, so that nobody should be asked.
            with anyio.move_on_after(_POLL_S, shield=True):
                with contextlib.suppress(DecisionPointError):
                    await self._send(f"{path}/cancel", written({"reason": "its caller stopped waiting"}))
            raise
        if status != "approved":
            return decision
        context = body["context"] if approval is None else {**body["context"], "approval": approval}
        return await self._decide(call, {**body, "context": context})


def _body(call: Call) -> dict[str, Any]:
    """Returns the body of a request for a decision."""
    body = call.to_json()
    body["context"].update(detail="reasons", supported_obligations=list(duties.TRANSFORMS))
    return body
