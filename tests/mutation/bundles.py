"""Faults of Bundles: bdl-* and what R4 says of Bundles in words (https://hl7.org/fhir/R4/bundle.html)."""

import random
from typing import Any

from tests.mutation.walk import Place, Walk, pick

# The Bundle's entries are those of `walk.root`, for only a whole file is mutated as a Bundle.


def _bundle(walk: Walk, *kinds: str) -> dict[str, Any]:
    if walk.type != "Bundle" or (kinds and walk.resource["type"] not in kinds):
        raise LookupError("no such Bundle")
    return walk.resource


def _entry(walk: Walk, chance: random.Random, *kinds: str) -> tuple[int, dict[str, Any]]:
    """An entry that holds a resource, and its index."""
    entries = _bundle(walk, *kinds).get("entry", [])
    return pick(chance, [(index, one) for index, one in enumerate(entries) if "resource" in one])


def bdl_1(walk: Walk, chance: random.Random) -> Place:
    """A total only of searches and histories."""
    _bundle(walk, "document", "collection", "message", "transaction", "batch")["total"] = 1
    return (*walk.place, "total")


def bdl_2(walk: Walk, chance: random.Random) -> Place:
    """entry.search only in searches."""
    index, entry = _entry(walk, chance, "document", "collection", "message", "transaction", "history")
    entry["search"] = {"mode": "match"}
    return (*walk.place, "entry", index, "search")


def bdl_3(walk: Walk, chance: random.Random) -> Place:
    """entry.request in transactions, batches and histories, and nowhere else."""
    index, entry = _entry(walk, chance)
    if "request" in entry:
        del entry["request"]
    else:
        entry["request"] = {"method": "POST", "url": "Patient"}
    return (*walk.place, "entry", index, "request")


def bdl_4(walk: Walk, chance: random.Random) -> Place:
    """entry.response in answers and histories, and nowhere else."""
    index, entry = _entry(walk, chance)
    if "response" in entry:
        del entry["response"]
    else:
        entry["response"] = {"status": "200"}
    return (*walk.place, "entry", index, "response")


def bdl_5(walk: Walk, chance: random.Random) -> Place:
    """An entry with neither resource nor request nor response."""
    bundle = _bundle(walk, "document", "collection", "message", "searchset")
    bundle["entry"] = [*bundle.get("entry", ()), {"fullUrl": "urn:uuid:8c2f1d2e-31aa-4a3e-8f5e-000000000099"}]
    return (*walk.place, "entry", len(bundle["entry"]) - 1)


def bdl_7(walk: Walk, chance: random.Random) -> Place:
    """One fullUrl twice."""
    bundle = _bundle(walk, "document", "collection", "message", "searchset", "transaction")
    index, entry = _entry(walk, chance)
    double = {**entry, "resource": {**entry["resource"]}}
    bundle["entry"] = [*bundle["entry"], double]
    return (*walk.place, "entry", len(bundle["entry"]) - 1, "fullUrl")


def bdl_8(walk: Walk, chance: random.Random) -> Place:
    """A fullUrl that names a version."""
    index, entry = _entry(walk, chance)
    resource = entry["resource"]
    identity = resource.setdefault("id", "x1")
    entry["fullUrl"] = f"https://fhir.example/r4/{resource['resourceType']}/{identity}/_history/2"
    return (*walk.place, "entry", index, "fullUrl")


def bdl_9(walk: Walk, chance: random.Random) -> Place:
    """A document without an identifier of system and value."""
    bundle = _bundle(walk, "document")
    change = pick(chance, ["all", "system", "value"])
    if change == "all":
        del bundle["identifier"]
    else:
        bundle["identifier"].pop(change)
        bundle["identifier"]["use"] = "official"
    return (*walk.place, "identifier")


def bdl_10(walk: Walk, chance: random.Random) -> Place:
    """A document without timestamp."""
    del _bundle(walk, "document")["timestamp"]
    return (*walk.place, "timestamp")


def bdl_11(walk: Walk, chance: random.Random) -> Place:
    """A document whose first entry is no Composition."""
    entries = _bundle(walk, "document")["entry"]
    change = pick(chance, ["turn", "remove", "none"])
    if change == "turn":
        entries.append(entries.pop(0))
    elif change == "remove":
        entries.pop(0)
    else:
        del walk.resource["entry"]
    return (*walk.place, "entry")


def bdl_12(walk: Walk, chance: random.Random) -> Place:
    """A message whose first entry is no MessageHeader."""
    entries = _bundle(walk, "message")["entry"]
    entries.append(entries.pop(0))
    return (*walk.place, "entry")


