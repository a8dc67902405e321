"""May this paper go to this insurer, and by what: every condition of an authorisation, every line of the law table."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import Cover, DataClass, SubjectRole
from schemas.records import Kind
from services.consent.decide import Change, State, review_problem, standing_problem
from services.consent.entitlement import Consent, Standing, bases, lawful, notified, permits
from services.consent.law import LAW, LAW_TABLE, Line, Recipient
from services.consent.matrix import MATRIX, allowed
from tests.unit.building import TODAY, A, B, C, X, Y, consent, grant

CERTIFICATE = (DataClass.CERTIFICATE,)
POLICE, APPLICATION = (DataClass.POLICE,), (DataClass.APPLICATION,)
PARTY = Standing(X, frozenset({Cover.MOTOR_COMPULSORY}))


def given_by(*consents: Consent, persons: tuple[str, ...] = (A,), classes: tuple[DataClass, ...] = CERTIFICATE) -> Any:
    return bases(persons, classes, PARTY, consents, TODAY)


def test_a_consent_lets_its_subjects_paper_go() -> None:
    assert given_by(consent(A, X)) == ((A, "r-g"),)


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("not approved, or withdrawn", {"live": False}),
        ("of somebody else", {"subject": B}),
        ("to another insurer", {"recipients": (Y,)}),
        ("for another purpose", {"purpose": Cover.MOTOR_THIRD_PARTY}),
        ("not begun", {"start": "2025-10-02"}),
        ("ended", {"end": "2025-09-30"}),
        ("of other classes", {"classes": (DataClass.RECEIPT,)}),
        ("of fewer classes than the paper has", {"classes": ()}),
        ("of a role that the matrix does not know for it", {"subject_role": SubjectRole.OWNER}),
    ],
)
def test_each_condition_alone_keeps_a_paper_back(what: str, changes: dict[str, Any]) -> None:
    fields = {"subject": A, "recipients": (X,), "live": True, **changes}
    live, subject, recipients = fields.pop("live"), fields.pop("subject"), fields.pop("recipients")
    assert given_by(consent(subject, *recipients, live=live, **fields)) is None, what


def test_first_and_last_day_are_included() -> None:
    assert given_by(consent(A, X, start=TODAY, end=TODAY))


def test_a_paper_goes_whole_or_not_at_all() -> None:
    both = (DataClass.CERTIFICATE, DataClass.RECEIPT)
    one = consent(A, X, classes=(DataClass.CERTIFICATE,), name="one")
    other = consent(A, X, classes=(DataClass.RECEIPT,), name="other")
    assert given_by(one, other, classes=both) is None, "two halves of consent are none: each covers the whole paper"
    assert given_by(consent(A, X), classes=both)


def test_every_person_needs_a_consent_of_their_own() -> None:
    of_a, of_b = consent(A, X, name="a"), consent(B, X, name="b")
    assert given_by(of_a, persons=(A, B)) is None
    assert given_by(of_a, of_b, persons=(A, B)) == ((A, "r-a"), (B, "r-b"))


def test_nobody_named_or_no_class_is_no_basis() -> None:
    assert given_by(consent(A, X), persons=()) is None
    assert given_by(consent(A, X), classes=()) is None
    named = Standing(X, frozenset(Cover), holds=True, compulsory=True, application=True)
    assert bases((), (), named, (), TODAY, names=(X,)) is None, "an empty set of classes is within every line"


def test_a_single_use_made_elsewhere_is_spent_for_that_paper_and_insurer_alone() -> None:
    given_once = consent(A, X)

    def ask(*spent: tuple[str, str, str]) -> Any:
        return bases((A,), CERTIFICATE, PARTY, (given_once,), TODAY, "paper", frozenset(spent))

    assert ask(("g", "paper", X)) is None
    assert ask(("g", "other paper", X), ("g", "paper", Y), ("other", "paper", X))
    second = replace(given_once, record="r-h", lineage="h")
    assert bases((A,), CERTIFICATE, PARTY, (given_once, second), TODAY, "paper", frozenset({("g", "paper", X)})) == (
        (A, "r-h"),
    )


def test_an_application_goes_to_the_insurers_that_it_names_itself() -> None:
    """Of two applicants in one accident, neither's insurer gets the other's application."""
    holder = Standing(X, frozenset({Cover.MOTOR_COMPULSORY}), holds=True, compulsory=True, application=True)
    assert bases((A,), APPLICATION, holder, (), TODAY, names=(X, Y)) == (("", "law:own-filing"),)
    assert bases((A,), APPLICATION, holder, (), TODAY, names=(Y,)) is None
    assert bases((A,), APPLICATION, holder, (), TODAY) is None


@pytest.mark.parametrize(
    ("holds", "compulsory", "covers", "classes", "goes"),
    [
        (True, True, {Cover.MOTOR_COMPULSORY}, POLICE, True),
        (False, True, {Cover.MOTOR_COMPULSORY}, POLICE, False),
        (True, False, {Cover.MOTOR_COMPULSORY}, POLICE, False),
        (True, True, {Cover.MOTOR_THIRD_PARTY}, POLICE, False),
        (True, True, {Cover.MOTOR_COMPULSORY}, CERTIFICATE, False),
        (True, True, {Cover.MOTOR_COMPULSORY}, (*POLICE, DataClass.CERTIFICATE), False),
        (True, True, {Cover.MOTOR_COMPULSORY}, (*POLICE, DataClass.APPLICATION), False),
    ],
)
def test_police_papers_by_law(
    holds: bool, compulsory: bool, covers: set[Cover], classes: tuple[DataClass, ...], goes: bool
) -> None:
    standing = Standing(X, frozenset(covers), holds=holds, compulsory=compulsory, application=True)
    found = bases((A, B, C), classes, standing, (), TODAY, names=(X,))
    assert (found == (("", "law:G0390062-17-2"),)) is goes
    assert (found is not None) is goes


@pytest.mark.parametrize(
    ("holds", "compulsory", "application", "told"),
    [
        (False, True, True, "law:G0390062-14-3"),
        (True, True, True, None),  # it has the application itself
        (False, False, True, None),
        (False, True, False, None),
    ],
)
def test_the_notice_of_a_received_claim(holds: bool, compulsory: bool, application: bool, told: str | None) -> None:
    standing = Standing(X, frozenset({Cover.MOTOR_COMPULSORY}), holds, compulsory, application)
    assert notified(standing, TODAY) == told
    assert notified(standing, "2017-12-31") is None


def test_a_line_of_the_law_holds_from_its_first_day_until_the_day_before_its_end() -> None:
    line = Line("l", "art.", POLICE, Recipient.HOLDER, (), "2020-01-01", "2021-01-01")
    standing = Standing(X, frozenset(), holds=True, compulsory=True)
    days = ("2019-12-31", "2020-01-01", "2020-12-31", "2021-01-01")
    assert [lawful(line, standing, day) for day in days] == [False, True, True, False]


def test_no_line_of_the_law_carries_a_medical_paper() -> None:
    medical = {DataClass.CERTIFICATE, DataClass.RECEIPT, DataClass.LABORATORY, DataClass.OPERATION, DataClass.IMAGING,
               DataClass.MEDICAL_RECORD}  # fmt: skip
    assert not [line for line in LAW_TABLE if medical & set(line.classes)]
    assert len(LAW) == len(LAW_TABLE)


def test_the_matrix_is_dated() -> None:
    assert DataClass.CERTIFICATE in allowed(Cover.LIFE_HEALTH, SubjectRole.INSURED, "2021-05-03")
    assert not allowed(Cover.LIFE_HEALTH, SubjectRole.INSURED, "2021-05-02")
    assert DataClass.CERTIFICATE not in allowed(Cover.MOTOR_OWN_DAMAGE, SubjectRole.DRIVER, TODAY)
    assert DataClass.REPAIR not in allowed(Cover.LIFE_HEALTH, SubjectRole.INSURED, TODAY)
    assert all(line.until is None or line.since < line.until for line in MATRIX)


def test_no_purpose_may_have_an_application_by_consent() -> None:
    """It goes by law to those it names; a consent for the class would hand one applicant's filing to anybody."""
    everything = {one for purpose in Cover for role in SubjectRole for one in allowed(purpose, role, TODAY)}
    assert DataClass.APPLICATION not in everything


