"""A decision point that does everything wrong permits nothing."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from both import CALL, hang, run
from stub import PERMIT, Stub, http

from writ import (
    DecisionPointError,
)


def drip(connection: socket.socket) -> None:
    """Answers one byte at a time, and never ends: no single wait is long."""
    for byte in http(200, PERMIT, x_decision_id="01A", content_length="100000"):
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


FAILURES: dict[str, Any] = {
    "closes at once": None,
    "hangs": hang,
    "drips": drip,
    "junk bytes": b"\x00\x01\x02\r\n\r\n",
    "an empty body": http(200, b"", x_decision_id="01A"),
    "junk": http(200, b"permit", x_decision_id="01A"),
    "null": http(200, b"null", x_decision_id="01A"),
    "no members": http(200, {}, x_decision_id="01A"),
    "the text true": http(200, {"decision": "true"}, x_decision_id="01A"),
    "no id": http(200, PERMIT),
    "two ids": http(200, PERMIT, x_decision_id="01A, 01B"),
    "another content type": http(200, PERMIT, x_decision_id="01A", content_type="text/plain"),
    "no content type": http(200, PERMIT, x_decision_id="01A", content_type=""),
    "cut off": http(200, PERMIT, x_decision_id="01A", content_length="500"),
    "compressed": http(200, PERMIT, x_decision_id="01A", content_encoding="gzip"),
    "status 500": http(500, PERMIT, x_decision_id="01A"),
    "status 503 for ever": http(503, PERMIT, x_decision_id="01A", retry_after="0"),
    "status 503 for long": http(503, PERMIT, x_decision_id="01A", retry_after="3600"),
    "a redirect": http(307, None, location="/access/v1/evaluation"),
    "status 201": http(201, PERMIT, x_decision_id="01A"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_fails_closed(client: Any, pdp: Stub, failure: str) -> None:
    ran: list[Any] = []
    client = type(client)(pdp.url, key="k", deadline=0.3)
    reply = FAILURES[failure]
    pdp.decide = lambda _: (lambda c: c.close()) if reply is None else reply
    with pytest.raises(DecisionPointError):
        run(client.guard(CALL, ran.append))
    assert (ran, pdp.outcomes) == ([], [])


def test_fails_closed_where_nobody_listens(client: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nobody = type(client)(f"http://127.0.0.1:{port}", key="k")
    with pytest.raises(DecisionPointError, match="is `writ start` running"):
        run(nobody.decide(CALL))


def test_a_long_answer_is_not_read(client: Any, pdp: Stub) -> None:
    client = type(client)(pdp.url, key="k", deadline=2)

    def endless(connection: socket.socket) -> None:
        connection.sendall(http(200, None, x_decision_id="01A", content_length=str(2**40)))
        while True:
            connection.sendall(b" " * 2**20)

    pdp.decide = lambda _: endless
    with pytest.raises(DecisionPointError, match=r"longer than|did not answer in"):
        run(client.decide(CALL))
