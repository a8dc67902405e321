"""The retention table: how long the store keeps what was handed over, counted from its verdict. Pure.

Personal data are erased when their purpose is gone or their time is over (Personal Data Protection Act I0050021 art. 11 III).
A claim under the compulsory insurance ends two years after the claimant knows of it, and ten years after the accident at
the latest (G0390060 art. 14 I): nothing is received before its accident, so ten years from a verdict outlast every claim
that is not made. One that is made in time does not lapse until its decision is told (art. 14 II), and what it needs may be
kept, for its purpose is not gone and the work needs it (I0050021 art. 11 III, the exception): `pursued`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.records import Kind, Outcome

TEN_YEARS, TWO_YEARS = timedelta(days=3653), timedelta(days=731)  # with the most leap days that they can have
HOUSE = "the house's choice: "
EVIDENCE = (Kind.DOCUMENT, Kind.ACCIDENT, Kind.ACCIDENT_FILE, Kind.PAPER, Kind.APPLICATION, Kind.DISPUTE)
GOVERNING = (Kind.AUTHORISATION, Kind.MANDATE, Kind.REVIEW, Kind.WITHDRAWAL, Kind.JUDGEMENT, Kind.PARTICIPANT)


@dataclass(frozen=True)
class Line:
    """`since`, `until` (first day after): when the line is in force, YYYY-MM-DD."""

    kinds: tuple[Kind, ...]
    outcomes: tuple[Outcome, ...]
    keep: timedelta
    reason: str
    since: str
    until: str | None = None


RETENTION_TABLE = (
    Line(EVIDENCE, (Outcome.ACCEPTED, Outcome.DUPLICATE), TEN_YEARS, "G0390060 art. 14 I, ten years", "2026-11-21"),
    Line(
        GOVERNING,
        (Outcome.ACCEPTED, Outcome.DUPLICATE),
        TEN_YEARS,
        HOUSE + "as long as the papers that went, joined or were erased by it, to answer for that",
        "2026-11-21",
    ),
    Line(
        tuple(Kind), (Outcome.DEAD,), TWO_YEARS, HOUSE + "our own failure; G0390060 art. 14 I, two years", "2026-11-21"
    ),
    Line(
        tuple(Kind),
        (Outcome.REJECTED,),
        timedelta(days=180),
        HOUSE + "the sender knows at once, and half a year to dispute it",
        "2026-11-21",
    ),
)

# Of what lay on the log and nobody could read its bytes: no record's, and nothing becomes of them. The house's choice: half a
# year to find out who wrote them and why they cannot be read. What we sealed ourselves ends before, with the key of its day.
UNREADABLE = timedelta(days=180)


def ends(now: datetime) -> Iterator[tuple[Line, datetime]]:
    """The lines in force, each with the time before which what it keeps has ended."""
    day = now.date().isoformat()
    for line in RETENTION_TABLE:
        if line.since <= day and (line.until is None or day < line.until):
            yield line, now - line.keep


def pursued(beside: Iterable[tuple[Kind, bool]]) -> bool:
    """Whether a claim stands among the records of a case and is still pursued, so that none of them ends: kind of each, and
    whether its own time is over. No decision of an insurer is told to the interchange; a claim to which nothing came for the
    whole of that time is taken as decided."""
    beside = tuple(beside)
    return any(kind == Kind.APPLICATION for kind, _ in beside) and not all(over for _, over in beside)


def ended(kind: Kind, outcome: Outcome, judged: datetime, now: datetime) -> bool:
    """Whether a record of this verdict is kept no longer; what no line in force names is kept."""
    return any(kind in line.kinds and outcome in line.outcomes and judged < end for line, end in ends(now))
