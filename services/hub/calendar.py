"""The evidence calendar: which papers a case of this kind needs, and from which day each can exist (schemas/paper_kinds.py)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from schemas.evidence import DataClass
from schemas.paper_kinds import KIND


class Presence(StrEnum):
    PRESENT = "present"
    EXPECTED = "expected"  # cannot exist yet
    MISSING = "missing"


@dataclass(frozen=True)
class Expected:
    """A paper that a case needs: `days` after the loss it can exist; who issues it (as services/motor/papers.json says);
    the class whose presence it is told by, if any."""

    kind: str
    days: int
    issuer: str
    by_class: DataClass | None = None


def _police(kind: str) -> Expected:
    days = KIND[kind].days
    assert days is not None
    return Expected(kind, days, "police")


MOTOR = (
    Expected("application", 0, "claimant"),
    Expected("accident", 0, "police"),
    _police("registration-slip"),
    Expected("certificate", 0, "hospital", DataClass.CERTIFICATE),
    Expected("receipt", 0, "hospital", DataClass.RECEIPT),
    _police("scene-diagram"),
    _police("scene-photo"),
    _police("preliminary-analysis"),
)
MEDICAL = (
    Expected("application", 0, "claimant"),
    Expected("certificate", 0, "hospital", DataClass.CERTIFICATE),
    Expected("receipt", 0, "hospital", DataClass.RECEIPT),
)


@dataclass(frozen=True)
class Line:
    """One line of a case's calendar. `since`: YYYY-MM-DD from which the paper can exist, None when not known."""

    kind: str
    presence: Presence
    since: str | None
    issuer: str


def calendar(
    motor: bool, day: date | None, kinds: Iterable[str], classes: Iterable[DataClass], today: date
) -> tuple[Line, ...]:
    """What the case has (kinds and classes of its papers), waits for, and lacks on `today`."""
    kinds, classes = set(kinds), set(classes)
    lines = []
    for expected in MOTOR if motor else MEDICAL:
        since = day + timedelta(days=expected.days) if day else None
        if expected.kind in kinds or expected.by_class in classes:
            presence = Presence.PRESENT
        elif since and today < since:
            presence = Presence.EXPECTED
        else:
            presence = Presence.MISSING
        lines.append(Line(expected.kind, presence, since.isoformat() if since else None, expected.issuer))
    return tuple(lines)
