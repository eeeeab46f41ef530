"""Cancellation, threads, event loops and connections."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from both import CALL, run
from stub import Stub

from writ import (
    AsyncWrit,
    WithheldError,
    Writ,
    loops,
)


def test_a_cancelled_operation_is_reported_as_unknown(pdp: Stub) -> None:
    pdp.permits()

    async def cancelled() -> None:
        begun = asyncio.Event()

        async def slow(_: Any) -> None:
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(AsyncWrit(pdp.url, key="k").guard(CALL, slow))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())
    assert pdp.statuses() == [("01P1", "unknown")]


def test_an_interrupted_operation_is_reported_as_unknown(pdp: Stub) -> None:
    pdp.permits()

    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Writ(pdp.url, key="k").guard(CALL, interrupted)
    assert pdp.statuses() == [("01P1", "unknown")]


def test_a_permit_ends_once(pdp: Stub) -> None:
    pdp.permits()
    permit = Writ(pdp.url, key="k").begin(CALL)
    assert permit.done("a") == "a"
    with pytest.raises(WithheldError, match="ended before"):
        permit.done("b")
    permit.drop()
    assert pdp.statuses() == [("01P1", "completed")]


def test_connections_are_kept(pdp: Stub) -> None:
    pdp.permits()

    async def ten() -> None:
        async with AsyncWrit(pdp.url, key="k", deadline=10) as client:
            for _ in range(10):
                await client.guard(CALL, lambda _: 1)

    run(ten())
    assert pdp.connections == 1
    with Writ(pdp.url, key="k", deadline=10) as same:
        for _ in range(10):
            same.guard(CALL, lambda _: 1)
    assert pdp.connections == 2


def test_one_client_serves_many_loops_and_threads(pdp: Stub) -> None:
    pdp.permits()
    client = AsyncWrit(pdp.url, key="k", deadline=10)
    for _ in range(3):
        assert run(client.guard(CALL, lambda _: 1)) == 1
    same = Writ(pdp.url, key="k", deadline=10)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda n: same.guard(CALL, lambda _: n), range(40))) == list(range(40))

    async def inside() -> int:
        return same.guard(CALL, lambda _: 2)

    # Also inside a running loop, where a synchronous adapter can be.
    assert run(inside()) == 2


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:7465", "file:///x", "http://", "http://u:p@h", "http://h?x=1", "http://h#f"]
)
def test_what_is_no_url_of_a_service(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL of"):
        Writ(url, key="k")


@pytest.mark.parametrize("key", ["", " ", "a\nb", "é"])
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(ValueError, match="the key is empty"):
        Writ("http://127.0.0.1:1", key=key)


def test_a_synchronous_client_on_its_own_loop_is_an_error(pdp: Stub) -> None:
    client = Writ(pdp.url, key="k")

    async def wait_for_itself() -> None:
        client.decide(CALL)

    with pytest.raises(RuntimeError, match="its own loop"):
        loops.run(wait_for_itself())


def test_a_forked_process_has_a_loop_of_its_own(pdp: Stub) -> None:
    pdp.permits()
    client = Writ(pdp.url, key="k", deadline=20)
    client.decide(CALL)
    child = os.fork()
    if child == 0:
        # Without the handlers of pytest.
        os._exit(0 if Writ(pdp.url, key="k", deadline=20).decide(CALL).permitted else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
