"""A large accident is one case, in whatever order its records come: a hundred photos, a bus with sixty passengers."""

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapters.stores.tables import records
from schemas.json import load
from schemas.records import Kind
from services.intake.book import Book
from services.sandbox.filings import pdf
from services.sandbox.persons import national_id
from services.sandbox.scenario import Item
from tests.simulation.world import World, submission

Json = dict[str, Any]
POLICE, CLAIMLINK = "387130000C", "CL01"
PLATE, NUMBER, DAY, BEFORE = "BUS-0061", "A1140903BUS", "2025-09-03", "2025-08-03"
BETWEEN = 30  # records come in before the hub looks again


def item(path: str, sender: str, value: Json, file: bytes | None = None) -> Item:
    body = file or json.dumps(value).encode()
    media_type, metadata = ("application/pdf", value) if file else ("application/json", None)
    return Item(1, "POST", path, sender, media_type, "paper", metadata, None, body, ())


def accident(id: str = "bus", day: str = DAY, number: str = NUMBER) -> Item:
    value = copy.deepcopy(load("accident")["examples"][0])
    value |= {"id": id, "caseNumber": number, "occurredAt": f"{day}T12:00:00+08:00"}
    for order, party in enumerate(value["parties"]):
        party["plate"], party["person"]["identifier"] = (PLATE, f"CAR-200{order}")[order], national_id(900 + order)
    return item("/police/accidents", POLICE, value)


def application(at: int, day: str = DAY) -> Item:
    value = copy.deepcopy(load("application")["examples"][0])
    for name in ("policeCaseNumber", "occurredAt", "place"):
        value.pop(name)
    person = {"identifier": national_id(at), "name": "祝映青"}
    value |= {"id": f"a{at}", "applicant": person, "injured": [person], "vehicles": [{"plate": PLATE}]}
    return item("/claimlink/applications", CLAIMLINK, {**value, "loss": {"kind": "motor", "date": day, "plate": PLATE}})


def paper(at: int, kind: str, persons: list[str], sender: str, **told: Any) -> Item:
    value = {
        "id": f"{kind}{at}",
        "version": 1,
        "kind": kind,
        "persons": persons,
        "issuer": POLICE,
        "issued": "2025-09-10",
    }
    value |= {"loss": {"kind": "motor", "date": DAY, "plate": PLATE}, **told}
    return item("/papers", sender, value, pdf(f"{kind} {at}"))


def photos() -> list[Item]:
    both = [national_id(900), national_id(901)]
    numbers = {"policeCase": NUMBER}
    return [paper(at, "scene-photo", both, POLICE, classes=["police"], numbers=numbers) for at in range(100)]


def passengers() -> list[Item]:
    papers = [paper(at, "identity", [national_id(at)], CLAIMLINK, classes=["identity"]) for at in range(60)]
    return [*(application(at) for at in range(60)), *papers]


def strangers() -> list[Item]:
    """The same bus a month before: an accident, and who was in it."""
    return [accident("other", BEFORE, "A1140803BUS"), application(801, BEFORE)]


def cases(world: World, items: list[Item]) -> list[set[int]]:
    """Which of the items, by their place in the list, stand together."""
    at: dict[str, int] = {}
    for index, one in enumerate(items):
        taken = Book(world.core.host, world.core.archive, world.core.clock).enter([submission(one, None)])[0]
        at[taken.record.id] = index
        world.record_of[str(index)] = taken.record.id
        if index % BETWEEN == BETWEEN - 1:
            world.settle()
    world.settle()
    with world.core.database.read() as tx:
        rows = tx.execute(select(records.c.record, records.c.case_number, records.c.outcome)).all()
    assert {row.outcome for row in rows if row.record in at} == {"accepted"}
    found: dict[str, set[int]] = {}
    for row in rows:
        found.setdefault(row.case_number, set()).add(at[row.record])
    return list(found.values())


@pytest.mark.parametrize("made", [photos, passengers])
@pytest.mark.parametrize("order", ["police record first", "police record last", "any", "no police record"])
def test_a_large_accident_is_one_case_and_strangers_at_its_plate_stay_apart(
    tmp_path: Path, made: Any, order: str
) -> None:
    own, other = made(), strangers()
    items = {
        "police record first": [accident(), *own, *other],
        "police record last": [*other, *own[::-1], accident()],
        "any": random.Random(7).sample([*own, accident(), *other], len(own) + 3),
        "no police record": [*own, *other],
    }[order]
    world = World(tmp_path)
    try:
        found = cases(world, items)
        theirs = {index for index, one in enumerate(items) if one in other}
        assert sorted(map(len, found)) == sorted((len(theirs), len(items) - len(theirs)))
        assert theirs in found
    finally:
        world.close()


@pytest.mark.parametrize("gone", ["erased", "corrected"])
def test_without_its_police_record_a_large_accident_stays_one_case(tmp_path: Path, gone: str) -> None:
    world = World(tmp_path)
    try:
        own = passengers()
        found = cases(world, [accident(), *own])
        assert len(found) == 1
        police = world.record_of["0"]
        if gone == "erased":
            world.judge("erase", [police])
        else:
            value = {**json.loads(accident("bus", BEFORE, "A1140803BUS").body), "version": 2}
            world.post(Kind.ACCIDENT, POLICE, "POST", "/police/accidents", json.dumps(value).encode())
        with world.core.database.read() as tx:
            rows = tx.execute(select(records.c.case_number).where(records.c.kind.in_(("application", "paper")))).all()
            other = tx.execute(select(records.c.case_number).where(records.c.record == police)).scalar_one()
        assert len(rows) == len(own) and len(set(rows)) == 1 and (other,) not in rows
    finally:
        world.close()
