"""An authorisation: a person's consent, before its review. Pure."""

from schemas.evidence import Act, Evidence, Grant
from schemas.problems import Problem
from schemas.records import Record
from services.validation import fields, loss, mandate, person
from services.validation.schema import at

BASIS_OF_ROLE = {  # Personal Data Protection Act (I0050021): who consents decides in what form
    "self": "written-consent",
    "representative": "representative-consent",
    "heir": "heir-consent",
    "agent": "agent-consent",
}


def faults(value: dict, record: Record) -> list[Problem]:
    """What the schema cannot say of an authorisation."""
    grantor, subject = value["grantor"], value["subject"]
    found = fields.person_faults(grantor["identifier"], "grantor", "identifier")
    found += fields.person_faults(subject["identifier"], "subject", "identifier")
    one_person = person.normal(grantor["identifier"]) == person.normal(subject["identifier"])
    if one_person != (grantor["role"] == "self"):
        found.append(at("filing-grantor-role", "grantor", "role"))
    if value["basis"] != BASIS_OF_ROLE[grantor["role"]]:
        found.append(at("filing-basis-differs", "basis"))
    if grantor["role"] == "heir" and value["subjectRole"] != "deceased":
        found.append(at("filing-heir-subject", "subjectRole"))
    if grantor["role"] == "agent" and value["subjectRole"] == "deceased":
        found.append(at("filing-agent-subject", "subjectRole"))
    for number, recipient in enumerate(value["recipients"]):
        found += fields.insurer_faults(recipient, value["purpose"], "recipients", number)
    found += fields.period_faults(value["period"])
    return [*found, *loss.faults(value["loss"], record)]


def evidence(value: dict, record: Record) -> Evidence:
    """The view of an authorisation without faults."""
    named = loss.read(value["loss"])
    subject = person.normal(value["subject"]["identifier"])
    grantor = value["grantor"]
    grant = Grant(
        grantor=person.normal(grantor["identifier"]),
        grantor_role=grantor["role"],
        subject=subject,
        subject_role=value["subjectRole"],
        recipients=tuple(value["recipients"]),
        purpose=value["purpose"],
        classes=tuple(value["classes"]),
        start=value["period"]["start"],
        end=value["period"].get("end"),
        uses=value["uses"],
        basis=value["basis"],
    )
    return Evidence(
        paper="authorisation",
        identity=value["id"],
        version=fields.version(value),
        standing=fields.standing(value),
        issued=fields.received(record),
        issuer=record.sender,
        persons=(subject,),
        plates=loss.plates(named),
        loss=named,
        grant=grant,
        acting=mandate.acting(grantor["identifier"], subject, record, Act.AUTHORISATION)
        if grantor["role"] == "agent"
        else None,
    )
