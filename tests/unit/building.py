"""Evidence, nodes, links and consents for tables: short to write, everything not said is neutral."""

from typing import Any

from schemas.evidence import (
    Accident,
    Cover,
    DataClass,
    Evidence,
    Grant,
    LegalBasis,
    Loss,
    NamedInsurer,
    Number,
    NumberType,
    Service,
    SubjectRole,
    Uses,
)
from schemas.records import Kind
from services.consent.entitlement import Consent
from services.hub.linking import Node, keys, near

A, B, C = "A123456789", "B123456780", "C123456781"
X, Y, Z = "82916473", "95753514", "74643675"
DAY = "2025-09-03"
TODAY = "2025-10-01"
PLACE = (121.5431, 25.0331)

PAPER_OF = {Kind.DOCUMENT: "document", Kind.ACCIDENT: "accident", Kind.APPLICATION: "application"}


def plain(value: str) -> str:
    """A look-up that hides nothing: tests read what a hash is of."""
    return value


def evidence(paper: str = "document", **fields: Any) -> Evidence:
    given = {"identity": "i", "version": "1", "issued": f"{DAY}T04:00:00.000000Z"}
    return Evidence(paper=paper, **{**given, **fields})


def accident(
    day: str = DAY, time: str | None = "12:00", at: tuple[float, float] | None = PLACE, **fields: Any
) -> Evidence:
    longitude, latitude = at or (None, None)
    told = fields.pop("accident", None) or Accident(
        date=day, time=time, longitude=longitude, latitude=latitude, roads=fields.pop("roads", ())
    )
    return evidence("accident", **{"accident": told, "classes": (DataClass.POLICE,), "issuer": "unit", **fields})


def document(person: str = A, start: str = DAY, end: str | None = None, **fields: Any) -> Evidence:
    service = Service(
        hospital=fields.pop("hospital", "H1"),
        start=start,
        end=end or start,
        injury=fields.pop("injury", None),
        injuries=fields.pop("injuries", ()),
        accident_date=fields.pop("accident_date", None),
    )
    given = {"persons": (person,), "service": service, "classes": (DataClass.CERTIFICATE,), "issuer": "H1"}
    return evidence("document", **{**given, **fields})


def filing(*insurers: tuple[str, Cover], person: str = A, day: str | None = DAY, **fields: Any) -> Evidence:
    named = tuple(NamedInsurer(insurer=insurer, cover=cover) for insurer, cover in insurers)
    loss = fields.pop("loss", Loss(kind="motor", date=day, plate="AB1") if day else None)
    classes = (DataClass.APPLICATION,)
    given = {"persons": (person,), "applicant": person, "insurers": named, "loss": loss, "classes": classes}
    return evidence("application", **{**given, **fields})


def medical(hospital: str = "H1", **fields: Any) -> Loss:
    return Loss(kind="medical", hospital=hospital, **fields)


def number(type: NumberType, value: str, issuer: str = "") -> Number:
    return Number(type=type, value=value, issuer=issuer)


def node(lineage: str, kind: Kind, told: Evidence, order: int = 1, sender: str | None = None) -> Node:
    record = f"r-{lineage}"
    return Node(
        lineage=lineage,
        record=record,
        kind=kind,
        sender=sender if sender is not None else (told.issuer or "sender"),
        order=order,
        evidence=told,
        own=keys(told, [record], plain),
        near=near(told, plain),
    )


def grant(subject: str = A, *recipients: str, **fields: Any) -> Grant:
    given: dict[str, Any] = {
        "grantor": subject,
        "grantor_role": "self",
        "subject": subject,
        "subject_role": SubjectRole.INJURED,
        "recipients": recipients or (X,),
        "purpose": Cover.MOTOR_COMPULSORY,
        "classes": (DataClass.CERTIFICATE, DataClass.RECEIPT),
        "start": "2025-01-01",
        "end": None,
        "uses": Uses.MULTIPLE,
        "basis": LegalBasis.WRITTEN_CONSENT,
    }
    return Grant(**{**given, **fields})


def consent(subject: str = A, *recipients: str, live: bool = True, name: str = "g", **fields: Any) -> Consent:
    return Consent(f"r-{name}", name, grant(subject, *recipients, **fields), live)


def authorisation(lineage: str, granted: Grant, **fields: Any) -> Node:
    loss = fields.pop("loss", Loss(kind="motor", date=DAY, plate="AB1"))
    told = evidence("authorisation", persons=(granted.subject,), grant=granted, loss=loss, **fields)
    return node(lineage, Kind.AUTHORISATION, told)
