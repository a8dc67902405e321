"""What the doors ask of a running system, whichever form it runs in."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from adapters.vault.packing import plain
from schemas.events import Checked, Message, Received
from services.previews import Previews
from services.validation import pool, worker

T = TypeVar("T")
LAG_LIMIT = 5_000  # records received and not yet judged; beyond it the doors answer 503 (about a minute's work)


class Readable(Protocol):
    def read(self) -> AbstractContextManager[Connection]: ...


class Front:
    """Reads, validates and computes for the doors. Make it inside the event loop."""

    database: Readable
    publishes = False  # whether insurers have topics of their own

    def __init__(self) -> None:
        self._pool = pool.make()
        self.previews = Previews()
        self.offered = asyncio.Condition()  # notified when the sequencer has numbered something
        self.started = asyncio.Event()  # set when everything stands, and records are judged as fast as they come
        self.stopping = asyncio.Event()  # set when it is to end: what waits for something new waits no longer
        self.lag_limit = LAG_LIMIT
        self.behind = 0  # records received and not judged, as of the last look

    @property
    def lagging(self) -> bool:
        return self.behind > self.lag_limit

    async def read(self, work: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self.database.read() as tx:
                return work(tx)

        return await asyncio.to_thread(run)

    async def validate(self, received: Received, body: bytes) -> Checked:
        """What validation says of these bytes, in a worker process; nothing is stored."""
        job = (received.model_dump_json().encode(), plain(body))
        own, *_ = (await asyncio.get_running_loop().run_in_executor(self._pool, worker.work, [job]))[0]
        checked = Message.read(own.topic, own.key, own.id, own.value()).event
        assert isinstance(checked, Checked)
        return checked

    async def compute(self, work: Callable[..., T], *arguments: object) -> T:
        """What a pure function of a module gives, in a worker process: however long it takes, it stalls no door."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
