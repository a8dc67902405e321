"""Any R4 resource on its own: strict JSON and R4 structure; of a document Bundle also the rules of documents.

What only a sender's record can break is not judged: whose document it is, and whether its timestamp lies ahead of its
receipt. So the verdict is a function of the bytes alone.
"""

from adapters import json_text
from adapters.fhir import definitions
from adapters.fhir.engine import validate
from adapters.fhir.faults import Faults
from schemas.problems import Problem, problem
from services.validation import document
from services.validation.reading import Reading


def check(body: bytes) -> tuple[Problem, ...]:
    """Every problem of a resource, in published order; it is valid when none is an error. No input raises."""
    value, found = json_text.read(body)
    if found:
        return tuple(found)
    if type(value) is not dict:
        return (problem("fhir-resource-type", "Resource"),)
    name = value.get("resourceType")
    if document.too_many(value):
        return (problem("too-many-entries", "Bundle.entry", "/entry", limit=document.ENTRY_LIMIT),)
    faults = Faults(name if type(name) is str and name in definitions.resources() else "Resource")
    parsed = validate(value, faults)
    if name == "Bundle" and value.get("type") == "document":
        document.judge(Reading.of(None, value, parsed, faults))
    return faults.problems()
