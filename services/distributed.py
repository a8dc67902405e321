"""Each service a process of its own, on Kafka and PostgreSQL: the composition root of the distributed form.

Any number of processes may run a service. What they share is the brokers, the database, the keys and a folder for large bodies.
"""

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog
from aiokafka.errors import KafkaError
from sqlalchemy import Connection

from adapters.outgoing.http import Outgoing
from adapters.stores import feeds, inbox, outbox, participants
from adapters.stores.archive import Archive
from adapters.stores.journal import Journal
from adapters.stores.postgres import PostgresDatabase
from adapters.streams import kafka_decide, kafka_feeds
from adapters.streams.embedded import Handler
from adapters.streams.kafka import Broker, Sealer, Taken, patiently, publishing, trouble
from adapters.streams.kafka_source import PUBLISH_SECONDS, Groups, Source
from adapters.streams.kafka_topics import Topics
from adapters.streams.log import STREAM_KEY
from adapters.vault.blobs import Blobs
from adapters.vault.key_database import KeyDatabase
from adapters.vault.keys import Keys
from adapters.vault.packing import plain
from adapters.vault.receipts import Receipts
from schemas.events import Encoded, Message, Received
from schemas.records import Participant
from schemas.topics import RECEIVED, VERDICTS
from services import due
from services.consent.worker import ConsentStep
from services.deduplication.worker import Deduplication
from services.delivery.feed import Feed
from services.delivery.publisher import Publisher
from services.delivery.worker import Sequencer
from services.embedded import WATCH_SECONDS, utc_now
from services.front import Front
from services.hub.fold import Policies
from services.hub.worker import Hub
from services.intake.book import Book
from services.intake.desk import Desk
from services.pipeline import PIPELINE, VALIDATION
from services.validation import pool, worker
from services.validation.collecting import settle
from services.validation.lanes import LARGE_BYTES
from services.verification.worker import LOOK_SECONDS, Verifier

T = TypeVar("T")
BELL_SECONDS = 0.2  # how late an insurer that waits is told of a number
SMALL_BYTES = 64 << 10  # judged within some milliseconds, in which nothing else of its process runs
GRACE = timedelta(hours=1)  # what was sealed before midnight is on the log by then, or its process has ended

logger = structlog.get_logger()


@dataclass(frozen=True)
class Places:
    """URLs of PostgreSQL: the store, the wrapped keys; where the journal is; and the folder that all processes share."""

    database: str
    keys: str
    journal: str
    data: Path


class Node:
    """What every process of the distributed form opens, and the steps over it."""

    def __init__(self, broker: Broker, places: Places, policies: Policies, sandbox: bool = False) -> None:
        """`sandbox`: a unit's door may be on this machine."""
        data = places.data
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.broker, self.clock, self.sandbox = broker, utc_now, sandbox
        self.database = PostgresDatabase(places.database)
        self.keys = Keys(data / "keys", KeyDatabase(places.keys))
        self.journal = Journal.at(places.journal)
        self.receipts = Receipts(self.keys.signing)
        self.archive = Archive(self.keys, Blobs(data / "blobs"))
        self.sealer = Sealer(self.keys, broker)
        self.hub = Hub(self.keys, self.archive, self.journal, policies)
        self.feed = Feed(self.keys, self.archive)
        self.handlers: tuple[Handler, ...] = (
            Deduplication(self.keys, self.archive, self.journal),
            ConsentStep(self.archive, self.journal),
            self.hub,
            Sequencer(self.keys, self.archive, self.journal),
        )
        self.log = Groups(broker, [(step.name, [topic.name for topic in step.sources]) for step in PIPELINE])

    def close(self) -> None:
        self.database.close()
        self.keys.close()
        self.journal.close()


