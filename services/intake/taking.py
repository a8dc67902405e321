"""From collected bytes to an answer: enters the record, waits for its verdict, and looks up what is known of it."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from pydantic import TypeAdapter
from sqlalchemy import Connection, Row

from adapters.stores import casebook, records
from schemas.events import Verdict
from schemas.ids import record_id
from schemas.problems import Problem
from schemas.records import Outcome, Record
from services.hub.loading import shown
from services.intake.answers import Judged
from services.intake.attempts import Entry
from services.intake.book import Submission
from services.intake.limits import LAG_RETRY_SECONDS
from services.intake.reading import Spool
from services.intake.refusal import Refusal

if TYPE_CHECKING:
    from services.embedded import System

_PROBLEMS = TypeAdapter(tuple[Problem, ...])

logger = structlog.get_logger()


def not_lagging(system: "System") -> None:
    """Refusal 503 past the lag limit: what was acknowledged goes first, and nothing of it is dropped."""
    if system.lagging:
        raise Refusal(
            503, "overloaded", "Too many records wait for their verdicts. Send again later; repeating is safe.",
            {"retry-after": str(LAG_RETRY_SECONDS)},
        )  # fmt: skip


async def hand_in(system: "System", submission: Submission, spool: Spool | None, seconds: float) -> Judged:
    """Enters a record, durable on return, with its verdict when there is one within `seconds`.

    `spool` holds the bytes of a large body; `submission.body` those of a small one.
    """
    id = record_id(submission.sender, submission.method, submission.path, submission.digest)
    structlog.contextvars.bind_contextvars(record=id)
    if spool is not None and spool.large:
        await _keep_large(system, id, spool)
        submission = replace(submission, blob=id)
    future = system.desk.expect(id)
    try:
        taken = await system.desk.take(submission)
        if taken.entry == Entry.DECIDED:
            assert taken.row is not None
            row = taken.row
            if submission.blob and row.erased:  # erased between our look and the desk's
                await asyncio.to_thread(system.archive.drop_blob, submission.blob)
            return await system.read(lambda tx: known(system, tx, row))
        logger.info("taken in", kind=submission.kind.value, attempt=taken.record.attempt, size=submission.size)
        judged = Judged(taken.record, again=taken.entry == Entry.WAITING)
        try:
            async with asyncio.timeout(seconds):
                return await _verdict(system, judged, future)
        except TimeoutError:
            return judged
    finally:
        system.desk.forget(id, future)


async def _keep_large(system: "System", id: str, spool: Spool) -> None:
    """Seals the body in the file that bears the record's id. What is known already has its file, unless that or its key was
    lost, or was erased."""
    row = (await system.read(lambda tx: records.by_ids(tx, [id]))).get(id)
    if row is None or not (row.erased or await asyncio.to_thread(system.archive.has_blob, id)):
        await asyncio.to_thread(lambda: spool.copy(id, system.archive.blob_key(id)))


async def _verdict(system: "System", judged: Judged, future: "asyncio.Future[Verdict]") -> Judged:
    """The verdict on this attempt; that on an earlier one may be heard first."""
    id, attempt = judged.record.id, judged.record.attempt
    try:
        while True:
            verdict = await future
            if verdict.record.attempt >= attempt:
                return replace(judged, outcome=verdict.outcome, problems=verdict.problems, original=verdict.original)
            system.desk.forget(id, future)
            future = system.desk.expect(id)
            found = await system.read(lambda tx: known(system, tx, records.by_ids(tx, [id])[id]))
            if found.outcome and found.record.attempt >= attempt:  # it came between the two
                return replace(found, again=judged.again)
    finally:
        system.desk.forget(id, future)


async def settled(system: "System", row: Row, seconds: float) -> Row:
    """The record's row once its latest attempt is judged; Refusal 503 when it is not within `seconds`."""
    future = system.desk.expect(row.record)
    try:
        row = (await system.read(lambda tx: records.by_ids(tx, [row.record])))[row.record]
        if row.judged < row.attempt:
            async with asyncio.timeout(seconds):
                await future
            row = (await system.read(lambda tx: records.by_ids(tx, [row.record])))[row.record]
        return row
    except TimeoutError:
        raise Refusal(503, "not-judged-yet", "No verdict on it yet. Ask again.", {"retry-after": "1"}) from None
    finally:
        system.desk.forget(row.record, future)


def known(system: "System", tx: Connection, row: Row) -> Judged:
    """What is known of a record that is here, and what is current now."""
    lineage = casebook.rows_of_lineages(tx, [row.lineage]) if row.lineage else []
    return Judged(
        record=records.envelope(row),
        again=True,
        outcome=outcome_of(row),
        problems=problems_of(row),
        original=row.original,
        current=current(lineage, row, system.hub.loader.unmandated(tx, lineage)),
        case=row.case_number,
        erased=bool(row.erased),
    )


def current(lineage: Iterable[Row], row: Row, unmandated: Collection[str]) -> str | None:
    """The record that stands for this one's document now, when it is another."""
    stands = shown(lineage, unmandated)
    return stands.record if stands is not None and stands.record != row.record else None


def outcome_of(row: Row) -> Outcome | None:
    """The outcome of the latest attempt, None while it is under way."""
    return Outcome(row.outcome) if row.outcome and row.judged >= row.attempt else None


def problems_of(row: Row) -> tuple[Problem, ...]:
    return _PROBLEMS.validate_json(row.problems) if row.problems and row.judged >= row.attempt else ()


def receipt(system: "System", record: Record) -> str:
    """Signed again from the record: the same record gives the same receipt."""
    iat = int(datetime.fromisoformat(record.received).timestamp())
    return system.receipts.sign(record.id, record.sha256, record.sender, iat)
