"""The log after its store was put back, against a real broker: what is refused before anything is loaded, and what of a log is
read again."""

import asyncio
import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord

from adapters.stores import inbox, outbox
from adapters.streams.kafka import Broker, NoTopics, Sealer, publishing
from adapters.streams.kafka_rewind import Rewind, StillRuns, check
from adapters.streams.kafka_topics import Topics
from schemas.events import Message, Refold, View
from schemas.topics import DUE, OFFERS, TOPICS
from services.embedded import utc_now
from services.recovery.worker import DECIDES, STEPS
from tests.servers.places import InFiles
from tests.simulation.world import NOW


@pytest.fixture
def broker(kafka_address: str) -> Broker:
    return Broker(kafka_address, "t" + secrets.token_hex(6))


def refold(id: str) -> Message:
    return Message(DUE.name, id, id, Refold(records=(id,), why="test"))


def told(id: str) -> Message:
    return Message(OFFERS.name, "1", id, View(insurer="1", case=id, version=1))


async def left(broker: Broker, sealer: Sealer, step: str) -> list[str]:
    """The event ids that a step has before it."""
    consumer, found = broker.consumer(broker.group(step)), []
    sources = dict(STEPS)[step]
    consumer.subscribe([topic.on_broker(broker.space) for topic in TOPICS if topic.name in sources])
    await consumer.start()
    while not consumer.assignment():
        await consumer.getmany(timeout_ms=100)
    ends = await consumer.end_offsets(consumer.assignment())
    while any([await consumer.position(place) < end for place, end in ends.items()]):
        taken: dict[object, list[ConsumerRecord]] = await consumer.getmany(timeout_ms=100)
        found += [sealer.open(one).id for some in taken.values() for one in some]
    await consumer.stop()
    return sorted(found)


def test_without_topics_or_beside_a_service_nothing_is_begun(broker: Broker) -> None:
    asyncio.run(_refused(broker))


async def _refused(broker: Broker) -> None:
    with pytest.raises(NoTopics, match=broker.space):
        await check(broker, STEPS)
    await asyncio.to_thread(Topics(broker).apply, (), ())
    await check(broker, STEPS)
    consumer = broker.consumer(broker.group("hub"))
    consumer.subscribe([DUE.on_broker(broker.space)])
    await consumer.start()
    while not consumer.assignment():
        await consumer.getmany(timeout_ms=100)
    with pytest.raises(StillRuns, match="hub"):
        await check(broker, STEPS)
    await consumer.stop()
    await check(broker, STEPS)


def test_what_no_step_had_read_at_the_backup_comes_once_more_and_nothing_else(broker: Broker, tmp_path: Path) -> None:
    asyncio.run(_again(broker, tmp_path))


async def _again(broker: Broker, folder: Path) -> None:
    await asyncio.to_thread(Topics(broker).apply, (), ())
    place = InFiles(folder)
    keys, store = place.keys(), place.database()
    sealer = Sealer(keys, broker)
    rows = sealer.seal([told("read"), told("unread")], NOW)
    with store.write() as tx:  # as the backup holds it
        outbox.keep(tx, "hub", {"input": rows})
        inbox.take(tx, "sequencer", [told("read")], NOW)
    async with publishing(broker) as publisher:
        await publisher.publish([*rows, *sealer.seal([told("lost"), refold("due")], NOW)])
    rewind = Rewind(broker, sealer, utc_now() - timedelta(hours=1))
    await rewind.received(lambda messages: None)
    with store.read() as tx:
        unread = [row for name, topics in DECIDES for row in outbox.unread(tx, name, topics)]
    await rewind.set(STEPS)
    await rewind.publish(unread, NOW)
    assert await left(broker, sealer, "sequencer") == ["unread"]
    assert await left(broker, sealer, "hub") == ["due"]
    store.close()
    keys.close()
