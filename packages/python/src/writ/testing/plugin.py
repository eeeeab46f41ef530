"""The fixtures for pytest: `writ`, `async_writ`, and `writ_server`, one for all tests of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from writ.asynchronous import AsyncWrit
    from writ.synchronous import Writ
    from writ.testing.server import Running


def pytest_addoption(parser: Any) -> None:
    """Declares `writ_bundle` and `writ_caller` of pytest's configuration."""
    parser.addini("writ_bundle", "folder of the bundle that the fixture `writ` serves", default="")
    parser.addini("writ_caller", "caller whose key the fixture `writ` uses", default="default")


@pytest.fixture(scope="session")
def writ_bundle(pytestconfig: Any) -> Path:
    """The folder of the bundle. Override this fixture, or set `writ_bundle`."""
    named: str = pytestconfig.getini("writ_bundle")
    if not named:
        pytest.fail("set writ_bundle in pytest's configuration: the folder of the bundle that the fixture writ serves")
    return Path(pytestconfig.rootpath, named)


@pytest.fixture(scope="session")
def writ_server(writ_bundle: Path) -> Iterator[Running]:
    """A Writ with that bundle, for all tests of this run."""
    from writ.testing.server import start

    with start(writ_bundle) as running:
        yield running


@pytest.fixture
def writ(writ_server: Running, pytestconfig: Any) -> Iterator[Writ]:
    """A client of it, with the key of `writ_caller`."""
    from writ.synchronous import Writ

    with Writ(writ_server.url, key=writ_server.key(pytestconfig.getini("writ_caller")), deadline=30) as client:
        yield client


@pytest.fixture
def async_writ(writ_server: Running, pytestconfig: Any) -> AsyncWrit:
    """An asynchronous client of it, with the key of `writ_caller`."""
    from writ.asynchronous import AsyncWrit

    return AsyncWrit(writ_server.url, key=writ_server.key(pytestconfig.getini("writ_caller")), deadline=30)
