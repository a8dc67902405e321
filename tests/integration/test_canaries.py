"""200 invented subjects, followed byte by byte: nothing of them is ever in clear; after three days the log cannot be read,
after erasure or retention nothing can, whichever live key is tried at whichever ciphertext."""

import base64
import gzip
import json
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select

from adapters.stores import outbox
from adapters.stores.archive import BLOB_KEY, RECORD_KEY
from adapters.stores.tables import records as stored
from adapters.streams import kafka_source
from adapters.streams.log import STREAM_KEY
from adapters.vault.keys import Keys
from schemas.events import Message, Refold
from schemas.records import Kind
from schemas.topics import DUE
from services import due
from services.hub.retention import TEN_YEARS
from services.pipeline import PIPELINE
from services.portal.comparing import compare
from tests.integration.canaries import (
    Sealed,
    Subject,
    erasure,
    in_clear,
    opened,
    records_of,
    review,
    searched,
    subjects,
    told,
)
from tests.integration.canary_systems import Distributed, Embedded, Shared, System, live_keys, sealed
from tests.servers.kafka import kafka
from tests.servers.postgres import postgres

ERASED = range(20)  # subjects whose records an operator erases
FEW = 10
OFFERED = (0, 2)  # of five subjects these have a document with consent, or an application
MOMENT = timedelta(microseconds=1)
ROOT = Path(__file__).parents[2]


def play(system: System, some: list[Subject]) -> dict[str, Subject]:
    """Hands in everything about them, and has the authorisations reviewed; the records, with whom they are about."""
    given = [(record, one) for one in some for record in records_of(one)]
    ids = system.enter([record for record, _ in given])
    system.settle()
    granted = [(id, one) for id, (record, one) in zip(ids, given, strict=True) if record.kind == Kind.AUTHORISATION]
    reviews = system.enter([review(id, one) for id, one in granted])
    system.settle()
    return dict(zip(ids, (one for _, one in given), strict=True)) | dict(
        zip(reviews, (one for _, one in granted), strict=True)
    )


def check_files(system: System, least: int) -> None:
    found, size = searched(system.files())
    assert found == {} and size > least


def check_all_open(system: System, values: list[Sealed], some: list[Subject]) -> dict[Sealed, set[int]]:
    """Before their time the same search finds every subject, in every place; which values speak of whom."""
    inside = opened(values, live_keys(system))
    assert inside.keys() == set(values), "each opens with a live key"
    found = told(inside)
    for at in ("log", "bodies"):
        assert speaking(found, at) == {one.number for one in some}
    return found


def speaking(found: dict[Sealed, set[int]], at: str) -> set[int]:
    return set().union(*(who for one, who in found.items() if one.at == at))


def check_offers(found: dict[Sealed, set[int]], some: list[Subject]) -> None:
    assert speaking(found, "offers") == {one.number for one in some if one.number % 5 in OFFERED}


def three_days_on(now: datetime) -> datetime:
    """The last moment at which something written at `now` may still be read."""
    return datetime.combine(now.date() + timedelta(days=3), datetime.min.time(), UTC)


