"""The walk-throughs of the README and of docs/, run as a reader would: `$` lines are typed, what follows is what must be
seen (`…`: anything)."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.ordeal import Process

ROOT = Path(__file__).parents[2]


def console(page: str) -> list[tuple[str, list[str]]]:
    """Commands with the lines expected of each."""
    told: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", (ROOT / page).read_text(), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                told.append((line[2:], []))
            else:
                told[-1][1].append(line)
    return told


def pattern(lines: list[str]) -> re.Pattern[str]:
    return re.compile(".*?".join(re.escape(part) for part in "\n".join(lines).split("…")), re.DOTALL)


def script(steps: list[tuple[str, list[str]]], data: Path, port: int) -> str:
    """The commands as one shell session, on the folder and port of the test."""
    lines = [f"cd {ROOT}", "set -o pipefail"]
    for number, (command, _) in enumerate(steps):
        typed = command.replace("localhost:8080", f"localhost:{port}")
        typed = re.sub(r'(?<=[ "@])data/', f"{data}/", typed)
        typed = typed.replace(".venv/bin/python", sys.executable)
        if ".venv/bin/claims" in typed:
            served = not re.search("claims (validate|convert|render) ", typed)  # those need no server
            typed = typed.replace(".venv/bin/claims", f"{sys.executable} -m services")
            typed += f" --sandbox {data}/sandbox.json" if served else ""
        lines += [f"echo '=== {number}'", typed]
    return "\n".join(lines)


async def walk(steps: list[tuple[str, list[str]]], folder: Path) -> subprocess.CompletedProcess[str]:
    process = Process(folder / "data")
    await process.start()
    try:
        typed = ["bash", "-c", script(steps, folder / "data", process.port)]
        return await asyncio.to_thread(subprocess.run, typed, capture_output=True, text=True, timeout=120, check=False)
    finally:
        await process.kill()


@pytest.mark.parametrize(
    ("page", "least"), [("README.md", 13), ("docs/mandates.md", 13), ("docs/police-papers.md", 16)]
)
def test_the_walk_through_does_what_it_says(tmp_path: Path, page: str, least: int) -> None:
    steps = console(page)
    assert len(steps) >= least
    run = asyncio.run(walk(steps, tmp_path))
    seen = dict(re.findall(r"=== (\d+)\n(.*?)(?==== \d+\n|\Z)", run.stdout.replace("\r", ""), re.DOTALL))
    for number, (command, expected) in enumerate(steps):
        output = seen.get(str(number), "")
        assert pattern(expected).match(output), (
            f"$ {command}\n--- expected\n{expected}\n--- seen\n{output}\n{run.stderr}"
        )
