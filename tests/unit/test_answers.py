"""Status and body of a door's answer, and the preferences of RFC 7240."""

import pytest

from schemas.problems import Severity, problem
from schemas.records import Kind, Outcome, Record, Role
from services.intake import answers
from services.intake.answers import Judged

RECORD = Record(
    id="0" * 32,
    attempt=1,
    kind=Kind.DOCUMENT,
    sender="1131990017",
    role=Role.HOSPITAL,
    method="POST",
    path="/fhir/Bundle",
    sha256="0" * 64,
    size=2,
    media_type="application/fhir+json",
    received="2026-01-01T00:00:00.000000Z",
)
ACCEPTED, REJECTED, DUPLICATE, DEAD = Outcome.ACCEPTED, Outcome.REJECTED, Outcome.DUPLICATE, Outcome.DEAD


def judged(outcome: Outcome | None, *codes: str, again: bool = False, erased: bool = False) -> Judged:
    return Judged(RECORD, again, outcome, tuple(problem(code) for code in codes), erased=erased)


@pytest.mark.parametrize(
    "given, status",
    [
        (judged(None), 202),
        (judged(None, again=True), 202),
        (judged(DEAD), 202),
        (judged(ACCEPTED), 201),
        (judged(ACCEPTED, "version-in-future"), 201),
        (judged(ACCEPTED, again=True), 200),
        (judged(DUPLICATE), 200),
        (judged(DUPLICATE, again=True), 200),
        (judged(REJECTED, "json-duplicate-key"), 422),
        (judged(REJECTED, "record-unknown"), 422),
        (judged(REJECTED, "foreign-author"), 403),
        (judged(REJECTED, "reviewer-is-grantor"), 403),
        (judged(REJECTED, "identity-conflict"), 409),
        (judged(REJECTED, "authorisation-withdrawn"), 409),
        (judged(REJECTED, "review-superseded"), 409),
        (judged(REJECTED, "json-duplicate-key", "identity-conflict", "foreign-author"), 403),
        (judged(REJECTED, "json-duplicate-key", "identity-conflict"), 409),
        (judged(ACCEPTED, again=True, erased=True), 200),
        (judged(DUPLICATE, again=True, erased=True), 200),
        (judged(REJECTED, "foreign-author", again=True, erased=True), 410),
        (judged(DEAD, again=True, erased=True), 410),
        (judged(None, again=True, erased=True), 410),
    ],
)
def test_status(given: Judged, status: int) -> None:
    assert answers.status(given) == status
    body = answers.body(given)
    assert body["record"] == RECORD.id
    assert ("type" in body) == (status >= 400)
    assert body.get("status") == (status if status >= 400 else None)


def test_a_warning_of_a_grave_code_does_not_decide() -> None:
    warned = Judged(
        RECORD,
        False,
        REJECTED,
        (problem("foreign-author", severity=Severity.WARNING), problem("json-duplicate-key")),
    )
    assert answers.status(warned) == 422


@pytest.mark.parametrize(
    "outcome, erased, state, verdict",
    [
        (None, False, "received", None),
        (DEAD, False, "delayed", None),
        (ACCEPTED, False, "judged", "accepted"),
        (REJECTED, False, "judged", "rejected"),
        (DUPLICATE, True, "erased", "duplicate"),
    ],
)
def test_state_and_verdict(outcome: Outcome | None, erased: bool, state: str, verdict: str | None) -> None:
    told = answers.body(judged(outcome, erased=erased))
    assert (told["state"], told["verdict"]) == (state, verdict)


def test_the_body_names_other_records_only_when_there_are_any() -> None:
    bare = answers.body(judged(ACCEPTED))
    assert set(bare) == {"record", "state", "verdict", "problems"}
    full = answers.body(Judged(RECORD, True, DUPLICATE, (), "a" * 32, "b" * 32, "C-1"))
    assert (full["original"], full["supersededBy"], full["case"]) == ("a" * 32, "b" * 32, "C-1")


def test_the_code_of_problem_details() -> None:
    assert str(answers.body(judged(REJECTED, "identity-conflict"))["type"]).endswith(":identity-conflict")
    assert str(answers.body(judged(REJECTED, "json-duplicate-key"))["type"]).endswith(":rejected")
    assert str(answers.body(judged(None, erased=True))["type"]).endswith(":erased")


@pytest.mark.parametrize(
    "prefer, seconds, applied",
    [
        ("", 2.0, {}),
        ("wait=5", 5.0, {"preference-applied": "wait=5"}),
        ("wait=0", 0.0, {"preference-applied": "wait=0"}),
        ('Wait = "7"', 7.0, {"preference-applied": "wait=7"}),
        ("wait=31", 30.0, {"preference-applied": "wait=30"}),
        ("wait=99999999999999999999", 30.0, {"preference-applied": "wait=30"}),
        ("wait=-1", 2.0, {}),
        ("wait=soon", 2.0, {}),
        ("wait=²", 2.0, {}),
        ("respond-async", 0.0, {"preference-applied": "respond-async"}),
        ("respond-async, wait=10", 10.0, {"preference-applied": "wait=10"}),
        ("return=minimal; x=1, wait=3", 3.0, {"preference-applied": "wait=3"}),
        ("wait=3, wait=9", 3.0, {"preference-applied": "wait=3"}),
        (",,=,;", 2.0, {}),
    ],
)
def test_patience(prefer: str, seconds: float, applied: dict[str, str]) -> None:
    assert answers.patience(prefer) == (seconds, applied)
