"""Asks a Writ before an operation, carries out its obligations, and reports the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from writ.calls import Call, Entity
from writ.decisions import (
    Allowed,
    Decision,
    Deferred,
    Denied,
    Modified,
    Obligation,
    Permitted,
    Refused,
    SteppedUp,
    is_permitted,
)
from writ.errors import CallError, DecisionPointError, NotPermittedError, ObligationError, WithheldError, WritError
from writ.outcomes import UNREAD

if TYPE_CHECKING:
    from writ.asynchronous import AsyncWrit
    from writ.permits import Permit
    from writ.synchronous import SyncPermit, Writ

__all__ = [
    "UNREAD",
    "Allowed",
    "AsyncWrit",
    "Call",
    "CallError",
    "Decision",
    "DecisionPointError",
    "Deferred",
    "Denied",
    "Entity",
    "Modified",
    "NotPermittedError",
    "Obligation",
    "ObligationError",
    "Permit",
    "Permitted",
    "Refused",
    "SteppedUp",
    "SyncPermit",
    "WithheldError",
    "Writ",
    "WritError",
    "is_permitted",
]

_LATER = {
    "AsyncWrit": "writ.asynchronous",
    "Permit": "writ.permits",
    "SyncPermit": "writ.synchronous",
    "Writ": "writ.synchronous",
}


def __getattr__(name: str) -> Any:
    # Reading and writing need the standard library alone; httpx is loaded with the first client.
    if name not in _LATER:
        raise AttributeError(f"module 'writ' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LATER[name]), name)
