"""Google ADK: `Runner(..., plugins=[WritPlugin(writ, who)])`; list it last: earlier changes are decided on."""

from __future__ import annotations

import copy
from typing import Any

from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext

from writ.adapters.open_permits import OpenPermits
from writ.adapters.tools import ToolUse, Who, call_of, refusal
from writ.asynchronous import AsyncWrit
from writ.errors import WithheldError
from writ.permits import Permit


class WritPlugin(BasePlugin):
    """Decides on each call of a tool. A refusal takes the place of its result."""

    def __init__(self, writ: AsyncWrit, who: Who, *, wait: float = 0, name: str = "writ") -> None:
        super().__init__(name=name)
        self._writ, self._who, self._wait = writ, who, wait
        self._open: OpenPermits[Permit | str] = OpenPermits()

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> dict[str, Any] | None:
        """Lets a tool run if it is permitted, with the permitted arguments."""
        try:
            use = ToolUse(tool.name, copy.deepcopy(tool_args), _prompt(tool_context), tool_context)
            permit = await self._writ.begin(call_of(self._who, use), wait=self._wait)
            self._open.add(_key(tool_context), permit)
            tool_args.clear()
            tool_args.update(copy.deepcopy(permit.input))
        except Exception as error:
            said = refusal(error)
            self._open.add(_key(tool_context), said)
            return {"error": said}
        return None

    async def after_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext, result: Any
    ) -> dict[str, Any] | None:
        """Reports what a tool returned, before the model gets it."""
        permit = self._open.take(_key(tool_context))
        if not isinstance(permit, Permit):
            return {"error": permit or "the result was withheld: no permit is known for it"}
        try:
            if tool_args != permit.input:
                raise WithheldError(f"the arguments of {tool.name} were changed after the decision")
            handed_on = await permit.done(result)
        except Exception as error:
            await permit.drop()
            return {"error": refusal(error)}
        if handed_on is result:
            return None
        return handed_on if isinstance(handed_on, dict) else {"result": handed_on}

    async def on_tool_error_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext, error: Exception
    ) -> dict[str, Any] | None:
        """Reports that a tool failed."""
        if isinstance(permit := self._open.take(_key(tool_context)), Permit):
            await permit.failed(error)
        return None


def _key(context: ToolContext) -> tuple[str, str]:
    if not context.function_call_id:
        raise WithheldError("the call of a tool has no id")
    return context.invocation_id, context.function_call_id


def _prompt(context: ToolContext) -> str | None:
    parts = getattr(context.user_content, "parts", None) or []
    return "\n".join(part.text for part in parts if part.text) or None
