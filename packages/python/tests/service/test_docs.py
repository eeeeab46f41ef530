"""Every block of Python in the documents runs, with the service of these tests."""

from __future__ import annotations

import asyncio
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from writ import Call, Entity
from writ.testing import Running

PACKAGE = Path(__file__).parents[2]
DOCUMENTS = [PACKAGE / "README.md", PACKAGE.parents[1] / "docs" / "python.md"]
SERVICE = "http://127.0.0.1:7465"
FRAMEWORKS = {
    "agents": "agents",
    "langchain": "langchain.agents",
    "pydantic_ai": "pydantic_ai",
    "google": "google.adk",
    "strands": "strands",
    "crewai": "crewai",
    "litellm": "litellm",
    "fastapi": "fastapi",
}


def blocks(document: Path) -> list[str]:
    """Returns the indented blocks of Python."""
    found: list[list[str]] = [[]]
    for line in document.read_text().splitlines():
        if line.startswith("    ") or (line == "" and found[-1]):
            found[-1].append(line[4:])
        elif found[-1]:
            found.append([])
    return ["\n".join(one) for one in found if one and re.match(r"from \S+ import", one[0])]


def needs(block: str) -> str | None:
    """Returns the framework of a block that is not installed."""
    for name in re.findall(r"^from (?:writ\.adapters\.)?([a-z_]+)", block, re.M):
        name = {"openai_agents": "agents", "google_adk": "google"}.get(name, name)
        module = FRAMEWORKS.get(name)
        try:
            if module is not None and importlib.util.find_spec(module) is None:
                return module
        except ModuleNotFoundError:
            return module
    return None


def stand_ins(block: str) -> dict[str, Any]:
    """Returns the models and tools of the reader, which the blocks name."""
    made: dict[str, Any] = {"openai_tools": [], "langchain_tools": [], "pydantic_tools": [], "strands_tools": []}
    if "langchain_model" in block:
        from langchain_core.language_models.fake_chat_models import GenericFakeChatModel

        made["langchain_model"] = GenericFakeChatModel(messages=iter([]))
    if "pydantic_model" in block:
        from pydantic_ai.models.test import TestModel

        made["pydantic_model"] = TestModel()
    if "strands_model" in block:
        from frameworks.strands import Scripted

        made["strands_model"] = Scripted([])
    if "adk_agent" in block:
        from google.adk.agents import LlmAgent

        made["adk_agent"] = LlmAgent(name="a", model="m")
    return made


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_runs(document: Path, writ_server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PACKAGE / "tests" / "adapters"))
    paid: list[Any] = []
    given: dict[str, Any] = {
        "key": writ_server.key("app"),
        "bundle": PACKAGE / "tests" / "bundle",
        "pay": lambda **named: paid.append(named),
        "large": Call(Entity("User", "ana"), "pay", Entity("Tool", "pay"), {"order": "17", "amount": 900}),
    }
    ran, left_out = 0, []
    for block in blocks(document):
        if (missing := needs(block)) is not None:
            left_out.append(missing)
            continue
        given |= stand_ins(block)
        exec(compile(block.replace(SERVICE, writ_server.url), document.name, "exec"), given)
        ran += 1
        if "async def read" in block:
            assert asyncio.run(given["read"](given["key"])) == 100
        if "register(" in block:
            from crewai.hooks import clear_all_tool_call_hooks

            clear_all_tool_call_hooks()
    assert paid == [{"order": "17", "amount": 100}]
    assert ran >= (1 if document.name == "README.md" else 6)
    if left_out:
        print("left out, because they are not installed:", ", ".join(left_out))
