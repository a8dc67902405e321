"""The Faust host under the contract suite of the hosts: a transform that notes what it is given and passes it on."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from adapters.streams import embedded, kafka_transform
from adapters.streams.kafka import Taken, publishing
from schemas.events import Message
from schemas.ids import derive
from schemas.topics import DUE, MESSAGE_BYTES, OFFERS
from tests.contract.crashing import Crash, Steps
from tests.contract.hosts import NOW, Crashing, Kafka, Ledger, run

LOOK_SECONDS = 0.05
DEAD = "dead"


class Faust(Kafka):
    whole = (0, 1)  # noted and not yet published: done again, it is published
    operations, reason = 3, "TooLarge"  # the transform, the output, the offset

    def settle(self, handler: embedded.Handler) -> None:
        run(self._running(handler, self.until_level))

    async def until_level(self, app: Any) -> None:
        """Until everything there is is committed."""
        async with self._consumer(Ledger.name) as consumer:
            parts = self._partitions(DUE)
            ends = await consumer.end_offsets(parts)
            while not all([(await consumer.committed(one) or 0) >= ends[one] for one in parts]):
                await app.consumer.commit()
                await asyncio.sleep(LOOK_SECONDS)

    def turn(self, handler: embedded.Handler) -> None:
        async def one(_: Any) -> None:
            while len(self.place.seen) == before:
                await asyncio.sleep(LOOK_SECONDS)

        before = len(self.place.seen)
        run(self._running(handler, one))

    async def _running(self, handler: embedded.Handler, work: Callable[[Any], Awaitable[None]]) -> None:
        """A host from its start to its stop, which comes once `work` is done or an operation crashed."""
        assert isinstance(handler, Ledger)
        stopping, reads, crashed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        ending = Ending(self._steps, crashed) if self._steps else None
        async with publishing(self.place.broker) as real:
            publisher: Any = Crashing(real, ending) if ending else real
            transform = self._transform(handler)
            host = kafka_transform.Host(
                self.place.broker,
                self.sealer,
                lambda: NOW,
                handler,
                ending.before(transform) if ending else transform,
                self._failed,
                self._unreadable,
            )
            if ending:
                ending.of_app(host._app)
            running = asyncio.create_task(host.run(publisher, stopping, reads.set))
            try:
                await reads.wait()
                ends = {asyncio.ensure_future(work(host._app)), asyncio.create_task(crashed.wait()), running}
                done, open_ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                host._app.conf.stream_wait_empty = not crashed.is_set()  # what it had in hand is gone
                stopping.set()
                if ending:
                    asyncio.get_running_loop().call_later(LOOK_SECONDS, ending.let_go)
                for one in open_ - {running}:
                    one.cancel()
                await running
                for one in done:
                    one.result()
            finally:
                thread = host._app.consumer._thread
                if not thread._stopped.is_set():  # a host that failed leaves it, and nothing would end after it
                    thread._stopped_set()
        if self._steps and self._steps.crashed:
            raise Crash

    def _transform(self, handler: Ledger) -> kafka_transform.Transform:
        async def noted(message: Message) -> list[Message]:
            poison = message.id == handler.poison
            if not poison:
                self.place.seen.append((message.key, message.id))
            body = bytes(MESSAGE_BYTES if poison else 0)
            return [Message(OFFERS.name, message.key, derive(message.id, "out"), message.event, body)]

        return noted

    def _failed(self, message: Message, reason: str) -> Message:
        self.place.seen.append((DEAD, message.id + reason))
        return Message(OFFERS.name, DEAD, derive(message.id, reason), message.event)

    def _unreadable(self, record: Taken, error: Exception) -> None:
        raise AssertionError(f"{record.topic}/{record.offset} cannot be read: {type(error).__name__}")

    def taken(self) -> list[tuple[str, str]]:
        return list(dict.fromkeys(self.place.seen))

    def outputs(self) -> list[tuple[str, str]]:
        return [(key, id) for key, id in super().outputs() if key != DEAD]

    @contextmanager
    def crash_at(self, operation: int) -> Iterator[Steps]:
        self._steps = Steps(operation)
        try:
            yield self._steps
        finally:
            self._steps = None

    def forget(self) -> None:
        super().forget()
        self.place.seen.clear()


class Ending:
    """The process ends before an operation. Faust commits by a clock of its own: whatever it holds for acknowledged at that
    moment, it may have committed already; and nothing afterwards."""

    def __init__(self, steps: Steps, crashed: asyncio.Event) -> None:
        self._steps, self._crashed = steps, crashed
        self._over = asyncio.Event()

    def let_go(self) -> None:
        """Once Faust stops: what hangs goes, as with its process."""
        self._over.set()

    def of_app(self, app: Any) -> None:
        self._consumer = app.consumer
        self._commit = app.consumer._commit
        app.consumer._commit = self._committing

    async def _committing(self, offsets: Mapping[Any, int]) -> bool:
        if self._crashed.is_set():
            return False
        try:
            self._steps.step()
        except Crash:
            self._crashed.set()
            return False
        return bool(await self._commit(offsets))

    def before(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counted(*given: Any) -> Any:
            try:
                self._steps.step()
            except Crash:
                if not self._crashed.is_set():
                    self._consumer._commit = self._commit
                    await asyncio.sleep(LOOK_SECONDS)  # what is acknowledged without waiting for this is so by then
                    await self._consumer.commit()
                    self._consumer._commit = self._committing
                    self._crashed.set()
                await self._over.wait()
                raise asyncio.CancelledError from None
            return await work(*given)

        return counted
