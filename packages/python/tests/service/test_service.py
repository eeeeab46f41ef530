"""The client with a real Writ, started by the fixture of this package."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from typing import Any

import pytest

from writ import AsyncWrit, Call, DecisionPointError, Entity, NotPermittedError, ObligationError, WithheldError, Writ
from writ.testing import Running, StartError, start

ANA, BEN, LEA = (Entity("User", name) for name in ("ana", "ben", "lea"))
ORDER = Entity("Order", "17")


def tool(name: str, given: Any = None, subject: Entity = ANA) -> Call:
    return Call(subject, name, Entity("Tool", name), given)


@pytest.fixture
def writ(writ_server: Running) -> Writ:
    """A client with a key that may ask about anybody."""
    return Writ(writ_server.url, key=writ_server.key("app"), deadline=30)


def test_the_fixture_needs_seconds(writ_server: Running) -> None:
    assert writ_server.url.startswith("http://127.0.0.1:")
    assert writ_server.key("app").startswith("writ_")


def test_four_results(writ: Writ) -> None:
    assert writ.decide(Call(ANA, "read_order", ORDER)).result == "allow"
    assert writ.decide(Call(BEN, "read_order", ORDER)).result == "deny"
    assert writ.decide(tool("refund", {"order": "17", "amount": 500})).result == "modify"
    stepped = writ.decide(tool("pay", {"order": "17", "amount": 500}))
    assert (stepped.result, stepped.why()) == ("step_up", "a lead approves more than 100 [large-payments]")


def test_a_batch_in_order(writ: Writ) -> None:
    decisions = writ.decide_all([Call(one, "read_order", ORDER) for one in (ANA, BEN, ANA)])
    assert [one.permitted for one in decisions] == [True, False, True]
    assert len({one.id for one in decisions}) == 3


def test_searches(writ: Writ) -> None:
    assert [one.id for one in writ.search_subjects("User", "read_order", ORDER)] == ["ana"]
    assert writ.search_resources(ANA, "read_order", "Order") == [ORDER]
    assert writ.search_actions(ANA, ORDER) == ["read_order"]
    assert writ.search_actions(BEN, ORDER) == []


def test_guard(writ: Writ) -> None:
    given = {"order": "17", "amount": 500}
    assert writ.guard(tool("refund", given), lambda permitted: permitted["amount"]) == 100
    hidden = writ.guard(tool("read_iban"), lambda _: {"iban": "DE1", "name": "ana"})
    assert hidden == {"name": "ana"}
    with pytest.raises(NotPermittedError, match="nobody deletes everything"):
        writ.guard(tool("delete_all"), lambda _: pytest.fail("it ran"))
    # A class of data is found by the gateway alone.
    with pytest.raises(ObligationError, match="class"):
        writ.guard(tool("read_cards"), lambda _: pytest.fail("it ran"))


def test_a_request_that_does_not_fit(writ: Writ) -> None:
    decision = writ.decide(tool("refund", {"order": "17", "amount": "500"}))
    assert decision.result == "deny"
    assert decision.refusal is not None
    assert decision.refusal["code"] == "invalid_request"


def test_an_outcome_counts_once(writ: Writ) -> None:
    decision = writ.decide(tool("echo", {"text": "a"}))
    assert decision.permitted
    writ.report(decision, "completed", {"said": "a"})
    writ.report(decision, "completed", {"said": "a"})
    with pytest.raises(WithheldError, match="outcome_contradicts"):
        writ.report(decision, "failed")


def test_outcomes_are_on_the_record(writ: Writ, writ_server: Running) -> None:
    permit = writ.begin(tool("boom", {"text": "a"}))
    permit.failed(LookupError("no such order"))
    url = f"{writ_server.url}/v1/decisions/{permit.decision.id}"
    asked = urllib.request.Request(url, headers={"authorization": f"Bearer {writ_server.key('admin')}"})
    recorded = json.loads(urllib.request.urlopen(asked).read())
    assert "no such order" in json.dumps(recorded)


def test_a_step_up_is_approved_by_a_person(writ: Writ, writ_server: Running) -> None:
    def admin(method: str, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {writ_server.key('admin')}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(writ_server.url + path, data, headers, method=method)
        return json.loads(urllib.request.urlopen(asked).read())

    over = threading.Event()

    def approve() -> None:
        # Other tests also leave requests: each that is open is approved.
        while not over.wait(0.1):
            for one in admin("GET", "/v1/access-requests")["requests"]:
                path = f"/v1/access-requests/{one['id']}/approve"
                admin("POST", path, {"as": 'User::"lea"', "reason": "checked", "uses": "once"})

    given = {"order": "17", "amount": 700}
    with pytest.raises(NotPermittedError):
        writ.guard(tool("pay", given), lambda _: pytest.fail("it ran"))
    thread = threading.Thread(target=approve)
    thread.start()
    try:
        assert writ.guard(tool("pay", given), lambda permitted: permitted["amount"], wait=60) == 700
    finally:
        over.set()
        thread.join()


def test_a_wrong_key(writ_server: Running) -> None:
    with pytest.raises(DecisionPointError, match="401"):
        Writ(writ_server.url, key="writ_wrong").decide(tool("echo"))


def test_the_default_key_speaks_for_its_own_agent_alone(writ_server: Running) -> None:
    with pytest.raises(DecisionPointError, match="default may speak for the agent of its own name alone"):
        Writ(writ_server.url, key=writ_server.key(), deadline=30).decide(tool("echo"))


def test_asynchronous(writ_server: Running) -> None:
    async def many() -> list[Any]:
        async with AsyncWrit(writ_server.url, key=writ_server.key("app"), deadline=30) as client:
            calls = [tool("echo", {"n": n}) for n in range(20)]
            return await asyncio.gather(*(client.guard(call, lambda given: given["n"]) for call in calls))

    assert asyncio.run(many()) == list(range(20))


def test_a_service_that_does_not_start_says_why(tmp_path: Any) -> None:
    with pytest.raises(StartError, match="is not the folder"), start(tmp_path / "none"):
        pass
    (tmp_path / "writ.yaml").write_text("name: [")
    with pytest.raises(StartError, match=r"writ\.yaml"), start(tmp_path):
        pass
