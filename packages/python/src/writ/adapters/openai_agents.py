"""
OpenAI Agents: `agent.tools = guard_tools(tools, writ, who)`.

Each function tool is wrapped where it is invoked, behind guardrails and approvals: whatever they changed is decided on.
Hosted tools (web search, code interpreter) run at the provider and are refused here, unless `hosted=True`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from agents import FunctionTool
from agents.tool import Tool
from agents.tool_context import ToolContext

from writ.adapters.tools import ToolUse, Who, arguments, call_of, refusal, written_arguments
from writ.asynchronous import AsyncWrit
from writ.errors import WritError


def guard_tools(
    tools: Iterable[Tool], writ: AsyncWrit, who: Who, *, wait: float = 0, hosted: bool = False
) -> list[Tool]:
    """Returns tools that run only if they are permitted. A refusal is the text that the model gets."""
    return [_guarded(tool, writ, who, wait, hosted) for tool in tools]


def _guarded(tool: Tool, writ: AsyncWrit, who: Who, wait: float, hosted: bool) -> Tool:
    if not isinstance(tool, FunctionTool):
        if hosted:
            return tool
        raise ValueError(
            f"{type(tool).__name__} does not run in this process, so nothing decides on it; or hosted=True"
        )
    invoke = tool.on_invoke_tool

    async def on_invoke_tool(context: ToolContext[Any], text: str) -> Any:
        async def run(permitted: Any) -> Any:
            return await invoke(context, written_arguments(permitted))

        try:
            use = ToolUse(tool.name, arguments(text), _prompt(context), context)
            return await writ.guard(call_of(who, use), run, wait=wait)
        except WritError as error:
            return refusal(error)

    wrapped = copy.copy(tool)
    wrapped.on_invoke_tool = on_invoke_tool
    return wrapped


def _prompt(context: ToolContext[Any]) -> str | None:
    """Returns the last text of the user."""
    for item in reversed(getattr(context, "turn_input", None) or []):
        if isinstance(item, dict) and item.get("role") == "user" and isinstance(item.get("content"), str):
            return str(item["content"])
    return None
