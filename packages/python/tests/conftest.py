from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from stub import Stub, stub  # noqa: E402


@pytest.fixture
def pdp() -> Iterator[Stub]:
    """A decision point that answers as the test says."""
    with stub() as said:
        yield said