class Doors(Node, Front):
    """What the doors ask, in a process of their own. Make it inside the event loop."""

    publishes = True
    host: Source
    desk: Desk

    def __init__(
        self,
        broker: Broker,
        places: Places,
        policies: Policies,
        everyone: Sequence[Participant],
    ) -> None:
        Node.__init__(self, broker, places, policies)
        Front.__init__(self)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self.host = Source("doors", broker, self.database, self.sealer, self.clock)
        self.desk = Desk(Book(self.host, self.archive, self.clock), self.host, self._writer)
        with self.database.write() as tx:
            participants.admit_new(tx, everyone)

    async def prepare(self) -> None:
        """Nothing: a file without a record may be one that another door is writing."""

    async def write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.to_thread(self.database.commit, work)

    async def run(self) -> None:
        """Runs until cancelled; whatever ends one task ends all."""
        await pool.start(self._pool)
        listening, looked = asyncio.Event(), asyncio.Event()

        def look() -> None:
            self.behind = self.log.lag(None, VALIDATION.name, ())
            looked.set()

        try:
            async with publishing(self.broker) as publisher, asyncio.TaskGroup() as tasks:
                self.host.publish_with(publisher)
                tasks.create_task(self.host.tail(VERDICTS, listening))
                tasks.create_task(self.log.follow(WATCH_SECONDS, look))
                await listening.wait()
                await looked.wait()
                tasks.create_task(self.host.mend(self._writer))
                tasks.create_task(self.desk.run())
                tasks.create_task(self._ring())
                self.started.set()
                gc.collect()
                gc.freeze()  # what is loaded by now stays: no collection need walk it
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._writer.shutdown(wait=False, cancel_futures=True)

    async def _ring(self) -> None:
        """The sequencers are other processes: the feeds' last numbers tell when they have numbered something."""
        before: dict[str, int] = {}
        while True:
            now = await asyncio.to_thread(patiently, self._numbers, "doors")
            if now != before:
                before = now
                async with self.offered:
                    self.offered.notify_all()
            await asyncio.sleep(BELL_SECONDS)

    def _numbers(self) -> dict[str, int]:
        with self.database.read() as tx:
            return feeds.totals(tx)


async def decide(node: Node, name: str, stopping: asyncio.Event, ready: Callable[[], None]) -> None:
    """Runs one decide step until `stopping`; `ready` is called once it reads."""
    handler = next(one for one in node.handlers if one.name == name)
    host = kafka_decide.Host(node.broker, node.database, node.archive, node.sealer, node.clock)
    async with publishing(node.broker) as publisher:
        rest = next(step.rest for step in PIPELINE if step.name == name)
        await host.run(handler, publisher, stopping, ready, rest)


async def validate(node: Node, stopping: asyncio.Event, ready: Callable[[], None]) -> None:
    """Runs validation until `stopping`: Faust hands it the records, and it the larger ones to worker processes."""
    from adapters.streams import kafka_transform  # here, for no other service loads Faust: they start sooner

    settle()
    workers = pool.make()
    await pool.start(workers)
    step = Validation(node.archive, workers)

    def unreadable(record: Taken, error: Exception) -> None:
        kafka_decide.unreadable(node.database, node.archive, VALIDATION.name, record, error, node.clock())

    host = kafka_transform.Host(
        node.broker,
        node.sealer,
        node.clock,
        step,
        step.outputs,
        step.failed,
        unreadable,
    )
    async with publishing(node.broker) as publisher:
        await host.run(publisher, stopping, ready)
    workers.shutdown(wait=False, cancel_futures=True)


class Validation:
    """The transform. A small record is judged where it is: to hand it to a worker process costs as much as judging it. A
    larger one goes to a worker, and of the largest one at a time: a hostile bundle leaves a worker to the others."""

    name = VALIDATION.name
    sources = (RECEIVED.name,)

    def __init__(self, archive: Archive, workers: Executor) -> None:
        self._archive, self._workers = archive, workers
        self._large = asyncio.Semaphore(1)

    async def outputs(self, message: Message) -> list[Message | Encoded]:
        """What becomes of one record. Raises only for trouble that is nobody's record's: a broken pool, the database."""
        received = _received(message)
        try:
            if received.record.size < SMALL_BYTES and not received.blob:
                own, *children = worker.encoded(received, message.body)
            elif received.record.size < LARGE_BYTES:
                own, *children = await self._handed(received, message.body)
            else:
                async with self._large:
                    own, *children = await self._handed(received, message.body)
        except Exception as error:
            if isinstance(error, BrokenExecutor) or trouble(error):
                raise
            # Whatever it was, the record becomes a dead letter, not a lost one.
            return [self.failed(message, type(error).__name__)]
        return [Encoded(own.topic, own.key, own.id, own.encoded, message.body), *children]

    @staticmethod
    def failed(message: Message, reason: str) -> Message:
        """What becomes of a record that we cannot judge, or whose outputs no topic takes: a dead letter."""
        return worker.failed(_received(message), message.body, reason)

    async def _handed(self, received: Received, body: bytes) -> list[Encoded]:
        if received.blob:
            body = await asyncio.to_thread(self._blob, received.blob)
        job = (received.model_dump_json().encode(), body)
        return (await asyncio.get_running_loop().run_in_executor(self._workers, worker.work, [job]))[0]

    def _blob(self, name: str) -> bytes:
        return plain(self._archive.blob_body(name))


def _received(message: Message) -> Received:
    assert isinstance(message.event, Received)
    return message.event


