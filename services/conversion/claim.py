"""The receipts of a case as one Claim, with the coverages behind it (docs/facts-fhir-taiwan.md 1.5, 1.8, 11).

Who pays stands in each item's modifier. What the patient pays is TWD and adds up to the total; what the NHI pays is
points, without currency, and never enters it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from services.conversion.cases import Receipt, days, nhi, total
from services.conversion.mapping import NHI, PATIENT
from services.conversion.rows import EXACT, Line
from services.conversion.source import Number, Text, cells
from services.conversion.words import (
    CHARGES,
    COPAY_CODES,
    FEES,
    HL7,
    ORDER_CODES,
    PAYERS,
    REGISTRATION,
    Json,
    coded,
    profile,
)

if TYPE_CHECKING:
    from services.conversion.building import Document

PRIORITY = "stat"  # processpriority, as iClaim publishes it; "normal" of a stay, which is claimed on discharge


def private(of: Document) -> bool:
    """Whether an insurer of the patient's own is named."""
    return bool({"insurerNumber", "insurerName", "policyNumber"} & set(of.case.facts))


def coverages(of: Document) -> list[str]:
    """The parts that say who covers: coverages first, then who stands behind them."""
    own, national = private(of), nhi(of.case)
    parts = [("coverage", own), ("coverage-nhi", national), ("company", own), ("nhi", national)]
    return [part for part, present in parts if present]


def resources(of: Document, status: str) -> list[Json]:
    """Coverages and Claim; nothing without a receipt."""
    if not of.case.receipts:
        return []
    made = []
    if private(of):
        made.append(_coverage(of, "coverage", "company", of.case.facts.get("policyNumber"), "coverage-iclaim"))
    if nhi(of.case):
        facts = of.case.facts
        # The NHI knows its insured by card number, and by the number of the person.
        member = facts.get("nhiCard") or facts.get("patientId") or facts.get("passportNumber")
        kind = coded(*PAYERS[NHI])
        made.append({**_coverage(of, "coverage-nhi", "nhi", member, "Coverage-twcore"), "type": kind})
    return [*made, _claim(of, status)]


def _coverage(of: Document, part: str, payor: str, member: Text | None, guide: str) -> Json:
    return {
        "resourceType": "Coverage",
        "id": of.id(part),
        "meta": profile(guide),
        "status": "active",
        "subscriberId": member,
        "beneficiary": of.to("patient"),
        "relationship": coded(f"{HL7}/subscriber-relationship", "self"),
        "payor": [of.to(payor)],
    }


def _claim(of: Document, status: str) -> Json:
    facts, receipts = of.case.facts, of.case.receipts
    focal = [part for part in coverages(of) if part.startswith("coverage")]
    information, places = _information(receipts)
    kind = {"text": "收據號碼"}
    numbers = [of.numbered(one.facts.get("receiptNumber"), "receipt") for one in receipts]
    start, end = _billed(of)
    items = [
        _item(of, line, place, places[receipt])
        for place, (receipt, line) in enumerate(
            ((number, line) for number, one in enumerate(receipts) for line in one.lines), start=1
        )
    ]
    return {
        "resourceType": "Claim",
        "id": of.id("claim"),
        "meta": profile("claim-iclaim"),
        "identifier": [of.numbered(of.case.number), *({"type": kind, **number} for number in numbers if number)],
        "status": status,
        "type": coded(f"{HL7}/claim-type", "institutional"),
        "use": "claim",
        "patient": of.to("patient"),
        "billablePeriod": {"start": start, "end": end},
        "created": _latest(receipts),
        "insurer": of.to("company" if private(of) else "nhi") if focal else None,
        "provider": of.to("hospital"),
        "priority": coded(f"{HL7}/processpriority", "normal" if facts.get("visit") == "IMP" else PRIORITY),
        "careTeam": [{"sequence": 1, "provider": of.to("doctor-role")}] if of.doctor else None,
        "supportingInfo": information,
        "diagnosis": [
            {"sequence": place + 1, "diagnosisReference": of.to(f"condition-{place}")}
            for place in range(len(of.case.diagnoses))
        ],
        "insurance": [
            {"sequence": place, "focal": place == 1, "coverage": of.to(part)}
            for place, part in enumerate(focal, start=1)
        ],
        "accident": {"date": facts.get("accidentDate")},
        "item": items,
        "total": _total(receipts),
    }


