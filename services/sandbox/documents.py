"""Hospital documents of the sandbox: iClaim bundles with certificate, receipt and, where there are any, laboratory
report and operation. Shaped like the assembled documents (facts-fhir-taiwan 1 and 11), made from a `Spec`.
"""

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.ids import derive
from services.sandbox import receipts, resources
from services.sandbox.participants import Hospital
from services.sandbox.persons import Person

Json = dict[str, Any]
LOINC = "http://loinc.org"
FORM = "64291-8"  # Health insurance-related form Document


@dataclass(frozen=True)
class Line:
    """A line of the receipt. `payer`: "patient" (TWD) or "nhi" (points)."""

    code: str
    text: str
    payer: str
    quantity: int
    price: int

    @property
    def net(self) -> int:
        return self.quantity * self.price


@dataclass(frozen=True)
class Test:
    """A laboratory result: LOINC code, name, value, unit, and the range that counts as normal."""

    loinc: str
    name: str
    value: float
    unit: str
    low: float
    high: float


@dataclass(frozen=True)
class Operation:
    """A procedure: ICD-10-PCS code and name, from and to."""

    code: str
    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Spec:
    """All that a document says. Times carry their zone; `accident` is the day, or None; `number` the case number.

    `rank` tells apart documents that share everything else: it only changes the ids of the entries.
    """

    hospital: Hospital
    person: Person
    number: str
    written: datetime  # Composition.date
    sent: datetime  # Bundle.timestamp
    kind: str  # AMB | EMER | IMP
    department: tuple[str, str]
    encounter: str
    start: datetime
    end: datetime
    diagnoses: tuple[tuple[str, str], ...]
    advice: str
    certificate: str
    receipt: str
    lines: tuple[Line, ...]
    doctor: tuple[str, str]
    insurer: str
    status: str = "final"
    member: str | None = None
    accident: str | None = None
    accident_place: str | None = None
    tests: tuple[Test, ...] = ()
    technician: tuple[str, str] | None = None
    operation: Operation | None = None
    sections: bool = False
    rank: int = 0

    @property
    def total(self) -> int:
        """What the patient pays."""
        return sum(line.net for line in self.lines if line.payer == "patient")


def build(spec: Spec) -> Json:
    """The bundle as a JSON object. The same spec gives the same bundle, ids of the entries included."""
    refs = _references(spec)
    made = [
        _composition(spec, refs),
        resources.patient(spec, refs),
        resources.hospital(spec, refs),
        resources.company(spec, refs),
        *resources.practitioners(spec, refs),
        resources.encounter(spec, refs),
        *resources.conditions(spec, refs),
        receipts.coverage(spec, refs),
        *([resources.procedure(spec, refs)] if spec.operation else []),
        *resources.laboratory(spec, refs),
        receipts.claim(spec, refs),
    ]
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [f"{resources.ICLAIM}/StructureDefinition/bundle-iclaim"]},
        "identifier": {"system": spec.hospital.system, "value": spec.number},
        "type": "document",
        "timestamp": spec.sent.isoformat(),
        "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in made],
    }


def _references(spec: Spec) -> dict[str, str]:
    """The id of every entry by its part in the document."""
    rng = random.Random(derive("document", spec.hospital.code, spec.number, spec.sent.isoformat(), spec.rank))
    parts = ["composition", "patient", "hospital", "company", "doctor", "doctor-role", "technician", "technician-role"]
    parts += ["encounter", "coverage", "procedure", "report", "claim"]
    parts += [f"condition-{place}" for place in range(len(spec.diagnoses))]
    parts += [f"test-{place}" for place in range(len(spec.tests))]
    return {part: _uuid(rng.getrandbits(128)) for part in parts}


def _uuid(bits: int) -> str:
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _composition(spec: Spec, refs: dict[str, str]) -> Json:
    parts = ["診斷證明", *(["檢驗紀錄"] if spec.tests else [])]
    title = "-".join(["理賠用收據", *parts])
    return {
        "resourceType": "Composition",
        "id": refs["composition"],
        "meta": {"profile": [f"{resources.ICLAIM}/StructureDefinition/composition-iclaim"]},
        "language": "zh-TW",
        "text": resources.narrative(_certificate_text(spec)),
        "identifier": {"system": spec.hospital.system, "value": spec.number},
        "status": spec.status,
        "type": resources.coded(LOINC, FORM),
        "subject": resources.to(refs["patient"]),
        "encounter": resources.to(refs["encounter"]),
        "date": spec.written.isoformat(),
        "author": [resources.to(refs["hospital"])],
        "title": title,
        "custodian": resources.to(refs["hospital"]),
        "section": _sections(spec, refs, title),
    }


def _sections(spec: Spec, refs: dict[str, str], title: str) -> list[Json]:
    certificate = [*(f"condition-{place}" for place in range(len(spec.diagnoses))), "encounter", "doctor"]
    receipt = ["claim", "coverage", "company"]
    tests = ["report", *(f"test-{place}" for place in range(len(spec.tests))), "technician"] if spec.tests else []
    operation = ["procedure"] if spec.operation else []

    def section(name: str, code: str, parts: list[str], text: str | None) -> Json:
        made: Json = {"title": name, "code": resources.coded(LOINC, code)}
        if text:
            made["text"] = resources.narrative(text)
        made["entry"] = [resources.to(refs[part]) for part in parts]
        return made

    if not spec.sections:
        return [section(title, FORM, [*receipt, *certificate, *operation, *tests], _receipt_text(spec))]
    made = [
        section("診斷證明書", FORM, certificate, _certificate_text(spec)),
        section("醫療費用收據", FORM, receipt, _receipt_text(spec)),
    ]
    if operation:
        made.append(section("手術日期及方法", "8724-7", operation, None))
    if tests:
        made.append(section("檢驗紀錄", "30954-2", tests, None))
    return made


def _certificate_text(spec: Spec) -> str:
    rows = (
        ("姓名", spec.person.name),
        ("應診科別", spec.department[1]),
        ("應診日期", f"{resources.roc(spec.start)}至{resources.roc(spec.end)}"),
        ("病名", "；".join(text for _, text in spec.diagnoses)),
        ("醫師囑言", spec.advice),
    )
    cells = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in rows)
    return (
        f"<p><b>診斷證明書</b> {spec.certificate}</p><table><tbody>{cells}</tbody></table>"
        "<p>以上病人經本院醫師診斷屬實，特予證明。</p>"
    )


def _receipt_text(spec: Spec) -> str:
    cells = "".join(
        f"<tr><td>{place}</td><td>{line.text}</td>"
        f"<td>{'自付' if line.payer == 'patient' else '健保'}</td>"
        f"<td>{line.net} {'元' if line.payer == 'patient' else '點'}</td></tr>"
        for place, line in enumerate(spec.lines, start=1)
    )
    head = "<thead><tr><th>序</th><th>項目</th><th>付款</th><th>金額</th></tr></thead>"
    return f"<table>{head}<tbody>{cells}</tbody></table><p>病人應付合計 {spec.total} 元</p>"
