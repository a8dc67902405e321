"""An erasure that overtakes an attempt at the record that it erases: nothing of it is kept anew."""

import hashlib
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from adapters.stores.archive import RECORD_KEY
from adapters.stores.tables import bodies, records
from adapters.telemetry import spans
from bench.documents import HOSPITAL
from schemas.records import Kind
from services.intake.book import Book, Submission
from services.sandbox.scenario import generate
from services.validation import worker
from tests.servers.places import Place
from tests.simulation.world import ROLE_OF, World


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    world = World(place)
    yield world
    world.close()


def enter(
    world: World, kind: Kind, sender: str, path: str, media_type: str, body: bytes, blob: str | None = None
) -> str:
    """A record that stands in the log and nowhere else; its id."""
    sha256 = hashlib.sha256(body).hexdigest()
    one = Submission(
        kind,
        sender,
        ROLE_OF[sender],
        "POST",
        path,
        media_type,
        b"" if blob else body,
        sha256,
        sha256,
        len(body),
        blob=blob,
    )
    return Book(world.core.host, world.core.archive, world.core.clock).enter([one])[0].record.id


def document(world: World, body: bytes, blob: str | None = None) -> str:
    return enter(world, Kind.DOCUMENT, HOSPITAL, "/fhir/Bundle", "application/fhir+json", body, blob)


def erasing(world: World, record: str) -> None:
    body = {"id": "j-erase", "version": 1, "judgement": "erase", "records": [record], "reason": "test"}
    enter(world, Kind.JUDGEMENT, "operator-1", "/judgements", "application/json", json.dumps(body).encode())


def turn(world: World, name: str) -> None:
    (handler,) = (one for one in world.core.handlers if one.name == name)
    assert world.core.host.turn(handler)


def check_gone(world: World, record: str, outcome: str) -> None:
    with world.core.database.read() as tx:
        row = tx.execute(select(records).where(records.c.record == record)).one()
        assert tx.execute(select(bodies).where(bodies.c.record == record)).first() is None
    assert (row.erased, row.outcome, row.judged) == (1, outcome, row.attempt)
    assert (row.identity, row.content, row.lineage, row.case_number) == (None, None, None, None)
    assert not world.core.keys.get([RECORD_KEY + record])


def right() -> bytes:
    return next(one.body for one in generate(31, 20) if one.path == "/fhir/Bundle" and one.sender == HOSPITAL)


def test_a_further_attempt_under_way_brings_nothing_back(world: World) -> None:
    wrong = json.dumps({**json.loads(right()), "timestamp": "never"}).encode()
    record = document(world, wrong)
    world.settle()
    erasing(world, record)
    world.core.validate_here()
    turn(world, "deduplication")
    assert document(world, wrong) == record  # not erased yet: a second attempt
    world.core.validate_here()
    turn(world, "hub")  # erases
    turn(world, "deduplication")
    world.settle()
    check_gone(world, record, "rejected")


@pytest.mark.parametrize("large", [False, True])
def test_a_first_attempt_that_is_slow_to_be_judged_lets_nothing_in(world: World, large: bool) -> None:
    """As one that waits behind other large records, whose bytes rest in a file: the file is gone when its turn comes."""
    body, blob = right(), None
    if large:
        blob = "0" * 32
        with world.core.archive.blobs.writer(blob, world.core.archive.blob_key(blob)) as file:
            file.write(body)
    record = document(world, body, blob)
    erasing(world, record)
    step = world.core.validation
    _, (slow, quick) = step.ahead(step.position(), 10)
    jobs = step.jobs([quick])
    answers = step.answers([quick], jobs, worker.work(jobs))  # type: ignore[arg-type]
    step.commit([([quick], answers, spans.now())], step.position())
    assert slow[1].event.record.id == record  # type: ignore[union-attr]
    turn(world, "deduplication")
    turn(world, "hub")
    world.settle()
    check_gone(world, record, "rejected")
