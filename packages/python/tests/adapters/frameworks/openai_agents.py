from __future__ import annotations

import json
from typing import Any

from agents import Agent, ModelResponse, RunConfig, Runner, Usage, function_tool
from agents.models.interface import Model
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

from writ.adapters.openai_agents import guard_tools


class Scripted(Model):
    def __init__(self, calls: list[dict[str, Any]]) -> None:
        self.calls, self.got = calls, []

    async def get_response(self, system_instructions: Any, input: Any, *_: Any, **__: Any) -> ModelResponse:
        self.got = [
            one["output"] for one in input if isinstance(one, dict) and one.get("type") == "function_call_output"
        ]
        if self.got:
            text = ResponseOutputText(annotations=[], text="done", type="output_text")
            message = ResponseOutputMessage(
                id="m", content=[text], role="assistant", status="completed", type="message"
            )
            return ModelResponse(output=[message], usage=Usage(), response_id=None)
        asked = [
            ResponseFunctionToolCall(arguments=json.dumps(one), call_id=f"c{i}", name="echo", type="function_call")
            for i, one in enumerate(self.calls)
        ]
        return ModelResponse(output=asked, usage=Usage(), response_id=None)

    def stream_response(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


async def run(client: Any, who: Any, calls: list[dict[str, Any]], tool: Any) -> list[str]:
    @function_tool
    def echo(n: int) -> str:
        return tool(n)

    model = Scripted(calls)
    agent = Agent(name="a", model=model, tools=guard_tools([echo], client, who))
    await Runner.run(agent, "say the numbers", run_config=RunConfig(tracing_disabled=True))
    return model.got
