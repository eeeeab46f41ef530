"""
LiteLLM: a guardrail of the proxy, mode `post_call`, that decides on the tool calls of a model.

Its client gets them afterwards, and runs them elsewhere: their outcome is reported as unknown, and counts as all that
it can bring.
"""

from __future__ import annotations

from typing import Any, Literal

from litellm.integrations.custom_guardrail import CustomGuardrail

from writ.adapters.tools import ToolUse, Who, arguments, call_of, refusal, written_arguments
from writ.asynchronous import AsyncWrit
from writ.errors import CallError


class RefusedToolCall(Exception):
    """A model asked for a call that is not permitted. LiteLLM answers its client with an error."""


class WritGuardrail(CustomGuardrail):
    """Decides on each tool call of a model, and writes the permitted arguments into it."""

    def __init__(self, writ: AsyncWrit, who: Who, *, wait: float = 0, **options: Any) -> None:
        super().__init__(**{"guardrail_name": "writ", "event_hook": "post_call", "default_on": True, **options})
        self._writ, self._who, self._wait = writ, who, wait

    async def apply_guardrail(
        self,
        inputs: Any,
        request_data: dict[str, Any],
        input_type: Literal["request", "response"],
        logging_obj: Any = None,
    ) -> Any:
        """Returns the response as it may be handed on."""
        if input_type != "response":
            return inputs
        try:
            for tool_call in inputs.get("tool_calls") or []:
                await self._decide(tool_call, request_data)
        except Exception as error:
            raise RefusedToolCall(refusal(error)) from error
        return inputs

    async def _decide(self, tool_call: Any, request_data: dict[str, Any]) -> None:
        is_dict = isinstance(tool_call, dict)
        function = tool_call["function"] if is_dict else tool_call.function
        name = function["name"] if is_dict else function.name
        text = function["arguments"] if is_dict else function.arguments
        if not isinstance(name, str):
            raise CallError("a tool call has no name")
        use = ToolUse(name, arguments(text), _prompt(request_data), request_data)
        permit = await self._writ.begin(call_of(self._who, use), wait=self._wait)
        if permit.changes_result:
            await permit.drop_unused()
            raise CallError(f"the result of {name} would have to be changed, and is not seen here")
        await permit.drop()
        permitted = written_arguments(permit.input)
        if is_dict:
            function["arguments"] = permitted
        else:
            function.arguments = permitted


def _prompt(request_data: dict[str, Any]) -> str | None:
    said = [one.get("content") for one in request_data.get("messages") or [] if one.get("role") == "user"]
    return said[-1] if said and isinstance(said[-1], str) else None
