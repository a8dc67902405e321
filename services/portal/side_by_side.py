"""What the two records of a pair tell, row by row, as far as an operator may see it. Pure.

Shown is what the police publish of every accident (the columns of their open data: day, time, place, class, dead and injured,
kinds of parties), the police case number, the days of a treatment, and what loss a filing names. A plate is masked. Persons,
amounts, diagnoses, causes and statements are in none of it: docs/matching.md says why.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas import normalise
from schemas.evidence import Evidence
from services.hub.grading import loss_day, police_cases, same_police_case
from services.portal import words

HIDDEN = "•"
LETTERS = 3  # no plate has more
# A plate, identifier or telephone number that somebody wrote into a place: letters and digits, or many digits.
_TELLING = re.compile(r"(?=[0-9-]*[A-Za-z])(?=[A-Za-z-]*[0-9])[0-9A-Za-z-]{6,}|[0-9][0-9-]{6,}[0-9]")

Json = dict[str, Any]
Words = tuple[str, str]  # Chinese, English


class Comparison(StrEnum):
    SAME = "same"
    DIFFERS = "differs"
    ONE_SIDED = "one-sided"  # only one of the two tells it


@dataclass(frozen=True)
class Row:
    """`tells`: the words for what a record tells, None for nothing. `agree`: of two that tell it, on what is not masked."""

    name: str
    tells: Callable[[Evidence], Words | None]
    agree: Callable[[Evidence, Evidence], bool]


def rows(one: Evidence, other: Evidence) -> list[Json]:
    """The rows that at least one of the two tells: `{row, text, textEn, values, comparison}`, a value null where it is silent."""
    found = []
    for row in ROWS:
        values = row.tells(one), row.tells(other)
        if values == (None, None):
            continue
        if None in values:
            comparison = Comparison.ONE_SIDED
        else:
            comparison = Comparison.SAME if row.agree(one, other) else Comparison.DIFFERS
        zh, en = words.ROWS[row.name]
        told = [value and {"text": value[0], "textEn": value[1]} for value in values]
        found.append({"row": row.name, "text": zh, "textEn": en, "values": told, "comparison": comparison.value})
    return found


def masked(plate: str) -> str:
    """The letters of a normalised plate and its last digit: enough to see where two differ, too little to ask for an owner."""
    letters = sum(sign.isalpha() for sign in plate)
    last = max((at for at, sign in enumerate(plate) if sign.isdigit()), default=-1)
    shown = {at for at, sign in enumerate(plate) if at == last or (sign.isalpha() and letters <= LETTERS)}
    if len(plate) - len(shown) < 2:
        shown = set()
    return "".join(sign if at in shown else HIDDEN for at, sign in enumerate(plate))


def _day(evidence: Evidence) -> Words | None:
    day = loss_day(evidence)
    return (day.isoformat(), day.isoformat()) if day else None


def _time(evidence: Evidence) -> Words | None:
    time = evidence.accident.time if evidence.accident else None
    return (time, time) if time else None


def _place(evidence: Evidence) -> Words | None:
    place = unicodedata.normalize("NFKC", evidence.accident.place) if evidence.accident else ""
    shown = _TELLING.sub(HIDDEN * 3, place).strip()
    return (shown, shown) if shown else None


def _same_place(one: Evidence, other: Evidence) -> bool:
    first, second = (normalise.text(side.accident.place) if side.accident else "" for side in (one, other))
    return first == second


def _severity(evidence: Evidence) -> Words | None:
    severity = evidence.accident.severity if evidence.accident else ""
    return words.SEVERITIES.get(severity, (severity, severity)) if severity else None


def _toll(evidence: Evidence) -> Words | None:
    told = evidence.accident
    if told is None or told.deaths is None or told.injuries is None:
        return None
    return f"死 {told.deaths} 人、傷 {told.injuries} 人", f"{told.deaths} dead, {told.injuries} injured"


def _parties(evidence: Evidence) -> Words | None:
    kinds = Counter(party.kind for party in evidence.accident.parties) if evidence.accident else Counter()
    if not kinds:
        return None
    named = [(words.PARTIES.get(kind, (kind, kind)), number) for kind, number in sorted(kinds.items())]
    zh = "、".join(f"{one[0]} {number}" for one, number in named)
    en = ", ".join(f"{number} {one[1]}" for one, number in named)
    return f"{kinds.total()} 方：{zh}", f"{kinds.total()}: {en}"


def _plates(evidence: Evidence) -> Words | None:
    shown = " / ".join(masked(plate) for plate in evidence.plates)
    return (shown, shown) if shown else None


def _police_case(evidence: Evidence) -> Words | None:
    shown = " / ".join(sorted({number for _, number in police_cases(evidence)} - set(evidence.persons)))
    return (shown, shown) if shown else None


def _treatment(evidence: Evidence) -> tuple[str, str] | None:
    """First and last day of a hospital's service, or the day of one that a filing names."""
    if evidence.service:
        return evidence.service.start, evidence.service.end
    if evidence.loss and evidence.loss.kind == "medical" and evidence.loss.date:
        return evidence.loss.date, evidence.loss.date
    return None


def _treated(evidence: Evidence) -> Words | None:
    days = _treatment(evidence)
    if days is None:
        return None
    start, end = days
    return (start, start) if start == end else (f"{start} 至 {end}", f"{start} to {end}")


def _same_treatment(one: Evidence, other: Evidence) -> bool:
    first, second = _treatment(one), _treatment(other)
    return bool(first and second) and first[0] <= second[1] and second[0] <= first[1]  # type: ignore[index]


def _loss(evidence: Evidence) -> Words | None:
    return words.LOSSES.get(evidence.loss.kind) if evidence.loss else None


def _said_alike(tells: Callable[[Evidence], Words | None]) -> Callable[[Evidence, Evidence], bool]:
    return lambda one, other: tells(one) == tells(other)


ROWS = (
    Row("day", _day, _said_alike(_day)),
    Row("time", _time, _said_alike(_time)),
    Row("place", _place, _same_place),
    Row("severity", _severity, _said_alike(_severity)),
    Row("toll", _toll, _said_alike(_toll)),
    Row("parties", _parties, _said_alike(_parties)),
    # Who was in an accident names his own vehicle, the police name all.
    Row("plates", _plates, lambda one, other: bool(set(one.plates) & set(other.plates))),
    Row("police-case", _police_case, same_police_case),
    Row("treated", _treated, _same_treatment),
    Row("loss", _loss, _said_alike(_loss)),
)