persons = st.lists(st.sampled_from((A, B, C)), unique=True, max_size=3).map(tuple)
classes = st.lists(st.sampled_from(tuple(DataClass)), unique=True, max_size=3).map(tuple)
days = st.dates(date(2021, 1, 1), date(2027, 1, 1))


@st.composite
def consents(draw: st.DrawFn) -> tuple[Consent, ...]:
    made = []
    for number in range(draw(st.integers(0, 4))):
        start = draw(days)
        end = draw(st.none() | st.just(start + timedelta(days=draw(st.integers(0, 900)))))
        made.append(
            Consent(
                f"r{number}",
                f"l{number}",
                grant(
                    draw(st.sampled_from((A, B, C))),
                    *draw(st.sampled_from(((X,), (Y,), (X, Y)))),
                    purpose=draw(st.sampled_from(tuple(Cover))),
                    classes=draw(classes),
                    subject_role=draw(st.sampled_from(tuple(SubjectRole))),
                    start=start.isoformat(),
                    end=end and end.isoformat(),
                ),
                draw(st.booleans()),
            )
        )
    return tuple(made)


standings = st.builds(
    Standing,
    st.just(X),
    st.frozensets(st.sampled_from(tuple(Cover)), max_size=3),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@given(persons, classes, standings, consents(), days, st.booleans())
def test_a_basis_is_a_line_of_law_or_one_consent_for_each_person(
    about: tuple[str, ...],
    of: tuple[DataClass, ...],
    standing: Standing,
    given_: tuple[Consent, ...],
    day: date,
    named: bool,
) -> None:
    names = (X,) if named else ()
    basis = bases(about, of, standing, given_, day.isoformat(), names=names)
    if basis is None:
        return
    if basis[0][0] == "":
        line = LAW[basis[0][1].removeprefix("law:")]
        assert set(of) <= set(line.classes) and of and lawful(line, standing, day.isoformat(), names)
        return
    assert [person for person, _ in basis] == list(about) != []
    by_record = {one.record: one for one in given_}
    for person, record in basis:
        assert permits(by_record[record], person, of, standing, day.isoformat())
        assert by_record[record].live


@given(persons, classes, standings, consents(), days)
def test_taking_a_consent_away_never_opens_anything(
    about: tuple[str, ...], of: tuple[DataClass, ...], standing: Standing, given_: tuple[Consent, ...], day: date
) -> None:
    fewer = given_[1:]
    if bases(about, of, standing, fewer, day.isoformat()) is not None:
        assert bases(about, of, standing, given_, day.isoformat()) is not None
    dead = tuple(replace(one, live=False) for one in given_)
    found = bases(about, of, standing, dead, day.isoformat())
    assert found is None or found[0][0] == "", "a consent that is not in force let something go"


STATE = State(Kind.AUTHORISATION, record="v2", newest="v2", parties=(A,), withdrawn=False)
MANDATE = State(Kind.MANDATE, record="v2", newest="v2", parties=(A, B), withdrawn=False)


@pytest.mark.parametrize(
    ("state", "reviewer", "problem"),
    [
        (STATE, "operator-1", None),
        (None, "operator-1", "record-unknown"),
        (replace(STATE, withdrawn=True), "operator-1", "authorisation-withdrawn"),
        (replace(STATE, newest="v3"), "operator-1", "review-superseded"),
        (STATE, A, "reviewer-is-grantor"),
        (MANDATE, "operator-1", None),
        (replace(MANDATE, withdrawn=True), "operator-1", "mandate-withdrawn"),
        (replace(MANDATE, newest="v3"), A, "review-superseded"),
        (MANDATE, A, "reviewer-is-party"),
        (MANDATE, f" {B.lower()}", "reviewer-is-party"),
        (MANDATE, C, None),
        (STATE, f" {A.lower()}", "reviewer-is-grantor"),
        (replace(STATE, withdrawn=True, newest="v3"), A, "authorisation-withdrawn"),
        (replace(STATE, newest="v3"), A, "review-superseded"),
    ],
)
def test_who_may_review_what(state: State | None, reviewer: str, problem: str | None) -> None:
    assert review_problem(state, reviewer) == problem


@pytest.mark.parametrize(
    ("own", "stays", "others", "problem"),
    [
        (True, False, 3, "own-standing"),
        (True, True, 0, None),
        (False, False, 0, "last-operator"),
        (False, False, 1, None),
        (False, True, 0, None),
    ],
)
def test_nobody_locks_everybody_out(own: bool, stays: bool, others: int, problem: str | None) -> None:
    change = Change(own=own, stays_operator=stays, other_operators=others)
    assert standing_problem(change) == problem
