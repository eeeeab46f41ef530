"""Pydantic AI: `Agent(model, capabilities=[WritCapability(writ, who)])`; list it last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import ModelRequest, ToolCallPart, UserPromptPart
from pydantic_ai.tools import ToolDefinition

from writ.adapters.tools import ToolUse, Who, call_of, refusal
from writ.asynchronous import AsyncWrit
from writ.errors import CallError, WritError
from writ.outcomes import plain


@dataclass
class WritCapability(AbstractCapability[Any]):
    """Decides on each call of a tool. A refusal is the text that the model gets as its result."""

    writ: AsyncWrit
    who: Who
    wait: float = 0

    async def wrap_tool_execute(
        self, ctx: RunContext[Any], *, call: ToolCallPart, tool_def: ToolDefinition, args: dict[str, Any], handler: Any
    ) -> Any:
        """Runs a tool if it is permitted."""
        try:
            shown = _plain(args)
            use = ToolUse(tool_def.name, shown, _prompt(ctx), ctx)

            async def run(permitted: Any) -> Any:
                if shown == args:
                    return await handler(permitted)
                # Arguments that were made into objects cannot be made again here.
                if permitted != shown:
                    raise CallError(f"an obligation changes arguments of {tool_def.name} that are objects: not run")
                return await handler(args)

            return await self.writ.guard(call_of(self.who, use), run, wait=self.wait)
        except WritError as error:
            return refusal(error)


def _plain(args: dict[str, Any]) -> dict[str, Any]:
    try:
        shown = plain(args)
    except (TypeError, ValueError, RecursionError) as cause:
        raise CallError(f"the arguments are not JSON: {cause}") from cause
    if not isinstance(shown, dict):
        raise CallError("the arguments of a tool are an object")
    return shown


def _prompt(ctx: RunContext[Any]) -> str | None:
    """Returns the last text of the user."""
    for message in reversed(ctx.messages):
        parts = message.parts if isinstance(message, ModelRequest) else []
        said = [one.content for one in parts if isinstance(one, UserPromptPart) and isinstance(one.content, str)]
        if said:
            return str(said[-1])
    return None
