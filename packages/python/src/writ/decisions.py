"""The five results of a decision, as types (docs/service.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from writ.errors import DecisionPointError

if TYPE_CHECKING:
    from typing_extensions import TypeIs

_MAX_RETRY_AFTER = 31 * 86_400
"""In seconds: a month, which is the longest window."""


@dataclass(frozen=True)
class Obligation:
    """A duty of the enforcement point."""

    id: str
    type: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class _Decision:
    id: str
    reasons: tuple[Mapping[str, Any], ...] = ()
    refusal: Mapping[str, Any] | None = None
    context: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Everything that the answer says, for a caller that wants more of it."""

    def why(self) -> str:
        """Returns the reasons in one line, for the agent that was refused and for people."""
        texts: dict[str, None] = {}
        for reason in self.reasons:
            policy = str(reason.get("policy"))
            said = reason.get("reason")
            texts[policy if said is None else f"{said} [{policy}]"] = None
        if self.refusal is not None and isinstance(self.refusal.get("message"), str):
            texts[self.refusal["message"]] = None
        return "; ".join(texts) or "no policy permits it"


@dataclass(frozen=True)
class Allowed(_Decision):
    """It may be done."""

    result: ClassVar[Literal["allow"]] = "allow"
    permitted: ClassVar[Literal[True]] = True
    obligations: ClassVar[tuple[Obligation, ...]] = ()


@dataclass(frozen=True)
class Modified(_Decision):
    """It may be done if every obligation is carried out."""

    obligations: tuple[Obligation, ...] = ()
    result: ClassVar[Literal["modify"]] = "modify"
    permitted: ClassVar[Literal[True]] = True


@dataclass(frozen=True)
class SteppedUp(_Decision):
    """It may not be done yet: somebody can approve it, or a higher assurance permits it."""

    obligations: tuple[Obligation, ...] = ()
    expires: str | None = None
    """Until when an approval can be requested; None if it cannot."""
    retry_after: float | None = None
    result: ClassVar[Literal["step_up"]] = "step_up"
    permitted: ClassVar[Literal[False]] = False


@dataclass(frozen=True)
class Deferred(_Decision):
    """It may not be done yet: facts are missing."""

    missing: tuple[Mapping[str, Any], ...] = ()
    retry_after: float | None = None
    result: ClassVar[Literal["defer"]] = "defer"
    permitted: ClassVar[Literal[False]] = False


@dataclass(frozen=True)
class Refused(_Decision):
    """It may not be done."""

    retry_after: float | None = None
    """In how many seconds limits with a window permit it again; None if waiting does not help."""
    result: ClassVar[Literal["deny"]] = "deny"
    permitted: ClassVar[Literal[False]] = False


Permitted = Allowed | Modified
Denied = SteppedUp | Deferred | Refused
Decision = Permitted | Denied


def is_permitted(decision: Decision) -> TypeIs[Permitted]:
    """Returns whether the operation may be done, provided that every obligation is carried out."""
    return isinstance(decision, (Allowed, Modified))


def read_decision(body: object, decision_id: str | None) -> Decision:
    """
    Reads a decision. It is a permit only if it is exactly `decision: true` under a decision id, and nothing in it
    contradicts that.
    """
    if not isinstance(body, dict) or type(body.get("decision")) is not bool or not decision_id:
        raise DecisionPointError("the decision point gave an answer that is not an AuthZEN decision")
    context = body.get("context", {})
    if not isinstance(context, dict):
        raise DecisionPointError("the decision point gave an answer whose context is not an object")
    result = context.get("result", "allow")
    reasons = context.get("reasons")
    refusal = context.get("refusal")
    said: dict[str, Any] = {
        "id": decision_id,
        "reasons": tuple(one for one in reasons if isinstance(one, dict)) if isinstance(reasons, list) else (),
        "refusal": refusal if isinstance(refusal, dict) else None,
        "context": context,
    }
    obligations = _obligations_in(context.get("obligations"))
    if body["decision"] is True:
        if "error" in context:
            raise DecisionPointError("the decision point permits something, and says that it could not")
        if result == "allow" and "obligations" not in context:
            return Allowed(**said)
        # An obligation that is not understood makes it a denial.
        if result == "modify" and obligations:
            return Modified(**said, obligations=obligations)
    after = _retry_in(context.get("retry_after"))
    if result == "step_up":
        request = context.get("access_request")
        expires = request.get("expires_at") if isinstance(request, dict) else None
        return SteppedUp(
            **said,
            obligations=obligations or (),
            expires=expires if isinstance(expires, str) else None,
            retry_after=after,
        )
    if result == "defer":
        missing = context.get("missing")
        facts = tuple(one for one in missing if isinstance(one, dict)) if isinstance(missing, list) else ()
        return Deferred(**said, missing=facts, retry_after=after)
    return Refused(**said, retry_after=after)


def is_independent(decision: Decision) -> bool:
    """Returns whether no later decision depends on the outcome of a permit."""
    return decision.context.get("awaits_outcome") is False


def _retry_in(after: object) -> float | None:
    if isinstance(after, bool) or not isinstance(after, (int, float)):
        return None
    return float(after) if 1 <= after <= _MAX_RETRY_AFTER else None


def _obligations_in(given: object) -> tuple[Obligation, ...] | None:
    """Returns obligations; None if they do not have the form of the Obligations Profile."""
    if not isinstance(given, list):
        return None
    read: list[Obligation] = []
    for one in given:
        if not isinstance(one, dict):
            return None
        name, kind, properties = one.get("id"), one.get("type"), one.get("properties")
        if not isinstance(name, str) or not isinstance(kind, str) or not isinstance(properties, dict):
            return None
        read.append(Obligation(name, kind, properties))
    return tuple(read)
