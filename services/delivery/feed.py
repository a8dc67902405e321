"""Handing over: a page of the feed, a paper's bytes. Judged again, and recorded before the bytes leave."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from adapters.stores import feeds, records
from adapters.stores.archive import Archive
from adapters.stores.database import after_commit
from adapters.stores.dialect import lock
from adapters.telemetry import spans
from adapters.vault.keys import Keys
from adapters.vault.sealing import CannotOpen, open_sealed
from services.consent.entitlement import LAW_PREFIX
from services.consent.law import NOTICE
from services.delivery.judging import allowed, authorisations, basis_of, in_force, names
from services.delivery.worker import offer_key

TAIPEI = ZoneInfo("Asia/Taipei")


@dataclass(frozen=True)
class HandedPaper:
    body: bytes
    media_type: str


class Feed:
    """Reads one insurer's feed. Each call runs in a write transaction: the hand-over is a record in it."""

    def __init__(self, keys: Keys, archive: Archive) -> None:
        self._keys, self._archive = keys, archive

    def page(self, tx: Connection, insurer: str, after: int, limit: int, now: datetime) -> list[dict[str, object]]:
        """CloudEvents after a number. A number taken back or no longer allowed has `data: {case}` only."""
        begun = spans.now()
        rows = feeds.page(tx, insurer, after, limit)
        numbers = [row.number for row in rows if row.type == "claims.offer" and row.taken_back_by is None]
        papers = defaultdict(list)
        for paper in feeds.papers_of(tx, insurer, numbers):
            papers[paper.number].append(paper)
        held = self._in_force(tx, [paper for some in papers.values() for paper in some], now)
        keys = self._keys.get(offer_key(insurer, row.number) for row in rows)
        events, handed = [], []
        for row in rows:
            name = offer_key(insurer, row.number)
            withheld = row.content is None or name not in keys or not allowed(papers[row.number], held)
            data = {"case": row.case_number} if withheld else json.loads(open_sealed(keys[name], row.content, name))
            events.append(_cloud_event(row, data))
            if not withheld and row.type == "claims.offer":
                handed.append(
                    {
                        "insurer": insurer,
                        "number": row.number,
                        "case_number": row.case_number,
                        "basis": json.dumps(_bases(papers[row.number])),
                        "at": records.stamp(now),
                    }
                )
        feeds.note_handovers(tx, handed)
        if spans.on():
            after_commit(tx, lambda: [_trace(one, papers[one["number"]], begun) for one in handed])
        return events

    def told(self, tx: Connection, insurer: str, numbers: Sequence[int], now: datetime) -> frozenset[str]:
        """Records of the papers in these offers that may still go. Noted as handed over: the caller tells what is in them."""
        given: dict[str, Row] = {row.record: row for row in feeds.papers_of(tx, insurer, numbers)}
        pages = [self.page(tx, insurer, number - 1, 1, now) for number in numbers]
        free = {paper["sha256"] for (event,) in pages for paper in event["data"].get("papers", ())}  # type: ignore[attr-defined]
        return frozenset(record for record, row in given.items() if row.sha256 in free)

    def paper(self, tx: Connection, insurer: str, sha256: str, now: datetime) -> HandedPaper | None:
        """The bytes of a paper that a standing offer of this insurer holds and that may still go, or None."""
        begun = spans.now()
        for row in self.may_have(tx, insurer, sha256, now):
            try:
                body = self._archive.body(tx, row.record)
            except CannotOpen:
                continue
            handed = {
                "insurer": insurer,
                "number": row.number,
                "sha256": sha256,
                "record": row.record,
                "case_number": row.case_number,
                "basis": json.dumps(sorted({basis for _, basis in basis_of(row)})),
                "at": records.stamp(now),
            }
            feeds.note_handovers(tx, [handed])
            if spans.on():
                after_commit(tx, partial(_trace, handed, [row], begun))
            return HandedPaper(body, row.media_type)
        return None

    def may_have(self, tx: Connection, insurer: str, sha256: str, now: datetime) -> list[Row]:
        """The standing offers of this insurer that hold the paper, where it may still go; newest first. Hands over nothing."""
        rows = feeds.offers_with(tx, insurer, sha256)
        held = self._in_force(tx, rows, now)
        return [row for row in rows if allowed([row], held)]

    def _in_force(self, tx: Connection, papers: Sequence[Row], now: datetime) -> set[str]:
        """The bases of these papers that hold now, and until the hand-over is recorded."""
        bases = {basis for paper in papers for _, basis in basis_of(paper)}
        lock(tx, names(bases))
        return in_force(tx, self._archive, bases, now.astimezone(TAIPEI).date())


def _trace(handed: dict[str, Any], papers: Sequence[Row], begun: int) -> None:
    """In the traces of the papers handed over, or offered, and of the authorisations that they go by."""
    told = {"claims.insurer": handed["insurer"], "claims.case": handed["case_number"]}
    told |= {"claims.offernumber": handed["number"], "claims.handed": "paper" if "sha256" in handed else "offer"}
    bases = authorisations(basis for paper in papers for _, basis in basis_of(paper))
    spans.emit("hand-over", sorted({paper.record for paper in papers} | bases), begun, told)


def _bases(papers: Sequence[Row]) -> list[str]:
    """What an offer goes by; one without papers is the notice that the law gives."""
    return sorted({basis for paper in papers for _, basis in basis_of(paper)}) or [LAW_PREFIX + NOTICE.id]


def _cloud_event(row, data: dict[str, object]) -> dict[str, object]:  # type: ignore[no-untyped-def]
    return {
        "specversion": "1.0",
        "id": row.event,
        "source": f"/insurers/{row.insurer}/offers",
        "type": row.type,
        "time": row.at,
        "offernumber": row.number,
        "datacontenttype": "application/json",
        "data": data,
    }
