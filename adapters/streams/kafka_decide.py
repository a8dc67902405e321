"""The Kafka host of decide steps: what is there of all partitions is one batch, and one database transaction.

The inputs' event ids, the changes and the outputs are committed together; then the outputs are published, then the offsets
are committed. A crash anywhere delivers the batch again, its partitions perhaps to several workers: an input seen before
changes nothing, and the outputs of its batch are published again. They are kept under the batch's first fresh input; that of
every other partition points there. So whichever is delivered first brings them, before anything fresh of its partition.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalGenerationError, IllegalStateError, UnknownMemberIdError
from sqlalchemy import Connection

from adapters.stores import inbox, outbox, records
from adapters.stores.archive import Archive
from adapters.stores.database import after_commit
from adapters.stores.dialect import too_much
from adapters.stores.outbox import Output
from adapters.stores.postgres import PostgresDatabase
from adapters.streams.embedded import Handler, about, note
from adapters.streams.kafka import Broker, Publisher, Row, Sealer, Taken, patiently, trouble
from adapters.telemetry import spans
from schemas.events import Message
from schemas.topics import TOPICS

ELSEWHERE = ""  # the topic of a row that stands for those kept under another input: that one is its key
BATCH = 64  # messages a turn: the locks that their records and cases need are few enough for one transaction
POLL_MS = 250  # how late a stop is noticed
# Another worker has the partition by now, and does the batch again: its inputs are seen, nothing changes.
NOT_OURS = (CommitFailedError, IllegalGenerationError, IllegalStateError, UnknownMemberIdError)

logger = structlog.get_logger()


class Host:
    """Runs decide steps on Kafka and one database."""

    def __init__(
        self,
        broker: Broker,
        database: PostgresDatabase,
        archive: Archive,
        sealer: Sealer,
        clock: Callable[[], datetime],
    ) -> None:
        self._broker, self.database, self._sealer, self._clock = broker, database, sealer, clock
        self._archive = archive

    async def run(
        self,
        handler: Handler,
        publisher: Publisher,
        stopping: asyncio.Event,
        ready: Callable[[], None],
        rest: float = 0.0,
    ) -> None:
        """Until `stopping`, which ends it after the batch in hand. `ready` is called once it reads. It rests for so many seconds
        after a batch that was not full. What it raises is to end the process."""
        async with self.joined(handler, publisher, stopping) as member:
            ready()
            while not stopping.is_set():
                if 0 < await member.turn() < BATCH:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stopping.wait(), rest)

    @asynccontextmanager
    async def joined(self, handler: Handler, publisher: Publisher, stopping: asyncio.Event) -> AsyncIterator["Member"]:
        """A member of the step's group, which leaves it in the end."""
        consumer = self._broker.consumer(self._broker.group(handler.name))
        member = Member(self, handler, consumer, publisher, stopping)
        consumer.subscribe(
            [topic.on_broker(self._broker.space) for topic in TOPICS if topic.name in handler.sources], listener=member
        )
        await consumer.start()
        try:
            yield member
        finally:
            await consumer.stop()

    def decide(self, handler: Handler, taken: Iterable[Sequence[ConsumerRecord]]) -> list[Output]:
        """Commits what these records lead to, a sequence a partition; what is to be published."""
        batches = [[message for one in records if (message := self._open(handler, one))] for records in taken]
        try:
            return self._together(handler, batches)
        except Exception as error:
            if trouble(error) and not too_much(error):
                raise
            # A poison message must not stop the others, nor many large ones each other: each is judged alone.
            logger.warning("batch failed, trying one by one", step=handler.name, error=type(error).__name__)
        return [row for batch in batches for message in batch for row in self._alone(handler, message)]

    def _open(self, handler: Handler, record: ConsumerRecord) -> Message | None:
        """The message, or None when it cannot be read: what we did not write, or no longer can, is a dead letter."""
        try:
            return self._sealer.take(record)
        except Exception as error:
            if trouble(error):
                raise
            unreadable(self.database, self._archive, handler.name, record, error, self._clock())
            return None

    def _together(self, handler: Handler, batches: Sequence[Sequence[Message]]) -> list[Output]:
        messages = [message for batch in batches for message in batch]
        if not messages:
            return []
        now, begun = self._clock(), spans.now()

        def work(tx: Connection) -> tuple[list[Message], list[Message], list[Output]]:
            fresh = inbox.take(tx, handler.name, messages, now)
            news = {message.id for message in fresh}
            before = _kept(tx, handler.name, [message.id for message in messages if message.id not in news])
            made = handler.handle(tx, fresh, now) if fresh else []
            rows = self._sealer.seal(made, now)
            _keep(tx, handler.name, [[one.id for one in batch if one.id in news] for batch in batches], rows)
            return fresh, made, [*self._sealer.again(before, now), *rows]

        fresh, made, outputs = self.database.commit(work)
        note(handler, fresh, begun, made)
        return outputs

    def _alone(self, handler: Handler, message: Message) -> list[Output]:
        """One message by itself; what raises even so becomes a dead letter, what asks for too much only at the second time:
        others may have had the locks and the memory that it lacked."""
        try:
            return self._twice(handler, message)
        except Exception as error:
            if trouble(error) and not too_much(error):
                raise
            reason, now, begun = type(error).__name__, self._clock(), spans.now()
        with structlog.contextvars.bound_contextvars(**about(message)):
            logger.error("dead letter", step=handler.name, message=message.id, reason=reason)

        def work(tx: Connection) -> list[Output]:
            if not inbox.take(tx, handler.name, [message], now):
                return self._sealer.again(_kept(tx, handler.name, [message.id]), now)
            outputs = handler.dead(tx, message, reason, now)
            rows = self._sealer.seal(outputs, now)
            outbox.keep(tx, handler.name, {message.id: rows})
            after_commit(tx, lambda: spans.step(handler.name, [message], begun, outputs, reason))
            return rows

        return self.database.commit(work)

    def _twice(self, handler: Handler, message: Message) -> list[Output]:
        try:
            return self._together(handler, [[message]])
        except Exception as error:
            if not too_much(error):
                raise
        return self._together(handler, [[message]])


