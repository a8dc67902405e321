"""The topics as an AsyncAPI 3 document: the topic table, the flow, the events, and the insurers' feeds. Pure.

AsyncAPI's own schema object is JSON Schema draft 07 and more, so the few words of 2020-12 are written as draft 07 has them.
"""

import json
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from schemas.events import Checked, Expire, Received, Refold, Verdict, View
from schemas.ids import ID_LENGTH
from schemas.json import load
from schemas.topics import DUE, FEED_SETTINGS, LOG_SETTINGS, RECEIVED, TOPICS, Topic, feed_name
from services.pipeline import PIPELINE

Json = dict[str, Any]
EVENTS = {event.model_fields["type"].default: event for event in (Received, Checked, Verdict, Refold, Expire, View)}
FEEDS = ("offer", "offer-withdrawn")
FEED = "feed"  # the channel of an insurer's feed; its address is the topic's
BINDING = "0.5.0"
SEALED = "application/jose"
JWE = """\
The value is a compact JWE (RFC 7516; ECDH-ES+A256KW, A256GCM) to the insurer's registered key, which `kid` names; the payload
here is what is inside."""

DESCRIPTION = """\
What travels between the steps of the claims interchange, and what each insurer reads.

The interchange's own topics are for its services alone. A value there is sealed (AES-256-GCM under the key of its `day`); opened
it is the length of the event (4 bytes, big endian), the event as JSON (the payload here), and the bytes of the record, packed.
Fields that have their default are left out. No key and no header holds personal data.

An insurer reads its own topic: CloudEvents 1.0 in Kafka's binary mode, the attributes in `ce_` headers, numbered by
`ce_offernumber` without gaps, the value sealed to the insurer's registered key; the same events as
`GET /insurers/{code}/offers`. A number may come again: drop those up to the last."""


@cache
def text() -> bytes:
    """The document as it is committed and served."""
    return json.dumps(document(), ensure_ascii=False, indent=1).encode() + b"\n"


def document() -> Json:
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Claims interchange", "version": "1", "description": DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS} | {FEED: _feed()},
        "operations": _operations(),
        "components": {
            "parameters": {
                "space": {"description": "The first word of every topic of one interchange.", "default": "claims"},
                "code": {"description": "The insurer's company number, or `fund`."},
            },
            "messages": {name: _message(name) for name in EVENTS} | {name: _offer(name) for name in FEEDS},
            "schemas": _schemas(),
        },
    }


def _channel(topic: Topic) -> Json:
    return {
        "address": topic.on_broker("{space}"),
        "description": f"Keyed by {topic.key}; values can be read for at most {topic.days} days.",
        "parameters": {"space": {"$ref": "#/components/parameters/space"}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in topic.carries},
        "bindings": {"kafka": _broker(LOG_SETTINGS) | {"partitions": topic.partitions}},
    }


def _feed() -> Json:
    return {
        "address": feed_name("{code}"),
        "description": "An insurer's feed, readable with its own credentials alone.",
        "parameters": {"code": {"$ref": "#/components/parameters/code"}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in FEEDS},
        "bindings": {"kafka": _broker(FEED_SETTINGS) | {"partitions": 1}},
    }


def _broker(settings: dict[str, str]) -> Json:
    told: Json = {key: int(value) if value.isdigit() else value for key, value in settings.items()}
    told["cleanup.policy"] = [told["cleanup.policy"]]
    return {"topicConfiguration": told, "bindingVersion": BINDING}


def _operations() -> Json:
    """The steps of the flow, what is before it (doors, clock) and behind it (feeds)."""
    found = {"doorsSendReceived": _operation("send", RECEIVED.name), "clockSendsDue": _operation("send", DUE.name)}
    for step in PIPELINE:
        for topic in step.sources:
            found[f"{step.name}Receives{topic.name.capitalize()}"] = _operation("receive", topic.name)
        for topic in step.targets:
            found[f"{step.name}Sends{topic.name.capitalize()}"] = _operation("send", topic.name)
    return found | {"publisherSendsFeed": _operation("send", FEED)}


def _operation(action: str, channel: str) -> Json:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


def _message(name: str) -> Json:
    return {
        "name": name,
        "summary": (EVENTS[name].__doc__ or "").partition("\n")[0],
        "headers": {
            "type": "object",
            "properties": {
                "event": {
                    "type": "string",
                    "pattern": f"^[0-9a-f]{{{ID_LENGTH}}}(:expire:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})?$",
                    "description": "Derived from its input: the same input gives the same event, which counts once. Of an expiry "
                    "its record and its day.",
                },
                "day": {"type": "string", "format": "date", "description": "UTC; whose key the value is sealed under."},
            },
            "required": ["event", "day"],
            "additionalProperties": False,
        },
        "payload": {"$ref": f"#/components/schemas/{EVENTS[name].__name__}"},
        "bindings": {"kafka": {"key": {"type": "string", "minLength": 1}, "bindingVersion": BINDING}},
    }


def _offer(name: str) -> Json:
    """CloudEvents, Kafka protocol binding 1.0.2, binary content mode: the attributes are headers, `data` is the value, sealed."""
    schema = load(name)
    example: Json = schema["examples"][0]  # type: ignore[index]
    attributes: Json = dict(schema["properties"])  # type: ignore[call-overload]
    kind = attributes["type"]["const"]
    headers = {f"ce_{key}": attributes[key] for key in ("id", "source", "specversion", "time", "type")}
    headers["ce_offernumber"] = {
        "type": "string",
        "pattern": "^[1-9][0-9]{0,9}$",
        "description": attributes["offernumber"]["description"],
    }
    told = {header: str(example[header.removeprefix("ce_")]) for header in headers} | {"content-type": SEALED}
    headers["content-type"] = {"const": SEALED, "description": "The value's; its `cty` says that JSON is inside."}
    return {
        "name": kind,
        "summary": schema["description"],
        "description": JWE,
        "contentType": SEALED,
        "headers": {
            "type": "object",
            "properties": headers,
            "required": sorted(headers),
            "additionalProperties": False,
        },
        "payload": {"$ref": f"#/components/schemas/{name}-data"},
        "bindings": {"kafka": {"bindingVersion": BINDING}},
        "examples": [{"headers": told, "payload": example["data"]}],
    }


def _schemas() -> Json:
    """Of the events as they are written, and of the CloudEvents as the feed's door gives them."""
    _, told = models_json_schema(
        [(event, "serialization") for event in EVENTS.values()], ref_template="#/components/schemas/{model}"
    )
    found: Json = _draft7(told["$defs"])
    for event in EVENTS.values():
        found[event.__name__].setdefault("required", []).append("type")  # written though it is a default
    for name in FEEDS:
        schema = load(name)
        data = dict(schema["properties"])["data"]  # type: ignore[call-overload]
        schema["properties"] |= {"data": {"$ref": f"#/components/schemas/{name}-data"}}  # type: ignore[operator]
        found[name] = {key: one for key, one in schema.items() if key not in ("$schema", "$id", "examples")}
        found[f"{name}-data"] = data
    return dict(sorted(found.items()))


def _draft7(schema: Any) -> Any:
    """A tuple is `items` there, each in its place."""
    if isinstance(schema, dict):
        return {"items" if key == "prefixItems" else key: _draft7(one) for key, one in schema.items()}
    return [_draft7(one) for one in schema] if isinstance(schema, list) else schema
