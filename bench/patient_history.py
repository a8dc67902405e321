"""A patient's history as one Bundle, some 2 MB of it, made from a seed: invented person, invented values.

Of the make of synthetic patient generators: years of visits, each with diagnoses, vital signs, laboratory results and
reports, medication, procedures, immunisations, a claim and the insurer's statement. `python -m bench.patient_history
FILE` writes it.
"""

import json
import random
import sys
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

SEED = 20250903
SIZE = 2_000_000  # bytes of compact JSON, at least
_TAIPEI = timezone(timedelta(hours=8))
_TERM = "http://terminology.hl7.org/CodeSystem"
_ICD = "https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-10-cm-2023-tw"
_UCUM = "http://unitsofmeasure.org"
_LOINC = "http://loinc.org"
_VITALS = [  # LOINC, display, unit, UCUM, low, high
    ("8302-2", "Body Height", "cm", "cm", 155, 182),
    ("29463-7", "Body Weight", "kg", "kg", 48, 96),
    ("39156-5", "Body Mass Index", "kg/m2", "kg/m2", 18, 34),
    ("8867-4", "Heart rate", "/min", "/min", 55, 110),
    ("9279-1", "Respiratory rate", "/min", "/min", 11, 22),
    ("8310-5", "Body temperature", "Cel", "Cel", 36, 39),
]
_LABORATORY = [
    ("2339-0", "Glucose [Mass/volume] in Blood", "mg/dL", "mg/dL", 65, 210),
    ("38483-4", "Creatinine [Mass/volume] in Blood", "mg/dL", "mg/dL", 1, 3),
    ("2947-0", "Sodium [Moles/volume] in Blood", "mmol/L", "mmol/L", 134, 146),
    ("6298-4", "Potassium [Moles/volume] in Blood", "mmol/L", "mmol/L", 3, 6),
    ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", 140, 260),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", "g/dL", 11, 17),
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", "%", 5, 11),
]
_DIAGNOSES = [
    ("J06.9", "急性上呼吸道感染"),
    ("I10", "本態性(原發性)高血壓"),
    ("E11.9", "第二型糖尿病,未伴有併發症"),
    ("K29.70", "胃炎,未伴有出血"),
    ("M54.50", "下背痛"),
    ("S93.401A", "右側踝部韌帶扭傷之初期照護"),
]
_DRUGS = [("A10BA02", "metformin"), ("C09CA01", "losartan"), ("N02BE01", "paracetamol"), ("A02BC01", "omeprazole")]
_FEES = [("REGISTRATION", "掛號費", 150), ("DIAG", "診察費", 284), ("DRUG", "藥費", 360), ("AMIN", "檢查費", 860)]


def history(seed: int = SEED, size: int = SIZE) -> dict:
    """The Bundle (type collection), with visits until its JSON has `size` bytes."""
    maker = _Maker(random.Random(seed))
    while maker.written < size:
        maker.visit()
    return {
        "resourceType": "Bundle",
        "id": maker.identity(),
        "type": "collection",
        "timestamp": maker.moment(0),
        "entry": maker.entries,
    }


def as_bytes(bundle: dict) -> bytes:
    """Compact UTF-8, as programs send it."""
    return json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode()


