"""The part of JSONPath (RFC 9535) that obligations use here: members, indexes and wildcards."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from writ.errors import ObligationError

Place = tuple[str | int, ...]
_STEP = re.compile(
    r"""\.(?P<name>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff-]*)|\[(?P<at>-?(?:0|[1-9]\d*))\]|(?P<each>\.\*|\[\*\])"""
    r"""|\['(?P<single>[^'\\]*)'\]|\["(?P<double>[^"\\]*)"\]"""
)
_MAX_PLACES = 100_000


def places_in(owner: str, value: Any, path: str) -> list[Place]:
    """Returns the places of a value that a path names. A path with filters, slices or `..` is an error."""
    rest = path if path.startswith("$") else f"$.{path}"
    found: list[tuple[Place, Any]] = [((), value)]
    at = 1
    while at < len(rest):
        step = _STEP.match(rest, at)
        if step is None:
            raise ObligationError(
                f"{owner}: this client cannot look for {path}; it knows members, indexes and wildcards"
            )
        at = step.end()
        found = [one for place, holder in found for one in _inner(place, holder, step)]
        if len(found) > _MAX_PLACES:
            raise ObligationError(f"{owner}: {path} names more than {_MAX_PLACES} places")
    return [place for place, _ in found]


def _inner(place: Place, holder: Any, step: re.Match[str]) -> list[tuple[Place, Any]]:
    if step["each"] is not None:
        if isinstance(holder, dict):
            return [((*place, name), inner) for name, inner in holder.items()]
        return [((*place, i), inner) for i, inner in enumerate(holder)] if isinstance(holder, list) else []
    if step["at"] is not None:
        at = int(step["at"])
        if not isinstance(holder, list) or not -len(holder) <= at < len(holder):
            return []
        return [((*place, at % len(holder)), holder[at])]
    name = next(one for one in (step["name"], step["single"], step["double"]) if one is not None)
    return [((*place, name), holder[name])] if isinstance(holder, dict) and name in holder else []


def set_at(value: Any, place: Place, change: Callable[[Any], Any]) -> Any:
    """Returns a value with another one at a place. The value itself stays as it is."""
    if not place:
        return change(value)
    step, rest = place[0], place[1:]
    if isinstance(value, list):
        return [set_at(one, rest, change) if i == step else one for i, one in enumerate(value)]
    return {name: set_at(one, rest, change) if name == step else one for name, one in value.items()}


def without(owner: str, value: Any, places: list[Place]) -> Any:
    """Returns a value without what is at some places."""
    changed = value
    # The last one first: the places before it stay valid. All places of one path have the same length.
    for place in reversed(places):
        if not place:
            raise ObligationError(f"{owner}: it drops everything; name a field")
        last = place[-1]

        def dropped(parent: Any, last: str | int = last) -> Any:
            if isinstance(parent, list):
                return [one for i, one in enumerate(parent) if i != last]
            return {name: one for name, one in parent.items() if name != last}

        changed = set_at(changed, place[:-1], dropped)
    return changed
