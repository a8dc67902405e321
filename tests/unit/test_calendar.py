"""What a case has, waits for and lacks; and which day everything counts from."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import Accident, DataClass
from schemas.paper_kinds import KIND, names
from services.hub.calendar import MEDICAL, MOTOR, Harm, Line, Presence, calendar

DAY = date(2025, 9, 3)


def presence(lines: tuple[Line, ...]) -> dict[str, str]:
    return {line.kind: line.presence.value for line in lines}


@pytest.mark.parametrize(
    ("kind", "days"),
    [("registration-slip", 0), ("scene-diagram", 7), ("scene-photo", 7), ("preliminary-analysis", 30)],
)
def test_each_police_paper_can_exist_from_its_day(kind: str, days: int) -> None:
    first = DAY + timedelta(days=days)
    line = next(one for one in calendar(True, DAY, (), None, first) if one.kind == kind)
    assert (line.presence, line.since) == (Presence.MISSING, first.isoformat())
    if days:
        before = next(one for one in calendar(True, DAY, (), None, first - timedelta(days=1)) if one.kind == kind)
        assert before.presence == Presence.EXPECTED


def test_present_by_kind_or_by_class() -> None:
    there = names("document", [DataClass.CERTIFICATE]) | names("scene-photo", [DataClass.POLICE])
    told = presence(calendar(True, DAY, there, None, DAY))
    assert told["scene-photo"] == "present", "before its day too: it is here"
    assert told["certificate"] == "present"
    assert told["receipt"] == "missing"
    assert told["scene-diagram"] == "expected"


def test_a_class_is_no_kind() -> None:
    """A hospital's document holds a certificate; police photographs are told by their kind, not by their class."""
    told = presence(calendar(True, DAY, names("other", [DataClass.POLICE]), None, DAY + timedelta(days=60)))
    assert [told[kind] for kind in ("accident", "registration-slip", "scene-photo")] == ["missing"] * 3


def test_a_dispute_is_no_application() -> None:
    """It is of the same class, for it goes as an application does."""
    assert names("dispute", [DataClass.APPLICATION]) == {"dispute"}
    assert (
        presence(calendar(True, DAY, names("dispute", [DataClass.APPLICATION]), None, DAY))["application"] == "missing"
    )
    filed = names("application", [DataClass.APPLICATION])
    assert presence(calendar(True, DAY, filed, None, DAY))["application"] == "present"


def deaths(dead: int | None, injured: int | None) -> Accident:
    return Accident(date=DAY.isoformat(), deaths=dead, injuries=injured)


@pytest.mark.parametrize("kind", ["death-certificate", "post-mortem-certificate", "disability-certificate"])
def test_a_certificate_of_another_kind_is_no_certificate_of_an_injury(kind: str) -> None:
    assert KIND[kind].data_class == DataClass.CERTIFICATE
    told = presence(calendar(True, DAY, names(kind, [DataClass.CERTIFICATE, DataClass.RECEIPT]), deaths(1, 1), DAY))
    assert (told["certificate"], told["receipt"]) == ("missing", "present"), "what else it holds counts"
    assert told["death-certificate"] == ("missing" if kind == "disability-certificate" else "present")
    assert presence(calendar(False, DAY, names(kind, [DataClass.CERTIFICATE]), None, DAY))["certificate"] == "missing"


@pytest.mark.parametrize("holder", ["certificate", "document", "other"])
def test_a_certificate_of_an_injury_is_none_of_a_death(holder: str) -> None:
    told = presence(calendar(True, DAY, names(holder, [DataClass.CERTIFICATE]), deaths(1, 1), DAY))
    assert (told["certificate"], told["death-certificate"]) == ("present", "missing")


@pytest.mark.parametrize(
    ("accident", "needed"),
    [
        (None, {"certificate", "receipt"}),
        (deaths(0, 2), {"certificate", "receipt"}),
        (deaths(0, 0), {"certificate", "receipt"}),
        (deaths(None, None), {"certificate", "receipt"}),
        (deaths(1, 0), {"death-certificate"}),
        (deaths(1, 2), {"certificate", "receipt", "death-certificate"}),
        (deaths(1, None), {"certificate", "receipt", "death-certificate"}),
    ],
)
def test_what_the_harm_needs(accident: Accident | None, needed: set[str]) -> None:
    of_harm = {"certificate", "receipt", "death-certificate"}
    assert presence(calendar(True, DAY, (), accident, DAY)).keys() & of_harm == needed


def test_without_a_day_nothing_is_expected_and_no_day_is_told() -> None:
    lines = calendar(True, None, (), None, DAY)
    assert {line.presence for line in lines} == {Presence.MISSING}
    assert {line.since for line in lines} == {None}


def test_a_medical_case_has_no_police_papers() -> None:
    assert [line.kind for line in calendar(False, DAY, (), deaths(1, 0), DAY)] == [
        "application",
        "certificate",
        "receipt",
    ]


kinds = st.sets(st.sampled_from([one.kind for one in (*MOTOR, *MEDICAL)]))


@given(st.booleans(), st.none() | st.dates(), kinds, st.sets(st.sampled_from(tuple(DataClass))), st.dates())
def test_a_line_for_every_paper_needed_and_evidence_only_ever_adds(
    motor: bool, day: date | None, has: set[str], classes: set[DataClass], today: date
) -> None:
    if day and day > date.max - timedelta(days=30):
        return
    lines = calendar(motor, day, has | names("other", classes), None, today)
    needed = [one.kind for one in (MOTOR if motor else MEDICAL) if one.harm != Harm.DIED]
    assert [line.kind for line in lines] == needed
    for line, bare in zip(lines, calendar(motor, day, (), None, today), strict=True):
        assert line.since == bare.since
        assert line.presence in (bare.presence, Presence.PRESENT)
        assert line.presence != Presence.EXPECTED or (line.since and today.isoformat() < line.since)
