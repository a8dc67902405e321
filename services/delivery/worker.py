"""The sequencer: one transaction judges views again, numbers them and appends them to the feeds."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from adapters.stores import casebook, consents, feeds, participants, records
from adapters.stores.archive import Archive
from adapters.stores.dialect import lock
from adapters.vault.keys import Keys
from adapters.vault.sealing import seal
from schemas.events import Message, View
from schemas.ids import derive
from schemas.topics import OFFERS
from services.consent.entitlement import LAW_PREFIX
from services.delivery.judging import in_force, names
from services.delivery.sequence import Numbered, sequence

TAIPEI = ZoneInfo("Asia/Taipei")
logger = structlog.get_logger()
OFFER_KEY = "offer:"
RETRY = timedelta(hours=1)  # after a view that could not be numbered: time for an operator to see why


def offer_key(insurer: str, number: int) -> str:
    return f"{OFFER_KEY}{insurer}:{number}"


class Sequencer:
    name = "sequencer"
    sources = (OFFERS.name,)

    def __init__(self, keys: Keys, archive: Archive) -> None:
        self._keys, self._archive = keys, archive

    def handle(self, tx: Connection, messages: Sequence[Message], now: datetime) -> list[Message]:
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
        for insurer in sorted(by_insurer):
            self._feed(tx, insurer, by_insurer[insurer], held, now)
        return []

    def dead(self, tx: Connection, message: Message, reason: str, now: datetime) -> list[Message]:
        view = message.event
        assert isinstance(view, View)
        records.note_dead_letter(tx, self.name, message.id, view.case, reason, now)
        # The records stay as they are; their case is told again later, to whoever can number it then.
        if record := casebook.a_record_of(tx, view.case):
            consents.schedule(tx, records.stamp(now + RETRY), record, "dead letter")
        return []

    def _feed(self, tx: Connection, insurer: str, views: dict[str, View], held: set[str], now: datetime) -> None:
        """`held`: the bases of these views that are in force."""
        latest = casebook.latest_views(tx, insurer, views)
        current = [view for case, view in views.items() if latest.get(case) == view.version]
        if not current:
            return
        admitted = bool(participants.admitted(tx, [insurer]))
        numbered = _numbered(tx, insurer, [view.case for view in current])
        batch = _Batch(insurer, feeds.last_number(tx, insurer), records.stamp(now))
        for view in sorted(current, key=lambda one: (one.case, one.version)):
            data = content(view)
            digest = self._keys.lookup("offer|" + data)
            still = all(basis in held for paper in view.papers for _, basis in paper.basis)
            step = sequence(view, numbered[view.case], digest, still_allowed=still, admitted=admitted)
            batch.add(view, step.take_back, digest, data if step.offer else None)
            if step.offer or step.take_back:
                ids = [paper.record for paper in view.papers]
                logger.info("numbered", insurer=insurer, case=view.case, number=batch.last, records=ids)
        self._write(tx, batch)

    def _write(self, tx: Connection, batch: "_Batch") -> None:
        if not batch.rows:
            return
        keys = self._keys.make(offer_key(batch.insurer, row["number"]) for row in batch.rows)
        for row in batch.rows:
            name = offer_key(batch.insurer, row["number"])
            row["content"] = seal(keys[name], row["content"].encode(), name)
        feeds.append(tx, batch.rows, batch.papers)
        feeds.take_back(tx, batch.insurer, batch.taken)
        feeds.note_uses(tx, batch.uses)
        feeds.set_last(tx, batch.insurer, batch.last)
        self._keys.destroy(offer_key(batch.insurer, row["number"]) for row in batch.taken)


class _Batch:
    """Rows to append to one insurer's feed."""

    def __init__(self, insurer: str, last: int, at: str) -> None:
        self.insurer, self.last, self._at = insurer, last, at
        self.rows: list[dict] = []  # type: ignore[type-arg]
        self.papers: list[dict[str, object]] = []
        self.taken: list[dict[str, int]] = []
        self.uses: list[dict[str, str]] = []

    def add(self, view: View, take_back: tuple[int, ...], digest: str, data: str | None) -> None:
        if take_back:
            self._row("claims.offer.withdrawn", view.case, "", _json({"case": view.case, "withdraws": list(take_back)}))
            self.taken += [{"number": number, "by": self.last} for number in take_back]
        if data is not None:
            self._row("claims.offer", view.case, digest, data)
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

    def _row(self, type: str, case: str, digest: str, data: str) -> None:
        self.last += 1
        self.rows.append(
            {
                "insurer": self.insurer,
                "number": self.last,
                "event": derive("offer", self.insurer, self.last),
                "type": type,
                "case_number": case,
                "at": self._at,
                "digest": digest,
                "content": data,
                "taken_back_by": None,
            }
        )


def content(view: View) -> str:
    """The `data` of an offer (contract, "Offers")."""
    papers = [
        {
            "sha256": paper.sha256,
            "kind": paper.kind,
            "persons": list(paper.persons),
            "mediaType": paper.media_type,
            "size": paper.size,
            "basis": [
                {"person": who, "authorisation": basis} if who else {"law": basis.removeprefix(LAW_PREFIX)}
                for who, basis in paper.basis
            ],
            **({"integrity": paper.integrity.model_dump(mode="json", exclude_none=True)} if paper.integrity else {}),
        }
        for paper in view.papers
    ]
    return _json({"case": view.case, "facts": view.facts, "papers": papers, "missing": list(view.missing)})


def _numbered(tx: Connection, insurer: str, cases: Sequence[str]) -> dict[str, list[Numbered]]:
    rows = feeds.standing_offers(tx, insurer, cases)
    lineages: dict[int, set[str]] = defaultdict(set)
    erased = set()
    for paper in feeds.papers_of(tx, insurer, [row.number for row in rows]):
        lineages[paper.number].add(paper.lineage)
        if paper.erased:
            erased.add(paper.number)
    numbered: dict[str, list[Numbered]] = {case: [] for case in cases}
    for row in rows:
        shown = frozenset(lineages[row.number])
        numbered[row.case_number].append(Numbered(row.number, row.digest, shown, row.number in erased))
    return numbered


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
