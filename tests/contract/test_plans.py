"""The plans of PostgreSQL for every statement that a record meets on its way: no walk through a large table.

The statements are heard while a small scenario runs; then the tables are filled to what a year of an association holds, and
the server is asked how it would answer each of them.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from adapters.stores import casebook, consents, feeds, inbox, ledger, outbox, records, verifications, worklist
from adapters.stores.dialect import unhurried
from schemas.events import Message, Refold
from schemas.integrity import Answer
from schemas.records import Role
from services.sandbox.scenario import generate
from tests.contract.test_boxes import Output
from tests.servers.places import InPostgres
from tests.servers.postgres import Server
from tests.simulation.world import NOW, World

PARAMETER = re.compile(r"%\((\w+)\)s")
ONCE_A_DAY = "records.judged_at < "  # what retention no longer keeps: many at once, beside what their cases still hold
ROWS = 100_000  # of each large table; of links three times as many
SMALL = {"participants", "feeds", "cursors", "alembic_version"}  # a row a participant or step

_TIME = "'2026-01-01T00:00:00.000000Z'"
FILL = {
    "records": "(record, attempt, kind, sender, role, method, path, sha256, size, media_type, received, outcome, judged,"
    " judged_at, identity, version, standing, content, lineage, accepted, case_number, parent) SELECT md5('r' || n), 1,"
    " 'document', 'h' || n % 500, 'hospital', 'POST', '/fhir/Bundle', md5('s' || n), 1000, 'application/json',"
    f" {_TIME}, 'accepted', 1, {_TIME}, md5('i' || n), '2026', 'final', md5('c' || n), md5('l' || n), 1000000 + n,"
    " 'C' || n / 4, CASE WHEN n % 10 = 0 THEN md5('f' || n / 1000) END",
    "bodies": "SELECT md5('r' || n), 'body', NULL, 'view', NULL",
    "links": "SELECT md5('k' || n / 2 || '-' || part), md5('r' || n)",
    "acting": "SELECT md5('a' || n), md5('r' || n)",
    "judgements": "SELECT md5('j' || n), md5('jl' || n), '1', 'same', 0, md5('r' || n), md5('r' || n + 1)",
    "doubts": "SELECT md5('l' || n), md5('l' || n + 1), 10 + n % 10",
    "cases": f"SELECT 'C' || n, CASE WHEN n % 5 = 0 THEN 'C' || n - 1 END, {_TIME}",
    "authorisations": f"SELECT md5('r' || n), md5('l' || n), 'approve', 'operator', {_TIME}",
    "withdrawals": f"SELECT md5('l' || n), md5('r' || n), {_TIME}",
    "parked": "SELECT md5('p' || n), md5('t' || n)",
    "views": "SELECT 'i' || n % 20, 'C' || n / 2, 1, md5('v' || n)",
    "offers": f"SELECT 'i' || n % 20, n, md5('o' || n), 'claims.offer', 'C' || n / 2, {_TIME}, md5('d' || n), 'content', NULL",
    "offer_papers": "SELECT 'i' || n % 20, n, md5('r' || n), md5('l' || n), md5('s' || n), '[[0,\"x\"]]', 1",
    "uses": "SELECT md5('l' || n), md5('l' || n + 1), 'i' || n % 20, 'C' || n / 4",
    "handovers": "(insurer, number, sha256, record, case_number, basis, at)"
    f" SELECT 'i' || n % 20, n, md5('s' || n), md5('r' || n), 'C' || n / 4, '[]', {_TIME}",
    "due": "SELECT '2027-01-01T00:00:00.000000Z', md5('r' || n), 'why'",
    "verifications": "SELECT md5('q' || n), md5('s' || n / 2) || md5('s' || n / 2), 'u' || n % 100, md5('r' || n), 'confirmed',"
    f" {_TIME}, {_TIME}, CASE WHEN n % 1000 = 0 THEN '2027' END, 1, NULL, {_TIME}, 'answer'",
    "verification_askers": "SELECT 'i' || n % 20, md5('a' || n), md5('q' || n)",
    "dead_letters": f"SELECT 'hub', md5('e' || n), md5('r' || n), 'ValueError', {_TIME}",
    "inbox": "SELECT 'hub', md5('e' || n), '2026-11-' || 10 + n % 10",
    "outbox": "SELECT 'hub', md5('e' || n), 0, 'offers', 'k', md5('o' || n), '2026-11-' || 10 + n % 10, 'value'",
    "log": "(topic, key, event, day, value)"
    " SELECT (ARRAY['received', 'checked', 'verdicts', 'offers'])[1 + n % 4], 'k', md5('e' || n), '2026-11-20', 'value'",
}


@pytest.fixture
def world(server: Server, tmp_path: Path) -> Iterator[World]:
    world = World(InPostgres(tmp_path, server.fresh(), server.empty()))
    yield world
    world.close()


@dataclass
class Heard:
    """Statements with parameters that they were run with."""

    writing: dict[str, Any] = field(default_factory=dict)
    reading: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def heard(world: World) -> Iterator[Heard]:
    """Every statement that this world's database gets."""
    found = Heard()
    database: Any = world.core.database
    hearing = [(database._writer, _hear(found.writing)), (database._reader, _hear(found.reading))]
    for engine, hear in hearing:
        event.listen(engine, "before_cursor_execute", hear)
    yield found
    for engine, hear in hearing:
        event.remove(engine, "before_cursor_execute", hear)


