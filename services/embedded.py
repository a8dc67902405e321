"""Everything in one process: the composition root of the embedded form.

The parent alone opens the database. Validation runs in worker processes that get bytes and answer over pipes; a broken
pool ends the process, for its supervisor to start it anew.
"""

import asyncio
import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from adapters.stores import consents, participants
from adapters.stores.archive import Archive
from adapters.stores.database import Database
from adapters.streams.embedded import BATCH, Handler, Host
from adapters.streams.log import STREAM_KEY, Log
from adapters.vault.blobs import Blobs
from adapters.vault.keys import Keys
from adapters.vault.packing import plain
from adapters.vault.receipts import Receipts
from schemas.events import Checked, Encoded, Message, Received, Refold
from schemas.ids import derive
from schemas.records import Participant
from schemas.topics import DUE, TOPICS
from services.consent.worker import ConsentStep
from services.deduplication.worker import Deduplication
from services.delivery.feed import Feed
from services.delivery.worker import Sequencer
from services.hub.fold import Policies
from services.hub.worker import Hub
from services.intake.book import Book
from services.intake.desk import Desk
from services.pipeline import HUB, SEQUENCER
from services.validation import worker
from services.validation.lanes import Lanes, Validation

T = TypeVar("T")
WORKERS = 2
# A step rests this long after a batch that was not full. A lone record is not delayed; under load the next batch shares its
# statements and its flush to disk among more records, which costs each of them less than it waits.
PAUSE_SECONDS = 0.05
LATER_SECONDS = 0.15  # the same of the steps after the verdict: no sender waits for them
LATER = (HUB.name, SEQUENCER.name)
WATCH_SECONDS = 0.5  # how late the doors notice a lag; at 1,000 records/s that is a tenth of the limit
CLOCK_SECONDS = 5.0  # how late a due row may be
LAG_LIMIT = 5_000  # records received and not yet judged; beyond it the doors answer 503 (about a minute's work)
DUE_AT_ONCE = 500

logger = structlog.get_logger()


def utc_now() -> datetime:
    return datetime.now(UTC)


