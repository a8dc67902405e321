"""A world played halfway, taken back to the tables of every older revision in turn, goes forward each time with every row,
and is then played to its end as if it had never been away."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, Sequence, func, insert, select, text
from sqlalchemy.schema import DropSequence

from adapters.stores import migrations
from adapters.stores.tables import metadata
from services.sandbox.scenario import Item, generate
from tests.contract.test_store import engine_of
from tests.servers.places import Place
from tests.simulation.world import World

SEED, CASES = 7, 8
YOUNG = ("/mandates", "/disputes")  # what the first revision knew nothing of, as of agents: sent after it
KEPT = 12  # tables of a played world that hold rows, at least
Rows = dict[str, list[dict[str, Any]]]


def config() -> Config:
    found = Config()
    found.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return found


def rows(engine: Engine) -> Rows:
    """Of every table, in the order of its key."""
    with engine.connect() as tx:
        there = MetaData()
        there.reflect(tx)
        return {
            name: [dict(row._mapping) for row in tx.execute(select(table).order_by(*table.primary_key))]
            for name, table in there.tables.items()
            if name != "alembic_version"
        }


def shared(row: dict[str, Any], columns: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in columns}


def take_back(engine: Engine, revision: str) -> Rows:
    """The tables of a revision with what they can hold of the rows that are there, and the numbers given so far."""
    before, options = rows(engine), config()
    with engine.begin() as tx:
        tx.execute(text("DROP TABLE alembic_version"))
        metadata.drop_all(tx)
        if tx.dialect.name == "postgresql":
            tx.execute(DropSequence(Sequence("acceptance"), if_exists=True))
        options.attributes["connection"] = tx
        command.upgrade(options, revision)
        old = MetaData()
        old.reflect(tx)
        kept = {
            name: [shared(row, set(table.columns.keys())) for row in before[name]]
            for name, table in old.tables.items()
            if before.get(name)
        }
        for name, values in kept.items():
            table = old.tables[name]
            tx.execute(insert(table), values)
            if tx.dialect.name == "postgresql" and (own := table.autoincrement_column) is not None:
                last = select(func.max(own)).scalar_subquery()
                tx.execute(select(func.setval(func.pg_get_serial_sequence(name, own.name), last)))
        if tx.dialect.name == "postgresql" and revision > "0001":
            tx.execute(text("SELECT setval('acceptance', max(accepted)) FROM records"))
    return kept


def played(place: Place, *parts: list[Item]) -> World:
    world = World(place)
    for part in parts:
        world.send(part)
    return world


def test_a_played_world_goes_forward_and_is_played_on(new_place: Any, tmp_path: Path) -> None:
    items = list(generate(SEED, CASES))
    young = {item.n for item in items if item.path in YOUNG or b'"agent"' in item.body}
    while more := {item.n for item in items if item.of in young} - young:
        young |= more
    old = [item for item in items if item.n not in young]
    first, rest = old[: len(old) // 2], old[len(old) // 2 :] + [item for item in items if item.n in young]
    whole = played(new_place(tmp_path / "whole"), items)
    expected = whole.outcome()
    whole.close()

    place = new_place(tmp_path / "migrated")
    world = played(place, first)
    world.close()
    revisions = [one.revision for one in ScriptDirectory.from_config(config()).walk_revisions()]
    assert revisions[-1] == "0001"
    for revision in revisions[1:]:
        engine = engine_of(place)
        kept = take_back(engine, revision)
        place.database().close()
        now = rows(engine)
        engine.dispose()
        assert len(kept) >= KEPT, sorted(kept)
        for name, values in kept.items():
            assert [shared(row, set(values[0])) for row in now[name]] == values, (revision, name)

    again = World(place)
    again.sent, again.record_of = world.sent, world.record_of
    again.send(rest)
    assert again.outcome() == expected
    again.close()
