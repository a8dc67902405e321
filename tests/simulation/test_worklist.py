"""What a person is asked is the same whatever the order of arrival, on both databases; words and corrections included."""

import copy
import json
import random
from collections import defaultdict
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapters.stores import worklist
from adapters.stores.tables import doubts, records
from schemas.json import load
from schemas.records import Kind
from services.hub.grading import AUTOMATIC
from services.hub.worker import Hub
from services.portal.reading import Reading
from services.portal.worklist import Ask, ask
from services.sandbox.persons import national_id
from tests.servers.places import Place
from tests.simulation.world import World

Json = dict[str, Any]
Asked = frozenset[frozenset[frozenset[str]]]  # questions, each of two cases, each of its records
POLICE, CLAIMLINK = "387130000C", "CL01"
ORDERS = {"sqlite": 8, "postgresql": 2}


def accident(name: str, *plates: str) -> Json:
    value = copy.deepcopy(load("accident")["examples"][0])
    value |= {"id": name, "caseNumber": f"N-{name}"}
    for order, (party, plate) in enumerate(zip(value["parties"], plates, strict=True)):
        party["plate"], party["person"]["identifier"] = plate, national_id(sum(map(ord, name)) * 10 + order)
    return value


def application(name: str, plate: str, at: str, version: int = 1) -> Json:
    value = copy.deepcopy(load("application")["examples"][0])
    value.pop("policeCaseNumber")
    person = {"identifier": national_id(sum(map(ord, name)) * 10 + 7), "name": "祝映青"}
    value |= {"id": name, "version": version, "applicant": person, "injured": [person], "place": {"text": "市場旁"}}
    value |= {"vehicles": [{"plate": plate}], "loss": {**value["loss"], "plate": plate}}
    return value | {"occurredAt": f"2025-09-03T{at}:00+08:00"}


# An accident; who was in it and wrote his plate right; who wrote it wrong; who is wrong at first and right when corrected;
# who is right at first and wrong when corrected.
TOLD: dict[str, tuple[Kind, Json]] = {
    "accident": (Kind.ACCIDENT, accident("accident", "ABC-1234", "MNP-5678")),
    "right": (Kind.APPLICATION, application("right", "ABC-1234", "08:15")),
    "slip": (Kind.APPLICATION, application("slip", "ABD-1234", "08:35")),
    "mended": (Kind.APPLICATION, application("mended", "MNQ-5678", "08:35")),
    "mended again": (Kind.APPLICATION, application("mended", "MNP-5678", "08:35", 2)),
    "spoilt": (Kind.APPLICATION, application("spoilt", "MNP-5678", "08:20")),
    "spoilt again": (Kind.APPLICATION, application("spoilt", "MNP-6578", "08:20", 2)),
}
BEFORE = (("mended", "mended again"), ("spoilt", "spoilt again"))  # a version goes before what corrects it


def orders(count: int) -> list[list[str]]:
    rng = random.Random(count)
    made = []
    while len(made) < count:
        order = rng.sample(list(TOLD), len(TOLD))
        if all(order.index(one) < order.index(other) for one, other in BEFORE):
            made.append(order)
    return made


def told(world: World, order: list[str]) -> tuple[Asked, dict[str, str]]:
    record_of = {}
    for name in order:
        kind, value = TOLD[name]
        sender, path = (
            (POLICE, "/police/accidents") if kind == Kind.ACCIDENT else (CLAIMLINK, "/claimlink/applications")
        )
        record_of[name] = world.post(kind, sender, "POST", path, json.dumps(value).encode())
    return asked(world, record_of), record_of


def asked(world: World, record_of: dict[str, str]) -> Asked:
    names = {record: name for name, record in record_of.items()}
    with world.core.database.read() as tx:
        found = worklist.questions(tx)
        rows = tx.execute(select(records.c.record, records.c.case_number)).all()
    cases: dict[str, set[str]] = defaultdict(set)
    for record, number in rows:
        if number and record in names:
            cases[number].add(names[record])
    return frozenset(frozenset(frozenset(cases[number]) for number in one.cases if number) for one in found)


