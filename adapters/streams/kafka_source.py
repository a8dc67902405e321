"""What enters the log from outside it (records at the doors, due dates of the clock), and what the doors hear from it.

An event is durable in the store's outbox, then on the log, before anyone is told; then it leaves the outbox. What a crash
left there is published by whoever looks next.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from datetime import datetime

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from sqlalchemy import Connection

from adapters.stores import outbox
from adapters.stores.outbox import Output
from adapters.stores.postgres import PostgresDatabase
from adapters.streams.kafka import Broker, Publisher, Row, Sealer, patiently
from schemas.events import Encoded, Message
from schemas.topics import TOPICS, Topic

PUBLISH_SECONDS = 60.0  # the producer gives up after 40
LOOK_SECONDS = 10.0  # what lies in the outbox at two looks was left by a process that ended

logger = structlog.get_logger()


class Source:
    """Has what `services.intake` needs of a host: `append` and `listen`. Make it inside the event loop."""

    def __init__(
        self,
        name: str,
        broker: Broker,
        database: PostgresDatabase,
        sealer: Sealer,
        clock: Callable[[], datetime],
    ) -> None:
        self._name, self._broker, self._database = name, broker, database
        self._sealer, self._clock = sealer, clock
        self._loop = asyncio.get_running_loop()
        self._listeners: list[Callable[[Sequence[Message | Encoded]], None]] = []
        # They leave the outbox in the next transaction, which costs no flush of its own.
        self._published: list[str] = []

    def publish_with(self, publisher: Publisher) -> None:
        """Before anything is appended."""
        self._publisher = publisher

    def listen(self, listener: Callable[[Sequence[Message | Encoded]], None]) -> None:
        """`listener` is told of messages that `tail` hears, on the event loop."""
        self._listeners.append(listener)

    def append(self, work: Callable[[Connection], list[Message]]) -> None:
        """Runs `work` in a transaction; returns when the messages that it returns are durable and on the log. For one
        thread, which is not the event loop's."""

        def entering(tx: Connection) -> list[Row]:
            rows = self._sealer.seal(work(tx), self._clock())
            outbox.keep(tx, self._name, {row.event: [row] for row in rows})
            outbox.published(tx, self._name, self._published)
            return rows

        rows = patiently(lambda: self._database.commit(entering), self._name)
        self._published = []
        asyncio.run_coroutine_threadsafe(self._publisher.publish(rows), self._loop).result(PUBLISH_SECONDS)
        self._published = [row.event for row in rows]

    async def mend(self, writer: Executor) -> None:
        """Publishes what earlier processes left: at once, then what lies there at two looks. Until cancelled."""
        left: set[str] | None = None
        while True:
            left = await self._loop.run_in_executor(writer, self._look, left)
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self, left: set[str] | None) -> set[str]:
        def looking(tx: Connection) -> list[Output]:
            outbox.published(tx, self._name, self._published)
            return outbox.left(tx, self._name)

        rows = patiently(lambda: self._database.commit(looking), self._name)
        self._published = []
        found = [row for row in rows if left is None or row.event in left]
        again = self._sealer.again(found, self._clock())
        if again:
            logger.warning("publishing what an earlier process left", step=self._name, number=len(again))
            asyncio.run_coroutine_threadsafe(self._publisher.publish(again), self._loop).result(PUBLISH_SECONDS)
            self._published = [row.event for row in again]
        return {row.event for row in rows}

    async def tail(self, topic: Topic, ready: asyncio.Event) -> None:
        """Tells the listeners of everything on a topic from now on; `ready` once it listens. In no group, so that every
        door hears all and a rebalance silences none. Until cancelled."""
        consumer = self._broker.consumer(None, auto_offset_reset="latest")
        consumer.subscribe([topic.on_broker(self._broker.space)])
        await consumer.start()
        try:
            await consumer.seek_to_end()
            for partition in consumer.assignment():
                await consumer.position(partition)  # the end as it is now, not as it is at the first record
            ready.set()
            while True:
                for taken in (await consumer.getmany(timeout_ms=1_000)).values():
                    self._tell([message for one in taken if (message := self._read(one))])
        finally:
            await consumer.stop()

    def _read(self, record) -> Message | None:  # type: ignore[no-untyped-def]
        try:
            return self._sealer.open(record)
        except Exception as error:  # noqa: BLE001 — the step that reads it notes it; here it is nobody's verdict
            logger.warning("heard what cannot be read", error=type(error).__name__)
            return None

    def _tell(self, messages: Sequence[Message]) -> None:
        for listener in self._listeners:
            listener(messages)


