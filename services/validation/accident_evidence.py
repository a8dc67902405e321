"""What the views of open data and police JSON share: an accident's fingerprint, facts and coordinates. Pure."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from adapters.police.open_accident import OpenAccident
from adapters.police.place import Reading, point, roads
from schemas import normalise
from schemas.evidence import Accident, DataClass, Evidence, Party
from schemas.records import Record
from services.validation import fields, moments


def version_of_day(released: str | None, received: str) -> str:
    """The version of an open accident: the file's day of release (YYYYMMDD), else the day of receipt in Taiwan."""
    return (released or moments.taipei_day(received).replace("-", "")).zfill(fields.VERSION_DIGITS)


def fingerprint(accident: Accident, *own: str) -> str:
    """What makes two records the same accident: day, minute, place, the kinds of the parties. `own`: what one unit tells its own
    apart by besides, for in one minute two can happen at one junction."""
    if accident.longitude is not None and accident.latitude is not None:
        place = f"{accident.longitude:.4f},{accident.latitude:.4f}"
    else:
        place = accident.place
    kinds = sorted(party.kind for party in accident.parties)
    return normalise.canonical("accident", accident.date, accident.time, place, kinds, *own)


def coordinates(place: dict) -> tuple[Reading, float | None, float | None]:
    """The coordinates of a place in JSON, put right when swapped; None when there are none in Taiwan."""
    if "longitude" not in place:
        return Reading.RIGHT, None, None
    reading, longitude, latitude = point(_degrees(place["longitude"]), _degrees(place["latitude"]))
    if reading == Reading.OUTSIDE:
        return reading, None, None
    return reading, longitude, latitude


def _degrees(value: int | Decimal) -> float:
    """Degrees as a float; what is too large for one is outside Taiwan all the same."""
    return float(value) if abs(value) <= 360 else 360.0


def facts(accident: Accident, parties: int, unit: str) -> dict[str, str | int | float | bool | list[str]]:
    """The minimum view of an accident for an offer: no person, no plate, no place."""
    known = {
        "severity": accident.severity,
        "deaths": accident.deaths,
        "injuries": accident.injuries,
        "parties": parties,
        "date": accident.date,
        "time": accident.time,
        "unit": unit,
    }
    return {name: value for name, value in known.items() if value not in (None, "")}


def of_open_data(found: OpenAccident, identity: str, version: str, record: Record) -> Evidence:
    """The evidence of an accident without plates and persons."""
    accident = Accident(
        date=found.date,
        time=found.time[:5],
        place=found.place,
        roads=roads(found.place),
        longitude=found.longitude,
        latitude=found.latitude,
        parties=tuple(Party(kind=kind) for kind in found.kinds),
        severity=found.severity,
        deaths=found.deaths,
        injuries=found.injuries,
    )
    content = fingerprint(accident)
    return Evidence(
        paper="accident",
        identity=identity,
        version=version,
        issued=issued(found.date, found.time),
        issuer=record.sender,
        classes=(DataClass.POLICE,),
        accident=accident,
        open_data=True,
        content=content,
        parts=(content,),
        facts=facts(accident, len(found.kinds), found.unit),
    )


def issued(date: str, time: str) -> str:
    """The moment of an accident told in Taiwan's time (YYYY-MM-DD, HH:MM:SS)."""
    return moments.stamp(datetime.fromisoformat(f"{date}T{time}").replace(tzinfo=moments.TAIPEI))


def persons_and_plates(parties: Iterable[Party]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The persons and the plates of an accident, sorted, each once."""
    parties = tuple(parties)
    return (
        tuple(sorted({party.person for party in parties if party.person})),
        tuple(sorted({party.plate for party in parties if party.plate})),
    )
