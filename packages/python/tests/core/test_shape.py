"""The shape of the package. These tests need the standard library alone."""

from __future__ import annotations

import subprocess
import sys
import unittest
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "writ"


class Shape(unittest.TestCase):
    def test_adapters_are_short(self) -> None:
        lengths = {path.name: len(path.read_text().splitlines()) for path in (SOURCE / "adapters").glob("*.py")}
        self.assertGreater(len(lengths), 8)
        # tools.py is no adapter: it is what they have in common.
        self.assertEqual({name for name, lines in lengths.items() if lines >= 80 and name != "tools.py"}, set())

    def test_the_core_needs_no_other_package(self) -> None:
        code = "import sys, writ, writ.answers, writ.outcomes; print(sorted({'httpx', 'anyio'} & set(sys.modules)))"
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        self.assertEqual(found.stdout, "[]\n")


if __name__ == "__main__":
    unittest.main()
