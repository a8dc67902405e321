"""The tables of R4: that they agree with themselves and with the published definitions, where those are at hand."""

import json
import os
from pathlib import Path

import pytest

from adapters.fhir import definitions
from adapters.fhir.definitions import FOLDER, currencies, generate
from adapters.fhir.primitives import CHECKS

# The unpacked npm package hl7.fhir.r4.examples 4.0.1; the tables are compared with it wherever it is.
PACKAGE = Path(os.environ.get("FHIR_R4_PACKAGE", "/work/definitions/package"))
TYPES = [(name, element) for name in definitions.names() for element in definitions.elements(name).values()]


def test_the_tables_are_what_the_generator_makes() -> None:
    if PACKAGE.exists():
        for name, text in generate.tables(PACKAGE).items():
            assert (FOLDER / name).read_text("utf-8") == text, f"{name}: run the generator"


def test_the_tables_are_small() -> None:
    assert sum((FOLDER / name).stat().st_size for name in ("r4.json", "codes.json")) < 300_000


def test_every_type_is_known() -> None:
    names = set(definitions.names()) | CHECKS.keys() | {"xhtml"}
    assert {typed.name for _, element in TYPES for typed in element.types} <= names


def test_every_primitive_type_of_the_tables_has_a_check_and_none_is_for_nothing() -> None:
    named = {typed.name for _, element in TYPES for typed in element.types}
    assert {name for name in named if name[0].islower() or name.startswith("System.")} - {"xhtml"} == CHECKS.keys()


def test_every_target_is_a_resource() -> None:
    targets = {target for _, element in TYPES for typed in element.types for target in typed.targets}
    assert targets <= definitions.resources()


def test_every_required_binding_has_its_codes_or_a_reason() -> None:
    bindings = {typed.binding for _, element in TYPES for typed in element.types} - {""}
    assert len(bindings) == 224
    assert {name for name in bindings if definitions.codes(name) is None} == definitions.open_sets().keys()
    assert all(listed for name in bindings for listed in (definitions.codes(name) or {"": {"open"}}).values())


def test_no_two_elements_of_a_type_share_a_key() -> None:
    for name in definitions.names():
        keys = [key for element in definitions.elements(name).values() for key, _ in element.forms()]
        assert len(keys) == len(set(keys)), name


def test_nothing_is_said_twice() -> None:
    table = json.loads((FOLDER / "r4.json").read_text())
    for name, (derived_from, own) in table.items():
        inherited = (
            {key: text for one in definitions.lineage(derived_from) for key, text in table[one][1].items()}
            if derived_from
            else {}
        )
        assert not own.items() & inherited.items(), name


def test_resources_are_those_of_r4() -> None:
    assert len(definitions.resources()) == 146
    assert {"Claim", "Bundle", "Parameters", "MedicinalProduct"} <= definitions.resources()
    assert not {"Resource", "DomainResource", "Claim.item", "Identifier", "Citation"} & definitions.resources()


def test_lineage() -> None:
    assert definitions.lineage("Claim") == ("Resource", "DomainResource", "Claim")
    assert definitions.lineage("Claim.item") == ("Element", "BackboneElement", "Claim.item")
    assert definitions.lineage("Age") == ("Element", "Quantity", "Age")


@pytest.mark.parametrize(
    ("name", "element", "required", "many", "keys"),
    [
        ("Patient", "id", False, False, ["id"]),
        ("Patient", "contained", False, True, ["contained"]),
        ("Patient", "deceased[x]", False, False, ["deceasedBoolean", "deceasedDateTime"]),
        ("Claim", "insurance", True, True, ["insurance"]),
        ("Claim.item", "extension", False, True, ["extension"]),
        ("Claim.diagnosis", "diagnosis[x]", True, False, ["diagnosisCodeableConcept", "diagnosisReference"]),
        ("Dosage.doseAndRate", "dose[x]", False, False, ["doseRange", "doseQuantity"]),
        ("Extension", "url", True, False, ["url"]),
    ],
)
def test_elements(name: str, element: str, required: bool, many: bool, keys: list[str]) -> None:
    found = definitions.elements(name)[element]
    assert (found.required, found.many, [key for key, _ in found.forms()]) == (required, many, keys)