class Groups:
    """How far the steps' groups are, as the portal asks it of a log: what `follow` saw last."""

    def __init__(self, broker: Broker, steps: Iterable[tuple[str, Sequence[str]]]) -> None:
        self._broker = broker
        self._steps = {
            name: [topic.on_broker(broker.space) for topic in TOPICS if topic.name in topics] for name, topics in steps
        }
        self._cursors: dict[str, int] = {}
        self._lags: dict[str, int] = {}

    @property
    def steps(self) -> list[str]:
        return list(self._steps)

    def cursor(self, _: Connection, step: str) -> int:
        """How many records the step has taken, ever."""
        return self._cursors.get(step, 0)

    def lag(self, _: Connection, step: str, topics: Sequence[str]) -> int:
        """How many records are before it."""
        return self._lags.get(step, 0)

    async def follow(self, seconds: float, looked: Callable[[], None]) -> None:
        """Looks every so many seconds, and calls `looked`. Until cancelled."""
        async with self._asking() as (admin, consumer):
            while True:
                try:
                    # The ends last: what a step has passed on meanwhile is before the next one, and never before neither.
                    taken = await self._taken(admin, consumer)
                    ends = await consumer.end_offsets(list({one for some in taken.values() for one in some}))
                    for step, offsets in taken.items():
                        self._cursors[step] = sum(offsets.values())
                        self._lags[step] = sum(max(0, ends[one] - offset) for one, offset in offsets.items())
                    looked()
                except KafkaError as error:  # a broker is away: the figures stay as they were
                    logger.warning("cannot look at the groups", error=type(error).__name__)
                await asyncio.sleep(seconds)

    async def behind(self, moment: datetime) -> list[str]:
        """The steps that have a record before them that was appended before this moment."""
        late = []
        async with self._asking() as (admin, consumer):
            for step, taken in (await self._taken(admin, consumer)).items():
                later = await consumer.offsets_for_times(dict.fromkeys(taken, int(moment.timestamp() * 1000)))
                ends = await consumer.end_offsets(list(taken))
                if any(taken[one] < (found.offset if found else ends[one]) for one, found in later.items()):
                    late.append(step)
        return late

    async def _taken(
        self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer
    ) -> dict[str, dict[TopicPartition, int]]:
        """The next offset of each step in each partition that it reads; looked at in the order of the flow."""
        topics = sorted({topic for read in self._steps.values() for topic in read})
        parts = [
            TopicPartition(one["topic"], part["partition"])
            for one in await admin.describe_topics(topics)
            for part in one["partitions"]
        ]
        begins = await consumer.beginning_offsets(parts)
        found: dict[str, dict[TopicPartition, int]] = {}
        for step, read in self._steps.items():
            committed = await admin.list_consumer_group_offsets(self._broker.group(step))
            found[step] = {
                one: max(committed[one].offset if one in committed else 0, begins[one])
                for one in parts
                if one.topic in read
            }
        return found

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[tuple[AIOKafkaAdminClient, AIOKafkaConsumer]]:
        admin, consumer = AIOKafkaAdminClient(**self._broker.client()), self._broker.consumer(None)
        await admin.start()
        await consumer.start()
        try:
            yield admin, consumer
        finally:
            await consumer.stop()
            await admin.close()
