"""Bodies that the doors accept, each new: numbers count up, persons and plates are derived from them."""

import copy
import json
from itertools import count
from pathlib import Path
from typing import Any

from schemas.json import load
from services.sandbox.filings import pdf
from services.sandbox.persons import national_id

Json = dict[str, Any]
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "document.json"
HOSPITAL, OTHER_HOSPITAL = "1537990035", "1131990017"
POLICE, OTHER_POLICE = "387130000C", "379130000C"
CLAIMLINK, OTHER_CLAIMLINK = "CL01", "CL02"
OPERATOR, OTHER_OPERATOR = "operator-1", "operator-2"
INSURER = "82916473"

WOMEN = 26 * 10**7  # serials from here on give a woman's number, as the example's patient is one

_numbers = count(1)


def fresh() -> int:
    """A number that no other body of this process has."""
    return next(_numbers)


def dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def document(number: int | None = None, **changes: Any) -> bytes:
    """A hospital document of `HOSPITAL` with numbers of its own. `changes`: timestamp, status, id."""
    number = fresh() if number is None else number
    text = EXAMPLE.read_text().replace("BDDBE0001101", f"T{number:08d}")
    text = text.replace("N298338217", national_id(WOMEN + 26 * 1_003 * number))
    bundle = json.loads(text)
    if "timestamp" in changes:
        bundle["timestamp"] = changes["timestamp"]
    if "status" in changes:
        bundle["entry"][0]["resource"]["status"] = changes["status"]
    return dump(bundle)


def _example(name: str) -> Json:
    return copy.deepcopy(load(name)["examples"][0])  # type: ignore[index]


def plate(number: int) -> str:
    return f"TST-{number:04d}"


def accident(number: int | None = None, unit: str = POLICE, **changes: Any) -> bytes:
    number = fresh() if number is None else number
    value = _example("accident") | {"id": f"acc-{number}", "caseNumber": f"A{number:09d}"}
    value["unit"] = {"code": unit, "name": "測試警察局"}
    value["place"] = {"text": f"雲澤市中央區測試{number}路"}
    for order, party in enumerate(value["parties"]):
        party["plate"] = plate(2 * number + order)
        party["person"]["identifier"] = national_id(2_000_003 * number + order)
    return dump(value | changes)


def application(number: int | None = None, **changes: Any) -> bytes:
    number = fresh() if number is None else number
    value = _example("application") | {"id": f"app-{number}", "policeCaseNumber": f"A{number:09d}"}
    person = {"identifier": national_id(3_000_017 * number), "name": "測試人"}
    value["applicant"] = person
    value["loss"] = {"kind": "motor", "date": "2025-09-03", "plate": plate(number)}
    value["vehicles"] = [{"plate": plate(number), "driver": person}]
    value["injured"] = [person]
    return dump(value | changes)


def authorisation(number: int | None = None, **changes: Any) -> bytes:
    number = fresh() if number is None else number
    person = {"identifier": national_id(3_000_017 * number), "name": "測試人"}
    value = _example("authorisation") | {
        "id": f"auth-{number}",
        "grantor": {**person, "role": "self"},
        "subject": person,
    }
    value["loss"] = {"kind": "motor", "date": "2025-09-03", "plate": plate(number)}
    return dump(value | changes)


def agent(number: int) -> Json:
    return {"identifier": national_id(5_000_011 * number + 7), "name": "代理人"}


def mandate(number: int | None = None, **changes: Any) -> bytes:
    """Of the person of `authorisation(number)` to her agent."""
    number = fresh() if number is None else number
    person = {"identifier": national_id(3_000_017 * number), "name": "測試人"}
    value = _example("mandate") | {"id": f"mandate-{number}", "principal": person, "agent": agent(number)}
    return dump(value | {"period": {"start": "2025-09-05"}} | changes)


def by_agent(number: int, **changes: Any) -> bytes:
    """`authorisation(number)`, given by her agent."""
    acting = {"grantor": {**agent(number), "role": "agent"}, "basis": "agent-consent"}
    return authorisation(number, **(acting | changes))


def dispute(number: int | None = None, **changes: Any) -> bytes:
    number = fresh() if number is None else number
    value = _example("dispute") | {"id": f"dispute-{number}"}
    value["party"] = {"identifier": national_id(3_000_017 * number), "name": "測試人"}
    value["loss"] = {"kind": "motor", "date": "2025-09-03", "plate": plate(number)}
    return dump(value | changes)


def review(decision: str = "approve", reason: str = "簽名相符") -> bytes:
    return dump({"decision": decision, "reason": reason})


def metadata(number: int | None = None, **changes: Any) -> Json:
    number = fresh() if number is None else number
    value = _example("paper") | {"id": f"paper-{number}", "persons": [national_id(3_000_017 * number)]}
    value["numbers"] = {"certificate": f"D{number:010d}"}
    value["loss"] = {"kind": "motor", "date": "2025-09-03", "plate": plate(number)}
    return value | changes


def upload(described: Json | bytes, file: bytes, media_type: str = "application/pdf") -> dict[str, Any]:
    """What httpx takes as `files`."""
    text = described if isinstance(described, bytes) else dump(described)
    return {"metadata": (None, text, "application/json"), "file": ("scan.pdf", file, media_type)}


def scan(number: int | None = None) -> bytes:
    return pdf(f"scan {fresh() if number is None else number}")
