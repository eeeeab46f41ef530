"""How the call of a tool in a framework becomes a call that is decided about."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from writ.calls import Call, Entity
from writ.errors import CallError, NotPermittedError, ObligationError, WithheldError


@dataclass(frozen=True)
class ToolUse:
    """The call of a tool, as a framework shows it."""

    name: str
    input: Mapping[str, Any]
    prompt: str | None = None
    """The words of the user, where the framework shows them."""
    context: Any = None
    """The framework's own object for this call: the session, the state, the request."""


Who = Callable[[ToolUse], Call]


@dataclass(frozen=True)
class Actor:
    """
    For whom tools are called. The action is the name of the tool, on `Tool::"<name>"`, as the gateway decides without a
    mapping. For anything else, pass a function from `ToolUse` to `Call` in its place.
    """

    subject: Entity
    agent: Entity | str | None = None
    task: str | None = None
    session: str | None = None
    token: str | None = None

    def __call__(self, use: ToolUse) -> Call:
        """Returns the call that is decided about."""
        return Call(
            self.subject,
            use.name,
            Entity("Tool", use.name),
            use.input,
            agent=self.agent,
            task=self.task,
            session=self.session,
            prompt=use.prompt,
            token=self.token,
        )


def call_of(who: Who, use: ToolUse) -> Call:
    """Returns the call of a use. A function that returns something else is an error."""
    call = who(use)
    if not isinstance(call, Call):
        raise CallError(f"the function that says who calls {use.name} returned no Call")
    return call


def arguments(text: str | None) -> dict[str, Any]:
    """Reads the arguments that a model wrote. What has two readings is an error."""
    from writ.answers import parsed

    read = parsed((text or "{}").encode("utf-8", "replace"))
    if not isinstance(read, dict):
        raise CallError("the arguments of a tool are a JSON object")
    return read


def written_arguments(value: Any) -> str:
    """Writes arguments for a framework that takes them as text."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def refusal(error: BaseException) -> str:
    """Says to a model why it has no result. The text of an error that is not ours stays out: it could be the result."""
    if isinstance(error, (NotPermittedError, ObligationError)):
        return str(error)
    if isinstance(error, WithheldError):
        return "the result was withheld: its outcome is not on record, or an obligation cannot be carried out on it"
    return f"the call was not made, because no decision could be had ({type(error).__name__})"
