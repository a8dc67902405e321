"""A step that stands still holds a bounded number of records, whatever waits on the log; then it takes all, in order."""

import asyncio
import gc
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from aiokafka import ConsumerRecord
from faust.types.tuples import Message as FaustMessage
from sqlalchemy import Connection

from adapters.streams import kafka_decide, kafka_transform
from adapters.streams.embedded import BATCH
from adapters.streams.kafka_transform import AHEAD
from schemas.events import Message, Refold
from schemas.ids import derive
from tests.contract.hosts import Kafka, KafkaPlace, Ledger, run
from tests.contract.transforming import Faust

WAITING, BYTES = 2_000, 8_000  # records, and of each: 16 MB in one partition
FETCH = 2**20 // BYTES + 1  # records of one fetch: a consumer asks for no more of a partition before they are taken
LOOKS, LOOK_SECONDS = 20, 0.1  # in that time all of it would be in memory


def messages() -> list[Message]:
    event = Refold(records=("r",), why="test")
    return [Message("due", "k", derive("in", n), event, bytes(BYTES)) for n in range(WAITING)]


def held() -> int:
    """Records in the memory of this process, as the broker's client or Faust holds them."""
    return sum(isinstance(one, ConsumerRecord | FaustMessage) for one in gc.get_objects())


async def looks() -> list[int]:
    found = []
    for _ in range(LOOKS):
        found.append(held())
        await asyncio.sleep(LOOK_SECONDS)
    return found


class Standing(Faust):
    """Its transform stands still until `go`."""

    def _transform(self, handler: Ledger) -> kafka_transform.Transform:
        noted, self.go = super()._transform(handler), asyncio.Event()

        async def patient(message: Message) -> Sequence[Any]:
            await self.go.wait()
            return await noted(message)

        return patient


def test_a_transform_that_stands_still(kafka_address: str, database_url: str, tmp_path: Path) -> None:
    host, before, found = Standing(KafkaPlace.make(kafka_address, database_url, tmp_path)), held(), []
    sent = messages()
    host.publish(sent)

    async def stand(app: Any) -> None:
        while held() - before < AHEAD:
            await asyncio.sleep(LOOK_SECONDS)
        found.extend(await looks())
        host.go.set()
        await host.until_level(app)

    run(host._running(Ledger(), stand))
    # Faust takes a fetch apart as a whole, holds it twice meanwhile (as the client's records and its own), and a buffer.
    assert max(found) - before <= 2 * FETCH + AHEAD + 1
    assert [id for _, id in host.taken()] == [one.id for one in sent]
    host.close()


class Slow(Ledger):
    """Stands still at its first batch until `go`; notes how large its batches are."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.sizes = threading.Event(), list[int]()

    def handle(self, tx: Connection, given: Sequence[Message], now: datetime) -> list[Message]:
        self.sizes.append(len(given))
        assert self.go.wait(60)
        return super().handle(tx, given, now)


def test_a_decide_step_that_stands_still(kafka_address: str, database_url: str, tmp_path: Path) -> None:
    host, before, found = Kafka(KafkaPlace.make(kafka_address, database_url, tmp_path)), held(), []
    sent, step = messages(), Slow()
    host.publish(sent)

    async def stand(member: kafka_decide.Member) -> None:
        turn = asyncio.create_task(member.turn())
        while not step.sizes:
            await asyncio.sleep(LOOK_SECONDS)
            if turn.done():
                turn = asyncio.create_task(member.turn())
        found.extend(await looks())
        step.go.set()
        await turn
        while await member.turn() or not await host._level(Ledger.name):
            pass

    run(host._joined(step, stand))
    assert max(found) - before <= BATCH + 1
    assert max(step.sizes) <= BATCH
    assert [id for _, id in host.taken()] == [one.id for one in sent]
    host.close()
