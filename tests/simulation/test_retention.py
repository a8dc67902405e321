"""Records end by time as the retention table says: with all versions at once, their offers withdrawn, only the receipt kept."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, func, select

from adapters.stores import records as stored
from adapters.stores.archive import RECORD_KEY
from adapters.stores.journal import What
from adapters.stores.tables import bodies, dead_letters, links, log, offers, records
from bench.documents import HOSPITAL
from schemas.records import Kind, Outcome
from services import due
from services.hub.retention import GOVERNING, TEN_YEARS, TWO_YEARS
from services.pipeline import VALIDATION
from services.portal.comparing import compare
from services.portal.watching import steps_of
from services.recovery.worker import Recovery
from services.sandbox.filings import pdf
from services.sandbox.scenario import generate
from tests.integration import bodies as applied
from tests.servers.places import Place
from tests.simulation import test_mandates as mandated
from tests.simulation.test_copies import HERE, A, consent, fetched, paper
from tests.simulation.test_time import filed, numbers
from tests.simulation.world import NOW, World

HALF_A_YEAR = timedelta(days=180)
MOMENT = timedelta(microseconds=1)
RECEIPT = {"seq", "record", "attempt", "kind", "sender", "role", "method", "path", "sha256", "size", "media_type", "received",
           "target", "parent", "first_line", "last_line", "outcome", "judged", "judged_at", "original", "version",
           "standing", "lineage", "accepted", "erased", "wanted"}  # fmt: skip


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    world = World(place)
    yield world
    world.close()


def rows(world: World) -> dict[str, Row[Any]]:
    with world.core.database.read() as tx:
        return {row.record: row for row in tx.execute(select(records)).all()}


def pass_to(world: World, moment: datetime) -> None:
    """The clock ticks at that time until nothing ends any more."""
    world.now = moment
    while world.core.tick():
        world.settle()


def differences(world: World) -> list[object]:
    core = world.core
    steps = steps_of(core.handlers, VALIDATION)
    places = (core.database, core.log, core.keys, core.journal)
    found: list[object] = compare(*places, steps, world.now + timedelta(hours=1))["differences"]
    return found


def test_everything_ends_when_its_line_says_and_leaves_its_receipt(world: World) -> None:
    world.send(list(generate(41, 12)))
    before = rows(world)
    rejected = {one for one, row in before.items() if row.outcome == Outcome.REJECTED}
    assert rejected and {row.outcome for row in before.values()} >= {"accepted", "duplicate"}
    pass_to(world, NOW + HALF_A_YEAR)
    assert not any(row.erased for row in rows(world).values()), "exactly half a year is kept"
    pass_to(world, NOW + HALF_A_YEAR + MOMENT)
    assert {one for one, row in rows(world).items() if row.erased} == rejected
    assert differences(world) == []
    pass_to(world, NOW + TEN_YEARS)
    assert {one for one, row in rows(world).items() if row.erased} == rejected
    pass_to(world, NOW + TEN_YEARS + MOMENT)
    after = rows(world)
    assert after.keys() == before.keys()
    for record, row in after.items():
        kept = {name for name, value in row._mapping.items() if value is not None}
        assert row.erased and kept <= RECEIPT, kept - RECEIPT
        assert all(row._mapping[name] == before[record]._mapping[name] for name in ("sha256", "received", "judged_at"))
    with world.core.database.read() as tx:
        for table in (bodies, links):
            assert tx.execute(select(func.count()).select_from(table)).scalar() == 0
        standing = select(offers).where(offers.c.type == "claims.offer", offers.c.taken_back_by.is_(None))
        assert tx.execute(standing).all() == []
        assert tx.execute(select(func.count()).select_from(offers)).scalar_one() > 10
    assert world.core.keys.names(RECORD_KEY) == []
    assert differences(world) == []


def test_an_insurer_is_told_that_its_offer_has_ended(world: World) -> None:
    filed(world, start="2026-01-01", end=None)
    assert numbers(world) == [(1, "offer", True)]
    pass_to(world, NOW + TEN_YEARS + MOMENT)
    assert numbers(world) == [(1, "offer", False), (2, "withdrawn", False)]


def test_a_document_ends_with_the_last_of_its_versions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was taken back before its earlier version came is not shown again when the taking back is ten years old."""
    first, second = pdf("first"), pdf("second")
    consent(world, A, HERE)
    gone = world.upload("CL01", paper("1", [A], HERE, None, 2) | {"status": "entered-in-error"}, second)
    world.now = NOW + timedelta(days=9)
    late = world.upload("CL01", paper("1", [A], HERE, None, 1), first)
    governing = [one for one, row in rows(world).items() if row.kind in GOVERNING]
    pass_to(world, NOW + TEN_YEARS + timedelta(days=8))
    assert all(rows(world)[one].erased for one in governing) and world.core.tick() == 0
    assert {one: rows(world)[one].erased for one in (gone, late)} == {gone: 0, late: 0}
    assert not fetched(world, first)
    monkeypatch.setattr(due, "EXPIRE_AT_ONCE", 1)
    world.now = NOW + TEN_YEARS + timedelta(days=9) + MOMENT
    assert world.core.tick() == 1, "one version is named, and all go"
    world.settle()
    assert {one: rows(world)[one].erased for one in (gone, late)} == {gone: 1, late: 1}
    assert differences(world) == []