def _concept(system: str, code: str, display: str) -> dict:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.now = datetime(2009, 2, 3, 9, 0, tzinfo=UTC)
        self.entries: list[dict] = []
        self.written = 0
        self.hospital = self.add("Organization", identifier=[self.number("PRN", "1141990058")], name="松嶺綜合醫院")
        self.insurer = self.add("Organization", name="青禾人壽保險股份有限公司", active=True)
        self.doctor = self.add("Practitioner", active=True, name=[{"use": "official", "text": "涂又寧"}])
        self.patient = self.add("Patient", **self.person())
        self.coverage = self.add(
            "Coverage", status="active", beneficiary=self.patient, payor=[self.insurer], subscriberId="NY-0098-55120"
        )

    def identity(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def add(self, resource_type: str, **elements: object) -> dict:
        """A new entry; gives the reference to it."""
        identity = self.identity()
        resource = {"resourceType": resource_type, "id": identity, **elements}
        self.entries.append({"fullUrl": f"urn:uuid:{identity}", "resource": resource})
        self.written += len(as_bytes(self.entries[-1])) + 1
        return {"reference": f"urn:uuid:{identity}"}

    def moment(self, minutes: int) -> str:
        return (self.now + timedelta(minutes=minutes)).astimezone(_TAIPEI).isoformat()

    def number(self, kind: str, value: str) -> dict:
        kinds = {"coding": [{"system": f"{_TERM}/v2-0203", "code": kind}]}
        return {"use": "official", "type": kinds, "system": "https://www.songling-hospital.example", "value": value}

    def person(self) -> dict:
        story = '<div xmlns="http://www.w3.org/1999/xhtml"><p>簡書嫻, <b>1982-07-19</b></p></div>'
        return {
            "text": {"status": "generated", "div": story},
            "identifier": [self.number("MR", "0083317")],
            "name": [{"use": "official", "text": "簡書嫻", "family": "簡", "given": ["書嫻"]}],
            "telecom": [{"system": "phone", "value": "0900-000-000", "use": "mobile"}],
            "gender": "female",
            "birthDate": "1982-07-19",
            "address": [{"text": "臺北市松嶺區青禾路1號", "city": "松嶺區", "district": "臺北市", "country": "TW"}],
            "maritalStatus": _concept(f"{_TERM}/v3-MaritalStatus", "M", "Married"),
            "multipleBirthBoolean": False,
            "communication": [{"language": _concept("urn:ietf:bcp:47", "zh-TW", "繁體中文"), "preferred": True}],
        }

    def visit(self) -> None:
        """One visit with everything that comes of it, some weeks after the one before."""
        self.now += timedelta(days=self.chance.randrange(9, 40), minutes=self.chance.randrange(0, 240))
        period = {"start": self.moment(0), "end": self.moment(25)}
        code, display = self.chance.choice(_DIAGNOSES)
        visit = self.add(
            "Encounter",
            identifier=[self.number("VN", f"O{self.chance.randrange(10**9):09d}")],
            status="finished",
            **{"class": {"system": f"{_TERM}/v3-ActCode", "code": "AMB"}},
            type=[_concept("http://snomed.info/sct", "185345009", "Encounter for symptom")],
            subject=self.patient,
            participant=[{"period": period, "individual": self.doctor}],
            period=period,
            reasonCode=[_concept(_ICD, code, display)],
            serviceProvider=self.hospital,
        )
        condition = self.add(
            "Condition",
            clinicalStatus={"coding": [{"system": f"{_TERM}/condition-clinical", "code": "active"}]},
            verificationStatus={"coding": [{"system": f"{_TERM}/condition-ver-status", "code": "confirmed"}]},
            category=[_concept(f"{_TERM}/condition-category", "encounter-diagnosis", "Encounter Diagnosis")],
            code=_concept(_ICD, code, display),
            subject=self.patient,
            encounter=visit,
            onsetDateTime=self.moment(-1440),
            recordedDate=self.moment(12),
        )
        for row in _VITALS:
            self.observation("vital-signs", "Vital Signs", row, visit)
        self.pressure(visit)
        results = [self.observation("laboratory", "Laboratory", row, visit) for row in _LABORATORY]
        self.add(
            "DiagnosticReport",
            status="final",
            category=[_concept(f"{_TERM}/v2-0074", "LAB", "Laboratory")],
            code=_concept(_LOINC, "51990-0", "Basic metabolic panel - Blood by calculation"),
            subject=self.patient,
            encounter=visit,
            effectiveDateTime=self.moment(10),
            issued=self.moment(15),
            performer=[self.hospital],
            result=results,
        )
        self.treatment(visit, condition)
        self.receipt(visit, condition, period)

    def observation(self, category: str, title: str, row: tuple[str, str, str, str, int, int], visit: dict) -> dict:
        code, display, unit, ucum, low, high = row
        return self.add(
            "Observation",
            status="final",
            category=[_concept(f"{_TERM}/observation-category", category, title)],
            code=_concept(_LOINC, code, display),
            subject=self.patient,
            encounter=visit,
            effectiveDateTime=self.moment(10),
            issued=self.moment(15),
            valueQuantity={**self.amount(low, high), "unit": unit, "system": _UCUM, "code": ucum},
        )

    def amount(self, low: int, high: int) -> dict:
        return {"value": round(self.chance.uniform(low, high), self.chance.choice((0, 1, 2, 4)))}

    def pressure(self, visit: dict) -> None:
        parts = (("8480-6", "Systolic Blood Pressure", 95, 165), ("8462-4", "Diastolic Blood Pressure", 55, 100))
        quantity = {"unit": "mm[Hg]", "system": _UCUM, "code": "mm[Hg]"}
        self.add(
            "Observation",
            status="final",
            category=[_concept(f"{_TERM}/observation-category", "vital-signs", "Vital Signs")],
            code=_concept(_LOINC, "85354-9", "Blood pressure panel"),
            subject=self.patient,
            encounter=visit,
            effectiveDateTime=self.moment(10),
            issued=self.moment(15),
            component=[
                {"code": _concept(_LOINC, code, display), "valueQuantity": {**self.amount(low, high), **quantity}}
                for code, display, low, high in parts
            ],
        )

    def treatment(self, visit: dict, condition: dict) -> None:
        code, name = self.chance.choice(_DRUGS)
        self.add(
            "MedicationRequest",
            status="stopped",
            intent="order",
            medicationCodeableConcept=_concept("http://www.whocc.no/atc", code, name),
            subject=self.patient,
            encounter=visit,
            authoredOn=self.moment(20),
            requester=self.doctor,
            reasonReference=[condition],
            dosageInstruction=[
                {
                    "sequence": 1,
                    "timing": {"repeat": {"frequency": self.chance.randrange(1, 4), "period": 1, "periodUnit": "d"}},
                    "asNeededBoolean": False,
                    "doseAndRate": [{"doseQuantity": {"value": 1}}],
                }
            ],
        )
        self.add(
            "Procedure",
            status="completed",
            code=_concept("http://snomed.info/sct", "430193006", "Medication Reconciliation (procedure)"),
            subject=self.patient,
            encounter=visit,
            performedPeriod={"start": self.moment(5), "end": self.moment(20)},
            reasonReference=[condition],
        )
        if self.chance.random() < 0.2:
            self.add(
                "Immunization",
                status="completed",
                vaccineCode=_concept("http://hl7.org/fhir/sid/cvx", "140", "Influenza, seasonal, injectable"),
                patient=self.patient,
                encounter=visit,
                occurrenceDateTime=self.moment(18),
                primarySource=True,
            )

    def receipt(self, visit: dict, condition: dict, period: dict) -> None:
        """The claim of a visit and the insurer's statement on it, line by line."""
        fees = "https://www.songling-hospital.example/CodeSystem/fees"
        lines, answers = [], []
        for sequence, (code, name, price) in enumerate(_FEES, 1):
            line = {
                "sequence": sequence,
                "productOrService": _concept(fees, code, name),
                "servicedDate": period["start"][:10],
                "net": {"value": price, "currency": "TWD"},
                "encounter": [visit],
            }
            lines.append(line)
            paid = {"value": round(price * 0.8, 2), "currency": "TWD"}
            benefit = {"category": _concept(f"{_TERM}/adjudication", "benefit", "Benefit Amount"), "amount": paid}
            answers.append({**line, "adjudication": [benefit]})
        shared: dict[str, object] = {
            "status": "active",
            "type": _concept(f"{_TERM}/claim-type", "institutional", "Institutional"),
            "use": "claim",
            "patient": self.patient,
            "billablePeriod": period,
            "created": self.moment(60),
            "provider": self.hospital,
        }
        total = {"value": sum(price for _, _, price in _FEES), "currency": "TWD"}
        diagnosis = [{"sequence": 1, "diagnosisReference": condition}]
        claim = self.add(
            "Claim",
            **shared,
            priority={"coding": [{"system": f"{_TERM}/processpriority", "code": "normal"}]},
            diagnosis=diagnosis,
            insurance=[{"sequence": 1, "focal": True, "coverage": self.coverage}],
            item=lines,
            total=total,
        )
        self.add(
            "ExplanationOfBenefit",
            **shared,
            insurer=self.insurer,
            claim=claim,
            outcome="complete",
            diagnosis=diagnosis,
            insurance=[{"focal": True, "coverage": self.coverage}],
            item=answers,
            total=[{"category": _concept(f"{_TERM}/adjudication", "submitted", "Submitted Amount"), "amount": total}],
            payment={"amount": {"value": round(float(total["value"]) * 0.8, 2), "currency": "TWD"}},  # type: ignore[arg-type]
        )


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(as_bytes(history()))
