"""Calls and results, as they are sent. These tests need the standard library alone."""

from __future__ import annotations

import dataclasses
import json
import unittest
from typing import Any

from writ import UNREAD, Call, CallError, Entity
from writ import obligations as duties
from writ.answers import Answer, action_page_in, decisions_in, page_in, parsed
from writ.decisions import Obligation, Refused, read_decision
from writ.errors import DecisionPointError, NotPermittedError, ObligationError
from writ.outcomes import outcome

ANA, ORDER = Entity("User", "ana"), Entity("Order", "17", {"open": True})


class Calls(unittest.TestCase):
    def test_the_request(self) -> None:
        call = Call(
            ANA, "refund", ORDER, {"amount": 5}, agent="bot", task="t", session="s", prompt="p", context={"x": 1}
        )
        self.assertEqual(
            call.to_json(),
            {
                "subject": {"type": "User", "id": "ana"},
                "action": {"name": "refund"},
                "resource": {"type": "Order", "id": "17", "properties": {"open": True}},
                "context": {"x": 1, "input": {"amount": 5}, "agent": "bot", "task": "t", "session": "s", "prompt": "p"},
            },
        )

    def test_is_a_copy(self) -> None:
        given: dict[str, Any] = {"to": ["a"]}
        sent = Call(ANA, "mail", ORDER, given).to_json()
        given["to"].append("b")
        self.assertEqual(sent["context"]["input"], {"to": ["a"]})

    def test_what_is_not_json_is_not_sent(self) -> None:
        deep: Any = []
        for _ in range(200):
            deep = [deep]
        for value in [
            float("nan"),
            float("inf"),
            2**53,
            1e300,
            "\ud800",
            b"x",
            {1: 2},
            object(),
            deep,
            {"\ud800": 1},
            {"s"},
        ]:
            with self.subTest(repr(value)[:40]):
                self.assertRaises(CallError, Call(ANA, "mail", ORDER, {"v": value}).to_json)

    def test_a_token_is_not_printed(self) -> None:
        self.assertNotIn("secret", repr(Call(ANA, "mail", ORDER, token="secret")))


class Outcomes(unittest.TestCase):
    def test_a_result_that_a_strict_reader_accepts(self) -> None:
        @dataclasses.dataclass
        class Row:
            id: int

        said = outcome(
            "1", "completed", {"n": 2**60, "t": "a\0\ud800", "f": float("nan"), "rows": (Row(1),), "e": 1e300}
        )
        self.assertEqual(
            said["result"],
            {"n": str(2**60), "t": "a\ufffd\ufffd", "f": "nan", "rows": [{"id": 1}], "e": "1e+300"},
        )

    def test_a_result_that_is_not_json_counts_as_unread(self) -> None:
        for value in [object(), b"x", {1: 2}, "x" * 200_001, UNREAD]:
            with self.subTest(repr(value)[:40]):
                said = outcome("1", "completed", value)
                self.assertEqual((said.get("unread"), "result" in said), (True, False))

    def test_null_is_a_result(self) -> None:
        self.assertIsNone(outcome("1", "completed", None)["result"])

    def test_an_operation_that_was_not_done_has_no_result(self) -> None:
        self.assertEqual(outcome("1", "not-executed", {"a": 1}), {"decisionId": "1", "status": "not-executed"})

    def test_errors_are_bounded(self) -> None:
        self.assertEqual(len(outcome("1", "failed", None, (), "e" * 10_000)["error"]), 4_096)


class Answers(unittest.TestCase):
    def answer(self, body: Any, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(200, {"content-type": "application/json", **named}, json.dumps(body).encode())

    def test_one_decision_for_each(self) -> None:
        body = {"evaluations": [{"decision": True}, {"decision": False}]}
        read = decisions_in(self.answer(body, x_decision_id="01A, -"), 2)
        self.assertEqual([(one.id, one.permitted) for one in read], [("01A", True), ("-", False)])

    def test_a_batch_with_another_number_of_answers(self) -> None:
        two = {"evaluations": [{"decision": True}, {"decision": True}]}
        for body, ids, count in [
            (two, "01A, 01B", 3),
            (two, "01A", 2),
            (two, "01A, -", 2),
            ({"decision": True}, "01A", 1),
        ]:
            with self.subTest(ids):
                self.assertRaises(DecisionPointError, decisions_in, self.answer(body, x_decision_id=ids), count)

    def test_pages(self) -> None:
        found = {"results": [{"type": "User", "id": "ana"}], "page": {"next_token": "n"}}
        self.assertEqual(page_in(self.answer(found)), ([ANA], "n"))
        self.assertEqual(action_page_in(self.answer({"results": [{"name": "read"}]})), (["read"], None))
        for junk in [{}, {"results": {}}, {"results": [1]}, {"results": [{"type": "User"}]}, [], None]:
            self.assertRaises(DecisionPointError, page_in, self.answer(junk))

    def test_text_with_two_readings(self) -> None:
        for text in [b'{"decision":false,"decision":true}', b"NaN", b"\xff", b"[" * 100_000, b"\xef\xbb\xbf{}"]:
            with self.subTest(text[:20]):
                self.assertRaises(DecisionPointError, parsed, text)

    def test_why(self) -> None:
        reason = {"policy": "limit", "reason": "at most 5"}
        context = {"result": "deny", "reasons": [reason, reason], "refusal": {"code": "c", "message": "m"}}
        decision = read_decision({"decision": False, "context": context}, "01A")
        assert isinstance(decision, Refused)
        self.assertEqual(decision.why(), "at most 5 [limit]; m")
        self.assertEqual(str(NotPermittedError(decision)), "not permitted (deny, decision 01A): at most 5 [limit]; m")


class Unsupported(unittest.TestCase):
    def test_is_found_before_anything_is_run(self) -> None:
        for kind, properties in [
            ("redact", {"class": "card"}),
            ("redact", {"path": "$..a"}),
            ("cap", {"path": "$.a[?@.b]", "max": 1}),
            ("drop-field", {"path": "$.a[0:2]"}),
            ("notify", {}),
        ]:
            with self.subTest(kind=kind, properties=properties):
                self.assertRaises(ObligationError, duties.check, [Obligation("o", kind, properties)])


if __name__ == "__main__":
    unittest.main()
