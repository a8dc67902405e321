"""The hosts that one contract suite runs over, each opened over a place that outlives it, as a process that starts again."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import Connection, text

from adapters.stores.archive import Archive
from adapters.stores.database import Database
from adapters.stores.postgres import PostgresDatabase
from adapters.streams import embedded, kafka_decide, kafka_topics
from adapters.streams.kafka import Broker, Publisher, Sealer, publishing
from adapters.streams.log import Log
from adapters.vault.blobs import Blobs
from adapters.vault.keys import Keys
from schemas.events import Message
from schemas.ids import derive
from schemas.topics import DUE, OFFERS, Topic
from tests.contract.crashing import Steps

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
PATIENCE = 60.0  # seconds until a host must have taken everything
T = TypeVar("T")


class Ledger:
    """A decide step that writes each input down in its database, and passes it on."""

    name = "ledger"
    sources = (DUE.name,)

    def __init__(self, poison: str | None = None, needs: Callable[[Connection, int], None] | None = None) -> None:
        """`needs`: asks the database for what so many messages take."""
        self.poison, self._needs = poison, needs

    def handle(self, tx: Connection, messages: Sequence[Message], now: datetime) -> list[Message]:
        outputs = []
        if self._needs:
            self._needs(tx, len(messages))
        for message in messages:
            if message.id == self.poison:
                raise ValueError("poison")
            _note(tx, message.key, message.id)
            outputs.append(Message(OFFERS.name, message.key, derive(message.id, "out"), message.event))
        return outputs

    def dead(self, tx: Connection, message: Message, reason: str, now: datetime) -> list[Message]:
        _note(tx, "dead", message.id + reason)
        return []


def _note(tx: Connection, key: str, event: str) -> None:
    tx.execute(text("INSERT INTO ledger (key, event) VALUES (:key, :event)"), {"key": key, "event": event})


def make_ledger(database: Database | PostgresDatabase, number: str) -> None:
    with database.write() as tx:
        tx.execute(text(f"CREATE TABLE IF NOT EXISTS ledger (n {number}, key TEXT, event TEXT)"))


def taken(database: Database | PostgresDatabase) -> list[tuple[str, str]]:
    """Keys and inputs of the ledger, in the order in which they were written down."""
    with database.read() as tx:
        return [(key, event) for key, event in tx.execute(text("SELECT key, event FROM ledger ORDER BY n"))]


class Harness(Protocol):
    whole: tuple[
        int, ...
    ]  # how many of one message may be written down after a crash: a turn is whole or not there at all
    operations: int  # that a turn has, at least
    reason: str  # why a message is poison

    def publish(self, messages: list[Message]) -> None: ...
    def settle(self, handler: embedded.Handler) -> None: ...
    def turn(self, handler: embedded.Handler) -> None: ...
    def taken(self) -> list[tuple[str, str]]: ...  # in order; of a transform each once: it may do one again
    def outputs(self) -> list[tuple[str, str]]: ...  # keys and ids, each id once, as a reader that knows ids sees them
    def crash_at(self, operation: int) -> Any: ...  # a context manager that gives the Steps
    def deliver_again(self) -> None: ...
    def forget(self) -> None: ...
    def close(self) -> None: ...


class Embedded:
    whole, operations, reason = (0,), 6, "ValueError"

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "claims.sqlite")
        self.keys = Keys(folder / "keys")
        self.log = Log(self.keys)
        self.host = embedded.Host(self.database, self.log, lambda: NOW)
        make_ledger(self.database, "INTEGER PRIMARY KEY")

    def publish(self, messages: list[Message]) -> None:
        self.host.append(lambda tx: messages)

    def settle(self, handler: embedded.Handler) -> None:
        self.host.settle([handler])

    def turn(self, handler: embedded.Handler) -> None:
        self.host.turn(handler)

    def taken(self) -> list[tuple[str, str]]:
        return taken(self.database)

    def outputs(self) -> list[tuple[str, str]]:
        with self.database.read() as tx:
            return [(message.key, message.id) for _, message in self.log.read(tx, [OFFERS.name], 0, 10_000)]

    @contextmanager
    def crash_at(self, operation: int) -> Iterator[Steps]:
        steps = Steps(operation)
        with steps.of(self.database._writer):
            yield steps

    def deliver_again(self) -> None:
        with self.database.write() as tx:
            self.log.advance(tx, Ledger.name, 0)

    def forget(self) -> None:
        with self.database.write() as tx:
            for table in ("ledger", "inbox", "cursors"):
                tx.execute(text(f"DELETE FROM {table}"))
            tx.execute(text("DELETE FROM log WHERE topic = 'offers'"))

    def close(self) -> None:
        self.database.close()
        self.keys.close()


@dataclass
class KafkaPlace:
    """Where a Kafka host works: topics and groups of its own, a database of its own, a folder for its keys."""

    broker: Broker
    url: str
    folder: Path
    outputs_from: dict[TopicPartition, int] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)  # what a transform was given, by key and id

    @classmethod
    def make(cls, address: str, url: str, folder: Path) -> "KafkaPlace":
        place = cls(Broker(address, "t" + secrets.token_hex(6)), url, folder)
        kafka_topics.Topics(place.broker).apply((), ())
        return place


class Kafka:
    whole = (0, 1)  # committed and not yet published: delivered again, it changes nothing and is published
    operations, reason = 6, "ValueError"

    def __init__(self, place: KafkaPlace) -> None:
        self.place = place
        self.database = PostgresDatabase(place.url)
        self.keys = Keys(place.folder / "keys")
        self.reopen()
        self._steps: Steps | None = None
        make_ledger(self.database, "SERIAL PRIMARY KEY")

    def reopen(self) -> None:
        """As a new process, which remembers no key."""
        self.sealer = Sealer(self.keys, self.place.broker)
        self.archive = Archive(self.keys, Blobs(self.place.folder / "blobs"))
        self.host = kafka_decide.Host(self.place.broker, self.database, self.archive, self.sealer, lambda: NOW)

    def publish(self, messages: list[Message]) -> None:
        async def work() -> None:
            async with publishing(self.place.broker) as publisher:
                await publisher.publish(self.sealer.seal(messages, NOW))

        run(work())

    def litter(self, records: Sequence[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]]) -> None:
        """Puts what we did not write (key, value, headers) on the topic that the ledger reads."""

        async def work() -> None:
            async with publishing(self.place.broker) as publisher:
                for key, value, headers in records:
                    name = DUE.on_broker(self.place.broker.space)
                    await publisher._producer.send_and_wait(name, value, key=key, headers=headers)

        run(work())

    def settle(self, handler: embedded.Handler) -> None:
        async def until_level(member: kafka_decide.Member) -> None:
            while await member.turn() or not await self._level(Ledger.name):
                pass

        run(self._joined(handler, until_level))

    def turn(self, handler: embedded.Handler) -> None:
        async def one(member: kafka_decide.Member) -> None:
            while not await member.turn():
                pass

        run(self._joined(handler, one))

    async def _joined(
        self, handler: embedded.Handler, work: Callable[[kafka_decide.Member], Coroutine[Any, Any, None]]
    ) -> None:
        async with publishing(self.place.broker) as real:
            publisher = Crashing(real, self._steps) if self._steps else real
            async with self.host.joined(handler, publisher, asyncio.Event()) as member:
                if self._steps:
                    member._consumer.commit = self._steps.before(member._consumer.commit)
                await work(member)

    def level(self, step: str) -> bool:
        """Whether the step's group has committed everything there is."""
        return run(self._level(step))

    async def _level(self, step: str) -> bool:
        async with self._consumer(step) as consumer:
            parts = self._partitions(DUE)
            ends = await consumer.end_offsets(parts)
            return all([(await consumer.committed(one) or 0) >= ends[one] for one in parts])

    def taken(self) -> list[tuple[str, str]]:
        return taken(self.database)

    def outputs(self) -> list[tuple[str, str]]:
        async def work() -> list[tuple[str, str]]:
            async with self._consumer(None) as consumer:
                parts = self._partitions(OFFERS)
                consumer.assign(parts)
                ends = await consumer.end_offsets(parts)
                for one in parts:
                    consumer.seek(one, self.place.outputs_from.get(one, 0))
                found: dict[str, str] = {}
                while any([await consumer.position(one) < ends[one] for one in parts]):
                    for records in (await consumer.getmany(timeout_ms=100)).values():
                        for message in (self.sealer.open(record) for record in records):
                            found.setdefault(message.id, message.key)
                return [(key, id) for id, key in found.items()]

        return run(work())

    @contextmanager
    def crash_at(self, operation: int) -> Iterator[Steps]:
        self._steps = Steps(operation)
        try:
            with self._steps.of(self.database._writer):
                yield self._steps
        finally:
            self._steps = None

    def deliver_again(self) -> None:
        async def work() -> None:
            async with self._consumer(Ledger.name) as consumer:
                parts = self._partitions(DUE)
                consumer.assign(parts)
                await consumer.commit(dict.fromkeys(parts, 0))

        run(work())

    def forget(self) -> None:
        with self.database.write() as tx:
            for table in ("ledger", "inbox", "outbox"):
                tx.execute(text(f"DELETE FROM {table}"))
        self.deliver_again()

        async def work() -> None:
            async with self._consumer(None) as consumer:
                parts = self._partitions(OFFERS)
                self.place.outputs_from = await consumer.end_offsets(parts)

        run(work())

    def close(self) -> None:
        self.database.close()
        self.keys.close()

    def _partitions(self, topic: Topic) -> list[TopicPartition]:
        name = topic.on_broker(self.place.broker.space)
        return [TopicPartition(name, number) for number in range(topic.partitions)]

    def _consumer(self, step: str | None) -> "Started":
        return Started(self.place.broker.consumer(self.place.broker.group(step) if step else None))


class Started:
    """A consumer from its start to its end."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def __aenter__(self) -> AIOKafkaConsumer:
        await self._consumer.start()
        return self._consumer

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()


class Before(Protocol):
    def before(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]: ...


class Crashing:
    """A publisher that may end before each message."""

    def __init__(self, real: Publisher, steps: Before) -> None:
        self._publish = steps.before(real.publish)

    async def publish(self, rows: Sequence[Any]) -> None:
        for row in rows:
            await self._publish([row])


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, PATIENCE))
