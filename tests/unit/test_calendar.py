"""What a case has, waits for and lacks; and which day everything counts from."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import DataClass
from services.hub.calendar import MEDICAL, MOTOR, Line, Presence, calendar

DAY = date(2025, 9, 3)


def presence(lines: tuple[Line, ...]) -> dict[str, str]:
    return {line.kind: line.presence.value for line in lines}


@pytest.mark.parametrize(
    ("kind", "days"),
    [("registration-slip", 0), ("scene-diagram", 7), ("scene-photo", 7), ("preliminary-analysis", 30)],
)
def test_each_police_paper_can_exist_from_its_day(kind: str, days: int) -> None:
    first = DAY + timedelta(days=days)
    line = next(one for one in calendar(True, DAY, (), (), first) if one.kind == kind)
    assert (line.presence, line.since) == (Presence.MISSING, first.isoformat())
    if days:
        before = next(one for one in calendar(True, DAY, (), (), first - timedelta(days=1)) if one.kind == kind)
        assert before.presence == Presence.EXPECTED


def test_present_by_kind_or_by_class() -> None:
    told = presence(calendar(True, DAY, ("scene-photo",), (DataClass.CERTIFICATE,), DAY))
    assert told["scene-photo"] == "present", "before its day too: it is here"
    assert told["certificate"] == "present"
    assert told["receipt"] == "missing"
    assert told["scene-diagram"] == "expected"


def test_a_class_is_no_kind() -> None:
    """A hospital's document holds a certificate; police photographs are told by their kind, not by their class."""
    told = presence(calendar(True, DAY, (), (DataClass.POLICE,), DAY + timedelta(days=60)))
    assert [told[kind] for kind in ("accident", "registration-slip", "scene-photo")] == ["missing"] * 3


def test_without_a_day_nothing_is_expected_and_no_day_is_told() -> None:
    lines = calendar(True, None, (), (), DAY)
    assert {line.presence for line in lines} == {Presence.MISSING}
    assert {line.since for line in lines} == {None}


def test_a_medical_case_has_no_police_papers() -> None:
    assert [line.kind for line in calendar(False, DAY, (), (), DAY)] == ["application", "certificate", "receipt"]


kinds = st.sets(st.sampled_from([one.kind for one in (*MOTOR, *MEDICAL)]))


@given(st.booleans(), st.none() | st.dates(), kinds, st.sets(st.sampled_from(tuple(DataClass))), st.dates())
def test_a_line_for_every_paper_needed_and_evidence_only_ever_adds(
    motor: bool, day: date | None, has: set[str], classes: set[DataClass], today: date
) -> None:
    if day and day > date.max - timedelta(days=30):
        return
    lines = calendar(motor, day, has, classes, today)
    assert [line.kind for line in lines] == [one.kind for one in (MOTOR if motor else MEDICAL)]
    for line, bare in zip(lines, calendar(motor, day, (), (), today), strict=True):
        assert line.since == bare.since
        assert line.presence in (bare.presence, Presence.PRESENT)
        assert line.presence != Presence.EXPECTED or (line.since and today.isoformat() < line.since)
