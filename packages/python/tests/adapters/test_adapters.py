"""Each adapter in its real framework, with a scripted model; frameworks that are not installed are skipped."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.util
from typing import Any

import pytest
from stub import Stub, http

from writ import AsyncWrit, Entity
from writ.adapters.tools import Actor

NEEDS = {
    "openai_agents": "agents",
    "langchain": "langchain",
    "langchain:sync": "langchain",
    "pydantic_ai": "pydantic_ai",
    "google_adk": "google.adk",
    "strands": "strands",
    "crewai": "crewai",
}
WHO = Actor(Entity("User", "ana"), agent="bot")


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@pytest.fixture(params=NEEDS)
def framework(request: pytest.FixtureRequest) -> Any:
    if not _is_there(NEEDS[request.param]):
        pytest.skip(f"{NEEDS[request.param]} is not installed")
    name, _, variant = request.param.partition(":")
    module = importlib.import_module(f"frameworks.{name}")
    return getattr(module, f"run_{variant}" if variant else "run")


class Tool:
    def __init__(self, error: Exception | None = None) -> None:
        self.ran: list[int] = []
        self.error = error

    def __call__(self, n: int) -> str:
        self.ran.append(n)
        if self.error is not None:
            raise self.error
        return f"value-{n}"


def run(framework: Any, pdp: Stub, *numbers: int, tool: Any = None, who: Any = WHO, deadline: float = 20) -> list[str]:
    async def session() -> list[str]:
        async with AsyncWrit(pdp.url, key="k", deadline=deadline) as client:
            return await framework(client, who, [{"n": n} for n in numbers], tool)

    return asyncio.run(session())


def test_a_permitted_call_runs_and_is_reported(framework: Any, pdp: Stub) -> None:
    pdp.permits()
    tool = Tool()
    (said,) = run(framework, pdp, 7, tool=tool)
    assert (tool.ran, "value-7" in said) == ([7], True)
    assert pdp.events == ["decide", "report"]
    assert (pdp.asked[0]["action"]["name"], pdp.asked[0]["context"]["input"]) == ("echo", {"n": 7})
    assert pdp.outcomes[0]["status"] == "completed"
    assert "value-7" in str(pdp.outcomes[0]["result"])


def test_the_prompt_is_sent(framework: Any, pdp: Stub) -> None:
    pdp.permits()
    run(framework, pdp, 7, tool=Tool())
    assert pdp.asked[0]["context"]["prompt"].startswith("say")


def test_a_tool_gets_the_permitted_input(framework: Any, pdp: Stub) -> None:
    pdp.permits(result="modify", obligations=[{"id": "c", "type": "cap", "properties": {"path": "n", "max": 5}}])
    tool = Tool()
    (said,) = run(framework, pdp, 500, tool=tool)
    assert (tool.ran, "value-5" in said, "value-500" in said) == ([5], True, False)
    assert [one["obligation"] for one in pdp.outcomes[0]["changes"]] == ["c"]


def test_a_model_gets_the_changed_result(framework: Any, pdp: Stub) -> None:
    hide = {"id": "h", "type": "replace", "properties": {"on": "result", "value": "hidden"}}
    if "strands" in framework.__module__:
        hide["properties"] = {"on": "result", "path": "$[*].text", "value": "hidden"}
    pdp.permits(result="modify", obligations=[hide])
    (said,) = run(framework, pdp, 7, tool=Tool())
    assert ("hidden" in said, "value-7" in said) == (True, False)


def test_a_denied_call_does_not_run(framework: Any, pdp: Stub) -> None:
    pdp.denies()
    tool = Tool()
    (said,) = run(framework, pdp, 7, tool=tool)
    assert (tool.ran, pdp.outcomes) == ([], [])
    assert "not here [no]" in said


def hang(connection: Any) -> None:
    connection.settimeout(30)
    connection.recv(1)


FAILURES: dict[str, Any] = {
    "timeout": lambda _: hang,
    "closed": lambda _: lambda connection: connection.close(),
    "null": lambda _: http(200, b"null", x_decision_id="01A"),
    "junk": lambda _: http(200, b"permit", x_decision_id="01A"),
    "nothing in it": lambda _: http(200, {}, x_decision_id="01A"),
    "status 500": lambda _: http(500, {"decision": True}, x_decision_id="01A"),
    "an obligation of another kind": lambda _: http(
        200,
        {
            "decision": True,
            "context": {"result": "modify", "obligations": [{"id": "x", "type": "y", "properties": {}}]},
        },
        x_decision_id="01A",
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_fails_closed(framework: Any, pdp: Stub, failure: str) -> None:
    pdp.decide = FAILURES[failure]
    tool = Tool()
    (said,) = run(framework, pdp, 7, tool=tool, deadline=0.3 if failure == "timeout" else 20)
    assert (tool.ran, "value-7" in said, said != "") == ([], False, True)


def test_fails_closed_where_the_decision_point_is_down(framework: Any, pdp: Stub) -> None:
    pdp.url = "http://127.0.0.1:1"
    tool = Tool()
    (said,) = run(framework, pdp, 7, tool=tool)
    assert tool.ran == []
    assert "no decision could be had" in said


def raises(_: Any) -> Any:
    raise RuntimeError("nobody knows")


@pytest.mark.parametrize("who", [raises, lambda _: None, lambda _: "junk"], ids=["raises", "none", "junk"])
def test_fails_closed_where_nobody_says_who_calls(framework: Any, pdp: Stub, who: Any) -> None:
    pdp.permits()
    tool = Tool()
    try:
        (said,) = run(framework, pdp, 7, tool=tool, who=who)
    except Exception as error:
        said = str(error)
    assert (tool.ran, pdp.asked, "value-7" in said) == ([], [], False)


def test_nothing_is_handed_on_whose_outcome_is_not_on_record(framework: Any, pdp: Stub) -> None:
    pdp.permits()
    pdp.record = lambda _: http(409, {"code": "outcome_contradicts"}, content_type="application/problem+json")
    tool = Tool()
    (said,) = run(framework, pdp, 7, tool=tool)
    assert (tool.ran, "value-7" in said, "withheld" in said) == ([7], False, True)


def test_a_tool_that_raises_is_reported(framework: Any, pdp: Stub) -> None:
    pdp.permits()
    tool = Tool(LookupError("no such number"))
    with contextlib.suppress(LookupError):
        run(framework, pdp, 7, tool=tool)
    assert len(tool.ran) >= 1
    # CrewAI runs a tool that failed again, inside of one call: that is one decision.
    assert len(pdp.outcomes) == (1 if framework.__module__.endswith("crewai") else len(tool.ran))
    # Some frameworks make a text of the error before anybody sees it.
    assert {one["status"] for one in pdp.outcomes} <= {"failed", "completed"}


def test_parallel_calls_are_each_decided(framework: Any, pdp: Stub) -> None:
    pdp.decide = lambda body: (
        pdp.permit() if body["context"]["input"]["n"] % 2 == 0 else http(200, {"decision": False}, x_decision_id="01D")
    )
    tool = Tool()
    said = run(framework, pdp, *range(6), tool=tool)
    assert sorted(tool.ran) == [0, 2, 4]
    assert [f"value-{n}" in said[n] for n in range(6)] == [True, False] * 3
    assert len({one["decisionId"] for one in pdp.outcomes}) == 3
