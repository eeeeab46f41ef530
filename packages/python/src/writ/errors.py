"""The errors of the client. Each of them means that nothing was permitted, or that nothing may be handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from writ.decisions import Denied


class WritError(Exception):
    """An error of this package. `code` is stable, and that of the client for JavaScript (docs/errors.md)."""

    code = "writ"


class DecisionPointError(WritError):
    """The decision point did not answer in time, or its answer cannot be relied on. Nothing is carried out."""

    code = "decision_point_unreachable"


class CallError(WritError):
    """A call cannot be decided on: its input is not JSON, or a part of it is missing. It was not made."""

    code = "call_invalid"


class NotPermittedError(WritError):
    """A call was not permitted, so it was not made. `answer` says why, and what can be done."""

    code = "call_not_permitted"

    def __init__(self, answer: Denied) -> None:
        super().__init__(f"not permitted ({answer.result}, decision {answer.id}): {answer.why()}")
        self.answer = answer


class WithheldError(WritError):
    """
    A call was made, and nothing of its result may be handed on: an obligation on it cannot be carried out, or its
    outcome is not on record.
    """

    code = "result_withheld"


class ObligationError(WritError):
    """The permit asks for a change that cannot be made here. The call was not made."""

    code = "obligation_failed"
