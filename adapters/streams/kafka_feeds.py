"""An insurer's own topic: CloudEvents in Kafka's binary mode, each value sealed to the insurer's key."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from adapters.streams.kafka import Broker
from schemas.topics import feed_name

SEALED = b"application/jose"  # the media type of the value as it stands; its `cty` says what is inside
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
        await (await self._producer.send_batch(batch, feed_name(insurer), partition=0))


def _add(batch: BatchBuilder, event: Sealed) -> bool:
    return batch.append(timestamp=None, key=None, value=event.value, headers=event.headers) is not None


@asynccontextmanager
async def sending(broker: Broker) -> AsyncIterator[Feeds]:
    producer = broker.producer()
    await producer.start()
    try:
        yield Feeds(producer)
    finally:
        await producer.stop()
