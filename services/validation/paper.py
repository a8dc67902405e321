"""An upload: a file, and the metadata that says what it is and about whom. Pure."""

from schemas import normalise
from schemas.evidence import DataClass, Evidence, Number, NumberType
from schemas.problems import Problem
from schemas.records import Record
from services.validation import fields, loss, moments, person
from services.validation.parts import part
from services.validation.schema import at

_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)
_CLASS_OF_KIND = {  # what a paper of the kind is whatever else it holds: a certificate filed as police would go by law
    "certificate": DataClass.CERTIFICATE,
    "receipt": DataClass.RECEIPT,
    "registration-slip": DataClass.POLICE,
    "scene-diagram": DataClass.POLICE,
    "scene-photo": DataClass.POLICE,
    "preliminary-analysis": DataClass.POLICE,
    "assessment-verdict": DataClass.POLICE,
    "repair-estimate": DataClass.REPAIR,
    "repair-invoice": DataClass.REPAIR,
    "damage-photo": DataClass.REPAIR,
    "identity": DataClass.IDENTITY,
}
_NUMBERS = {
    "certificate": NumberType.CERTIFICATE,
    "receipt": NumberType.RECEIPT,
    "policeCase": NumberType.POLICE_CASE,
    "claim": NumberType.CLAIM,
}
GOING_BY_LAW = (DataClass.POLICE, DataClass.APPLICATION)  # no consent asked: only papers that are of that kind
GENERIC = ("", "application/octet-stream")  # what clients send that do not know; it is handed over so
HOSPITAL_KINDS = ("certificate", "receipt")


def media_type(file: bytes) -> str | None:
    """What the file is by its first bytes; None when it is no paper."""
    return next((name for signature, name in _SIGNATURES if file.startswith(signature)), None)


def file_faults(file: bytes, record: Record) -> list[Problem]:
    """The file is a PDF, JPEG or PNG, and what it claims to be."""
    real = media_type(file)
    if real is None:
        return [at("paper-media-type", "file")]
    claimed = record.media_type.partition(";")[0].strip().lower()
    if claimed == real:
        return []
    return [at("paper-media-type-generic" if claimed in GENERIC else "paper-media-type-differs", "file")]


def faults(value: dict, record: Record) -> list[Problem]:
    """What the schema cannot say of the metadata."""
    found = []
    for number, identifier in enumerate(value["persons"]):
        found += fields.person_faults(identifier, "persons", number)
    own = _CLASS_OF_KIND.get(value["kind"])
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
    return [*found, *issued, *loss.faults(value["loss"], record)]


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
        content=parts[0] if len(parts) == 2 else normalise.canonical("paper", kind, record.sha256, loss.fields(named)),
        parts=parts,
        facts={"kind": kind, "issuer": issuer, "issued": value["issued"]},
    )
