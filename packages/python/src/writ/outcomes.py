"""The outcome of a permitted operation, as the service can read it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any, Final, Literal

from writ.obligations import Change

Status = Literal["completed", "failed", "not-executed", "unknown"]
_MAX_RESULT = 200_000
"""In characters. The service accepts a body of 1 MiB, and a character has at most four bytes."""
_MAX_ERROR = 4_096
_MAX_EXACT = 2**53 - 1
_MAX_DEPTH = 100


class _Unread:
    def __repr__(self) -> str:
        return "UNREAD"


UNREAD: Final = _Unread()
"""A result that exists and is not sent: it counts as having every label that it could have."""


def outcome(
    decision_id: str, status: Status, result: object, changes: Sequence[Change] = (), error: str | None = None
) -> dict[str, Any]:
    """Returns the body of a report. A result that cannot be sent, or is too long, is reported as unread."""
    said: dict[str, Any] = {"decisionId": decision_id, "status": status}
    # The result of a failure is left out if it was not read, as in every client.
    if status == "completed" or (status == "failed" and result is not UNREAD):
        said.update(_said(result))
    if changes:
        said["changes"] = [dataclasses.asdict(change) for change in changes]
    if error is not None:
        said["error"] = _text(error)[:_MAX_ERROR]
    return said


def _said(result: object) -> dict[str, Any]:
    try:
        value = plain(result)
        if len(json.dumps(value, allow_nan=False, ensure_ascii=False)) <= _MAX_RESULT:
            return {"result": value}
    except (TypeError, ValueError, RecursionError):
        pass
    return {"unread": True}


def plain(value: object, depth: int = 0) -> Any:
    """
    Returns a value as JSON holds it and a strict reader accepts it: integers past 2^53 are texts, NUL and half of a
    surrogate pair are U+FFFD. Dataclasses and Pydantic models become objects.
    """
    if depth > _MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return int(value) if abs(value) <= _MAX_EXACT else str(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return str(value)
        return str(value) if value.is_integer() and abs(value) > _MAX_EXACT else float(value)
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("a member has a name that is not a text")
        return {_text(name): plain(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner, depth + 1) for inner in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain({one.name: getattr(value, one.name) for one in dataclasses.fields(value)}, depth + 1)
    dump = getattr(value, "model_dump", None)
    if callable(dump) and not isinstance(value, type):
        return plain(dump(mode="json"), depth + 1)
    raise TypeError(f"a {type(value).__name__} is not JSON")


def _text(text: str) -> str:
    return "".join("\ufffd" if one == "\0" or "\ud800" <= one <= "\udfff" else one for one in text)
