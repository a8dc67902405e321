"""What enters the log from outside: durable, published, heard; left by a crash, published by the next; how far the groups are."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from adapters.stores import outbox
from adapters.streams.kafka import publishing
from adapters.streams.kafka_source import Groups, Source
from schemas.events import Message, Refold
from schemas.ids import derive
from schemas.topics import DUE, OFFERS
from tests.contract.hosts import NOW, Kafka, KafkaPlace, Ledger

PATIENCE = 60.0


@pytest.fixture
def host(kafka_address: str, database_url: str, tmp_path: Path) -> Any:
    host = Kafka(KafkaPlace.make(kafka_address, database_url, tmp_path))
    yield host
    host.close()


def message(number: int, topic: str = OFFERS.name, body: bytes = b"") -> Message:
    return Message(topic, f"k{number}", derive("in", number), Refold(records=(f"r{number}",), why="test"), body)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, PATIENCE))


@asynccontextmanager
async def entrance(host: Kafka) -> AsyncIterator[tuple[Source, Callable[..., Any]]]:
    """A source, and a way to call it on the one thread that it wants."""
    source = Source("doors", host.place.broker, host.database, host.sealer, lambda: NOW)
    with ThreadPoolExecutor(1) as writer:
        async with publishing(host.place.broker) as publisher:
            source.publish_with(publisher)
            yield source, lambda work, *words: asyncio.get_running_loop().run_in_executor(writer, work, *words)


def left(host: Kafka) -> list[str]:
    with host.database.read() as tx:
        return [row.event for row in outbox.left(tx, "doors")]


def test_what_is_appended_is_on_the_log_and_leaves_the_outbox(host: Kafka) -> None:
    async def work() -> None:
        async with entrance(host) as (source, call):
            await call(source.append, lambda tx: [message(1)])
            await call(source.append, lambda tx: [message(2)])

    run(work())
    assert {id for _, id in host.outputs()} == {derive("in", 1), derive("in", 2)}
    assert left(host) == [derive("in", 2)]  # the last leaves with the next, or at the next look


def test_what_a_crash_left_unpublished_is_published_by_the_next_process(host: Kafka) -> None:
    class Unreachable:
        async def publish(self, rows: Any) -> None:
            raise KafkaError

    async def crash() -> None:
        async with entrance(host) as (source, call):
            source.publish_with(Unreachable())
            await call(source.append, lambda tx: [message(1)])

    with pytest.raises(KafkaError):
        run(crash())
    assert left(host) == [derive("in", 1)] and host.outputs() == []

    async def again() -> None:
        async with entrance(host) as (source, call):
            await call(source._look, None)
            await call(source._look, None)

    run(again())
    assert host.outputs() == [("k1", derive("in", 1))]
    assert left(host) == []


def test_a_look_leaves_alone_what_another_process_has_in_hand(host: Kafka) -> None:
    async def work() -> None:
        async with entrance(host) as (source, call):
            first = await call(source._look, None)
            with host.database.write() as tx:
                outbox.keep(tx, "doors", {derive("in", 1): host.sealer.seal([message(1)], NOW)})
            second = await call(source._look, first)
            assert second == {derive("in", 1)} and await asyncio.to_thread(host.outputs) == []
            await call(source._look, second)

    run(work())
    assert host.outputs() == [("k1", derive("in", 1))]


def test_a_row_of_an_earlier_day_is_published_under_todays_key(host: Kafka) -> None:
    async def work() -> None:
        (row,) = host.sealer.seal([message(1)], NOW - timedelta(days=4))
        with host.database.write() as tx:
            outbox.keep(tx, "doors", {row.event: [row]})
        async with entrance(host) as (source, call):
            await call(source._look, None)

    run(work())
    host.keys.destroy(["stream:" + (NOW - timedelta(days=4)).strftime("%Y-%m-%d")])
    host.reopen()
    assert host.outputs() == [("k1", derive("in", 1))]


def test_every_door_hears_what_comes_after_it_listens(host: Kafka) -> None:
    large = bytes(3 << 20)  # above a fetch's usual size

    async def work() -> None:
        async with entrance(host) as (source, call):
            await call(source.append, lambda tx: [message(0)])  # before anyone listens
            heard: list[list[Message]] = [[], []]
            tails = []
            for ears in heard:
                other = Source("doors", host.place.broker, host.database, host.sealer, lambda: NOW)
                other.listen(ears.extend)
                ready = asyncio.Event()
                tails.append(asyncio.create_task(other.tail(OFFERS, ready)))
                await ready.wait()
            await call(source.append, lambda tx: [message(1), message(2, body=large)])
            while not all(len(ears) == 2 for ears in heard):
                await asyncio.wait(tails, timeout=0.05)
            for tail in tails:
                tail.cancel()
            await asyncio.gather(*tails, return_exceptions=True)
            for ears in heard:
                assert {one.id for one in ears} == {derive("in", 1), derive("in", 2)}
                assert max(len(one.body) for one in ears) == len(large)

    run(work())


def test_groups_tell_what_is_before_a_step_and_whether_it_is_of_an_earlier_day(host: Kafka) -> None:
    host.publish([message(number, DUE.name) for number in range(10)])
    groups = Groups(host.place.broker, [(Ledger.name, [DUE.name])])

    async def look() -> None:
        looked = asyncio.Event()
        task = asyncio.create_task(groups.follow(0.2, looked.set))
        await asyncio.wait({task, asyncio.create_task(looked.wait())}, return_when=asyncio.FIRST_COMPLETED)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def behind(delta: timedelta) -> list[str]:
        return await groups.behind(datetime.now(UTC) + delta)

    run(look())
    assert groups.lag(None, Ledger.name, [DUE.name]) == 10 and groups.cursor(None, Ledger.name) == 0
    assert asyncio.run(behind(timedelta(hours=1))) == [Ledger.name]
    assert asyncio.run(behind(timedelta(hours=-1))) == []
    host.settle(Ledger())
    run(look())
    assert groups.lag(None, Ledger.name, [DUE.name]) == 0 and groups.cursor(None, Ledger.name) == 10
    assert asyncio.run(behind(timedelta(hours=1))) == []


def test_an_output_that_no_topic_takes_makes_its_input_a_dead_letter(host: Kafka) -> None:
    class Swelling(Ledger):
        def handle(self, tx, messages, now):  # type: ignore[no-untyped-def]
            outputs = super().handle(tx, messages, now)
            return [replace(one, body=bytes(17 << 20)) if one.key == "k3" else one for one in outputs]

    host.publish([message(number, DUE.name) for number in range(6)])
    host.settle(Swelling())
    assert ("dead", derive("in", 3) + "TooLarge") in host.taken()
    assert {key for key, _ in host.outputs()} == {"k0", "k1", "k2", "k4", "k5"}


def test_a_batchs_outputs_come_again_with_whichever_partition_is_delivered_first(host: Kafka) -> None:
    class Record:
        """As a consumer gives it."""

        def __init__(self, row: Any) -> None:
            self.topic, self.partition, self.offset = DUE.on_broker(host.place.broker.space), 0, 0
            self.key, self.value = row.key.encode(), row.value
            self.headers = (("event", row.event.encode()), ("day", row.day.encode()))

    rows = host.sealer.seal([message(number, DUE.name) for number in range(6)], NOW)
    one, two = [[Record(row) for row in rows[start : start + 2]] for start in (0, 2)]
    first = [row.event for row in host.host.decide(Ledger(), [one, two])]  # and a crash before anything is published
    assert first == [derive(derive("in", number), "out") for number in range(4)]
    assert [row.event for row in host.host.decide(Ledger(), [two])] == first
    assert [row.event for row in host.host.decide(Ledger(), [one])] == first
    fresh = Record(rows[4])
    again = [row.event for row in host.host.decide(Ledger(), [[*two, fresh], one])]
    assert again == [*first, derive(derive("in", 4), "out")]  # each once, and before what is fresh
    assert len(host.taken()) == 5
