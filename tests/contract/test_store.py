"""The contract of the store: migrations, transactions, one writer at a time."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text

from adapters.stores import casebook, consents, feeds, records
from adapters.stores.database import Database
from adapters.stores.tables import metadata


def schema(path: Path) -> dict[str, str]:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as tx:
        rows = tx.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        found = {name: " ".join(sql.split()) for name, sql in rows if not name.startswith(("alembic", "sqlite_"))}
    engine.dispose()
    return found


def test_the_migrations_make_the_tables(tmp_path: Path) -> None:
    Database(tmp_path / "migrated.sqlite").close()
    engine = create_engine(f"sqlite:///{tmp_path / 'made.sqlite'}")
    metadata.create_all(engine)
    engine.dispose()
    migrated, made = schema(tmp_path / "migrated.sqlite"), schema(tmp_path / "made.sqlite")
    assert migrated.keys() == made.keys()
    for name in made:
        columns = [sorted(part.strip(" ()") for part in one[name].split(",")) for one in (migrated, made)]
        assert columns[0] == columns[1], name


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    database = Database(tmp_path / "claims.sqlite")
    with database.write() as tx:
        tx.execute(text("INSERT INTO feeds VALUES ('a', 3)"))
    database.close()
    database = Database(tmp_path / "claims.sqlite")
    with database.read() as tx:
        assert tx.execute(text("SELECT last FROM feeds")).scalar() == 3


def test_a_block_that_raises_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "claims.sqlite")
    with pytest.raises(RuntimeError), database.write() as tx:
        tx.execute(text("INSERT INTO feeds VALUES ('a', 3)"))
        raise RuntimeError
    with database.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM feeds")).scalar() == 0


def test_writers_of_two_processes_take_turns(tmp_path: Path) -> None:
    """Read, then write what was read plus one: with both in one immediate transaction no count is lost."""
    databases = [Database(tmp_path / "claims.sqlite") for _ in range(2)]
    with databases[0].write() as tx:
        tx.execute(text("INSERT INTO feeds VALUES ('a', 0)"))

    def count(database: Database) -> None:
        for _ in range(100):
            with database.write() as tx:
                last = tx.execute(text("SELECT last FROM feeds")).scalar_one()
                tx.execute(text("UPDATE feeds SET last = :last"), {"last": last + 1})

    threads = [threading.Thread(target=count, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with databases[0].read() as tx:
        assert tx.execute(text("SELECT last FROM feeds")).scalar() == 200


def test_the_pragmas_that_durability_and_erasure_rest_on(tmp_path: Path) -> None:
    database = Database(tmp_path / "claims.sqlite")
    with database.write() as tx:
        found = {
            name: tx.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "secure_delete")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}


def test_hot_statements_walk_no_table_and_no_feed(tmp_path: Path) -> None:
    """Each finds its rows by the narrowest index, whatever the size of the table."""
    database = Database(tmp_path / "claims.sqlite")
    asked: list[tuple[str, object]] = []
    event.listen(database._writer, "before_cursor_execute", lambda *at: asked.append((at[2], at[3])))
    with database.write() as tx:
        feeds.standing_offers(tx, "i", ["c", "d"])
        feeds.papers_of(tx, "i", [1, 2])
        feeds.offers_with(tx, "i", "s")
        feeds.page(tx, "i", 5, 10)
        casebook.lineages_under(tx, ["h", "i"])
        casebook.key_counts(tx, ["h", "i"])
        casebook.rows_of_lineages(tx, ["l", "m"])
        casebook.lineages_of_cases(tx, ["c", "d"])
        casebook.judgements_about(tx, ["r", "s"])
        casebook.latest_views(tx, "i", ["c", "d"])
        records.related(tx, ["i", "j"], ["c", "d"])
        consents.newest_versions(tx, ["l", "m"])
    statements = [(sql, values) for sql, values in asked if sql.startswith("SELECT")]
    assert len(statements) >= 12
    with database.read() as tx:
        for sql, values in statements:
            plan = [row[3] for row in tx.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, values)]
            for step in plan:
                assert not step.startswith("SCAN"), (sql, plan)
                assert "insurer=? AND" in step or "insurer=?" not in step, ("the whole feed", sql, plan)
                assert "records_by_outcome" not in step, (sql, plan)
