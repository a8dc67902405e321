"""The receipt of a sandbox document: the Claim with its lines, and the Coverage behind it (facts-fhir-taiwan 1.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.sandbox.resources import HL7, ICLAIM, PAYERS, Json, Refs, coded, profile, to

if TYPE_CHECKING:
    from services.sandbox.documents import Line, Spec


def coverage(spec: Spec, refs: Refs) -> Json:
    return {
        "resourceType": "Coverage",
        "id": refs["coverage"],
        "meta": profile("coverage-iclaim"),
        "status": "active",
        "subscriberId": spec.member or spec.person.record_number,
        "beneficiary": to(refs["patient"]),
        "relationship": coded(f"{HL7}/subscriber-relationship", "self"),
        "payor": [to(refs["company"])],
    }


def claim(spec: Spec, refs: Refs) -> Json:
    """The receipt. `total` is what the patient pays; NHI lines are points, without currency."""
    receipt = {
        "type": {"text": "收據號碼"},
        "system": f"{spec.hospital.system}/receipt",
        "value": spec.receipt,
    }
    made: Json = {
        "resourceType": "Claim",
        "id": refs["claim"],
        "meta": profile("claim-iclaim"),
        "identifier": [{"system": spec.hospital.system, "value": spec.number}, receipt],
        "status": "active",
        "type": coded(f"{HL7}/claim-type", "institutional"),
        "use": "claim",
        "patient": to(refs["patient"]),
        "billablePeriod": {"start": spec.start.date().isoformat(), "end": spec.end.date().isoformat()},
        "created": spec.written.date().isoformat(),
        "insurer": to(refs["company"]),
        "provider": to(refs["hospital"]),
        "priority": coded(f"{HL7}/processpriority", "normal" if spec.kind == "IMP" else "stat"),
        "careTeam": [{"sequence": 1, "provider": to(refs["doctor-role"])}],
        "diagnosis": [
            {"sequence": place + 1, "diagnosisReference": to(refs[f"condition-{place}"])}
            for place in range(len(spec.diagnoses))
        ],
        "insurance": [{"sequence": 1, "focal": True, "coverage": to(refs["coverage"])}],
        "item": [_item(spec, refs, place, line) for place, line in enumerate(spec.lines, start=1)],
        "total": {"value": spec.total, "currency": "TWD"},
    }
    if spec.accident:
        made["accident"] = {"date": spec.accident, "type": coded(f"{HL7}/v3-ActCode", "MVA")}
        if spec.accident_place:
            made["accident"]["locationAddress"] = {"text": spec.accident_place}
    return made


def _item(spec: Spec, refs: Refs, place: int, line: Line) -> Json:
    currency = {"currency": "TWD"} if line.payer == "patient" else {}
    system = f"{ICLAIM}/CodeSystem/cathay-chargeitemcode-values"
    if line.code != "REGISTRATION":  # the only charge code that iClaim publishes; the rest are each hospital's own
        system = f"{spec.hospital.system}/CodeSystem/fee-item"
    return {
        "sequence": place,
        "careTeamSequence": [1],
        "diagnosisSequence": [1],
        "category": coded("http://hl7.org/fhir/invoice-priceComponentType", "base"),
        "productOrService": coded(system, line.code, line.text),
        "modifier": [coded(*PAYERS[line.payer])],
        "servicedDate": spec.end.date().isoformat(),
        "quantity": {"value": line.quantity},
        "unitPrice": {"value": line.price, **currency},
        "net": {"value": line.net, **currency},
        "encounter": [to(refs["encounter"])],
    }
