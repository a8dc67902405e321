"""The same instant on two workers: of two near-duplicates exactly one is first; three records of one accident, one case."""

import copy
import hashlib
import json
import threading
from pathlib import Path

from sqlalchemy import select

from adapters.stores.tables import records
from schemas.json import load
from schemas.records import Kind, Role
from services.embedded import Core
from services.hub.register import register
from services.intake.book import Book, Submission
from services.sandbox.participants import PARTICIPANTS, policies
from tests.simulation.world import NOW

ROUNDS = 25


def submission(kind: Kind, sender: str, role: Role, path: str, value: dict[str, object]) -> Submission:
    body = json.dumps(value, ensure_ascii=False).encode()
    sha256 = hashlib.sha256(body).hexdigest()
    return Submission(kind, sender, role, "POST", path, "application/json", body, sha256, sha256, len(body))


def application(number: int, id: str) -> dict[str, object]:
    value = copy.deepcopy(load("application")["examples"][0])
    value.pop("policeCaseNumber")
    day = f"2025-{1 + number % 12:02d}-{1 + number // 12:02d}"
    value["id"], value["loss"]["date"], value["occurredAt"] = id, day, f"{day}T08:15:00+08:00"
    return value


def accident(number: int, id: str, sender: str, minute: int) -> dict[str, object]:
    value = copy.deepcopy(load("accident")["examples"][0])
    day = f"2025-{1 + number % 12:02d}-{1 + number // 12:02d}"
    value |= {"id": id, "caseNumber": f"N{number}-{sender}", "occurredAt": f"{day}T08:{minute:02d}:00+08:00"}
    value["unit"] = {"code": sender, "name": "警察局"}
    return value


def work(core: Core, start: threading.Barrier, failures: list[BaseException]) -> None:
    try:
        start.wait(10)
        moving = True
        while moving:
            moving = bool(core.validate_here())
            for handler in core.handlers:
                moving |= bool(core.host.turn(handler))
    except BaseException as error:
        failures.append(error)
        raise


def test_near_duplicates_and_one_accident_told_three_times(tmp_path: Path) -> None:
    cores = [Core(tmp_path, PARTICIPANTS, register(policies()), clock=lambda: NOW) for _ in range(2)]
    book = Book(cores[0].host, cores[0].archive, cores[0].clock)
    failures: list[BaseException] = []
    for number in range(ROUNDS):
        near = [
            submission(Kind.APPLICATION, "CL01", Role.CLAIMLINK, "/claimlink/applications", application(number, id))
            for id in (f"a{number}", f"b{number}")
        ]
        told = [
            submission(Kind.ACCIDENT, sender, Role.POLICE, "/police/accidents", accident(number, id, sender, minute))
            for id, sender, minute in ((f"p{number}", "387130000C", 15), (f"q{number}", "379130000C", 16))
        ]
        book.enter([*near, *told])
        start = threading.Barrier(2)
        threads = [threading.Thread(target=work, args=(core, start, failures)) for core in cores]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not failures
    with cores[0].database.read() as tx:
        rows = tx.execute(select(records)).all()
    outcomes = [row.outcome for row in rows if row.kind == Kind.APPLICATION]
    assert (outcomes.count("accepted"), outcomes.count("duplicate")) == (ROUNDS, ROUNDS)
    cases = {row.case_number for row in rows}
    assert None not in cases
    assert len(cases) == ROUNDS
    assert all(sum(row.case_number == case for row in rows) == 4 for case in cases)
    for core in cores:
        core.close()
