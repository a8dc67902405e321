"""Documents that turn out to be one after something was decided of either: the decision holds for the whole, in every order."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import permutations

import pytest
from sqlalchemy import select

from adapters.stores import records as records_
from adapters.stores.tables import doubts, records, uses, withdrawals
from schemas.evidence import Evidence
from schemas.records import Kind, Role
from services.intake.book import Book, Submission
from services.validation import authorisation
from tests.integration import bodies
from tests.integration.bodies import CLAIMLINK
from tests.servers.places import Place
from tests.simulation.test_mandates import feed, review, upload, withdraw
from tests.simulation.world import World

FIRST, SECOND = "join-1", "join-2"
JSON = "application/json"


@pytest.fixture
def world(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Where authorisations of one content are one, as papers are."""
    plain = authorisation.evidence

    def alike(value: dict, record: object) -> Evidence:  # type: ignore[type-arg]
        return plain(value, record).model_copy(update={"content": str(value["period"])})  # type: ignore[arg-type]

    monkeypatch.setattr(authorisation, "evidence", alike)
    world = World(place)
    yield world
    world.close()


def authorise(world: World, id: str, version: int, start: str) -> str:
    body = bodies.authorisation(1, id=id, version=version, period={"start": start})
    record = world.post(Kind.AUTHORISATION, CLAIMLINK, "POST", "/authorisations", body)
    review(world, "/authorisations", record)
    return record


def lineages(world: World, *ids: str) -> list[str]:
    with world.core.database.read() as tx:
        rows = {row.record: row.lineage for row in tx.execute(select(records))}
    return [rows[id] for id in ids]


@pytest.mark.parametrize("order", list(permutations(("join", "first", "second"))), ids="-".join)
@pytest.mark.parametrize("withdrawn", [("first",), ("second",), ("first", "second")], ids="+".join)
def test_a_withdrawal_of_either_is_one_of_both(
    world: World, order: tuple[str, ...], withdrawn: tuple[str, ...]
) -> None:
    upload(world, 1)
    given = {"first": authorise(world, FIRST, 1, "2025-01-01"), "second": authorise(world, SECOND, 1, "2025-01-02")}
    assert [kind for _, kind, _ in feed(world)][0] == "offer" and len(set(lineages(world, *given.values()))) == 2
    joined = ""
    for step in order:
        if step == "join":  # the first is corrected to what the second says
            joined = authorise(world, FIRST, 2, "2025-01-02")
        elif step in withdrawn:
            withdraw(world, "/authorisations", given[step])
    (one,) = set(lineages(world, joined, *given.values()))
    with world.core.database.read() as tx:
        assert list(tx.execute(select(withdrawals.c.lineage)).scalars()) == [one]
    assert [number for number, kind, content in feed(world) if content] == [], "nothing goes by any of them"


def test_those_of_one_batch_stand_under_one_name(world: World) -> None:
    told = [(FIRST, 1, "2025-01-01"), (SECOND, 1, "2025-01-02"), (FIRST, 2, "2025-01-02")]
    some = []
    for id, version, start in told:
        body = bodies.authorisation(1, id=id, version=version, period={"start": start})
        digest = sha256(body).hexdigest()
        some.append(Submission(Kind.AUTHORISATION, CLAIMLINK, Role.CLAIMLINK, "POST", "/authorisations", JSON, body, digest,
                               digest, len(body)))  # fmt: skip
    taken = Book(world.core.host, world.core.archive, world.core.clock).enter(some)
    world.settle()
    assert len(set(lineages(world, *(one.record.id for one in taken)))) == 1


def test_a_pair_that_waits_under_the_old_name_goes(world: World) -> None:
    first, second = authorise(world, FIRST, 1, "2025-01-01"), authorise(world, SECOND, 1, "2025-01-02")
    old = max(lineages(world, first, second))
    with world.core.database.write() as tx:
        tx.execute(doubts.insert(), [{"one": old, "other": "z", "score": 1}, {"one": "a", "other": old, "score": 1}])
        tx.execute(doubts.insert(), [{"one": "a", "other": "z", "score": 1}])
    authorise(world, FIRST, 2, "2025-01-02")
    with world.core.database.read() as tx:
        assert [(row.one, row.other) for row in tx.execute(select(doubts))] == [("a", "z")]


def test_a_single_use_under_the_old_name_stays_made(world: World) -> None:
    """Of the authorisation as of the paper, and one that both names have is one."""
    with world.core.database.write() as tx:
        same = {"insurer": "i", "case_number": "c"}
        made = [("old", "paper"), ("new", "paper"), ("old", "other"), ("third", "old")]
        tx.execute(uses.insert(), [{"authorisation": one, "paper": paper, **same} for one, paper in made])
        records_.rename_lineages(tx, {"old": "new"})
        left = {(row.authorisation, row.paper) for row in tx.execute(select(uses))}
    assert left == {("new", "paper"), ("new", "other"), ("third", "new")}
