"""The contract of the store, of both databases: migrations, transactions, names that are locked, order."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import OperationalError

from adapters.stores import casebook, consents, feeds, migrations, participants, records
from adapters.stores.archive import Archive, Kept
from adapters.stores.database import Database, Store, after_commit
from adapters.stores.dialect import acceptances, lock, lock_found
from adapters.stores.postgres import PostgresDatabase, UnfitDatabase
from adapters.stores.tables import metadata
from adapters.vault.blobs import Blobs
from adapters.vault.keys import Keys
from adapters.vault.packing import pack
from schemas.evidence import Withdrawal
from schemas.records import Kind, Reads, Record, Role
from tests.servers.places import InFiles, InPostgres, Place
from tests.servers.postgres import Server, postgres


@pytest.fixture
def empty(request: pytest.FixtureRequest, tmp_path: Path, place: Place) -> Place:
    """A place where not even a table is."""
    if isinstance(place, InFiles):
        return place
    server: Server = request.getfixturevalue("server")
    return InPostgres(tmp_path, server.empty(), "")


def engine_of(place: Place) -> Engine:
    if isinstance(place, InFiles):
        return create_engine(f"sqlite:///{place.folder / 'claims.sqlite'}")
    return create_engine(place.store.replace("postgresql://", "postgresql+psycopg://"))


def schema(engine: Engine) -> dict[str, object]:
    """Every table: its columns with type, default and order in the key, and its indexes."""
    with engine.connect() as tx:
        found = inspect(tx)
        tables = {
            name: (
                sorted(
                    (one["name"], str(one["type"]), one["nullable"], str(one["default"]))
                    for one in found.get_columns(name)
                ),
                found.get_pk_constraint(name)["constrained_columns"],
                sorted((one["name"], one["column_names"], one["unique"]) for one in found.get_indexes(name)),
            )
            for name in found.get_table_names()
            if name != "alembic_version"
        }
        if tx.dialect.name == "sqlite":  # what inspection does not tell: WITHOUT ROWID, AUTOINCREMENT
            rows = tx.execute(
                text("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            )
            words = {name: {word for word in ("WITHOUT ROWID", "AUTOINCREMENT") if word in sql} for name, sql in rows}
            return {name: (*table, words[name]) for name, table in tables.items()}
        sequences = {name: str(tx.execute(text(f"SELECT data_type FROM pg_sequences WHERE sequencename = '{name}'")).scalar())
                     for name in found.get_sequence_names()}  # fmt: skip
    return tables | {"sequences": sequences}


def test_the_migrations_make_the_tables(empty: Place) -> None:
    empty.database().close()
    migrated = schema(engine := engine_of(empty))
    with engine.begin() as tx:
        tx.execute(text("DROP TABLE alembic_version"))
    metadata.drop_all(engine)
    metadata.create_all(engine)
    made = schema(engine)
    engine.dispose()
    assert migrated.keys() == made.keys()
    for name in made:
        assert migrated[name] == made[name], name


def test_migrations_go_forward_on_live_data(empty: Place) -> None:
    engine = engine_of(empty)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, "0001")
        tx.execute(text("INSERT INTO feeds VALUES ('a', 3)"))
        tx.execute(text("INSERT INTO participants VALUES ('a', 'A', '[\"insurer\"]', 'suspended', '[]', '[]', NULL)"))
        tx.execute(
            text(
                "INSERT INTO records (record, attempt, kind, sender, role, method, path, sha256, size, media_type, received,"
                " accepted) VALUES ('r', 1, 'paper', 's', 'hospital', 'POST', '/', 'x', 1, 'a/b', '2026', 41)"
            )
        )
    engine.dispose()
    database = empty.database()
    with database.write() as tx:
        assert feeds.last_number(tx, "a") == 3
        assert records.by_ids(tx, ["r"])["r"].seq == 1
        assert acceptances(tx, 2) == [42, 43]
        # Where there may be brokers, they may have granted it.
        assert participants.reading(tx) == ({"a": Reads.PERHAPS} if isinstance(empty, InPostgres) else {})
    database.close()


def test_services_that_start_at_once_migrate_once(empty: Place) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = [one.result(60) for one in [pool.submit(empty.database) for _ in range(4)]]
    with opened[0].read() as tx:
        assert tx.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
    for database in opened:
        database.close()


def test_opening_again_keeps_what_is_there(place: Place) -> None:
    database = place.database()
    database.commit(lambda tx: feeds.set_last(tx, "a", 3))
    database.close()
    database = place.database()
    with database.read() as tx:
        assert feeds.last_number(tx, "a") == 3
    database.close()


def test_of_two_attempts_in_one_batch_the_later_one_stands(place: Place, tmp_path: Path) -> None:
    database = place.database()
    archive = Archive(Keys(tmp_path / "of-archive"), Blobs(tmp_path / "blobs"))
    first = Record(
        id="r", attempt=1, kind=Kind.REVIEW, sender="s", role=Role.OPERATOR, method="POST", path="/", sha256="x", size=1,
        media_type="a/b", received="2026", target="t",
    )  # fmt: skip

    def work(tx: Connection) -> None:
        records.put(tx, [first, first.model_copy(update={"attempt": 2})])
        archive.keep(tx, [Kept("r", pack(word), None, Withdrawal(reason=word.decode()), None) for word in (b"1", b"2")])

    database.commit(work)
    database.commit(work)  # what stands is replaced as well
    with database.read() as tx:
        row = records.by_ids(tx, ["r"])["r"]
        assert (row.attempt, row.target, row.parent, row.first_line) == (2, "t", None, None)
        assert archive.body(tx, "r") == b"2"
        assert archive.views(tx, ["r", "other"]) == {"r": Withdrawal(reason="2")}
        assert records.by_ids(tx, []) == {} == casebook.key_counts(tx, [])
    database.close()


def test_lists_of_any_length_and_text_are_one_statement(place: Place) -> None:
    database = place.database()
    odd = ["", " ", "{}", "NULL", 'a"b', "a\\b", "a,b", "'", "卓"]
    pairs = [(hash, record) for hash in odd for record in ("r", "q")]
    database.commit(lambda tx: casebook.put_links(tx, pairs))
    database.commit(lambda tx: casebook.put_links(tx, [*pairs, ("more", "r")]))
    with database.read() as tx:
        for count in range(len(odd) + 1):
            assert casebook.key_counts(tx, odd[:count]) == dict.fromkeys(odd[:count], 2)
        assert casebook.key_counts(tx, ["more", "none"]) == {"more": 1}
    database.close()


def test_a_block_that_raises_leaves_nothing(place: Place) -> None:
    database = place.database()

    def broken(tx: Connection) -> None:
        feeds.set_last(tx, "a", 3)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.commit(broken)
    with pytest.raises(RuntimeError), database.write() as tx:
        broken(tx)
    with database.read() as tx:
        assert feeds.totals(tx) == {}
    database.close()


def test_what_follows_a_commit_follows_nothing_else(place: Place) -> None:
    database, done = place.database(), []

    def work(tx: Connection, name: str) -> None:
        after_commit(tx, lambda: done.append((name, last())))
        feeds.set_last(tx, "a", feeds.last_number(tx, "a") + 1)
        assert done == before

    def last() -> int:
        with database.read() as tx:
            return feeds.last_number(tx, "a")

    before: list[tuple[str, int]] = []
    with pytest.raises(RuntimeError), database.write() as tx:
        work(tx, "undone")
        raise RuntimeError
    database.commit(lambda tx: work(tx, "first"))
    assert done == [("first", 1)], "what it does finds the change durable"
    before = list(done)
    database.commit(lambda tx: work(tx, "second"))
    assert done == [("first", 1), ("second", 2)]
    database.close()


def test_a_reader_sees_one_moment(place: Place) -> None:
    database = place.database()
    with database.read() as tx:
        assert feeds.last_number(tx, "a") == 0
        database.commit(lambda other: feeds.set_last(other, "a", 3))
        assert feeds.last_number(tx, "a") == 0
    with database.read() as tx:
        assert feeds.last_number(tx, "a") == 3
    database.close()


def test_writers_of_two_processes_take_turns(place: Place) -> None:
    """Read, then write what was read plus one: with both under one lock no count is lost."""
    databases = [place.database() for _ in range(2)]

    def count(tx: Connection) -> None:
        lock(tx, ["count"])
        feeds.set_last(tx, "a", feeds.last_number(tx, "a") + 1)

    def hundred(database: Store) -> None:
        for _ in range(100):
            database.commit(count)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(hundred, database) for database in databases]:
            done.result(60)
    with databases[0].read() as tx:
        assert feeds.last_number(tx, "a") == 200
    for database in databases:
        database.close()


def test_orders_of_acceptance_ascend_and_none_is_given_twice(place: Place) -> None:
    database = place.database()
    given = [number for _ in range(3) for number in database.commit(lambda tx: acceptances(tx, 5))]
    if isinstance(place, InFiles):  # nothing was accepted under them, so they are free again
        assert given == [1, 2, 3, 4, 5] * 3
    else:
        assert given == sorted(set(given)) and len(given) == 15
    database.close()


def test_times_and_versions_sort_as_bytes(place: Place) -> None:
    """As SQLite compares texts, and Python: Z before _ before a."""
    words = ["a", "_", "Z", "10", "9", "é", "乙", "甲"]
    database = place.database()
    for word in words:
        database.commit(lambda tx, word=word: feeds.set_last(tx, word, 1))
    with database.read() as tx:
        found = tx.execute(text("SELECT insurer FROM feeds ORDER BY insurer")).scalars().all()
    assert found == sorted(words)
    database.close()


def test_a_deadlock_is_repeated_and_nobody_hears_of_it(server: Server) -> None:
    """Two transactions that take two rows in opposite orders, the second row only when both have their first."""
    database = PostgresDatabase(server.fresh())
    for insurer in ("a", "b"):
        database.commit(lambda tx, insurer=insurer: feeds.set_last(tx, insurer, 0))
    both, runs = threading.Barrier(2), []

    def work(order: str) -> Callable[[Connection], None]:
        def run(tx: Connection) -> None:
            runs.append(order)
            for place, insurer in enumerate(order):
                if place == 1 and runs.count(order) == 1:
                    both.wait(30)
                feeds.set_last(tx, insurer, feeds.last_number(tx, insurer) + 1)

        return run

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(database.commit, work(order)) for order in ("ab", "ba")]:
            done.result(60)
    assert len(runs) == 3, "one of them was rolled back and repeated"
    with database.read() as tx:
        assert feeds.totals(tx) == {"a": 2, "b": 2}
    database.close()


def test_names_that_turn_out_too_few_are_let_go_and_locked_anew(server: Server) -> None:
    database = PostgresDatabase(server.fresh())
    looks: list[int] = []

    def look(tx: Connection) -> tuple[set[str], str]:
        looks.append(held(tx))
        feeds.set_last(tx, f"look {len(looks)}", 1)
        return {"case"} if len(looks) < 3 else {"case", "other"}, "found"

    def held(tx: Connection) -> int:
        return tx.execute(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")).scalar_one()

    with database.write() as tx:
        assert lock_found(tx, ["key", "key"], lambda: look(tx)) == "found"
        assert looks == [1, 2], "the key; the key and the case"
        assert lock_found(tx, ["further"], lambda: look(tx)) == "found"
        assert looks == [1, 2, 3, 4], "what was locked before stays; what was added goes with the look"
    with database.read() as tx:
        assert feeds.totals(tx).keys() == {"look 2", "look 4"}, "what a look that failed wrote is undone"
        assert held(tx) == 0
    database.close()


def test_what_is_committed_survives_the_server_and_the_next_transaction_finds_it_again() -> None:
    with postgres(durable=True) as server:
        database = PostgresDatabase(server.fresh())
        database.commit(lambda tx: feeds.set_last(tx, "a", 3))
        with database.read() as tx:  # so that readers, too, have a connection of before
            assert feeds.totals(tx) == {"a": 3}
        server.stop("immediate")
        with pytest.raises(OperationalError):
            database.commit(lambda tx: feeds.set_last(tx, "b", 4))
        server.start()
        with database.read() as tx:
            assert feeds.totals(tx) == {"a": 3}
        database.commit(lambda tx: feeds.set_last(tx, "c", 5))
        with database.read() as tx:
            assert feeds.totals(tx) == {"a": 3, "c": 5}
        database.close()


@pytest.mark.parametrize("options", ["TEMPLATE template0 ENCODING 'SQL_ASCII'", "TEMPLATE template0 ENCODING 'LATIN1'"])
def test_a_database_that_cannot_hold_our_texts_is_refused(server: Server, options: str) -> None:
    with pytest.raises(UnfitDatabase, match="UTF8"):
        PostgresDatabase(server.empty(options))


def test_a_transaction_that_lies_open_is_ended_by_the_server(server: Server) -> None:
    """A worker that was stopped keeps its locks for ten seconds at most, and waits for others thirty."""
    database = PostgresDatabase(server.fresh())
    with database.write() as tx:
        found = [
            tx.execute(text(f"SHOW {name}")).scalar()
            for name in ("idle_in_transaction_session_timeout", "statement_timeout", "synchronous_commit")
        ]
    assert found == ["10s", "30s", "on"]
    database.close()


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
        feeds.standing(tx, "i", ["c", "d"])
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
        records.rename_lineages(tx, {"l": "m"})
        consents.newest_versions(tx, ["l", "m"])
    statements = [(sql, values) for sql, values in asked if sql.startswith(("SELECT", "UPDATE", "DELETE"))]
    assert len(statements) >= 15
    with database.read() as tx:
        for sql, values in statements:
            plan = [row[3] for row in tx.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, values)]
            for step in plan:
                assert not step.startswith("SCAN"), (sql, plan)
                assert "insurer=? AND" in step or "insurer=?" not in step, ("the whole feed", sql, plan)
                assert "records_by_outcome" not in step, (sql, plan)
