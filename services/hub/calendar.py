"""The evidence calendar: which papers a case of this kind needs, and from which day each can exist (schemas/paper_kinds.py)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from schemas.evidence import Accident
from schemas.paper_kinds import KIND


class Harm(StrEnum):
    INJURED = "injured"
    DIED = "died"


class Presence(StrEnum):
    PRESENT = "present"
    EXPECTED = "expected"  # cannot exist yet
    MISSING = "missing"


@dataclass(frozen=True)
class Expected:
    """A paper that a case needs: `days` after the loss it can exist; who issues it (as services/motor/papers.json says);
    which other kind does as well; the harm that it is of, if any."""

    kind: str
    days: int
    issuer: str
    other: str = ""
    harm: Harm | None = None


def _police(kind: str) -> Expected:
    days = KIND[kind].days
    assert days is not None
    return Expected(kind, days, "police")


MOTOR = (
    Expected("application", 0, "claimant"),
    Expected("accident", 0, "police"),
    _police("registration-slip"),
    Expected("certificate", 0, "hospital", harm=Harm.INJURED),
    Expected("receipt", 0, "hospital", harm=Harm.INJURED),
    Expected("death-certificate", 0, "hospital", "post-mortem-certificate", Harm.DIED),
    _police("scene-diagram"),
    _police("scene-photo"),
    _police("preliminary-analysis"),
)
MEDICAL = (
    Expected("application", 0, "claimant"),
    Expected("certificate", 0, "hospital"),
    Expected("receipt", 0, "hospital"),
)


@dataclass(frozen=True)
class Line:
    """One line of a case's calendar. `since`: YYYY-MM-DD from which the paper can exist, None when not known."""

    kind: str
    presence: Presence
    since: str | None
    issuer: str


def harm(accident: Accident | None) -> frozenset[Harm]:
    """What the police say became of the people. Before they do, somebody was injured; where all of them died at once nobody
    was. An accident that harmed nobody is told as before: who goes to a doctor the next day was injured."""
    if accident is None or not accident.deaths:
        return frozenset({Harm.INJURED})
    return frozenset({Harm.DIED} if accident.injuries == 0 else Harm)


def calendar(
    motor: bool, day: date | None, names: Collection[str], accident: Accident | None, today: date
) -> tuple[Line, ...]:
    """What the case has, waits for, and lacks on `today`. `names`: what its papers count as (`paper_kinds.names`);
    `accident`: as the police tell it."""
    suffered = harm(accident)
    lines = []
    for expected in MOTOR if motor else MEDICAL:
        if expected.harm and expected.harm not in suffered:
            continue
        since = day + timedelta(days=expected.days) if day else None
        if expected.kind in names or expected.other in names:
            presence = Presence.PRESENT
        elif since and today < since:
            presence = Presence.EXPECTED
        else:
            presence = Presence.MISSING
        lines.append(Line(expected.kind, presence, since.isoformat() if since else None, expected.issuer))
    return tuple(lines)
