"""What owners and patients file through their ClaimLink operator: applications, authorisations, mandates, uploads; reviews."""

import struct
import zlib
from datetime import date
from typing import Any

from schemas.evidence import Cover
from services.sandbox.accidents import Occurrence
from services.sandbox.persons import Person

Json = dict[str, Any]


def motor_loss(day: date, plate: str) -> Json:
    return {"kind": "motor", "date": day.isoformat(), "plate": plate}


def medical_loss(hospital: str, *, day: date | None = None, document: str | None = None) -> Json:
    """The loss of a claim without an accident: the hospital, and a day of the service or the document's number."""
    if document:
        return {"kind": "medical", "hospital": hospital, "document": document}
    assert day is not None
    return {"kind": "medical", "hospital": hospital, "date": day.isoformat()}


def _who(person: Person) -> Json:
    return {"identifier": person.identifier, "name": person.name}


def application(
    identifier: str, applicant: Person, loss: Json, insurers: list[tuple[str, Cover]], *, version: int = 1
) -> Json:
    """An application without an accident; `with_accident` adds one."""
    return {
        "id": identifier,
        "version": version,
        "applicant": {**_who(applicant), "phone": applicant.phone},
        "loss": loss,
        "insurers": [{"code": code, "cover": cover.value} for code, cover in insurers],
    }


def with_accident(filed: Json, seen: Occurrence, number: str | None) -> Json:
    """The application with what the applicant knows of the accident."""
    drivers = {party.plate: party.person for party in seen.parties if party.plate and party.role == "driver"}
    vehicles = []
    for plate in dict.fromkeys(party.plate for party in seen.parties if party.plate):
        driver = drivers.get(plate)
        vehicles.append({"plate": plate, **({"driver": _who(driver)} if driver else {})})
    injured = [party.person for party in seen.parties if party.injured and party.person]
    return {
        **filed,
        "occurredAt": seen.moment.isoformat(),
        "place": {"text": seen.place},
        "vehicles": vehicles,
        "injured": [_who(person) for person in injured],
        **({"policeCaseNumber": number} if number else {}),
        "description": f"{'兩車' if len(vehicles) > 1 else '車輛'}於路口發生事故，人員受傷送醫。",
    }


def authorisation(
    identifier: str,
    *,
    grantor: Person,
    role: str,
    subject: Person,
    subject_role: str,
    recipients: list[str],
    purpose: Cover,
    classes: list[str],
    start: date,
    uses: str,
    loss: Json,
) -> Json:
    """Consent to hand over the subject's papers. It has no end: the truth holds on any day."""
    basis = "written-consent" if role == "self" else f"{role}-consent"
    return {
        "id": identifier,
        "version": 1,
        "grantor": {**_who(grantor), "role": role},
        "subject": _who(subject),
        "subjectRole": subject_role,
        "recipients": recipients,
        "purpose": purpose.value,
        "classes": classes,
        "period": {"start": start.isoformat()},
        "uses": uses,
        "loss": loss,
        "basis": basis,
        "evidence": {"kind": "signed-form", "reference": f"form-{identifier}"},
    }


def by_agent(filed: Json, agent: Person) -> Json:
    """The application as her agent files it."""
    return {**filed, "agent": _who(agent)}


def mandate(identifier: str, *, principal: Person, agent: Person, scope: str, start: date) -> Json:
    """That an agent may do this for the principal. It has no end, as her authorisations have none."""
    return {
        "id": identifier,
        "version": 1,
        "principal": _who(principal),
        "agent": _who(agent),
        "scope": [scope],
        "period": {"start": start.isoformat()},
        "evidence": {"kind": "signed-form", "reference": f"form-{identifier}"},
    }


def dispute(identifier: str, party: Person, loss: Json, insurers: tuple[str, ...]) -> Json:
    """A party's dispute of what was found of the fault."""
    return {
        "id": identifier,
        "version": 1,
        "party": _who(party),
        "loss": loss,
        "wish": "assessment",
        "statement": "我方綠燈直行,對方左轉未讓,請求鑑定。",
        "insurers": list(insurers),
        "evidence": [{"kind": "recording", "reference": "行車紀錄器"}],
    }


def review(approve: bool) -> Json:
    if approve:
        return {"decision": "approve", "reason": "身分與簽名相符"}
    return {"decision": "refuse", "reason": "無法證明得代理本人"}


def paper(
    identifier: str,
    kind: str,
    *,
    persons: list[str],
    classes: list[str],
    issuer: str,
    issued: date,
    loss: Json,
    numbers: dict[str, str] | None = None,
) -> Json:
    """The metadata of an upload."""
    made: Json = {
        "id": identifier,
        "version": 1,
        "kind": kind,
        "persons": persons,
        "classes": classes,
        "issuer": issuer,
        "issued": issued.isoformat(),
        "loss": loss,
    }
    if numbers:
        made["numbers"] = numbers
    return made


def png(note: str) -> bytes:
    """A valid picture of one white pixel; the note, in ASCII, makes its bytes its own."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(b"\x00\xff")
    text = b"Comment\x00" + note.encode("ascii")
    body = chunk(b"IHDR", head) + chunk(b"tEXt", text) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def pdf(note: str) -> bytes:
    """A valid one-page PDF that says the note, in ASCII."""
    stream = f"BT /F1 12 Tf 72 720 Td ({note}) Tj ET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    made, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    return (
        made
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(made))
    )