@pytest.mark.parametrize("database", list(ORDERS))
def test_any_order_asks_the_same(places: Callable[[str, Path], Place], tmp_path: Path, database: str) -> None:
    lists = []
    for at, order in enumerate(orders(ORDERS[database])):
        world = World(places(database, tmp_path / str(at)))
        try:
            lists.append(told(world, order)[0])
        finally:
            world.close()
    together = frozenset(("accident", "right", "mended", "mended again"))
    spoilt = frozenset(("spoilt", "spoilt again"))
    assert lists[0] >= {frozenset((together, frozenset(("slip",)))), frozenset((together, spoilt))}
    assert [one for one in lists if one != lists[0]] == []


def test_words_end_a_question_and_taking_them_back_asks_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    try:
        first, record_of = told(world, list(TOLD))
        pair = [record_of["accident"], record_of["slip"]]
        world.judge("not-same", pair)
        apart = asked(world, record_of)
        assert apart < first and not [one for one in apart if any("slip" in side and len(side) == 1 for side in one)
                                      and any("accident" in side for side in one)]  # fmt: skip
        body = {"id": f"j-not-same-{'-'.join(pair)}", "version": 2, "judgement": "not-same", "records": pair}
        world._govern(Kind.JUDGEMENT, "POST", "/judgements", {**body, "status": "entered-in-error", "reason": "test"})
        assert asked(world, record_of) == first
        world.judge("same", pair)
        assert not [one for one in asked(world, record_of) if any(side == {"slip"} for side in one)]
        for name, record in record_of.items():
            if not name.endswith("again"):
                world.judge("erase", [record])
        for name in ("mended again", "spoilt again"):
            world.judge("erase", [record_of[name]])
        with world.core.database.read() as tx:
            assert tx.execute(select(doubts)).all() == [], "a pair outlives its records"
    finally:
        world.close()


def test_an_application_that_two_accidents_of_a_day_fit_is_asked_about(tmp_path: Path) -> None:
    """A taxi's two accidents, and an application with plate and day alone: no coin is tossed, in no order of arrival."""
    told = {"morning": taxi("morning", "08:00"), "evening": taxi("evening", "18:00"), "filed": filed()}
    for at, order in enumerate(permutations(told)):
        world = World(tmp_path / str(at))
        try:
            record_of = {}
            for name in order:
                sender, path, kind = (
                    (CLAIMLINK, "/claimlink/applications", Kind.APPLICATION)
                    if name == "filed"
                    else (POLICE, "/police/accidents", Kind.ACCIDENT)
                )
                record_of[name] = world.post(kind, sender, "POST", path, json.dumps(told[name]).encode())
            morning, evening, mine = (frozenset((name,)) for name in told)
            assert asked(world, record_of) == {frozenset((mine, morning)), frozenset((mine, evening))}, order
            hub = next(one for one in world.core.handlers if isinstance(one, Hub))
            with world.core.database.read() as tx:
                reading = Reading(hub, world.core.archive)
                shown = reading.worklist(tx, Ask())
                first = reading.worklist(tx, Ask(limit=1))
                second = reading.worklist(tx, ask({"after": first["next"], "limit": "1"}))
            assert [first["pairs"] + second["pairs"], second["next"]] == [shown["pairs"], None]
            for pair in shown["pairs"]:
                compared = {row["row"]: row["comparison"] for row in pair["rows"]}
                assert (compared["day"], compared["plates"], compared["time"]) == ("same", "same", "one-sided")
            sides = {frozenset(side["record"] for side in pair["sides"]) for pair in shown["pairs"]}
            assert sides == {frozenset((record_of["filed"], record_of[name])) for name in ("morning", "evening")}
            assert {pair["score"] for pair in shown["pairs"]} == {AUTOMATIC}
            world.judge("not-same", [record_of["filed"], record_of["morning"]])
            assert asked(world, record_of) == frozenset(), "one word decides both"
            with world.core.database.read() as tx:
                rows = tx.execute(select(records.c.record, records.c.case_number)).all()
            case = {row.record: row.case_number for row in rows}
            assert case[record_of["filed"]] == case[record_of["evening"]] != case[record_of["morning"]]
        finally:
            world.close()


def taxi(name: str, at: str) -> Json:
    value = accident(name, "TDX-7711", f"KK{name[0].upper()}-1001")
    for party in value["parties"]:
        party.pop("person")
    return value | {"occurredAt": f"2025-09-03T{at}:00+08:00"}


def filed() -> Json:
    value = application("filed", "TDX-7711", "00:00")
    del value["occurredAt"], value["place"]
    return value
