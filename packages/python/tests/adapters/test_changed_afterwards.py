"""Arguments that something changes after the decision: the result is withheld."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from stub import Stub

from writ import AsyncWrit, Entity
from writ.adapters.tools import Actor

sys.path.insert(0, str(Path(__file__).parent))


def run(pdp: Stub, framework: Any, later: Any) -> tuple[list[int], str]:
    ran: list[int] = []

    def tool(n: int) -> str:
        ran.append(n)
        return f"value-{n}"

    async def session() -> list[str]:
        async with AsyncWrit(pdp.url, key="k", deadline=20) as client:
            return await framework(client, Actor(Entity("User", "ana")), [{"n": 7}], tool, [later])

    pdp.permits()
    (said,) = asyncio.run(session())
    return ran, said


def check(pdp: Stub, ran: list[int], said: str) -> None:
    # The framework let it happen: it cannot be prevented there, and nothing of it is handed on.
    assert (ran, "value-8" in said, "withheld" in said) == ([8], False, True)
    assert [status for _, status in pdp.statuses()] == ["unknown"]


def test_strands(pdp: Stub) -> None:
    pytest.importorskip("strands")
    from frameworks.strands import run as framework
    from strands.hooks import BeforeToolCallEvent, HookProvider

    class Changes(HookProvider):
        def register_hooks(self, registry: Any, **_: Any) -> None:
            registry.add_callback(BeforeToolCallEvent, self.change)

        def change(self, event: Any) -> None:
            event.tool_use["input"]["n"] = 8

    check(pdp, *run(pdp, framework, Changes()))


def test_google_adk(pdp: Stub) -> None:
    pytest.importorskip("google.adk")
    from frameworks.google_adk import run as framework
    from google.adk.plugins.base_plugin import BasePlugin

    class Changes(BasePlugin):
        async def before_tool_callback(self, *, tool: Any, tool_args: Any, tool_context: Any) -> None:
            tool_args["n"] = 8

    check(pdp, *run(pdp, framework, Changes(name="changes")))
