"""A basis ends while another lets the same paper go: what went by the first is taken back, and goes again by the second."""

from collections.abc import Iterator

import pytest

from adapters.stores import reconciling, records
from schemas.records import Kind
from tests.integration import bodies
from tests.integration.bodies import CLAIMLINK, INSURER, OPERATOR
from tests.servers.places import Place
from tests.simulation.world import NOW, World


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    world = World(place)
    yield world
    world.close()


def authorise(world: World, name: str) -> str:
    """An approved authorisation of the same person for the same loss; its record."""
    record = world.post(Kind.AUTHORISATION, CLAIMLINK, "POST", "/authorisations", bodies.authorisation(1, id=name))
    world.post(Kind.REVIEW, OPERATOR, "POST", f"/authorisations/{record}/review", bodies.review(), record)
    return record


def test_a_paper_goes_on_by_another_authorisation(world: World) -> None:
    world.upload(CLAIMLINK, bodies.metadata(1), bodies.scan(1))
    given = {authorise(world, name) for name in ("first", "second")}
    (used,) = bases(world, 1)
    world.post(Kind.WITHDRAWAL, CLAIMLINK, "DELETE", f"/authorisations/{used}", b"", used)

    with world.core.database.write() as tx:
        withdrawn, again = world.core.feed.page(tx, INSURER, 1, 10, world.now)
    assert withdrawn["data"]["withdraws"] == [1]
    assert [one["authorisation"] for paper in again["data"]["papers"] for one in paper["basis"]] == [*given - {used}]
    with world.core.database.read() as tx:
        told = list(reconciling.differences(tx, records.stamp(NOW), {}))
    assert [what for what, *_ in told if what == "offer-without-consent"] == []


def bases(world: World, number: int) -> set[str]:
    """The authorisations that an offer goes by."""
    with world.core.database.write() as tx:
        event = world.core.feed.page(tx, INSURER, number - 1, 1, world.now)[0]
    return {one["authorisation"] for paper in event["data"]["papers"] for one in paper["basis"]}
