"""The store put back to an earlier day, over both databases: no number again, nothing back that was taken away."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from adapters.stores import participants
from adapters.stores.archive import RECORD_KEY
from adapters.stores.tables import records
from schemas.records import Kind, Role, Status
from services.embedded import utc_now
from services.sandbox.scenario import Item, generate
from tests.integration.recovering import Feeds, Lossy, differences, feeds_of, settle
from tests.servers.places import Place
from tests.simulation.world import NOW, World

SEED, CASES = 7, 12


@pytest.fixture
def opened() -> Iterator[Callable[[Place], World]]:
    worlds: list[World] = []

    def open_(place: Place) -> World:
        worlds.append(World(place))
        return worlds[-1]

    yield open_
    for world in worlds:
        world.close()


def halves() -> tuple[list[Item], list[Item]]:
    items = list(generate(SEED, CASES))
    return items[: len(items) // 2], items[len(items) // 2 :]


def send(world: World, items: list[Item], of: list[Item]) -> None:
    """Some of a scenario's items, of which others may have gone in before."""
    by_number = {item.n: item for item in of}
    for item in items:
        target = world.record_of[by_number[item.of].file] if item.of else None
        world.record_of[item.file] = world._enter(world.core, item, target).record.id
        world.settle()


def offered_record(world: World, feeds: Feeds, kind: Kind, besides: set[str]) -> tuple[str, str]:
    """A record of this kind that some insurer has in a standing offer: its id and hash."""
    shown = {
        paper["sha256"]
        for events in feeds.values()
        for event in events
        if "papers" in event["data"]
        for paper in event["data"]["papers"]
    }
    with world.core.database.read() as tx:
        rows = tx.execute(select(records).where(records.c.kind == kind.value, records.c.outcome == "accepted")).all()
    return next((row.record, row.sha256) for row in rows if row.sha256 in shown and row.record not in besides)


def basis_of(feeds: Feeds) -> str:
    """An authorisation that some standing offer goes by."""
    return next(
        basis["authorisation"]
        for events in feeds.values()
        for event in events
        if "papers" in event["data"]
        for paper in event["data"]["papers"]
        for basis in paper["basis"]
        if "authorisation" in basis
    )


def papers_in(feeds: Feeds) -> set[str]:
    return {
        paper["sha256"]
        for events in feeds.values()
        for event in events
        if "papers" in event["data"]
        for paper in event["data"]["papers"]
    }


def bases_in(feeds: Feeds) -> set[str]:
    return {
        basis["authorisation"]
        for events in feeds.values()
        for event in events
        if "papers" in event["data"]
        for paper in event["data"]["papers"]
        for basis in paper["basis"]
        if "authorisation" in basis
    }


def check_numbers(before: Feeds, after: Feeds) -> None:
    """A number says after the restore what it said before, or that it holds no longer: nothing else, and none is new."""
    for insurer, events in before.items():
        for was, now in zip(events, after[insurer], strict=False):
            assert was["id"] == now["id"]
            said = now["data"]
            assert said == was["data"] or said == {"case": was["data"]["case"]}, (was, now)
        assert len(after[insurer]) >= len(events)


def withdraw(world: World, authorisation: str) -> None:
    with world.core.database.read() as tx:
        sender = tx.execute(select(records.c.sender).where(records.c.record == authorisation)).scalar_one()
    world.record_of["withdrawal"] = world.post(
        Kind.WITHDRAWAL, sender, "DELETE", f"/authorisations/{authorisation}", b"{}", authorisation
    )


def test_after_a_restore_no_number_is_used_again_and_nothing_taken_away_returns(
    place: Place, tmp_path_factory: pytest.TempPathFactory, opened: Callable[[Place], World]
) -> None:
    world, lossy = opened(place), Lossy(place)
    early, late = halves()
    send(world, early, early)
    backup = lossy.back_up(tmp_path_factory.mktemp("backups") / "store")
    at_backup = feeds_of(world.core, NOW)
    send(world, late, early + late)
    old, old_hash = offered_record(world, at_backup, Kind.DOCUMENT, set())
    new, new_hash = offered_record(
        world, feeds_of(world.core, NOW), Kind.DOCUMENT, {old, *(world.record_of[item.file] for item in early)}
    )
    gone = basis_of(at_backup)
    world.judge("erase", [old])
    world.judge("erase", [new])
    withdraw(world, gone)
    suspended = next(insurer for insurer, events in at_backup.items() if events)
    world.participant(suspended, Role.INSURER, "suspended")
    settle(world)
    before, outcome, known = feeds_of(world.core, NOW), world.outcome(), dict(world.record_of)
    assert {insurer: len(events) for insurer, events in before.items()} != {
        insurer: len(events) for insurer, events in at_backup.items()
    }
    assert not differences(world.core, NOW)
    world.close()
    lossy.lose_store()
    lossy.put_back(backup)

    world = opened(place)
    world.now = max(NOW, utc_now())  # the command is of today
    world.record_of = {item.file: known[item.file] for item in early}
    settle(world)
    after = feeds_of(world.core, NOW)
    check_numbers(before, after)
    assert not {old_hash, new_hash} & papers_in(after)
    assert gone not in bases_in(after)
    assert not world.core.keys.get([RECORD_KEY + old, RECORD_KEY + new])
    with world.core.database.read() as tx:
        for record in (old, new):
            row = tx.execute(select(records).where(records.c.record == record)).one()
            assert (row.erased, row.case_number) == (1, None)
        assert participants.get(tx, suspended).status == Status.SUSPENDED
    wanted = differences(world.core, NOW)
    assert {one["what"] for one in wanted} <= {"body-wanted"}
    assert {one["record"] for one in wanted} <= {known[item.file] for item in late}

    send(world, late, early + late)
    withdraw(world, gone)
    settle(world)
    final = feeds_of(world.core, NOW)
    check_numbers(after, final)
    assert not {old_hash, new_hash} & papers_in(final)
    assert gone not in bases_in(final)
    found = world.outcome()
    other = {file for file, verdict in found.verdicts.items() if verdict != outcome.verdicts[file]}
    assert all("review" in file for file in other)  # of what was withdrawn by then: it cannot be approved any more
    assert found.cases == outcome.cases
    assert found.papers.pop(suspended) <= outcome.papers.pop(suspended)  # nothing new for whom is suspended
    assert found.papers == outcome.papers
    assert not differences(world.core, NOW)
    assert sum(map(len, final.values())) > sum(map(len, after.values()))
