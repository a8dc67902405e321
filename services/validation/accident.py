"""One accident: police JSON, or an open-data accident's own lines read again. Pure."""

from datetime import datetime

from adapters import json_text
from adapters.police import codebook, open_data, own_json
from adapters.police.codebook import PARTY, SCENE, CodeSystem, Item
from adapters.police.place import Reading, roads
from schemas import normalise
from schemas.evidence import Accident, DataClass, Evidence, Number, NumberType, Party
from schemas.problems import Problem, errors, problem
from schemas.records import Record
from services.motor.victims import contradicted, standing_without_report
from services.validation import accident_evidence, fields, moments, person
from services.validation.finding import Finding
from services.validation.schema import at, in_order, structure

CSV = "text/csv"
_BESIDE = {Item.PARTY_TYPE: "kind", Item.INJURY: "injury"}  # the plain words of what these items code


def check(record: Record, body: bytes, metadata: str | None) -> Finding:
    """An accident's problems and evidence."""
    if record.media_type.partition(";")[0].strip().lower() == CSV:
        return _lines(record, body)
    value, problems = json_text.read(body)
    if problems:
        return Finding(tuple(problems), None)
    sound, faults = structure("accident", value)
    if sound is None:
        return Finding(tuple(faults), None)
    faults = in_order([*faults, *_faults(sound, record)])
    return Finding(tuple(faults), None if errors(faults) else _evidence(sound, record))


def _lines(record: Record, body: bytes) -> Finding:
    """A header and the lines of one accident, as split from its file.

    They do not hold the file's day of release; the day of receipt stands in as the version.
    """
    file = open_data.read(body)
    if len(file.entries) != 1:
        return Finding(file.problems or (problem("csv-no-good-row"),), None)
    entry = file.entries[0]
    if not entry.accident:
        return Finding(entry.problems, None)
    version = accident_evidence.version_of_day(file.released, record.received)
    return Finding(entry.problems, accident_evidence.of_open_data(entry.accident, entry.identity, version, record))


def _faults(value: dict, record: Record) -> list[Problem]:
    """What the schema cannot say."""
    faults: list[Problem] = []
    if value["unit"]["code"] != record.sender:
        faults.append(at("foreign-author", "unit", "code"))
    occurred = moments.moment(value["occurredAt"])
    assert occurred is not None  # the schema's date-time is this reader's
    if not moments.FIRST_YEAR <= occurred.year < 9999:
        faults.append(at("accident-date-range", "occurredAt"))
    elif occurred > datetime.fromisoformat(record.received):
        faults.append(at("accident-in-future", "occurredAt"))
    reading = accident_evidence.coordinates(value["place"])[0]
    if reading != Reading.RIGHT:
        faults.append(at(f"accident-coordinates-{reading}", "place"))
    faults += _toll(value)
    faults += _codes(value)
    system = CodeSystem(value["codeSystem"]) if "codeSystem" in value else None
    orders: set[int] = set()
    for number, party in enumerate(value["parties"]):
        if party["order"] in orders:
            faults.append(at("accident-order-repeated", "parties", number, "order"))
        orders.add(party["order"])
        for item in contradicted(own_json.read_party(party, system)):
            faults.append(at("accident-code-contradicts", "parties", number, item, field=_BESIDE[item]))
        identifier = person.normal(party["person"]["identifier"]) if "person" in party else ""
        if person.domestic(identifier) and not person.checksum(identifier):
            faults.append(at("accident-person-identifier", "parties", number, "person", "identifier"))
    return faults


def _toll(value: dict) -> list[Problem]:
    faults = []
    deaths, injuries = value["deaths"], value["injuries"]
    for name, injury in (("deaths", "death"), ("injuries", "injured")):
        if sum(party["injury"] == injury for party in value["parties"]) > value[name]:
            faults.append(at("accident-casualties-differ", name, field=name))
    unhurt = deaths + injuries == 0
    fits = {"A1": deaths > 0, "A2": not unhurt, "A3": unhurt, "A4": unhurt}
    if not fits[value["severity"]]:
        faults.append(at("accident-severity-differs", "severity"))
    return faults


def _codes(value: dict) -> list[Problem]:
    """Codes of no named system, and of a form those that it does not have; all are kept."""
    coded = [((item,), item, value[item]) for item in SCENE if item in value]
    for number, party in enumerate(value["parties"]):
        coded += [(("parties", number, item), item, party[item]) for item in PARTY if item in party]
    if "codeSystem" not in value:
        return [at("accident-code-system", *coded[0][0])] if coded else []
    system = CodeSystem(value["codeSystem"])
    if system not in (CodeSystem.FORM_112, CodeSystem.FORM_96):
        return []  # no whole table of the others is known
    read = ((path, codebook.of_code(item, system, code)) for path, item, code in coded if codebook.codes(item, system))
    return [at("accident-code-unknown", *path) for path, found in read if found and not found.known]


def _party(party: dict, system: CodeSystem | None, known: bool) -> Party:
    """`known`: somebody could claim by this record. Of open data nobody asks how a vehicle stood, and it is most of a file."""
    return Party(
        person=person.normal(party["person"]["identifier"]) if "person" in party else None,
        plate=normalise.plate(party["plate"]) or None if "plate" in party else None,
        kind=party["kind"],
        injured={"death": True, "injured": True, "none": False}.get(party["injury"]),
        vehicle=standing_without_report(own_json.read_party(party, system)) if known else None,
    )


def _evidence(value: dict, record: Record) -> Evidence:
    occurred = moments.moment(value["occurredAt"])
    assert occurred is not None  # the schema's date-time is this reader's
    local = occurred.astimezone(moments.TAIPEI)
    _, longitude, latitude = accident_evidence.coordinates(value["place"])
    system = CodeSystem(value["codeSystem"]) if "codeSystem" in value else None
    told = sorted(value["parties"], key=lambda party: party["order"])
    known = any("person" in party or "plate" in party for party in told)
    parties = tuple(_party(party, system, known) for party in told)
    accident = Accident(
        date=local.date().isoformat(),
        time=local.strftime("%H:%M"),
        place=value["place"]["text"],
        roads=roads(value["place"]["text"]),
        longitude=longitude,
        latitude=latitude,
        parties=parties,
        severity=value["severity"],
        deaths=int(value["deaths"]),
        injuries=int(value["injuries"]),
    )
    persons, plates = accident_evidence.persons_and_plates(parties)
    number = normalise.text(value.get("caseNumber", ""))
    issuer = value["unit"]["code"]
    return Evidence(
        paper="accident",
        identity=value["id"],
        version=fields.version(value),
        standing=fields.standing(value),
        issued=moments.stamp(occurred),
        issuer=record.sender,
        persons=persons,
        classes=(DataClass.POLICE,),
        plates=plates,
        numbers=(Number(type=NumberType.POLICE_CASE, value=number, issuer=issuer),) if number else (),
        accident=accident,
        published=tuple(sorted(value.get("papers", ()))),
        open_data=not persons and not plates,
        content=accident_evidence.fingerprint(accident, *((number,) if number else plates)),
        parts=(accident_evidence.fingerprint(accident),),
        facts=accident_evidence.facts(accident, len(parties), value["unit"]["name"]),
    )
