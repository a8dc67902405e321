"""The clocks, day by day; and the working days against the published calendars."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.motor.clocks import Clock, interest, limitation, notice, payment
from services.motor.office_calendar import FIRST, LAST, is_working, working_day_after

PUBLISHED = json.loads((Path(__file__).parents[1] / "data" / "office-calendar.json").read_text())["years"]
DAY = timedelta(days=1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def running(clock: Clock | None) -> Clock:
    assert clock is not None
    return clock


def test_every_day_of_the_published_calendars() -> None:
    assert (date(int(min(PUBLISHED)), 1, 1), date(int(max(PUBLISHED)), 12, 31)) == (FIRST, LAST)
    one, days = FIRST, 0
    while one <= LAST:
        year = PUBLISHED[str(one.year)]
        listed = f"{one:%m-%d}" in year["makeUp" if one.weekday() >= 5 else "off"]
        assert is_working(one) == (listed if one.weekday() >= 5 else not listed), one
        one, days = one + DAY, days + 1
    assert days == 4017


def test_beyond_the_calendar_nothing_is_known() -> None:
    assert is_working(FIRST - DAY) is None and is_working(LAST + DAY) is None
    assert working_day_after(day("2027-12-28"), 2) == day("2027-12-30")
    assert working_day_after(day("2027-12-28"), 3) is None, "New Year's Eve 2027 is off, 2028 is not published"
    late = running(payment(day("2027-12-20")))
    assert (late.due, late.extended, late.running) == (None, None, True)
    assert interest(100_000, late, day("2028-02-01")) is None


@pytest.mark.parametrize(
    ("accident", "due", "extended"),
    [
        ("2025-09-03", "2025-09-08", "2025-09-08"),
        ("2025-09-01", "2025-09-06", "2025-09-08"),  # a Saturday
        ("2025-09-24", "2025-09-29", "2025-09-30"),  # a Monday off for Teachers' Day
        ("2025-02-03", "2025-02-08", "2025-02-08"),  # a Saturday of work
        ("2026-02-10", "2026-02-15", "2026-02-23"),  # the Sunday before the New Year's week
    ],
)
def test_notice_five_days(accident: str, due: str, extended: str) -> None:
    clock = running(notice(day(accident)))
    assert (clock.due, clock.extended) == (day(due), day(extended))
    assert "G0390060 art. 34 I ②" in clock.article


@pytest.mark.parametrize(
    ("complete", "due"),
    [
        ("2025-09-03", "2025-09-17"),
        ("2025-09-06", "2025-09-19"),  # completed on a Saturday
        ("2025-01-20", "2025-02-08"),  # over the New Year's week; the last is a Saturday of work
        ("2026-02-10", "2026-03-04"),  # New Year, and the 27th off
    ],
)
@pytest.mark.parametrize("interim", [False, True])
def test_payment_ten_working_days(complete: str, due: str, interim: bool) -> None:
    clock = running(payment(day(complete), interim=interim))
    assert (clock.due, clock.extended) == (day(due), day(due))
    assert ("art. 35 III" if interim else "art. 25 II") in clock.article


@given(st.dates(date(2022, 11, 25), date(2027, 11, 30)))
def test_ten_working_days_lie_between_completeness_and_the_last_day(complete: date) -> None:
    due = running(payment(complete)).due
    assert due is not None and is_working(due)
    assert sum(bool(is_working(complete + n * DAY)) for n in range(1, (due - complete).days + 1)) == 10


def test_a_payment_goes_by_the_law_of_the_day_its_papers_were_complete() -> None:
    assert notice(day("2021-01-01")) is None
    assert payment(day("2022-11-24")) is None and payment(day("2022-11-25")) is not None


@pytest.mark.parametrize(
    ("amount", "paid", "owed"),
    [
        (200_000, "2025-09-17", 0),
        (200_000, "2025-09-01", 0),
        (200_000, "2025-09-18", 55),  # 54.79
        (365_000, "2025-09-18", 100),
        (2_000_000, "2026-09-17", 200_000),  # a whole year
        (1_825, "2025-09-18", 1),  # one half, up
        (1_824, "2025-09-18", 0),
    ],
)
@pytest.mark.parametrize("interim", [False, True])
def test_interest_of_ten_percent_a_year(amount: int, paid: str, owed: int, interim: bool) -> None:
    found = interest(amount, running(payment(day("2025-09-03"), interim=interim)), day(paid))
    assert found is not None
    assert (found.amount, found.percent, found.since) == (owed, 10, day("2025-09-18"))
    assert found.article == f"G0390060 art. {'35 III' if interim else '25 III'}"


@given(st.integers(0, 3_200_000), st.dates(date(2025, 1, 1), date(2030, 1, 1)), st.integers(0, 400))
def test_interest_never_falls_with_time(amount: int, paid: date, later: int) -> None:
    clock = running(payment(day("2025-09-03")))
    first, second = interest(amount, clock, paid), interest(amount, clock, paid + later * DAY)
    assert first is not None and second is not None and 0 <= first.amount <= second.amount
    assert second.days == max(0, (paid + later * DAY - day("2025-09-17")).days)


@pytest.mark.parametrize(
    ("start", "two", "ten"),
    [
        ("2025-09-03", "2027-09-03", "2035-09-03"),
        ("2024-02-28", "2026-02-28", "2034-02-28"),  # begins on the 29th, which the last year has not
        ("2024-02-29", "2026-02-28", "2034-02-28"),  # begins on 1 March
        ("2026-02-28", "2028-02-29", "2036-02-29"),  # begins on 1 March: the day before is the 29th
        ("2024-12-31", "2026-12-31", "2034-12-31"),
    ],
)
@pytest.mark.parametrize("fund", [False, True])
def test_limitation_two_and_ten_years(start: str, two: str, ten: str, fund: bool) -> None:
    knowledge, accident = limitation(day(start), day(start), fund=fund)
    assert (knowledge.due, accident.due) == (day(two), day(ten))
    assert accident.extended is None, "no calendar goes that far"
    assert ("art. 14 IV" if fund else "art. 14 I") in knowledge.article


def test_without_knowledge_only_the_ten_years_run() -> None:
    assert [clock.name for clock in limitation(day("2025-09-03"), None)] == ["limitation-accident"]
    assert limitation(day("2022-11-24"), day("2022-11-24")) == ()


@pytest.mark.parametrize(
    ("claims", "due"),
    [
        ([("2026-01-01", "2026-01-31")], "2027-10-03"),
        ([("2026-01-01", "2026-01-31"), ("2026-03-01", "2026-03-11")], "2027-10-13"),
        ([("2026-03-01", "2026-03-11"), ("2026-01-01", "2026-01-31")], "2027-10-13"),
        ([("2026-01-01", "2026-01-31"), ("2026-01-21", "2026-02-05")], "2027-10-08"),  # what both cover counts once
        ([("2026-01-01", None)], None),
        ([("2027-09-03", "2027-09-13")], "2027-09-13"),  # on the last day
        ([("2027-09-04", "2027-09-13")], "2027-09-03"),  # too late
        ([("2027-09-04", None)], "2027-09-03"),
        ([("2027-09-03", "2027-09-13"), ("2027-09-10", "2027-10-13")], "2027-10-13"),
    ],
)
def test_a_claim_stops_the_limitation_until_its_answer(claims: list[tuple[str, str | None]], due: str | None) -> None:
    told = [(day(claimed), day(notified) if notified else None) for claimed, notified in claims]
    clock = limitation(day("2025-09-03"), day("2025-09-03"), told)[0]
    assert (clock.due, clock.running) == (day(due) if due else None, bool(due))
    assert ("G0390060 art. 14 II" in clock.article.split("; ")) == (due != "2027-09-03")


def test_a_claim_on_the_working_day_after_a_last_day_of_rest_is_in_time() -> None:
    accident = day("2023-09-02")
    monday = day("2025-09-08")
    assert limitation(accident, day("2023-09-05"), [(monday, monday + 5 * DAY)])[0].due == day("2025-09-05")
    assert limitation(accident, day("2023-09-06"), [(monday, monday + 5 * DAY)])[0].due == day("2025-09-11")
    assert limitation(accident, day("2023-09-07"), [(monday, monday + 5 * DAY)])[0].due == day("2025-09-12")


ACCIDENTS = st.dates(date(2022, 11, 25), date(2035, 12, 31))


@given(ACCIDENTS, st.integers(0, 3000))
def test_the_day_after_the_last_is_years_after_the_first(accident: date, later: int) -> None:
    known = accident + later * DAY
    for clock, years in zip(limitation(accident, known), (2, 10), strict=True):
        assert clock.due is not None
        first, after = clock.start + DAY, clock.due + DAY
        assert after.year - first.year == years
        expected = (first.month, first.day) if (first.month, first.day) != (2, 29) else (3, 1)
        assert (after.month, after.day) in (expected, (2, 29)), "29 February corresponds only where there is one"


@given(ACCIDENTS, st.lists(st.tuples(st.integers(0, 700), st.integers(0, 200)), max_size=4))
def test_claims_never_shorten_and_never_add_more_than_their_days(accident: date, spans: list[tuple[int, int]]) -> None:
    claims = [(accident + start * DAY, accident + (start + length) * DAY) for start, length in spans]
    plain = limitation(accident, accident)
    for before, after in zip(plain, limitation(accident, accident, claims), strict=True):
        assert before.due is not None and after.due is not None
        covered = {claimed + n * DAY for claimed, notified in claims for n in range((notified - claimed).days)}
        assert after.due - before.due == len(covered) * DAY, "each day between claim and answer, once"
