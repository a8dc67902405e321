"""What lies on the log and nobody can read, in the store of both databases: the record that waits for it is dead, its bytes are
kept sealed for their time, and no longer."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.stores import records
from adapters.stores.archive import BLOB_KEY, INLINE_BYTES, RECORD_KEY, Archive, Erased, Kept
from adapters.stores.database import Store
from adapters.stores.tables import bodies, dead_letters
from adapters.vault.blobs import Blobs
from adapters.vault.keys import Keys
from adapters.vault.packing import pack
from schemas.ids import derive, event_id
from schemas.records import Kind, Outcome, Record, Role
from services import due
from services.hub.retention import UNREADABLE
from tests.servers.places import Place

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
PLACE, OTHER = "claims.received.v1/0/17", "claims.checked.v1/3/5"


@pytest.fixture
def database(place: Place) -> Iterator[Store]:
    with closing(place.database()) as database:
        yield database


@pytest.fixture
def keys(place: Place) -> Iterator[Keys]:
    with closing(place.keys()) as keys:
        yield keys


@pytest.fixture
def archive(keys: Keys, tmp_path: Path) -> Archive:
    return Archive(keys, Blobs(tmp_path / "blobs"))


def entered(database: Store, name: str, attempt: int = 1, **verdict: object) -> str:
    id = derive(name)
    record = Record(
        id=id, attempt=attempt, kind=Kind.DOCUMENT, sender="s", role=Role.HOSPITAL, method="POST", path="/", sha256="x",
        size=1, media_type="a/b", received="2026",
    )  # fmt: skip
    with database.write() as tx:
        records.put(tx, [record])
        if verdict:
            records.judge(tx, [{"record": id, "judged_at": records.stamp(NOW), **verdict}])
    return id


def unreadable(database: Store, place: str, event: str) -> tuple[str, dict[str, tuple[str | None, int]]]:
    """What the dead letter is of, and every record's verdict after it, with the attempt that it is of."""
    with database.write() as tx:
        for _ in range(2):  # delivered again it changes nothing
            records.note_unreadable(tx, "step", place, event, "CannotOpen", NOW)
        (about,) = tx.execute(select(dead_letters.c.record).where(dead_letters.c.event == place)).scalars()
        rows = tx.execute(select(records.records)).all()
    return about, {row.record: (row.outcome, row.judged) for row in rows}


@pytest.mark.parametrize("words", [(), ("validation",)], ids=["received", "checked"])
def test_a_record_that_waits_for_what_cannot_be_read_is_dead(database: Store, words: tuple[str, ...]) -> None:
    waiting, other = entered(database, "waiting"), entered(database, "other")
    again = entered(database, "again", 2, judged=1, outcome=Outcome.REJECTED.value)
    about, verdicts = unreadable(database, PLACE, event_id(waiting, 1, *words))
    assert about == waiting
    assert verdicts == {waiting: ("dead", 1), other: (None, 0), again: ("rejected", 1)}
    about, verdicts = unreadable(database, OTHER, event_id(again, 2, *words))
    assert about == again
    assert verdicts == {waiting: ("dead", 1), other: (None, 0), again: ("dead", 2)}


def test_what_was_judged_stays_so_and_what_is_nobodys_is_noted_by_its_place(database: Store) -> None:
    accepted = entered(database, "accepted", judged=1, outcome=Outcome.ACCEPTED.value)
    rejected = entered(database, "rejected", judged=1, outcome=Outcome.REJECTED.value)
    wanted = entered(database, "wanted", 2, judged=1, outcome=Outcome.ACCEPTED.value)  # a restore lost its bytes
    waiting = entered(database, "waiting")
    before = {accepted: ("accepted", 1), rejected: ("rejected", 1), wanted: ("accepted", 1), waiting: (None, 0)}
    judged = (event_id(accepted, 1), event_id(rejected, 1), event_id(wanted, 2))
    for n, event in enumerate((*judged, event_id(waiting, 2), "", "\0é", waiting)):
        place = f"{PLACE}{n}"
        assert unreadable(database, place, event) == (place, before)


def test_its_bytes_are_kept_sealed_for_half_a_year(database: Store, archive: Archive, keys: Keys) -> None:
    of = {PLACE: b"not ours", OTHER: b"x" * (INLINE_BYTES + 1)}
    record = entered(database, "dead")

    def work(tx) -> None:  # type: ignore[no-untyped-def]
        for place, value in of.items():
            records.note_unreadable(tx, "step", place, "", "CannotOpen", NOW)
            archive.keep_raw(tx, place, value)
        archive.keep(tx, [Kept(record, pack(b"a record's"), None, None, None)])
        records.mark_dead(tx, "step", "event", record, "ValueError", NOW)

    database.commit(work)
    database.commit(work)  # delivered again
    with database.write() as tx:
        archive.sweep(tx)  # a restart
        due.end_unreadable(tx, archive, NOW + UNREADABLE)
        assert {place: archive.body(tx, place) for place in of} == of
        rows = {row.record: row for row in tx.execute(select(bodies))}
        assert b"not ours" not in rows[PLACE].body and rows[OTHER].body is None
        due.end_unreadable(tx, archive, NOW + UNREADABLE + timedelta(microseconds=1))
        for place in of:
            with pytest.raises(Erased):
                archive.body(tx, place)
        assert archive.body(tx, record) == b"a record's", "that one has its own time"
        assert set(tx.execute(select(dead_letters.c.event)).scalars()) == {*of, "event"}
    assert keys.names(RECORD_KEY) == [RECORD_KEY + record] and keys.names(BLOB_KEY) == []
    assert archive.blobs.names() == []
