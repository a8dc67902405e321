"""Everything in one process: the composition root of the embedded form.

The parent alone opens the database. Validation runs in worker processes that get bytes and answer over pipes; a broken
pool ends the process, for its supervisor to start it anew.
"""

import asyncio
import gc
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from adapters.outgoing.http import Outgoing
from adapters.stores import participants
from adapters.stores.archive import Archive
from adapters.stores.database import Database, Store
from adapters.stores.journal import Journal
from adapters.streams.embedded import BATCH, Handler, Host
from adapters.streams.log import STREAM_KEY, Log
from adapters.vault.blobs import Blobs
from adapters.vault.keys import Keys
from adapters.vault.receipts import Receipts
from schemas.events import Encoded, Message
from schemas.records import Participant
from services import due
from services.consent.worker import ConsentStep
from services.deduplication.worker import Deduplication
from services.delivery.feed import Feed
from services.delivery.worker import Sequencer
from services.front import Front
from services.hub.fold import Policies
from services.hub.worker import Hub
from services.intake.book import Book
from services.intake.desk import Desk
from services.pipeline import LATER, PAUSE, PIPELINE
from services.recovery.worker import pass_over
from services.validation import pool
from services.validation.collecting import settle
from services.validation.lanes import Lanes, Validation
from services.verification.worker import LOOK_SECONDS, Verifier

T = TypeVar("T")
WATCH_SECONDS = 0.5  # how late the doors notice a lag; at 1,000 records/s that is a tenth of the limit
# Records of deduplication's batch: the same few statements however many, and pages of the indexes are flushed once for more.
JUDGED_AT_ONCE = 4 * BATCH
PRESSED_SECONDS = 2.0  # after a full batch more is likely to come: the next piece of a file is on its way
GIVE_WAY_SECONDS = 5.0  # between two batches of the hub, of a tenth of a second each

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
        database: Store | None = None,
        keys: Keys | None = None,
        journal: Journal | None = None,
    ) -> None:
        """`database`, `keys`, `journal`: where they are not files of the data folder."""
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.clock = clock
        self.keys = keys or Keys(data / "keys")
        self.receipts = Receipts(self.keys.signing)
        self.archive = Archive(self.keys, Blobs(data / "blobs"))
        self.database = database or Database(data / "claims.sqlite")
        self.journal = journal or Journal.in_folder(data / "journal")
        self.log = Log(self.keys)
        self.host = Host(self.database, self.log, clock)
        self.hub = Hub(self.keys, self.archive, self.journal, policies)
        self.feed = Feed(self.keys, self.archive)
        self.validation = Validation(self.host, self.archive)
        self.verifier = Verifier(self.database, self.archive, self.receipts, self.journal, self.host.append, clock)
        self.handlers: tuple[Handler, ...] = (
            Deduplication(self.keys, self.archive, self.journal),
            ConsentStep(self.archive, self.journal),
            self.hub,
            Sequencer(self.keys, self.archive, self.journal),
        )
        self.database.commit(lambda tx: participants.admit_new(tx, everyone))

    def validate_here(self) -> int:
        """One batch of validation in this process; the number of records it took."""
        return self.validation.here(BATCH)

    def tick(self) -> int:
        """Turns what fell due and what is kept no longer into events, and destroys the keys of days that every step is past."""
        now = self.clock()
        events: list[Message] = []

        def work(tx: Connection) -> list[Message]:
            nonlocal events
            events = due.events(tx, now)
            return events

        self.host.append(work)
        self._destroy_old_days(now)
        return len(events)

    def _destroy_old_days(self, now: datetime) -> None:
        """Stream keys older than the log's days go, once every step is past; until then they stay and it is said."""
        oldest = due.oldest_day(now)
        old = due.over(self.keys.names(STREAM_KEY), oldest)
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
        self.journal.close()