def _keep(tx: Connection, step: str, fresh: Sequence[Sequence[str]], rows: Sequence[Output]) -> None:
    """`fresh`: the ids of a batch's fresh inputs, a sequence a partition."""
    firsts = [ids[0] for ids in fresh if ids]
    if rows:
        there = [Row(ELSEWHERE, firsts[0], firsts[0], rows[0].day, b"")]
        outbox.keep(tx, step, dict.fromkeys(firsts[1:], there) | {firsts[0]: rows})


def _kept(tx: Connection, step: str, inputs: Sequence[str]) -> list[Output]:
    """What these inputs' batches led to, each once, in the order of the inputs."""
    rows = outbox.of(tx, step, inputs)
    pointed = list(dict.fromkeys(row.key for row in rows if row.topic == ELSEWHERE))
    there: dict[str, list[Output]] = {one: outbox.of(tx, step, [one]) for one in pointed}
    flat = [one for row in rows for one in (there[row.key] if row.topic == ELSEWHERE else [row])]
    return list({(one.topic, one.event): one for one in flat}.values())


class Member(ConsumerRebalanceListener):
    """One consumer of a step's group. It holds nothing of a partition between two batches, so that a partition may come
    and go at any time (aiokafka may give records of a new one before `on_partitions_assigned` has returned)."""

    def __init__(
        self,
        host: Host,
        handler: Handler,
        consumer: AIOKafkaConsumer,
        publisher: Publisher,
        stopping: asyncio.Event,
    ) -> None:
        self._host, self._handler, self._consumer, self._publisher = host, handler, consumer, publisher
        self._stopping = stopping
        self._busy = asyncio.Lock()

    async def turn(self) -> int:
        """What is there now, in one transaction; the number of records it took.

        The broker is asked at its beginning alone, so that one answer holds all that came since the last one: what is fetched
        ahead holds the first of it, and the rest would be another batch."""
        self._consumer.resume(*self._consumer.paused())
        found = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH)
        self._consumer.pause(*self._consumer.assignment())
        if not found:
            return 0
        async with self._busy:
            decide = partial(self._host.decide, self._handler, found.values())
            rows = await asyncio.to_thread(patiently, decide, self._handler.name, self._stopping.is_set)
            await self._publisher.publish(rows)
            try:
                await self._consumer.commit({partition: taken[-1].offset + 1 for partition, taken in found.items()})
            except NOT_OURS as error:
                logger.info("offsets not committed", step=self._handler.name, error=type(error).__name__)
        return sum(len(taken) for taken in found.values())

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """The batch in hand ends first, so that the next owner need not do it again."""
        async with self._busy:
            logger.info("partitions given back", step=self._handler.name, number=len(revoked))

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        logger.info("partitions taken", step=self._handler.name, number=len(assigned))


def unreadable(
    database: PostgresDatabase, archive: Archive, step: str, record: Taken, error: Exception, now: datetime
) -> None:
    """Makes what lies on the log and cannot be read a dead letter, under its place (topic/partition/offset). Its bytes are
    kept as they lie there: what we sealed ourselves opens with the key of its day, and no longer."""
    place, reason = f"{record.topic}/{record.partition}/{record.offset}", type(error).__name__
    event = (dict(record.headers or ()).get("event") or b"").decode(errors="replace")
    logger.error("unreadable", step=step, place=place, reason=reason)

    def work(tx: Connection) -> None:
        records.note_unreadable(tx, step, place, event, reason, now)
        if record.value is not None:
            archive.keep_raw(tx, place, record.value)

    database.commit(work)