def judged_dead(world: World, record: str) -> None:
    """As when a step of ours failed on it."""
    with world.core.database.write() as tx:
        stored.mark_dead(tx, "hub", "event", record, "ValueError", NOW)


def test_our_own_failures_are_kept_two_years(world: World) -> None:
    filed(world, start="2026-01-01", end=None)
    record = next(record for record, row in rows(world).items() if row.kind == Kind.DOCUMENT)
    judged_dead(world, record)
    pass_to(world, NOW + TWO_YEARS)
    assert not rows(world)[record].erased
    pass_to(world, NOW + TWO_YEARS + MOMENT)
    assert rows(world)[record].erased
    assert differences(world) == [], "nothing is left of it to be redriven"


def test_what_was_judged_anew_since_the_clock_looked_is_kept(world: World) -> None:
    body = next(one.body for one in generate(31, 20) if one.path == "/fhir/Bundle" and one.sender == HOSPITAL)
    record = world.post(Kind.DOCUMENT, HOSPITAL, "POST", "/fhir/Bundle", body)
    judged_dead(world, record)
    world.now = NOW + TWO_YEARS + MOMENT
    assert world.core.tick() == 1  # the event waits for the hub
    assert world.post(Kind.DOCUMENT, HOSPITAL, "POST", "/fhir/Bundle", body) == record
    row = rows(world)[record]
    assert (row.erased, row.outcome, row.attempt, row.judged) == (0, "accepted", 2, 2)
    with world.core.database.read() as tx:
        assert world.core.archive.body(tx, record) == body


def test_a_hub_that_is_down_is_asked_once_a_day(world: World) -> None:
    world.send(list(generate(42, 6)))
    world.now = NOW + TEN_YEARS + MOMENT
    asked = world.core.tick()
    assert asked > 10 and world.core.tick() == 0
    world.now += timedelta(days=1)
    assert world.core.tick() == asked
    world.settle()
    left = {row.kind for row in rows(world).values() if not row.erased}
    assert left <= {Kind.MANDATE}, "those that something was filed under until now go a day later"
    pass_to(world, world.now + timedelta(days=1))
    assert all(row.erased for row in rows(world).values())
    with world.core.database.read() as tx:
        assert tx.execute(select(func.count()).select_from(dead_letters)).scalar() == 0
        assert tx.execute(select(func.count()).select_from(log).where(log.c.topic == "due")).scalar_one() >= 2 * asked


def test_what_the_hub_failed_on_stands_in_nobodys_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.send(list(generate(42, 6)))
    expire, failed = world.core.hub._expire, {}
    monkeypatch.setattr(due, "EXPIRE_AT_ONCE", 1)

    def broken(tx: Any, record: str, now: datetime) -> Any:
        """Raises at the first document of each line of the table, whichever of its versions is named."""
        row = rows(world)[record]
        document = row.lineage or record
        if failed.setdefault((row.kind in GOVERNING, row.outcome == Outcome.REJECTED), document) == document:
            raise ValueError
        return expire(tx, record, now)

    with monkeypatch.context() as breaking:
        breaking.setattr(world.core.hub, "_expire", broken)
        pass_to(world, NOW + TEN_YEARS + MOMENT)
    left = {row.lineage or record: row for record, row in rows(world).items() if not row.erased}
    assert len(failed) == 3 and left.keys() >= set(failed.values())
    waiting = {name for name, row in left.items() if row.kind == Kind.MANDATE}  # for what was filed under them
    assert left.keys() - waiting <= set(failed.values())
    pass_to(world, world.now + timedelta(days=1))
    pass_to(world, world.now + timedelta(days=1))
    assert all(row.erased for row in rows(world).values())


def test_what_the_hub_failed_on_is_asked_for_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.send(list(generate(42, 2)))
    world.now = NOW + TEN_YEARS + MOMENT
    with monkeypatch.context() as broken:
        broken.setattr(world.core.hub, "_expire", None)
        world.core.tick()
        world.settle()
    before = rows(world)
    assert not any(row.erased for row in before.values())
    assert {row.outcome for row in before.values()} <= {"accepted", "duplicate", "rejected"}, "no verdict is touched"
    assert {json.dumps(one, default=str) for one in differences(world) if one["what"] == "dead-letter"}  # type: ignore[index]
    pass_to(world, world.now + timedelta(days=1))
    assert all(row.erased for row in rows(world).values())
    assert differences(world) == []


