"""A mandate that a restore finds erased, or whose evidence opens no more: what rests on it is told anew at once, and none of it
is lost for good."""

from collections.abc import Iterator

import pytest

from adapters.stores import records
from adapters.stores.archive import RECORD_KEY
from adapters.stores.journal import Entry, What
from schemas.records import Kind
from services.deduplication.worker import OF_ERASED
from services.recovery.worker import Recovered, Recovery
from tests.integration import bodies
from tests.integration.bodies import CLAIMLINK
from tests.servers.places import Place
from tests.simulation.test_mandates import feed, flowing, give, mandated
from tests.simulation.world import NOW, World

GONE = [(1, "offer", False), (2, "withdrawn", False)]


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    world = World(place)
    yield world
    world.close()


def recover(world: World) -> Recovered:
    """As `claims restore` does before anything starts, and then the clock and every step."""
    core, told = world.core, []
    core.database.commit(lambda tx: told.append(Recovery(core.keys, core.archive, core.journal, NOW).run(tx)))
    world.core.tick()
    world.settle()
    return told[-1]


def journal_erasure(world: World, record: str) -> None:
    """An erasure of which the store that was put back knows nothing."""
    with world.core.database.read() as tx:
        row = records.by_ids(tx, [record])[record]
    detail = records.columns(records.envelope(row)) | {name: getattr(row, name) for name in OF_ERASED} | {"blob": None}
    world.core.journal.write([Entry(What.ERASED, record, records.stamp(NOW), detail)])


def lose_key(world: World, record: str) -> None:
    world.core.keys.destroy([RECORD_KEY + record])


@pytest.mark.parametrize("of", ["authorisation", "application"])
def test_an_erased_mandate_ends_what_rests_on_it(world: World, of: str) -> None:
    record = flowing(world) if of == "authorisation" else filed(world)
    assert feed(world) == [(1, "offer", True)]
    journal_erasure(world, record)
    assert recover(world).erased == {record}
    assert feed(world) == GONE, "and not only refused when it is asked for"
    assert recover(world).erased == set() and feed(world) == GONE, "done again it changes nothing"


@pytest.mark.parametrize("of", ["authorisation", "application"])
def test_a_mandate_that_opens_no_more_holds_again_once_it_is_sent_again(world: World, of: str) -> None:
    record = flowing(world) if of == "authorisation" else filed(world)
    lose_key(world, record)
    assert feed(world) == [(1, "offer", False)], "nothing is handed over meanwhile"
    assert recover(world).lost == {record}
    assert feed(world) == GONE
    again = give(world, "/mandates", bodies.mandate(1))
    assert again == record
    assert feed(world) == [*GONE, (3, "offer", True)], "its review stands, its evidence is here again"


def test_another_mandate_of_the_same_two_goes_on(world: World) -> None:
    record = filed(world)
    mandated(world, id="second")
    journal_erasure(world, record)
    recover(world)
    assert [content for *_, content in feed(world)][-1], "what the other one carries"


def test_a_lost_correction_lets_the_earlier_version_not_stand(world: World) -> None:
    record = flowing(world)
    later = give(world, "/mandates", bodies.mandate(1, version=2))
    assert feed(world) == GONE, "not reviewed"
    lose_key(world, later)
    recover(world)
    assert feed(world) == GONE and record != later


def filed(world: World) -> str:
    """An application by an agent under his mandate; the mandate's record."""
    record = mandated(world)
    body = bodies.application(1, agent=bodies.agent(1))
    world.post(Kind.APPLICATION, CLAIMLINK, "POST", "/claimlink/applications", body)
    return record
