"""The same instant on two worker processes over a real broker: of two near-duplicates one is first; one accident, one case."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from aiokafka.partitioner import murmur2
from sqlalchemy import Connection, func, select

from adapters.stores import feeds
from adapters.stores.tables import records
from adapters.streams.kafka import Broker, Sealer, publishing
from adapters.streams.kafka_topics import Topics
from schemas.events import Encoded, Message, Received
from schemas.topics import CHECKED
from services.embedded import Core, utc_now
from services.intake.book import Book
from services.validation import worker
from tests.servers.places import InPostgres
from tests.servers.postgres import Server
from tests.servers.workers import Start, workers
from tests.simulation.test_two_at_once import outcomes_and_cases, told
from tests.simulation.world import core_at

ROUNDS = 16  # of two accidents each
PATIENCE = 30.0  # for one round
SENDER, ELSEWHERE = "CL01", "CL02"  # of the near-duplicates; the key that takes the second of them to the other worker


class Door:
    """Where records enter; they are validated here, and what comes of it waits to be put on the topics at once. The log keys
    near-duplicates to one worker: here the second goes to the other, as it may while partitions move."""

    def __init__(self, core: Core) -> None:
        self._core, self.messages = core, list[Message]()

    def append(self, work: Callable[[Connection], list[Message]]) -> None:
        self.messages += self._core.database.commit(work)

    def listen(self, listener: Callable[[Sequence[Message | Encoded]], None]) -> None:
        raise NotImplementedError

    def checked(self) -> list[Encoded]:
        taken, self.messages = self.messages, []
        jobs = [(received(one).model_dump_json().encode(), one.body) for one in taken]
        found = []
        for n, (message, (own, *_)) in enumerate(zip(taken, worker.work(jobs), strict=True)):
            key = ELSEWHERE if n % 4 == 1 else own.key
            found.append(Encoded(own.topic, key, own.id, own.encoded, message.body))
        return found


def received(message: Message) -> Received:
    assert isinstance(message.event, Received)
    return message.event


@pytest.fixture
def start() -> Iterator[Start]:
    with workers("tests.simulation.decide_worker") as start:
        yield start


def waiting(core: Core) -> int:
    with core.database.read() as tx:
        return tx.execute(select(func.count()).where(records.c.case_number.is_(None))).scalar_one()


def test_two_processes_over_one_broker(kafka_address: str, server: Server, start: Start, tmp_path: Path) -> None:
    place = InPostgres(tmp_path, server.fresh(), server.empty())
    broker = Broker(kafka_address, "t" + secrets.token_hex(6))
    Topics(broker).apply((), ())
    core = core_at(place, utc_now)
    door, sealer = Door(core), Sealer(core.keys, broker)
    book = Book(door, core.archive, core.clock)
    # Partitions go to the members in turn.
    shares = {(murmur2(sender.encode()) & 0x7FFFFFFF) % CHECKED.partitions % 2 for sender in (SENDER, ELSEWHERE)}
    assert shares == {0, 1}, "the near-duplicates are on different workers"
    for _ in range(2):
        start(broker.address, broker.space, place.store, place.wrapped, str(tmp_path))

    async def play() -> None:
        async with publishing(broker) as publisher:
            for number in range(0, 2 * ROUNDS, 2):
                book.enter([*told(number), *told(number + 1)])
                await publisher.publish(sealer.seal(door.checked(), utc_now()))
                deadline = time.monotonic() + PATIENCE
                while waiting(core):
                    assert time.monotonic() < deadline, "they did not settle in time"
                    await asyncio.sleep(0.02)

    asyncio.run(play())
    outcomes, cases = outcomes_and_cases(core)
    assert outcomes == {"accepted": 2 * ROUNDS, "duplicate": 2 * ROUNDS}
    assert cases == [4] * 2 * ROUNDS
    with core.database.read() as tx:
        assert feeds.gaps(tx) == []
    core.close()
