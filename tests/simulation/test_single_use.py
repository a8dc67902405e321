"""A single use stays one while its case gets another number or loses others; it is not made a second time elsewhere."""

import hashlib
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from adapters.stores import records
from adapters.stores.tables import uses
from schemas.records import Kind
from tests.integration import bodies
from tests.integration.bodies import CLAIMLINK, INSURER
from tests.integration.recovering import Lossy
from tests.servers.places import Place
from tests.simulation.test_mandates import give, mandated, review, upload, withdraw
from tests.simulation.world import A_SECOND, World

PAPER = hashlib.sha256(bodies.scan(1)).hexdigest()
OTHER_LOSS = {"kind": "motor", "date": "2025-06-03", "plate": bodies.plate(77)}


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    world = World(place, pace=A_SECOND)
    yield world
    world.close()


def apply(world: World, **changes: object) -> str:
    value = json.loads(bodies.application(1)) | changes
    return world.post(Kind.APPLICATION, CLAIMLINK, "POST", "/claimlink/applications", bodies.dump(value))


def authorised(world: World, **changes: object) -> str:
    record = give(world, "/authorisations", bodies.authorisation(1, uses="single", **changes))
    review(world, "/authorisations", record)
    return record


def number_of(world: World, record: str) -> str | None:
    with world.core.database.read() as tx:
        return records.by_ids(tx, [record])[record].case_number


def held(world: World) -> set[str]:
    """The cases in which the insurer holds the paper now."""
    with world.core.database.write() as tx:
        events = world.core.feed.page(tx, INSURER, 0, 100, world.now)
    shown = {event["data"]["case"]: event["data"]["papers"] for event in events if "papers" in event["data"]}
    return {case for case, papers in shown.items() if PAPER in {paper["sha256"] for paper in papers}}


def noted(world: World) -> set[str]:
    """The cases of the uses made."""
    with world.core.database.read() as tx:
        return set(tx.execute(select(uses.c.case_number)).scalars())


def test_the_use_goes_with_its_case_when_the_founder_was_nobodys(world: World) -> None:
    mandate = mandated(world, scope=["application"])
    founder = apply(world, agent=bodies.agent(1))
    paper = upload(world, 1)
    authorised(world)
    old = number_of(world, founder)
    assert held(world) == noted(world) == {old}
    withdraw(world, "/mandates", mandate)
    new = number_of(world, paper)
    assert number_of(world, founder) == old != new, "the number stays with the record that founded the case"
    assert held(world) == noted(world) == {new}
    mandated(world, id="another", scope=["application"])
    assert held(world) == noted(world) == {old}, "with its number the founder brings the case back"


def test_the_use_goes_with_its_case_when_the_founder_is_corrected(world: World) -> None:
    founder = apply(world)
    paper = upload(world, 1)
    authorised(world)
    somebody = {"identifier": bodies.agent(9)["identifier"], "name": "別人"}
    elsewhere = {"loss": OTHER_LOSS, "vehicles": [{"plate": OTHER_LOSS["plate"], "driver": somebody}]}
    apply(world, version=2, applicant=somebody, injured=[somebody], policeCaseNumber="A000000099", **elsewhere)
    new = number_of(world, paper)
    assert number_of(world, founder) != new
    assert held(world) == noted(world) == {new}


def test_an_operator_who_takes_a_case_apart_and_together_uses_nothing_up(world: World) -> None:
    founder = apply(world)
    paper = upload(world, 1)
    authorisation = authorised(world)
    old = number_of(world, founder)
    for other in (paper, authorisation):
        world.judge("not-same", [founder, other])
    new = number_of(world, paper)
    assert new == number_of(world, authorisation) != old
    assert held(world) == noted(world) == {new}
    for other in (paper, authorisation):
        world.judge("same", [founder, other])
    assert held(world) == noted(world) == {old}


def test_a_corrected_authorisation_makes_no_second_use_in_another_case(world: World) -> None:
    """The paper goes with it by an operator's word, and would go to the insurer again."""
    founder = apply(world)
    paper = upload(world, 1)
    authorisation = authorised(world)
    old = number_of(world, founder)
    world.judge("same", [paper, authorisation])
    assert held(world) == noted(world) == {old}
    authorised(world, version=2, loss=OTHER_LOSS)
    assert number_of(world, founder) == old != number_of(world, paper) == number_of(world, authorisation)
    assert held(world) == set() and noted(world) == {old}
    world.judge("same", [founder, paper])
    assert held(world) == noted(world) == {old}, "where it was made it stands"


def test_after_a_restore_it_goes_again_whatever_number_the_case_gets_now(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The journal knows the use by a number that the records, sent again in another order, do not found."""
    world, lossy = World(place, pace=A_SECOND), Lossy(place)
    backup = lossy.back_up(tmp_path_factory.mktemp("backup") / "out")
    founder = apply(world)
    upload(world, 1)
    authorised(world)
    old = number_of(world, founder)
    assert held(world) == noted(world) == {old}
    world.close()
    lossy.lose_store()
    lossy.put_back(backup)
    world = World(place, pace=A_SECOND)
    paper = upload(world, 1)
    authorisation = authorised(world)
    apply(world)
    new = number_of(world, paper)
    assert new == number_of(world, founder) != old
    assert held(world) == {new} and noted(world) == {old, new}
    for other in (paper, authorisation):
        world.judge("not-same", [founder, other])
    assert number_of(world, founder) == old, "a case again"
    assert held(world) == {new}
    world.close()