def _hear(found: dict[str, Any]) -> Callable[..., None]:
    def hear(_: object, __: object, sql: str, values: Any, *___: object) -> None:
        if sql.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            found.setdefault(sql, values[0] if isinstance(values, list) else values)

    return hear


def play(world: World) -> None:
    """A little of everything that records, operators, insurers and the clock do."""
    items = list(generate(5, 8))
    world.send(items)
    first, second, third = [world.record_of[item.file] for item in items if item.method == "POST"][:3]
    for judgement, named in (("same", [first, second]), ("not-same", [first, second]), ("erase", [third])):
        world.judge(judgement, named)
    insurer = next(truth.insurers[0] for item in items for truth in item.truths if truth.insurers)
    for status in ("suspended", "admitted"):
        world.participant(insurer, Role.INSURER, status)
    world.core.tick()
    world.settle()
    papers = world._current(insurer)
    world.core.database.commit(lambda tx: [world.core.feed.paper(tx, insurer, one, NOW) for one in papers])

    def rarely(tx: Connection) -> None:
        records.rename_lineages(tx, {"old": "new"})
        records.judge_again(tx, [{"record": first, "judged": 1}])
        records.mark_dead(tx, "hub", "event", first, "ValueError", NOW)
        consents.unpark(tx, first)
        consents.done(tx, consents.fallen_due(tx, NOW, 10))
        casebook.a_record_of(tx, "C1")
        worklist.questions(tx)
        feeds.uses_of(tx, ["l"])
        feeds.move_uses(tx, [(row, "C2") for row in feeds.uses_of_papers(tx, ["l"])])
        ledger.page(tx, "CL01", first, None, 50)
        ledger.page(tx, "CL01", None, first, 50)
        ledger.judged_of_file(tx, first, 1)
        ledger.of_file(tx, first)
        inbox.take(tx, "hub", [Message("due", "k", "e", Refold(records=(), why="test"))], NOW)
        outbox.keep(tx, "hub", {"e": [Output("offers", "k", "o", "2026-11-21", b"")]})
        outbox.of(tx, "hub", ["e"])
        verifications.ask(tx, "q", ("s", "u"), first, NOW, NOW)
        verifications.note_asker(tx, "CL01", "identity", "q")
        verifications.asked_as(tx, "CL01", "identity")
        verifications.has_asked(tx, "CL01", "q")
        verifications.of_paper(tx, "s", "u")
        verifications.uploads(tx, "s")
        verifications.waiting(tx, NOW)
        verifications.open_by_issuer(tx)
        for row in verifications.fallen(tx, NOW, 10):
            verifications.begin_try(tx, row.id, NOW)
            verifications.failed_try(tx, row.id, "fault", NOW)
            verifications.close(tx, row.id, Answer.CONFIRMED, "answer", NOW)
        verifications.get(tx, "q")
        verifications.answered(tx, ["s"])
        for box in (inbox, outbox):
            box.drop(tx, "2026-11-01")

    world.core.database.commit(rarely)


def fill(world: World) -> None:
    with world.core.database.write() as tx:
        unhurried(tx)
        for table, rows in FILL.items():
            more = ", generate_series(1, 3) AS part" if table == "links" else ""
            statement = f"INSERT INTO {table} {rows} FROM generate_series(1, {ROWS}) AS n{more} ON CONFLICT DO NOTHING"
            tx.execute(text(statement.replace(":", "\\:")))
        tx.execute(text("ANALYZE"))


def walks(plan: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan walks from end to end, or an index of theirs; not so the first so many of an order."""
    whole = plan["Node Type"] == "Seq Scan" or "Index" in plan["Node Type"] and "Index Cond" not in plan
    if whole and (walked := plan.get("Relation Name", plan.get("Index Name"))) not in SMALL:
        yield walked
    for part in plan.get("Plans", ()):
        ordered = plan["Node Type"] == "Limit" and "Index" in part["Node Type"] and "Filter" not in part
        yield from () if ordered else walks(part)


def kept_plan(tx: Connection, sql: str) -> list[str]:
    """What the plan that a writer keeps for a statement walks: that of any values."""
    names = list(dict.fromkeys(PARAMETER.findall(sql)))
    numbered = PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", sql)
    tx.exec_driver_sql(f"PREPARE kept AS {numbered}")
    found = explained(tx, "EXECUTE kept" + (f"({', '.join(['NULL'] * len(names))})" if names else ""))
    tx.exec_driver_sql("DEALLOCATE kept")
    return found


def explained(tx: Connection, sql: str, values: Any = None) -> list[str]:
    ((found,),) = tx.exec_driver_sql("EXPLAIN (FORMAT JSON) " + sql, values).all()
    (told,) = found if isinstance(found, list) else json.loads(found)
    return sorted(set(walks(told["Plan"])))


def test_no_hot_statement_walks_a_large_table(world: World, heard: Heard) -> None:
    play(world)
    writing, reading = dict(heard.writing), dict(heard.reading)
    assert len(writing) > 60, "the scenario asks little: is the harness listening?"
    fill(world)
    with world.core.database.write() as tx:
        for table in FILL:
            assert tx.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() >= ROWS, table
        plans = {sql: kept_plan(tx, sql) for sql in writing if ONCE_A_DAY not in sql}
        assert {sql: tables for sql, tables in plans.items() if tables} == {}
        assert explained(tx, "SELECT * FROM records WHERE media_type = 'x'") == ["records"], "the test can tell"
    with world.core.database.read() as tx:
        plans = {sql: explained(tx, sql, values) for sql, values in reading.items()}
    assert {sql: tables for sql, tables in plans.items() if tables} == {}
