"""The permits of tools that a framework calls between two events."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

from writ.errors import WithheldError

P = TypeVar("P")
_MAX_OPEN = 10_000


class OpenPermits(Generic[P]):
    """Permits by the id of their call. Events of parallel calls come from several threads."""

    def __init__(self) -> None:
        self._open: dict[Hashable, P] = {}
        self._lock = threading.Lock()

    def add(self, call: Hashable, permit: P) -> None:
        """Adds a permit. A second call with the same id, or too many at once, is an error."""
        with self._lock:
            if call in self._open or len(self._open) >= _MAX_OPEN:
                raise WithheldError(f"the call {call!r} is under way already, or too many are")
            self._open[call] = permit

    def take(self, call: Hashable) -> P | None:
        """Returns a permit once."""
        with self._lock:
            return self._open.pop(call, None)
