"""The contract of inbox and outbox, of both databases: an input counts once, and leads to the same outputs every time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event

from sqlalchemy import Connection

from adapters.stores import inbox, outbox
from adapters.stores.postgres import PostgresDatabase
from schemas.events import Message, Refold
from tests.servers.places import Place
from tests.servers.postgres import Server

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Output:
    topic: str
    key: str
    event: str
    day: str
    value: bytes


def message(id: str) -> Message:
    return Message("due", "k", id, Refold(records=("r",), why="test"))


def ids(messages: list[Message]) -> list[str]:
    return [one.id for one in messages]


def test_an_input_is_taken_once_by_each_step_in_the_order_given(place: Place) -> None:
    database = place.database()
    sent = [message(id) for id in ("c", "a", "c", "b")]
    assert database.commit(lambda tx: ids(inbox.take(tx, "one", sent, NOW))) == ["c", "a", "b"]
    assert database.commit(lambda tx: ids(inbox.take(tx, "one", [*sent, message("d")], NOW))) == ["d"]
    assert database.commit(lambda tx: ids(inbox.take(tx, "other", sent[:1], NOW))) == ["c"]
    assert database.commit(lambda tx: inbox.take(tx, "one", [], NOW)) == []
    with database.read() as tx:
        assert inbox.seen(tx, "one", ["a", "d", "e"]) == {"a", "d"}
    database.close()


def test_what_was_taken_is_forgotten_with_its_day(place: Place) -> None:
    database = place.database()
    for day in (0, 1):
        database.commit(lambda tx, day=day: inbox.take(tx, "one", [message(f"m{day}")], NOW + timedelta(days=day)))
    database.commit(lambda tx: inbox.drop(tx, "2026-11-22"))
    with database.read() as tx:
        assert inbox.seen(tx, "one", ["m0", "m1"]) == {"m1"}
    database.close()


def test_who_takes_the_same_input_meanwhile_waits_for_the_end_of_the_other(server: Server) -> None:
    """If that one commits, there is nothing left to take; if it fails, all of it."""
    database = PostgresDatabase(server.fresh())
    for fails, left in ((False, []), (True, ["a", "b"])):
        step, taken, asked = f"fails {fails}", Event(), Event()

        def first(
            tx: Connection, step: str = step, taken: Event = taken, asked: Event = asked, fails: bool = fails
        ) -> None:
            inbox.take(tx, step, [message("b"), message("a")], NOW)
            taken.set()
            assert asked.wait(30)
            if fails:
                raise RuntimeError

        def second(tx: Connection, step: str = step, taken: Event = taken, asked: Event = asked) -> list[str]:
            assert taken.wait(30)
            asked.set()
            return ids(inbox.take(tx, step, [message("a"), message("b")], NOW))

        with ThreadPoolExecutor(2) as pool:
            one, other = pool.submit(database.commit, first), pool.submit(database.commit, second)
            assert other.result(60) == left
            assert isinstance(one.exception(60), RuntimeError) == fails
    database.close()


def test_outputs_come_out_as_they_were_kept_in_the_order_of_the_inputs(place: Place) -> None:
    database = place.database()
    first = [Output("offers", f"k{n}", f"first{n}", "2026-11-21", bytes([n, 0, 255])) for n in range(12)]
    second = [Output("verdicts", "k", "second", "2026-11-22", b"")]

    def keep(tx: Connection) -> None:
        outbox.keep(tx, "hub", {"in-1": first})
        outbox.keep(tx, "hub", {"in-2": second})
        outbox.keep(tx, "other", {"in-1": second})
        outbox.keep(tx, "hub", {"in-3": []})

    database.commit(keep)
    with database.read() as tx:
        for inputs, wanted in (
            (["in-2", "in-1"], [*second, *first]),
            (["in-1", "in-2"], [*first, *second]),
            (["in-3", "in-4"], []),
            ([], []),
        ):
            found = outbox.of(tx, "hub", inputs)
            assert [(one.topic, one.key, one.event, one.day, bytes(one.value)) for one in found] == [
                (one.topic, one.key, one.event, one.day, one.value) for one in wanted
            ]
    database.commit(lambda tx: outbox.drop(tx, "2026-11-22"))
    with database.read() as tx:
        assert [one.event for one in outbox.of(tx, "hub", ["in-1", "in-2"])] == ["second"]
    database.close()
