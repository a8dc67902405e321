"""Intake's doors as operations: what each takes and answers. Data; its schemas are in `shapes.py` and `schemas/json`."""

from schemas.json import names
from schemas.records import Role
from services.delivery.operations import PREVIEW
from services.intake.limits import BATCH_BYTES, BATCH_LINES, CSV_BYTES, LONGEST_PAGE, PAGE
from services.interface.words import (
    ANYTHING,
    EVERYONE,
    FHIR,
    JSON,
    PROBLEM,
    RECORD,
    TEXT,
    Answer,
    Operation,
    Schema,
    ref,
)

HEADS, MAY = ("Claims-Record", "Claims-Receipt"), ("Preference-Applied",)
CODE: Schema = {"type": "string", "pattern": "^[A-Za-z0-9-]{1,40}$", "description": "A participant's code."}
HOSPITAL, POLICE, CLAIMLINK, OPERATOR = (Role.HOSPITAL,), (Role.POLICE,), (Role.CLAIMLINK,), (Role.OPERATOR,)


def _told(body: Schema = ref("Verdict"), media_type: str = JSON) -> tuple[Answer, ...]:
    """The answers about a record that was taken in."""
    content = {media_type: body}
    return (
        Answer(200, "A duplicate, or the same bytes again: the verdict that stands.", content, HEADS, MAY),
        Answer(201, "Accepted.", content, (*HEADS, "Location"), MAY),
        Answer(202, "Kept; the verdict comes later.", content, (*HEADS, "Content-Location"), MAY),
    )


def _withdrawn() -> tuple[Answer, ...]:
    known, _, later = _told()
    return (Answer(200, "Withdrawn, all versions; said again, the same.", known.content, HEADS, MAY), later)


def _accidents() -> tuple[Answer, ...]:
    """Of one accident as every record; of a file a list, once all its accidents are judged."""
    known, made, later = _told()
    body = {JSON: {"anyOf": [ref("Verdict"), ref("Accidents")]}}
    what = "One accident: a duplicate, or the same bytes again. An open-data file: a line for each of its accidents."
    at_file = (*MAY, "Content-Location")
    file = Answer(200, what, body, HEADS, at_file)
    none = Answer(422, "No accident of the file is good.", {PROBLEM: ref("NoGoodRow")}, HEADS, at_file)
    return file, made, later, none


def _batch() -> tuple[Answer, ...]:
    body = {JSON: ref("Batch")}
    return (
        Answer(200, "What became of each.", body, may=MAY),
        Answer(202, "All are kept; some verdicts come later. The same batch sent again tells them.", body, may=MAY),
    )


