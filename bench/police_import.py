"""Police files at scale: rows parsed and coded a second of one core; rows a second from a file to its last verdict through
`claims police import` and a running system; memory of command, door and workers at two sizes. `python -m bench.police_import`.

The rows are published ones (two days of A2, as many a day as the country has); copies stand on other days, so that each
accident is one of its own. The coded export has invented rows.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from adapters.police import party_table, sources
from bench import servers
from bench.documents import ROOT, SHARED
from services.sandbox.persons import national_id
from services.validation.collecting import settle

PUBLISHED = SHARED / "police/npa-open-data"
PARSED = ("a1_2018.csv", "a1_2023.csv", "a1_2026.csv", "a2_2026_part.csv")
TWO_DAYS = PUBLISHED / "a2_2026_part.csv"
EXPORT = ROOT / "tests/data/police/internal_109.csv"
EXPORT_COPIES = 600
UNIT = "379130000C"  # of every sandbox
PERSONS = (b"A123456789", b"B223456782")  # invented, as all of that file
_PLATE = re.compile(rb",([A-Z]{3})-\d{4},")
ROUNDS = 40
SIZES = (10_000, 100_000)  # rows
CODED_ROWS = 5_000
MIB = 1 << 20


def parsed() -> Iterator[tuple[str, float, float]]:
    """Rows a CPU second, by the median of the turns and by the best: of each published file with 51 columns, then of a coded
    export."""
    for name in PARSED:
        yield name, *_rates((PUBLISHED / name).read_bytes())
    yield "coded export", *_rates(_export())


def _rates(data: bytes) -> tuple[float, float]:
    rows, turns = sources.read(data).rows, []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in sources.read(data).entries:
            pass
        turns.append(time.process_time() - start)
    return rows / statistics.median(turns), rows / min(turns)


def _export() -> bytes:
    header, *rows = EXPORT.read_bytes().splitlines(keepends=True)
    of_a_case = sorted(row.rstrip() + b"\r\n" for row in rows)
    return header + b"".join(b"%05d" % copy + row for copy in range(EXPORT_COPIES) for row in of_a_case)


def write(path: Path, count: int) -> int:
    """A file of so many rows or a few more; their number."""
    header, *rows = TWO_DAYS.read_bytes().splitlines(keepends=True)
    rows, footers = rows[:-2], rows[-2:]
    written = 0
    with path.open("wb") as file:
        file.write(header)
        while written < count:
            days = timedelta(days=2 * (written // len(rows)))
            file.writelines(_earlier(row, days) for row in rows)
            written += len(rows)
        file.writelines(footers)
    return written


def _earlier(row: bytes, days: timedelta) -> bytes:
    fields = row.split(b",")
    day = date.fromisoformat(fields[party_table.DATE].decode()) - days
    fields[:3] = b"%d" % day.year, b"%d" % day.month, day.strftime("%Y%m%d").encode()
    return b",".join(fields)


def write_export(path: Path, count: int) -> int:
    """A coded export of so many rows or a few more, its accidents each of its own number, day, plates and persons."""
    header, *rows = EXPORT.read_bytes().splitlines(keepends=True)
    copies = -(-count // len(rows))
    with path.open("wb") as file:
        file.write(header)
        for copy in range(copies):
            for row in sorted(row.rstrip() + b"\r\n" for row in rows):
                for at, person in enumerate(PERSONS):
                    row = row.replace(person, national_id(2 * copy + at).encode())
                number, moment, rest = row.split(b",", 2)
                day = date.fromisoformat(moment[:10].decode()) - timedelta(days=copy)
                rest = _PLATE.sub(lambda plate, copy=copy: b",%s-%04d," % (plate[1], copy), rest)
                file.write(b"%s-%05d,%s%s,%s" % (number, copy, str(day).encode(), moment[10:], rest))
    return copies * len(rows)


def imported(folder: Path, count: int, coded: bool = False) -> dict[str, object]:
    """A file through the command into an empty system; `coded`: an export of a unit, else open data."""
    path, data = folder / f"{count}.csv", folder / f"data-{count}-{coded}"
    rows = (write_export if coded else write)(path, count)
    server, _ = servers.interchange(folder, data)
    try:
        before = {one.name: one.cpu for one in server.usage()}
        begun = time.monotonic()
        told, command = _command(path, data, ["--as", UNIT] if coded else [])
        seconds = time.monotonic() - begun
        used = server.usage()
    finally:
        server.stop()
    if set(told["verdicts"]) != {"accepted"}:
        raise SystemExit(f"not all accepted: {told['verdicts']}")
    return {
        "rows": rows,
        "accidents": told["accidents"],
        "rows_per_second": rows / seconds,
        "processes": [
            {"name": name, "cpu_seconds": cpu, "peak_mib": peak}
            for name, cpu, peak in (command, *((one.name, one.cpu - before.get(one.name, 0), one.peak) for one in used))
        ],
    }


def _command(path: Path, data: Path, more: Sequence[str]) -> tuple[dict, tuple[str, float, float]]:  # type: ignore[type-arg]
    """What `claims police import` says; its CPU seconds and its largest memory."""
    line = [sys.executable, "-m", "services", "police", "import", str(path), "--json", *more]
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([*line, "--sandbox", str(data / "sandbox.json")], stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        told = json.load(out)
    return told, ("command", usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / MIB)


def main(sizes: Sequence[int] = SIZES) -> None:
    """Prints the figures."""
    if not TWO_DAYS.exists():
        raise SystemExit(f"missing: {TWO_DAYS} (set CLAIMS_SHARED_DATA to the folder of the shared data)")
    settle()
    for name, median, best in parsed():
        print(f"parsed and coded, {name:<20} {median:8,.0f} rows/s a core, {best:8,.0f} in the best turn")
    with tempfile.TemporaryDirectory() as name:
        for size, coded in [*((size, False) for size in sizes), (CODED_ROWS, True)]:
            told = imported(Path(name), size, coded)
            print(
                f"from {'coded export' if coded else 'file'} to last verdict: {told['rows']:,} rows, "
                f"{told['accidents']:,} accidents: {told['rows_per_second']:,.0f} rows/s"
            )
            for one in told["processes"]:  # type: ignore[attr-defined]
                print(f"  {one['name']:<18} {one['cpu_seconds']:7.1f} s CPU  {one['peak_mib']:6.0f} MiB at the peak")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="rows of the files, separated by commas")
    main([int(one) for one in parser.parse_args().sizes.split(",")])