def test_what_a_type_forbids_is_no_element_of_it() -> None:
    assert "comparator" in definitions.elements("Quantity") and "comparator" not in definitions.elements(
        "SimpleQuantity"
    )


@pytest.mark.parametrize(
    ("name", "element", "types"),
    [
        ("Composition.section", "section", {"Composition.section"}),  # by reference to itself
        ("Bundle.entry", "link", {"Bundle.link"}),
        ("Claim.item", "quantity", {"SimpleQuantity"}),
        ("Timing", "repeat", {"Timing.repeat"}),
        ("Parameters.parameter", "part", {"Parameters.parameter"}),
    ],
)
def test_types(name: str, element: str, types: set[str]) -> None:
    assert {typed.name for typed in definitions.elements(name)[element].types} == types


def test_targets() -> None:
    provider = definitions.elements("Claim")["provider"].types[0]
    assert provider.targets == {"Practitioner", "PractitionerRole", "Organization"}
    assert definitions.elements("Observation")["focus"].types[0].targets == frozenset()  # any resource


@pytest.mark.parametrize(
    ("value_set", "code", "inside"),
    [
        ("administrative-gender", "female", True),
        ("administrative-gender", "banana", False),
        ("condition-clinical", "recurrence", True),  # below another code
        ("event-timing", "MORN", True),
        ("event-timing", "ACM", True),  # from a second code system
        ("task-intent", "unknown", True),
        ("currencies", "TWD", True),
        ("currencies", "NTD", False),
        ("all-types", "Any", True),
        ("units-of-time", "min", True),
        ("type-restful-interaction", "batch", False),  # a list that leaves codes of its system out
    ],
)
def test_codes(value_set: str, code: str, inside: bool) -> None:
    systems = definitions.codes(value_set) or {}
    assert any(code in listed for listed in systems.values()) is inside


def test_currencies() -> None:
    assert len(currencies.CODES) == len(set(currencies.CODES)) == 184
    assert all(len(code) == 3 and code.isupper() for code in currencies.CODES)


def value_set(name: str, *include: dict, exclude: tuple[dict, ...] = ()) -> dict:
    compose = {"include": list(include), "exclude": list(exclude)}
    return {"resourceType": "ValueSet", "url": f"http://r.example/ValueSet/{name}", "compose": compose}


def test_value_sets_are_expanded(tmp_path: Path) -> None:
    """Systems, lists, filters, value sets in value sets, exclusions; concepts in concepts."""
    tree = [{"code": "a", "concept": [{"code": "b", "concept": [{"code": "c"}]}, {"code": "d"}]}, {"code": "e"}]
    below = {"system": "u:s", "filter": [{"property": "concept", "op": "is-a", "value": "b"}]}
    sets = [
        value_set("all", {"system": "u:s"}),
        value_set("some", {"system": "u:s", "concept": [{"code": "d"}]}, below),
        value_set("both", {"valueSet": ["http://r.example/ValueSet/all|4.0.1", "http://r.example/ValueSet/some"]}),
        value_set("less", {"system": "u:s"}, exclude=(below, {"system": "u:s", "concept": [{"code": "e"}]})),
    ]
    expected = {"all": "abcde", "some": "bcd", "both": "bcd", "less": "ad"}
    bound = [
        {
            "path": f"Thing.{name}",
            "min": 0,
            "max": "1",
            "type": [{"code": "code"}],
            "binding": {"strength": "required", "valueSet": f"http://r.example/ValueSet/{name}|4.0.1"},
        }
        for name in expected
    ]
    thing = {"kind": "complex-type", "url": "http://hl7.org/fhir/StructureDefinition/Thing"}
    files = {
        "StructureDefinition-Thing.json": {**thing, "snapshot": {"element": [{"path": "Thing"}, *bound]}},
        "CodeSystem-s.json": {"url": "u:s", "content": "complete", "concept": tree},
        **{f"ValueSet-{number}.json": one for number, one in enumerate(sets)},
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    made = generate.tables(tmp_path)
    assert json.loads(made["codes.json"])["sets"] == {name: {"u:s": list(codes)} for name, codes in expected.items()}
    assert json.loads(made["r4.json"]) == {"Thing": ["", {name: f"0..1 code!{name}" for name in expected}]}
    assert generate.tables(tmp_path) == made