def _information(receipts: list[Receipt]) -> tuple[list[Json], list[tuple[list[int], list[int]]]]:
    """What lines refer to: the copayment code, and of several receipts the number. With it, for each receipt, the
    places that its copayments refer to, and those that all its lines do."""
    information: list[Json] = []
    places: list[tuple[list[int], list[int]]] = []
    for receipt in receipts:
        copay, every = [], []
        if code := receipt.facts.get("copayCode"):
            copay.append(len(information) + 1)
            coding = coded(COPAY_CODES, code)
            information.append({"sequence": copay[0], "category": {"text": "部分負擔代碼"}, "code": coding})
        if len(receipts) > 1 and (number := receipt.facts.get("receiptNumber")):
            every.append(len(information) + 1)
            information.append({"sequence": every[0], "category": {"text": "收據號碼"}, "valueString": number})
        places.append((copay, every))
    return information, places


def _item(of: Document, line: Line, place: int, information: tuple[list[int], list[int]]) -> Json:
    currency = "TWD" if line.payer == PATIENT else None
    codings = []
    if line.fee:
        system = CHARGES if line.fee.code == REGISTRATION else FEES
        codings.append({"system": system, "code": Text(line.fee.code, line.text.cells)})
    codings += [{"system": ORDER_CODES[key], "code": code} for key, code in line.codes]
    system, code = PAYERS[line.payer]
    amount, unit = line.quantity or (None, None)
    copay, every = information
    return {
        "sequence": place,
        "informationSequence": [*(copay if line.fee and line.fee.code == "PART" else ()), *every],
        "category": coded("http://hl7.org/fhir/invoice-priceComponentType", "base"),
        "productOrService": {"coding": codings, "text": line.text},
        "modifier": [coded(system, Text(code, line.payer.cells))],
        "servicedDate": _day(line.day),
        "quantity": {"value": amount, "unit": unit or None} if amount is not None else None,
        "unitPrice": {"value": line.price, "currency": currency} if line.price is not None else None,
        "net": {"value": line.net, "currency": currency},
        "encounter": [of.to("encounter")],
    }


def _billed(of: Document) -> tuple[Text | None, Text | None]:
    """The days that the receipts name, else those of the visit."""
    spans = [days(receipt.facts) for receipt in of.case.receipts]
    starts = [start for start, _ in spans if start] or [one for one in (days(of.case.facts)[0],) if one]
    ends = [end for _, end in spans if end] or [one for one in (days(of.case.facts)[1],) if one]
    return _day(min(starts, default=None)), _day(max(ends, default=None))


def _day(moment: Text | None) -> Text | None:
    return Text(moment[:10], moment.cells) if moment else None


def _latest(receipts: list[Receipt]) -> Text | None:
    dates = [one.facts["receiptDate"] for one in receipts if "receiptDate" in one.facts]
    latest = max(dates, default=None)
    return Text(latest, cells(*dates)) if latest else None


def _total(receipts: list[Receipt]) -> Json:
    """What the patient pays: as each receipt prints it, else the sum of her lines."""
    found, of = Decimal(0), []
    for receipt in receipts:
        printed = receipt.facts.get("total")
        mine = [line for line in receipt.lines if line.payer == PATIENT]
        found = EXACT.add(found, total(mine) if printed is None else printed)
        of += [printed] if printed is not None else [line.net for line in mine]
    value = of[0] if len(of) == 1 else Number(found, cells(*of))
    return {"value": value, "currency": "TWD"}
