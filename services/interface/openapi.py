"""The doors as an OpenAPI 3.1 document: each service's operations, and what all doors have in common. Pure."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from schemas.json import load, names
from services.consent import operations as consent
from services.conversion import operations as conversion
from services.delivery import operations as delivery
from services.intake import operations as intake
from services.intake import shapes as intake_shapes
from services.interface import operations as interface
from services.interface.words import FHIR, PROBLEM, RECORD, TEXT, Answer, Operation, Schema, ref
from services.portal import operations as portal
from services.portal import shapes as portal_shapes
from services.verification import operations as verification

Json = dict[str, Any]
SHAPES = (
    intake_shapes.SHAPES
    | consent.SHAPES
    | delivery.SHAPES
    | verification.SHAPES
    | portal_shapes.SHAPES
    | conversion.SHAPES
    | interface.SHAPES
)
TAGS = {
    "intake": (intake.OPERATIONS, "Records come in, and their senders read of them."),
    "consent": (consent.OPERATIONS, "Authorisations as they stand."),
    "delivery": (delivery.OPERATIONS, "Insurers read their own feed and papers."),
    "verification": (
        verification.OPERATIONS,
        "Whether a paper is real: asked once of its issuer, told to all who may have it.",
    ),
    "portal": (portal.OPERATIONS, "Cases, traces, reconciliation, health, the live page."),
    "conversion": (conversion.OPERATIONS, "Files into documents, documents into papers."),
    "interface": (interface.OPERATIONS, "These documents."),
}

DESCRIPTION = """\
Doors of the claims interchange, contract version 1; additive changes only. `x-roles` of an operation says whose token it takes.

