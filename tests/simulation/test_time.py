"""What happens because time passes: authorisations begin and end, a day's stream key is destroyed."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from adapters.stores.tables import log, records
from adapters.streams.log import STREAM_KEY
from bench.documents import CLAIMLINK, HOSPITAL, INSURER, OPERATOR
from schemas.records import Kind
from services.sandbox.scenario import generate
from tests.servers.places import Place
from tests.simulation.world import NOW, World


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    world = World(place)
    yield world
    world.close()


def numbers(world: World) -> list[tuple[int, str, bool]]:
    """Number, type and whether there is content, of every event of the insurer's feed."""
    with world.core.database.write() as tx:
        events = world.core.feed.page(tx, INSURER, 0, 100, world.now)
    return [(event["offernumber"], event["type"].split(".")[-1], "papers" in event["data"]) for event in events]


def filed(world: World, start: str, end: str | None, uses: str = "multiple") -> None:
    """A document and a reviewed authorisation for it with this period."""
    document = next(item for item in generate(31, 20) if item.path == "/fhir/Bundle" and item.sender == HOSPITAL)
    subject = document.truths[0].persons[0]
    world.post(Kind.DOCUMENT, HOSPITAL, "POST", "/fhir/Bundle", document.body)
    visit = next(
        entry["resource"]["period"]["start"][:10]
        for entry in json.loads(document.body)["entry"]
        if entry["resource"]["resourceType"] == "Encounter"
    )
    body = {
        "id": "time-1",
        "version": 1,
        "grantor": {"identifier": subject, "name": "祝映青", "role": "self"},
        "subject": {"identifier": subject, "name": "祝映青"},
        "subjectRole": "insured",
        "recipients": [INSURER],
        "purpose": "life-health",
        "classes": ["certificate", "receipt", "laboratory", "operation", "imaging", "medical-record"],
        "period": {"start": start} | ({"end": end} if end else {}),
        "uses": uses,
        "loss": {"kind": "medical", "hospital": HOSPITAL, "date": visit},
        "basis": "written-consent",
        "evidence": {"kind": "signed-form", "reference": "time"},
    }
    record = world.post(Kind.AUTHORISATION, CLAIMLINK, "POST", "/authorisations", json.dumps(body).encode())
    path = f"/authorisations/{record}/review"
    world.post(Kind.REVIEW, OPERATOR, "POST", path, b'{"decision": "approve", "reason": "ok"}', record)


def test_an_authorisation_begins_and_ends_by_itself(world: World) -> None:
    filed(world, start="2026-11-23", end="2026-11-25")
    assert numbers(world) == []
    world.now = NOW + timedelta(days=1)
    world.core.tick()
    world.settle()
    assert numbers(world) == []
    world.now = NOW + timedelta(days=2)
    assert world.core.tick() == 1
    world.settle()
    assert numbers(world) == [(1, "offer", True)]
    world.now = NOW + timedelta(days=5)
    assert numbers(world) == [(1, "offer", False)], "past its period nothing is handed over, due row or not"
    assert world.core.tick() == 1
    world.settle()
    assert numbers(world) == [(1, "offer", False), (2, "withdrawn", False)]


def test_an_old_day_of_the_log_is_destroyed_once_every_step_is_past(world: World) -> None:
    filed(world, start="2026-01-01", end=None)
    keys = world.core.keys
    assert keys.names(STREAM_KEY) == [STREAM_KEY + "2026-11-21"]
    world.now = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)
    world.core.tick()
    assert keys.names(STREAM_KEY) == [STREAM_KEY + "2026-11-21"], "its days are not over"
    world.now = datetime(2026, 11, 24, tzinfo=UTC)
    world.core.tick()
    assert keys.names(STREAM_KEY) == []
    with world.core.database.read() as tx:
        assert tx.execute(select(func.count()).select_from(log)).scalar() == 0
    assert numbers(world) == [(1, "offer", True)], "the store and the feed do not need the log"


def test_a_day_that_a_step_still_needs_is_kept(world: World) -> None:
    document = next(item for item in generate(31, 20) if item.path == "/fhir/Bundle" and item.sender == HOSPITAL)
    world._enter(world.core, document, None)
    world.now = NOW + timedelta(days=10)
    world.core.tick()
    assert world.core.keys.names(STREAM_KEY) == [STREAM_KEY + "2026-11-21"]
    world.settle()
    with world.core.database.read() as tx:
        assert tx.execute(select(records.c.outcome)).scalar_one() in ("accepted", "rejected")


def test_a_new_post_makes_a_new_days_key(world: World) -> None:
    filed(world, start="2026-01-01", end=None)
    world.now = NOW + timedelta(days=1)
    document = [item for item in generate(32, 20) if item.path == "/fhir/Bundle" and item.sender == HOSPITAL][0]
    world.post(Kind.DOCUMENT, HOSPITAL, "POST", "/fhir/Bundle", document.body)
    assert world.core.keys.names(STREAM_KEY) == [STREAM_KEY + "2026-11-21", STREAM_KEY + "2026-11-22"]
