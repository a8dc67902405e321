"""The journal, in a file and in PostgreSQL: written durable before what it tells of is true."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, select

from adapters.stores import feeds
from adapters.stores.database import Database
from adapters.stores.journal import BesideStore, Entry, Journal, What, numbered
from adapters.stores.tables import authorisations, judgements, withdrawals
from adapters.stores.tables import records as table
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
    commits = 0

    def look(connection) -> None:  # type: ignore[no-untyped-def]
        nonlocal commits
        commits += 1
        highest = beside.highest()
        for insurer, last in feeds.totals(connection).items():
            assert highest.get(insurer, 0) >= last, "a number was given before it was journaled"
        said = {(one.what, one.subject) for one in beside.words()}
        for what, column in ((What.WITHDRAWN, withdrawals.c.lineage), (What.REVIEWED, authorisations.c.record)):
            assert all((what, one) in said for one in connection.execute(select(column)).scalars()), what
        for one in connection.execute(select(judgements.c.judgement)).scalars():
            assert (What.TAKEN, one) in said
        gone = select(table.c.record).where(
            (table.c.erased == 1) | ((table.c.standing == "entered-in-error") & (table.c.outcome == "accepted"))
        )
        for one in connection.execute(gone).scalars():
            assert (What.TAKEN, one) in said or (What.ERASED, one) in said

    event.listen(world.core.database._writer, "commit", look)  # type: ignore[union-attr]
    world.send(list(generate(5, 8)))
    documents = [record for file, record in world.record_of.items() if "document" in file]
    world.judge("erase", documents[:1])
    world.judge("not-same", documents[1:3])
    event.remove(world.core.database._writer, "commit", look)  # type: ignore[union-attr]
    assert commits > 100 and beside.highest() and {one.what for one in beside.words()} >= {What.ERASED, What.TAKEN}
    beside.close()
    world.close()
