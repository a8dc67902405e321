"""What a door answers about a record: status, headers' facts, body. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.problems import Problem, Severity
from schemas.records import Outcome, Record
from services.intake.limits import LONGEST_WAIT_SECONDS, VERDICT_SECONDS
from services.intake.refusal import problem_details

FORBIDDEN = {"foreign-author", "reviewer-is-grantor", "reviewer-is-party"}  # the sender may not say this
CONFLICTS = {
    "identity-conflict",
    "authorisation-withdrawn",
    "mandate-withdrawn",
    "review-superseded",
}  # it does not fit what is here
_PREFERENCE = re.compile(r'^\s*([\w-]+)\s*(?:=\s*"?(\w*)"?)?')


@dataclass(frozen=True)
class Judged:
    """A record and its verdict, as far as there is one (`outcome` None: it comes later).

    `again`: the bytes were here before. `current`: the record that stands for its document now, when it is another.
    `withdrawing`: it takes a right away, and the brokers still grant it.
    """

    record: Record
    again: bool
    outcome: Outcome | None = None
    problems: tuple[Problem, ...] = ()
    original: str | None = None
    current: str | None = None
    case: str | None = None
    erased: bool = False
    withdrawing: bool = False

    @property
    def later(self) -> bool:
        """A dead record is our fault: to its sender it is only delayed."""
        return self.withdrawing or self.outcome in (None, Outcome.DEAD)


def status(judged: Judged) -> int:
    """The status of the answer. Of problems of several sorts, 403 goes before 409, and 409 before 422."""
    if judged.later:
        return 410 if judged.erased else 202
    if judged.outcome == Outcome.DUPLICATE or (judged.outcome == Outcome.ACCEPTED and judged.again):
        return 200
    if judged.outcome == Outcome.ACCEPTED:
        return 201
    if judged.erased:
        return 410
    codes = {problem.code for problem in judged.problems if problem.severity == Severity.ERROR}
    if codes & FORBIDDEN:
        return 403
    return 409 if codes & CONFLICTS else 422


def state(outcome: Outcome | None, erased: bool, withdrawing: bool = False) -> str:
    if erased:
        return "erased"
    if withdrawing:
        return "withdrawing"
    if outcome is None:
        return "received"
    return "delayed" if outcome == Outcome.DEAD else "judged"


def verdict(outcome: Outcome | None, withdrawing: bool = False) -> str | None:
    """The verdict as its sender reads it: none while it is delayed, or not yet true of the brokers."""
    return None if withdrawing or outcome in (None, Outcome.DEAD) else outcome.value


def published(problems: tuple[Problem, ...]) -> list[dict[str, object]]:
    return [problem.model_dump(mode="json") for problem in problems]


DETAILS = {
    403: "The record is kept as rejected: you may not say this. See problems.",
    409: "The record is kept as rejected: it does not fit what is here. See problems.",
    410: "The record was erased.",
    422: "The record is kept as rejected. See problems; correct it and send it again.",
}


def verdict_of(judged: Judged) -> dict[str, object]:
    """A record and its verdict, with every problem and the records that it stands beside."""
    told: dict[str, object] = {
        "record": judged.record.id,
        "state": state(judged.outcome, judged.erased, judged.withdrawing),
        "verdict": verdict(judged.outcome, judged.withdrawing),
        "problems": published(judged.problems),
    }
    named = {"original": judged.original, "supersededBy": judged.current, "case": judged.case}
    return told | {name: value for name, value in named.items() if value}


def body(judged: Judged) -> dict[str, object]:
    """The JSON of an answer: the verdict, or problem details (RFC 9457) with the record and every problem."""
    code, told = status(judged), verdict_of(judged)
    return told if code < 400 else problem_details(code, _code(judged, code), DETAILS[code], **told)


def _code(judged: Judged, code: int) -> str:
    wanted = {403: FORBIDDEN, 409: CONFLICTS}.get(code, set())
    found = (problem.code for problem in judged.problems if problem.code in wanted)
    return next(found, "erased" if code == 410 else "rejected")


def patience(prefer: str) -> tuple[float, Mapping[str, str]]:
    """Seconds to wait for the verdict, and the header that says which preference was followed (RFC 7240)."""
    wanted: dict[str, str] = {}
    for part in prefer.split(","):
        if found := _PREFERENCE.match(part):
            wanted.setdefault(found[1].lower(), found[2] or "")
    wait = wanted.get("wait", "")
    if wait.isascii() and wait.isdigit():
        seconds = min(float(wait[:6]), LONGEST_WAIT_SECONDS)
        return seconds, {"preference-applied": f"wait={seconds:.0f}"}
    if "respond-async" in wanted:
        return 0.0, {"preference-applied": "respond-async"}
    return VERDICT_SECONDS, {}
