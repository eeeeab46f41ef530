"""LangChain and LangGraph: `create_agent(model, tools, middleware=[WritMiddleware(writ, who)])`; list it last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import ToolMessage

from writ import loops
from writ.adapters.tools import ToolUse, Who, call_of, refusal
from writ.asynchronous import AsyncWrit
from writ.errors import WritError
from writ.outcomes import UNREAD
from writ.permits import Permit


class WritMiddleware(AgentMiddleware):
    """Decides on each call of a tool, for `invoke` and `ainvoke`. A refusal is the message that the model gets."""

    def __init__(self, writ: AsyncWrit, who: Who, *, wait: float = 0) -> None:
        super().__init__()
        self._writ, self._who, self._wait = writ, who, wait

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Any]) -> Any:
        """Runs a tool if it is permitted."""
        try:
            permit = loops.run(self._begin(request))
            try:
                answer = handler(_with(request, permit.input))
            except BaseException as error:
                loops.run(permit.raised(error))
                raise
            return loops.run(_done(permit, answer))
        except WritError as error:
            return _refused(request, error)

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Any]]
    ) -> Any:
        """Runs a tool if it is permitted."""
        try:
            permit = await self._begin(request)
            try:
                answer = await handler(_with(request, permit.input))
            except BaseException as error:
                await permit.raised(error)
                raise
            return await _done(permit, answer)
        except WritError as error:
            return _refused(request, error)

    async def _begin(self, request: ToolCallRequest) -> Permit:
        messages = request.state.get("messages", []) if isinstance(request.state, dict) else []
        said = [str(one.text) for one in messages if one.type == "human"]
        use = ToolUse(request.tool_call["name"], request.tool_call["args"], said[-1] if said else None, request)
        return await self._writ.begin(call_of(self._who, use), wait=self._wait)


async def _done(permit: Permit, answer: Any) -> Any:
    if not isinstance(answer, ToolMessage):  # A Command changes the state of the graph: its result is not known.
        await permit.done(UNREAD)
        return answer
    content = await permit.done(answer.content, status="failed" if answer.status == "error" else "completed")
    return answer if content is answer.content else answer.model_copy(update={"content": content, "artifact": None})


def _with(request: ToolCallRequest, permitted: Any) -> ToolCallRequest:
    return request.override(tool_call={**request.tool_call, "args": permitted})


def _refused(request: ToolCallRequest, error: WritError) -> ToolMessage:
    call = request.tool_call
    return ToolMessage(refusal(error), tool_call_id=call["id"], name=call["name"], status="error")
