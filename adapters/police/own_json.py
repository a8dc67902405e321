"""Police JSON (schema `/schemas/accident`) as an accident report, and a report as police JSON. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from adapters.police import codebook
from adapters.police.codebook import PARTY, SCENE, Coded, CodeSystem, Item
from adapters.police.place import Reading, point
from adapters.police.report import AccidentReport, Person, ReportParty, Source

TAIPEI = timezone(timedelta(hours=8))
PARTIES_MAX = 500  # the schema's, of parties and of their order
_ROLES = {"H01": "pedestrian", "H02": "passenger", "H03": "other", "H04": "pedestrian"}
_INJURIES = {"1": "death", "2": "injured", "3": "none", "4": "unknown", "5": "death"}


def report(value: Mapping) -> AccidentReport:
    """The report that a body tells which follows the schema; KeyError or ValueError of any other.

    Codes are of the form that `codeSystem` names. Later deaths are not among `deaths` here, as the form counts them.
    """
    moment = datetime.fromisoformat(value["occurredAt"].upper()).astimezone(TAIPEI)
    system = CodeSystem(value["codeSystem"]) if "codeSystem" in value else None
    later = int(value["deathsLater"]) if "deathsLater" in value else None
    longitude, latitude = _coordinates(value["place"])
    parties = sorted(value["parties"], key=lambda party: party["order"])
    return AccidentReport(
        source=Source.JSON,
        identity=value["id"],
        date=moment.date().isoformat(),
        time=moment.strftime("%H:%M:%S"),
        place=value["place"]["text"],
        severity=value["severity"],
        deaths=max(int(value["deaths"]) - (later or 0), 0),
        deaths_later=later,
        injuries=int(value["injuries"]),
        codes=_coded(value, SCENE, system),
        parties=tuple(read_party(one, system) for one in parties),
        longitude=longitude,
        latitude=latitude,
        speed_limit=int(value["speedLimit"]) if "speedLimit" in value else None,
        unit=value["unit"]["code"],
        case_number=value.get("caseNumber"),
    )


def _coordinates(place: Mapping) -> tuple[float | None, float | None]:
    if "longitude" not in place:
        return None, None
    # What is too large for a float is outside Taiwan all the same.
    degrees = [float(place[name]) if abs(place[name]) <= 360 else 360.0 for name in ("longitude", "latitude")]
    reading, longitude, latitude = point(*degrees)
    return (None, None) if reading == Reading.OUTSIDE else (longitude, latitude)


def read_party(party: Mapping, system: CodeSystem | None) -> ReportParty:
    """One party of such a body."""
    person = party.get("person")
    return ReportParty(
        order=int(party["order"]),
        kind=_kind(party),
        codes=_coded(party, PARTY, system),
        age=int(party["age"]) if "age" in party else None,
        plate=party.get("plate"),
        person=Person(person["identifier"], person["name"]) if person else None,
        injury=party["injury"],
        standing=party.get("vehicleStanding"),
    )


def _kind(party: Mapping) -> str:
    """Who was aboard has no vehicle of her own, though kind and plate may tell that in which she sat."""
    return "passenger" if party["role"] == "passenger" else party["kind"]


def _coded(value: Mapping, items: tuple[Item, ...], system: CodeSystem | None) -> dict[Item, Coded]:
    read = ((item, codebook.of_code(item, system, value[item])) for item in items if item in value)
    return {item: coded for item, coded in read if coded is not None}


def body(told: AccidentReport, *, identifier: str, version: int, unit: tuple[str, str]) -> dict:
    """A report as the police door takes it, in the name of `unit` (code, name).

    Codes go as they are, in their own system; a label without code, and the dummy party, have no place there. Where the
    source repeats an order or counts past the schema's, the parties are numbered anew in their order.
    """
    systems = {value.system for value in told.coded() if value.code and value.system}
    if len(systems) > 1:
        raise ValueError("codes of several systems in one report")
    parties = [party for party in told.parties if party.kind]
    orders = [party.order for party in parties]
    if len(set(orders)) < len(orders) or max(orders, default=0) > PARTIES_MAX:
        orders = list(range(1, len(parties) + 1))
    place: dict = {"text": told.place}
    if told.longitude is not None:
        place |= {"longitude": told.longitude, "latitude": told.latitude}
    optional = {
        "caseNumber": told.case_number,
        "codeSystem": next(iter(systems), None),
        "speedLimit": told.speed_limit,
        "deathsLater": told.deaths_later,
    }
    return {
        "id": identifier,
        "version": version,
        "unit": {"code": unit[0], "name": unit[1]},
        "occurredAt": f"{told.date}T{told.time}+08:00",
        "place": place,
        "severity": told.severity,
        "deaths": told.deaths + (told.deaths_later or 0),
        "injuries": told.injuries,
        **{name: value for name, value in optional.items() if value is not None},
        **_codes(told.codes),
        "parties": [_party_body(party, order) for party, order in zip(parties, orders, strict=True)],
    }


def _party_body(party: ReportParty, order: int) -> dict:
    made: dict = {"order": order, "kind": party.kind, "role": _role(party)}
    if party.plate:
        made["plate"] = party.plate
    if party.person:
        made["person"] = {"identifier": party.person.identifier, "name": party.person.name}
    if party.age is not None:
        made["age"] = party.age
    if party.standing:
        made["vehicleStanding"] = party.standing
    injury = party.codes.get(Item.INJURY)
    made["injury"] = _INJURIES[injury.code or ""] if injury and injury.known else party.injury or "unknown"
    return made | _codes(party.codes)


def _role(party: ReportParty) -> str:
    """By 當事者區分: whoever is no person on foot or aboard drives."""
    kind = party.codes.get(Item.PARTY_TYPE)
    return _ROLES.get((kind and kind.known and kind.code) or "", "driver")


def _codes(coded: Mapping[Item, Coded]) -> dict[str, str]:
    return {item: value.code for item, value in coded.items() if value.code}
