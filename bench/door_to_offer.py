"""Documents a second from POST to offer, as a ratio to the bare peer; latency at half load; CPU and memory by process.

Both sides get the same requests from the same generator on the same machine in the same run.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.request import Request, urlopen

from bench import documents, loader, servers
from bench.documents import CLAIMLINK, HOSPITAL, INSURER, OPERATOR, Prepared
from bench.load import Sent, request, send_all
from bench.servers import Server, Usage
from services.embedded import Core
from services.hub.register import register
from services.sandbox.participants import PARTICIPANTS, policies

CONNECTIONS = 64
FHIR = "application/fhir+json"
SPARE = 200_000  # documents of the measurements start here, above the numbers of the bulk loader


class Feed:
    """The insurer's side: what number stands last, and when each paper was first offered."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self.offered: dict[str, float] = {}
        self.last = 0

    def page(self, after: int, wait: int) -> list[dict]:  # type: ignore[type-arg]
        url = f"http://127.0.0.1:{self._port}/insurers/{INSURER}/offers?after={after}&wait={wait}"
        with urlopen(Request(url, headers={"Authorization": f"Bearer {self._token}"}), timeout=wait + 30) as answer:
            return json.load(answer)["events"]

    def skip(self, last: int) -> None:
        self.last = last

    def wait_for(self, number: int) -> float:
        """The time at which this number stands in the feed."""
        while not self.page(number - 1, 30):
            pass
        return time.monotonic()

    def follow(self, until: int) -> None:
        """Reads by long poll until this number, noting when each paper came."""
        while self.last < until:
            for event in self.page(self.last, 10):
                now = time.monotonic()
                for paper in event["data"].get("papers", ()):
                    self.offered.setdefault(paper["sha256"], now)
                self.last = event["offernumber"]


def grant(server: Server, tokens: dict[str, str], some: Sequence[Prepared]) -> None:
    """Posts the authorisations and their reviews."""
    kind = "application/json"
    first = [request(server.port, "/authorisations", tokens[CLAIMLINK], kind, one.authorisation) for one in some]
    second = [request(server.port, one.review_path, tokens[OPERATOR], kind, one.review) for one in some]
    for requests in (first, second):
        wrong = [one.status for one in run(server, requests) if one.status != 201]
        if wrong:
            raise SystemExit(f"preparing failed: {wrong[:3]}")


def run(server: Server, requests: Sequence[bytes], rate: float | None = None) -> list[Sent]:
    return asyncio.run(send_all(server.port, requests, CONNECTIONS, rate))


def posts(server: Server, token: str, some: Sequence[Prepared]) -> list[bytes]:
    return [request(server.port, "/fhir/Bundle", token, FHIR, one.document) for one in some]


def measure_bare(folder: Path, some: Sequence[Prepared]) -> tuple[float, float]:
    """Documents a second and CPU milliseconds a document of the peer."""
    server = servers.bare(folder)
    requests = posts(server, "bare", some)
    before = server.usage()
    start = time.monotonic()
    sent = run(server, requests)
    seconds = time.monotonic() - start
    cpu = sum(one.cpu for one in server.usage()) - sum(one.cpu for one in before)
    server.stop()
    assert {one.status for one in sent} == {201}
    return len(sent) / seconds, cpu / len(sent) * 1000


def measure(server: Server, tokens: dict[str, str], some: Sequence[Prepared], base: int) -> tuple[float, list[Usage]]:
    """Documents a second from the first POST to the last offer; CPU seconds by process over that time."""
    grant(server, tokens, some)
    requests = posts(server, tokens[HOSPITAL], some)
    feed = Feed(server.port, tokens[INSURER])
    before = {one.name: one.cpu for one in server.usage()}
    start = time.monotonic()
    sent = run(server, requests)
    _accepted(sent)
    end = feed.wait_for(base + len(some))
    used = [Usage(one.name, one.cpu - before.get(one.name, 0.0), one.resident, one.peak) for one in server.usage()]
    return len(some) / (end - start), used


