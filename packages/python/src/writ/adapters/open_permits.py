"""The permits of tools that a framework calls between two events."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from writ.errors import WithheldError

P = TypeVar("P")
_MAX_OPEN = 10_000


class OpenPermits(Generic[P]):
    """Permits by the id of their call. Events of parallel calls come from several threads."""

    def __init__(self) -> None:
        self._open: OrderedDict[Hashable, P] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, call: Hashable, permit: P) -> None:
        """Adds a permit. A second call with the same id is an error."""
        with self._lock:
            if call in self._open:
                raise WithheldError(f"the call {call!r} is under way already")
            self._open[call] = permit
            # The oldest never had an end, as a call that was cancelled. A result of it would be withheld.
            if len(self._open) > _MAX_OPEN:
                self._open.popitem(last=False)

    def take(self, call: Hashable) -> P | None:
        """Returns a permit once; None if the call has no permit."""
        with self._lock:
            return self._open.pop(call, None)
