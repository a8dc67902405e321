"""The sequencer: one transaction judges views again, numbers them and appends them to the feeds."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, Row

from adapters.stores import casebook, consents, feeds, participants, records
from adapters.stores.archive import Archive
from adapters.stores.database import after_commit
from adapters.stores.dialect import lock
from adapters.stores.journal import Journal, numbered
from adapters.telemetry import spans
from adapters.vault.keys import Keys
from adapters.vault.sealing import seal
from schemas.events import Message, View
from schemas.ids import derive
from schemas.topics import OFFERS
from services.consent.entitlement import LAW_PREFIX, granted
from services.delivery.judging import allowed, authorisations, basis_of, in_force, names
from services.delivery.sequence import Append, Numbered, sequence
from services.pipeline import RETRY

TAIPEI = ZoneInfo("Asia/Taipei")
logger = structlog.get_logger()
OFFER, WITHDRAWN = "claims.offer", "claims.offer.withdrawn"
OFFER_KEY = "offer:"


def offer_key(insurer: str, number: int) -> str:
    return f"{OFFER_KEY}{insurer}:{number}"


class Sequencer:
    name = "sequencer"
    sources = (OFFERS.name,)

    def __init__(self, keys: Keys, archive: Archive, journal: Journal) -> None:
        self._keys, self._archive, self._journal = keys, archive, journal
        self._reached: dict[str, int] = {}  # the last number of each feed that this process knows to be durable

    def handle(self, tx: Connection, messages: Sequence[Message], now: datetime) -> list[Message]:
        begun = spans.now()
        by_insurer: dict[str, dict[str, View]] = defaultdict(dict)
        for message in messages:
            view = message.event
            assert isinstance(view, View)
            known = by_insurer[view.insurer].get(view.case)
            if known is None or known.version < view.version:
                by_insurer[view.insurer][view.case] = view
        bases = {
            basis
            for views in by_insurer.values()
            for view in views.values()
            for paper in view.papers
            for _, basis in paper.basis
        }
        lock(tx, names(bases))  # before the feeds, as everybody who locks both
        held = in_force(tx, self._archive, bases, now.astimezone(TAIPEI).date())
        lock(tx, (f"feed:{insurer}" for insurer in by_insurer))
        found = [self._feed(tx, insurer, by_insurer[insurer], held, now, begun) for insurer in sorted(by_insurer)]
        write(tx, self._keys, self._journal, [batch for batch in found if batch])
        reached = {batch.insurer: batch.last for batch in found if batch}
        after_commit(tx, lambda: self._reached.update(reached))
        return []

    def dead(self, tx: Connection, message: Message, reason: str, now: datetime) -> list[Message]:
        view = message.event
        assert isinstance(view, View)
        records.note_dead_letter(tx, self.name, message.id, view.case, reason, now)
        # The records stay as they are; their case is told again later, to whoever can number it then.
        if record := casebook.a_record_of(tx, view.case):
            consents.schedule(tx, records.stamp(now + RETRY), record, "dead letter")
        return []

    def _feed(
        self, tx: Connection, insurer: str, views: dict[str, View], held: set[str], now: datetime, begun: int
    ) -> "Batch | None":
        """`held`: the bases of these views that are in force; `begun`: when the batch began, for the trace."""
        latest = casebook.latest_views(tx, insurer, views)
        current = [view for case, view in views.items() if latest.get(case) == view.version]
        if not current:
            return None
        admitted = bool(participants.admitted(tx, [insurer]))
        rows = feeds.standing(tx, insurer, [view.case for view in current])
        withdrawn = {row.case_number: row.number for row in rows if row.type == WITHDRAWN}  # of each case the last
        offered = [row for row in rows if row.type == OFFER]
        before = self._numbered(tx, insurer, offered, now.astimezone(TAIPEI).date())
        last = feeds.last_number(tx, insurer)
        if last < self._reached.get(insurer, 0):  # another server has taken over, and lags
            raise feeds.SetBack(insurer, last, self._reached[insurer])
        batch = Batch(insurer, last, records.stamp(now))
        for view in sorted(current, key=lambda one: (one.case, one.version)):
            data = content(view)
            digest = self._keys.lookup("offer|" + data)
            still = all(basis in held for paper in view.papers for _, basis in paper.basis)
            step = sequence(
                view,
                before[view.case],
                digest,
                withdrawn=withdrawn.get(view.case, 0),
                still_allowed=still,
                admitted=admitted,
            )
            batch.add(view, step.take_back, digest, data if step.offer else None)
            if step.offer or step.take_back:
                ids = [paper.record for paper in view.papers]
                logger.info("numbered", insurer=insurer, case=view.case, number=batch.last, records=ids)
            if spans.on():
                _trace(tx, view, step, batch.last, begun)
        return batch

    def _numbered(self, tx: Connection, insurer: str, rows: Sequence[Row], today: date) -> dict[str, list[Numbered]]:
        """Offers that stand, by case, judged again without a lock: whatever lapses at this instant tells its cases anew."""
        papers: dict[int, list[Row]] = defaultdict(list)
        for paper in feeds.papers_of(tx, insurer, [row.number for row in rows]):
            papers[paper.number].append(paper)
        bases = {basis for some in papers.values() for paper in some for _, basis in basis_of(paper)}
        held = in_force(tx, self._archive, bases, today)
        numbered: dict[str, list[Numbered]] = defaultdict(list)
        for row in rows:
            shown = papers[row.number]
            lineages = frozenset(paper.lineage for paper in shown)
            numbered[row.case_number].append(Numbered(row.number, row.digest, lineages, not allowed(shown, held)))
        return numbered


class Batch:
    """Rows to append to one insurer's feed, after its number `last`; `at`: RFC 3339 UTC."""

    def __init__(self, insurer: str, last: int, at: str) -> None:
        self.insurer, self.last, self.at = insurer, last, at
        self.rows: list[dict] = []  # type: ignore[type-arg]
        self.papers: list[dict[str, object]] = []
        self.taken: list[dict[str, int]] = []
        self.uses: list[dict[str, str]] = []

    def add(self, view: View, take_back: tuple[int, ...], digest: str, data: str | None) -> None:
        if take_back:
            self.take_back(view.case, take_back)
        if data is not None:
            self.row(OFFER, view.case, digest, data)
            self.uses += [
                {"authorisation": granted, "paper": paper, "insurer": self.insurer, "case_number": view.case}
                for granted, paper in view.single
            ]
            for paper in view.papers:
                self.papers.append(
                    {
                        "insurer": self.insurer,
                        "number": self.last,
                        "record": paper.record,
                        "lineage": paper.lineage,
                        "sha256": paper.sha256,
                        "basis": _json(
                            [[paper.persons.index(who) if who else -1, basis] for who, basis in paper.basis]
                        ),
                        "person_count": len(paper.persons),
                    }
                )

    def take_back(self, case: str, numbers: Sequence[int]) -> None:
        """The event that names numbers of a case which hold no longer."""
        self.row(WITHDRAWN, case, "", withdrawal(case, numbers))
        self.taken += [{"number": number, "by": self.last} for number in numbers]

    def row(self, type: str, case: str, digest: str, data: str | None) -> None:
        """The next number. Without `data` its content is gone, and another number must take it back."""
        self.last += 1
        self.rows.append(
            {
                "insurer": self.insurer,
                "number": self.last,
                "event": derive("offer", self.insurer, self.last),
                "type": type,
                "case_number": case,
                "at": self.at,
                "digest": digest,
                "content": data,
                "taken_back_by": None,
            }
        )


