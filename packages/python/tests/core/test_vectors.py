"""The cases that all clients have in common. These tests need the standard library alone."""

from __future__ import annotations

import json
import os
import unittest
from pathlib import Path
from typing import Any

from writ import obligations as duties
from writ.answers import Answer, decision_in
from writ.decisions import Obligation
from writ.errors import DecisionPointError, ObligationError

VECTORS = Path(os.environ.get("WRIT_VECTORS", Path(__file__).parent.parent / "vectors"))


def rows(name: str) -> list[dict[str, Any]]:
    return json.loads((VECTORS / name).read_text())


class Answers(unittest.TestCase):
    def test_each(self) -> None:
        for row in rows("answers.json"):
            with self.subTest(row["name"]):
                answer = Answer(row["status"], row["headers"], row["body"].encode())
                if row["expect"] == "error":
                    self.assertRaises(DecisionPointError, decision_in, answer)
                    continue
                decision = decision_in(answer)
                self.assertEqual(decision.result, row["expect"])
                self.assertEqual(decision.permitted, row["expect"] in ("allow", "modify"))

    def test_every_kind_is_there(self) -> None:
        kinds = {row["expect"] for row in rows("answers.json")}
        self.assertEqual(kinds, {"allow", "modify", "step_up", "defer", "deny", "error"})


class Obligations(unittest.TestCase):
    def test_each(self) -> None:
        for row in rows("obligations.json"):
            with self.subTest(row["name"]):
                obligations = [Obligation(**one) for one in row["obligations"]]
                before = json.dumps(row["before"])
                if row.get("error"):
                    with self.assertRaises(ObligationError):
                        duties.check(obligations)
                        duties.apply(row["on"], row["before"], obligations)
                    continue
                duties.check(obligations)
                after, changes = duties.apply(row["on"], row["before"], obligations)
                self.assertEqual(after, row["after"])
                self.assertEqual(len(changes), sum(duties.concerns(row["on"], [one]) for one in obligations))
                self.assertEqual(json.dumps(row["before"]), before, "the value itself was changed")


if __name__ == "__main__":
    unittest.main()
