"""A's consent never releases what is about B, whoever files which copy, under which loss, in which order."""

import hashlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.stores.tables import records
from schemas.records import Kind
from services.sandbox.filings import pdf
from services.sandbox.persons import national_id
from tests.simulation.world import NOW, World

A, B = national_id(101), national_id(202)
INSURER = "82916473"
HERE = {"kind": "motor", "date": "2025-09-03", "plate": "MNP-5678"}
ELSEWHERE = {"kind": "motor", "date": "2025-06-01", "plate": "ZZZ-0001"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def paper(id: str, persons: list[str], loss: dict[str, str], number: str | None, version: int = 1) -> dict[str, object]:
    value: dict[str, object] = {"id": id, "version": version, "kind": "certificate", "persons": persons}
    value |= {"classes": ["certificate"], "issuer": "1131990017", "issued": "2025-09-10", "loss": loss}
    return value | ({"numbers": {"certificate": number}} if number else {})


def consent(world: World, subject: str, loss: dict[str, str]) -> None:
    who = {"identifier": subject, "name": "祝映青"}
    body = {
        "id": f"c-{subject}",
        "version": 1,
        "grantor": {**who, "role": "self"},
        "subject": who,
        "subjectRole": "injured",
        "recipients": [INSURER],
        "purpose": "motor-compulsory",
        "classes": ["certificate"],
        "period": {"start": "2025-01-01"},
        "uses": "multiple",
        "loss": loss,
        "basis": "written-consent",
        "evidence": {"kind": "signed-form", "reference": "copies"},
    }
    record = world.post(Kind.AUTHORISATION, "CL01", "POST", "/authorisations", json.dumps(body).encode())
    path = f"/authorisations/{record}/review"
    world.post(Kind.REVIEW, "operator-1", "POST", path, b'{"decision": "approve", "reason": "ok"}', record)


def fetched(world: World, file: bytes) -> bool:
    with world.core.database.write() as tx:
        return world.core.feed.paper(tx, INSURER, hashlib.sha256(file).hexdigest(), NOW) is not None


def outcome(world: World, record: str) -> str:
    with world.core.database.read() as tx:
        return tx.execute(select(records.c.outcome).where(records.c.record == record)).scalar_one()


FIRST, SECOND = pdf("first"), pdf("second")
COPIES = {
    "same number, another loss": (
        ("CL01", paper("1", [A, B], HERE, "K1"), FIRST),
        ("CL02", paper("2", [A], ELSEWHERE, "K1"), SECOND),
    ),
    "same bytes, same loss": (
        ("CL01", paper("1", [B], HERE, "K1"), FIRST),
        ("CL02", paper("2", [A], HERE, None), FIRST),
    ),
    "same bytes, another loss": (
        ("CL01", paper("1", [B], HERE, None), FIRST),
        ("CL02", paper("2", [A], ELSEWHERE, None), FIRST),
    ),
    "a duplicate that drops a person": (
        ("CL01", paper("1", [A, B], HERE, None), FIRST),
        ("CL01", paper("2", [A], HERE, None, 2), FIRST),
    ),
}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_about_the_persons_of_both(world: World, name: str, order: tuple[int, ...]) -> None:
    first, second = COPIES[name]
    loss = second[1]["loss"]
    steps = [lambda: world.upload(*first), lambda: world.upload(*second), lambda: consent(world, A, loss)]  # type: ignore[arg-type]
    for step in order:
        steps[step]()
    assert not fetched(world, first[2])
    assert not fetched(world, second[2])
    consent(world, B, loss)  # type: ignore[arg-type]
    assert fetched(world, second[2]), "with both consents it goes: the test can tell"


def test_a_withdrawal_cannot_be_erased_nor_one_document_judged_apart(world: World) -> None:
    one = world.upload("CL01", paper("1", [A], HERE, None), FIRST)
    gone = world.upload("CL01", paper("1", [A], HERE, None, 2) | {"status": "entered-in-error"}, FIRST)
    for judgement, named in (("erase", [gone]), ("not-same", [one, gone])):
        world.judge(judgement, named)
    with world.core.database.read() as tx:
        told = tx.execute(select(records.c.outcome, records.c.problems).where(records.c.kind == "judgement")).all()
    assert [row.outcome for row in told] == ["rejected", "rejected"]
    assert [json.loads(row.problems)[0]["code"] for row in told] == ["erase-withdrawal", "judged-one-document"]


DOCUMENT = Path("tests/data/fhir/bundle-songling-outpatient.json")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_filing_may_name_any_of_the_numbers_of_one_document(world: World, order: tuple[int, ...]) -> None:
    """One document under two case numbers, and an application that knows only the second."""
    hospital = "1131990017"
    first = DOCUMENT.read_bytes().replace(b"1141990058", hospital.encode())
    number = json.loads(first)["identifier"]["value"]
    second = first.replace(number.encode(), b"SL-1140311-9999")
    filed = json.loads(Path("docs/examples/application.json").read_bytes())
    for name in ("occurredAt", "place", "vehicles", "injured", "policeCaseNumber"):
        filed.pop(name, None)
    filed["loss"] = {"kind": "medical", "hospital": hospital, "document": "SL-1140311-9999"}
    (patient,) = (one["resource"] for one in json.loads(first)["entry"] if one["resource"]["resourceType"] == "Patient")
    filed["applicant"]["identifier"] = patient["identifier"][0]["value"]
    posts = [
        (Kind.DOCUMENT, hospital, "POST", "/fhir/Bundle", first),
        (Kind.DOCUMENT, hospital, "POST", "/fhir/Bundle", second),
        (Kind.APPLICATION, "CL01", "POST", "/claimlink/applications", json.dumps(filed).encode()),
    ]
    made = {index: world.post(*posts[index]) for index in order}
    with world.core.database.read() as tx:
        rows = {row.record: row for row in tx.execute(select(records)).all()}
    assert sorted(rows[made[index]].outcome for index in (0, 1)) == ["accepted", "duplicate"]
    assert rows[made[2]].case_number and len({rows[record].case_number for record in made.values()}) == 1