NINE_YEARS = timedelta(days=3287)


def left(world: World, *named: str) -> list[bool]:
    found = rows(world)
    return [not found[record].erased for record in named]


def an_application(world: World, number: int, **changes: Any) -> str:
    body = applied.application(number, **changes)
    return world.post(Kind.APPLICATION, applied.CLAIMLINK, "POST", "/claimlink/applications", body)


@pytest.mark.parametrize("late", ["paper", "application"])
def test_a_claim_that_is_pursued_keeps_everything_of_its_case(world: World, late: str) -> None:
    """Evidence of the first year is needed for what is decided in the eleventh."""
    first = mandated.upload(world, 1)
    given = mandated.give(world, "/authorisations", applied.authorisation(1))
    mandated.review(world, "/authorisations", given)
    other = mandated.upload(world, 2)  # of another accident, of which nobody claims anything
    claim = an_application(world, 1) if late == "paper" else ""
    world.now = NOW + NINE_YEARS
    last = (
        world.upload(applied.CLAIMLINK, applied.metadata(1, id="late", numbers={}), applied.scan(11)) if claim else ""
    )
    claim = claim or an_application(world, 1)
    case = [one for one in (first, given, claim, last) if one]
    assert len({rows(world)[one].case_number for one in case}) == 1
    pass_to(world, NOW + TEN_YEARS + MOMENT)
    assert left(world, other, *case) == [False, *[True] * len(case)]
    assert differences(world) == [], "and nobody is asked for it every day"
    pass_to(world, NOW + NINE_YEARS + TEN_YEARS)
    assert all(left(world, *case))
    pass_to(world, NOW + NINE_YEARS + TEN_YEARS + MOMENT)
    assert not any(left(world, *case)), "for ten years nothing came to it"
    assert differences(world) == []


def test_a_claim_that_is_taken_back_keeps_nothing(world: World) -> None:
    first, claim = mandated.upload(world, 1), an_application(world, 1)
    world.now = NOW + NINE_YEARS
    taken_back = an_application(world, 1, version=2, status="entered-in-error")
    last = world.upload(applied.CLAIMLINK, applied.metadata(1, id="late", numbers={}), applied.scan(11))
    pass_to(world, NOW + TEN_YEARS + MOMENT)
    assert left(world, first, claim, taken_back, last) == [False, True, True, True], "a document ends as one"


def test_the_clock_looks_and_the_hub_decides_the_same(world: World) -> None:
    """What came to the case between the two keeps all of it."""
    first = mandated.upload(world, 1)
    an_application(world, 1)
    world.now = NOW + TEN_YEARS + MOMENT
    assert world.core.tick()
    world.core.host.turn(next(one for one in world.core.handlers if one.name == "deduplication"))
    with world.core.database.write() as tx:
        tx.execute(records.update().where(records.c.kind == "application").values(judged_at=stored.stamp(world.now)))
    world.settle()
    assert left(world, first) == [True]


def test_a_mandate_is_kept_as_long_as_what_was_filed_under_it(world: World) -> None:
    given = mandated.mandated(world, 1)
    unused = mandated.mandated(world, 2)
    world.now = NOW + NINE_YEARS
    claim = an_application(world, 1, agent=applied.agent(1))
    pass_to(world, NOW + TEN_YEARS + MOMENT)
    assert left(world, given, unused, claim) == [True, False, True]
    world.now += timedelta(days=1)
    assert world.core.tick() == 0, "and nobody is asked for it every day"
    pass_to(world, NOW + NINE_YEARS + TEN_YEARS + MOMENT)
    assert left(world, given, claim) == [False, False]
    assert differences(world) == []


def recognised(world: World, record: str) -> set[str]:
    """By what the journal still knows a record that took something away."""
    (entry,) = (one for one in world.core.journal.words() if one.what == What.TAKEN and one.subject == record)
    return {name for name in ("identity", "content") if entry.detail.get(name)}


@pytest.mark.parametrize("by", ["word", "time"])
def test_the_journal_forgets_what_an_erased_record_was_recognised_by(world: World, by: str) -> None:
    first = mandated.give(world, "/authorisations", applied.authorisation(1))
    later = mandated.give(world, "/authorisations", applied.authorisation(1, version=2))
    other = mandated.give(world, "/mandates", applied.mandate(2))
    kept = mandated.give(world, "/mandates", applied.mandate(2, version=2))
    assert recognised(world, later) == {"identity"} and first != later != other
    if by == "word":
        world.judge("erase", [later])
        assert recognised(world, kept) == {"identity"}, "of no other one"
    else:
        pass_to(world, NOW + TEN_YEARS + MOMENT)
        assert recognised(world, kept) == set()
    assert recognised(world, later) == set()
    core = world.core
    core.database.commit(lambda tx: Recovery(core.keys, core.archive, core.journal, world.now).run(tx))
    assert rows(world)[later].erased
