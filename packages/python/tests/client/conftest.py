from __future__ import annotations

from typing import Any

import pytest
from both import Sync
from stub import Stub

from writ import AsyncWrit


@pytest.fixture(params=[AsyncWrit, Sync], ids=["async", "sync"])
def client(request: pytest.FixtureRequest, pdp: Stub) -> Any:
    return request.param(pdp.url, key="writ_k", deadline=20)
