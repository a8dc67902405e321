"""The journal, in a file and in PostgreSQL: written durable before what it tells of is true."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event, select

from adapters.stores import feeds
from adapters.stores.database import Database
from adapters.stores.journal import BesideStore, Entry, Journal, What, numbered
from adapters.stores.tables import authorisations, judgements, withdrawals
from adapters.stores.tables import records as table
from schemas.records import Kind
from services.sandbox.scenario import generate
from tests.servers.places import InFiles, Place
from tests.servers.postgres import Server
from tests.simulation.world import World

AT = "2026-11-21T04:00:00.000000Z"
OFFER, TAKEN_BACK = "claims.offer", "claims.offer.withdrawn"


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "journal")
    server: Server = request.getfixturevalue("server")
    return server.empty()


@pytest.fixture
def journal(where: str) -> Iterator[Journal]:
    journal = Journal.at(where)
    yield journal
    journal.close()


def rows(first: int, *types: str) -> list[dict[str, object]]:
    return [{"number": first + n, "type": type, "case_number": f"C{n}"} for n, type in enumerate(types)]


def test_numbers_are_told_by_feed_above_a_number_in_the_order_of_writing(journal: Journal, where: str) -> None:
    uses = [{"authorisation": "a", "paper": "p", "case_number": "C0"}]
    journal.write([numbered("one", rows(1, OFFER, OFFER), [], uses, AT), numbered("two", rows(1, OFFER), [], [], AT)])
    journal.write([numbered("one", rows(3, TAKEN_BACK), [{"number": 1, "by": 3}, {"number": 2, "by": 3}], [], AT)])
    again = Journal.at(where)
    assert again.highest() == {"one": 3, "two": 1}
    assert [one.number for one in again.numbers("one", 0)] == [2, 3]
    (last,) = again.numbers("one", 2)
    assert last == Entry(What.NUMBERED, "one", AT, {"first": 3, "events": [["C0", [1, 2]]], "uses": []}, 3)
    assert again.numbers("one", 0)[0].detail["uses"] == [["a", "p", "C0"]]
    assert again.position() == 3 and not list(again.words())
    again.close()


def test_words_are_told_in_the_order_of_writing(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.stores.journal.READ_AT_ONCE", 2)
    told = [Entry(What.WITHDRAWN, f"l{n}", AT, {"record": "r", "records": [f"{n}"]}) for n in range(5)]
    journal.write(told[:1])
    journal.write([])
    journal.write([numbered("one", rows(1, OFFER), [], [], AT), *told[1:]])
    assert list(journal.words()) == told


def test_many_that_begin_it_at_once_share_it(where: str) -> None:
    """As services that start together."""
    started = threading.Barrier(8)

    def begin(number: int) -> None:
        started.wait()
        journal = Journal.at(where)
        journal.write([Entry(What.WITHDRAWN, f"l{number}", AT, {"record": "r", "records": []})])
        journal.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(begin, range(8)))
    journal = Journal.at(where)
    assert sorted(one.subject for one in journal.words()) == [f"l{number}" for number in range(8)]
    journal.close()


def test_the_stores_own_database_is_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(BesideStore):
        Journal.at(server.fresh())
    (tmp_path / "same").mkdir()
    Database(tmp_path / "same/journal.sqlite").close()
    with pytest.raises(BesideStore):
        Journal.at(str(tmp_path / "same"))


@pytest.mark.parametrize("new_place", ["sqlite"], indirect=True)
def test_before_every_commit_the_journal_has_what_it_makes_true(
    new_place: Callable[[Path], Place], tmp_path: Path
) -> None:
    """Looked at from outside at every commit of a whole scenario: numbers, withdrawals, reviews, judgements."""
    place = new_place(tmp_path)
    assert isinstance(place, InFiles)
    world = World(place)
    beside = Journal.in_folder(tmp_path / "journal")
    commits, ahead, seen = 0, [], set()

    def look(connection) -> None:  # type: ignore[no-untyped-def]
        nonlocal commits
        commits += 1
        highest = beside.highest()
        ahead.extend(one for one, last in feeds.totals(connection).items() if highest.get(one, 0) < last)
        said = {(one.what, one.subject) for one in beside.words()}
        true: list[tuple[What, str]] = []
        for what, column in (
            (What.WITHDRAWN, withdrawals.c.lineage),
            (What.REVIEWED, authorisations.c.record),
            (What.TAKEN, judgements.c.judgement),
        ):
            true += [(what, one) for one in connection.execute(select(column)).scalars()]
        taken_back = (table.c.standing == "entered-in-error") & (table.c.outcome == "accepted")
        for what, state in ((What.ERASED, table.c.erased == 1), (What.TAKEN, taken_back)):
            true += [(what, one) for one in connection.execute(select(table.c.record).where(state)).scalars()]
        seen.update(what for what, _ in true)
        ahead.extend(one for one in true if one not in said)

    event.listen(world.core.database._writer, "commit", look)  # type: ignore[union-attr]
    world.send(list(generate(5, 8)))
    documents = [record for file, record in world.record_of.items() if "document" in file]
    world.judge("erase", documents[:1])
    world.judge("not-same", documents[1:3])
    authorisation = next(record for file, record in world.record_of.items() if "authorisation" in file)
    with world.core.database.read() as tx:
        sender = tx.execute(select(table.c.sender).where(table.c.record == authorisation)).scalar_one()
    world.post(Kind.WITHDRAWAL, sender, "DELETE", f"/authorisations/{authorisation}", b"{}", authorisation)
    event.remove(world.core.database._writer, "commit", look)  # type: ignore[union-attr]
    assert not ahead, "true before it was journaled"
    assert commits > 100 and beside.highest() and seen == {What.WITHDRAWN, What.REVIEWED, What.TAKEN, What.ERASED}
    beside.close()
    world.close()


def test_what_a_record_was_recognised_by_can_be_forgotten(journal: Journal) -> None:
    detail = {"identity": "hash", "content": "hash", "lineage": "l", "outcome": "accepted"}
    journal.write([Entry(What.TAKEN, "r", AT, detail), Entry(What.TAKEN, "other", AT, detail)])
    journal.write([Entry(What.REVIEWED, "r", AT, {"identity": "no record's"})])
    journal.forget("r")
    journal.forget("nobody")
    told = {(one.what, one.subject): one.detail for one in journal.words()}
    assert told[(What.TAKEN, "r")] == {"lineage": "l", "outcome": "accepted"}
    assert told[(What.TAKEN, "other")] == detail and told[(What.REVIEWED, "r")] == {"identity": "no record's"}
    assert [one.subject for one in journal.words()] == ["r", "other", "r"], "in the order of writing"