def latency(server: Server, tokens: dict[str, str], some: Sequence[Prepared], base: int, rate: float) -> list[float]:
    """Seconds from POST to offer, each, at a fixed rate."""
    grant(server, tokens, some)
    requests = posts(server, tokens[HOSPITAL], some)
    feed = Feed(server.port, tokens[INSURER])
    feed.skip(base)
    reader = threading.Thread(target=feed.follow, args=(base + len(some),), daemon=True)
    reader.start()
    sent = run(server, requests, rate)
    _accepted(sent)
    reader.join(120)
    return sorted(feed.offered[one.sha256] - done.start for one, done in zip(some, sent, strict=True))


def _accepted(sent: Sequence[Sent]) -> None:
    """What was not taken in is never offered: nobody waits for it."""
    wrong = [one.status for one in sent if one.status != 201]
    if wrong:
        raise SystemExit(f"{len(wrong)} documents were not accepted: {wrong[:3]}")


def percentile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument(
        "--cases", default="1000,100000", help="stored cases to measure at, comma-separated; empty: none"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        report = benchmark(Path(name), options.documents, [int(one) for one in options.cases.split(",") if one])
    print(json.dumps(report, indent=2) if options.json else "\n".join(lines(report)))


def benchmark(folder: Path, count: int, sizes: Sequence[int]) -> dict[str, object]:
    some = [documents.prepare(SPARE + number) for number in range(3 * count)]
    say("bare peer …")
    bare, bare_cpu = measure_bare(folder, some[:count])
    say("interchange, empty …")
    server, tokens = servers.interchange(folder, folder / "empty")
    ours, used = measure(server, tokens, some[:count], 0)
    half = latency(server, tokens, some[count : 2 * count], count, ours / 2)
    server.stop()
    report: dict[str, object] = {
        "documents": count,
        "bare": {"documents_per_second": bare, "cpu_ms_per_document": bare_cpu},
        "ours": {
            "documents_per_second": ours,
            "ratio": bare / ours,
            "processes": [
                {"name": one.name, "cpu_ms_per_document": one.cpu / count * 1000, "resident_mib": one.resident}
                for one in used
            ],
        },
        "half_load": {"p50_ms": statistics.median(half) * 1000, "p99_ms": percentile(half, 0.99) * 1000},
        "stored": [stored(folder, size, some[:count]) for size in sizes],
    }
    return report


def stored(folder: Path, size: int, some: Sequence[Prepared]) -> dict[str, object]:
    """Throughput and memory with this many cases in the store."""
    data = folder / f"stored-{size}"
    server, tokens = servers.interchange(folder, data)
    measure(server, tokens, [documents.prepare(0)], 0)
    server.stop()
    core = Core(data, PARTICIPANTS, register(policies()))
    for done in loader.copies(core, size - 1):
        say(f"{done + 1:,} cases stored …")
    core.close()
    server, tokens = servers.interchange(folder, data)
    rate, used = measure(server, tokens, some, size)
    server.stop()
    return {"cases": size, "documents_per_second": rate, "resident_mib": sum(one.resident for one in used)}


def lines(report: dict) -> list[str]:  # type: ignore[type-arg]
    ours, bare = report["ours"], report["bare"]
    told = [
        f"{report['documents']} documents of 41 kB each, person and authorisation of its own, 2 cores",
        f"bare peer         {bare['documents_per_second']:8.0f} documents/s  {bare['cpu_ms_per_document']:.2f} ms CPU each",
        f"POST to offer     {ours['documents_per_second']:8.0f} documents/s  1/{ours['ratio']:.1f} of bare",
    ]
    told += [
        f"  {one['name']:<18} {one['cpu_ms_per_document']:6.2f} ms CPU a document  {one['resident_mib']:6.0f} MiB"
        for one in ours["processes"]
    ]
    told.append(
        f"at half load      p50 {report['half_load']['p50_ms']:.0f} ms, p99 {report['half_load']['p99_ms']:.0f} ms"
    )
    told += [
        f"{one['cases']:>7,} cases stored  {one['documents_per_second']:6.0f} documents/s  {one['resident_mib']:6.0f} MiB"
        for one in report["stored"]
    ]
    if len(report["stored"]) > 1:
        first, last = report["stored"][0], report["stored"][-1]
        change = last["documents_per_second"] / first["documents_per_second"] - 1
        told.append(f"from {first['cases']:,} to {last['cases']:,} cases: throughput {change:+.0%}")
    return told


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
