from __future__ import annotations

from typing import Any

from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import FunctionModel

from writ.adapters.pydantic_ai import WritCapability


async def run(client: Any, who: Any, calls: list[dict[str, Any]], tool: Any) -> list[str]:
    got: list[str] = []

    def model(messages: Any, _: Any) -> ModelResponse:
        parts = [part for message in messages for part in message.parts if isinstance(part, ToolReturnPart)]
        if parts:
            got.extend(str(part.content) for part in parts)
            return ModelResponse(parts=[TextPart("done")])
        return ModelResponse(parts=[ToolCallPart("echo", one) for one in calls])

    agent = Agent(FunctionModel(model), capabilities=[WritCapability(client, who)])

    @agent.tool_plain
    def echo(n: int) -> str:
        return tool(n)

    await agent.run("say the numbers")
    return got