OPERATIONS = (
    Operation(
        "POST", "/fhir/Bundle", "Hand in a document", HOSPITAL, _told(ref("OperationOutcome"), FHIR),
        takes={FHIR: ref("Bundle")}, makes_record=True, conflicts=True,
    ),
    Operation(
        "POST", "/fhir/Bundle/$validate", "Check a document; nothing is stored, nobody asks whose it is", HOSPITAL,
        (Answer(200, "Every problem.", {FHIR: ref("OperationOutcome")}),), takes={FHIR: ref("Bundle")},
    ),
    Operation(
        "GET", "/fhir/Bundle/{id}", "The own document, byte for byte as sent", HOSPITAL,
        (Answer(200, "The bytes; of a rejected record any bytes.", {FHIR: ANYTHING}),), refuses=(410,),
    ),
    Operation(
        "GET", "/fhir/metadata", "What the FHIR door can do", (),
        (Answer(200, "R4 CapabilityStatement.", {FHIR: ref("CapabilityStatement")}),),
    ),
    Operation(
        "POST", "/police/accidents", f"Hand in an accident, or an open-data CSV of up to {CSV_BYTES:,} bytes", POLICE,
        _accidents(), takes={JSON: ref("accident"), "text/csv": TEXT}, makes_record=True, conflicts=True,
    ),
    Operation(
        "POST", "/police/accidents/batch",
        f"Hand in up to {BATCH_LINES:,} accidents, one on each line, in up to {BATCH_BYTES:,} bytes", POLICE, _batch(),
        takes={"application/x-ndjson": {**TEXT, "description": "Each line as the body of POST /police/accidents."}},
    ),
    Operation(
        "POST", "/papers", "Hand in a scanned paper", (Role.HOSPITAL, Role.POLICE, Role.CLAIMLINK), _told(),
        takes={"multipart/form-data": ref("Upload")}, makes_record=True, conflicts=True,
        encoding={
            "file": {"contentType": "application/pdf, image/jpeg, image/png"},
            "metadata": {"contentType": JSON},
        },
    ),
    Operation(
        "GET", "/papers/{id}/preview", "What the own paper shows, without metadata and anything that acts",
        (Role.HOSPITAL, Role.POLICE, Role.CLAIMLINK), PREVIEW, refuses=(410,),
    ),
    Operation(
        "POST", "/claimlink/applications", "File an application with insurers", CLAIMLINK, _told(),
        takes={JSON: ref("application")}, makes_record=True, conflicts=True, signed=True,
    ),
    Operation(
        "POST", "/authorisations", "File a person's authorisation; nothing flows before its review", CLAIMLINK, _told(),
        takes={JSON: ref("authorisation")}, makes_record=True, conflicts=True,
    ),
    Operation(
        "POST", "/authorisations/{id}/review", "Approve or refuse that version of an authorisation", OPERATOR, _told(),
        takes={JSON: ref("review")}, makes_record=True, conflicts=True,
    ),
    Operation(
        "DELETE", "/authorisations/{id}", "Withdraw all versions of an authorisation", (Role.CLAIMLINK, Role.OPERATOR),
        _withdrawn(), takes={JSON: ANYTHING}, may_be_empty=True, makes_record=True,
    ),
    Operation(
        "POST", "/mandates", "File a person's mandate to an agent; nobody acts on it before its review", CLAIMLINK,
        _told(), takes={JSON: ref("mandate")}, makes_record=True, conflicts=True,
    ),
    Operation(
        "POST", "/mandates/{id}/review", "Approve or refuse that version of a mandate", OPERATOR, _told(),
        takes={JSON: ref("review")}, makes_record=True, conflicts=True,
    ),
    Operation(
        "DELETE", "/mandates/{id}", "Withdraw all versions of a mandate; what went by it is taken back",
        (Role.CLAIMLINK, Role.OPERATOR), _withdrawn(), takes={JSON: ANYTHING}, may_be_empty=True, makes_record=True,
    ),
    Operation(
        "POST", "/disputes", "File a party's dispute of the fault with insurers of the case", CLAIMLINK,
        _told(), takes={JSON: ref("dispute")}, makes_record=True, conflicts=True,
    ),
    Operation(
        "POST", "/judgements", "Judge two records the same or not, or erase one", OPERATOR, _told(),
        takes={JSON: ref("judgement")}, makes_record=True, conflicts=True,
    ),
    Operation(
        "GET", "/participants/{code}", "A participant as it stands", OPERATOR,
        (Answer(200, "The participant.", {JSON: ref("ParticipantState")}),), path_schemas={"code": CODE},
    ),
    Operation(
        "PUT", "/participants/{code}", "Admit, change or suspend a participant; a right is taken away before that is answered",
        OPERATOR, _told(),
        takes={JSON: ref("participant")}, path_schemas={"code": CODE}, makes_record=True,
    ),
    Operation(
        "GET", "/records", "The own records, in pages", EVERYONE,
        (Answer(200, "A page; ask again with `after` = `next` until one comes empty.", {JSON: ref("Records")}),),
        query={
            "after": RECORD,
            "parent": {**RECORD, "description": "Of an open-data file: only its accidents."},
            "limit": {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": PAGE},
        },
        refuses=(400,),
    ),
    Operation(
        "GET", "/records/{id}", "One of the own records", EVERYONE, (Answer(200, "The record.", {JSON: ref("Record")}),),
    ),
    Operation(
        "GET", "/schemas", "The JSON Schemas of bodies and events", (),
        (Answer(200, "Their names.", {JSON: ref("Schemas")}),),
    ),
    Operation(
        "GET", "/schemas/{name}", "One of them, with a valid example", (),
        (Answer(200, "JSON Schema 2020-12.", {"application/schema+json": ref("JsonSchema")}),),
        path_schemas={"name": {"enum": list(names())}},
    ),
    Operation(
        "GET", "/.well-known/jwks.json", "The public keys that receipts are verified with", (),
        (Answer(200, "A JWK set.", {"application/jwk-set+json": ref("KeySet")}),),
    ),
)  # fmt: skip
