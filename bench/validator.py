"""How fast documents are judged, every check on, beside fhir.resources' models and orjson's bare parse; how much memory
that takes; whether it stays linear. `python -m bench.validator`: one process, one core, in turns.
"""

import math
import multiprocessing
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator

import orjson
from fhir.resources.R4B import get_fhir_model_class

from bench.documents import ROOT, SHARED
from bench.patient_history import as_bytes, history
from services.validation.collecting import settle
from services.validation.resource import check

OURS = "tests/data/fhir/bundle-songling-receipt.json"
THEIRS = (
    "fhir/twcore-0.3.1-examples/Bundle-bun-document-uuid-example.json",
    "fhir/iclaim/assembled/bundle-outpatient-motor.json",
    "fhir/iclaim/assembled/bundle-outpatient-illness.json",
    "fhir/iclaim/assembled/bundle-inpatient-surgery.json",
)
ROUNDS = 15  # of each way in turns; the median is told
TURN = 0.03  # seconds that a turn takes at least
FEW, MANY = 500, 5_000  # entries
HISTORY_BYTES = 6_000_000  # a history with more than MANY entries
MIB = 1 << 20


def files() -> dict[str, bytes]:
    """The six files by name."""
    paths = [ROOT / OURS, *(SHARED / one for one in THEIRS)]
    if missing := [str(path) for path in paths if not path.exists()]:
        raise SystemExit(f"missing: {missing[0]} (set CLAIMS_SHARED_DATA to the folder of the shared data)")
    return {**{path.stem: path.read_bytes() for path in paths}, "patient-history": as_bytes(history())}


def main() -> None:
    """Prints the table."""
    bodies = files()
    settle()
    bundle = get_fhir_model_class("Bundle")
    print(f"{'CPU milliseconds a file':32}{'kB':>8}{'ours':>9}{'fhir.resources':>16}{'':>8}{'orjson':>9}")
    ratios, distances = [], []
    for name, body in bodies.items():
        assert not [one for one in check(body) if one.severity == "error"], name
        ways = (lambda: check(body), lambda: bundle.model_validate_json(body), lambda: orjson.loads(body))  # noqa: B023
        ours, models, bare = (one * 1000 for one in medians(ways))
        ratios.append(models / ours)
        distances.append(ours / bare)
        print(f"{name:32}{len(body) / 1000:8.1f}{ours:9.3f}{models:16.3f}{models / ours:7.1f}x{bare:9.3f}")
    print(
        f"geometric mean: {_mean(ratios):.1f} times as fast as fhir.resources; {_mean(distances):.1f} times orjson's time"
    )
    for name in ("bundle-inpatient-surgery", "patient-history"):
        size = len(bodies[name])
        print(f"memory, {name}: {apart(traced, bodies[name]) / size:.1f} times the input at the peak (tracemalloc)")
    grown = apart(resident, bodies["patient-history"])
    print(
        f"resident memory grows by {grown / MIB:.0f} MiB, {grown / len(bodies['patient-history']):.1f} times the input"
    )
    few, many, bare = linearity()
    print(
        f"{FEW:,} entries {few * 1000:.1f} ms, {MANY:,} entries {many * 1000:.1f} ms: {many / few:.1f} times the time "
        f"(orjson's bare parse: {bare:.1f} times)"
    )


def medians(ways: tuple[Callable[[], object], ...]) -> list[float]:
    """CPU seconds a call, of each way; in turns, so that what else the machine does falls on all alike."""
    counts = [max(1, math.ceil(TURN / _seconds(way, 1))) for way in ways]
    turns = [[_seconds(way, count) for way, count in zip(ways, counts, strict=True)] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*turns, strict=True)]


def _seconds(way: Callable[[], object], count: int) -> float:
    start = time.process_time()
    for _ in range(count):
        way()
    return (time.process_time() - start) / count


def _mean(ratios: list[float]) -> float:
    return statistics.geometric_mean(ratios)


def linearity() -> tuple[float, float, float]:
    """Seconds for few and for many entries of one history; how many times as long the bare parse of the many takes, for
    what no longer fits into the processor's caches is slower whatever is done with it."""
    bundle = history(size=HISTORY_BYTES)
    assert len(bundle["entry"]) >= MANY
    few, many = (as_bytes({**bundle, "entry": bundle["entry"][:count]}) for count in (FEW, MANY))
    del bundle
    first, last = medians((lambda: check(few), lambda: check(many)))
    bare_first, bare_last = medians((lambda: orjson.loads(few), lambda: orjson.loads(many)))
    return first, last, bare_last / bare_first


def apart(measure: Callable[[bytes], int], body: bytes) -> int:
    """Runs a measurement in a process of its own, whose memory is that of this alone."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (body,))


def traced(body: bytes) -> int:
    """Bytes allocated at the peak of a check, the input not counted; tables are loaded and plans made before."""
    settle()
    check(body)
    tracemalloc.start()
    check(body)
    return tracemalloc.get_traced_memory()[1]


def resident(body: bytes) -> int:
    """Bytes by which the process's largest resident memory grows in the first check of the body."""
    settle()
    check(b'{"resourceType":"Patient"}')
    before = next(_peak())
    check(body)
    return next(_peak()) - before


def _peak() -> Iterator[int]:
    with open("/proc/self/status") as status:
        yield from (int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


if __name__ == "__main__":
    sys.exit(main())
