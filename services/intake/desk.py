"""Takes records in: one flush to disk for all that stand at the desk together, none acknowledged before it."""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress

from adapters.streams.embedded import Entrance
from schemas.events import Encoded, Message, Verdict
from schemas.topics import VERDICTS
from services.intake.book import Book, Submission, Taken
from services.intake.limits import ENTRY_SECONDS, LAG_RETRY_SECONDS
from services.intake.refusal import Refusal


class Tally:
    """How many verdicts were heard on what was split from a file, since `begin`."""

    def __init__(self) -> None:
        self._heard, self._wanted, self._enough = 0, 1, asyncio.Event()

    def begin(self) -> None:
        self._heard = 0

    def hear(self) -> None:
        self._heard += 1
        if self._heard >= self._wanted:
            self._enough.set()

    async def reaches(self, count: int, seconds: float) -> None:
        """Returns once so many were heard, or after so many seconds."""
        self._wanted = count
        if self._heard < count:
            self._enough.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), seconds)


class Desk:
    """Call `take` from the event loop; `run` is its one background task."""

    def __init__(self, book: Book, host: Entrance, writer: Executor) -> None:
        self._book, self._writer = book, writer
        self._queue: dict[asyncio.Future[Taken], Submission] = {}
        self._called = asyncio.Event()  # somebody stands in the queue
        self._waiting: dict[str, set[asyncio.Future[Verdict]]] = {}
        self._tallies: dict[str, set[Tally]] = {}
        self._loop = asyncio.get_running_loop()
        host.listen(self._hear)

    async def take(self, submission: Submission) -> Taken:
        """Returns once the record is durable (or known from before). Refusal 503 when the store or the log takes too long:
        what was in hand may be entered yet, and is known when the same bytes come again."""
        future: asyncio.Future[Taken] = self._loop.create_future()
        self._queue[future] = submission
        self._called.set()
        try:
            async with asyncio.timeout(ENTRY_SECONDS):
                return await future
        except TimeoutError:
            raise Refusal(
                503, "overloaded", "The record could not be entered in time. Send again later; repeating is safe.",
                {"retry-after": str(LAG_RETRY_SECONDS)},
            ) from None  # fmt: skip
        finally:
            self._queue.pop(future, None)

    def expect(self, record: str) -> "asyncio.Future[Verdict]":
        """A future of the record's next verdict. Ask before `take`, so that none slips by; `forget` it after."""
        future: asyncio.Future[Verdict] = self._loop.create_future()
        self._waiting.setdefault(record, set()).add(future)
        return future

    def forget(self, record: str, future: "asyncio.Future[Verdict]") -> None:
        waiting = self._waiting.get(record, set())
        waiting.discard(future)
        if not waiting:
            self._waiting.pop(record, None)

    @contextmanager
    def tally(self, file: str) -> Iterator[Tally]:
        """Counts verdicts on the accidents of a file."""
        tally = Tally()
        self._tallies.setdefault(file, set()).add(tally)
        try:
            yield tally
        finally:
            self._tallies[file].discard(tally)
            if not self._tallies[file]:
                del self._tallies[file]

    def dismiss(self) -> None:
        """Nobody waits for a verdict any longer (TimeoutError): the system is to end, and what is entered is judged later."""
        for waiting in self._waiting.values():
            for future in waiting:
                if not future.done():
                    future.set_exception(TimeoutError())

    async def run(self) -> None:
        while True:
            await self._called.wait()
            self._called.clear()
            batch, self._queue = self._queue, {}
            if not batch:  # who called has gone
                continue
            try:
                taken = await self._loop.run_in_executor(self._writer, self._book.enter, list(batch.values()))
            except Exception as error:
                for future in batch:
                    if not future.done():
                        future.set_exception(error)
                raise
            for future, one in zip(batch, taken, strict=True):
                if not future.done():
                    future.set_result(one)

    def _hear(self, messages: Sequence[Message | Encoded]) -> None:
        heard = [one.event for one in messages if isinstance(one, Message) and one.topic == VERDICTS.name]
        verdicts = [event for event in heard if isinstance(event, Verdict)]
        if verdicts:
            self._loop.call_soon_threadsafe(self._tell, verdicts)

    def _tell(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            for future in self._waiting.get(verdict.record.id, ()):
                if not future.done():
                    future.set_result(verdict)
            for tally in self._tallies.get(verdict.record.parent or "", ()):
                tally.hear()
