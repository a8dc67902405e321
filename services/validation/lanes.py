"""Validation over worker processes: small records in chunks, large ones one at a time beside them.

What is answered is committed at once, so a bundle that takes its worker ten seconds keeps nobody else waiting; the position
follows the oldest record still unanswered, and a restart skips what is committed beyond it.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Executor

from adapters.stores import inbox
from adapters.stores.archive import Archive
from adapters.streams.embedded import Host, note
from adapters.telemetry import spans
from adapters.vault.packing import plain
from adapters.vault.sealing import CannotOpen
from schemas.events import Encoded, Message, Received
from schemas.topics import RECEIVED
from services.pipeline import VALIDATION
from services.validation import worker

Row = tuple[int, Message]  # position, message
Job = tuple[bytes, bytes]  # event as JSON, packed body
Flight = tuple[
    Sequence[Row], Sequence[Sequence[Encoded]], int
]  # records, what the workers answered, when they took off

CHUNK = 8  # small records a worker takes at once
FLIGHTS = 4  # chunks under way: the workers never wait for the next, and a burst is not held in memory
LARGE_BYTES = 1 << 20  # a record that keeps its worker for a second or more goes alone


class Validation:
    """The step over one host: what it reads, what it hands to workers, what it commits."""

    name = VALIDATION.name
    sources = (RECEIVED.name,)

    def __init__(self, host: Host, archive: Archive) -> None:
        self._host, self._archive = host, archive

    def position(self) -> int:
        with self._host.database.read() as tx:
            return self._host.log.cursor(tx, self.name)

    def ahead(self, after: int, limit: int) -> tuple[int, list[Row]]:
        """Messages after a position that are not committed yet, and the position of the last one looked at."""
        log = self._host.log
        with self._host.database.read() as tx:
            rows = log.read(tx, self.sources, after, limit)
            known = inbox.seen(tx, self.name, [message.id for _, message in rows])
        return (rows[-1][0] if rows else after), [row for row in rows if row[1].id not in known]

    def jobs(self, rows: Sequence[Row]) -> list[Job | None]:
        """What the workers need: the event as JSON, the bytes packed. None for bytes that were erased meanwhile."""
        return [self._job(message) for _, message in rows]

    def _job(self, message: Message) -> Job | None:
        received = message.event
        assert isinstance(received, Received)
        try:
            body = plain(self._archive.blob_body(received.blob)) if received.blob else message.body
        except CannotOpen:
            return None
        return received.model_dump_json().encode(), body

    @staticmethod
    def answers(
        rows: Sequence[Row], jobs: Sequence[Job | None], worked: Sequence[Sequence[Encoded]]
    ) -> list[Sequence[Encoded]]:
        """What `worked` says of the jobs that there were; of the others that they could not be judged."""
        found = iter(worked)
        return [
            next(found) if job else [worker.unopened(message)] for (_, message), job in zip(rows, jobs, strict=True)
        ]

    def commit(self, landed: Sequence[Flight], position: int) -> None:
        """Writes what the workers answered; the record's own bytes are put back beside its event."""
        outputs = []
        for rows, answers, _ in landed:
            for (_, message), (own, *children) in zip(rows, answers, strict=True):
                outputs += [Encoded(own.topic, own.key, own.id, own.encoded, message.body), *children]
        self._host.finish(self, position, [message for rows, *_ in landed for _, message in rows], outputs)
        for rows, _, begun in landed:
            note(self, [message for _, message in rows], begun)

    def here(self, limit: int) -> int:
        """One batch in this process; the number of records it took."""
        position, rows = self.ahead(self.position(), limit)
        if rows:
            begun, jobs = spans.now(), self.jobs(rows)
            answers = self.answers(rows, jobs, worker.work([job for job in jobs if job]))
            self.commit([(rows, answers, begun)], position)
        return len(rows)


class Lanes:
    """Runs the step in a pool of worker processes; `writer` is the one thread that writes."""

    def __init__(self, step: Validation, pool: Executor, writer: Executor, wake: asyncio.Event) -> None:
        self._step, self._pool, self._writer, self._wake = step, pool, writer, wake
        self._open: set[int] = set()  # positions read and not committed
        self._flights: set[asyncio.Task[None]] = set()
        self._landed: list[Flight] = []  # answered and not committed
        self._large: deque[Row] = deque()
        self._alone: asyncio.Task[None] | None = None
        self._read_to = 0

    async def run(self) -> None:
        """Until cancelled; a broken pool ends it."""
        self._read_to = await asyncio.to_thread(self._step.position)
        while True:
            self._wake.clear()
            if self._landed:
                await self._commit()
            if room := FLIGHTS - len(self._flights):
                self._read_to, rows = await asyncio.to_thread(self._step.ahead, self._read_to, room * CHUNK)
                self._launch(rows)
            waking = asyncio.create_task(self._wake.wait())
            done, _ = await asyncio.wait({waking, *self._flights}, return_when=asyncio.FIRST_COMPLETED)
            waking.cancel()
            self._flights -= done
            for flight in done - {waking}:
                flight.result()

    def _launch(self, rows: Sequence[Row]) -> None:
        self._open |= {position for position, _ in rows}
        small = [row for row in rows if _size(row) < LARGE_BYTES]
        self._large += [row for row in rows if _size(row) >= LARGE_BYTES]
        for start in range(0, len(small), CHUNK):
            self._flights.add(asyncio.create_task(self._fly(small[start : start + CHUNK])))
        if self._large and (self._alone is None or self._alone.done()):
            self._alone = asyncio.create_task(self._fly([self._large.popleft()]))
            self._flights.add(self._alone)

    async def _fly(self, rows: Sequence[Row]) -> None:
        begun = spans.now()
        jobs = await asyncio.to_thread(self._step.jobs, rows)
        given = [job for job in jobs if job]
        worked = await asyncio.get_running_loop().run_in_executor(self._pool, worker.work, given) if given else []
        self._landed.append((rows, self._step.answers(rows, jobs, worked), begun))

    async def _commit(self) -> None:
        """What has landed, in one transaction. The position passes a record only once it is committed."""
        landed, self._landed = self._landed, []
        self._open -= {position for rows, *_ in landed for position, _ in rows}
        position = min(self._open) - 1 if self._open else self._read_to
        await asyncio.get_running_loop().run_in_executor(self._writer, self._step.commit, landed, position)


def _size(row: Row) -> int:
    event = row[1].event
    assert isinstance(event, Received)
    return event.record.size
