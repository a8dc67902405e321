"""What is mutated: valid resources of the claim types, our own and, where the shared data is at hand, public ones."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from adapters import json_text

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "data" / "fhir"
SHARED = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared" / "data")) / "fhir"
TYPES = (
    "Bundle", "Claim", "ClaimResponse", "Invoice", "Composition", "Condition", "Encounter", "Patient", "Procedure",
    "Observation", "DocumentReference", "Coverage", "ExplanationOfBenefit", "Organization", "Practitioner",
)  # fmt: skip
LARGEST = 80_000  # bytes: larger examples only make a run longer


class Subject(NamedTuple):
    """A file, and the place in it of the resource to mutate."""

    name: str
    body: bytes
    place: tuple[str | int, ...]

    def root(self) -> Any:
        """The content of the file, a value of its own each time."""
        return json_text.read(self.body)[0]


@cache
def subjects(shared: bool) -> dict[str, list[Subject]]:
    """By type: resources that stand alone, and those in entries of Bundles."""
    found: dict[str, list[Subject]] = {one: [] for one in TYPES}
    for path in _files(shared):
        body = path.read_bytes()
        root = json_text.read(body)[0]
        for kind, place in _resources(root):
            if kind in found and len(body) <= LARGEST:
                found[kind].append(Subject(path.stem, body, place))
    return found


def _files(shared: bool) -> Iterator[Path]:
    yield from sorted(OWN.glob("*.json"))
    yield from sorted((OWN / "resources").glob("*.json"))
    if shared:
        for folder in ("hl7-r4-examples/valid", "twcore-0.3.1-examples", "iclaim/assembled"):
            yield from sorted((SHARED / folder).glob("*.json"))


def _resources(root: Any) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    yield root["resourceType"], ()
    for index, entry in enumerate(root.get("entry", ()) if root["resourceType"] == "Bundle" else ()):
        if "resource" in entry:
            yield entry["resource"]["resourceType"], ("entry", index, "resource")
