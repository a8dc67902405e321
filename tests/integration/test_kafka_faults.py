"""Workers on a real broker are killed, stopped and woken, restarted in turn: nothing is lost, nothing is done twice."""

import asyncio
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from adapters.stores.archive import INLINE_BYTES
from adapters.stores.tables import bodies, dead_letters
from schemas.events import Message, Refold
from schemas.ids import derive
from tests.contract.hosts import Kafka, KafkaPlace
from tests.integration.kafka_worker import BREAKS_AT
from tests.servers.kafka import Cluster, kafka
from tests.servers.postgres import Server, postgres
from tests.servers.workers import workers

PATIENCE = 90.0  # a session of ten seconds, a few times


Start = Callable[[str], "subprocess.Popen[str]"]
StartOver = Callable[[Kafka, str], "subprocess.Popen[str]"]


@pytest.fixture
def host(kafka_address: str, database_url: str, tmp_path: Path) -> Iterator[Kafka]:
    host = Kafka(KafkaPlace.make(kafka_address, database_url, tmp_path))
    yield host
    host.close()


@pytest.fixture
def start_over() -> Iterator[StartOver]:
    """Starts a worker process over a host's place."""
    with workers("tests.integration.kafka_worker") as begin:
        yield lambda host, form: begin(
            form, host.place.broker.address, host.place.broker.space, host.place.url, str(host.place.folder)
        )


@pytest.fixture
def start(host: Kafka, start_over: StartOver) -> Start:
    return partial(start_over, host)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        threading.Event().wait(0.1)


def messages(first: int, count: int) -> list[Message]:
    return [
        Message("due", f"k{n % 40}", derive("in", n), Refold(records=(f"r{n}",), why="test"))
        for n in range(first, first + count)
    ]


@contextmanager
def of_their_own(folder: Path) -> Iterator[tuple[Kafka, Cluster, Server]]:
    """A host on a broker and a database that a test may end."""
    with kafka() as cluster, postgres(durable=True) as server:
        host = Kafka(KafkaPlace.make(cluster.address, server.fresh(), folder))
        yield host, cluster, server
        host.close()


def all_once(host: Kafka, sent: list[Message]) -> None:
    taken = host.taken()
    assert len(taken) == len(set(taken)) == len(sent), "lost or done twice"
    assert {event for _, event in taken} == {one.id for one in sent}
    assert {id for _, id in host.outputs()} == {derive(one.id, "out") for one in sent}, "an output is missing"


def test_killed_workers_lose_nothing_and_do_nothing_twice(host: Kafka, start: Start) -> None:
    sent = messages(0, 3_000)
    host.publish(sent)
    for share in (300, 900, 1_500):
        worker = start("decide")
        until(lambda share=share: len(host.taken()) >= share)
        worker.kill()
        worker.wait()
    start("decide")
    until(lambda: len(host.taken()) >= 3_000)
    until(lambda: len(host.outputs()) >= 3_000)
    all_once(host, sent)


def test_a_worker_stopped_past_its_session_and_woken_does_nothing_twice(host: Kafka, start: Start) -> None:
    sent = messages(0, 2_000)
    host.publish(sent)
    zombie = start("decide")
    until(lambda: len(host.taken()) >= 200)
    zombie.send_signal(signal.SIGSTOP)
    start("decide")
    until(lambda: len(host.taken()) >= 2_000)  # the other has its partitions: its session is over
    zombie.send_signal(signal.SIGCONT)
    more = messages(2_000, 500)
    host.publish(more)
    until(lambda: len(host.taken()) >= 2_500)
    until(lambda: len(host.outputs()) >= 2_500)
    all_once(host, sent + more)


def test_workers_restarted_in_turn_end_in_time_and_lose_nothing(host: Kafka, start: Start) -> None:
    sent = messages(0, 3_000)
    host.publish(sent)
    workers = [start("decide"), start("decide")]
    for share in (500, 1_000, 1_500, 2_000):
        until(lambda share=share: len(host.taken()) >= share)
        oldest = workers.pop(0)
        oldest.send_signal(signal.SIGTERM)
        assert oldest.wait(10) == 0
        workers.append(start("decide"))
    until(lambda: len(host.taken()) >= 3_000)
    until(lambda: len(host.outputs()) >= 3_000)
    all_once(host, sent)


def test_a_transform_on_faust_killed_and_restarted_gives_every_output_with_the_same_id(
    host: Kafka, start: Start
) -> None:
    sent = messages(0, 3_000)
    host.publish(sent)
    for share, word in ((300, signal.SIGKILL), (900, signal.SIGTERM), (1_500, signal.SIGKILL)):
        worker = start("transform")
        until(lambda share=share: len(host.outputs()) >= share)
        worker.send_signal(word)
        worker.wait(10)
    start("transform")
    until(lambda: len(host.outputs()) >= 3_000)
    assert {id for _, id in host.outputs()} == {derive(one.id, "out") for one in sent}


def test_a_transform_that_cannot_go_on_ends_with_the_record_unacknowledged(host: Kafka, start: Start) -> None:
    sent = messages(0, 100)
    host.publish(sent)
    worker = start("breaking")
    assert worker.wait(60) == 1
    assert derive(BREAKS_AT, "out") not in {id for _, id in host.outputs()}
    start("transform")
    until(lambda: len(host.outputs()) >= 100)
    assert {id for _, id in host.outputs()} == {derive(one.id, "out") for one in sent}


def test_a_transforms_output_that_no_topic_takes_makes_its_input_a_dead_letter(host: Kafka, start: Start) -> None:
    sent = messages(0, 100)
    host.publish(sent)
    worker = start("swelling")
    until(lambda: worker.poll() is not None or len(host.outputs()) >= 100)
    assert {id for _, id in host.outputs()} == {
        derive(one.id, "TooLarge" if one.id == BREAKS_AT else "out") for one in sent
    }


