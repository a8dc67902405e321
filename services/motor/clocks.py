"""The clocks of a motor claim: notice, payment, interest, limitation. Days are Asia/Taipei. Pure.

Whose law: for a payment that of the day on which its papers were complete (G0390061 art. 4-1), for all else that of the
accident's day. The articles say how long; how days and years are counted says the Civil Code (art. 119 to 123: the first day
does not count; a last day of rest gives way to the next working day), whose text is not in the data: `extended` is
unconfirmed.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from services.motor.law import Line, Status, by_key
from services.motor.office_calendar import extended, working_day_after

DAYS_A_YEAR = 365  # interest by the day; customary, no article says so


@dataclass(frozen=True)
class Clock:
    """`due`: the last day by the article, None when no calendar covers it or the clock stands still (`running` False).
    `extended`: the working day in its place when it is one of rest; None when that is not known."""

    name: str
    start: date
    due: date | None
    extended: date | None
    running: bool
    article: str
    status: Status


@dataclass(frozen=True)
class Interest:
    """`amount` TWD, half a dollar up, for `days` at `percent` a year, counted from `since`."""

    amount: int
    percent: int
    since: date
    days: int
    article: str
    status: Status


def notice(accident: date) -> Clock | None:
    """Insured or driver to the insurer, in writing, within five days (G0390060 art. 34 I ②). Being late costs no cover
    (art. 34 II). None when the law of the day is not in the data."""
    line = by_key("clocks", accident).get("notice")
    return _clock(line, accident, accident + timedelta(days=line.values["length"])) if line else None


def payment(complete: date, *, interim: bool = False) -> Clock | None:
    """Ten working days from the day after the papers were complete (G0390060 art. 25 II), also of an interim payment for
    death or disability (art. 35 III). None when the law of that day is not in the data."""
    line = by_key("clocks", complete).get("interim-payment" if interim else "payment")
    return _clock(line, complete, working_day_after(complete, line.values["length"])) if line else None


def interest(amount: int, clock: Clock, paid: date) -> Interest | None:
    """On an amount paid late through the insurer's own fault (G0390060 art. 25 III, 35 III): from the day after the last day
    of a payment's clock, the day of payment included. None when the last day is not known."""
    if clock.due is None:
        return None
    line = by_key("clocks", clock.start)["interim-interest" if clock.name == "interim-payment" else "interest"]
    percent, days = line.values["percent"], max(0, (paid - clock.due).days)
    owed = int(Fraction(amount * percent * days, 100 * DAYS_A_YEAR) + Fraction(1, 2))
    return Interest(owed, percent, clock.due + timedelta(days=1), days, line.article, line.status)


def limitation(
    accident: date, known: date | None, claims: Collection[tuple[date, date | None]] = (), *, fund: bool = False
) -> tuple[Clock, ...]:
    """Two years from knowledge and ten from the accident (G0390060 art. 14 I); from the fund, knowledge is also that of why it
    owes (art. 14 IV ① to ④). Empty when the law of the accident's day is not in the data.

    `known`: when the claimant knew of harm and insurer, None while that is not known. `claims`: the day on which a claim
    took effect, and that on which the notice of the decision arrived, None while it has not: the time between does not
    count (art. 14 II).
    """
    law = by_key("clocks", accident)
    starts = (("limitation-knowledge", known), ("limitation-accident", accident))
    found = []
    for name, start in starts:
        line = law.get(f"fund-{name}" if fund else name)
        if line and start:
            plain = _years(start, line.values["length"])
            due = _suspended(plain, claims)
            clock = _clock(line, start, due, running=due is not None)
            if due != plain:
                clock = replace(clock, article=f"{line.article}; {law['suspension'].article}")
            found.append(clock)
    return tuple(found)


def _years(start: date, years: int) -> date:
    """The last day of a period whose first day is the one after `start`: the day before the one that corresponds to the
    first; where the last month has no such day, that month's last."""
    first = start + timedelta(days=1)
    try:
        return first.replace(year=first.year + years) - timedelta(days=1)
    except ValueError:  # 29 February
        return date(first.year + years, 2, 28)


def _suspended(last: date, claims: Collection[tuple[date, date | None]]) -> date | None:
    """The last day, later by the days between claim and answer; None while a claim made in time is not answered."""
    answered = date.min
    for claimed, notified in sorted(claims, key=lambda claim: claim[0]):
        if claimed > (extended(last) or last):
            break
        if notified is None:
            return None
        last += max(timedelta(), notified - max(claimed, answered))
        answered = max(answered, notified)
    return last


def _clock(line: Line, start: date, due: date | None, *, running: bool = True) -> Clock:
    return Clock(line.key, start, due, extended(due) if due else None, running, line.article, line.status)
