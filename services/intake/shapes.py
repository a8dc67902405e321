"""The schemas of what intake's doors take and answer, beside those of `schemas/json`. Data."""

from schemas.problems import Severity
from schemas.records import Kind, Outcome, Role, Status
from services.interface.words import (
    COUNT,
    RECORD,
    TEXT,
    TIME,
    Schema,
    closed,
    listed,
    maybe,
    ref,
)

CASE: Schema = {"type": "string", "pattern": "^C[0-9A-F]{12}$", "description": "A case number."}
LINES: Schema = listed({"type": "integer", "minimum": 1}, minItems=2, maxItems=2, description="First and last line.")
RECEIPT: Schema = {"type": "string", "description": "Compact JWS, EdDSA; claims record, sha256, sender, iat."}
JUDGED = {
    "record": RECORD,
    "state": {"enum": ["received", "judged", "delayed", "withdrawing", "erased"]},
    "verdict": {"enum": [Outcome.ACCEPTED.value, Outcome.REJECTED.value, Outcome.DUPLICATE.value, None]},
    "problems": listed(ref("Problem")),
}
NAMED = {
    "original": {**RECORD, "description": "The record that this one repeats."},
    "supersededBy": {**RECORD, "description": "The record that stands for the same document now."},
    "case": CASE,
}
DETAILS = {
    "type": {"type": "string", "pattern": "^urn:claims-interchange:problem:[a-z0-9-]+$"},
    "title": TEXT,
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": TEXT,
}
_CODE = {"type": "string", "pattern": "^[a-z0-9-]+$"}
_EXTENSION = {
    "type": "object",
    "description": "R4's extension: a line or column, or a translation.",
    "properties": {"url": {"type": "string", "format": "uri"}, "valueInteger": {"type": "integer", "minimum": 1}},
    "required": ["url"],
}
_ISSUE = closed(
    {
        "severity": {"enum": ["error", "warning", "information"]},
        "code": {"type": "string", "description": "R4's IssueType."},
    },
    {
        "details": closed(
            {"text": TEXT},
            {
                "coding": listed(closed({"system": TEXT, "code": _CODE}), minItems=1, maxItems=1),
                "_text": closed({"extension": listed(_EXTENSION)}),
            },
        ),
        "diagnostics": {"type": "string", "description": "What to do, and where; of a record its id, state, verdict."},
        "expression": listed(TEXT, minItems=1, maxItems=1),
        "extension": listed(_EXTENSION),
    },
)

