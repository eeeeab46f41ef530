"""Starts a Writ that serves a bundle, with a store of its own in a temporary folder."""

from __future__ import annotations

import os
import queue
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from writ.errors import WritError

_URL = re.compile(r"^service\s+(http://\S+)")
_PORTS = ("--port", "--gateway-port", "--http-port", "--check-port")


class StartError(WritError):
    """The Writ for a test did not start."""

    code = "test_service_not_started"


@dataclass(frozen=True)
class Running:
    """A Writ that runs for tests."""

    url: str
    data: Path
    process: subprocess.Popen[str]

    def key(self, caller: str = "default") -> str:
        """Returns the key of a caller that the bundle declares; `default` and `admin` always exist."""
        return (self.data / "keys" / f"{caller}.key").read_text().strip()

    def stop(self) -> None:
        """Stops it. It can be stopped again."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def command() -> list[str]:
    """Returns the command that is Writ: that of `WRIT_COMMAND`, `writ` on the PATH, or the `writ` of an npm project."""
    given = os.environ.get("WRIT_COMMAND")
    if given:
        return shlex.split(given)
    if (found := shutil.which("writ")) is not None:
        return [found]
    if (npx := shutil.which("npx")) is not None:
        return [npx, "--no-install", "writ"]
    raise StartError("there is no `writ` on the PATH and no npx; install it, or name the command in WRIT_COMMAND")


@contextmanager
def start(bundle: str | os.PathLike[str], *, seconds: float = 60) -> Iterator[Running]:
    """Runs a Writ for a `with` block. Its store, its keys and its log are gone afterwards."""
    folder = Path(bundle).resolve()
    if not folder.is_dir():
        raise StartError(f"{folder} is not the folder of a bundle")
    with tempfile.TemporaryDirectory(prefix="writ-test-") as temporary:
        data, errors = Path(temporary) / "data", Path(temporary) / "errors.txt"
        ports = [word for name in _PORTS for word in (name, "0")]
        with errors.open("w") as stderr:
            process = subprocess.Popen(
                [*command(), "start", "--bundle", str(folder), "--data", str(data), *ports],
                stdout=subprocess.PIPE,
                stderr=stderr,
                stdin=subprocess.DEVNULL,
                text=True,
            )
        running: Running | None = None
        try:
            running = Running(_url(process, errors, seconds), data, process)
            yield running
        finally:
            (running or Running("", data, process)).stop()


def _url(process: subprocess.Popen[str], errors: Path, seconds: float) -> str:
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        # To the end, so that the service never waits for a reader.
        for line in process.stdout or ():
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left)
        except queue.Empty:
            break
        if line is None:
            raise StartError(f"the service ended before it listened:\n{errors.read_text()[-4_000:]}")
        if (found := _URL.match(line)) is not None:
            return found[1]
    raise StartError(f"the service did not listen in {seconds:g} s:\n{errors.read_text()[-4_000:]}")
