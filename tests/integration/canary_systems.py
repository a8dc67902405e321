"""Both forms of the interchange with a clock that the test moves, as the search for canaries asks of them."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psycopg
from aiokafka import TopicPartition
from joserfc.jwk import OKPKey

from adapters.stores import participants
from adapters.stores.archive import INLINE_BYTES, Archive
from adapters.stores.database import Store
from adapters.stores.journal import Journal
from adapters.streams.kafka import Broker, publishing
from adapters.streams.kafka_source import Groups, Source
from adapters.streams.kafka_topics import Topics
from adapters.streams.log import STREAM_KEY, Log
from adapters.vault.keys import Keys
from schemas.ids import record_id
from schemas.topics import TOPICS
from services import due
from services.distributed import SERVICES, Node, Places
from services.hub.register import register
from services.intake.book import Book, Submission
from services.sandbox.participants import PARTICIPANTS, policies
from tests.integration.canaries import Sealed, in_store, live
from tests.servers.kafka import Cluster
from tests.servers.postgres import Server
from tests.simulation.world import World

T = TypeVar("T")
PATIENCE = 240.0  # seconds until everything before the steps is done
LOOK = 0.3


class System(Protocol):
    now: datetime
    database: Store
    keys: Keys
    journal: Journal
    archive: Archive
    log: Log | Groups
    folder: Path

    def enter(self, given: Sequence[Submission]) -> list[str]: ...
    def settle(self) -> None: ...
    def tick(self) -> None: ...  # the clock's work at `now`, and what the steps make of it, until nothing is left to do
    def files(self) -> list[Path]: ...  # folders that hold everything that it writes
    def vacuum(
        self,
    ) -> None: ...  # what docs/operations.md asks for so that no image of a destroyed key stays on the disk
    def close(self) -> None: ...

    def logged(self) -> list[Sealed]: ...


def sealed(system: System) -> list[Sealed]:
    with system.database.read() as tx:
        return [*in_store(tx, system.archive.blobs), *system.logged()]


def live_keys(system: System) -> dict[str, bytes]:
    return live(system.keys, system.folder / "keys")


def with_blobs(archive: Archive, given: Sequence[Submission]) -> list[Submission]:
    """As the doors do it: a large body rests in a sealed file before its record is entered."""
    kept = []
    for one in given:
        if one.size > INLINE_BYTES:
            id = record_id(one.sender, one.method, one.path, one.digest)
            archive.blobs.write(id, archive.blob_key(id), one.body)
            one = replace(one, body=b"", blob=id)
        kept.append(one)
    return kept


class Embedded:
    """One folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._world = World(folder)
        core = self._world.core
        self.database, self.keys, self.archive, self.log = core.database, core.keys, core.archive, core.log
        self.journal = core.journal

    @property
    def now(self) -> datetime:
        return self._world.now

    @now.setter
    def now(self, moment: datetime) -> None:
        self._world.now = moment

    def enter(self, given: Sequence[Submission]) -> list[str]:
        core = self._world.core
        book = Book(core.host, core.archive, core.clock)
        return [taken.record.id for taken in book.enter(with_blobs(core.archive, given))]

    def settle(self) -> None:
        self._world.settle()

    def tick(self) -> None:
        self._world.settle()  # what a process that ended left on the log
        while self._world.core.tick():
            self._world.settle()

    def files(self) -> list[Path]:
        return [self.folder]

    def vacuum(self) -> None:
        """Nothing: SQLite overwrites what it deletes."""

    def logged(self) -> list[Sealed]:
        return []  # the log is a table of the store

    def close(self) -> None:
        self._world.close()


@dataclass(frozen=True)
class Shared:
    """What the processes of the distributed form share, but for their folder: brokers, and the databases' addresses."""

    address: str
    store: str
    wrapped: str

    @classmethod
    def fresh(cls, cluster: Cluster, server: Server) -> "Shared":
        shared = cls(cluster.address, server.fresh(), server.empty())
        Topics(Broker(shared.address)).apply((), ())
        # Once, as docs/retention.md has it; long before the first checkpoint that counts.
        run(shared.wrapped, "ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()")
        return shared


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for one in statements:
            connection.execute(one)


