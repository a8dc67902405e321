"""The contract of a host: order per key, resume, a crash between any two operations, two workers, poison, replay.

One suite for every host; a host is made by a factory in HOSTS.
"""

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from sqlalchemy import Connection, bindparam, column, select, table, text
from sqlalchemy.exc import DBAPIError

from adapters.streams.embedded import BATCH
from adapters.telemetry import spans
from schemas.events import Message, Refold
from schemas.ids import derive, root_span_id, trace_id
from tests.contract.crashing import Crash
from tests.contract.hosts import Embedded, Harness, Kafka, KafkaPlace, Ledger
from tests.contract.transforming import Faust
from tests.servers.collector import collector

Open = Callable[[], Harness]


@pytest.fixture(params=["embedded", "kafka", "faust"])
def open_host(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    if request.param == "embedded":
        return lambda: Embedded(tmp_path)
    place = KafkaPlace.make(request.getfixturevalue("kafka_address"), request.getfixturevalue("database_url"), tmp_path)
    return lambda: {"kafka": Kafka, "faust": Faust}[request.param](place)


def messages(count: int, keys: int = 3) -> list[Message]:
    return [
        Message("due", f"k{n % keys}", derive("in", n), Refold(records=(f"r{n}",), why="test")) for n in range(count)
    ]


def by_key(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for key, event in pairs:
        found[key].append(event)
    return found


def test_order_per_key_and_every_output_once(open_host: Open) -> None:
    host = open_host()
    sent = messages(150)
    host.publish(sent)
    host.settle(Ledger())
    assert by_key(host.taken()) == by_key((one.key, one.id) for one in sent)
    assert by_key(host.outputs()) == by_key((one.key, derive(one.id, "out")) for one in sent)


def test_resumes_where_it_stood(open_host: Open) -> None:
    host = open_host()
    count = BATCH + 36
    host.publish(messages(count))
    host.turn(Ledger())
    assert 0 < len(host.taken()) < count
    host.close()
    host = open_host()
    host.settle(Ledger())
    assert len(host.taken()) == len(set(host.taken())) == count


def test_a_crash_between_any_two_operations_repeats_the_turn_whole(open_host: Open) -> None:
    host = open_host()
    operation, crashes = 1, 0
    for round_ in range(200):
        before = len(host.taken())
        host.publish([Message("due", "k", derive("crash", round_), Refold(records=("r",), why="test"))])
        with host.crash_at(operation) as steps:
            try:
                host.turn(Ledger())
            except Crash:
                crashes += 1
        if steps.crashed:
            assert len(host.taken()) - before in host.whole, f"half a turn stayed after a crash at {operation}"
            host.settle(Ledger())
        assert len(host.taken()) == before + 1 == len(host.outputs())
        if not steps.crashed:
            break
        operation += 1
    assert crashes >= host.operations, "the turn has fewer operations than expected: is the harness listening?"


def test_redelivery_and_publishing_twice_change_nothing(open_host: Open) -> None:
    host = open_host()
    sent = messages(10)
    host.publish(sent)
    host.settle(Ledger())
    host.publish(sent)  # the same event ids
    host.deliver_again()  # the position is lost
    host.settle(Ledger())
    assert len(host.taken()) == 10 == len(host.outputs())


def test_two_hosts_over_one_step_take_each_message_once(open_host: Open) -> None:
    """A worker that wakes after another did its work finds nothing left of it, and goes on from there."""
    asleep, awake = open_host(), open_host()
    awake.publish(messages(20))
    awake.turn(Ledger())
    awake.publish([Message("due", "k9", derive("later"), Refold(records=("r",), why="test"))])
    threads = [threading.Thread(target=one.settle, args=(Ledger(),)) for one in (asleep, awake)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(awake.taken()) == 21 == len(awake.outputs())


def test_poison_becomes_a_dead_letter_and_stops_nobody(open_host: Open) -> None:
    host = open_host()
    sent = messages(30)
    host.publish(sent)
    poison = sent[13].id
    host.settle(Ledger(poison))
    taken = host.taken()
    assert ("dead", poison + host.reason) in taken
    assert len(taken) == 30
    assert len(host.outputs()) == 29


def values(tx: Connection, count: int) -> None:
    """One fits a statement of SQLite or the table of locks of PostgreSQL; five do not."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT count(pg_advisory_xact_lock(n)) FROM generate_series(1, :n) n"), {"n": count * 20_000})
    else:
        most = tx.connection.driver_connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        names = bindparam("names", list(range(count * (most * 2 // 3))), expanding=True)
        tx.execute(select(column("event")).select_from(table("ledger")).where(column("event").in_(names)))


@pytest.mark.parametrize("open_host", ["embedded", "kafka"], indirect=True)
def test_many_that_are_too_much_together_go_one_by_one(open_host: Open) -> None:
    host = open_host()
    host.publish(messages(5))
    host.settle(Ledger(needs=values))
    assert [key for key, _ in host.taken()].count("dead") == 0
    assert len(host.taken()) == 5 == len(host.outputs())


@pytest.mark.parametrize("open_host", ["embedded", "kafka"], indirect=True)
def test_one_that_is_too_much_alone_becomes_a_dead_letter(open_host: Open) -> None:
    host = open_host()
    host.publish(messages(3))
    tries = []

    def most(tx: Connection, count: int) -> None:
        tries.append(count)
        values(tx, 6)

    host.settle(Ledger(needs=most))
    assert [key for key, _ in host.taken()] == ["dead"] * 3
    assert host.outputs() == [] and len(tries) <= 1 + 2 * 3


@pytest.mark.parametrize("open_host", ["embedded", "kafka"], indirect=True)
def test_a_store_that_lacks_a_table_makes_nobody_poison(open_host: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.streams.kafka.PATIENCE_SECONDS", 0.0)
    host = open_host()
    host.publish(messages(3))
    with pytest.raises(DBAPIError, match="gone"):
        host.settle(Ledger(needs=lambda tx, _: tx.execute(text("SELECT * FROM gone"))))
    assert host.taken() == []
    host.settle(Ledger())
    assert len(host.taken()) == 3 == len(host.outputs())


@pytest.mark.parametrize("open_host", ["embedded", "kafka"], indirect=True)
def test_every_message_shows_in_its_record_s_trace(open_host: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, whatever is delivered again; a dead letter as a span that failed."""
    sent = messages(30)
    with collector() as own, monkeypatch.context() as environment:
        environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", own.url)
        environment.setattr(spans, "_emitter", None)
        spans.start("claims-test")
        host = open_host()
        host.publish(sent)
        host.settle(Ledger(sent[13].id))
        host.deliver_again()
        host.settle(Ledger(sent[13].id))
        spans.stop()
        traces = own.until(lambda all: len(all) == 30)
    assert traces.keys() == {trace_id(f"r{n}") for n in range(30)}
    shown = {span.told["claims.record"]: span for (span,) in traces.values()}
    assert {record: span.failed for record, span in shown.items() if span.failed} == {"r13": "ValueError"}
    assert {(span.name, span.parent == root_span_id(record)) for record, span in shown.items()} == {("ledger", True)}


def test_replay_from_the_start_gives_the_same(open_host: Open) -> None:
    host = open_host()
    host.publish(messages(50))
    host.settle(Ledger())
    first = by_key(host.taken()), by_key(host.outputs())
    host.forget()
    assert host.taken() == [] == host.outputs()
    host.settle(Ledger())
    assert (by_key(host.taken()), by_key(host.outputs())) == first
