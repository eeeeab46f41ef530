"""One event loop in a thread of its own, on which synchronous programs run what is asynchronous."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_process = 0
_thread: threading.Thread | None = None


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine on that loop, and waits for its result. Interrupted, the coroutine is cancelled."""
    loop = _running()
    if threading.current_thread() is _thread:
        work.close()
        raise RuntimeError("a synchronous Writ was called on its own loop, where it would wait for itself")
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def _running() -> asyncio.AbstractEventLoop:
    global _loop, _process, _thread
    with _lock:
        # A process that was forked has no threads of its parent.
        if _loop is None or _process != os.getpid():
            _loop, _process = asyncio.new_event_loop(), os.getpid()
            _thread = threading.Thread(target=_loop.run_forever, name="writ", daemon=True)
            _thread.start()
        return _loop


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
