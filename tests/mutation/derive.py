"""Makes `r4.json`, what the mutators know of R4: `python -m tests.mutation.derive PACKAGE`.

PACKAGE is the folder of the unpacked npm package `hl7.fhir.r4.examples` 4.0.1 (CC0-1.0). Read from the snapshots, on
a way of its own: nothing is shared with the validator, so that its tables are tested and not repeated.

`{type: {element: "cardinality types"}}`, such as `1..1! code` (a required binding whose codes can be listed) or
`0..* Reference(Patient|Group)`; only the claim types and what they are made of, backbone elements by their path.
"""

import json
import sys
from pathlib import Path

from tests.mutation.subjects import TYPES

UNLISTED = ("mimetypes", "ucum-units")  # value sets without an end
MORE = ("Resource", "Element", "OperationOutcome", "MessageHeader", "Location")


def derive(package: Path) -> dict[str, dict[str, str]]:
    """The elements of the types that instances of TYPES are made of, by type."""
    found: dict[str, dict[str, str]] = {}
    wanted = [*TYPES, *MORE]
    while wanted:
        name = wanted.pop()
        if name in found or name[0].islower() or "." in name:
            continue
        definition = json.loads((package / f"StructureDefinition-{name}.json").read_text())
        if definition.get("derivation") == "constraint":
            continue  # SimpleQuantity: a Quantity without comparator
        found[name] = {}
        for element in definition["snapshot"]["element"][1:]:
            parent, _, key = element["path"].rpartition(".")
            types = _types(element)
            low, high = min(element["min"], 1), "1" if element["max"] == "1" else "*"
            texts = [f"{one}({'|'.join(targets)})" if targets else one for one, targets in types.items()]
            found.setdefault(parent, {})[key] = " ".join([f"{low}..{high}{'!' * _bound(element)}", *texts])
            wanted += types if name != "Extension" else ()
    return found


def _types(element: dict) -> dict[str, list[str]]:
    """The types with the targets of references."""
    if "contentReference" in element:
        return {element["contentReference"].removeprefix("#"): []}
    types = {}
    for one in element.get("type", ()):
        code = one["code"].rpartition(".")[2].lower() if "fhirpath" in one["code"] else one["code"]
        if code in ("BackboneElement", "Element"):
            code = element["path"]
        code = next((profile.rpartition("/")[2] for profile in one.get("profile", ())), code)
        types[code] = [target.rpartition("/")[2] for target in one.get("targetProfile", ()) if "Reference" in code]
    return types


def _bound(element: dict) -> bool:
    binding = element.get("binding", {})
    value_set = binding.get("valueSet", "").partition("|")[0].rpartition("/")[2]
    return binding.get("strength") == "required" and value_set not in UNLISTED


if __name__ == "__main__":
    table = derive(Path(sys.argv[1]))
    lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(table[name], separators=(',', ':'))}" for name in sorted(table))
    (Path(__file__).parent / "r4.json").write_text(f"{{\n{lines}\n}}\n")
