"""The payload: one real outpatient document, each copy with a person, identities and an authorisation of its own."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from schemas.ids import record_id
from services.sandbox.persons import national_id

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared" / "data"))
PAYLOAD = SHARED / "fhir" / "iclaim" / "assembled" / "bundle-outpatient-illness.json"
HOSPITAL, INSURER, CLAIMLINK, OPERATOR = "1537990035", "66316960", "CL01", "operator-1"
DAY = "2025-09-03"
CLASSES = ["certificate", "receipt", "laboratory", "operation", "imaging", "medical-record"]
WOMEN = 26 * 10**7  # serials from here on give a woman's number, as the payload's patient is one


@dataclass(frozen=True)
class Prepared:
    """What one document needs to become an offer: the authorisation, its review's path, the document."""

    authorisation: bytes
    review_path: str
    review: bytes
    document: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.document).hexdigest()


def prepare(number: int) -> Prepared:
    person = national_id(WOMEN + 26 * number)
    authorisation = json.dumps(
        {
            "id": f"bench-{number}",
            "version": 1,
            "grantor": {"identifier": person, "name": "卓霽川", "role": "self"},
            "subject": {"identifier": person, "name": "卓霽川"},
            "subjectRole": "insured",
            "recipients": [INSURER],
            "purpose": "life-health",
            "classes": CLASSES,
            "period": {"start": "2025-01-01"},
            "uses": "multiple",
            "loss": {"kind": "medical", "hospital": HOSPITAL, "date": DAY},
            "basis": "written-consent",
            "evidence": {"kind": "paper-signature", "reference": f"bench-{number}"},
        }
    ).encode()
    record = record_id(CLAIMLINK, "POST", "/authorisations", hashlib.sha256(authorisation).hexdigest())
    return Prepared(
        authorisation,
        f"/authorisations/{record}/review",
        b'{"decision":"approve","reason":"bench"}',
        document(number, person),
    )


_TEXT = PAYLOAD.read_text() if PAYLOAD.exists() else ""


def document(number: int, person: str) -> bytes:
    """The payload with its person and every number that identifies it replaced."""
    if not _TEXT:
        raise SystemExit(f"the payload is missing: {PAYLOAD} (set CLAIMS_SHARED_DATA to the folder of the shared data)")
    serial = f"{number:06d}"
    text = _TEXT
    for old, new in (
        ("N225904174", person),
        ("114090300152", f"114{serial}152"),
        ("1140903-C-0088", f"C-{serial}-88"),
        ("O1140903-0152", f"O-{serial}"),
        ("5518-02", f"M-{serial}"),
        ("NY-0098-55120", f"NY-{serial}"),
    ):
        text = text.replace(old, new)
    return text.encode()
