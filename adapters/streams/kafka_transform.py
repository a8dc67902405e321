"""The Faust host of transforms: an actor a partition, one record at a time, acknowledged after its outputs are on the log.

Faust acknowledges a record whose agent raised or was cancelled, so the agent does neither before the record's outputs are
acknowledged: what a record leads to is finished even when its partition is taken away meanwhile, and what cannot be finished
ends the process with the record unacknowledged.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import faust
from faust.types.auth import SASLMechanism

from adapters.streams.embedded import Step, note
from adapters.streams.kafka import (
    SESSION_MS,
    Broker,
    Publisher,
    Row,
    Sealer,
    Taken,
    TooLarge,
    day_of,
    patiently,
    trouble,
)
from adapters.telemetry import spans
from schemas.events import Encoded, Message
from schemas.topics import TOPICS

T = TypeVar("T")
AHEAD = 16  # records that wait in memory for a partition's actor; beyond it fetching from that partition pauses
STOP_SECONDS = 9.0  # records in hand end, then the process does, whatever they do

Transform = Callable[[Message], Awaitable[Sequence[Message | Encoded]]]


class Broken(Exception):
    """The step cannot go on; its process is to end at once, without another acknowledgement."""


class Host:
    """One transform. `transform` gives a message's outputs and raises only what is to end the process; `failed` gives the one
    output of a message whose outputs no topic takes (the message, why); `unreadable` notes a record that cannot be opened
    (the record, why)."""

    def __init__(
        self,
        broker: Broker,
        sealer: Sealer,
        clock: Callable[[], datetime],
        step: Step,
        transform: Transform,
        failed: Callable[[Message, str], Message],
        unreadable: Callable[[Taken, Exception], None],
    ) -> None:
        self._sealer, self._clock, self._step = sealer, clock, step
        self._transform, self._failed, self._unreadable = transform, failed, unreadable
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Faust insists on making folders for tables, which it has none of here: not where the process happens to stand.
        self._folder = TemporaryDirectory(prefix="faust-")
        self._app = _app(broker, step, self._folder.name)
        names = [topic.on_broker(broker.space) for topic in TOPICS if topic.name in step.sources]
        raw: dict[str, Any] = {
            "key_type": bytes,
            "value_type": bytes,
            "key_serializer": "raw",
            "value_serializer": "raw",
        }
        source = self._app.topic(*names, **raw)
        self._app.agent(source, name=step.name, concurrency=1, isolated_partitions=True)(self._agent)

    async def run(self, publisher: Publisher, stopping: asyncio.Event, ready: Callable[[], None]) -> None:
        """Until `stopping`; `ready` is called once it reads. Raises Broken when the step cannot go on."""
        self._publisher, self._stopping = publisher, stopping
        await self._app.start()
        ready()
        ends = {
            asyncio.ensure_future(self._broken),
            asyncio.create_task(stopping.wait()),
            asyncio.create_task(self._app.wait_until_stopped()),
        }
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.is_set():
            raise Broken(type(self._broken.exception()).__name__ if self._broken.done() else "faust stopped")
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._app.stop()
        except TimeoutError:
            raise Broken("a record in hand took too long to stop") from None

    async def _agent(self, stream: "faust.Stream[bytes]") -> None:
        async for event in stream.events():
            work = asyncio.create_task(self._one(event.message))
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                await work
                raise

    async def _one(self, record: Any) -> None:
        """Returns once the record's outputs are acknowledged; never, when they cannot be."""
        begun = spans.now()
        try:
            day = (dict(record.headers or ()).get("day") or b"").decode(errors="replace")
            if message := await self._patiently(lambda: self._open(record), day):
                outputs, now = await self._transform(message), self._clock()
                rows = await self._patiently(lambda: self._seal(message, outputs, now), day_of(now))
                await self._publisher.publish(rows)
                note(self._step, [message], begun)
        except Exception as error:  # noqa: BLE001 — whatever it was, the record is not acknowledged: the process ends
            if not self._broken.done():
                self._broken.set_exception(error)
            await asyncio.Event().wait()

    def _seal(self, message: Message, outputs: Sequence[Message | Encoded], now: datetime) -> list[Row]:
        """One output that no topic takes makes the message a dead letter: ended by it, each process in turn would be."""
        try:
            return self._sealer.seal(outputs, now)
        except TooLarge as error:
            return self._sealer.seal([self._failed(message, type(error).__name__)], now)

    async def _patiently(self, work: Callable[[], T], day: str) -> T:
        """What `work` gives, which needs the key of a day: at once where that is at hand."""
        if self._sealer.ready(day):
            return work()
        return await asyncio.to_thread(patiently, work, self._step.name, self._stopping.is_set)

    def _open(self, record: Any) -> Message | None:
        try:
            return self._sealer.take(record)
        except Exception as error:
            if trouble(error):
                raise
            self._unreadable(record, error)
            return None


def _app(broker: Broker, step: Step, folder: str) -> faust.App:
    login = broker.login
    credentials = None
    if login:
        credentials = faust.SASLCredentials(
            username=login[0], password=login[1], mechanism=SASLMechanism.SCRAM_SHA_512, ssl_context=broker.tls
        )
    elif broker.tls:
        credentials = faust.SSLCredentials(broker.tls)
    return faust.App(
        broker.group(step.name),
        broker="aiokafka://" + broker.hosts.replace(",", ";"),
        broker_credentials=credentials,
        broker_session_timeout=SESSION_MS / 1000,
        broker_heartbeat_interval=SESSION_MS / 4000,
        processing_guarantee="at_least_once",
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=AHEAD,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
        store="memory://",
        datadir=folder,
    )
