"""A motor case by law: an accident of two insured vehicles, an application with both insurers, and a party's copy of a slip."""

import json
from dataclasses import dataclass

from services.sandbox.filings import pdf
from services.sandbox.participants import NON_LIFE, insurer_of, plates
from tests.integration import bodies
from tests.integration.bodies import CLAIMLINK, POLICE, Json

DAY = "2025-09-03"
ONE, OTHER, THIRD = (code for code, _ in NON_LIFE)


@dataclass(frozen=True)
class PoliceCase:
    """`accident` and `application` as sent; `slip` is the metadata of the registration slip, `file` its bytes. ONE and OTHER
    may be given it by law, THIRD may not."""

    number: int
    accident: bytes
    application: bytes
    slip: Json
    file: bytes


def police_case(number: int | None = None, **slip: object) -> PoliceCase:
    number = bodies.fresh() if number is None else number
    first, second = _plate(ONE, number), _plate(OTHER, number)
    accident: Json = json.loads(bodies.accident(number))
    accident["occurredAt"] = f"{DAY}T08:15:00+08:00"
    for party, plate in zip(accident["parties"], (first, second), strict=False):
        party["plate"] = plate
    application: Json = json.loads(bodies.application(number))
    application["loss"] = {"kind": "motor", "date": DAY, "plate": first}
    application["vehicles"][0]["plate"] = first
    application["insurers"] = [{"code": code, "cover": "motor-compulsory"} for code in (ONE, OTHER)]
    described = bodies.metadata(number) | {
        "kind": "registration-slip",
        "classes": ["police"],
        "issuer": POLICE,
        "issued": DAY,
        "numbers": {"policeCase": accident["caseNumber"]},
        "loss": {"kind": "motor", "date": DAY, "plate": first},
    }
    return PoliceCase(number, bodies.dump(accident), bodies.dump(application), described | slip, pdf(f"slip {number}"))


def _plate(insurer: str, number: int) -> str:
    """A plate of the register that this insurer covers compulsorily; another for each number."""
    covered = [plate for plate in plates() if insurer_of(plate) == insurer]
    return covered[number % len(covered)]


__all__ = ["CLAIMLINK", "DAY", "ONE", "OTHER", "POLICE", "THIRD", "PoliceCase", "police_case"]
