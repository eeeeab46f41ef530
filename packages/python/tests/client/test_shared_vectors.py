"""The cases that the clients of all languages have in common (packages/sdk/test/vectors)."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import traceback
from pathlib import Path
from typing import Any

import pytest
from stub import Stub, http

from writ import AsyncWrit, Call, Entity, SteppedUp

VECTORS = Path(__file__).parents[3] / "sdk" / "test" / "vectors"

pytestmark = pytest.mark.skipif(not VECTORS.exists(), reason="packages/sdk/test/vectors is not here")

# This client finds before the call that it cannot find a class of data, and does not make the call.
STRICTER = "a class of data that nothing here finds: the result is withheld"


def rows(name: str) -> list[Any]:
    path = VECTORS / f"{name}.json"
    found = json.loads(path.read_text()) if path.exists() else []
    return [pytest.param(one, id=one["name"]) for one in found]


def call_of(given: dict[str, Any]) -> Call:
    def entity(one: Any) -> Any:
        return Entity(one.get("type"), one.get("id"), one.get("properties")) if isinstance(one, dict) else one

    more = {name: value for name, value in given.items() if name in ("agent", "task", "session", "prompt", "context")}
    return Call(entity(given["subject"]), given.get("action"), entity(given["resource"]), given.get("input"), **more)


def reply(answer: dict[str, Any]) -> Any:
    if answer.get("break"):
        return lambda connection: connection.close()
    if answer.get("hang"):
        return hang
    content = answer["raw"].encode() if "raw" in answer else json.dumps(answer["body"]).encode()
    named = {name.lower().replace("-", "_"): value for name, value in answer.get("headers", {}).items()}
    # Only what the case names.
    sent = http(answer.get("status", 200), content, **{"content_type": "", **named})
    if "hangAfter" in answer:
        cut = sent[: len(sent) - len(content) + answer["hangAfter"]]

        def stops(connection: socket.socket) -> None:
            connection.sendall(cut)
            hang(connection)

        return stops
    return sent


def hang(connection: socket.socket) -> None:
    connection.settimeout(5)
    connection.recv(1)


def session(pdp: Stub, vector: dict[str, Any], work: Any) -> Any:
    answers = [reply(one) for one in vector["answers"]]
    statuses = list(vector.get("outcomeStatus", []))
    after = vector.get("outcomeRetryAfter", "")

    def next_answer(*_: Any) -> Any:
        return answers.pop(0) if answers else (lambda connection: connection.close())

    def record(_: Any) -> bytes:
        return http(statuses.pop(0) if statuses else 204, None, content_type="", retry_after=after)

    pdp.decide, pdp.record, pdp.other = next_answer, record, next_answer

    async def run() -> Any:
        async with AsyncWrit(pdp.url, key="key", deadline=vector.get("deadlineMs", 20_000) / 1_000) as client:
            return await work(client)

    return asyncio.run(run())


@pytest.mark.parametrize("vector", rows("decide"))
def test_decide(pdp: Stub, vector: dict[str, Any]) -> None:
    expect = vector["expect"]
    call = call_of(vector["call"])
    if expect["kind"] == "error":
        with pytest.raises(Exception) as failed:
            session(pdp, vector, lambda client: client.decide(call))
        assert getattr(failed.value, "code", None) == expect["code"]
    else:
        decision = session(pdp, vector, lambda client: client.decide(call))
        said = {"result": decision.result, "permitted": decision.permitted, "id": decision.id}
        check_has(said, {name: expect[name] for name in said if name in expect})
        if "retryAfter" in expect:
            assert decision.retry_after == expect["retryAfter"]
        if "requestable" in expect:
            assert (isinstance(decision, SteppedUp) and decision.expires is not None) == expect["requestable"]
        if "policies" in expect:
            assert [one["policy"] for one in decision.reasons] == expect["policies"]
    if "requests" in expect:
        assert len(pdp.asked) == expect["requests"]
    if pdp.asked:
        assert pdp.asked[0]["context"].get("input") == vector["call"].get("input")


@pytest.mark.parametrize("vector", rows("batch"))
def test_batch(pdp: Stub, vector: dict[str, Any]) -> None:
    calls = [call_of(one) for one in vector["calls"]]
    expect = vector["expect"]

    def work(client: AsyncWrit) -> Any:
        return client.decide_all(calls, until=vector.get("until"))

    if expect.get("kind") == "error":
        with pytest.raises(Exception) as failed:
            session(pdp, vector, work)
        assert getattr(failed.value, "code", None) == expect["code"]
        return
    decisions = session(pdp, vector, work)
    assert {"results": [one.result for one in decisions], "ids": [one.id for one in decisions]} == expect


@pytest.mark.parametrize("vector", rows("guard"))
def test_guard(pdp: Stub, vector: dict[str, Any]) -> None:
    expect = dict(vector["expect"])
    if vector["name"] == STRICTER:
        expect |= {"ran": False, "code": "obligation_failed", "outcomes": [{"status": "not-executed"}]}
    ran: Any = False
    value, error = None, None

    def operation(given: Any) -> Any:
        nonlocal ran
        ran = given
        assert pdp.outcomes == []
        if "throws" in vector["run"]:
            raise LookupError(vector["run"]["throws"])
        return vector["run"].get("returns")

    begun = time.monotonic()
    try:
        value = session(pdp, vector, lambda client: client.guard(call_of(vector["call"]), operation))
    except Exception as caught:
        error = caught
    assert time.monotonic() - begun < 60
    assert (ran, value) == (expect["ran"], expect.get("value"))
    if "code" in expect:
        assert getattr(error, "code", None) == expect["code"]
    else:
        assert (None if error is None else str(error)) == expect.get("error")
    if "secret" in expect:
        assert expect["secret"] not in "".join(traceback.format_exception(error))
    assert len(pdp.outcomes) == len(expect["outcomes"])
    for reported, wanted in zip(pdp.outcomes, expect["outcomes"], strict=True):
        check_has(reported, wanted)


def check_has(found: Any, wanted: Any) -> None:
    """Checks that everything wanted is there; there can be more."""
    if isinstance(wanted, dict):
        for name, inner in wanted.items():
            check_has(found[name], inner)
    elif isinstance(wanted, list):
        assert len(found) == len(wanted)
        for one, inner in zip(found, wanted, strict=True):
            check_has(one, inner)
    else:
        assert found == wanted
