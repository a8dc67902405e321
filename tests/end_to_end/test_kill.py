"""Killed with -9 twenty times under load: nothing acknowledged is lost, nothing doubled, nothing leaked, no gap."""

import asyncio
from pathlib import Path

from tests.end_to_end.ordeal import Process, ordeal

KILLS = 20


def test_kills_under_load_leave_zeros(tmp_path: Path) -> None:
    counted = asyncio.run(ordeal(Process(tmp_path / "data"), KILLS, seed=11))
    assert counted.clean, str(counted)
    assert counted.kills == KILLS
    assert counted.records > 100
