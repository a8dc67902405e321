"""What operators ask of the store, of both databases: reconciliation, the live page's figures, traces, a sender's pages."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from adapters.stores import ledger, watching
from adapters.stores.tables import records
from services.pipeline import VALIDATION
from services.portal.comparing import compare
from services.portal.reading import Reading
from services.portal.watching import steps_of
from services.sandbox.scenario import generate
from tests.servers.places import Place
from tests.simulation.world import NOW, World


@pytest.fixture(scope="module")
def world(new_place: Callable[[Path], Place], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all tests of the module; the last of them breaks it."""
    world = World(new_place(tmp_path_factory.mktemp("questions")))
    world.send(list(generate(11, 8)))
    yield world
    world.close()


def differences(world: World) -> dict[str, set[str | None]]:
    """Sorts of difference that a reconciliation finds, each with its records."""
    core = world.core
    steps = steps_of(core.handlers, VALIDATION)
    found = compare(core.database, core.log, core.keys, core.journal, steps, NOW + timedelta(hours=1))
    return {
        one["what"]: {other["record"] for other in found["differences"] if other["what"] == one["what"]}
        for one in found["differences"]
    }


def test_the_figures_are_of_what_is_there(world: World) -> None:
    with world.core.database.read() as tx:
        rows = tx.execute(select(records)).all()
        counted = Counter(one["code"] for row in rows if row.problems for one in json.loads(row.problems))
        assert watching.problems_by_code(tx) == dict(counted) and counted
        assert {(one.sender, one.kind, one.outcome): one.number for one in watching.verdicts(tx)} == Counter(
            (row.sender, row.kind, row.outcome) for row in rows
        )
        assert watching.standing_cases(tx) == len({row.case_number for row in rows if row.case_number})
        since = watching.since(tx, "2026-11-21T00:00:00.000000Z")
        assert (since["received"], since["judged"]) == (len(rows), len(rows)) and since["offered"] > 3
        assert len(watching.recent_verdicts(tx, 5)) == 5
        assert watching.oldest_waiting(tx) is None
        assert watching.dead_by_step(tx) == {}


def test_every_record_and_every_case_can_be_traced(world: World) -> None:
    reading = Reading(world.core.hub, world.core.archive)
    with world.core.database.read() as tx:
        rows = tx.execute(select(records)).all()
        assert all(reading.record(tx, row.record, NOW) for row in rows)
        cases = {row.case_number for row in rows if row.case_number}
        assert cases and all(reading.case(tx, number, NOW) for number in cases)


def test_a_sender_pages_through_its_records(world: World) -> None:
    with world.core.database.read() as tx:
        rows = tx.execute(select(records.c.record, records.c.sender).order_by(records.c.seq)).all()
        sender, number = Counter(row.sender for row in rows).most_common(1)[0]
        paged, after = [], None
        while page := ledger.page(tx, sender, after, None, 3):
            paged += [row.record for row in page]
            after = paged[-1]
        assert paged == [row.record for row in rows if row.sender == sender] and len(paged) == number > 3
        assert ledger.page(tx, sender, "unknown", None, 3) is None


BREAKS = {
    "no-verdict": "UPDATE records SET outcome = NULL WHERE record = :record",
    "keys-of-erased": "UPDATE records SET erased = 1 WHERE record = :record",
    "body-missing": "DELETE FROM bodies WHERE record = :record",
    "case-unknown": "UPDATE records SET case_number = 'C000000000000' WHERE record = :record",
    "offer-of-gone": "UPDATE records SET outcome = 'rejected' WHERE record = :record",
    "offer-without-basis": "UPDATE offer_papers SET basis = '[]' WHERE record = :record",
}


def test_a_reconciliation_finds_nothing_and_whatever_is_broken(world: World) -> None:
    assert differences(world) == {}
    with world.core.database.read() as tx:
        offered = text(
            "SELECT papers.record, papers.basis FROM offer_papers AS papers JOIN offers USING (insurer, number) "
            "JOIN links ON links.record = papers.record WHERE taken_back_by IS NULL AND papers.basis NOT LIKE '%law:%'"
        )
        record, basis = tx.execute(offered).first()
    granted = json.loads(basis)[0][1]
    with world.core.database.write() as tx:
        tx.execute(text("UPDATE authorisations SET decision = 'refuse' WHERE record = :record"), {"record": granted})
    assert record in differences(world)["offer-without-consent"]
    for what, statement in BREAKS.items():
        with world.core.database.write() as tx:
            before = tx.execute(select(records).where(records.c.record == record)).one()._asdict()
            tx.execute(text(statement), {"record": record})
        assert record in differences(world)[what], what
        with world.core.database.write() as tx:
            tx.execute(update(records).where(records.c.record == record).values(**before))
