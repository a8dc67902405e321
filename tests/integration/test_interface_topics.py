"""What the running system publishes against docs/api/asyncapi.json, while a scenario plays and after it."""

import asyncio
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from schemas.events import Encoded, Message
from services import due
from services.hub.retention import TEN_YEARS
from services.sandbox.client import Client
from services.sandbox.player import Player
from services.sandbox.scenario import KINDS, generate
from tests.integration import channels, claims
from tests.integration.bodies import INSURER
from tests.integration.channels import DOCUMENT
from tests.integration.running import Running

SEED, CASES = 7, len(KINDS)  # one of every kind of case


@dataclass(frozen=True)
class World:
    messages: list[Message | Encoded]
    events: list[channels.Json]


@pytest.fixture(scope="module")
def world(running: Running) -> World:
    """Everything that was published and offered: a scenario, a suspension and its end, a withdrawal, a retention that ends."""
    heard: list[Message | Encoded] = []
    running.system.host.listen(heard.extend)

    async def play() -> None:
        async with Client(running.sandbox) as client:
            await Player(client, lambda _: None).play(generate(SEED, CASES))

    asyncio.run(play())
    claim = claims.claim(running)
    claims.set_status(running, INSURER, "suspended")
    claims.set_status(running, INSURER, "admitted")
    claims.withdraw(running, claim.authorisation)
    claims.judge(running, "erase", claim.paper)
    later = running.system.clock() + TEN_YEARS + timedelta(days=1)  # for the clock alone: the hub finds nothing ended

    async def tick() -> None:
        system = running.system
        await system._loop.run_in_executor(system._writer, system.host.append, lambda tx: due.events(tx, later))

    running.call(tick)
    running.settle()
    insurers = [one.code for one in running.sandbox.bearers.values() if one.role == "insurer"]
    return World(heard, [event for code in insurers for event in claims.feed(running, code)])


def test_every_message_is_as_documented(world: World) -> None:
    for message in world.messages:
        channels.published(message)


def test_every_documented_topic_carries_something(world: World) -> None:
    carried = {(one.topic, channels.event_of(one)["type"]) for one in world.messages}
    documented = {(topic, name) for topic, told in DOCUMENT["channels"].items() for name in told["messages"]}
    assert carried == {one for one in documented if one[0] != channels.FEED}


def test_every_offer_is_as_documented(world: World) -> None:
    for event in world.events:
        channels.offered(event)
    kinds = {(event["type"], frozenset(event["data"])) for event in world.events}
    assert kinds == {
        ("claims.offer", frozenset({"case", "facts", "papers", "missing"})),
        ("claims.offer", frozenset({"case"})),
        ("claims.offer.withdrawn", frozenset({"case", "withdraws"})),
    }


def _objects(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(child)


def test_a_field_that_is_not_documented_is_found(world: World) -> None:
    """Wherever it stands, but in `facts`, which are open."""
    event = next(one for one in world.events if one["type"] == "claims.offer" and one["data"].get("papers"))
    places = len([*_objects(event | {"data": {**event["data"], "facts": {}}})])
    for place in range(places):
        changed = copy.deepcopy(event)
        changed["data"]["facts"] = {}
        held = [*_objects(changed)][place]
        if held is changed["data"]["facts"]:
            continue
        held["undocumented"] = 1
        with pytest.raises(AssertionError):
            channels.offered(changed)


def test_a_topic_or_event_that_is_not_documented_is_found(world: World) -> None:
    message = next(one for one in world.messages if isinstance(one, Message) and one.topic == "received")
    channels.published(message)
    for topic in ("gossip", "verdicts", channels.FEED):
        with pytest.raises(AssertionError, match="not documented"):
            channels.published(Message(topic, message.key, message.id, message.event, message.body))
