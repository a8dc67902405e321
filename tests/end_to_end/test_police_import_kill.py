"""A police file on its way in, the command and the system killed with -9: every accident comes in once, and whole."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapters.police import cutting, sources
from adapters.police.party_table import DATE
from adapters.stores.tables import records
from schemas.evidence import Evidence
from schemas.records import Kind
from services.embedded import Core
from services.hub.register import register
from services.sandbox import setup
from services.sandbox.client import Client
from services.sandbox.participants import PARTICIPANTS, policies
from tests.end_to_end.ordeal import Process

PARTIES = Path(__file__).parents[1] / "data/police/parties.csv"
DAYS = 900  # copies of the invented file, a day apart: half a dozen pieces
PIECES, TAKEN = "kind = 'accident-file'", "kind = 'accident' AND outcome = 'accepted'"
SECONDS = 240.0
Named = tuple[str, str, str]  # date, time and place of an accident


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of many days; two lines are broken, and the last accident's first line stands at the front of the file."""
    header, *lines = PARTIES.read_bytes().splitlines(keepends=True)
    rows, footers = lines[:9], lines[9:]
    made = [_on_day(row, day) for day in range(DAYS) for row in rows]
    made.insert(0, made.pop(-2))
    made[1000] = made[1000].replace(b",", b",,", 1)
    made[3000] = made[3000][:40] + b"\n"
    path = tmp_path_factory.mktemp("rows") / "accidents.csv"
    path.write_bytes(b"".join([header, *made, *footers]))
    return path


def _on_day(row: bytes, back: int) -> bytes:
    fields = row.split(b",")
    text = fields[DATE].decode()
    day = date(int(text[:4]), int(text[4:6]), int(text[6:])) - timedelta(days=back)
    fields[DATE] = day.strftime("%Y%m%d").encode()
    return b",".join(fields)


def test_an_import_that_is_killed_comes_in_once_and_whole(tmp_path: Path, file: Path) -> None:
    told, again = asyncio.run(_play(Process(tmp_path / "data"), file))
    expected, faulty = _expected(file)
    assert told["verdicts"] == {"accepted": len(expected), "rejected": len(faulty)}
    assert sorted(tuple(row["lines"]) for row in told["refused"]) == faulty
    assert again["verdicts"] == told["verdicts"] and len(again["records"]) == len(_pieces(file))
    assert _stored(tmp_path / "data") == expected


async def _play(process: Process, file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the import says that outlives two deaths of the system, and what the next one says."""
    total = len(_expected(file)[0])
    await process.start()
    try:
        async with Client(setup.read(process.data / "sandbox.json"), patience=SECONDS) as client:
            first = await _import(process, file)
            await _until(process.data, PIECES, 2)
            first.send_signal(signal.SIGKILL)
            await first.wait()
            assert _count(process.data, PIECES) < len(_pieces(file)), "killed in the middle"
            before = _count(process.data, TAKEN)
            second = await _import(process, file)
            for more in (1, 2):
                await _until(process.data, TAKEN, before + (total - before) * more // 3)
                await process.kill()
                await process.start()
            told = await _said(second)
            counts = (await client.get(client.sandbox.of_role("operator")[0].code, "/reconciliation")).json()
            again = await _said(await _import(process, file))
            after = (await client.get(client.sandbox.of_role("operator")[0].code, "/reconciliation")).json()
            assert after["counts"] == counts["counts"]
    finally:
        await process.stop()
    return told, again


async def _import(process: Process, file: Path) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "services", "police", "import", str(file), "--json"]
    return await asyncio.create_subprocess_exec(
        *command, "--sandbox", str(process.data / "sandbox.json"), stdout=asyncio.subprocess.PIPE, env=os.environ
    )


async def _said(command: asyncio.subprocess.Process) -> dict[str, Any]:
    async with asyncio.timeout(SECONDS):
        out, _ = await command.communicate()
    assert command.returncode == 1, "two accidents are refused"
    return json.loads(out)


def _count(data: Path, where: str) -> int:
    """Rows of the running system's records."""
    with closing(sqlite3.connect(f"file:{data / 'claims.sqlite'}?mode=ro", uri=True)) as store:
        return int(store.execute(f"SELECT count(*) FROM records WHERE {where}").fetchone()[0])


async def _until(data: Path, where: str, more: int) -> None:
    async with asyncio.timeout(SECONDS):
        while _count(data, where) < more:
            await asyncio.sleep(0.01)


def _expected(file: Path) -> tuple[Counter[tuple[Named, int]], list[tuple[int, int]]]:
    """(accident, parties) of every good one, and the lines of the faulty, by reading the file in one go."""
    entries = list(sources.read(file.read_bytes()).entries)
    good: Counter[tuple[Named, int]] = Counter()
    for entry in entries:
        if (told := entry.report) is not None:
            good[(told.date, told.time[:5], told.place), sum(party.kind is not None for party in told.parties)] += 1
    return good, sorted(entry.lines for entry in entries if entry.report is None)


def _stored(data: Path) -> Counter[tuple[Named, int]]:
    """The same as the interchange has it; every attempt at any record has its verdict."""
    core = Core(data, PARTICIPANTS, register(policies()))
    try:
        with core.database.read() as tx:
            rows = tx.execute(select(records).where(records.c.kind == Kind.ACCIDENT)).all()
            assert all(row.outcome and row.judged == row.attempt for row in rows)
            taken = [row.record for row in rows if row.outcome == "accepted"]
            views = core.archive.views(tx, taken)
    finally:
        core.close()
    found: Counter[tuple[Named, int]] = Counter()
    for record in taken:
        view = views[record]
        assert isinstance(view, Evidence) and view.accident
        told = view.accident
        found[(told.date, told.time, told.place), len(told.parties)] += 1
    return found


def test_the_file_is_cut(file: Path) -> None:
    pieces = _pieces(file)
    assert len(pieces) >= 6 and sum(piece.rows for piece in pieces) == DAYS * 9


def _pieces(file: Path) -> list[cutting.Piece]:
    lines = file.read_bytes().splitlines(keepends=True)
    return list(cutting.Cut(lambda: lines).pieces())
