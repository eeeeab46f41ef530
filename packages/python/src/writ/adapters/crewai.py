"""
CrewAI: `register(writ, who)`, once in a process, after all other hooks.

CrewAI swallows what a hook raises, except `HookAborted`: here every error before a tool is one, and every error
afterwards replaces the result.
"""

from __future__ import annotations

import copy
from typing import Any

from crewai.hooks import register_after_tool_call_hook, register_before_tool_call_hook
from crewai.hooks.dispatch import HookAborted
from crewai.hooks.tool_hooks import ToolCallHookContext

from writ.adapters.open_permits import OpenPermits
from writ.adapters.tools import ToolUse, Who, call_of, refusal
from writ.errors import WithheldError
from writ.synchronous import SyncPermit, Writ


class WritHooks:
    """Decides on each call of a tool."""

    def __init__(self, writ: Writ, who: Who, *, wait: float = 0) -> None:
        self._writ, self._who, self._wait = writ, who, wait
        # CrewAI names no id. Both events of a call have the same dict, which is kept: no other gets its `id`.
        self._open: OpenPermits[tuple[SyncPermit | str, Any]] = OpenPermits()

    def before(self, context: ToolCallHookContext) -> None:
        """Lets a tool run if it is permitted, with the permitted arguments."""
        given = context.tool_input
        try:
            prompt = getattr(context.task, "description", None)
            use = ToolUse(context.tool_name, copy.deepcopy(given), prompt, context)
            permit = self._writ.begin(call_of(self._who, use), wait=self._wait)
            self._open.add(id(given), (permit, given))
            given.clear()
            given.update(copy.deepcopy(permit.input))
        except Exception as error:
            said = refusal(error)
            self._open.take(id(given))
            self._open.add(id(given), (said, given))
            raise HookAborted(said, source="writ") from error

    def after(self, context: ToolCallHookContext) -> str | None:
        """Reports what a tool returned. The text that is returned takes the place of the result."""
        found, given = self._open.take(id(context.tool_input)) or (None, None)
        if isinstance(found, str) or found is None:
            return found or "the result was withheld: no permit is known for it"
        try:
            if given != found.input:
                raise WithheldError("the arguments were changed after the decision")
            handed_on = found.done(context.tool_result)
            return None if handed_on is context.tool_result else str(handed_on)
        except Exception as error:
            found.drop()
            return refusal(error)


def register(writ: Writ, who: Who, *, wait: float = 0) -> WritHooks:
    """Registers the hooks for all crews of this process."""
    hooks = WritHooks(writ, who, wait=wait)
    register_before_tool_call_hook(hooks.before)
    register_after_tool_call_hook(hooks.after)
    return hooks
