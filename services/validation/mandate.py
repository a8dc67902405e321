"""A mandate: a person's word that another may act for her, before its review. Pure."""

from schemas.evidence import Acting, Mandate, Standing
from schemas.problems import Problem
from schemas.records import Record
from services.validation import fields, moments, person
from services.validation.schema import at


def faults(value: dict, record: Record) -> list[Problem]:
    """What the schema cannot say of a mandate."""
    principal = value["principal"]["identifier"]
    found = fields.person_faults(principal, "principal", "identifier")
    return [*found, *agent_faults(value, principal), *fields.period_faults(value["period"])]


def agent_faults(value: dict, principal: str) -> list[Problem]:
    """Of the `agent` of a body, who acts for this principal."""
    agent = value["agent"]["identifier"]
    found = fields.person_faults(agent, "agent", "identifier")
    if person.normal(agent) == person.normal(principal):
        found.append(at("filing-agent-is-principal", "agent", "identifier"))
    return found


def acting(agent: str, principal: str, record: Record) -> Acting:
    """That an agent does for a principal what this record says."""
    return Acting(
        agent=person.normal(agent), principal=person.normal(principal), day=moments.taipei_day(record.received)
    )


def evidence(value: dict, record: Record) -> Mandate:
    """The content of a mandate without faults."""
    return Mandate(
        identity=value["id"],
        version=fields.version(value),
        withdrawn=fields.standing(value) == Standing.WITHDRAWN,
        principal=person.normal(value["principal"]["identifier"]),
        agent=person.normal(value["agent"]["identifier"]),
        scope=tuple(value["scope"]),
        start=value["period"]["start"],
        end=value["period"].get("end"),
    )
