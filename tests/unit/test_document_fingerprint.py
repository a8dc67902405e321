"""The fingerprint of a document: what it is blind to, and what it sees."""

import json
import os
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.evidence import Evidence
from schemas.records import Kind, Record, Role
from services.validation.document import check
from services.validation.parts import part

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "data" / "fhir"
CLAIM = json.loads((OWN / "bundle-songling-outpatient.json").read_text())
SUMMARY = json.loads((OWN / "bundle-songling-summary.json").read_text())
ILLNESS = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared" / "data")) / (
    "fhir/iclaim/assembled/bundle-outpatient-illness.json"
)
PLACES = {entry["resource"]["resourceType"]: index for index, entry in reversed(list(enumerate(CLAIM["entry"])))}
FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(ord("0"), ord("z") + 1)})


def evidence(body: bytes, sender: str = "1141990058") -> Evidence:
    record = Record(
        id="0" * 32,
        attempt=1,
        kind=Kind.DOCUMENT,
        sender=sender,
        role=Role.HOSPITAL,
        method="POST",
        path="/fhir/Bundle",
        sha256="0" * 64,
        size=len(body),
        media_type="application/fhir+json",
        received="2025-12-01T00:00:00.000000Z",
    )
    finding = check(record, body, None)
    assert isinstance(finding.content, Evidence), finding.problems
    return finding.content


def of(bundle: dict) -> Evidence:
    return evidence(json.dumps(bundle, ensure_ascii=False).encode())


def inside(bundle: dict, resource_type: str) -> dict:
    return bundle["entry"][PLACES[resource_type]]["resource"]


ORIGINAL = of(CLAIM)


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([None, 1, 4, "\t"]), st.booleans())
def test_key_order_white_space_and_escapes_change_nothing_at_all(chance, indent, ascii_only) -> None:
    def shuffled(pairs: list) -> dict:
        chance.shuffle(pairs)
        return dict(pairs)

    text = json.dumps(CLAIM)
    turned = json.dumps(json.loads(text, object_pairs_hook=shuffled), indent=indent, ensure_ascii=ascii_only)
    assert evidence(turned.encode()) == ORIGINAL


def blind() -> list[tuple[str, dict]]:
    """Copies that are the same thing, though something else is written."""
    copies = {}

    def copy(name: str) -> dict:
        return copies.setdefault(name, deepcopy(CLAIM))

    patient = inside(copy("full-width national id"), "Patient")["identifier"][0]
    patient["value"] = patient["value"].translate(FULL_WIDTH)
    inside(copy("lower-case national id"), "Patient")["identifier"][0]["value"] = "p277305915"
    condition = inside(copy("full-width certificate number"), "Condition")["identifier"][0]
    condition["value"] = condition["value"].translate(FULL_WIDTH)
    inside(copy("spaced receipt number"), "Claim")["identifier"][1]["value"] = " SLR-114-000917 "
    item = inside(copy("amount with decimals"), "Claim")["item"][0]
    item["net"]["value"] = 150.00
    line = inside(copy("full-width line code"), "Claim")["item"][2]["productOrService"]["coding"][0]
    line["code"] = line["code"].translate(FULL_WIDTH)
    turned = copy("lines in another order")
    inside(turned, "Claim")["item"].reverse()
    moved = copy("entries in another order")
    moved["entry"] = [moved["entry"][0], *reversed(moved["entry"][1:])]
    other = copy("identifiers of bundle and case")
    for one in (other, inside(other, "Composition")):
        one["identifier"] = {"system": "urn:oid:2.16.886.1", "value": "ANOTHER"}
    inside(other, "Claim")["identifier"][0] = {"system": "urn:oid:2.16.886.1", "value": "ANOTHER"}
    titled = copy("title and narrative")
    inside(titled, "Composition")["title"] = "別的標題"
    inside(titled, "Condition")["note"][0]["text"] = "別的敘述"
    inside(copy("time of day"), "Encounter")["period"]["start"] = "2025-03-11T13:00:00+08:00"
    status = copy("correction")
    status["timestamp"] = "2025-03-12T09:00:00+08:00"
    inside(status, "Composition")["status"] = "amended"
    return list(copies.items())


@pytest.mark.parametrize(("name", "bundle"), blind(), ids=[name for name, _ in blind()])
def test_same_thing(name: str, bundle: dict) -> None:
    found = of(bundle)
    assert (found.content, found.parts) == (ORIGINAL.content, ORIGINAL.parts)


def seen() -> list[tuple[str, dict]]:
    """Copies that are another thing."""
    copies = {}

    def copy(name: str) -> dict:
        return copies.setdefault(name, deepcopy(CLAIM))

    inside(copy("patient"), "Patient")["identifier"][0]["value"] = "T188403620"
    inside(copy("certificate number"), "Condition")["identifier"][0]["value"] = "松診字第1140311008號"
    inside(copy("receipt number"), "Claim")["identifier"][1]["value"] = "SLR-114-000918"
    claim = inside(copy("amount of a line"), "Claim")
    claim["item"][1] |= {"net": {"value": 300}, "unitPrice": {"value": 300}}
    payer = inside(copy("payer of a line"), "Claim")
    payer["item"][3]["modifier"] = payer["item"][1]["modifier"]
    payer["total"]["value"] = 1010
    moved = inside(copy("day of the visit"), "Encounter")
    moved["period"]["end"] = "2025-03-12T10:00:00+08:00"
    return list(copies.items())


@pytest.mark.parametrize(("name", "bundle"), seen(), ids=[name for name, _ in seen()])
def test_another_thing(name: str, bundle: dict) -> None:
    assert of(bundle).content != ORIGINAL.content


@pytest.mark.parametrize("number", ["142/90", "142"])
def test_a_summary_is_told_apart_by_its_findings(number: str) -> None:
    changed = deepcopy(SUMMARY)
    observation = changed["entry"][6]["resource"]
    del observation["valueQuantity"]
    observation["valueString"] = number
    other = deepcopy(changed)
    other["entry"][6]["resource"]["valueString"] = number + "1"
    assert of(changed).content == of(deepcopy(changed)).content
    assert len({of(changed).content, of(other).content, of(SUMMARY).content}) == 3


def test_parts_of_a_document_and_of_an_upload_are_one() -> None:
    """An owner types the number as it stands on paper; the part is the same text."""
    assert part("certificate", "1141990058", "ｐ277305915", "松診字 第1140311007號") in ORIGINAL.parts
    assert part("receipt", "1141990058", "P277305915", "slr-114-000917") in ORIGINAL.parts
    assert part("receipt", "1141990058", "P277305915", "松診字第1140311007號") not in ORIGINAL.parts
    assert part("receipt", "1131990017", "P277305915", "SLR-114-000917") not in ORIGINAL.parts


if ILLNESS.exists():

    def test_two_diagnoses_under_one_certificate_are_one_part() -> None:
        found = evidence(ILLNESS.read_bytes(), "1537990035")
        assert len(found.parts) == 2 and len(found.numbers) == 4
