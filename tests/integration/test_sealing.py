"""Nothing personal in clear in any file, and an erased record that opens with no key."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text

from adapters.stores.archive import RECORD_KEY
from adapters.stores.tables import bodies
from adapters.vault.keys import Keys
from adapters.vault.sealing import CannotOpen, open_sealed
from schemas.records import Role
from services.sandbox.participants import PARTICIPANTS
from services.sandbox.scenario import Item, generate
from tests.servers.places import InPostgres
from tests.servers.postgres import Server
from tests.simulation.world import NOW, World

NAMES = {"name", "text", "identifier", "value", "plate", "phone", "description", "address", "reference"}


def personal(items: list[Item]) -> set[str]:
    """What senders wrote of persons: identifiers, names, plates, phones, diagnoses, places."""
    found: set[str] = set()

    def walk(value: object, key: str = "") -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, name)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, key)
        elif isinstance(value, str) and key in NAMES and len(value) >= 3 and not value.startswith(("urn:", "http")):
            found.add(value)

    for item in items:
        if item.body.startswith(b"{"):
            walk(json.loads(item.body))
        if item.metadata:
            walk(item.metadata)
        found |= {person for truth in item.truths for person in truth.persons}
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, list[Item], Path]]:
    folder = tmp_path_factory.mktemp("sealed")
    items = list(generate(21, 10))
    world = World(folder)
    world.send(items)
    yield world, items, folder
    world.close()


def test_no_file_holds_a_planted_value(world: tuple[World, list[Item], Path]) -> None:
    _, items, folder = world
    canaries = {value for value in personal(items) if not _public(value)}
    assert len(canaries) > 200
    assert any(len(one) == 10 and one[0].isalpha() and one[1:].isdigit() for one in canaries), "no national id planted"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"claims.sqlite", "claims.sqlite-wal", "keys.sqlite"}
    for path in files:
        content = path.read_bytes()
        for value in canaries:
            for form in (value.encode(), json.dumps(value)[1:-1].encode(), value.encode("utf-16-le")):
                assert form not in content, f"{path.name} holds a planted value of {len(value)} characters"


def _public(value: str) -> bool:
    """Codes that stand in clear by design: participants, roles, purposes; and words too common to be a canary."""
    if value in {word for one in PARTICIPANTS for word in (one.code, one.name)}:
        return True
    return (
        value.isascii() and (len(value) < 8 or value.replace("-", "").isalpha()) or value.isdigit() and len(value) != 10
    )


def test_the_canary_test_can_fail(world: tuple[World, list[Item], Path]) -> None:
    one, items, folder = world
    person = next(person for item in items for truth in item.truths for person in truth.persons)
    with one.core.database.write() as tx:
        tx.execute(text("CREATE TABLE slip (word TEXT)"))
        tx.execute(text("INSERT INTO slip VALUES (:word)"), {"word": person})
    assert any(person.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    with one.core.database.write() as tx:
        tx.execute(text("DROP TABLE slip"))


NATIONAL_ID = re.compile(rb"[A-Z][A-D0-9][0-9]{8}")


def _there(path: Path) -> bytes:
    """A server that runs removes files of its own between the look and the reading: what is gone holds nothing."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def test_no_file_of_the_server_holds_a_person(server: Server, tmp_path: Path) -> None:
    """Tables, indexes and the write-ahead log of PostgreSQL, of the store and of the keys; and the folder beside them."""
    items = list(generate(24, 4))
    persons = {person.encode() for item in items for truth in item.truths for person in truth.persons}
    assert len(persons) > 4 and all(NATIONAL_ID.fullmatch(person) for person in persons)
    world = World(InPostgres(tmp_path, server.fresh(), server.empty()))
    world.send(items)

    def found() -> set[bytes]:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        files = [path for folder in (server.folder, tmp_path) for path in folder.rglob("*") if path.is_file()]
        assert any("pg_wal" in path.parts for path in files)
        return {one for path in files for one in NATIONAL_ID.findall(_there(path))} & persons

    assert found() == set()
    with world.core.database.write() as tx:
        tx.execute(text("CREATE TABLE slip (word TEXT)"))
        tx.execute(text("INSERT INTO slip VALUES (:word)"), {"word": min(persons).decode()})
    assert found() == {min(persons)}, "the test can tell"
    world.close()


def test_an_erased_record_opens_with_no_key_and_its_offers_are_withdrawn(tmp_path: Path) -> None:
    items = list(generate(22, 6))
    world = World(tmp_path)
    world.send(items)
    held = {truth.file: truth for item in items for truth in item.truths if truth.kind == "document" and truth.insurers}
    file, truth = next(iter(held.items()))
    record, insurer = world.record_of[file], truth.insurers[0]
    core = world.core
    with core.database.read() as tx:
        sealed = tx.execute(select(bodies).where(bodies.c.record == record)).one()
    key_file = next(tmp_path.rglob("keys.sqlite"))
    wrapped = sqlite_value(key_file, f"{RECORD_KEY}{record}")
    assert any(wrapped in path.read_bytes() for path in tmp_path.rglob("keys.sqlite*"))
    world.judge("erase", [record])
    world.settle()
    keys = Keys(tmp_path / "keys")
    for name in [RECORD_KEY + record, *keys.names("")]:
        found = keys.get([name])
        if found:
            with pytest.raises(CannotOpen):
                open_sealed(found[name], sealed.body, f"body|{record}")
    assert keys.get([RECORD_KEY + record]) == {}
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert wrapped not in content, f"{path.name} still holds the wrapped key"
    keys.close()
    with core.database.write() as tx:
        events = core.feed.page(tx, insurer, 0, 10_000, NOW)
        assert core.feed.paper(tx, insurer, truth.sha256, NOW) is None
    numbers = [number for event in events if "withdrawn" in event["type"] for number in event["data"]["withdraws"]]
    assert numbers
    assert all(event["data"].keys() == {"case"} for event in events if event["offernumber"] in numbers)
    assert truth.sha256 not in json.dumps(events)
    world.close()


def sqlite_value(path: Path, name: str) -> bytes:
    import sqlite3

    with sqlite3.connect(path) as database:
        return database.execute("SELECT wrapped FROM keys WHERE name = ?", (name,)).fetchone()[0]


def test_a_suspended_insurer_gets_nothing_numbered(tmp_path: Path) -> None:
    items = list(generate(23, 6))
    insurer = next(code for item in items for truth in item.truths for code in truth.insurers)
    world = World(tmp_path)
    world.participant(insurer, Role.INSURER, "suspended")
    world.send(items)
    with world.core.database.write() as tx:
        assert world.core.feed.page(tx, insurer, 0, 100, NOW) == []
    world.participant(insurer, Role.INSURER, "admitted")
    world.core.tick()
    world.settle()
    wanted = {truth.sha256 for item in items for truth in item.truths if insurer in truth.insurers}
    assert wanted <= set(world.outcome().papers[insurer])
    world.close()
