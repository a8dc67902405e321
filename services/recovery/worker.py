"""Brings a store that was put back to an earlier day in line with the journal and the keys: one transaction, before anything
starts. Done again it changes nothing.

What is gone is told by the ways that exist: a lost number replays as one taken back, a record whose bytes are lost is taken
in once more when its sender posts it again, and every case touched is folded again.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import structlog
from sqlalchemy import Connection

from adapters.stores import (
    casebook,
    consents,
    feeds,
    mandates,
    participants,
    reconciling,
    records,
    restoring,
    verifications,
)
from adapters.stores.archive import BLOB_KEY, RECORD_KEY, Archive
from adapters.stores.database import Store
from adapters.stores.dialect import lock, unhurried
from adapters.stores.journal import Entry, Journal, What
from adapters.streams.log import STREAM_KEY, sealed
from adapters.vault.keys import Keys
from adapters.vault.sealing import seal
from schemas.events import Message
from schemas.ids import event_id
from schemas.records import Participant, Role, Status
from schemas.topics import CHECKED, DUE, OFFERS
from services.delivery.worker import OFFER, OFFER_KEY, Batch, append, offer_key, withdrawal, write
from services.pipeline import PIPELINE, VALIDATION, Form
from services.recovery.app import verdict_of
from services.recovery.lost import Lost, lost, open_numbers, set_back

PARTS = "0123456789abcdef"  # of record ids by their first digit: a sixteenth of the keys in memory at a time
STEPS = [(step.name, [topic.name for topic in step.sources]) for step in PIPELINE]
DECIDES = [(step.name, [topic.name for topic in step.sources]) for step in PIPELINE if step.form == Form.DECIDE]
A_DAY = timedelta(days=1)

logger = structlog.get_logger()


@dataclass
class Recovered:
    """How much was brought in line. `lost`: records that their senders must post again."""

    erased: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    participants: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)  # lost ones of each feed


class Recovery:
    def __init__(self, keys: Keys, archive: Archive, journal: Journal, now: datetime) -> None:
        self._keys, self._archive, self._journal, self._now = keys, archive, journal, now

    def run(self, tx: Connection, arrived: Collection[str] = (), since: datetime | None = None) -> Recovered:
        """`arrived`: records that come by the log once more, though no log of this database holds them. `since`: from when on
        that log was read for them."""
        unhurried(tx)
        return _Run(tx, self._keys, self._archive, self._journal, self._now, since).run(arrived)

    def forget(self) -> None:
        """Destroys what a backup of the keys brought back of erased records, where there is no store yet."""
        for entry in self._journal.words():
            if entry.what == What.ERASED:
                self._keys.destroy(_keys_of(entry))


class _Run:
    def __init__(
        self, tx: Connection, keys: Keys, archive: Archive, journal: Journal, now: datetime, since: datetime | None
    ) -> None:
        self._tx, self._keys, self._archive, self._journal, self._now = tx, keys, archive, journal, now
        # A file that came since then may have lost some of its accidents.
        self._files_since = records.stamp((since or now).astimezone(UTC))
        self._told = Recovered()
        self._touched: set[str] = set()  # records whose cases are told again
        self._cases: set[str] = set()
        self._untold: set[str] = set()  # insurers of whom a view is lost

    def run(self, arrived: Collection[str]) -> Recovered:
        self._destroy_erased()
        self._unread()
        self._words()
        participants.doubt_reading(self._tx)
        self._unreadable()
        self._unjudged(arrived)
        for insurer in sorted(restoring.feeds_of(self._tx) | self._journal.highest().keys()):
            self._feed(insurer)
        self._touched |= {record for case in self._cases if (record := casebook.a_record_of(self._tx, case))}
        for record in sorted(self._touched):
            consents.schedule(self._tx, records.stamp(self._now), record, restoring.STEP)
        return self._told

    def _destroy_erased(self) -> None:
        """A backup of the keys from before an erasure has them still; that by retention stands in no journal."""
        gone = reconciling.erased(self._tx)
        self._keys.destroy(kind + record for record in gone for kind in (RECORD_KEY, BLOB_KEY))  # a blob bears its id

    def _unread(self) -> None:
        """The log of days whose keys are gone. Of what a step had yet to read there a verdict is written anew, as its record has
        it; what had fallen due or was told of a case is told again; what has no verdict yet is lost, or comes again."""
        days = [name.removeprefix(STREAM_KEY) for name in self._keys.names(STREAM_KEY)]
        anew = []
        for row in restoring.unread(self._tx, days, STEPS):
            if row.topic == OFFERS.name:
                self._untold.add(row.key)
            elif row.topic == DUE.name:
                self._touched.add(row.key)
            elif verdict := verdict_of(self._tx, row.key, row.event):
                anew.append((row, Message(row.topic, row.key, row.event, verdict)))
            elif row.topic == CHECKED.name:
                self._files_since = min(self._files_since, (date.fromisoformat(row.day) - A_DAY).isoformat())
        self._cases |= {case for insurer in self._untold for case in restoring.viewed_cases(self._tx, insurer)}
        restoring.drop(self._tx, days)  # first: the key of this very day may be gone, and is made anew below
        for row, message in anew:
            (told,) = sealed(self._keys, [message], self._now)
            restoring.put_anew(self._tx, row, told)

    def _words(self) -> None:
        last: dict[tuple[What, str], Entry] = {}
        for entry in self._journal.words():
            match entry.what:
                case What.ERASED:
                    self._erase(entry)
                case What.TAKEN:
                    self._take(entry)
                case What.WITHDRAWN:
                    self._withdraw(entry)
                case _:
                    last[(entry.what, entry.subject)] = entry
        for entry in last.values():
            match entry.what:
                case What.REVIEWED:
                    self._review(entry)
                case What.ANSWERED:
                    self._answer(entry)
                case _:
                    self._participant(entry)

    def _erase(self, entry: Entry) -> None:
        row = restoring.known(self._tx, entry.subject)
        if row is None:
            restoring.put_erased(self._tx, entry.detail, entry.at)
            self._told.erased.add(entry.subject)
        elif not row.erased:
            resting = mandates.filings_under(self._tx, mandates.pairs_of(self._tx, [entry.subject]))
            self._touched |= {one.record for one in resting}
            self._archive.erase(self._tx, entry.subject)
            restoring.take_out(self._tx, entry.subject)
            verifications.drop_unheld(self._tx, row.sha256)
            self._touched.add(entry.subject)
            self._told.erased.add(entry.subject)
        self._keys.destroy(_keys_of(entry))
        self._journal.forget(entry.subject)

    def _take(self, entry: Entry) -> None:
        row = restoring.known(self._tx, entry.subject)
        if row is not None and (row.erased or row.outcome in records.HELD):
            return
        restoring.put_taken(self._tx, entry.detail, entry.at)
        self._touched.add(entry.subject)
        lineage = restoring.known(self._tx, entry.subject).lineage  # type: ignore[union-attr]
        self._touched |= {one.record for one in casebook.rows_of_lineages(self._tx, [lineage])}
        if row is None:
            self._told.lost.add(entry.subject)
        if word := entry.detail.get("judgement"):
            own = {"judgement": entry.subject, "lineage": lineage, "version": entry.detail["version"]}
            casebook.put_judgement(self._tx, own | word)
            self._touched |= set(records.by_ids(self._tx, [word["one"], word["other"]]))

    def _withdraw(self, entry: Entry) -> None:
        rows = records.by_ids(self._tx, entry.detail["records"])
        lineages = {entry.subject, *(row.lineage for row in rows.values() if row.lineage)}
        for lineage in lineages - consents.withdrawn(self._tx, lineages):
            consents.put_withdrawal(self._tx, lineage, entry.detail["record"], entry.at)
            self._touched |= set(rows)
            self._told.withdrawn.add(lineage)

    def _review(self, entry: Entry) -> None:
        """Only a refusal is brought back: an approval is asked for again."""
        if entry.detail["decision"] == "approve" or not consents.approved(self._tx, [entry.subject]):
            return
        word = entry.detail
        consents.put_review(self._tx, entry.subject, word["lineage"], word["decision"], word["reviewer"], entry.at)
        self._touched.add(entry.subject)
        self._told.refused.add(entry.subject)

    def _answer(self, entry: Entry) -> None:
        """What a unit said of a paper, also of one that is still to be sent again; not of one that was erased."""
        uploads = {row.record for row in verifications.uploads(self._tx, entry.detail["sha256"])}
        asked = restoring.known(self._tx, entry.detail["record"])
        erased = asked is not None and asked.erased and not uploads
        if not erased and verifications.put_answer(self._tx, entry.detail, entry.at):
            self._touched |= uploads

    def _participant(self, entry: Entry) -> None:
        code, word = entry.subject, entry.detail
        known = participants.get(self._tx, code)
        if known is None:  # whom the store does not know has no rights; operators admit it anew
            return
        stood = Participant(
            code=code,
            name=known.name,
            roles=tuple(Role(role) for role in word["roles"]),
            status=Status(word["status"]),
            keys=tuple(word["keys"]),
            endpoints=tuple(word["endpoints"]),
        )
        if stood != known:
            participants.put(self._tx, stood, word["record"])
            self._told.participants.add(code)

    def _unreadable(self) -> None:
        """Records of which the keys or the file are gone. What is left of them stays: the other half may be found yet."""
        files = set(self._archive.blobs.names())
        for part in PARTS:
            rows = reconciling.sealed_bodies(self._tx, part, part + "~")
            known = set(self._keys.names(RECORD_KEY + part))
            blobs = self._keys.get(BLOB_KEY + row.blob for row in rows if row.blob)
            for row in rows:
                here = not row.blob or (row.blob in files and BLOB_KEY + row.blob in blobs)
                if RECORD_KEY + row.record not in known or not here:
                    self._lose(row.record, "KeyLost")

    def _unjudged(self, arrived: Collection[str]) -> None:
        """An attempt under way at the time of the backup, of which no log brings the bytes; and a file of which accidents may
        have been: they have no row before they are judged."""
        coming = restoring.coming(self._tx, STEPS)
        for row in restoring.unjudged(self._tx):
            on_its_way = {event_id(row.record, row.attempt), event_id(row.record, row.attempt, VALIDATION.name)}
            if row.record not in arrived and not row.erased and coming.isdisjoint(on_its_way):
                self._lose(row.record, "LogLost")
        for record in restoring.files(self._tx, self._files_since):
            if record not in arrived:
                self._lose(record, "LogLost")

    def _lose(self, record: str, reason: str) -> None:
        restoring.lose(self._tx, record, reason, self._now)
        self._touched.add(record)
        self._told.lost.add(record)

    def _feed(self, insurer: str) -> None:
        """The feed goes on after its highest number; what cannot be read of it any more is taken back."""
        entries = self._journal.numbers(insurer, feeds.last_number(self._tx, insurer))
        batch, gone = _replayed(insurer, feeds.last_number(self._tx, insurer), entries)
        self._cases |= {one.case for one in gone}
        if gone:
            append(self._tx, self._keys, batch)
            self._told.numbers[insurer] = len(gone)
        self._take_back(insurer, open_numbers(gone))
        prefix = f"{OFFER_KEY}{insurer}:"
        kept = {row.number for row in restoring.sealed(self._tx, insurer)}
        numbers = (int(name.removeprefix(prefix)) for name in self._keys.names(prefix))
        self._keys.destroy(offer_key(insurer, number) for number in numbers if number not in kept)

    def _take_back(self, insurer: str, numbers: dict[str, list[int]]) -> None:
        """`numbers` of each case, and what stands in the feed without its key."""
        open_ = defaultdict(list, numbers)
        if insurer in self._untold:  # of a case that is no more nothing is told again
            for row in restoring.standing_nowhere(self._tx, insurer):
                open_[row.case_number].append(row.number)
        prefix = f"{OFFER_KEY}{insurer}:"
        known = {int(name.removeprefix(prefix)) for name in self._keys.names(prefix)}
        for row in restoring.sealed(self._tx, insurer):
            if row.number in known:
                continue
            if row.type == "claims.offer":
                open_[row.case_number].append(row.number)
                self._cases.add(row.case_number)
            else:  # what it said is known from what it took back
                name = offer_key(insurer, row.number)
                said = withdrawal(row.case_number, restoring.taken_back_by(self._tx, insurer, row.number))
                key = self._keys.make([name])[name]
                restoring.set_content(self._tx, insurer, row.number, seal(key, said.encode(), name))
        batch = Batch(insurer, feeds.last_number(self._tx, insurer), records.stamp(self._now))
        for case, taken in sorted(open_.items()):
            batch.take_back(case, sorted(set(taken)))
        write(self._tx, self._keys, self._journal, [batch])


def _replayed(insurer: str, last: int, entries: Sequence[Entry]) -> tuple[Batch, list[Lost]]:
    """What the journal knows of a feed after its last number, as rows to append: offers without their content."""
    gone = lost([(one.at, one.detail) for one in entries], last)
    batch = Batch(insurer, last, "")
    for one in gone:
        batch.at = one.at
        if one.withdraws is None:
            batch.row(OFFER, one.case, "", None)
        else:
            batch.take_back(one.case, one.withdraws)
    batch.uses = [
        {"authorisation": authorisation, "paper": paper, "insurer": insurer, "case_number": case}
        for entry in entries
        for authorisation, paper, case in entry.detail["uses"]
    ]
    return batch, gone


def pass_over(store: Store, keys: Keys, journal: Journal, now: datetime) -> None:
    """Before anything is numbered: numbers that the journal has and the store has not are given to nobody. A crash between
    the two left them, or the store was set back by that little and an insurer has them: they replay as taken back, and their
    cases are told again. SetBack where the store was certainly further once: then more is lost than numbers. Done again it
    changes nothing; beside sequencers that run it waits for them."""
    highest = journal.highest()

    def work(tx: Connection) -> None:
        known = feeds.totals(tx)
        ahead = sorted(insurer for insurer, number in highest.items() if number > known.get(insurer, 0))
        lock(tx, (f"feed:{insurer}" for insurer in ahead))
        last = {insurer: feeds.last_number(tx, insurer) for insurer in ahead}
        entries = {insurer: journal.numbers(insurer, last[insurer]) for insurer in ahead}
        for insurer in ahead:  # before anything is written
            if set_back([(one.at, one.detail) for one in entries[insurer]], last[insurer]):
                raise feeds.SetBack(insurer, last[insurer], highest[insurer])
        for insurer in ahead:
            _pass_over(tx, keys, journal, insurer, last[insurer], entries[insurer], now)

    store.commit(work)


def _pass_over(
    tx: Connection, keys: Keys, journal: Journal, insurer: str, last: int, entries: Sequence[Entry], now: datetime
) -> None:
    batch, gone = _replayed(insurer, last, entries)
    if not gone:  # committed meanwhile
        return
    logger.warning("numbers passed over", insurer=insurer, first=last + 1, last=batch.last)
    batch.at = records.stamp(now)
    for case, numbers in sorted(open_numbers(gone).items()):
        batch.take_back(case, numbers)
    keys.destroy(offer_key(insurer, one.number) for one in gone)  # as the batch that was rolled back had made them
    # All in one word, which begins after the store's last number: if this is rolled back too, it proves no more than before.
    write(tx, keys, journal, [batch])
    for case in {one.case for one in gone}:
        if record := casebook.a_record_of(tx, case):
            consents.schedule(tx, batch.at, record, restoring.STEP)


def opens(tx: Connection, archive: Archive, keys: Keys) -> bool:
    """Whether the keys open anything of what the store keeps, or it keeps nothing. Two systems may know one record by the
    same id: only opening tells whose key it is."""
    kept = False
    for part in PARTS:
        rows = reconciling.sealed_bodies(tx, part, part + "~")
        known = set(keys.names(RECORD_KEY + part))
        if any(RECORD_KEY + row.record in known and archive.opens(tx, row.record) for row in rows):
            return True
        kept = kept or bool(rows)
    return not kept


def _keys_of(entry: Entry) -> list[str]:
    """The keys of an erased record."""
    blob = entry.detail["blob"]
    return [RECORD_KEY + entry.subject, *([BLOB_KEY + blob] if blob else [])]
