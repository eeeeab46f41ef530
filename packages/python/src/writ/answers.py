"""Reads the answers of the service. Bytes that have two readings, or none, are an error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from writ.calls import Entity
from writ.decisions import Decision, is_permitted, read_decision
from writ.errors import DecisionPointError, WithheldError

_MAX_SAID = 4_096
_ID = re.compile(r"[\w-]{1,128}", re.ASCII)


@dataclass(frozen=True)
class Answer:
    """An answer of the service. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """Returns the body of an answer that must be JSON."""
        media = self.headers.get("content-type", "").split(";")[0].strip().lower()
        if media != "application/json":
            raise DecisionPointError(
                f"the decision point answered with {media or 'no content type'}, and not with JSON"
            )
        return parsed(self.content)

    def problem(self) -> Mapping[str, Any]:
        """Returns what a problem (RFC 9457) says; nothing, if it is not one."""
        try:
            body = parsed(self.content)
        except DecisionPointError:
            return {}
        return body if isinstance(body, dict) else {}


def parsed(content: bytes) -> Any:
    """Reads JSON. A member that is there twice, and a number that JSON does not have, are errors."""
    try:
        return json.loads(content.decode(), object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError) as cause:
        raise DecisionPointError(f"the decision point gave an answer that is not JSON: {cause}") from cause


def decision_in(answer: Answer) -> Decision:
    """Reads the answer to one evaluation."""
    return _decision(_success(answer), answer.headers.get("x-decision-id"))


def decisions_in(answer: Answer, count: int, *, is_part: bool = False) -> list[Decision]:
    """Reads the answer to several evaluations: one decision for each, or for the first of them."""
    body = _success(answer)
    given = body.get("evaluations") if isinstance(body, dict) else None
    ids = [one.strip() for one in answer.headers.get("x-decision-id", "").split(",")]
    if (
        not isinstance(given, list)
        or len(given) != len(ids)
        or not (len(given) == count or (is_part and 0 < len(given) < count))
    ):
        raise DecisionPointError("the decision point did not answer each evaluation")
    known = [one for one in ids if one != "-"]
    if len(set(known)) != len(known):
        raise DecisionPointError("two evaluations have one decision")
    return [_decision(one, decision_id) for one, decision_id in zip(given, ids, strict=True)]


def page_in(answer: Answer) -> tuple[list[Entity], str | None]:
    """Reads a page of a search for subjects or resources, and the token of the next page."""
    results, token = _page(answer)
    if not all(isinstance(one.get("type"), str) and isinstance(one.get("id"), str) for one in results):
        raise DecisionPointError("the decision point found something that has no type or no id")
    return [Entity(one["type"], one["id"]) for one in results], token


def action_page_in(answer: Answer) -> tuple[list[str], str | None]:
    """Reads a page of a search for actions, and the token of the next page."""
    results, token = _page(answer)
    if not all(isinstance(one.get("name"), str) for one in results):
        raise DecisionPointError("the decision point found an action that has no name")
    return [one["name"] for one in results], token


def expect_recorded(answer: Answer) -> None:
    """Raises an error unless an outcome is on record."""
    if 200 <= answer.status < 300:
        return
    code = answer.problem().get("code")
    why = f" ({code})" if isinstance(code, str) else ""
    raise WithheldError(f"the outcome was answered with status {answer.status}{why}; its result must not be handed on")


def access_task_in(answer: Answer) -> tuple[str, str, Any]:
    """Reads a request for access: its id, its status, and the approval, if there is one."""
    body = answer.json() if answer.status < 300 else None
    task = body.get("task") if isinstance(body, dict) else None
    if not isinstance(task, dict) or not isinstance(task.get("id"), str) or not isinstance(task.get("status"), str):
        raise DecisionPointError(f"the request for access was answered with status {answer.status}")
    result = body["result"] if isinstance(body, dict) and "result" in body else None
    return task["id"], task["status"], result.get("approval") if isinstance(result, dict) else None


def _success(answer: Answer) -> Any:
    if answer.status == 200:
        return answer.json()
    detail = answer.problem().get("detail")
    why = f": {detail[:_MAX_SAID]}" if isinstance(detail, str) else ""
    raise DecisionPointError(f"the decision point answered with status {answer.status}{why}")


def _decision(body: Any, decision_id: str | None) -> Decision:
    if decision_id is None or _ID.fullmatch(decision_id) is None:
        raise DecisionPointError("the decision point gave an answer without the id of its decision")
    decision = read_decision(body, decision_id)
    for named in (decision.context.get("id"), decision.context.get("evaluation_id")):
        if named is not None and named != decision_id and decision_id != "-":
            raise DecisionPointError(f"the answer {decision_id} is about another decision, {str(named)[:64]}")
    # An item that could not be read has no id. It is a denial.
    if is_permitted(decision) and decision_id == "-":
        raise DecisionPointError("the decision point permits something without the id of its decision")
    return decision


def _page(answer: Answer) -> tuple[list[dict[str, Any]], str | None]:
    body = _success(answer)
    page = body.get("page") if isinstance(body, dict) else None
    results = body.get("results") if isinstance(body, dict) else None
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise DecisionPointError("the decision point gave an answer that is not a page of a search")
    token = page.get("next_token") if isinstance(page, dict) else None
    return results, token if isinstance(token, str) and token != "" else None


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a member is there twice")
    return read


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")
