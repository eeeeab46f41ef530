"""The client against a decision point that does everything wrong, synchronously and asynchronously."""

from __future__ import annotations

import asyncio
import inspect
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from stub import PERMIT, Stub, http

from writ import (
    AsyncWrit,
    Call,
    CallError,
    DecisionPointError,
    Entity,
    NotPermittedError,
    ObligationError,
    WithheldError,
    Writ,
)

CALL = Call(Entity("User", "ana"), "refund", Entity("Order", "17"), {"amount": 500})
CAP = {"id": "capped", "type": "cap", "properties": {"path": "amount", "max": 100}}


class Sync:
    """The synchronous client, as coroutines: each test runs with both."""

    def __init__(self, *args: Any, **named: Any) -> None:
        self._writ = Writ(*args, **named)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._writ, name)

        async def call(*args: Any, **named: Any) -> Any:
            return await asyncio.to_thread(method, *args, **named)

        return call


@pytest.fixture(params=[AsyncWrit, Sync], ids=["async", "sync"])
def client(request: pytest.FixtureRequest, pdp: Stub) -> Any:
    return request.param(pdp.url, key="writ_k", deadline=20)


def run(work: Any) -> Any:
    return asyncio.run(work)


def drip(connection: socket.socket) -> None:
    """Answers one byte at a time, and never ends: no single wait is long."""
    for byte in http(200, PERMIT, x_decision_id="01A", content_length="100000"):
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def hang(connection: socket.socket) -> None:
    connection.settimeout(30)
    connection.recv(1)


