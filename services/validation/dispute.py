"""A dispute: a party's word against what was found of the fault in an accident. Pure."""

from schemas import normalise
from schemas.evidence import Act, Cover, DataClass, Evidence, NamedInsurer
from schemas.problems import Problem
from schemas.records import Record
from services.validation import fields, loss, mandate, moments, person
from services.validation.schema import at

STAGES = ("applied", "received", "reapplied")  # of an assessment, in their order


def faults(value: dict, record: Record) -> list[Problem]:
    """What the schema cannot say of a dispute."""
    found = fields.person_faults(value["party"]["identifier"], "party", "identifier")
    if "agent" in value:
        found += mandate.agent_faults(value, value["party"]["identifier"])
    for number, insurer in enumerate(value["insurers"]):
        found += fields.insurer_faults(insurer, None, "insurers", number)
    if value["loss"].get("kind") == "medical":
        found.append(at("dispute-loss", "loss", "kind"))
    told = value.get("assessment", {})
    for name in told:
        found += fields.day_faults(told[name], "assessment", name)
        if told[name] > moments.taipei_day(record.received):
            found.append(at("dispute-day-in-future", "assessment", name))
    days = [told[name] for name in STAGES if name in told]
    if days != sorted(days):
        found.append(at("dispute-days-reversed", "assessment"))
    if "reapplied" in told and "received" not in told:  # the assessment itself somebody else may have applied for
        found.append(at("dispute-stage-missing", "assessment", "received"))
    return [*found, *loss.faults(value["loss"], record)]


def evidence(value: dict, record: Record) -> Evidence:
    """The view of a dispute without faults. It goes to the insurers that it is filed with, as an application does."""
    named = loss.read(value["loss"])
    who = person.normal(value["party"]["identifier"])
    told = value.get("assessment", {})
    agent = value.get("agent")
    acting = mandate.acting(agent["identifier"], who, record, Act.DISPUTE) if agent else None
    words = (value["wish"], value["statement"], sorted(value["insurers"]), [told.get(name) for name in STAGES])
    content = normalise.canonical("dispute", who, acting.agent if acting else "", *loss.fields(named), *words)
    return Evidence(
        paper="dispute",
        identity=value["id"],
        version=fields.version(value),
        standing=fields.standing(value),
        issued=fields.received(record),
        issuer=record.sender,
        persons=(who,),
        classes=(DataClass.APPLICATION,),
        plates=loss.plates(named),
        loss=named,
        insurers=tuple(NamedInsurer(insurer=one, cover=Cover.MOTOR_THIRD_PARTY) for one in value["insurers"]),
        acting=acting,
        content=content,
        facts={"wish": value["wish"], **{name: told[name] for name in STAGES if name in told}},
    )
