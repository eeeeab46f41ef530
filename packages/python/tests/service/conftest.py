from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2]
WRIT = PACKAGE.parent / "writ" / "bin" / "writ.js"

if "WRIT_COMMAND" not in os.environ and WRIT.exists() and shutil.which("node"):
    # The service of this checkout.
    os.environ["WRIT_COMMAND"] = f"node {WRIT}"


@pytest.fixture(scope="session")
def writ_bundle() -> Path:
    return PACKAGE / "tests" / "bundle"
