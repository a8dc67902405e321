"""An insurer's own topic: CloudEvents in Kafka's binary mode, each value sealed to the insurer's key."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder

from adapters.streams.kafka import Broker
from schemas.topics import feed_name

SEALED = b"application/jose"  # the media type of the value as it stands; its `cty` says what is inside
READ_MS = 1_000
GIVE_UP_MS = 15_000  # a topic that takes nothing for so long; longer than brokers need to replace one that is lost
IN_HEADERS = ("specversion", "id", "source", "type", "time", "offernumber")


@dataclass(frozen=True)
class Sealed:
    """A CloudEvent as it rests on the topic."""

    headers: list[tuple[str, bytes]]
    value: bytes


def binary(event: dict[str, object], seal: Callable[[bytes], bytes]) -> Sealed:
    """The attributes in `ce_` headers, `data` as the value."""
    data = json.dumps(event["data"], ensure_ascii=False, separators=(",", ":")).encode()
    attributes = [(f"ce_{name}", str(event[name]).encode()) for name in IN_HEADERS]
    return Sealed([*attributes, ("content-type", SEALED)], seal(data))


class Feeds:
    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def publish(self, insurer: str, events: Sequence[Sealed]) -> None:
        """In their order. A batch is written whole or not at all, and the next one is sent when it is acknowledged: what fails
        (KafkaError) leaves no hole that a later number would hide."""
        batch = self._producer.create_batch()
        for event in events:
            if not _add(batch, event):
                await self._send(batch, insurer)
                batch = self._producer.create_batch()
                _add(batch, event)  # an empty batch takes any
        await self._send(batch, insurer)

    async def _send(self, batch: BatchBuilder, insurer: str) -> None:
        batch.close()
        # Whoever waits may be cancelled; a batch that is would end the producer when it is sent again.
        await asyncio.shield(await self._producer.send_batch(batch, feed_name(insurer), partition=0))


def _add(batch: BatchBuilder, event: Sealed) -> bool:
    return batch.append(timestamp=None, key=None, value=event.value, headers=event.headers) is not None


async def numbers_on(broker: Broker, insurers: Sequence[str]) -> dict[str, tuple[list[int | None], bool]]:
    """Of each insurer that has a topic the numbers of all its records by now, None for what is not ours, and whether it is kept
    from its beginning."""
    consumer = broker.consumer(None)
    await consumer.start()
    try:
        topics = await consumer.topics()
        return {one: await _numbers(consumer, one) for one in insurers if feed_name(one) in topics}
    finally:
        await consumer.stop()


async def _numbers(consumer: AIOKafkaConsumer, insurer: str) -> tuple[list[int | None], bool]:
    place, found = TopicPartition(feed_name(insurer), 0), list[int | None]()
    consumer.assign([place])
    end = (await consumer.end_offsets([place]))[place]
    while await consumer.position(place) < end:
        for record in (await consumer.getmany(timeout_ms=READ_MS)).get(place, ()):
            if record.offset < end:
                number = dict(record.headers).get("ce_offernumber") or b""
                found.append(int(number) if number.isdigit() else None)
    return found, (await consumer.beginning_offsets([place]))[place] == 0


@asynccontextmanager
async def sending(broker: Broker) -> AsyncIterator[Feeds]:
    # It does not count what it sends: a batch that was refused would be a gap to the brokers, and bar every later one. What is
    # written twice so, a reader knows by its number.
    producer = broker.producer(enable_idempotence=False, request_timeout_ms=GIVE_UP_MS)
    await producer.start()
    try:
        yield Feeds(producer)
    finally:
        await producer.stop()
