"""
FastAPI: `FastAPI(dependencies=[guarded(writ, who)])`, for all routes of the app and of its routers.

A dependency runs after routing, on the matched route and its decoded parameters. Mounted apps and routes of Starlette
have no dependencies: list them in an app of their own, or use the proxy for HTTP.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import Depends, HTTPException, Request

from writ.adapters.tools import ToolUse, call_of, refusal
from writ.asynchronous import AsyncWrit
from writ.calls import Call
from writ.errors import CallError, DecisionPointError, NotPermittedError, ObligationError
from writ.outcomes import UNREAD


def guarded(writ: AsyncWrit, who: Callable[[ToolUse], Call], *, wait: float = 0) -> Any:
    """
    Returns the dependency. `who` gets the operation (its `operation_id` or the name of its function), the parameters of
    its path, and the request as `context`; it reads the subject from a verified credential.
    """

    async def decide(request: Request) -> AsyncIterator[None]:
        route = request.scope["route"]
        given = dict(request.path_params)
        use = ToolUse(getattr(route, "operation_id", None) or route.name, given, None, request)
        try:
            permit = await writ.begin(call_of(who, use), wait=wait)
        except (NotPermittedError, ObligationError) as error:
            raise HTTPException(403, str(error)) from error
        except (DecisionPointError, CallError) as error:
            raise HTTPException(503 if isinstance(error, DecisionPointError) else 400, refusal(error)) from error
        # A change here would not reach the endpoint.
        if permit.changes_result or permit.is_changed:
            await permit.drop_unused()
            raise HTTPException(403, "the permit has an obligation that cannot be carried out here")
        try:
            yield
        except Exception as error:
            await permit.failed(error)
            raise
        except BaseException:
            await permit.drop()
            raise
        # In scope "function" this is before the answer leaves; without a record the answer is an error.
        await permit.done(UNREAD)

    return Depends(decide, scope="function")