class System(Core, Front):
    """The core, with its tasks running. Make it inside the event loop."""

    def __init__(
        self,
        data: Path,
        everyone: Sequence[Participant],
        policies: Policies,
        journal: Journal | None = None,
        sandbox: bool = False,
    ) -> None:
        """`sandbox`: a unit's door may be on this machine. SetBack when the store is older than the journal."""
        Core.__init__(self, data, everyone, policies, journal=journal)
        pass_over(self.database, self.keys, self.journal, self.clock())
        Front.__init__(self)
        self._sandbox = sandbox
        self._loop = asyncio.get_running_loop()
        # Everything that writes takes turns on one thread: what waits there is done together, in one flush to disk.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self.desk = Desk(Book(self.host, self.archive, self.clock), self.host, self._writer)
        self._pressed = -PRESSED_SECONDS  # when a step for whose verdict senders wait last took a full batch
        self._wake = {handler.name: asyncio.Event() for handler in (self.validation, *self.handlers)}
        self.host.listen(self._hear)

    async def prepare(self) -> None:
        """Removes what a crash left half written; nobody writes yet."""
        await self.write(self.archive.sweep)

    async def write(self, work: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self.host.writing, self.database.write() as tx:
                return work(tx)

        return await self._loop.run_in_executor(self._writer, run)

    async def run(self) -> None:
        """Runs until cancelled; whatever ends one task ends all."""
        await pool.start(self._pool)
        self.started.set()
        gc.collect()
        settle()  # what is loaded by now stays, and what a batch makes is a tree: walking it took a fifth of the steps' time
        lanes = Lanes(self.validation, self._pool, self._writer, self._wake[self.validation.name])
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.desk.run())
                tasks.create_task(lanes.run())
                tasks.create_task(self._watch())
                tasks.create_task(self._tick())
                tasks.create_task(self._verify())
                for handler in self.handlers:
                    tasks.create_task(self._step(handler))
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._writer.shutdown(wait=True, cancel_futures=True)

    async def _step(self, handler: Handler) -> None:
        wake, rest = self._wake[handler.name], next(step.rest for step in PIPELINE if step.name == handler.name)
        most = JUDGED_AT_ONCE if handler.name == Deduplication.name else BATCH
        while True:
            wake.clear()
            taken = await self._loop.run_in_executor(self._writer, self.host.turn, handler, most)
            if rest <= PAUSE and taken >= BATCH:
                self._pressed = self._loop.time()
            if not taken:
                await wake.wait()
                continue
            if isinstance(handler, Sequencer):
                async with self.offered:
                    self.offered.notify_all()
            if rest > PAUSE:
                await self._give_way(rest if taken < BATCH else 0.0)
            elif taken < BATCH:
                await asyncio.sleep(rest)

    async def _give_way(self, rest: float) -> None:
        """Rests, and on while a large file fills batch after batch, up to a limit: what nobody waits for lets its verdicts go
        before, and falls behind but never stands still."""
        until = self._loop.time() + GIVE_WAY_SECONDS
        await asyncio.sleep(rest)
        while (now := self._loop.time()) < min(until, self._pressed + PRESSED_SECONDS):
            await asyncio.sleep(min(until - now, LATER))

    async def _watch(self) -> None:
        """Counts what waits for validation, for the doors to refuse before it becomes too much."""
        step = self.validation
        while True:
            self.behind = await self.read(lambda tx: self.log.lag(tx, step.name, step.sources))
            await asyncio.sleep(WATCH_SECONDS)

    async def _tick(self) -> None:
        while True:
            await self._loop.run_in_executor(self._writer, self.tick)
            await asyncio.sleep(due.CLOCK_SECONDS)

    async def _verify(self) -> None:
        outgoing = Outgoing(self._sandbox)
        try:
            async with asyncio.TaskGroup() as asking:
                while True:
                    await self.verifier.turn(
                        outgoing, lambda work: self._loop.run_in_executor(self._writer, work), asking
                    )
                    await asyncio.sleep(LOOK_SECONDS)
        finally:
            await outgoing.close()

    def _hear(self, messages: Sequence[Message | Encoded]) -> None:
        topics = {message.topic for message in messages}
        names = [one.name for one in (self.validation, *self.handlers) if topics & set(one.sources)]
        if names:
            self._loop.call_soon_threadsafe(lambda: [self._wake[name].set() for name in names])
