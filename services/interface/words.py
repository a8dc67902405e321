"""The words in which a service tells of its doors: an operation a method and path, data beside the routes. Pure.

What every door does alike (who may come, when it refuses) is said once, in `openapi.py`, and is not repeated here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.records import Role

Schema = Mapping[str, Any]

JSON, FHIR, PROBLEM = "application/json", "application/fhir+json", "application/problem+json"
HTML = "text/html"
EVERYONE = tuple(Role)  # with a token, of whatever role

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
RECORD: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "A record id."}
SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
ANYTHING: Schema = {}


def ref(name: str) -> Schema:
    """The schema of this name among the components."""
    return {"$ref": f"#/components/schemas/{name}"}


def closed(members: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, **more: Any) -> Schema:
    """An object of these members and no others; `members` are always there."""
    properties = {**members, **(optional or {})}
    return {"type": "object", "properties": properties, "required": [*members], "additionalProperties": False, **more}


def listed(item: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": item, **more}


def maybe(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def counts(what: Schema = COUNT) -> Schema:
    """An object of figures by a name that is no fixed word."""
    return {"type": "object", "additionalProperties": what}


@dataclass(frozen=True)
class Answer:
    """`content`: media type → schema of the body. `headers` are always in it, those of `may` sometimes."""

    status: int
    what: str
    content: Mapping[str, Schema] = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """`roles`: whose token it takes, () for a door that needs none. `takes`: media type → schema of the body.

    `query`: parameter → its schema; `path_schemas`: those of the path, where they are not a record id. `makes_record`:
    what is sent becomes a record, and is answered as one; `conflicts`: it can be at odds with what is here (409).
    `signed`: as Standard Webhooks says. `refuses`: statuses of refusals that do not follow from the rest.
    """

    method: str
    path: str
    does: str
    roles: tuple[Role, ...]
    answers: tuple[Answer, ...]
    takes: Mapping[str, Schema] = field(default_factory=dict)
    may_be_empty: bool = False
    query: Mapping[str, Schema] = field(default_factory=dict)
    path_schemas: Mapping[str, Schema] = field(default_factory=dict)
    encoding: Mapping[str, Schema] = field(default_factory=dict)
    makes_record: bool = False
    conflicts: bool = False
    signed: bool = False
    refuses: Sequence[int] = ()
