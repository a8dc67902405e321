"""What is fuzzed: bytes into the strict reader, the engine, the rules of documents, and problems back into FHIR."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapters import json_text
from adapters.fhir.outcome import operation_outcome
from schemas.problems import errors
from schemas.records import Kind, Record, Role
from services.validation import document, resource

SEEDS = Path(__file__).parents[1] / "data" / "fhir"
RECORD = Record(
    id="0" * 32,
    attempt=1,
    kind=Kind.DOCUMENT,
    sender="1141990058",
    role=Role.HOSPITAL,
    method="POST",
    path="/fhir/Bundle",
    sha256="0" * 64,
    size=1,
    media_type="application/fhir+json",
    received="2025-12-01T00:00:00.000000Z",
)
_CHANGES = 3  # at most, of one input
_STRANGE: list[Any] = [
    None, True, 0, -1, 10**300, "", " ", "x", "#", "#x", "Patient/1", "urn:uuid:x", "2025-02-30", "114-03-11", "9999-12-31",
    "9999-12-31T23:59:60-14:00", "0001-01-01T00:00:00+14:00", "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>", "<a",
    [], {}, [None], [[]], [{}], {"": ""}, {"id": "x"}, {"url": "x", "valueString": "x"}, {"reference": "#"},
    {"resourceType": "Patient"}, {"resourceType": "Bundle", "type": "document", "entry": [{"resource": {}}]}, "\U0001f600",
]  # fmt: skip


def seeds() -> list[bytes]:
    """Our own examples, right and wrong."""
    return [path.read_bytes() for path in sorted(SEEDS.rglob("*.json"))]


def run(data: bytes) -> None:
    """AssertionError and everything else that is raised is a defect."""
    problems = resource.check(data)
    finding = document.check(RECORD, data, None)
    assert (finding.content is None) == errors(finding.problems)
    outcome = operation_outcome(finding.problems)
    assert not errors(resource.check(json_text.write(outcome)))
    value, broken = json_text.read(data)
    assert bool(broken) <= errors(problems)
    if not broken:
        assert json_text.read(json_text.write(value)) == (value, [])


def changed(data: bytes, chance: random.Random, bytewise: Callable[[bytes], bytes]) -> bytes:
    """Another input out of one: as a value where it is JSON, or as bytes."""
    value, broken = json_text.read(data)
    if broken or chance.random() < 0.4:
        return bytewise(data)
    for _ in range(chance.randint(1, _CHANGES)):
        spots = _spots(value)
        if not spots:
            break
        inside, at = chance.choice(spots)
        other, there = chance.choice(spots)
        change = chance.randrange(5)
        if change == 0:
            del inside[at]
        elif change == 1:
            inside[at] = chance.choice(_STRANGE)
        elif change == 2:
            inside[at] = json_text.read(json_text.write(other[there]))[0]
        elif type(inside) is dict:
            inside[there if type(there) is str else "extension"] = inside[at]
        else:
            inside.append(inside[at])
        value = json_text.read(json_text.write(value))[0]  # what stands in two places is two values
    return json_text.write(value)


def _spots(value: Any) -> list[tuple[Any, Any]]:
    """Every (object or array, key or index) in a value."""
    found = []
    waiting = [value]
    while waiting:
        outer = waiting.pop()
        for at in list(outer) if type(outer) is dict else range(len(outer)) if type(outer) is list else ():
            found.append((outer, at))
            waiting.append(outer[at])
    return found