def full_url_relative(walk: Walk, chance: random.Random) -> Place:
    """A fullUrl is absolute."""
    index, entry = _entry(walk, chance, "document", "collection", "message", "searchset")
    resource = entry["resource"]
    relative = f"{resource['resourceType']}/{resource.get('id', 'x')}"
    entry["fullUrl"] = pick(chance, [relative, f"/{relative}", "x", "urn:uuid:not-a-uuid", "#x"])
    return (*walk.place, "entry", index, "fullUrl")


def full_url_of_another(walk: Walk, chance: random.Random) -> Place:
    """A RESTful fullUrl ends with the type and id of its resource."""
    index, entry = _entry(walk, chance, "document", "collection", "message", "searchset")
    resource = entry["resource"]
    kind, identity = resource["resourceType"], resource.setdefault("id", "x1")
    wrong = pick(chance, [f"{kind}/other", f"Basic/{identity}"])
    entry["fullUrl"] = f"https://fhir.example/r4/{wrong}"
    return (*walk.place, "entry", index, "fullUrl")


def composition_dangling(walk: Walk, chance: random.Random) -> Place:
    """What a document's Composition names is inside the document."""
    composition = _bundle(walk, "document")["entry"][0]["resource"]
    wrong = {"reference": pick(chance, ["urn:uuid:8c2f1d2e-31aa-4a3e-8f5e-000000000099", "Patient/nobody"])}
    if pick(chance, [True, False]):
        composition["subject"] = wrong
        return (*walk.place, "entry", 0, "resource", "subject", "reference")
    wrong = {"reference": wrong["reference"].replace("Patient", "Observation")}
    composition["section"] = [{"title": "x", "entry": [wrong]}]
    return (*walk.place, "entry", 0, "resource", "section", 0, "entry", 0, "reference")


def composition_version(walk: Walk, chance: random.Random) -> Place:
    """A version that is not in the document."""
    composition = _bundle(walk, "document")["entry"][0]["resource"]
    target = composition["subject"]["reference"]
    if ":" in target:
        raise LookupError("no RESTful reference")
    fits = [one for one in walk.resource["entry"] if one.get("fullUrl", "").endswith(target)]
    pick(chance, fits)["resource"].setdefault("meta", {})["versionId"] = "1"
    composition["subject"]["reference"] = f"{target}/_history/99"
    return (*walk.place, "entry", 0, "resource", "subject", "reference")


def composition_ambiguous(walk: Walk, chance: random.Random) -> Place:
    """Two versions of one resource, and a reference that names none of them."""
    bundle = _bundle(walk, "document")
    target = bundle["entry"][0]["resource"]["subject"]["reference"]
    fits = [one for one in bundle["entry"] if one.get("fullUrl", "").endswith(target)]
    entry = pick(chance, fits)
    entry["resource"].setdefault("meta", {})["versionId"] = "1"
    twin = {**entry["resource"], "meta": {**entry["resource"]["meta"], "versionId": "2"}}
    bundle["entry"] = [*bundle["entry"], {**entry, "resource": twin}]
    return (*walk.place, "entry", 0, "resource", "subject", "reference")


def link_twice(walk: Walk, chance: random.Random) -> Place:
    """Two links of one relation."""
    bundle = _bundle(walk)
    link = {"relation": pick(chance, ["self", "next", "previous"]), "url": "https://fhir.example/r4/Patient?page=2"}
    bundle["link"] = [*bundle.get("link", ()), link, {**link}]
    return (*walk.place, "link", len(bundle["link"]) - 1)


def search_entry_without_id(walk: Walk, chance: random.Random) -> Place:
    """What a search found has ids."""
    index, entry = _entry(walk, chance, "searchset")
    del entry["resource"]["id"]
    return (*walk.place, "entry", index, "resource", "id")


def search_outcome_of_another_type(walk: Walk, chance: random.Random) -> Place:
    """search.mode outcome is an OperationOutcome."""
    index, entry = _entry(walk, chance, "searchset")
    entry["search"]["mode"] = "outcome"
    return (*walk.place, "entry", index, "resource")


def entry_without_type(walk: Walk, chance: random.Random) -> Place:
    """A resource of no type in an entry."""
    index, entry = _entry(walk, chance)
    del entry["resource"]["resourceType"]
    return (*walk.place, "entry", index, "resource")


FAULTS = (
    bdl_1,
    bdl_2,
    bdl_3,
    bdl_4,
    bdl_5,
    bdl_7,
    bdl_8,
    bdl_9,
    bdl_10,
    bdl_11,
    bdl_12,
    full_url_relative,
    full_url_of_another,
    composition_dangling,
    composition_version,
    composition_ambiguous,
    link_twice,
    search_entry_without_id,
    search_outcome_of_another_type,
    entry_without_type,
)