def check_life(system: System, records: dict[str, Subject], found: dict[Sealed, set[int]]) -> None:
    """From the first day to the end of every retention. `found`: values of the first day that speak of a subject."""
    on_log = [one for one in found if one.at in ("log", "outbox")]
    kept = [one for one in found if one.at not in ("log", "outbox")]
    begun = system.now
    system.now = three_days_on(begun)
    system.tick()
    assert opened(on_log, live_keys(system)) == {}, "three days and every step is past"
    assert len(opened(kept, live_keys(system))) == len(kept), "the store does not need the log"

    system.enter([erasure(record) for record, one in records.items() if one.number in ERASED])
    system.settle()
    gone = [one for one in kept if found[one] & set(ERASED)]
    assert {one.at for one in gone} >= {"bodies", "offers", "blobs"}
    still = opened(kept, live_keys(system))
    assert not still.keys() & set(gone)
    assert still.keys() == set(kept) - set(gone), "nobody else's"

    system.now = begun + timedelta(days=180) + MOMENT
    system.tick()
    refused = {one.number for one in records.values() if one.number % 5 == 4}
    still = opened(kept, live_keys(system))
    assert set().union(*told(still).values()) == {one.number for one in records.values()} - refused - set(ERASED)

    system.now = three_days_on(begun) + TEN_YEARS
    system.tick()
    system.now = three_days_on(system.now)
    system.tick()
    live = live_keys(system)
    assert opened(list(found), live) == {}
    assert told(opened(sealed(system), live)) == {}, "nor does anything written since tell of them"


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a file that holds whatever a process logs."""
    folder = tmp_path_factory.mktemp("said")
    before = structlog.get_config()
    with (folder / "log").open("wb") as file:
        structlog.configure(
            processors=[structlog.contextvars.merge_contextvars, structlog.processors.JSONRenderer(serializer=_line)],
            logger_factory=structlog.BytesLoggerFactory(file),
            cache_logger_on_first_use=False,
        )
        yield folder
    structlog.configure(**before)


@contextmanager
def distributed(folder: Path) -> Iterator[Distributed]:
    """On a broker and a database server of its own, whose every file is looked at."""
    with ExitStack() as open:
        cluster, server = open.enter_context(kafka()), open.enter_context(postgres())
        shared = Shared.fresh(cluster, server)
        yield open.enter_context(closing(Distributed(shared, folder, [cluster.folder, server.folder])))


def _line(value: Any, **_: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=repr).encode()


def test_of_200_subjects_nothing_outlives_its_time_in_one_folder(tmp_path: Path, said: Path) -> None:
    system = Embedded(tmp_path)
    records = play(system, subjects())
    keys = system.keys.wrapped.find(system.keys.names(""))
    check_files(system, 5_000_000)
    found = check_all_open(system, sealed(system), subjects())
    check_offers(found, subjects())
    check_life(system, records, found)
    check_files(system, 1_000_000)
    check_images(system, keys)
    assert searched([said]) == ({}, (said / "log").stat().st_size)
    system.close()


def test_nor_on_brokers_and_databases_and_a_hub_that_was_down_for_four_days_loses_nothing(
    tmp_path: Path, said: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "CLOCK_SECONDS", 0.3)
    monkeypatch.setattr(kafka_source, "LOOK_SECONDS", 0.3)
    with distributed(tmp_path) as system:
        system.start("validation", "deduplication", "consent", "sequencer", "publisher", "clock")  # no hub
        records = play(system, subjects())
        keys = system.keys.wrapped.find(system.keys.names(""))
        stray = "f" * 32  # a large body of a door that ended before its record was entered
        system.archive.blobs.write(stray, system.archive.blob_key(stray), subjects()[0].word.encode())
        check_files(system, 50_000_000)
        found = check_all_open(system, sealed(system), subjects())
        began = system.now
        day = STREAM_KEY + began.date().isoformat()

        system.now += timedelta(days=4)
        system.until(lambda: b'"steps": ["hub"]' in (said / "log").read_bytes())
        assert day in system.keys.names(STREAM_KEY)
        assert opened(list(found), live_keys(system)).keys() == found.keys(), "all of it waits for the hub"
        (left,) = system.node.sealer.seal([Message(DUE.name, "k", "e", Refold(records=(), why="left"))], began)
        with system.database.write() as tx:
            outbox.keep(tx, "other doors", {"e": [left]})  # committed, and its process ended before it was published
        system.start("hub")
        system.until(lambda: b'"steps": ["other doors"]' in (said / "log").read_bytes())
        assert day in system.keys.names(STREAM_KEY), "it can still be published"
        with system.database.write() as tx:
            outbox.published(tx, "other doors", ["e"])
        system.until(lambda: day not in system.keys.names(STREAM_KEY))
        system.settle()
        assert stray not in system.archive.blobs.names() and not system.keys.get([BLOB_KEY + stray])
        assert speaking(told(opened(list(found), live_keys(system))), "log") == set()
        since = told(opened(sealed(system), live_keys(system)))
        check_offers(since, subjects())
        assert speaking(since, "log") == speaking(since, "offers"), "views on their way"

        check_life(system, records, found | since)
        check_images(system, keys, every=10)
        check_files(system, 50_000_000)
        assert searched([said]) == ({}, (said / "log").stat().st_size)


def check_images(system: System, wrapped: dict[str, bytes], every: int = 1) -> None:
    """No file holds what a destroyed key was wrapped in: even the master key brings nothing back. `every`: so many of them
    are looked for, as one in ten where the files are large."""
    names = set(system.keys.names(""))
    gone = [image for name, image in wrapped.items() if name not in names][::every]
    assert len(gone) > FEW
    assert found_in(system, gone) or every == 1, "the test can tell"
    system.vacuum()
    assert found_in(system, gone) == set()


def found_in(system: System, images: list[bytes]) -> set[str]:
    found = set()
    for path in (path for folder in system.files() for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if any(image in data for image in images):
            found.add(path.name)
    return found


def test_a_destruction_that_does_not_destroy_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = Embedded(tmp_path)
    records = play(system, subjects(FEW))
    values = sealed(system)
    found = told(opened(values, live_keys(system)))
    monkeypatch.setattr(Keys, "destroy", lambda self, names: None)
    system.now += TEN_YEARS + MOMENT
    system.tick()
    assert set().union(*told(opened(list(found), live_keys(system))).values()) == {
        one.number for one in records.values()
    }
    system.close()


KILLED = (2, 3, 4, 5, 6, 9, 30, 100, 300, 1_000)  # before which durable thing a purge ends; the last goes to its end


def test_a_purge_in_one_folder_that_is_killed_leaves_nothing_half(tmp_path: Path) -> None:
    with closing(Embedded(tmp_path)) as system:
        records = play(system, subjects(FEW))
        keys = system.keys.wrapped.find(system.keys.names(""))
        found = check_all_open(system, sealed(system), subjects(FEW))
        system.now += TEN_YEARS + MOMENT
        now = system.now
    purge(KILLED, now.isoformat(), str(tmp_path))
    with closing(Embedded(tmp_path)) as system:
        system.now = now
        check_purged(system, records, found)
        check_images(system, keys)


def test_nor_does_one_on_brokers_and_databases(tmp_path: Path) -> None:
    with distributed(tmp_path) as system:
        system.start("validation", "deduplication", "consent", "hub", "sequencer")
        records = play(system, subjects(FEW))
        found = check_all_open(system, sealed(system), subjects(FEW))
        system.stop("hub", "sequencer")  # the purge has its own
        system.now += TEN_YEARS + MOMENT
        shared = system.shared
        purge(KILLED[::2], system.now.isoformat(), str(tmp_path), shared.address, shared.store, shared.wrapped)
        check_purged(system, records, found)


def purge(killed: Sequence[int], *words: str) -> None:
    """Days' keys and retention in one: a process a try, each but the last ended with -9 somewhere else, goes on where the
    one before was."""
    ends = []
    for last in (*killed, 10**9):
        command = [sys.executable, "-m", "tests.integration.purging", str(last), *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=240, check=False)
        assert not in_clear(done.stdout + done.stderr)
        ends.append(done.returncode)
        if not done.returncode:
            break
    assert ends[-1] == 0 and set(ends[:-1]) == {-signal.SIGKILL} and len(ends) > 3, (ends, done.stderr[-2_000:])


def check_purged(system: System, records: dict[str, Subject], found: dict[Sealed, set[int]]) -> None:
    live = live_keys(system)
    assert opened(list(found), live) == {}
    assert told(opened(sealed(system), live)) == {}
    assert not system.keys.names(RECORD_KEY) and not system.keys.names(BLOB_KEY)
    assert not list((system.folder / "blobs").iterdir())
    with system.database.read() as tx:
        rows = {row.record: row for row in tx.execute(select(stored))}
    assert rows.keys() == records.keys() and all(row.erased for row in rows.values())
    assert differences(system) == []


def differences(system: System) -> list[object]:
    steps = [(step.name, tuple(topic.name for topic in step.sources)) for step in PIPELINE]
    places = system.database, system.log, system.keys, system.journal
    found: list[object] = compare(*places, steps, system.now)["differences"]
    return found


WRITTEN: dict[str, Callable[[str], bytes]] = {
    "plain": lambda text: text.encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, big end first": lambda text: text.encode("utf-16-be"),
    "escaped": lambda text: json.dumps(text).encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, one on": lambda text: base64.b64encode(b"." + text.encode()),
    "base64, two on": lambda text: base64.b64encode(b".." + text.encode()),
    "deflated": lambda text: zlib.compress(text.encode(), 3),
    "gzip": lambda text: gzip.compress(text.encode()),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_the_search_knows_a_canary_however_it_is_written(written: str) -> None:
    one = subjects()[7]
    for canary in one.canaries:
        assert in_clear(b"\x00rest" + WRITTEN[written](f"before {canary} behind") + b"rest")
    assert not in_clear(b"\x00rest" + WRITTEN[written]("before nothing behind") + b"rest")
