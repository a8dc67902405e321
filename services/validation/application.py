"""An application: who files for which loss with which insurers. Pure."""

from datetime import datetime

from adapters.police.place import Reading, roads
from schemas import normalise
from schemas.evidence import Accident, Act, Acting, DataClass, Evidence, Loss, NamedInsurer, Number, NumberType
from schemas.problems import Problem
from schemas.records import Record
from services.validation import accident_evidence, fields, loss, mandate, moments, person
from services.validation.schema import at


def faults(value: dict, record: Record) -> list[Problem]:
    """What the schema cannot say of an application."""
    found = fields.person_faults(value["applicant"]["identifier"], "applicant", "identifier")
    if "agent" in value:
        found += mandate.agent_faults(value, value["applicant"]["identifier"])
    for number, one in enumerate(value.get("injured", ())):
        found += fields.person_faults(one["identifier"], "injured", number, "identifier")
    for number, vehicle in enumerate(value.get("vehicles", ())):
        if "driver" in vehicle:
            found += fields.person_faults(vehicle["driver"]["identifier"], "vehicles", number, "driver", "identifier")
    for number, insurer in enumerate(value["insurers"]):
        found += fields.insurer_faults(insurer["code"], insurer["cover"], "insurers", number, "code")
    return [*found, *loss.faults(value["loss"], record), *_occurrence_faults(value, record)]


def _occurrence_faults(value: dict, record: Record) -> list[Problem]:
    found = []
    if "occurredAt" in value:
        occurred = moments.moment(value["occurredAt"])
        assert occurred is not None  # the schema's date-time is this reader's
        if not moments.FIRST_YEAR <= occurred.year < 9999:
            found.append(at("accident-date-range", "occurredAt"))
        elif occurred > datetime.fromisoformat(record.received):
            found.append(at("accident-in-future", "occurredAt"))
        elif value["loss"].get("kind") == "motor" and _local(occurred)[0] != value["loss"]["date"]:
            found.append(at("filing-occurred-differs", "occurredAt"))
    reading = accident_evidence.coordinates(value.get("place", {}))[0]
    if reading != Reading.RIGHT:
        found.append(at(f"accident-coordinates-{reading}", "place"))
    return found


def _local(occurred: datetime) -> tuple[str, str]:
    """Day and minute in Taiwan."""
    there = occurred.astimezone(moments.TAIPEI)
    return there.date().isoformat(), there.strftime("%H:%M")


def evidence(value: dict, record: Record) -> Evidence:
    """The view of an application without faults."""
    named = loss.read(value["loss"])
    applicant = person.normal(value["applicant"]["identifier"])
    vehicles = value.get("vehicles", ())
    drivers = [vehicle["driver"]["identifier"] for vehicle in vehicles if "driver" in vehicle]
    injured = [one["identifier"] for one in value.get("injured", ())]
    insurers = {(one["code"], one["cover"]): None for one in value["insurers"]}  # in the order named, each once
    # With whom it is filed belongs to it: to file the same loss with one more insurer is no repetition.
    part = normalise.canonical("application", applicant, *loss.fields(named), sorted(insurers))
    acting = _agent(value, applicant, record)
    # An agent's word for her is not hers: what she files herself is no repetition of it, and a copy all the same.
    content = normalise.canonical("application-by-agent", part, acting.agent) if acting else part
    return Evidence(
        paper="application",
        identity=value["id"],
        version=fields.version(value),
        standing=fields.standing(value),
        issued=fields.received(record),
        issuer=record.sender,
        persons=tuple(sorted({applicant, *(person.normal(one) for one in (*drivers, *injured))})),
        classes=(DataClass.APPLICATION,),
        plates=loss.plates(named, tuple(vehicle["plate"] for vehicle in vehicles)),
        numbers=_numbers(value),
        loss=named,
        accident=_accident(value, named),
        applicant=applicant,
        insurers=tuple(NamedInsurer(insurer=insurer, cover=cover) for insurer, cover in insurers),
        content=content,
        acting=acting,
        parts=(part,),
        facts=_facts(value, named),
    )


def _numbers(value: dict) -> tuple[Number, ...]:
    """The police case number, whose unit the applicant does not know, and each insurer's claim number."""
    numbers = []
    if "policeCaseNumber" in value:
        numbers.append(Number(type=NumberType.POLICE_CASE, value=normalise.text(value["policeCaseNumber"])))
    for insurer in value["insurers"]:
        if "claimNumber" in insurer:
            claim = normalise.text(insurer["claimNumber"])
            numbers.append(Number(type=NumberType.CLAIM, value=claim, issuer=insurer["code"]))
    return tuple(numbers)


def _accident(value: dict, named: Loss) -> Accident | None:
    """When and where, as the applicant tells it; None without a day, or without anything beyond the loss itself."""
    occurred = moments.moment(value["occurredAt"]) if "occurredAt" in value else None
    day, minute = _local(occurred) if occurred else (named.date if named.kind == "motor" else None, None)
    place = value.get("place", {})
    if not day or not (occurred or place):
        return None
    _, longitude, latitude = accident_evidence.coordinates(place)
    text = place.get("text", "")
    return Accident(date=day, time=minute, place=text, roads=roads(text), longitude=longitude, latitude=latitude)


def _facts(value: dict, named: Loss) -> dict[str, str | int | float | bool | list[str]]:
    """What every insurer named may know: nothing of what another insurer was told."""
    known: dict[str, str | int | float | bool | list[str]] = {
        "loss": named.kind,
        "vehicles": len(value.get("vehicles", ())),
        "injured": len(value.get("injured", ())),
        "policeReported": "policeCaseNumber" in value,
    }
    return known | ({"date": named.date} if named.date else {})


def _agent(value: dict, applicant: str, record: Record) -> Acting | None:
    return (
        mandate.acting(value["agent"]["identifier"], applicant, record, Act.APPLICATION) if "agent" in value else None
    )