FAILURES: dict[str, Any] = {
    "closes at once": None,
    "hangs": hang,
    "drips": drip,
    "junk bytes": b"\x00\x01\x02\r\n\r\n",
    "an empty body": http(200, b"", x_decision_id="01A"),
    "junk": http(200, b"permit", x_decision_id="01A"),
    "null": http(200, b"null", x_decision_id="01A"),
    "no members": http(200, {}, x_decision_id="01A"),
    "the text true": http(200, {"decision": "true"}, x_decision_id="01A"),
    "no id": http(200, PERMIT),
    "two ids": http(200, PERMIT, x_decision_id="01A, 01B"),
    "another content type": http(200, PERMIT, x_decision_id="01A", content_type="text/plain"),
    "no content type": http(200, PERMIT, x_decision_id="01A", content_type=""),
    "cut off": http(200, PERMIT, x_decision_id="01A", content_length="500"),
    "compressed": http(200, PERMIT, x_decision_id="01A", content_encoding="gzip"),
    "status 500": http(500, PERMIT, x_decision_id="01A"),
    "status 503 for ever": http(503, PERMIT, x_decision_id="01A", retry_after="0"),
    "status 503 for long": http(503, PERMIT, x_decision_id="01A", retry_after="3600"),
    "a redirect": http(307, None, location="/access/v1/evaluation"),
    "status 201": http(201, PERMIT, x_decision_id="01A"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_fails_closed(client: Any, pdp: Stub, failure: str) -> None:
    ran: list[Any] = []
    client = type(client)(pdp.url, key="k", deadline=0.3)
    reply = FAILURES[failure]
    pdp.decide = lambda _: (lambda c: c.close()) if reply is None else reply
    with pytest.raises(DecisionPointError):
        run(client.guard(CALL, ran.append))
    assert (ran, pdp.outcomes) == ([], [])


def test_fails_closed_where_nobody_listens(client: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nobody = type(client)(f"http://127.0.0.1:{port}", key="k")
    with pytest.raises(DecisionPointError, match="is `writ start` running"):
        run(nobody.decide(CALL))


def test_a_long_answer_is_not_read(client: Any, pdp: Stub) -> None:
    client = type(client)(pdp.url, key="k", deadline=2)

    def endless(connection: socket.socket) -> None:
        connection.sendall(http(200, None, x_decision_id="01A", content_length=str(2**40)))
        while True:
            connection.sendall(b" " * 2**20)

    pdp.decide = lambda _: endless
    with pytest.raises(DecisionPointError, match=r"longer than|did not answer in"):
        run(client.decide(CALL))


def test_runs_with_the_permitted_input_and_reports_before_it_hands_on(client: Any, pdp: Stub) -> None:
    pdp.permits(result="modify", obligations=[CAP])
    seen: list[Any] = []

    def refund(given: Any) -> dict[str, Any]:
        seen.append(given)
        pdp.events.append("run")
        return {"refunded": given["amount"]}

    assert run(client.guard(CALL, refund)) == {"refunded": 100}
    assert pdp.events == ["decide", "run", "report"]
    assert seen == [{"amount": 100}]
    (outcome,) = pdp.outcomes
    assert (outcome["status"], outcome["result"]) == ("completed", {"refunded": 100})
    assert [(one["obligation"], one["on"]) for one in outcome["changes"]] == [("capped", "input")]
    assert pdp.headers[0]["authorization"] == "Bearer writ_k"
    assert pdp.asked[0]["context"]["supported_obligations"] == ["redact", "cap", "replace", "drop-field", "watermark"]


def test_the_input_is_that_which_was_decided_on(client: Any, pdp: Stub) -> None:
    given: dict[str, Any] = {"to": ["a"]}

    def permit_late(_: Any) -> bytes:
        given["to"].append("attacker")
        return pdp.permit()

    pdp.decide = permit_late
    call = Call(Entity("User", "ana"), "mail", Entity("Tool", "mail"), given)
    assert run(client.guard(call, lambda permitted: permitted)) == {"to": ["a"]}


def test_a_denial_runs_nothing(client: Any, pdp: Stub) -> None:
    pdp.denies()
    ran: list[Any] = []
    with pytest.raises(NotPermittedError, match=r"not here \[no\]") as refused:
        run(client.guard(CALL, ran.append))
    assert (ran, refused.value.answer.result, pdp.outcomes) == ([], "deny", [])


def test_a_raise_is_reported_as_failed(client: Any, pdp: Stub) -> None:
    pdp.permits()

    def fail(_: Any) -> None:
        raise LookupError("no such order")

    with pytest.raises(LookupError):
        run(client.guard(CALL, fail))
    (outcome,) = pdp.outcomes
    assert outcome == {"decisionId": "01P1", "status": "failed", "error": "no such order"}


@pytest.mark.parametrize("status", [404, 409, 500])
def test_nothing_is_handed_on_whose_outcome_is_not_on_record(client: Any, pdp: Stub, status: int) -> None:
    pdp.permits()
    pdp.record = lambda _: http(status, {"code": "outcome_contradicts"}, content_type="application/problem+json")
    with pytest.raises(WithheldError, match="outcome_contradicts"):
        run(client.guard(CALL, lambda _: "secret"))

    def fail(_: Any) -> None:
        raise LookupError("secret")

    with pytest.raises(WithheldError) as withheld:
        run(client.guard(CALL, fail))
    assert "secret" not in str(withheld.value)


def test_what_nothing_depends_on_is_handed_on(client: Any, pdp: Stub) -> None:
    pdp.permits(result="allow", awaits_outcome=False)
    pdp.record = lambda _: http(500, {})
    assert run(client.guard(CALL, lambda _: "public")) == "public"


def test_an_obligation_that_cannot_be_carried_out_is_a_refusal(client: Any, pdp: Stub) -> None:
    ran: list[Any] = []
    for one in [
        {**CAP, "type": "notify"},
        {**CAP, "properties": {"path": "$..amount", "max": 1}},
        {**CAP, "properties": {"path": "amount", "max": "1"}},
        {**CAP, "type": "redact", "properties": {"class": "card"}},
    ]:
        pdp.permits(result="modify", obligations=[one])
        with pytest.raises(ObligationError, match="cannot be carried out here"):
            run(client.guard(CALL, ran.append))
    assert ran == []
    assert [status for _, status in pdp.statuses()] == ["not-executed"] * 4


def test_a_decision_that_cannot_be_carried_out_is_a_denial(client: Any, pdp: Stub) -> None:
    pdp.permits(result="modify", obligations=[{**CAP, "type": "notify"}])
    decision = run(client.decide(CALL))
    assert (decision.permitted, decision.refusal["code"]) == (False, "obligation_unsupported")
    assert [status for _, status in pdp.statuses()] == ["not-executed"]


def test_a_result_that_cannot_be_changed_is_withheld(client: Any, pdp: Stub) -> None:
    drop = {"id": "hide", "type": "drop-field", "properties": {"path": "iban"}}
    pdp.permits(result="modify", obligations=[drop])
    assert run(client.guard(CALL, lambda _: {"iban": "DE1", "name": "ana"})) == {"name": "ana"}
    with pytest.raises(WithheldError, match="the result was withheld"):
        run(client.guard(CALL, lambda _: object()))
    assert [one["status"] for one in pdp.outcomes] == ["completed", "completed"]
    assert [one["result"] for one in pdp.outcomes] == [{"name": "ana"}, None]


def test_an_answer_to_another_request_permits_nothing(client: Any, pdp: Stub) -> None:
    pdp.decide = lambda _: http(200, PERMIT, x_decision_id="01A")
    run(client.guard(CALL, lambda _: None))
    with pytest.raises(DecisionPointError, match="permits another request"):
        run(client.guard(CALL, lambda _: None))


def test_asks_again_when_the_service_cannot_now(client: Any, pdp: Stub) -> None:
    busy = [http(503, None, retry_after="0"), http(503, None, retry_after="0")]
    pdp.decide = lambda _: busy.pop() if busy else pdp.permit()
    late = [http(503, None, retry_after="0")]
    pdp.record = lambda _: late.pop() if late else http(204, None, content_type="")
    assert run(client.guard(CALL, lambda _: 1)) == 1
    assert (len(pdp.asked), len(pdp.outcomes)) == (3, 2)


def test_what_is_not_json_is_not_asked_about(client: Any, pdp: Stub) -> None:
    call = Call(Entity("User", "ana"), "mail", Entity("Tool", "mail"), {"v": float("nan")})
    with pytest.raises(CallError):
        run(client.guard(call, lambda _: None))
    assert pdp.asked == []


def test_parallel_calls_are_each_decided_and_reported(client: Any, pdp: Stub) -> None:
    pdp.decide = lambda body: (
        pdp.permit() if body["context"]["input"]["n"] % 2 == 0 else http(200, {"decision": False}, x_decision_id="01D")
    )

    async def all_of_them() -> list[Any]:
        calls = [Call(Entity("User", "ana"), "echo", Entity("Tool", "echo"), {"n": n}) for n in range(20)]
        work = [client.guard(call, lambda given: given["n"]) for call in calls]
        return await asyncio.gather(*work, return_exceptions=True)

    results = run(all_of_them())
    assert [one for one in results if isinstance(one, int)] == list(range(0, 20, 2))
    assert all(isinstance(one, NotPermittedError) for one in results[1::2])
    assert sorted(one["result"] for one in pdp.outcomes) == list(range(0, 20, 2))


def test_a_step_up_is_waited_for_only_on_request(client: Any, pdp: Stub) -> None:
    request = {"template": "large", "expires_at": "2026-12-01T00:00:00Z"}
    stepped = http(
        200, {"decision": False, "context": {"result": "step_up", "access_request": request}}, x_decision_id="01S"
    )
    pdp.decide = lambda body: pdp.permit() if body["context"].get("approval") == {"id": "A"} else stepped
    done = {"task": {"id": "T/1", "status": "approved"}, "result": {"approval": {"id": "A"}}}
    pdp.other = lambda path, _: (
        http(202, {"task": {"id": "T/1", "status": "pending"}}) if path.endswith("s") else http(200, done)
    )
    with pytest.raises(NotPermittedError) as refused:
        run(client.guard(CALL, lambda _: 1))
    assert refused.value.answer.result == "step_up"
    assert len(pdp.headers) == 1
    assert run(client.guard(CALL, lambda _: 1, wait=30)) == 1
    paths = [one["path"] for one in pdp.headers[1:]]
    assert paths == [
        "/access/v1/evaluation",
        "/access/v1/requests",
        "/access/v1/requests/T%2F1",
        "/access/v1/evaluation",
        "/v1/outcomes",
    ]


def test_a_step_up_that_nobody_approves(client: Any, pdp: Stub) -> None:
    request = {"template": "large", "expires_at": "2026-12-01T00:00:00Z"}
    context = {"result": "step_up", "access_request": request}
    pdp.decide = lambda _: http(200, {"decision": False, "context": context}, x_decision_id="01S")
    for status in ["denied", "pending", "nonsense"]:
        pdp.other = lambda _path, _body, status=status: http(200, {"task": {"id": "T", "status": status}})
        with pytest.raises(NotPermittedError):
            run(client.guard(CALL, lambda _: 1, wait=0.1))
    pdp.other = lambda _path, _body: http(200, {"task": "approved"})
    with pytest.raises(DecisionPointError):
        run(client.guard(CALL, lambda _: 1, wait=0.1))


def test_searches_follow_pages_and_end(client: Any, pdp: Stub) -> None:
    def pages(_path: str, body: Any) -> bytes:
        if body.get("page") is None:
            return http(200, {"results": [{"type": "User", "id": "a"}], "page": {"next_token": "n"}})
        return http(200, {"results": [{"type": "User", "id": "b"}]})

    async def found() -> list[str]:
        searched = client.search_subjects("User", "refund", Entity("Order", "17"))
        listed = await searched if inspect.isawaitable(searched) else [one async for one in searched]
        return [one.id for one in listed]

    pdp.other = pages
    assert run(found()) == ["a", "b"]
    pdp.other = lambda _path, _body: http(200, {"results": [], "page": {"next_token": "n"}})
    with pytest.raises(DecisionPointError, match="do not end"):
        run(found())


def test_a_cancelled_operation_is_reported_as_unknown(pdp: Stub) -> None:
    pdp.permits()

    async def cancelled() -> None:
        begun = asyncio.Event()

        async def slow(_: Any) -> None:
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(AsyncWrit(pdp.url, key="k").guard(CALL, slow))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())
    assert pdp.statuses() == [("01P1", "unknown")]


def test_an_interrupted_operation_is_reported_as_unknown(pdp: Stub) -> None:
    pdp.permits()

    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Writ(pdp.url, key="k").guard(CALL, interrupted)
    assert pdp.statuses() == [("01P1", "unknown")]


def test_a_permit_ends_once(pdp: Stub) -> None:
    pdp.permits()
    permit = Writ(pdp.url, key="k").begin(CALL)
    assert permit.done("a") == "a"
    with pytest.raises(WithheldError, match="ended before"):
        permit.done("b")
    permit.drop()
    assert pdp.statuses() == [("01P1", "completed")]


def test_connections_are_kept(pdp: Stub) -> None:
    pdp.permits()

    async def ten() -> None:
        async with AsyncWrit(pdp.url, key="k", deadline=10) as client:
            for _ in range(10):
                await client.guard(CALL, lambda _: 1)

    run(ten())
    assert pdp.connections == 1
    with Writ(pdp.url, key="k", deadline=10) as same:
        for _ in range(10):
            same.guard(CALL, lambda _: 1)
    assert pdp.connections == 2


def test_one_client_serves_many_loops_and_threads(pdp: Stub) -> None:
    pdp.permits()
    client = AsyncWrit(pdp.url, key="k", deadline=10)
    for _ in range(3):
        assert run(client.guard(CALL, lambda _: 1)) == 1
    same = Writ(pdp.url, key="k", deadline=10)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda n: same.guard(CALL, lambda _: n), range(40))) == list(range(40))

    async def inside() -> int:
        return same.guard(CALL, lambda _: 2)

    # Also inside a running loop, where a synchronous adapter can be.
    assert run(inside()) == 2


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:7465", "file:///x", "http://", "http://u:p@h", "http://h?x=1", "http://h#f"]
)
def test_what_is_no_url_of_a_service(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL of"):
        Writ(url, key="k")


@pytest.mark.parametrize("key", ["", " ", "a\nb", "é"])
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(ValueError, match="the key is empty"):
        Writ("http://127.0.0.1:1", key=key)