def write(tx: Connection, keys: Keys, journal: Journal, batches: Sequence[Batch]) -> None:
    """Appends to feeds that the caller has locked. The journal has the numbers before anybody can."""
    batches = [batch for batch in batches if batch.rows]
    journal.write([numbered(one.insurer, one.rows, one.taken, one.uses, one.at) for one in batches])
    for batch in batches:
        append(tx, keys, batch)


def append(tx: Connection, keys: Keys, batch: Batch) -> None:
    """Appends what the journal has already."""
    made = keys.new(offer_key(batch.insurer, row["number"]) for row in batch.rows if row["content"] is not None)
    for row in batch.rows:
        if row["content"] is not None:
            name = offer_key(batch.insurer, row["number"])
            row["content"] = seal(made[name], row["content"].encode(), name)
    feeds.append(tx, batch.rows, batch.papers)
    feeds.take_back(tx, batch.insurer, batch.taken)
    feeds.note_uses(tx, batch.uses)
    feeds.set_last(tx, batch.insurer, batch.last)
    keys.destroy(offer_key(batch.insurer, row["number"]) for row in batch.taken)


def withdrawal(case: str, numbers: Sequence[int]) -> str:
    """The `data` of an event that takes numbers back (contract, "Offers")."""
    return _json({"case": case, "withdraws": list(numbers)})


def _trace(tx: Connection, view: View, step: Append, last: int, begun: int) -> None:
    """In the traces of the papers shown and taken back, and of the authorisations that they go by."""
    told: dict[str, str | int | Sequence[int]] = {"claims.insurer": view.insurer, "claims.case": view.case}
    told |= {"claims.offernumber": last} if step.offer or step.take_back else {}
    told |= {"claims.withdraws": step.take_back} if step.take_back else {}
    before = feeds.papers_of(tx, view.insurer, step.take_back) if step.take_back else ()
    shown = {paper.record for paper in (*view.papers, *before)}
    bases = {basis for paper in view.papers for _, basis in paper.basis}
    bases |= {basis for row in before for _, basis in basis_of(row)}
    records = sorted(shown | authorisations(bases))
    after_commit(tx, lambda: spans.emit("sequencer", records, begun, told))


def content(view: View) -> str:
    """The `data` of an offer (contract, "Offers")."""
    papers = [
        {
            "sha256": paper.sha256,
            "kind": paper.kind,
            "persons": list(paper.persons),
            "mediaType": paper.media_type,
            "size": paper.size,
            "basis": [_told(who, basis) for who, basis in paper.basis],
            **({"integrity": paper.integrity.model_dump(mode="json", exclude_none=True)} if paper.integrity else {}),
        }
        for paper in view.papers
    ]
    return _json({"case": view.case, "facts": view.facts, "papers": papers, "missing": list(view.missing)})


def _told(who: str, basis: str) -> dict[str, str]:
    record = granted(basis)
    if record is None:
        return {"law": basis.removeprefix(LAW_PREFIX)}
    what = "authorisation" if record == basis else "mandate"
    return {"person": who, what: record} if who else {what: record}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
