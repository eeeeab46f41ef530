"""A permitted operation, which has one end: its outcome is on record before its result is handed on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import anyio

from writ import obligations as duties
from writ.decisions import Permitted, is_independent
from writ.errors import WithheldError
from writ.obligations import Change
from writ.outcomes import UNREAD, Status, outcome, plain

_log = logging.getLogger("writ")
_DROP_S = 2.0

Report = Callable[[dict[str, Any]], Awaitable[None]]


class Permit:
    """A permitted operation. End it with `done`, `failed`, `drop_unused` or `drop`."""

    def __init__(self, decision: Permitted, input: Any, changes: tuple[Change, ...], report: Report) -> None:
        self.decision = decision
        self.input = input
        """The input as it is to be used: that which was decided on, with the changes of the obligations."""
        self._changes = changes
        self._report = report
        self._is_over = False
        self._lock = threading.Lock()

    @property
    def changes_result(self) -> bool:
        """Whether an obligation changes the result."""
        return duties.concerns("result", self.decision.obligations)

    @property
    def is_changed(self) -> bool:
        """Whether an obligation changed the input."""
        return len(self._changes) > 0

    async def done(self, result: Any = None, *, status: Literal["completed", "failed"] = "completed") -> Any:
        """Reports that it was carried out. Returns the result as it may be handed on, also that of a failure."""
        self._end()
        changes = self._changes
        if self.changes_result:
            try:
                result, more = duties.apply("result", plain(result), self.decision.obligations)
                changes = (*changes, *more)
            except Exception as cause:
                said = f"the result was withheld: {cause}"
                # Nobody gets the result, so it brings nothing.
                await self._reported(status, None, changes, said)
                raise WithheldError(said) from cause
        await self._reported(status, result, changes)
        return result

    async def failed(self, error: BaseException | str) -> None:
        """
        Reports that it failed. Raises `WithheldError` if its error must not be handed on: it is not on record, or the
        permit has an obligation on the result.
        """
        self._end()
        said = str(error) or type(error).__name__
        if self.changes_result:
            # Nobody gets the error, so it brings nothing.
            withheld = "it failed, and its error is withheld: it could have what an obligation takes away"
            await self._reported("failed", None, self._changes, withheld)
            raise WithheldError(f"{self.decision.id}: {withheld}")
        await self._reported("failed", UNREAD, self._changes, said)

    async def raised(self, error: BaseException) -> None:
        """Reports what was raised: a failure, or, if it was interrupted or cancelled, an end that is not known."""
        await (self.failed(error) if isinstance(error, Exception) else self.drop())

    async def drop(self) -> None:
        """Reports that its end is not known, unless it has ended. Never raises."""
        await self._drop("unknown", self._changes)

    async def drop_unused(self) -> None:
        """Reports that it was not carried out, unless it has ended. Never raises: unreported, it counts as done."""
        await self._drop("not-executed", ())

    async def _drop(self, status: Status, changes: tuple[Change, ...]) -> None:
        with self._lock:
            if self._is_over:
                return
            self._is_over = True
        # Also in a task that is being cancelled, but not for long.
        with anyio.move_on_after(_DROP_S, shield=True):
            try:
                await self._report(outcome(self.decision.id, status, UNREAD, changes))
            except Exception as error:
                _log.warning("the end of %s was not reported: %s", self.decision.id, error)

    def _end(self) -> None:
        with self._lock:
            if self._is_over:
                raise WithheldError(f"the permit {self.decision.id} has ended before")
            self._is_over = True

    async def _reported(
        self, status: Status, result: Any, changes: tuple[Change, ...], error: str | None = None
    ) -> None:
        try:
            await self._report(outcome(self.decision.id, status, result, changes, error))
        except Exception as cause:
            # No later decision depends on it, and a permit whose outcome is lost counts as done as permitted.
            if status == "completed" and not changes and error is None and is_independent(self.decision):
                _log.warning("the outcome of %s was not reported: %s", self.decision.id, cause)
                return
            if isinstance(cause, WithheldError):
                raise
            raise WithheldError(f"the outcome of {self.decision.id} is not on record: {cause}") from cause