class Distributed:
    """Every service of the distributed form in this process, each over a node of its own, on a real broker and database.

    Brokers stamp what they take by their own clock, so this one begins at the machine's time, and stands until it is moved.
    """

    def __init__(self, shared: Shared, folder: Path, servers: Sequence[Path] = ()) -> None:
        """`servers`: the folders of broker and database."""
        self.now = datetime.now(UTC)
        self.folder, self.shared, self._servers = folder, shared, servers
        self.broker = Broker(shared.address)
        self._nodes: list[Node] = []
        self._running: dict[str, tuple[asyncio.Event, asyncio.Task[None]]] = {}
        node = self._node()
        self.node, self.database, self.keys, self.journal, self.archive, self.log = (
            node,
            node.database,
            node.keys,
            node.journal,
            node.archive,
            node.log,
        )
        key = OKPKey.generate_key("X25519", {"kid": "canary"}).as_dict(private=False)
        with node.database.write() as tx:  # insurers have a key, so that their feeds are published
            participants.admit_new(tx, [one.model_copy(update={"keys": (key,)}) for one in PARTICIPANTS])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="services")
        self._thread.start()
        self._stack, self._writer = AsyncExitStack(), ThreadPoolExecutor(1)
        self._source = self._call(self._open())

    def _node(self) -> Node:
        lines = register(policies())
        node = Node(
            self.broker, Places(self.shared.store, self.shared.wrapped, self.shared.wrapped, self.folder), lines
        )
        node.clock = lambda: self.now
        self._nodes.append(node)
        return node

    async def _open(self) -> Source:
        source = Source("doors", self.broker, self.database, self.node.sealer, self.node.clock)
        source.publish_with(await self._stack.enter_async_context(publishing(self.broker)))
        self._mending = asyncio.ensure_future(source.mend(self._writer))
        return source

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, PATIENCE), self._loop).result()

    def start(self, *names: str) -> None:
        async def one(name: str) -> None:
            stopping, reads = asyncio.Event(), asyncio.Event()
            task = asyncio.ensure_future(SERVICES[name](self._node(), stopping, reads.set))
            self._running[name] = stopping, task
            waiting = asyncio.ensure_future(reads.wait())
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not reads.is_set():
                task.result()

        async def every() -> None:
            await asyncio.gather(*(one(name) for name in names))

        self._call(every())

    def stop(self, *names: str) -> None:
        async def every() -> None:
            for name in names:
                self._running[name][0].set()
            await asyncio.gather(*(self._running.pop(name)[1] for name in names))

        self._call(every())

    def enter(self, given: Sequence[Submission]) -> list[str]:
        book = Book(self._source, self.archive, self.node.clock)
        return [taken.record.id for taken in self._writer.submit(book.enter, with_blobs(self.archive, given)).result()]

    def until(self, done: Callable[[], bool]) -> None:
        """Looks until it is so; a service that ends meanwhile ends this."""
        pause = threading.Event()
        for _ in range(int(PATIENCE / LOOK)):
            if done():
                return
            for _, task in self._running.values():
                if task.done():
                    task.result()
            pause.wait(LOOK)
        raise TimeoutError

    def behind(self) -> list[str]:
        """The steps that have anything before them: looked at in the order of the flow."""
        far = datetime(2100, 1, 1, tzinfo=UTC)
        return self._call(self.node.log.behind(far))

    def settle(self) -> None:
        """Until nothing is before any step that runs."""
        self.until(lambda: not self._running.keys() & set(self.behind()))

    def tick(self) -> None:
        """The running clock does it; two looks in a row must find nothing more."""
        for _ in range(2):
            self.until(lambda: not self._ended() and not self.behind())

    def _ended(self) -> bool:
        with self.database.read() as tx:
            ended = due.ended(tx, self.now, 1)
        return bool(ended or due.over(self.keys.names(STREAM_KEY), due.oldest_day(self.now)))

    def files(self) -> list[Path]:
        run(self.shared.store, "CHECKPOINT")
        return [self.folder, *self._servers]

    def vacuum(self) -> None:
        run(self.shared.wrapped, "VACUUM FULL", "SELECT pg_switch_wal()", "CHECKPOINT")

    def logged(self) -> list[Sealed]:
        return self._call(self._logged())

    async def _logged(self) -> list[Sealed]:
        """Everything on our topics, as the broker keeps it, decompressed by the reader where it is compressed."""
        found, consumer = [], self.broker.consumer(None)
        names = {topic.on_broker(self.broker.space): topic for topic in TOPICS}
        await consumer.start()
        try:
            parts = [TopicPartition(name, part) for name, topic in names.items() for part in range(topic.partitions)]
            consumer.assign(parts)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(parts)
            while any([await consumer.position(one) < ends[one] for one in parts]):
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    for one in records:
                        headers = {name: value.decode() for name, value in one.headers}
                        place = f"{names[one.topic].name}|{headers['event']}"
                        found.append(Sealed("log", place, one.value, STREAM_KEY + headers["day"]))
        finally:
            await consumer.stop()
        return found

    def close(self) -> None:
        self.stop(*self._running)
        self._loop.call_soon_threadsafe(self._mending.cancel)
        self._call(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._writer.shutdown()
        for node in self._nodes:
            node.close()