def test_a_database_that_is_restarted_makes_nobody_poison(start_over: StartOver, tmp_path: Path) -> None:
    with of_their_own(tmp_path) as (host, _, server):
        sent = messages(0, 2_000)
        host.publish(sent)
        worker = start_over(host, "decide")
        until(lambda: len(host.taken()) >= 300)
        server.stop("immediate")
        server.start()
        with suppress(OperationalError):  # our own connections are gone as well
            host.taken()
        until(lambda: len(host.taken()) >= 2_000)
        until(lambda: len(host.outputs()) >= 2_000)
        all_once(host, sent)
        assert worker.poll() is None, "it was to wait for the database"


def test_a_broker_that_is_killed_and_comes_back_loses_nothing(start_over: StartOver, tmp_path: Path) -> None:
    with of_their_own(tmp_path) as (host, cluster, _):
        sent = messages(0, 2_000)
        host.publish(sent)
        worker = start_over(host, "decide")
        until(lambda: len(host.taken()) >= 300)
        cluster.kill(0)
        cluster.start(0)
        cluster.wait(0)
        until(lambda: len(host.taken()) >= 2_000)
        until(lambda: len(host.outputs()) >= 2_000)
        all_once(host, sent)
        assert worker.poll() is None, "it was to wait for the broker"


def test_a_transform_outlives_its_broker_or_ends_for_its_supervisor(start_over: StartOver, tmp_path: Path) -> None:
    with of_their_own(tmp_path) as (host, cluster, _):
        sent = messages(0, 3_000)
        host.publish(sent)
        workers = [start_over(host, "transform")]
        until(lambda: len(host.outputs()) >= 300)
        cluster.kill(0)
        cluster.start(0)
        cluster.wait(0)

        def whole() -> bool:
            if workers[-1].poll() is not None:
                workers.append(start_over(host, "transform"))
            return len(host.outputs()) >= 3_000

        until(whole)
        assert {id for _, id in host.outputs()} == {derive(one.id, "out") for one in sent}


def test_what_nobody_can_read_is_noted_and_stops_nobody(host: Kafka, start: Start) -> None:
    sent = messages(0, 20)
    host.publish(sent[:10])
    ours = [("event", b"e"), ("day", b"2026-11-21")]
    large = b"not ours" * INLINE_BYTES
    host.litter([(b"k1", b"not ours", []), (b"k1", None, []), (b"k1\0", large, []), (b"k1", b"not ours", ours)])
    host.publish(sent[10:])
    start("decide")
    until(lambda: len(host.taken()) >= 20)
    until(lambda: len(host.outputs()) >= 20)
    all_once(host, sent)
    start("transform")
    until(lambda: host.level("passing"))
    with host.database.read() as tx:
        noted = tx.execute(select(dead_letters)).all()
        stored = {row.record: row for row in tx.execute(select(bodies))}
        read = {place: host.archive.body(tx, place) for place in stored}
    for step in ("ledger", "passing"):
        reasons = sorted(row.reason for row in noted if row.step == step)
        assert reasons == ["CannotOpen", "KeyError", "KeyError", "KeyError"]
    assert stored.keys() < {row.event for row in noted}, "of one there was nothing to keep"
    assert sorted(read.values()) == [b"not ours", b"not ours", large]
    assert all(b"not ours" not in (row.body or b"") for row in stored.values()), "they are kept sealed"
    (by_reference,) = [row.blob for row in stored.values() if row.body is None]
    assert b"not ours" not in (host.archive.blobs.folder / by_reference).read_bytes()


def test_both_hosts_speak_to_brokers_that_ask_who_speaks(
    database_url: str, start_over: StartOver, tmp_path: Path
) -> None:
    with kafka(users={}) as cluster:
        host = Kafka(KafkaPlace.make(cluster.address, database_url, tmp_path))
        sent = messages(0, 50)
        host.publish(sent)
        start_over(host, "decide")
        start_over(host, "transform")
        until(lambda: host.level("ledger") and host.level("passing"))
        all_once(host, sent)
        host.close()


def in_order(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    """By key; of what comes twice, the first."""
    found: dict[str, list[str]] = {}
    for key, event in dict.fromkeys(pairs):
        found.setdefault(key, []).append(event)
    return found


async def members(host: Kafka, step: str) -> int:
    """Of the step's group, once each has its partitions; none while they are being given out."""
    admin = AIOKafkaAdminClient(**host.place.broker.client())
    await admin.start()
    try:
        (answer,) = await admin.describe_consumer_groups([host.place.broker.group(step)])
    finally:
        await admin.close()
    ((_, _, state, _, _, found, *_),) = answer.groups
    return len(found) if state == "Stable" else 0


@pytest.mark.parametrize(("form", "step"), [("decide", "ledger"), ("transform", "passing")])
def test_a_second_member_comes_and_the_first_goes_and_every_key_keeps_its_order(
    host: Kafka, start: Start, form: str, step: str
) -> None:
    sent = messages(0, 3_000)
    first = start(form)
    for at, share in ((0, 1_000), (1_000, 2_000), (2_000, 3_000)):
        host.publish(sent[at:share])
        if at == 1_000:
            start(form)
            until(lambda: asyncio.run(members(host, step)) == 2)
        if at == 2_000:
            first.send_signal(signal.SIGTERM)
            assert first.wait(10) == 0
    until(lambda: len(host.outputs()) >= 3_000)
    assert in_order(host.outputs()) == in_order([(one.key, derive(one.id, "out")) for one in sent])
    if form == "decide":
        all_once(host, sent)
        assert in_order(host.taken()) == in_order([(one.key, one.id) for one in sent])
