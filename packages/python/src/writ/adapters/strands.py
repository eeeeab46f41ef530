"""Strands: `Agent(..., hooks=[WritHooks(writ, who)])`; list it last: what earlier hooks changed is decided on."""

from __future__ import annotations

import copy
from typing import Any

from strands.hooks import AfterToolCallEvent, BeforeToolCallEvent, HookProvider, HookRegistry

from writ.adapters.open_permits import OpenPermits
from writ.adapters.tools import ToolUse, Who, call_of, refusal
from writ.asynchronous import AsyncWrit
from writ.errors import WithheldError
from writ.permits import Permit


class WritHooks(HookProvider):
    """Decides on each call of a tool. A refusal cancels it."""

    def __init__(self, writ: AsyncWrit, who: Who, *, wait: float = 0) -> None:
        self._writ, self._who, self._wait = writ, who, wait
        self._open: OpenPermits[Permit] = OpenPermits()

    def register_hooks(self, registry: HookRegistry, **_: Any) -> None:
        """Registers both events."""
        registry.add_callback(BeforeToolCallEvent, self._before)
        registry.add_callback(AfterToolCallEvent, self._after)

    async def _before(self, event: BeforeToolCallEvent) -> None:
        if event.cancel_tool:
            return
        # Until it is permitted it is cancelled, also if this task ends in between.
        event.cancel_tool = "the call was not decided"
        try:
            use = event.tool_use
            asked = ToolUse(use["name"], copy.deepcopy(use["input"]), _prompt(event), event)
            permit = await self._writ.begin(call_of(self._who, asked), wait=self._wait)
            self._open.add(use["toolUseId"], permit)
            event.tool_use = {**use, "input": copy.deepcopy(permit.input)}
            event.cancel_tool = False
        except Exception as error:
            event.cancel_tool = refusal(error)

    async def _after(self, event: AfterToolCallEvent) -> None:
        permit = self._open.take(event.tool_use["toolUseId"])
        if permit is None and event.cancel_message is not None:
            return
        result = event.result
        try:
            if permit is None:
                raise WithheldError("no permit is known for it")
            if event.tool_use["input"] != permit.input:
                raise WithheldError("the arguments were changed after the decision")
            if event.exception is not None:
                await permit.failed(event.exception)
                return
            failed = result["status"] == "error"
            content = await permit.done(result["content"], status="failed" if failed else "completed")
            if content is not result["content"]:
                event.result = {**result, "content": content}
        except Exception as error:
            if permit is not None:
                await permit.drop()
            event.result = {**result, "status": "error", "content": [{"text": refusal(error)}]}


def _prompt(event: BeforeToolCallEvent) -> str | None:
    """Returns the last text of the user."""
    for message in reversed(getattr(event.agent, "messages", None) or []):
        said = [one["text"] for one in message["content"] if "text" in one] if message["role"] == "user" else []
        if said:
            return "\n".join(said)
    return None
