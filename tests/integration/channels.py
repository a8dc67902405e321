"""Holds what is published to docs/api/asyncapi.json: topic, key, headers and payload. Nothing undocumented passes."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from adapters.streams.kafka_feeds import binary
from schemas.events import Encoded, Message
from tests.integration.conformance import FOLDER

DOCUMENT = json.loads((FOLDER / "asyncapi.json").read_bytes())
ROOT = "urn:asyncapi"
FEED = "feed"
OFFERED = {"claims.offer": "offer", "claims.offer.withdrawn": "offer-withdrawn"}
_REGISTRY: Registry = Registry().with_resource(ROOT, Resource(contents=DOCUMENT, specification=DRAFT7))
Json = dict[str, Any]


def published(message: Message | Encoded, headers: Json | None = None) -> None:
    """A message between the steps, as the log seals it; `headers` as a broker has them."""
    payload = event_of(message)
    assert message.topic in DOCUMENT["channels"] and message.topic != FEED, f"{message.topic}: not documented"
    name = payload["type"]
    assert name in DOCUMENT["channels"][message.topic]["messages"], f"{name} on {message.topic}: not documented"
    _holds(name, message.key, headers or {"event": message.id, "day": "2026-01-01"}, payload)


def event_of(message: Message | Encoded) -> Json:
    value = message.value()
    event: Json = json.loads(value[4 : 4 + int.from_bytes(value[:4], "big")])
    return event


def offered(event: Json) -> None:
    """A CloudEvent: as the feed's door gives it, and as it goes on the insurer's topic (inside its seal)."""
    told = _faults(f"components/schemas/{OFFERED[event['type']]}", event)
    assert not told, f"{event['type']}: {told}"
    sealed = binary(event, lambda data: data)
    on_feed({header: value.decode() for header, value in sealed.headers}, json.loads(sealed.value))


def on_feed(headers: Json, data: Json) -> None:
    """A record of an insurer's topic, its value unsealed."""
    _holds(OFFERED[headers["ce_type"]], None, headers, data)


def _holds(name: str, key: str | None, headers: Json, payload: Json) -> None:
    told = _faults(f"components/messages/{name}/headers", headers) + _faults(
        f"components/messages/{name}/payload", payload
    )
    if key is not None:
        told += _faults(f"components/messages/{name}/bindings/kafka/key", key)
    assert not told, f"{name}: {told}"


def _faults(pointer: str, value: object) -> list[str]:
    return [f"{fault.json_path}: {fault.message[:300]}" for fault in validator(pointer).iter_errors(value)][:5]


@cache
def validator(pointer: str) -> Draft7Validator:
    reference = {"$ref": f"{ROOT}#/{pointer}"}
    return Draft7Validator(reference, registry=_REGISTRY, format_checker=Draft7Validator.FORMAT_CHECKER)
