"""The client for synchronous programs: the asynchronous one, on a loop in another thread. Deadlines hold here too."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Literal, TypeVar

import httpx

from writ import loops
from writ.asynchronous import AsyncWrit, Until
from writ.calls import Call, Entity
from writ.decisions import Decision, Permitted
from writ.outcomes import Status
from writ.permits import Permit

T = TypeVar("T")
R = TypeVar("R")


class SyncPermit:
    """A permitted operation. End it with `done`, `failed`, `drop_unused` or `drop`."""

    def __init__(self, permit: Permit) -> None:
        self._permit = permit
        self.decision = permit.decision
        self.input = permit.input
        """The input as it is to be used."""

    @property
    def changes_result(self) -> bool:
        """Whether an obligation changes the result."""
        return self._permit.changes_result

    def done(self, result: Any = None, *, status: Literal["completed", "failed"] = "completed") -> Any:
        """Reports that it was carried out. Returns the result as it may be handed on, also that of a failure."""
        return loops.run(self._permit.done(result, status=status))

    def failed(self, error: BaseException | str) -> None:
        """Reports that it failed."""
        loops.run(self._permit.failed(error))

    def drop(self) -> None:
        """Reports that its end is not known, unless it has ended. Never raises."""
        loops.run(self._permit.drop())

    def drop_unused(self) -> None:
        """Reports that it was not carried out, unless it has ended. Never raises."""
        loops.run(self._permit.drop_unused())


class Writ:
    """Asks a Writ. Whatever goes wrong is an error, and an error is never a permit."""

    def __init__(
        self,
        url: str,
        *,
        key: str,
        deadline: float = 2.0,
        tls: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._writ = AsyncWrit(url, key=key, deadline=deadline, tls=tls, transport=transport)

    def decide(self, call: Call) -> Decision:
        """Returns the decision. A permit with an obligation that cannot be carried out here is a denial."""
        return loops.run(self._writ.decide(call))

    def decide_all(self, calls: Sequence[Call], *, until: Until | None = None) -> list[Decision]:
        """Returns a decision for each call, in order; up to 250. `until` names the answer after which none is made."""
        return loops.run(self._writ.decide_all(calls, until=until))

    def search_subjects(self, subject_type: str, action: str, resource: Entity, **context: Any) -> list[Entity]:
        """Lists the subjects of a type that may do this now."""
        return loops.run(_all(self._writ.search_subjects(subject_type, action, resource, **context)))

    def search_resources(self, subject: Entity, action: str, resource_type: str, **context: Any) -> list[Entity]:
        """Lists the resources of a type that the subject may do this to."""
        return loops.run(_all(self._writ.search_resources(subject, action, resource_type, **context)))

    def search_actions(self, subject: Entity, resource: Entity, **context: Any) -> list[str]:
        """Lists the names of the actions that the subject may do to the resource."""
        return loops.run(_all(self._writ.search_actions(subject, resource, **context)))

    def begin(self, call: Call, *, wait: float = 0) -> SyncPermit:
        """Returns a permit. Raises `NotPermittedError` if it is not permitted; `wait` is as in `AsyncWrit.begin`."""
        return SyncPermit(loops.run(self._writ.begin(call, wait=wait)))

    def guard(self, call: Call, run: Callable[[Any], R], *, wait: float = 0) -> R:
        """
        Runs an operation if it is permitted, with the permitted input, and returns its result once the outcome is on
        record. An error of it is reported and raised.
        """
        permit = self.begin(call, wait=wait)
        try:
            value = run(permit.input)
        except Exception as error:
            failure = error
        except BaseException:
            permit.drop()
            raise
        else:
            result: R = permit.done(value)
            return result
        # Outside of the handler: an error that withholds this one does not carry it.
        permit.failed(failure)
        raise failure

    def report(self, decision: Permitted, status: Status, result: Any = None, *, error: str | None = None) -> None:
        """Reports the outcome of a permit of `decide`. Raises `WithheldError` if it is not on record."""
        loops.run(self._writ.report(decision, status, result, error=error))

    def close(self) -> None:
        """Closes the connections."""
        loops.run(self._writ.close())

    def __enter__(self) -> Writ:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


async def _all(found: AsyncIterator[T]) -> list[T]:
    return [one async for one in found]
