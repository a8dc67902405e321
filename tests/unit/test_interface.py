"""The descriptions themselves: as committed, valid by the specifications' own schemas, closed, exemplified."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7, DRAFT202012

from schemas.records import Role
from schemas.topics import TOPICS
from services.interface import asyncapi, openapi
from services.interface.__main__ import FILES, FOLDER
from services.pipeline import PIPELINE

ROOT = Path(__file__).parents[2]
META = json.loads((ROOT / "tests" / "data" / "asyncapi" / "3.0.0.json").read_bytes())
DOORS, TOPICS_TOLD = openapi.document(), asyncapi.document()
OPEN = {"CapabilityStatement", "Bundle", "JsonSchema", "OpenApi", "AsyncApi"}  # documents of other standards


@pytest.mark.parametrize("name", sorted(FILES))
def test_what_is_committed_is_what_is_generated(name: str) -> None:
    assert (FOLDER / name).read_bytes() == FILES[name](), "run: python -m services.interface"


def test_openapi_is_valid() -> None:
    assert [str(fault) for fault in OpenAPIV31SpecValidator(DOORS).iter_errors()] == []


def test_asyncapi_is_valid() -> None:
    faults = Draft7Validator(META).iter_errors(TOPICS_TOLD)
    assert [f"{fault.json_path}: {fault.message[:200]}" for fault in faults] == []


@pytest.mark.parametrize("document", [DOORS, TOPICS_TOLD], ids=["openapi", "asyncapi"])
def test_every_reference_leads_somewhere_and_every_schema_is_used(document: dict[str, Any]) -> None:
    told = Counter(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)))
    for reference in told:
        at = document
        for part in reference.split("/"):
            at = at[part.replace("~1", "/")]
    used = {reference.removeprefix("components/schemas/") for reference in told}
    # The feed's door gives the whole CloudEvent, which no message of a topic is.
    assert document["components"]["schemas"].keys() - used <= {"offer", "offer-withdrawn"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOORS["paths"].items():
        for method, told in methods.items():
            yield method, path, told


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [told["operationId"] for _, _, told in operations()]
    assert len(names) == len(set(names)) and all(name.isidentifier() for name in names)


def test_a_door_with_roles_needs_a_token_and_one_without_does_not() -> None:
    for method, path, told in operations():
        assert set(told["x-roles"]) <= {role.value for role in Role}
        assert bool(told["x-roles"]) == bool(told["security"]), f"{method} {path}"
        assert ("401" in told["responses"]) == bool(told["security"])


def test_examples_are_valid() -> None:
    resource = Resource(contents=DOORS, specification=DRAFT202012)
    registry: Registry = Registry().with_resource("urn:openapi", resource)
    for _, path, told in operations():
        for media_type, body in told.get("requestBody", {}).get("content", {}).items():
            schema = json.loads(json.dumps(body["schema"]).replace('"#/', '"urn:openapi#/'))
            for example in body.get("examples", {}).values():
                Draft202012Validator(schema, registry=registry).validate(example["value"])
            assert (
                "examples" in body
                or media_type != "application/json"
                or path in ("/fhir/$convert", "/authorisations/{id}", "/mandates/{id}")
            )
    for name, schema in DOORS["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            reference = {"$ref": f"urn:openapi#/components/schemas/{name}"}
            Draft202012Validator(reference, registry=registry).validate(example)


def test_examples_of_messages_are_valid() -> None:
    resource = Resource(contents=TOPICS_TOLD, specification=DRAFT7)
    registry: Registry = Registry().with_resource("urn:asyncapi", resource)
    messages = TOPICS_TOLD["components"]["messages"]
    found = [(name, example) for name, told in messages.items() for example in told.get("examples", ())]
    assert {name for name, _ in found} == {"offer", "offer-withdrawn"}
    for name, example in found:
        for part in ("headers", "payload"):
            reference = {"$ref": f"urn:asyncapi#/components/messages/{name}/{part}"}
            Draft7Validator(reference, registry=registry).validate(example[part])


def objects(schema: object, at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            yield at, schema
        for key, child in schema.items():
            yield from objects(child, f"{at}/{key}")
    elif isinstance(schema, list):
        for place, child in enumerate(schema):
            yield from objects(child, f"{at}/{place}")


@pytest.mark.parametrize("document", [DOORS, TOPICS_TOLD], ids=["openapi", "asyncapi"])
def test_every_object_of_ours_is_closed(document: dict[str, Any]) -> None:
    """Else a field could appear that nothing documents."""
    told = {**document["components"]["schemas"], "messages": document["components"].get("messages")}
    for name, schema in told.items():
        for at, found in objects(schema, name):
            if name not in OPEN and not at.endswith(("/_text/properties/extension/items", "/extension/items")):
                assert found.get("additionalProperties") is False or at.split("/")[-1] in ("if", "then", "else"), at


def test_every_topic_and_every_step_is_told() -> None:
    channels = TOPICS_TOLD["channels"]
    assert channels.keys() == {topic.name for topic in TOPICS} | {asyncapi.FEED}
    told = {(one["action"], one["channel"]["$ref"]) for one in TOPICS_TOLD["operations"].values()}
    flow = {("receive", topic) for step in PIPELINE for topic in step.sources}
    flow |= {("send", topic) for step in PIPELINE for topic in step.targets}
    assert {(action, f"#/channels/{topic.name}") for action, topic in flow} <= told
    assert {reference.removeprefix("#/channels/") for action, reference in told if action == "send"} == channels.keys()
