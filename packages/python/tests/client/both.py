"""The client in both of its forms, and the call that tests make."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from writ import Call, Entity, Writ

CALL = Call(Entity("User", "ana"), "refund", Entity("Order", "17"), {"amount": 500})
CAP = {"id": "capped", "type": "cap", "properties": {"path": "amount", "max": 100}}


class Sync:
    """The synchronous client, as coroutines: each test runs with both."""

    def __init__(self, *args: Any, **named: Any) -> None:
        self._writ = Writ(*args, **named)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._writ, name)

        async def call(*args: Any, **named: Any) -> Any:
            return await asyncio.to_thread(method, *args, **named)

        return call


def run(work: Any) -> Any:
    return asyncio.run(work)


def hang(connection: socket.socket) -> None:
    connection.settimeout(30)
    connection.recv(1)
