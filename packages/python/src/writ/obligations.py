"""Carries out the obligations of a permit on its input, and on its result."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from writ.decisions import Obligation
from writ.errors import ObligationError
from writ.paths import places_in, set_at, without

Side = Literal["input", "result"]
_USUAL: dict[str, Side] = {
    "redact": "result",
    "cap": "input",
    "replace": "input",
    "drop-field": "result",
    "watermark": "result",
}
TRANSFORMS = tuple(_USUAL)
"""The types of obligation that this client carries out. It refuses `redact` with a `class`."""
_KEY = secrets.token_bytes(32)


@dataclass(frozen=True)
class Change:
    """An obligation that was carried out, with keyed hashes of the whole before and after."""

    obligation: str
    type: str
    on: Side
    before: str
    after: str


def check(obligations: Iterable[Obligation]) -> None:
    """Raises an error if an obligation cannot be carried out here, before anything is run."""
    for one in obligations:
        if one.type not in _USUAL:
            raise ObligationError(f"{one.id} is a {one.type}, which cannot be carried out here")
        if one.properties.get("on") not in (None, "input", "result"):
            raise ObligationError(f"{one.id} is on {one.properties['on']!r}, which is neither input nor result")
        if one.type == "redact" and "class" in one.properties:
            raise ObligationError(f"{one.id} redacts a class of data, which only the gateway finds; name a path")
        # A path that cannot be looked for is found before the operation, and not after it.
        places_in(one.id, None, _path(one))


def apply(side: Side, value: Any, obligations: Iterable[Obligation]) -> tuple[Any, tuple[Change, ...]]:
    """Returns a value as the obligations on this side demand, and what they changed."""
    changes: list[Change] = []
    for one in obligations:
        if one.properties.get("on", _USUAL[one.type]) != side:
            continue
        after = _applied(value, one) if side == "input" else _applied_to_result(value, one)
        changes.append(Change(one.id, one.type, side, _hashed(value), _hashed(after)))
        value = after
    return value, tuple(changes)


def concerns(side: Side, obligations: Iterable[Obligation]) -> bool:
    """Returns whether an obligation changes this side."""
    return any(one.properties.get("on", _USUAL[one.type]) == side for one in obligations)


def _path(one: Obligation) -> str:
    path = one.properties.get("path")
    return path if isinstance(path, str) else "$"


def _applied_to_result(value: Any, one: Obligation) -> Any:
    """Returns a result as an obligation demands. A path leads into the JSON of a text; it does not lead into prose."""
    if _path(one) == "$":
        return _applied(value, one)
    if isinstance(value, str):
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            inner = None
        if not isinstance(inner, (dict, list)):
            raise ObligationError(f"{one.id}: {_path(one)} does not lead into a text that is not JSON")
        return json.dumps(_applied(inner, one), ensure_ascii=False, separators=(",", ":"))
    if not places_in(one.id, value, _path(one)) and _may_hide(value):
        raise ObligationError(f"{one.id}: {_path(one)} names nothing here, and could be in the texts of it")
    return _applied(value, one)


def _may_hide(value: Any) -> bool:
    """Returns whether a member could be written in a text of a value: in JSON, or in a block of a message."""
    if isinstance(value, str):
        return value.lstrip()[:1] in ("{", "[")
    if isinstance(value, list):
        return any(_may_hide(one) for one in value)
    if not isinstance(value, dict):
        return False
    is_wrapped = isinstance(value.get("text"), str) or (len(value) == 1 and isinstance(value.get("result"), str))
    return is_wrapped or any(_may_hide(one) for one in value.values())


def _applied(value: Any, one: Obligation) -> Any:
    properties = one.properties
    places = places_in(one.id, value, _path(one))
    if one.type == "drop-field":
        return without(one.id, value, places)
    for place in places:
        value = set_at(value, place, lambda inner: _changed(inner, one, properties))
    return value


def _changed(inner: Any, one: Obligation, properties: Any) -> Any:
    if one.type == "redact":
        return properties.get("with", "[redacted]")
    if one.type == "replace":
        if "value" not in properties:
            raise ObligationError(f"{one.id} names no value to replace with")
        return properties["value"]
    if one.type == "cap":
        most = properties.get("max")
        if isinstance(inner, bool) or not isinstance(inner, (int, float)):
            raise ObligationError(f"{one.id}: what it caps is not a number")
        if isinstance(most, bool) or not isinstance(most, (int, float)):
            raise ObligationError(f"{one.id}: its max is not a number")
        return min(inner, most)
    if not isinstance(inner, str) or not isinstance(properties.get("text"), str):
        raise ObligationError(f"{one.id}: what it marks, or its mark, is not a text")
    return f"{inner}{'' if inner == '' or inner.endswith(chr(10)) else chr(10)}{properties['text']}"


def _hashed(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    digest = hmac.new(_KEY, text.encode(), hashlib.sha256).digest()
    return "hmac-sha256:" + base64.urlsafe_b64encode(digest).decode().rstrip("=")
