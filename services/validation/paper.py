"""An upload: a file, and the metadata that says what it is and about whom. Pure."""

import base64
import json
from datetime import date, timedelta

from adapters.forms import scan
from schemas import normalise
from schemas.evidence import AssessmentWord, DataClass, Evidence, Number, NumberType, PartyVerdict, Upload
from schemas.integrity import Origin
from schemas.paper_kinds import KIND
from schemas.problems import Problem
from schemas.records import Record
from services.validation import fields, loss, moments, person
from services.validation.parts import part
from services.validation.schema import at

_NUMBERS = {
    "certificate": NumberType.CERTIFICATE,
    "receipt": NumberType.RECEIPT,
    "policeCase": NumberType.POLICE_CASE,
    "claim": NumberType.CLAIM,
}
GOING_BY_LAW = (DataClass.POLICE, DataClass.APPLICATION)  # no consent asked: only papers that are of that kind
GENERIC = ("", "application/octet-stream")  # what clients send that do not know; it is handed over so
HOSPITAL_KINDS = ("certificate", "receipt")
ASSESSMENT = "assessment-verdict"
ALGORITHMS = ("EdDSA", "ES256")


def file_faults(file: bytes, record: Record) -> list[Problem]:
    """The file is a whole PDF, JPEG or PNG, and what it claims to be."""
    real = scan.media_type(file)
    if real is None:
        return [at("paper-media-type", "file")]
    if not scan.whole(file):
        return [at("paper-broken", "file")]
    claimed = record.media_type.partition(";")[0].strip().lower()
    if claimed == real:
        return []
    return [at("paper-media-type-generic" if claimed in GENERIC else "paper-media-type-differs", "file")]


def faults(value: dict, record: Record) -> list[Problem]:
    """What the schema cannot say of the metadata."""
    found = []
    for number, identifier in enumerate(value["persons"]):
        found += fields.person_faults(identifier, "persons", number)
    own = KIND[value["kind"]].data_class
    if own and own not in value["classes"]:
        found.append(at("paper-class-missing", "classes", expected=own))
    found += [
        at("paper-class-foreign", "classes", foreign=one)
        for one in GOING_BY_LAW
        if one in value["classes"] and one != own
    ]
    issued = fields.day_faults(value["issued"], "issued")
    if not issued and value["issued"] > moments.taipei_day(record.received):
        issued.append(at("version-in-future", "issued"))
    if not issued and _too_early(value):
        issued.append(at("paper-before-its-day", "issued", days=KIND[value["kind"]].days or 0))
    return [*found, *issued, *_verdict_faults(value), *_signature_faults(value), *loss.faults(value["loss"], record)]


def _too_early(value: dict) -> bool:
    """Whether a police paper is dated before the day from which the law lets anybody have it."""
    days, day = KIND[value["kind"]].days, value["loss"].get("date")
    if not days or value["loss"].get("kind") != "motor" or fields.day_faults(day):
        return False
    return date.fromisoformat(value["issued"]) < date.fromisoformat(day) + timedelta(days=days)


def _verdict_faults(value: dict) -> list[Problem]:
    if value["kind"] != ASSESSMENT:
        return [at("paper-verdict-foreign", "verdict")] if "verdict" in value else []
    if "verdict" not in value:
        return [at("paper-verdict-missing", "verdict")]
    named = {person.normal(one) for one in value["persons"]}
    return [
        at("paper-verdict-person", "verdict", number, "person")
        for number, one in enumerate(value["verdict"])
        if "person" in one and person.normal(one["person"]) not in named
    ]


def _signature_faults(value: dict) -> list[Problem]:
    """A signature that nobody could check; whether it is the issuer's is told with the case."""
    if "signature" not in value:
        return []
    header = value["signature"].partition(".")[0]
    try:
        told = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except ValueError:
        told = None
    sound = isinstance(told, dict) and told.get("alg") in ALGORITHMS and isinstance(told.get("kid"), str)
    return [] if sound else [at("paper-signature-form", "signature")]


def evidence(value: dict, record: Record) -> Evidence:
    """The view of an upload without faults."""
    named = loss.read(value["loss"])
    kind, issuer = value["kind"], normalise.text(value["issuer"])
    persons = tuple(sorted({person.normal(one) for one in value["persons"]}))
    numbers = {name: normalise.text(number) for name, number in value.get("numbers", {}).items()}
    parts: tuple[str, ...] = ()
    if kind in HOSPITAL_KINDS and kind in numbers:
        parts = tuple(part(kind, issuer, one, numbers[kind]) for one in persons)
    # Equal bytes are the surest copy there is: such papers are about the persons of both.
    parts = (*parts, normalise.canonical("file", record.sha256))
    return Evidence(
        paper=kind,
        identity=value["id"],
        version=fields.version(value),
        standing=fields.standing(value),
        issued=moments.midnight(value["issued"]),
        issuer=issuer,
        persons=persons,
        classes=tuple(value["classes"]),
        plates=loss.plates(named),
        numbers=tuple(
            Number(type=_NUMBERS[name], value=numbers[name], issuer=issuer) for name in _NUMBERS if name in numbers
        ),
        loss=named,
        upload=Upload(
            sha256=record.sha256,
            origin=Origin.ISSUER if normalise.text(record.sender) == issuer else Origin.PARTY,
            signature=value.get("signature"),
        ),
        verdict=tuple(_said(one) for one in value.get("verdict", ())),
        content=parts[0] if len(parts) == 2 else normalise.canonical("paper", kind, record.sha256, loss.fields(named)),
        parts=parts,
        facts=_facts(value, kind, issuer),
    )


def _said(one: dict) -> PartyVerdict:
    return PartyVerdict(
        word=AssessmentWord(one["word"]),
        order=int(one["order"]) if "order" in one else None,
        plate=normalise.plate(one["plate"]) or None if "plate" in one else None,
        person=person.normal(one["person"]) if "person" in one else None,
    )


def _facts(value: dict, kind: str, issuer: str) -> dict[str, str | int | float | bool | list[str]]:
    """The minimum view of an upload for an offer; of an assessment its words, the parties by their order alone."""
    facts: dict[str, str | int | float | bool | list[str]] = {"kind": kind, "issuer": issuer, "issued": value["issued"]}
    if value.get("verdict"):
        facts["verdict"] = [
            f"{one['order']} {one['word']}" if "order" in one else one["word"] for one in value["verdict"]
        ]
    return facts
