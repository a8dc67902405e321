"""What touches many cases at once is folded again so many at a time, each case surely; a failure of that unmakes nothing."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from adapters.stores import casebook, records
from adapters.stores.tables import dead_letters
from adapters.streams.embedded import Handler
from schemas.events import Encoded, Expire, Message, Refold, Verdict
from schemas.records import Kind, Outcome, Role
from schemas.topics import DUE
from services import due
from services.deduplication.worker import Deduplication
from services.delivery.worker import OFFER, WITHDRAWN
from services.hub import worker
from services.hub.worker import Hub
from services.intake.book import Book, Submission
from services.pipeline import RETRY
from services.sandbox.participants import NON_LIFE
from tests.integration import bodies
from tests.integration.bodies import CLAIMLINK, INSURER
from tests.servers.places import Place
from tests.simulation.test_locks import handler
from tests.simulation.test_mandates import mandated, submission, withdraw
from tests.simulation.world import A_SECOND, World

CASES, AT_ONCE = 300, 120
NAMED = {"code": INSURER, "cover": "motor-compulsory"}
OTHER_INSURER = next(code for code, _ in NON_LIFE if code != INSURER)


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    world = World(place)
    yield world
    world.close()


class Failing:
    """The real hub, that cannot bear what `chosen` chooses; every other message it takes."""

    def __init__(self, real: Handler, chosen: type) -> None:
        self._real, self._chosen, self.name, self.sources = real, chosen, real.name, real.sources

    def handle(self, tx: Connection, messages: Sequence[Message], now: datetime) -> list[Message]:
        if any(isinstance(one.event, self._chosen) for one in messages):
            raise ZeroDivisionError
        return self._real.handle(tx, messages, now)

    def dead(self, tx: Connection, message: Message, reason: str, now: datetime) -> list[Message]:
        return self._real.dead(tx, message, reason, now)


def application(number: int, **changes: Any) -> bytes:
    """Of an accident of its own."""
    value = json.loads(bodies.application(number, insurers=[NAMED]))
    del value["place"]
    return json.dumps(value | changes).encode()


def file(world: World, count: int) -> list[str]:
    """Applications, each a case of its own that the insurer is party to; their records."""
    one: list[Submission] = [
        submission(Kind.APPLICATION, CLAIMLINK, "POST", "/claimlink/applications", application(number))
        for number in range(1, count + 1)
    ]
    taken = Book(world.core.host, world.core.archive, world.core.clock).enter(one)
    world.settle()
    return [entered.record.id for entered in taken]


def change(world: World, status: str, name: str) -> None:
    """`name`: another each time, for the same bytes are the same record, which changes nothing."""
    body = {"name": name, "roles": [Role.INSURER.value], "status": status}
    world._govern(Kind.PARTICIPANT, "PUT", f"/participants/{INSURER}", body, INSURER)


def hear(world: World) -> list[Message]:
    """What goes to the hub beside verdicts, from now on."""
    heard: list[Message] = []

    def listener(messages: Sequence[Message | Encoded]) -> None:
        heard.extend(one for one in messages if isinstance(one, Message) and one.topic == DUE.name)

    world.core.host.listen(listener)
    return heard


def offered(world: World, insurer: str = INSURER) -> list[str]:
    with world.core.database.write() as tx:
        events = world.core.feed.page(tx, insurer, 0, 10_000, world.now)
    return [event["data"]["case"] for event in events]


def outcomes(world: World, ids: Sequence[str]) -> set[str]:
    with world.core.database.read() as tx:
        return {row.outcome for row in records.by_ids(tx, ids).values()}


def cases_of(world: World, ids: Sequence[str]) -> list[str | None]:
    with world.core.database.read() as tx:
        known = records.by_ids(tx, ids)
    return [known[one].case_number for one in ids]


def letters(world: World) -> set[tuple[str, str]]:
    """Step and record of every dead letter."""
    with world.core.database.read() as tx:
        return {(row.step, row.record) for row in tx.execute(select(dead_letters))}


def test_an_insurer_that_is_admitted_again_is_told_every_case_so_many_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "CATCH_UP_AT_ONCE", AT_ONCE)
    world.participant(INSURER, Role.INSURER, "suspended")
    filed = file(world, CASES)
    assert len(set(cases_of(world, filed))) == CASES and offered(world) == []
    heard = hear(world)
    world.participant(INSURER, Role.INSURER, "admitted")
    assert heard == [], "the change itself touches no case, however many there are"
    looks = []
    while taken := world.core.tick():
        looks.append(taken)
        world.settle()
        if len(looks) == 1:  # a key is registered meanwhile: the rest is told all the same
            change(world, "admitted", "renamed")
    assert looks == [AT_ONCE, AT_ONCE, CASES - 2 * AT_ONCE]
    assert [len(one.event.records) for one in heard if isinstance(one.event, Refold)] == [1] * CASES
    assert len({one.id for one in heard}) == CASES
    assert sorted(offered(world)) == sorted(one for one in cases_of(world, filed) if one)
    assert outcomes(world, filed) == {Outcome.ACCEPTED} and letters(world) == set()


def test_several_that_are_admitted_again_share_what_one_look_may_name(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "CATCH_UP_AT_ONCE", 3)
    for code in (INSURER, OTHER_INSURER):
        world.participant(code, Role.INSURER, "suspended")
    both = [NAMED, NAMED | {"code": OTHER_INSURER}]
    for number in range(1, 6):
        world.post(Kind.APPLICATION, CLAIMLINK, "POST", "/claimlink/applications", application(number, insurers=both))
    for code in (INSURER, OTHER_INSURER):
        world.participant(code, Role.INSURER, "admitted")
    heard = hear(world)
    assert [world.core.tick() for _ in range(5)] == [3, 3, 3, 1, 0]
    assert len(heard) == len({one.id for one in heard}) == 10
    world.settle()
    assert len(offered(world)) == len(offered(world, OTHER_INSURER)) == 5


def test_a_change_that_leaves_an_insurer_admitted_folds_nothing_again(world: World) -> None:
    file(world, 3)
    told = offered(world)
    world.participant(INSURER, Role.INSURER, "admitted")
    assert world.core.tick() == 0 and offered(world) == told and len(told) == 3


def test_whoever_is_suspended_while_it_is_told_is_told_from_the_first_case_once_it_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "CATCH_UP_AT_ONCE", 2)
    change(world, "suspended", "first")
    filed = file(world, 5)
    change(world, "admitted", "second")
    assert world.core.tick() == 2
    change(world, "suspended", "third")
    assert world.core.tick() == 0 and offered(world) == []
    change(world, "admitted", "fourth")
    assert [world.core.tick() for _ in range(4)] == [2, 2, 1, 0]
    world.settle()
    assert {*offered(world)} == {*cases_of(world, filed)}


@pytest.mark.parametrize("count", [1, 3])
def test_a_failure_to_fold_again_leaves_what_was_accepted_and_is_made_good_later(world: World, count: int) -> None:
    """Also of a message that an older version wrote, which named many."""
    filed = file(world, 4)
    named = tuple(filed[:count])
    message = Message(DUE.name, filed[0], "again", Refold(records=named, why="participant changed"))
    world.core.host.append(lambda tx: [message])
    assert world.core.host.turn(Failing(world.core.hub, Refold)) == 1
    assert outcomes(world, filed) == {Outcome.ACCEPTED} and letters(world) == {("hub", filed[0])}
    with world.core.database.read() as tx:
        assert {row.record for row in casebook.rows_of_records(tx, filed) if row.case_number} == {*filed}
    heard = hear(world)
    world.now += RETRY - timedelta(seconds=1)
    assert world.core.tick() == 0
    world.now += timedelta(seconds=1)
    assert world.core.tick() == count
    assert {one.event.records for one in heard if isinstance(one.event, Refold)} == {(one,) for one in named}
    world.settle()
    assert outcomes(world, filed) == {Outcome.ACCEPTED}


def test_a_failure_on_a_withdrawal_leaves_what_it_is_about_and_folds_its_case_later(world: World) -> None:
    record = mandated(world)
    filed = file(world, 1)
    withdrawal = submission(Kind.WITHDRAWAL, CLAIMLINK, "DELETE", f"/mandates/{record}", b"", record)
    (entered,) = Book(world.core.host, world.core.archive, world.core.clock).enter([withdrawal])
    world.core.validate_here()
    for one in world.core.handlers:
        world.core.host.turn(Failing(one, Verdict) if isinstance(one, Hub) else one)
    assert outcomes(world, [record, *filed]) == {Outcome.ACCEPTED}
    assert outcomes(world, [entered.record.id]) == {Outcome.DEAD}
    heard = hear(world)
    world.now += RETRY
    assert world.core.tick() == 1
    assert [one.event.records for one in heard if isinstance(one.event, Refold)] == [(record,)]


def test_a_failure_to_end_a_record_leaves_its_verdict_and_asks_for_nothing(world: World) -> None:
    filed = file(world, 1)
    world.core.host.append(lambda tx: [Message(DUE.name, filed[0], "ends", Expire(records=tuple(filed)))])
    assert world.core.host.turn(Failing(world.core.hub, Expire)) == 1
    assert outcomes(world, filed) == {Outcome.ACCEPTED} and letters(world) == {("hub", filed[0])}
    world.now += RETRY
    assert world.core.tick() == 0, "the clock names it again by itself, once a day"


def test_a_record_that_the_hub_cannot_let_in_is_dead_itself(world: World) -> None:
    body = application(1)
    entry = submission(Kind.APPLICATION, CLAIMLINK, "POST", "/claimlink/applications", body)
    (entered,) = Book(world.core.host, world.core.archive, world.core.clock).enter([entry])
    world.core.validate_here()
    assert world.core.host.turn(handler(world, Deduplication)) == 1
    assert world.core.host.turn(Failing(world.core.hub, Verdict)) == 1
    assert outcomes(world, [entered.record.id]) == {Outcome.DEAD}
    world.now += RETRY
    assert world.core.tick() == 0, "its sender posts it again"


def test_filings_under_a_mandate_follow_it_so_many_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FILINGS_AT_ONCE", 1)
    person = json.loads(bodies.application(1))["applicant"]
    for number in (1, 2, 3):
        own = {
            "applicant": person,
            "injured": [],
            "agent": bodies.agent(1),
            "vehicles": [{"plate": bodies.plate(number)}],
            "occurredAt": f"2025-09-1{number}T14:05:00+08:00",
        }
        loss = json.loads(bodies.application(number))["loss"] | {"date": f"2025-09-1{number}"}
        body = application(number, **own, loss=loss)
        world.post(Kind.APPLICATION, CLAIMLINK, "POST", "/claimlink/applications", body)

    def numbered() -> tuple[int, int]:
        """Offers, and what takes offers back."""
        with world.core.database.write() as tx:
            types = [event["type"] for event in world.core.feed.page(tx, INSURER, 0, 100, world.now)]
        return types.count(OFFER), types.count(WITHDRAWN)

    assert numbered() == (0, 0)
    mandate = mandated(world, scope=["application"])
    assert numbered() == (1, 0)
    assert world.core.tick() == 2
    world.settle()
    assert numbered() == (3, 0)
    world.now += A_SECOND
    withdraw(world, "/mandates", mandate)
    assert numbered() == (3, 1)
    assert world.core.tick() == 2
    world.settle()
    assert numbered() == (3, 3) and world.core.tick() == 0
