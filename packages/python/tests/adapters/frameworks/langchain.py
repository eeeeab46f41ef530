from __future__ import annotations

import asyncio
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import tool as as_tool

from writ.adapters.langchain import WritMiddleware


class Scripted(GenericFakeChatModel):
    def bind_tools(self, *_: Any, **__: Any) -> Any:
        return self


def _agent(client: Any, who: Any, calls: list[dict[str, Any]], tool: Any) -> Any:
    @as_tool
    def echo(n: int) -> str:
        """Says a number."""
        return tool(n)

    asked = [{"name": "echo", "args": one, "id": f"c{i}", "type": "tool_call"} for i, one in enumerate(calls)]
    model = Scripted(messages=iter([AIMessage("", tool_calls=asked), AIMessage("done")]))
    return create_agent(model, [echo], middleware=[WritMiddleware(client, who)])


INPUT = {"messages": [{"role": "user", "content": "say the numbers"}]}


def _texts(answer: Any) -> list[str]:
    return [str(one.content) for one in answer["messages"] if isinstance(one, ToolMessage)]


async def run(client: Any, who: Any, calls: list[dict[str, Any]], tool: Any) -> list[str]:
    return _texts(await _agent(client, who, calls, tool).ainvoke(INPUT))


async def run_sync(client: Any, who: Any, calls: list[dict[str, Any]], tool: Any) -> list[str]:
    return _texts(await asyncio.to_thread(_agent(client, who, calls, tool).invoke, INPUT))
