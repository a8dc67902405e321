"""The contract of a host: order per key, resume, a crash between any two operations, a zombie, poison, replay.

One suite for every host; a host is made by a factory in HOSTS.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from adapters.stores.database import Database
from adapters.streams.embedded import Host
from adapters.streams.log import Log
from adapters.vault.keys import Keys
from schemas.events import Message, Refold
from schemas.ids import derive
from tests.contract.crashing import Crash, crash_at

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


class Ledger:
    """A decide step that writes each input down in its database, and passes it on."""

    name = "ledger"
    sources = ("due",)

    def __init__(self, poison: str | None = None) -> None:
        self._poison = poison

    def handle(self, tx: Connection, messages: Sequence[Message], now: datetime) -> list[Message]:
        outputs = []
        for message in messages:
            if message.id == self._poison:
                raise ValueError("poison")
            tx.execute(
                text("INSERT INTO ledger (key, event) VALUES (:key, :event)"), {"key": message.key, "event": message.id}
            )
            outputs.append(Message("offers", message.key, derive(message.id, "out"), message.event))
        return outputs

    def dead(self, tx: Connection, message: Message, reason: str, now: datetime) -> list[Message]:
        tx.execute(text("INSERT INTO ledger (key, event) VALUES ('dead', :event)"), {"event": message.id + reason})
        return []


class Embedded:
    """The embedded host over a folder: may be opened anew, as a process that starts again."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "claims.sqlite")
        self.keys = Keys(folder / "keys")
        self.log = Log(self.keys)
        self.host = Host(self.database, self.log, lambda: NOW)
        with self.database.write() as tx:
            tx.execute(text("CREATE TABLE IF NOT EXISTS ledger (n INTEGER PRIMARY KEY, key TEXT, event TEXT)"))

    def publish(self, messages: list[Message]) -> None:
        self.host.append(lambda tx: messages)

    def taken(self) -> list[tuple[str, str]]:
        with self.database.read() as tx:
            return [(key, event) for key, event in tx.execute(text("SELECT key, event FROM ledger ORDER BY n"))]

    def outputs(self) -> list[str]:
        with self.database.read() as tx:
            return [message.id for _, message in self.log.read(tx, ["offers"], 0, 10_000)]

    def close(self) -> None:
        self.database.close()
        self.keys.close()


HOSTS: list[Callable[[Path], Embedded]] = [Embedded]


@pytest.fixture(params=HOSTS, ids=lambda host: host.__name__)
def open_host(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Embedded]:
    return lambda: request.param(tmp_path)


def messages(count: int, keys: int = 3) -> list[Message]:
    return [
        Message("due", f"k{n % keys}", derive("in", n), Refold(records=(f"r{n}",), why="test")) for n in range(count)
    ]


def test_order_per_key_and_every_output_once(open_host: Callable[[], Embedded]) -> None:
    host = open_host()
    sent = messages(150)
    host.publish(sent)
    host.host.settle([Ledger()])
    by_key = defaultdict(list)
    for key, event in host.taken():
        by_key[key].append(event)
    assert by_key == {k: [m.id for m in sent if m.key == k] for k in ("k0", "k1", "k2")}
    assert host.outputs() == [derive(m.id, "out") for m in sent]


def test_resumes_where_it_stood(open_host: Callable[[], Embedded]) -> None:
    host = open_host()
    host.publish(messages(100))
    host.host.turn(Ledger())
    host.close()
    host = open_host()
    host.host.settle([Ledger()])
    assert len(host.taken()) == len(set(host.taken())) == 100


def test_a_crash_between_any_two_operations_repeats_the_turn_whole(open_host: Callable[[], Embedded]) -> None:
    host = open_host()
    operation, crashes = 1, 0
    for round_ in range(200):
        before = len(host.taken())
        host.publish([Message("due", "k", derive("crash", round_), Refold(records=("r",), why="test"))])
        try:
            with crash_at(host.database, operation) as count:
                host.host.turn(Ledger())
        except Crash:
            crashes += 1
            assert len(host.taken()) == before, f"half a turn stayed after a crash at operation {operation}"
            host.host.settle([Ledger()])
        assert len(host.taken()) == before + 1 == len(host.outputs())
        if count[0] < operation:
            break
        operation += 1
    assert crashes >= 6, "the turn has fewer operations than expected: is the harness listening?"


def test_redelivery_and_publishing_twice_change_nothing(open_host: Callable[[], Embedded]) -> None:
    host = open_host()
    sent = messages(10)
    host.publish(sent)
    host.host.settle([Ledger()])
    host.publish(sent)  # the same event ids: the log has them
    with host.database.write() as tx:  # the position is lost: everything is delivered again
        host.log.advance(tx, "ledger", 0)
    host.host.settle([Ledger()])
    assert len(host.taken()) == 10 == len(host.outputs())


def test_two_hosts_over_one_step_take_each_message_once(open_host: Callable[[], Embedded]) -> None:
    """A worker that wakes after another did its work finds nothing left of it, and goes on from there."""
    asleep, awake = open_host(), open_host()
    awake.publish(messages(20))
    awake.host.turn(Ledger())
    awake.publish([Message("due", "k9", derive("later"), Refold(records=("r",), why="test"))])
    threads = [threading.Thread(target=one.host.settle, args=([Ledger()],)) for one in (asleep, awake)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(awake.taken()) == 21 == len(awake.outputs())


def test_poison_becomes_a_dead_letter_and_stops_nobody(open_host: Callable[[], Embedded]) -> None:
    host = open_host()
    sent = messages(30)
    host.publish(sent)
    poison = sent[13].id
    host.host.settle([Ledger(poison)])
    taken = host.taken()
    assert ("dead", poison + "ValueError") in taken
    assert len(taken) == 30
    assert len(host.outputs()) == 29


def test_replay_from_the_start_gives_the_same(open_host: Callable[[], Embedded]) -> None:
    host = open_host()
    host.publish(messages(50))
    host.host.settle([Ledger()])
    first = host.taken(), host.outputs()
    with host.database.write() as tx:
        for table in ("ledger", "inbox", "cursors"):
            tx.execute(text(f"DELETE FROM {table}"))
        tx.execute(text("DELETE FROM log WHERE topic = 'offers'"))
    host.host.settle([Ledger()])
    assert (host.taken(), host.outputs()) == first