SHAPES: dict[str, Schema] = {
    "Problem": closed(
        {
            "code": _CODE,
            "severity": {"enum": [one.value for one in Severity]},
            "path": {"type": "string", "description": "FHIRPath, or a dotted path."},
            "pointer": {"type": "string", "description": "RFC 6901."},
            "line": maybe({"type": "integer", "minimum": 1}),
            "column": maybe(COUNT),
            "text": {"type": "string", "description": "Chinese."},
            "textEn": TEXT,
            "fix": TEXT,
        },
        description="One fault in a record. It never quotes what was sent.",
    ),
    "ProblemDetails": closed(
        DETAILS,
        {**JUDGED, **NAMED},
        dependentRequired={"record": ["state", "verdict", "problems"]},
        description="RFC 9457. With `record` when the refusal is a verdict on a record that is kept.",
        examples=[
            {
                "type": "urn:claims-interchange:problem:wrong-role",
                "title": "Not allowed",
                "status": 403,
                "detail": "This door is for: hospital. Use a token of that role.",
            }
        ],
    ),
    "OperationOutcome": closed(
        {"resourceType": {"const": "OperationOutcome"}, "issue": listed(_ISSUE, minItems=1)},
        description="FHIR R4. Every problem is an issue; what names the record is one of severity information.",
    ),
    "CapabilityStatement": {
        "type": "object",
        "description": "FHIR R4.",
        "properties": {"resourceType": {"const": "CapabilityStatement"}, "fhirVersion": {"const": "4.0.1"}},
        "required": ["resourceType", "status", "date", "kind", "fhirVersion", "format", "rest"],
    },
    "Bundle": {
        "type": "object",
        "description": "A FHIR R4 document Bundle, TW Core and iClaim where it names them; docs/examples/document.json is one.",
        "properties": {
            "resourceType": {"const": "Bundle"},
            "type": {"const": "document"},
            "timestamp": TIME,
            "identifier": {"type": "object"},
            "entry": listed({"type": "object"}, minItems=1, maxItems=5000),
        },
        "required": ["resourceType", "type", "timestamp", "identifier", "entry"],
    },
    "Verdict": closed(
        JUDGED,
        NAMED
        | {
            "accidents": closed(
                {"judged": COUNT, "expected": COUNT}, description="Of a file whose verdicts are not complete."
            )
        },
        description="What became of a record. `verdict` is null while there is none. State `withdrawing`: judged, and the "
        "brokers still let the insurer read its topic.",
        examples=[
            {
                "record": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
                "state": "judged",
                "verdict": "accepted",
                "problems": [],
            }
        ],
    ),
    "Accidents": listed(
        closed(
            {name: JUDGED[name] for name in ("record", "verdict", "problems")} | {"lines": LINES},
            {"original": NAMED["original"]},
        ),
        description="A line for each accident of an open-data file.",
    ),
    "Batch": listed(
        closed(
            {
                "line": {"type": "integer", "minimum": 1},
                "status": {
                    "enum": [200, 201, 202, 403, 409, 410, 422],
                    "description": "That it had been answered alone.",
                },
                "receipt": RECEIPT,
                **JUDGED,
            },
            NAMED,
        ),
        minItems=1,
        description="A line for each accident of a batch.",
    ),
    "NoGoodRow": closed(DETAILS | {"record": RECORD, "accidents": ref("Accidents")}, description="RFC 9457."),
    "Upload": closed(
        {
            "file": {
                "type": "string",
                "contentMediaType": "application/octet-stream",
                "description": "A PDF, JPEG or PNG; no file name is read.",
            },
            "metadata": ref("paper"),
        }
    ),
    "Record": closed(
        {
            "record": RECORD,
            "kind": {"enum": [kind.value for kind in Kind]},
            "time": TIME,
            **{name: JUDGED[name] for name in ("state", "verdict", "problems")},
            **{name: maybe(schema) for name, schema in NAMED.items()},
            "receipt": RECEIPT,
        },
        {
            "accidents": {"type": "string", "description": "Of an open-data file: where its accidents are listed."},
            "parent": {**RECORD, "description": "The file that it was split from."},
            "lines": LINES,
        },
    ),
    "Records": closed(
        {"records": listed(ref("Record")), "next": {**maybe(TEXT), "description": "`after` of the next page."}}
    ),
    "ParticipantState": closed(
        {
            "code": TEXT,
            "name": TEXT,
            "roles": listed({"enum": [role.value for role in Role]}),
            "status": {"enum": [status.value for status in Status]},
            "keys": listed(ref("PublicKey")),
            "endpoints": listed(TEXT),
            "readsTopic": {
                **maybe({"type": "boolean"}),
                "description": "Whether the brokers let it read its own topic; null: nobody knows yet, or nothing asks.",
            },
        }
    ),
    "PublicKey": closed(
        {"kty": {"enum": ["OKP", "EC"]}, "crv": {"enum": ["X25519", "Ed25519", "P-256"]}, "x": TEXT, "kid": TEXT},
        {"y": TEXT, "use": TEXT, "alg": TEXT},
        description="RFC 7517: what values for this participant are sealed to, or what it signs is verified with (use sig).",
    ),
    "Schemas": closed(
        {"schemas": listed(closed({"name": TEXT, "url": TEXT}, {"title": TEXT, "description": TEXT}), minItems=1)}
    ),
    "JsonSchema": {"type": "object", "required": ["$schema", "$id", "title"]},
    "KeySet": closed(
        {
            "keys": listed(
                closed(
                    {
                        "kty": {"const": "OKP"},
                        "crv": {"const": "Ed25519"},
                        "x": TEXT,
                        "kid": TEXT,
                        "use": {"const": "sig"},
                        "alg": {"const": "EdDSA"},
                    }
                ),
                minItems=1,
            )
        },
        description="RFC 7517: the keys that receipts are verified with.",
    ),
}