class Core:
    """Database, keys and steps, without a thread or a task: what the tests step through by hand."""

    def __init__(
        self,
        data: Path,
        everyone: Sequence[Participant],
        policies: Policies,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.clock = clock
        self.keys = Keys(data / "keys")
        self.receipts = Receipts(self.keys.signing)
        self.archive = Archive(self.keys, Blobs(data / "blobs"))
        self.database = Database(data / "claims.sqlite")
        self.log = Log(self.keys)
        self.host = Host(self.database, self.log, clock)
        self.hub = Hub(self.keys, self.archive, policies)
        self.feed = Feed(self.keys, self.archive)
        self.validation = Validation(self.host, self.archive)
        self.handlers: tuple[Handler, ...] = (
            Deduplication(self.keys, self.archive),
            ConsentStep(self.archive),
            self.hub,
            Sequencer(self.keys, self.archive),
        )
        with self.database.write() as tx:
            participants.admit_new(tx, everyone)

    def validate_here(self) -> int:
        """One batch of validation in this process; the number of records it took."""
        return self.validation.here(BATCH)

    def tick(self) -> int:
        """Turns rows that fell due into events, and destroys the stream keys of days that every step is past."""
        now = self.clock()
        fallen = 0

        def work(tx: Connection) -> list[Message]:
            nonlocal fallen
            rows = consents.fallen_due(tx, now, DUE_AT_ONCE)
            fallen = len(rows)
            consents.done(tx, rows)
            return [
                Message(
                    DUE.name,
                    row.record,
                    derive("due", row.at, row.record, row.why),
                    Refold(records=(row.record,), why=row.why),
                )
                for row in rows
            ]

        self.host.append(work)
        self._destroy_old_days(now)
        return fallen

    def _destroy_old_days(self, now: datetime) -> None:
        """Stream keys older than the log's days go, once every step is past; until then they stay and it is said."""
        kept_days = max(topic.days for topic in TOPICS)
        oldest = (now.astimezone(UTC) - timedelta(days=kept_days)).strftime("%Y-%m-%d")
        old = [name for name in self.keys.names(STREAM_KEY) if name.removeprefix(STREAM_KEY) < oldest]
        if not old:
            return
        with self.database.read() as tx:
            behind = [
                handler.name
                for handler in (self.validation, *self.handlers)
                if self.log.behind_day(tx, handler.name, handler.sources, oldest)
            ]
        if behind:
            logger.error("stream keys are kept: steps are behind", steps=behind, before=oldest)
            return
        with self.database.write() as tx:
            self.log.drop_day(tx, oldest)
        self.keys.destroy(old)

    def close(self) -> None:
        self.database.close()
        self.keys.close()


class System(Core):
    """The core, with its tasks running. Make it inside the event loop."""

    def __init__(self, data: Path, everyone: Sequence[Participant], policies: Policies) -> None:
        super().__init__(data, everyone, policies)
        self._loop = asyncio.get_running_loop()
        # Everything that writes takes turns on one thread: what waits there is done together, in one flush to disk.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self.desk = Desk(Book(self.host, self.archive, self.clock), self.host, self._writer)
        self._wake = {handler.name: asyncio.Event() for handler in (self.validation, *self.handlers)}
        self._pool = ProcessPoolExecutor(
            WORKERS, mp_context=multiprocessing.get_context("spawn"), initializer=worker.begin
        )
        self.offered = asyncio.Condition()  # notified when the sequencer has numbered something
        self.started = asyncio.Event()  # set when everything stands, and records are judged as fast as they come
        self.stopping = asyncio.Event()  # set when it is to end: what waits for something new waits no longer
        self.lag_limit = LAG_LIMIT
        self.behind = 0  # records received and not judged, as of the last turn of validation
        self.host.listen(self._hear)

    async def read(self, work: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self.database.read() as tx:
                return work(tx)

        return await asyncio.to_thread(run)

    async def write(self, work: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self.host.writing, self.database.write() as tx:
                return work(tx)

        return await self._loop.run_in_executor(self._writer, run)

    async def validate(self, received: Received, body: bytes) -> Checked:
        """What validation says of these bytes, in a worker process; nothing is stored."""
        job = (received.model_dump_json().encode(), plain(body))
        own, *_ = (await self._loop.run_in_executor(self._pool, worker.work, [job]))[0]
        checked = Message.read(own.topic, own.key, own.id, own.value()).event
        assert isinstance(checked, Checked)
        return checked

    async def compute(self, work: Callable[..., T], *arguments: object) -> T:
        """What a pure function of a module gives, in a worker process: however long it takes, it stalls no door."""
        return await self._loop.run_in_executor(self._pool, work, *arguments)

    @property
    def lagging(self) -> bool:
        return self.behind > self.lag_limit

    async def run(self) -> None:
        """Runs until cancelled; whatever ends one task ends all."""
        await self._start_workers()
        self.started.set()
        gc.collect()
        gc.freeze()  # what is loaded by now stays: no collection need walk it, which took a tenth of the steps' time
        lanes = Lanes(self.validation, self._pool, self._writer, self._wake[self.validation.name])
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.desk.run())
                tasks.create_task(lanes.run())
                tasks.create_task(self._watch())
                tasks.create_task(self._tick())
                for handler in self.handlers:
                    tasks.create_task(self._step(handler))
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._writer.shutdown(wait=True, cancel_futures=True)

    async def _start_workers(self) -> None:
        """They load the tables now, not at the first record. Ctrl-C in a terminal reaches every process of it: they are
        born deaf to it, so that the parent alone answers and lets them finish."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            # The pool starts a worker for each job that finds none idle.
            born = [self._loop.run_in_executor(self._pool, os.getpid) for _ in range(WORKERS)]
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        await asyncio.gather(*born)

    async def _step(self, handler: Handler) -> None:
        wake = self._wake[handler.name]
        while True:
            wake.clear()
            taken = await self._loop.run_in_executor(self._writer, self.host.turn, handler)
            if not taken:
                await wake.wait()
                continue
            if isinstance(handler, Sequencer):
                async with self.offered:
                    self.offered.notify_all()
            if taken < BATCH:
                await asyncio.sleep(LATER_SECONDS if handler.name in LATER else PAUSE_SECONDS)

    async def _watch(self) -> None:
        """Counts what waits for validation, for the doors to refuse before it becomes too much."""
        step = self.validation
        while True:
            self.behind = await self.read(lambda tx: self.log.lag(tx, step.name, step.sources))
            await asyncio.sleep(WATCH_SECONDS)

    async def _tick(self) -> None:
        while True:
            await self._loop.run_in_executor(self._writer, self.tick)
            await asyncio.sleep(CLOCK_SECONDS)

    def _hear(self, messages: Sequence[Message | Encoded]) -> None:
        topics = {message.topic for message in messages}
        names = [one.name for one in (self.validation, *self.handlers) if topics & set(one.sources)]
        if names:
            self._loop.call_soon_threadsafe(lambda: [self._wake[name].set() for name in names])
