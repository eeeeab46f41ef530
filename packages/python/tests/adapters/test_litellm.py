"""The guardrail of LiteLLM, with the answers that LiteLLM's proxy passes to it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

pytest.importorskip("litellm")

from litellm.types.utils import ChatCompletionMessageToolCall, Function
from stub import Stub, http

from writ import AsyncWrit, Entity
from writ.adapters.litellm import RefusedToolCall, WritGuardrail
from writ.adapters.tools import Actor

WHO = Actor(Entity("User", "ana"))


def tool_call(arguments: str, name: str = "echo") -> Any:
    return ChatCompletionMessageToolCall(id="c", type="function", function=Function(name=name, arguments=arguments))


def apply(pdp: Stub, *calls: Any, input_type: Any = "response", who: Any = WHO) -> Any:
    async def session() -> Any:
        async with AsyncWrit(pdp.url, key="k") as client:
            guardrail = WritGuardrail(client, who)
            data = {"messages": [{"role": "user", "content": "say it"}]}
            return await guardrail.apply_guardrail({"tool_calls": list(calls)}, data, input_type)

    return asyncio.run(session())


def test_a_permitted_call_gets_the_permitted_arguments(pdp: Stub) -> None:
    pdp.permits(result="modify", obligations=[{"id": "c", "type": "cap", "properties": {"path": "n", "max": 5}}])
    as_dict = {"id": "d", "type": "function", "function": {"name": "echo", "arguments": '{"n": 8}'}}
    first, second = apply(pdp, tool_call('{"n": 9}'), as_dict)["tool_calls"]
    assert (json.loads(first.function.arguments), json.loads(second["function"]["arguments"])) == ({"n": 5}, {"n": 5})
    assert [status for _, status in pdp.statuses()] == ["unknown", "unknown"]
    assert pdp.asked[0]["context"]["prompt"] == "say it"


def test_a_request_passes(pdp: Stub) -> None:
    apply(pdp, tool_call("{}"), input_type="request")
    assert pdp.asked == []


@pytest.mark.parametrize("arguments", ["", "junk", "[]", '{"a":1,"a":2}', "null"])
def test_arguments_that_cannot_be_read(pdp: Stub, arguments: str) -> None:
    pdp.permits()
    if arguments == "":
        apply(pdp, tool_call(arguments))
        assert pdp.asked[0]["context"]["input"] == {}
        return
    with pytest.raises(RefusedToolCall):
        apply(pdp, tool_call(arguments))


def test_one_refused_call_refuses_the_answer(pdp: Stub) -> None:
    pdp.decide = lambda body: (
        pdp.permit() if body["context"]["input"]["n"] == 1 else http(200, {"decision": False}, x_decision_id="01D")
    )
    with pytest.raises(RefusedToolCall, match="not permitted"):
        apply(pdp, tool_call('{"n": 1}'), tool_call('{"n": 2}'))


def test_a_result_that_would_have_to_be_changed(pdp: Stub) -> None:
    drop = {"id": "h", "type": "drop-field", "properties": {"path": "iban"}}
    pdp.permits(result="modify", obligations=[drop])
    with pytest.raises(RefusedToolCall):
        apply(pdp, tool_call("{}"))
    assert [status for _, status in pdp.statuses()] == ["not-executed"]


def raises(_: Any) -> Any:
    raise RuntimeError


@pytest.mark.parametrize("failure", ["down", "junk", "nothing", "who raises", "who is none"])
def test_fails_closed(pdp: Stub, failure: str) -> None:
    pdp.decide = lambda _: http(200, b"junk" if failure == "junk" else {}, x_decision_id="01A")
    if failure == "down":
        pdp.url = "http://127.0.0.1:1"
    who = {"who raises": raises, "who is none": lambda _: None}.get(failure, WHO)
    with pytest.raises(RefusedToolCall, match="no decision could be had"):
        apply(pdp, tool_call("{}"), who=who)
