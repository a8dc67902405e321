"""Documents that name iClaim somewhere: what names no profile in them is held to iClaim's all the same."""

import json
import os
from copy import deepcopy
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.json_text import write
from schemas.problems import Severity
from services.validation.resource import check

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "data" / "fhir"
SHARED = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared" / "data")) / "fhir"
CLAIM = json.loads((OWN / "bundle-songling-outpatient.json").read_text(), parse_float=Decimal)
AT = {entry["resource"]["resourceType"]: index for index, entry in reversed(list(enumerate(CLAIM["entry"])))}
HELD = ("Patient", "Encounter", "Condition", "Claim", "Coverage")


def told(bundle: dict) -> list[tuple[str, str]]:
    """(code, path) of what refuses the document."""
    return [(one.code, one.path) for one in check(write(bundle)) if one.severity == Severity.ERROR]


def unnamed(*kinds: str) -> dict:
    """The document, of whose resources those of the kinds name no profile."""
    bundle = deepcopy(CLAIM)
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] in kinds:
            entry["resource"].pop("meta", None)
    return bundle


def resource(bundle: dict, kind: str) -> dict:
    return bundle["entry"][AT[kind]]["resource"]


ROWS = [
    ("Patient", "identifier"),
    ("Patient", "name"),
    ("Patient", "birthDate"),
    ("Encounter", "identifier"),
    ("Encounter", "period"),
    ("Condition", "identifier"),
    ("Condition", "recordedDate"),
    ("Claim", "identifier"),
    ("Claim", "total"),
]


def test_a_document_may_name_iclaim_once() -> None:
    assert told(unnamed(*HELD)) == [] and told(CLAIM) == []


@pytest.mark.parametrize(("kind", "element"), ROWS)
@pytest.mark.parametrize("alone", [False, True], ids=["bundle-names", "composition-names"])
def test_what_names_nothing_is_held_to_iclaim(kind: str, element: str, alone: bool) -> None:
    bundle = unnamed(*HELD)
    if alone:
        del bundle["meta"]
    del resource(bundle, kind)[element]
    missing = ["period.end", "period.start"] if element == "period" else [element]
    if (kind, element) == ("Patient", "identifier"):  # the person's, and the chart's
        missing *= 2
    assert told(bundle) == [("iclaim-required", f"Bundle.entry[{AT[kind]}].resource.{one}") for one in missing]


def test_the_insurer_is_a_company() -> None:
    bundle = unnamed(*HELD)
    resource(bundle, "Coverage")["payor"] = [{"reference": CLAIM["entry"][AT["Patient"]]["fullUrl"]}]
    assert ("profile-reference", f"Bundle.entry[{AT['Coverage']}].resource.payor[0]") in told(bundle)


@pytest.mark.parametrize("kind", ["Patient", "Encounter", "Condition", "Claim"])
def test_all_of_a_type_or_those_that_name_it(kind: str) -> None:
    """Beside one that names iClaim the others are as R4 allows; of those that name nothing each is held to it."""
    bundle = deepcopy(CLAIM)
    second = deepcopy(bundle["entry"][AT[kind]])
    second["fullUrl"] = "urn:uuid:5b9f3b0e-52c5-4f6e-9e2a-0d3a5a1c7e01"
    second["resource"] = {key: each for key, each in second["resource"].items() if key not in ("meta", "identifier")}
    second["resource"]["id"] = "second"
    bundle["entry"].append(second)
    place = ("iclaim-required", f"Bundle.entry[{len(bundle['entry']) - 1}].resource.identifier")
    assert place not in told(bundle)
    del resource(bundle, kind)["meta"]
    assert place in told(bundle)


@pytest.mark.parametrize("kind", ["Patient", "Encounter"])
def test_nobody_or_no_visit(kind: str) -> None:
    bundle = deepcopy(CLAIM)
    del bundle["meta"]
    bundle["entry"] = [one for one in bundle["entry"] if one["resource"]["resourceType"] != kind]
    found = [one for one in told(bundle) if one[0] == "iclaim-required"]
    assert found == [("iclaim-required", "Bundle.entry")]
    bundle["meta"] = CLAIM["meta"]  # the slices of the Bundle say so too: it is told once
    assert [one for one in told(bundle) if one[0] == "iclaim-required"] == found


def test_without_iclaim_nothing_is_held_to_it() -> None:
    kinds = {entry["resource"]["resourceType"] for entry in CLAIM["entry"]}
    bundle = unnamed(*kinds)
    del bundle["meta"]
    for kind, element in ROWS:
        resource(bundle, kind).pop(element, None)
    assert "iclaim-required" not in {code for code, _ in told(bundle)}


@pytest.mark.parametrize(
    "path", sorted((SHARED / "iclaim" / "assembled").glob("bundle-*.json")), ids=lambda path: path.stem
)
def test_published_documents_have_no_problem(path: Path) -> None:
    assert check(path.read_bytes()) == ()