async def tick(node: Node, stopping: asyncio.Event, ready: Callable[[], None]) -> None:
    """Runs the clock until `stopping`: what fell due, questions to issuers, what an earlier clock left, which days of the log
    are over."""
    source = Source(due.CLOCK, node.broker, node.database, node.sealer, node.clock)

    def end_unreadable() -> None:
        node.database.commit(lambda tx: due.end_unreadable(tx, node.archive, node.clock()))

    with ThreadPoolExecutor(1) as writer:
        async with publishing(node.broker) as publisher:
            source.publish_with(publisher)
            mending = asyncio.create_task(source.mend(writer))
            asking = asyncio.create_task(_verify(node, source, writer))
            ready()
            while not (stopping.is_set() or mending.done() or asking.done()):
                await asyncio.get_running_loop().run_in_executor(
                    writer, source.append, lambda tx: due.events(tx, node.clock())
                )
                await asyncio.to_thread(patiently, end_unreadable, due.CLOCK, stopping.is_set)
                with contextlib.suppress(KafkaError):  # a broker is away: the next time is soon enough
                    await destroy_old_days(node, stopping.is_set)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), due.CLOCK_SECONDS)
            for task in (mending, asking):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


async def _verify(node: Node, source: Source, writer: Executor) -> None:
    """Asks issuers beside the clock: of many clocks each takes questions that no other is at. Until cancelled."""
    verifier = Verifier(node.database, node.archive, node.receipts, node.journal, source.append, node.clock)
    outgoing = Outgoing(node.sandbox)
    loop = asyncio.get_running_loop()

    def run(work: Callable[[], T]) -> Awaitable[T]:
        return loop.run_in_executor(writer, patiently, work, due.CLOCK)

    try:
        async with asyncio.TaskGroup() as asking:
            while True:
                await verifier.turn(outgoing, run, asking)
                await asyncio.sleep(LOOK_SECONDS)
    finally:
        await outgoing.close()


async def destroy_old_days(node: Node, stopping: Callable[[], bool] = lambda: False) -> None:
    """Stream keys older than the log's days go, once every step is past and nothing waits to be published; until then they
    stay and it is said."""

    async def patient(work: Callable[[], T]) -> T:
        return await asyncio.to_thread(patiently, work, due.CLOCK, stopping)

    oldest = due.oldest_day(node.clock())
    midnight = datetime.fromisoformat(oldest + "T00:00:00+00:00")
    old = due.over(await patient(partial(node.keys.names, STREAM_KEY)), oldest)
    if not old:
        return

    def waiting() -> list[str]:
        with node.database.read() as tx:
            return outbox.waiting(tx, oldest, node.log.steps)

    if behind := [*await node.log.behind(midnight + GRACE), *await patient(waiting)]:
        logger.error("stream keys are kept: steps are behind", steps=behind, before=oldest)
        return

    def destroy() -> None:
        def forget(tx: Connection) -> None:
            inbox.drop(tx, oldest)
            outbox.drop(tx, oldest)
            node.archive.sweep(tx, midnight)

        node.database.commit(forget)
        node.keys.destroy(old)  # last: a process that ends before it does all of this again

    await patient(destroy)


async def publish(node: Node, stopping: asyncio.Event, ready: Callable[[], None]) -> None:
    """Runs the publisher of the insurers' topics until `stopping`."""
    loop = asyncio.get_running_loop()
    async with kafka_feeds.sending(node.broker) as own:

        def send(insurer: str, events: list[kafka_feeds.Sealed]) -> None:
            # Ended in the loop: what goes on after nobody waits for it would come between what is sent next.
            sending = asyncio.wait_for(own.publish(insurer, events), PUBLISH_SECONDS)
            asyncio.run_coroutine_threadsafe(sending, loop).result()

        # The table is the operator's to apply: a topic that is widened under running services keeps them waiting.
        publisher = Publisher(node.database, node.feed, Topics(node.broker, table=()), send, node.clock)
        turn = partial(asyncio.to_thread, patiently, publisher.turn, "publisher", stopping.is_set)
        await turn()
        ready()
        while not stopping.is_set():
            if not await turn():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), BELL_SECONDS)


Service = Callable[[Node, asyncio.Event, Callable[[], None]], Awaitable[None]]


def _deciding(name: str) -> Service:
    return lambda node, stopping, ready: decide(node, name, stopping, ready)


SERVICES: dict[str, Service] = {
    VALIDATION.name: validate,
    **{step.name: _deciding(step.name) for step in PIPELINE if step is not VALIDATION},
    "clock": tick,
    "publisher": publish,
}
