"""Who waits for whom on PostgreSQL: what is handed over or counted under an authorisation, and what changes it."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import func, select, text

from adapters.stores import participants
from adapters.stores.dialect import lock
from adapters.stores.tables import handovers, records
from adapters.streams.embedded import Handler
from bench.documents import CLAIMLINK, HOSPITAL, INSURER, OPERATOR
from schemas.events import Message, Refold
from schemas.ids import record_id
from schemas.records import Kind, Role, Status
from schemas.topics import DUE
from services.consent.worker import ConsentStep
from services.delivery.app import still_admitted
from services.delivery.worker import Sequencer
from services.hub.worker import Hub
from services.intake.attempts import Entry
from services.intake.book import Book, Submission
from services.intake.refusal import Refusal
from tests.servers.places import InPostgres
from tests.servers.postgres import Server
from tests.simulation.test_time import filed, numbers
from tests.simulation.world import NOW, World

WAIT_SECONDS = 30


@pytest.fixture
def world(server: Server, tmp_path: Path) -> Iterator[World]:
    world = World(InPostgres(tmp_path, server.fresh(), server.empty()))
    yield world
    world.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def handler(world: World, step: type) -> Handler:
    return next(one for one in world.core.handlers if isinstance(one, step))


def stands_waiting(world: World, work: "Future[int]") -> bool:
    """Whether the work comes to wait for a name that another transaction holds; not if it ends."""
    asked = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    end = monotonic() + WAIT_SECONDS
    while not work.done() and monotonic() < end:
        with world.core.database.read() as tx:
            if tx.execute(asked).scalar_one():
                return True
    return False


def submission(
    sender: str, role: Role, kind: Kind, method: str, path: str, body: bytes, target: str | None
) -> Submission:
    sha256 = hashlib.sha256(body).hexdigest()
    return Submission(
        kind, sender, role, method, path, "application/json", body, sha256, sha256, len(body), target=target
    )


def enter(world: World, sender: str, kind: Kind, method: str, path: str, body: bytes, target: str) -> None:
    """A record that is validated and no further."""
    role = Role.CLAIMLINK if sender == CLAIMLINK else Role.OPERATOR
    one = submission(sender, role, kind, method, path, body, target)
    Book(world.core.host, world.core.archive, world.core.clock).enter([one])
    world.core.validate_here()


def authorisation(world: World) -> str:
    with world.core.database.read() as tx:
        return tx.execute(select(records.c.record).where(records.c.kind == Kind.AUTHORISATION)).scalar_one()


def test_a_withdrawal_is_answered_when_no_hand_over_under_it_is_under_way(
    world: World, pool: ThreadPoolExecutor
) -> None:
    filed(world, "2026-01-01", None)
    given = authorisation(world)
    enter(world, CLAIMLINK, Kind.WITHDRAWAL, "DELETE", f"/authorisations/{given}", b"", given)
    with world.core.database.write() as tx:
        (event,) = world.core.feed.page(tx, INSURER, 0, 10, NOW)
        assert "papers" in event["data"]
        withdrawing = pool.submit(world.core.host.turn, handler(world, ConsentStep))
        assert stands_waiting(world, withdrawing)
    assert withdrawing.result(WAIT_SECONDS) == 1
    assert numbers(world) == [(1, "offer", False)], "and none is written after it"
    with world.core.database.read() as tx:
        assert tx.execute(select(func.count()).select_from(handovers)).scalar() == 1


def test_a_suspension_is_answered_when_no_hand_over_to_it_is_under_way(world: World, pool: ThreadPoolExecutor) -> None:
    body = {"name": INSURER, "roles": [Role.INSURER.value], "status": "suspended"}
    enter(world, OPERATOR, Kind.PARTICIPANT, "PUT", f"/participants/{INSURER}", json.dumps(body).encode(), INSURER)
    with world.core.database.write() as tx:
        still_admitted(tx, INSURER)
        suspending = pool.submit(world.core.host.turn, handler(world, ConsentStep))
        assert stands_waiting(world, suspending)
    assert suspending.result(WAIT_SECONDS) == 1
    with world.core.database.write() as tx, pytest.raises(Refusal):
        still_admitted(tx, INSURER)


@pytest.mark.parametrize(("step", "uses"), [(Hub, "single"), (Sequencer, "single"), (Sequencer, "multiple")])
def test_uses_are_counted_and_offers_judged_alone_with_the_authorisation(
    world: World, pool: ThreadPoolExecutor, step: type, uses: str
) -> None:
    filed(world, "2026-01-01", None, uses)
    given = authorisation(world)
    again = Message(DUE.name, given, "again", Refold(records=(given,), why="test"))
    world.core.host.append(lambda tx: [again])
    if step is Sequencer:
        world.core.host.turn(handler(world, Hub))
    with world.core.database.write() as tx:
        lock(tx, [f"authorisation:{given}"])
        working = pool.submit(world.core.host.turn, handler(world, step))
        assert stands_waiting(world, working)
    assert working.result(WAIT_SECONDS) == 1
    world.settle()
    assert numbers(world) == [(1, "offer", True)]


def test_two_operators_who_dismiss_each_other_at_once_leave_one(world: World, pool: ThreadPoolExecutor) -> None:
    other = "operator-2"
    world.participant(other, Role.OPERATOR, "admitted")
    consent = handler(world, ConsentStep)

    def dismissal(sender: str, code: str) -> Message:
        body = json.dumps({"name": code, "roles": ["operator"], "status": "exited"}).encode()
        enter(world, sender, Kind.PARTICIPANT, "PUT", f"/participants/{code}", body, code)
        with world.core.database.read() as tx:
            return world.core.log.read(tx, consent.sources, 0, 1000)[-1][1]

    one, second = dismissal(OPERATOR, other), dismissal(other, OPERATOR)
    database = world.core.database
    with database.write() as tx:
        consent.handle(tx, [one], NOW)
        dismissing = pool.submit(database.commit, lambda tx: len(consent.handle(tx, [second], NOW)))
        assert stands_waiting(world, dismissing)
    dismissing.result(WAIT_SECONDS)
    with database.read() as tx:
        admitted = {one.code for one in participants.everyone(tx) if one.status == Status.ADMITTED}
    assert {OPERATOR, other} & admitted == {OPERATOR}


def test_the_same_bytes_at_two_doors_are_entered_one_after_the_other(world: World, pool: ThreadPoolExecutor) -> None:
    book = Book(world.core.host, world.core.archive, world.core.clock)
    one = submission(HOSPITAL, Role.HOSPITAL, Kind.DOCUMENT, "POST", "/fhir/Bundle", b"{}", None)
    with world.core.database.write() as tx:
        lock(tx, [f"record:{record_id(HOSPITAL, 'POST', '/fhir/Bundle', one.digest)}"])
        entering = pool.submit(lambda: len(book.enter([one])))
        assert stands_waiting(world, entering)
    assert entering.result(WAIT_SECONDS) == 1
    assert book.enter([one])[0].entry == Entry.WAITING
