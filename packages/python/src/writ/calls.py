"""The call that is decided about: an AuthZEN access evaluation request."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from writ.errors import CallError

_MAX_DEPTH = 64
_MAX_EXACT = 2**53 - 1


@dataclass(frozen=True)
class Entity:
    """A subject or a resource, as in `User::"ana"`. Properties fill in attributes that no fact has."""

    type: str
    id: str
    properties: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the entity as it is sent. Raises `CallError` if it has no type or no id."""
        if not all(isinstance(one, str) and one != "" for one in (self.type, self.id)):
            raise CallError("the subject and the resource of a call have a type and an id, both texts")
        return _known(type=self.type, id=self.id, properties=self.properties)


@dataclass(frozen=True)
class Call:
    """An operation that is asked about. `input` is its arguments, and what `guard` runs it with."""

    subject: Entity
    action: str
    resource: Entity
    input: Mapping[str, Any] | None = None
    agent: Entity | str | None = None
    """The agent at work for the subject: an entity, or an id of the type `Agent`."""
    task: str | None = None
    session: str | None = None
    prompt: str | None = None
    """The words of the user. They are not recorded."""
    context: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] | None = None
    """Properties of the action."""
    token: str | None = field(default=None, repr=False)
    """A transaction token of the task (docs/tokens.md)."""

    def to_json(self) -> dict[str, Any]:
        """Returns the body of the request, as a copy. Raises `CallError` if it is not JSON."""
        if not isinstance(self.action, str) or self.action == "":
            raise CallError("the action of a call is the name of one")
        if not isinstance(self.subject, Entity) or not isinstance(self.resource, Entity):
            raise CallError("the subject and the resource of a call are entities")
        for name in ("task", "session", "prompt", "token"):
            if not isinstance(getattr(self, name), str | None):
                raise CallError(f"{name} of a call is a text")
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            raise CallError("the transaction token of a call has characters that no token has")
        agent = self.agent.to_json() if isinstance(self.agent, Entity) else self.agent
        said = _known(input=self.input, agent=agent, task=self.task, session=self.session, prompt=self.prompt)
        body: dict[str, Any] = copied(
            {
                "subject": self.subject.to_json(),
                "action": _known(name=self.action, properties=self.properties),
                "resource": self.resource.to_json(),
                "context": {**self.context, **said},
            },
            "call",
        )
        return body


def written(value: object) -> str:
    """Writes a value that was copied as JSON."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def copied(value: Any, at: str, depth: int = 0) -> Any:
    """
    Returns a copy of a value that is JSON: what is sent, decided on and run are one value, however the original
    changes. Raises `CallError` if a part of it would be sent as something else than it is.
    """
    if depth > _MAX_DEPTH:
        raise CallError(f"{at} is nested too deeply")
    if value is None or type(value) is bool:
        return value
    if type(value) is int or type(value) is float:
        if not math.isfinite(value) or (float(value).is_integer() and abs(value) > _MAX_EXACT):
            raise CallError(f"{at} is {value}, which not every parser reads alike; send it as text")
        return value
    if type(value) is str:
        if any("\ud800" <= one <= "\udfff" for one in value):
            raise CallError(f"{at} has half of a surrogate pair")
        return value
    if isinstance(value, (list, tuple)):
        return [copied(inner, f"{at}[{i}]", depth + 1) for i, inner in enumerate(value)]
    if isinstance(value, Mapping) and all(type(name) is str for name in value):
        return {copied(name, at): copied(inner, f"{at}.{name}", depth + 1) for name, inner in value.items()}
    raise CallError(f"{at} is not JSON: {type(value).__name__}")


def _known(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
