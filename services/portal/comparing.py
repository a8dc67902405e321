"""Runs a reconciliation: the store's questions in one snapshot, then the keys, a part at a time.

Keys live apart from the data, so no snapshot holds both: what looks wrong is looked at once more.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from adapters.stores import feeds, participants, reconciling, records, restoring
from adapters.stores.archive import BLOB_KEY, RECORD_KEY
from adapters.stores.database import Store
from adapters.stores.journal import Entry, Journal, What
from adapters.stores.reconciling import LIMIT, Difference
from adapters.streams.log import Log
from adapters.vault.keys import Keys
from schemas.records import Reads
from services.delivery.rights import owed
from services.delivery.worker import OFFER_KEY
from services.portal.reconciliation import LATE_SECONDS, report
from services.recovery.lost import set_back

PARTS = "0123456789abcdef"  # of record ids by their first digit: a sixteenth of the keys in memory at a time

Steps = Sequence[tuple[str, tuple[str, ...]]]  # name and topics of each step


def compare(database: Store, log: Log, keys: Keys, journal: Journal, steps: Steps, now: datetime) -> dict[str, Any]:
    """Takes its own transactions: keys and journal are read between them."""
    before = records.stamp(now - timedelta(seconds=LATE_SECONDS))
    with database.read() as tx:
        lag = {name: log.lag(tx, name, topics) for name, topics in steps}
        found = list(reconciling.differences(tx, before, lag))
        counts, days = reconciling.counts(tx), reconciling.log_days(tx)
        found += _rights(tx)
        insurers = sorted(feeds.totals(tx))
    for part in PARTS:
        found += _twice(database, lambda tx, part=part: _bodies(tx, keys, part))
    found += _twice(database, lambda tx: _erased(tx, keys))
    for insurer in insurers:
        found += _twice(database, lambda tx, insurer=insurer: _offers(tx, keys, insurer))
    if not any(lag.values()):  # what was journaled and rolled back is done again by then
        highest, words = journal.highest(), journal.newest(LIMIT)
        found += _twice(database, lambda tx: _untrue(tx, journal, highest, words))
    return report(records.stamp(now), counts, lag, days, found, LIMIT)


def _twice(database: Store, look) -> Iterator[Difference]:  # type: ignore[no-untyped-def]
    """What a second look finds too: between reading rows and keys one of them may have gone, or come."""
    with database.read() as tx:
        first = set(look(tx))
    if not first:
        return
    with database.read() as tx:
        yield from sorted(first & set(look(tx)), key=str)[:LIMIT]


def _rights(tx: Connection) -> Iterator[Difference]:
    reading = participants.reading(tx)
    for one in owed(participants.insurers(tx), reading):
        reads = reading.get(one.code, Reads.NO).name.lower()
        yield (
            "right-owed",
            None,
            one.code,
            None,
            f"{one.status}, roles {', '.join(one.roles) or 'none'}, let read: {reads}",
        )


def _untrue(tx: Connection, journal: Journal, highest: dict[str, int], words: Sequence[Entry]) -> Iterator[Difference]:
    """What the journal tells and the store does not know. A number that a rolled back batch may have left is no difference: the
    next start passes it over."""
    for one in restoring.untrue(tx, words):
        of_record = one.subject if one.what == What.ERASED else None
        yield "journal-ahead", of_record, None, None, f"{one.what} at {one.at}: {one.subject}"
    last = feeds.totals(tx)
    for insurer in sorted(one for one, number in highest.items() if number > last.get(one, 0)):
        here = last.get(insurer, 0)
        if set_back([(one.at, one.detail) for one in journal.numbers(insurer, here)], here):
            yield "journal-ahead", None, insurer, None, f"{highest[insurer]} numbers were given, {here} are here"


def _bodies(tx: Connection, keys: Keys, part: str) -> Iterator[Difference]:
    rows = reconciling.sealed_bodies(tx, part, part + "~")
    known = set(keys.names(RECORD_KEY + part))
    blobs = {BLOB_KEY + row.blob for row in rows if row.blob}
    known_blobs = set(keys.get(blobs)) if blobs else set()
    for row in rows:
        if RECORD_KEY + row.record not in known or (row.blob and BLOB_KEY + row.blob not in known_blobs):
            yield "body-unreadable", row.record, None, None, "key"


def _erased(tx: Connection, keys: Keys) -> Iterator[Difference]:
    gone = reconciling.erased(tx)
    for name in keys.get(RECORD_KEY + record for record in gone) if gone else ():
        yield "key-of-erased", name.removeprefix(RECORD_KEY), None, None, "key"


def _offers(tx: Connection, keys: Keys, insurer: str) -> Iterator[Difference]:
    prefix = f"{OFFER_KEY}{insurer}:"
    kept = reconciling.sealed_offers(tx, insurer)
    last = feeds.last_number(tx, insurer)
    known = {int(name.removeprefix(prefix)) for name in keys.names(prefix)}
    for number in kept - known:
        yield "offer-unreadable", None, insurer, None, f"number {number}"
    for number in known - kept:
        if number <= last:
            yield "offer-key-left", None, insurer, None, f"number {number}"
