"""The scenario's open-data file: accidents of its cases seen again without persons, and accidents of nobody's case."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.sandbox import accidents
from services.sandbox.accidents import Occurrence, Participant
from services.sandbox.places import elsewhere
from services.sandbox.truth import Truth

SUPPLIED = "115年07月16日"  # 資料提供日期, after every loss of every scenario
NAME = "open-data/a2.csv"
STRANGERS = 4
MOST = 40  # accidents of cases in the file: it must not grow with the scenario
DRIFT = timedelta(minutes=10)  # a time written otherwise: another accident to the fingerprint, the same to the hub


@dataclass(frozen=True)
class Shown:
    """An accident of a case for the file. `recipients`: who holds police records of the case by law."""

    case: str
    file: str
    seen: Occurrence
    recipients: tuple[str, ...]
    ever: tuple[str, ...]


def make(seed: int, chosen: Sequence[Shown]) -> tuple[bytes, tuple[Truth, ...]]:
    """The file and its truth: of the file itself, then of every accident in it (`file#line` of its first row).

    Every other accident of a case is a copy of the unit's own record, so it is offered to nobody; the rest differ in
    time and join their case by day and place.
    """
    rng = random.Random(f"open-data {seed}")
    told: list[tuple[Shown | None, bool, list[str]]] = []
    for place, one in enumerate(chosen):
        copied = place % 2 == 0
        seen = one.seen if copied else replace(one.seen, moment=_drifted(one.seen))
        told.append((one, copied, accidents.rows(rng, seen)))
    for number in range(STRANGERS):
        told.append((None, False, accidents.rows(rng, _stranger(rng, seed, number))))
    rng.shuffle(told)
    body, split = accidents.file([rows for _, _, rows in told], SUPPLIED)
    truths = [Truth(NAME, hashlib.sha256(body).hexdigest(), "accident-file")]
    for (one, copied, _), (line, own) in zip(told, split, strict=True):
        sha256 = hashlib.sha256(own).hexdigest()
        name = f"{NAME}#{line}"
        if one is None:
            truths.append(Truth(name, sha256, "accident"))
            continue
        truths.append(
            Truth(
                name,
                sha256,
                "accident",
                case=one.case,
                copy_of=one.file if copied else None,
                insurers=() if copied else one.recipients,
                allowed_ever=one.ever,
            )
        )
    return body, tuple(truths)


def _drifted(seen: Occurrence) -> datetime:
    """Later by less than an hour, or earlier when that would be another day."""
    later = seen.moment + DRIFT
    return later if later.date() == seen.moment.date() else seen.moment - DRIFT


def _stranger(rng: random.Random, seed: int, number: int) -> Occurrence:
    where = elsewhere(seed, number)
    kinds = rng.choice((("car", "motorcycle"), ("motorcycle",), ("car", "pedestrian"), ("motorcycle", "bicycle")))
    roles = {"pedestrian": "pedestrian"}
    parties = tuple(
        Participant(kind, roles.get(kind, "driver"), injured=place == len(kinds) - 1)
        for place, kind in enumerate(kinds)
    )
    return Occurrence(where.moment, where.place, where.coordinates, where.unit, parties)
