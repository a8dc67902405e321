"""Takes records in: one flush to disk for all that stand at the desk together, none acknowledged before it."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

from adapters.streams.embedded import Entrance
from schemas.events import Encoded, Message, Verdict
from schemas.topics import VERDICTS
from services.intake.book import Book, Submission, Taken


class Desk:
    """Call `take` from the event loop; `run` is its one background task."""

    def __init__(self, book: Book, host: Entrance, writer: Executor) -> None:
        self._book, self._writer = book, writer
        self._queue: asyncio.Queue[tuple[Submission, asyncio.Future[Taken]]] = asyncio.Queue()
        self._waiting: dict[str, set[asyncio.Future[Verdict]]] = {}
        self._loop = asyncio.get_running_loop()
        host.listen(self._hear)

    async def take(self, submission: Submission) -> Taken:
        """Returns once the record is durable (or known from before)."""
        future: asyncio.Future[Taken] = self._loop.create_future()
        self._queue.put_nowait((submission, future))
        return await future

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

    async def run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                taken = await self._loop.run_in_executor(
                    self._writer, self._book.enter, [submission for submission, _ in batch]
                )
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                raise
            for (_, future), one in zip(batch, taken, strict=True):
                if not future.done():
                    future.set_result(one)

    def _hear(self, messages: Sequence[Message | Encoded]) -> None:
        verdicts = [one.event for one in messages if isinstance(one, Message) and one.topic == VERDICTS.name]
        if verdicts:
            self._loop.call_soon_threadsafe(self._tell, verdicts)

    def _tell(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            for future in self._waiting.get(verdict.record.id, ()):
                if not future.done():
                    future.set_result(verdict)
