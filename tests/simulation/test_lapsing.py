"""A basis ends while another lets the same paper go: what went by the first is taken back, and goes again by the second."""

import json
from collections.abc import Iterator

import pytest

from adapters.stores import reconciling, records
from schemas.records import Kind
from tests.integration import bodies
from tests.integration.bodies import CLAIMLINK, INSURER, OPERATOR, OTHER_CLAIMLINK
from tests.servers.places import Place
from tests.simulation.world import NOW, World


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    world = World(place)
    yield world
    world.close()


def authorise(world: World, name: str, body: bytes | None = None) -> str:
    """An approved authorisation, of the same person for the same loss unless another is given; its record."""
    body = body or bodies.authorisation(1, id=name)
    record = world.post(Kind.AUTHORISATION, CLAIMLINK, "POST", "/authorisations", body)
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


def test_an_erased_copy_takes_its_persons_with_it(world: World) -> None:
    """A copy is about the persons of both: what told of a person whom only the erased one named is taken back."""
    file, (one, other) = bodies.scan(1), (bodies.metadata(1), bodies.metadata(2))
    world.upload(CLAIMLINK, one, file)
    both = one | {"id": "copy", "persons": [*one["persons"], *other["persons"]]}
    copy = world.upload(OTHER_CLAIMLINK, both, file)
    authorise(world, "first")
    loss = json.loads(bodies.authorisation(1))["loss"]
    authorise(world, "second", bodies.authorisation(2, id="second", loss=loss))
    assert told(world) == {*both["persons"]}
    world.judge("erase", [copy])
    assert told(world) == {*one["persons"]}


def told(world: World) -> set[str]:
    """Everybody whom the feed names, as it is handed over now."""
    with world.core.database.write() as tx:
        events = world.core.feed.page(tx, INSURER, 0, 100, world.now)
    return {person for event in events for paper in event["data"].get("papers", ()) for person in paper["persons"]}


def bases(world: World, number: int) -> set[str]:
    """The authorisations that an offer goes by."""
    with world.core.database.write() as tx:
        event = world.core.feed.page(tx, INSURER, number - 1, 1, world.now)[0]
    return {one["authorisation"] for paper in event["data"]["papers"] for one in paper["basis"]}
