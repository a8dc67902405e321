"""The distributed form from POST to offer, as a ratio to the bare peer of the same parts; then more processes, more cases.

`python -m bench.distributed` (`make bench-kafka`): broker, database, services and load generator on this machine, in one run.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from confluent_kafka.admin import AdminClient, NewTopic

from bench import documents, postgres_loader
from bench.bare_kafka import TABLE, TOPIC
from bench.documents import Prepared
from bench.door_to_offer import SPARE, latency, measure, percentile, posts, run, say
from bench.servers import Usage, free_port, listens, tokens_of, tree
from schemas.topics import LOG_SETTINGS, TOPICS
from services.commands.run import DOORS, SERVICES
from tests.servers import kafka, postgres

Processes = dict[str, list[int]]  # pids by what they are


class System:
    """Processes on one broker and one database: what stands behind a port, and what each costs."""

    def __init__(self, cluster: kafka.Cluster, server: postgres.Server, folder: Path) -> None:
        postmaster = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
        self.port = free_port()
        self._folder = folder
        self._of: Processes = {"broker": [cluster.processes[0].pid], "postgresql": [postmaster]}
        self._running: list[subprocess.Popen[bytes]] = []
        self.environment = {"CLAIMS_KAFKA": cluster.address, "CLAIMS_DATABASE": server.fresh()}

    def start(self, name: str, *words: str, says: bool = False) -> None:
        """`python -m WORDS`; with `says`, returns when it has said that it runs."""
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                env=os.environ | self.environment, stdout=subprocess.PIPE if says else log, stderr=log,
            )  # fmt: skip
        self._running.append(process)
        self._of.setdefault(name, []).append(process.pid)
        if says and process.stdout and not process.stdout.readline():
            raise SystemExit(f"{name} did not start: see {self._folder / name}.log")

    def usage(self) -> list[Usage]:
        """CPU seconds and resident MiB of each service, its workers and all its processes together."""
        return [_together(name, [one for pid in pids for one in tree(pid)]) for name, pids in self._of.items()]

    def __enter__(self) -> "System":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.wait(30)


def _together(name: str, some: Sequence[Usage]) -> Usage:
    return Usage(name, sum(one.cpu for one in some), sum(one.resident for one in some), sum(one.peak for one in some))


@contextmanager
def bare(folder: Path) -> Iterator[System]:
    with (
        kafka.kafka(measured=True) as cluster,
        postgres.postgres(durable=True) as server,
        System(cluster, server, folder) as system,
    ):
        _topics(cluster, {TOPIC: 1})
        postgres_loader.execute(system.environment["CLAIMS_DATABASE"], TABLE)
        system.start("store", "bench.bare_kafka", "store")
        system.start("door", "bench.bare_kafka", "door", str(system.port))
        listens(system.port)
        yield system


@contextmanager
def interchange(folder: Path, partitions: int | None, processes: int) -> Iterator[tuple[System, dict[str, str]]]:
    """Every service once, the steps `processes` times; topics with so many partitions, or with those of the table."""
    with (
        kafka.kafka(measured=True) as cluster,
        postgres.postgres(durable=True) as server,
        System(cluster, server, folder) as system,
    ):
        system.environment["CLAIMS_KEYS"] = server.empty()
        _topics(cluster, {one.on_broker("claims"): partitions or one.partitions for one in TOPICS})
        data = Path(tempfile.mkdtemp(dir=folder))
        shared = ("--sandbox", "--data", str(data))
        steps = [name for name in SERVICES if name not in (DOORS, "clock", "publisher")]
        # The publisher would widen the topics to those of the table, under services that read what was there.
        others = ["clock"] if partitions else ["clock", "publisher"]
        for name in [*steps * processes, *others]:
            system.start(name, "services", "run", name, *shared, says=True)
        system.start(
            DOORS, "services", "run", DOORS, *shared, "--port", str(system.port), "--rate", "100000", says=True
        )
        yield system, tokens_of(data)


def _topics(cluster: kafka.Cluster, partitions: dict[str, int]) -> None:
    wanted = [NewTopic(name, number, 1, config=LOG_SETTINGS) for name, number in partitions.items()]
    admin = AdminClient({"bootstrap.servers": cluster.address})
    for done in admin.create_topics(wanted).values():
        done.result(30)


def measure_bare(system: System, some: Sequence[Prepared]) -> tuple[float, list[Usage]]:
    """Documents a second from the first POST to the last row."""
    database = system.environment["CLAIMS_DATABASE"]
    requests = posts(system, "bare", some)
    before = {one.name: one.cpu for one in system.usage()}
    start = time.monotonic()
    sent = run(system, requests)
    with psycopg.connect(database, autocommit=True) as connection:
        while connection.execute("SELECT count(*) FROM bare").fetchone() != (len(some),):
            time.sleep(0.02)
    seconds = time.monotonic() - start
    assert {one.status for one in sent} == {201}
    used = [Usage(one.name, one.cpu - before[one.name], one.resident, one.peak) for one in system.usage()]
    return len(some) / seconds, used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument("--processes", default="1,2,4", help="partitions and processes of each step; empty: none")
    parser.add_argument("--cases", default="1000,1000000", help="stored cases to measure at; empty: none")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    numbers = [[int(one) for one in text.split(",") if one] for text in (options.processes, options.cases)]
    with tempfile.TemporaryDirectory() as name:
        report = benchmark(Path(name), options.documents, *numbers)
    print(json.dumps(report, indent=2) if options.json else "\n".join(lines(report)))


def benchmark(folder: Path, count: int, widths: Sequence[int], sizes: Sequence[int]) -> dict:  # type: ignore[type-arg]
    some = [documents.prepare(SPARE + number) for number in range(3 * count)]
    say("bare peer …")
    with bare(folder) as system:
        measure_bare(system, some[count:])
        postgres_loader.execute(system.environment["CLAIMS_DATABASE"], "TRUNCATE bare")
        rate, used = measure_bare(system, some[:count])
    report = {"documents": count, "bare": {"documents_per_second": rate, "services": _costs(used, count)}}
    say("interchange …")
    with interchange(folder, None, 1) as (system, tokens):
        measure(system, tokens, some[:count], 0)  # what is compiled and cached at the first use is not what is asked
        ours, used = measure(system, tokens, some[count : 2 * count], count)
        half = latency(system, tokens, some[2 * count :], 2 * count, ours / 2)
    report["ours"] = {"documents_per_second": ours, "ratio": rate / ours, "services": _costs(used, count)}
    report["half_load"] = {"p50_ms": statistics.median(half) * 1000, "p99_ms": percentile(half, 0.99) * 1000}
    report["widths"] = [_wide(folder, width, some[: 2 * count]) for width in widths]
    report["stored"] = [_stored(folder, size, some[: 2 * count]) for size in sizes]
    return report


def _wide(folder: Path, width: int, some: Sequence[Prepared]) -> dict:  # type: ignore[type-arg]
    say(f"{width} partitions and processes …")
    with interchange(folder, width, width) as (system, tokens):
        return {"processes": width} | _second_half(system, tokens, some, 0)


def _stored(folder: Path, size: int, some: Sequence[Prepared]) -> dict:  # type: ignore[type-arg]
    """With this many cases in the store."""
    with interchange(folder, None, 1) as (system, tokens):
        measure(system, tokens, [documents.prepare(0)], 0)
        say(f"storing {size:,} cases …")
        postgres_loader.copies(system.environment["CLAIMS_DATABASE"], system.environment["CLAIMS_KEYS"], size - 1)
        return {"cases": size} | _second_half(system, tokens, some, size)


def _second_half(system: System, tokens: dict[str, str], some: Sequence[Prepared], base: int) -> dict:  # type: ignore[type-arg]
    half = len(some) // 2
    measure(system, tokens, some[:half], base)
    rate, used = measure(system, tokens, some[half:], base + half)
    return {"documents_per_second": rate, "resident_mib": sum(one.resident for one in used)}


def _costs(used: Sequence[Usage], count: int) -> list[dict[str, object]]:
    return [
        {"name": one.name, "cpu_ms_per_document": one.cpu / count * 1000, "resident_mib": one.resident} for one in used
    ]


def lines(report: dict) -> list[str]:  # type: ignore[type-arg]
    bare, ours, half = report["bare"], report["ours"], report["half_load"]
    told = [
        f"{report['documents']} documents of 41 kB each, person and authorisation of its own, {os.cpu_count()} cores"
    ]
    told += [f"bare pipeline     {bare['documents_per_second']:8.0f} documents/s", *_told(bare["services"])]
    told += [f"POST to offer     {ours['documents_per_second']:8.0f} documents/s  1/{ours['ratio']:.1f} of bare"]
    told += _told(ours["services"])
    told += [f"at half load      p50 {half['p50_ms']:.0f} ms, p99 {half['p99_ms']:.0f} ms"]
    told += [
        f"{one['processes']} partitions and processes of each step  {one['documents_per_second']:6.0f} documents/s"
        for one in report["widths"]
    ]
    told += [
        f"{one['cases']:>9,} cases stored  {one['documents_per_second']:6.0f} documents/s  {one['resident_mib']:6.0f} MiB"
        for one in report["stored"]
    ]
    return told


def _told(services: Sequence[dict]) -> list[str]:  # type: ignore[type-arg]
    rows = [
        f"  {one['name']:<16} {one['cpu_ms_per_document']:6.2f} ms CPU a document  {one['resident_mib']:6.0f} MiB"
        for one in services
    ]
    return [*rows, f"  {'together':<16} {sum(one['cpu_ms_per_document'] for one in services):6.2f}"]


if __name__ == "__main__":
    main()
