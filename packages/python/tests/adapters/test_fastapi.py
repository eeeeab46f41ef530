"""The dependency of FastAPI, on its matched routes."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("fastapi")

from fastapi import APIRouter, FastAPI, Request
from fastapi.testclient import TestClient
from stub import Stub, http

from writ import AsyncWrit, Call, Entity
from writ.adapters.fastapi import guarded
from writ.adapters.tools import ToolUse


def who(use: ToolUse) -> Call:
    request: Request = use.context
    return Call(
        Entity("User", request.headers["x-user"]), use.name, Entity("Order", str(use.input.get("id", "*"))), use.input
    )


def app_of(pdp: Stub, ran: list[str], given: Any = who) -> TestClient:
    app = FastAPI(dependencies=[guarded(AsyncWrit(pdp.url, key="k", deadline=2), given)])
    router = APIRouter(prefix="/shop")

    @app.get("/orders/{id}")
    async def read_order(id: str) -> dict[str, str]:
        ran.append(id)
        pdp.events.append("run")
        return {"order": id}

    @router.post("/orders/{id}", operation_id="changeOrder")
    def change_order(id: str) -> None:
        ran.append(id)
        raise LookupError("no such order")

    app.include_router(router)
    return TestClient(app, raise_server_exceptions=False, headers={"x-user": "ana"})


def test_a_permitted_request(pdp: Stub) -> None:
    pdp.permits()
    ran: list[str] = []
    answer = app_of(pdp, ran).get("/orders/a%20b")
    assert (answer.status_code, answer.json(), ran) == (200, {"order": "a b"}, ["a b"])
    asked = pdp.asked[0]
    assert (asked["action"]["name"], asked["resource"], asked["subject"]["id"]) == (
        "read_order",
        {"type": "Order", "id": "a b"},
        "ana",
    )
    assert pdp.events == ["decide", "run", "report"]
    assert pdp.outcomes == [{"decisionId": "01P1", "status": "completed", "unread": True}]


def test_a_denied_request(pdp: Stub) -> None:
    pdp.denies()
    ran: list[str] = []
    answer = app_of(pdp, ran).get("/orders/1")
    assert (answer.status_code, "not here" in answer.json()["detail"], ran) == (403, True, [])


def test_routers_are_covered_and_a_raise_is_reported(pdp: Stub) -> None:
    pdp.permits()
    assert app_of(pdp, []).post("/shop/orders/1").status_code == 500
    assert pdp.asked[0]["action"]["name"] == "changeOrder"
    assert [status for _, status in pdp.statuses()] == ["failed"]


def test_an_answer_whose_outcome_is_not_on_record(pdp: Stub) -> None:
    pdp.permits()
    pdp.record = lambda _: http(409, {"code": "outcome_contradicts"})
    ran: list[str] = []
    answer = app_of(pdp, ran).get("/orders/1")
    assert (answer.status_code, "order" in answer.text, ran) == (500, False, ["1"])


def test_obligations_are_refused(pdp: Stub) -> None:
    for one in [
        {"id": "c", "type": "replace", "properties": {"path": "id", "value": "2"}},
        {"id": "h", "type": "drop-field", "properties": {"path": "iban"}},
    ]:
        pdp.permits(result="modify", obligations=[one])
        ran: list[str] = []
        assert app_of(pdp, ran).get("/orders/1").status_code == 403
        assert ran == []
    assert [status for _, status in pdp.statuses()] == ["not-executed"] * 2


def raises(_: Any) -> Any:
    raise RuntimeError


@pytest.mark.parametrize("failure", ["down", "hangs", "junk", "nothing", "who raises", "who is none"])
def test_fails_closed(pdp: Stub, failure: str) -> None:
    def hang(connection: Any) -> None:
        connection.settimeout(30)
        connection.recv(1)

    pdp.decide = lambda _: (
        hang if failure == "hangs" else http(200, b"junk" if failure == "junk" else {}, x_decision_id="01A")
    )
    if failure == "down":
        pdp.url = "http://127.0.0.1:1"
    given = {"who raises": raises, "who is none": lambda _: None}.get(failure, who)
    ran: list[str] = []
    answer = app_of(pdp, ran, given).get("/orders/1")
    assert (answer.status_code >= 400, ran) == (True, [])