Wherever there is GET there is HEAD. A path or method that is not here is answered 404 or 405 (with `Allow`). What is not the
caller's is answered as what does not exist. Before a door is reached, the server may refuse a request that is no HTTP, a
head that is too slow (408) or too large (431), or one connection too many (503), without a body of ours."""

PREFER_APPLIED = "Preference-Applied"
HEADERS: dict[str, tuple[str, Schema]] = {
    "Accept": ("The media types that are taken.", TEXT),
    "Cache-Control": ("`no-store`; what is public and rarely changes may be kept for minutes.", TEXT),
    "Claims-Receipt": (
        "Compact JWS (EdDSA) over record, sha256, sender and iat; keys at /.well-known/jwks.json.",
        {"type": "string", "pattern": r"^[\w-]+\.[\w-]+\.[\w-]+$"},
    ),
    "Claims-Record": ("The record's id.", RECORD),
    "Content-Disposition": ("To be saved, never shown on this origin.", TEXT),
    "Content-Location": (
        "Where the record's verdict, or the answer to a question, is read.",
        {"type": "string", "pattern": "^/(records|papers/verifications)/"},
    ),
    "Content-Security-Policy": ("What a browser may do with it.", TEXT),
    "Cross-Origin-Resource-Policy": ("", {"const": "same-origin"}),
    "Location": ("What was made, or where to go.", {"type": "string", "pattern": "^/"}),
    PREFER_APPLIED: (
        "The preference that was followed.",
        {"type": "string", "pattern": "^(wait=[0-9]+|respond-async)$"},
    ),
    "Referrer-Policy": ("", {"const": "no-referrer"}),
    "Retry-After": ("Seconds to wait before sending again; repeating is safe.", {"type": "integer", "minimum": 1}),
    "WWW-Authenticate": ("", {"const": "Bearer"}),
    "X-Content-Type-Options": ("", {"const": "nosniff"}),
    "X-Frame-Options": ("", {"const": "DENY"}),
}
ALWAYS = ("Cache-Control", "X-Content-Type-Options")
RECEIPT = ("Claims-Record", "Claims-Receipt")
MAY_BE = ".maybe"
PREFER: Json = {
    "name": "Prefer",
    "in": "header",
    "description": "RFC 7240: `wait=N` waits N seconds (up to 30) for the verdict, `respond-async` not at all. Without it, 2 s.",
    "schema": {"type": "string", "pattern": "^(wait=[0-9]{1,2}|respond-async)$"},
}
SIGNED: dict[str, Schema] = {
    "webhook-id": {"type": "string", "minLength": 1, "maxLength": 200},
    "webhook-timestamp": {
        "type": "string",
        "pattern": "^[0-9]{1,12}$",
        "description": "Seconds since 1970, within five minutes.",
    },
}
SECURITY: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The participant's token."},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks: `v1,` and the Base64 of HMAC-SHA256 over `webhook-id.webhook-timestamp.body`, "
        "with the secret of this operator.",
    },
}
# Refusals: what they mean, and the headers that are in them.
REFUSALS: dict[int, tuple[str, tuple[str, ...]]] = {
    400: ("The request cannot be read; the detail says which part.", ()),
    401: ("No token, an unknown one, or a wrong signature.", ("WWW-Authenticate",)),
    403: ("Not for this role, or not admitted; or, with the record, not for this sender to say.", ()),
    404: ("There is nothing here for the caller.", ()),
    408: ("The body stopped coming, or came too slowly.", ()),
    409: ("The record is kept as rejected: it does not fit what is here.", RECEIPT),
    410: ("The record was erased.", ()),
    413: ("Too large.", ()),
    415: ("Not a media type or encoding that this door takes.", ()),
    422: ("The record is kept as rejected: every problem is told.", RECEIPT),
    429: ("More requests than the participant's rate.", ("Retry-After",)),
    500: ("Our failure; the same bytes are safe to repeat.", ()),
    503: ("Too much waits here.", ("Retry-After",)),
}


@cache
def text() -> bytes:
    """The document as it is committed and served."""
    return json.dumps(document(), ensure_ascii=False, indent=1).encode() + b"\n"


def document() -> Json:
    paths: Json = {}
    for tag, (operations, _) in TAGS.items():
        for operation in operations:
            paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, tag)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Claims interchange",
            "version": "1",
            "summary": "理賠資料交換平台",
            "description": DESCRIPTION,
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": told} for name, (_, told) in TAGS.items()],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": SECURITY,
            "headers": _headers(),
            "responses": {
                f"{door}{status}": _response([_refusal(status, door)]) for door in ("", "Fhir") for status in REFUSALS
            },
            "schemas": dict(sorted((SHAPES | bodies()).items())),
        },
    }


def bodies() -> Json:
    """The published schemas as components; their definitions beside them, their examples where a body is taken."""
    found: Json = {}
    for name in names():
        schema = load(name)
        for key in ("$schema", "$id", "examples"):
            del schema[key]
        definitions: Json = schema.pop("$defs", {})  # type: ignore[assignment]
        text = json.dumps({name: schema} | definitions).replace('"#/$defs/', '"#/components/schemas/')
        for key, one in json.loads(text).items():
            assert found.setdefault(key, one) == one, f"{key} means two things"
    return found


def _operation(operation: Operation, tag: str) -> Json:
    words = re.findall(r"\w+", operation.path)
    told: Json = {
        "operationId": operation.method.lower() + "".join(word[0].upper() + word[1:] for word in words or ["page"]),
        "tags": [tag],
        "summary": operation.does,
        "x-roles": [role.value for role in operation.roles],
        "security": [{"bearer": []} | ({"signature": []} if operation.signed else {})] if operation.roles else [],
    }
    if parameters := [*_parameters(operation)]:
        told["parameters"] = parameters
    if operation.takes:
        told["requestBody"] = {
            "required": not operation.may_be_empty,
            "content": {media_type: _taken(schema, operation) for media_type, schema in operation.takes.items()},
        }
    return told | {"responses": _responses(operation)}


def _parameters(operation: Operation) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", operation.path):
        schema = operation.path_schemas.get(name, RECORD)
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name, schema in operation.query.items():
        yield {"name": name, "in": "query", "schema": schema}
    if operation.signed:
        for name, schema in SIGNED.items():
            yield {"name": name, "in": "header", "required": True, "schema": schema}
    if any(PREFER_APPLIED in answer.may for answer in operation.answers):
        yield PREFER


def _taken(schema: Schema, operation: Operation) -> Json:
    """A body, with the example that stands with its schema."""
    told: Json = {"schema": schema}
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name in names():
        told["examples"] = {"valid": {"value": load(name)["examples"][0]}}  # type: ignore[index]
    if operation.encoding and "multipart/form-data" in operation.takes:
        told["encoding"] = operation.encoding
    return told


def _responses(operation: Operation) -> Json:
    found: dict[int, list[Answer]] = {}
    for answer in operation.answers:
        found.setdefault(answer.status, []).append(answer)
    door = "Fhir" if operation.path.startswith("/fhir") else ""
    for status in _refusals(operation):
        receipt = operation.makes_record and status in (403, 409, 410, 422)
        if status in found or receipt:
            found.setdefault(status, []).append(_refusal(status, door, receipt))
    told: Json = {status: _response(answers) for status, answers in found.items()}
    for status in _refusals(operation) - found.keys():
        told[status] = {"$ref": f"#/components/responses/{door}{status}"}
    return {str(status): told[status] for status in sorted(told)}


def _refusals(operation: Operation) -> set[int]:
    """What follows from how a door is: the same door refuses the same way whoever describes it."""
    statuses = {500, 503, *operation.refuses}
    if operation.roles:
        statuses |= {401, 403, 429}
    if "{" in operation.path:
        statuses.add(404)
    if operation.takes:
        statuses |= {408, 413, 415} | (set() if operation.may_be_empty else {400})
    if operation.makes_record:
        statuses |= {410, 422} | ({409} if operation.conflicts else set())
    return statuses


def _refusal(status: int, door: str, receipt: bool = False) -> Answer:
    """`receipt`: it may be a verdict on a record, and then bears its receipt."""
    what, headers = REFUSALS[status]
    content = {FHIR: ref("OperationOutcome")} if door else {PROBLEM: ref("ProblemDetails")}
    may: tuple[str, ...] = ("Accept",) if status == 415 else ()
    return Answer(status, what, content, headers, (*RECEIPT, PREFER_APPLIED) if receipt else may)


def _response(answers: Iterable[Answer]) -> Json:
    """Several answers of one status: a header is always there when it is in each of them."""
    answers = [*answers]
    always = set.intersection(*(set(one.headers) for one in answers)).union(ALWAYS)
    sometimes = {name for one in answers for name in (*one.headers, *one.may)} - always
    content: dict[str, list[Schema]] = {}
    for one in answers:
        for media_type, schema in one.content.items():
            content.setdefault(media_type, []).append(schema)
    told: Json = {
        "description": " ".join(one.what for one in answers),
        "headers": {
            name: {"$ref": f"#/components/headers/{name}{'' if name in always else MAY_BE}"}
            for name in sorted(always | sometimes)
        },
    }
    if content:
        told["content"] = {
            media_type: {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
            for media_type, schemas in content.items()
        }
    return told


def _headers() -> Json:
    """Each as it is always there, and as it may be."""
    told: Json = {}
    for name, (what, schema) in HEADERS.items():
        header = ({"description": what} if what else {}) | {"schema": schema}
        told |= {name: {**header, "required": True}, name + MAY_BE: header}
    return told
