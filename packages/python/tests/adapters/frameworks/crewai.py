from __future__ import annotations

import asyncio
import json
import os
from typing import Any

os.environ.update(CREWAI_DISABLE_TELEMETRY="true", OTEL_SDK_DISABLED="true", CREWAI_TRACING_ENABLED="false")

from crewai import Agent, BaseLLM, Crew, Task
from crewai.hooks import clear_all_tool_call_hooks
from crewai.tools import tool as as_tool

from writ import Writ
from writ.adapters.crewai import register


class Scripted(BaseLLM):
    calls: list[dict[str, Any]]
    got: list[str]

    def call(self, messages: Any, *_: Any, **__: Any) -> str:
        # One call after the other, in the text form that CrewAI reads.
        said = [str(one["content"]) for one in messages if one["role"] == "assistant"]
        self.got[:] = [one.partition("Observation:")[2].strip() for one in said if "Observation:" in one]
        if len(self.got) == len(self.calls):
            return "Thought: I now know the final answer\nFinal Answer: done"
        return f"Thought: next\nAction: echo\nAction Input: {json.dumps(self.calls[len(self.got)])}\n"

    def supports_function_calling(self) -> bool:
        return False


async def run(client: Any, who: Any, calls: list[dict[str, Any]], tool: Any) -> list[str]:
    @as_tool("echo")
    def echo(n: int) -> str:
        """Says a number."""
        return tool(n)

    echo.cache_function = lambda *_: False
    transport = client._transport
    register(Writ(transport._url, key="k", deadline=client._deadline), who)
    try:
        model = Scripted(model="scripted", calls=calls, got=[])
        agent = Agent(role="r", goal="g", backstory="b", llm=model, tools=[echo], verbose=False, max_iter=10)
        task = Task(description="say the numbers", expected_output="done", agent=agent)
        await asyncio.to_thread(Crew(agents=[agent], tasks=[task], verbose=False).kickoff)
        return model.got
    finally:
        clear_all_tool_call_hooks()
