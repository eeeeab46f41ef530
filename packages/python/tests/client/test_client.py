"""A call under a permit, from the decision to its outcome."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest
from both import CALL, CAP, run
from stub import PERMIT, Stub, http

from writ import (
    Call,
    CallError,
    DecisionPointError,
    Entity,
    NotPermittedError,
    ObligationError,
    WithheldError,
)


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
