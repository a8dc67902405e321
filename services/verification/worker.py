"""Asks: takes questions whose time has come, sends them to their issuers, keeps the answers.

Any number of workers: each takes rows that no other is at, and holds them by their next try, which lies past every time-out.
A worker that dies in between leaves a question that is asked again, under the same id, when that time has come.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Histogram
from sqlalchemy import Connection, Row

from adapters.outgoing.http import NoAnswer, Outgoing
from adapters.stores import participants, verifications
from adapters.stores.archive import Archive
from adapters.stores.database import Store
from adapters.stores.journal import Entry, Journal, What
from adapters.vault.jws import BadSignature, claims, signing_keys
from adapters.vault.receipts import Receipts
from schemas.events import Message, Refold
from schemas.evidence import Evidence
from schemas.ids import derive
from schemas.integrity import Answer
from schemas.records import Status
from schemas.topics import DUE
from services.verification.decide import ANSWER, QUESTION, BadAnswer, Question, next_try, numbers_of, read

OF_ANSWERED = ("id", "sha256", "issuer", "record", "asked", "deadline", "state", "answer")
SENDER = "claims-interchange"  # `iss` of a question
MEDIA_TYPE = "application/jose"  # RFC 7515 section 9.2.1
LOOK_SECONDS = 0.5  # how late a question is asked
AT_ONCE = 16  # questions that are being asked
HELD = timedelta(seconds=15)  # a try in hand is over by then: the longest takes ten; if not, the unit is asked twice

LATENCY = Histogram(
    "claims_answer_seconds",
    "From a question whether a paper is real to its issuer's answer, of those that this process heard.",
    buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 28800, 86400, 259200),  # to the deadline of three days
)

Run = Callable[[Callable[[], Any]], Awaitable[Any]]
logger = structlog.get_logger()


@dataclass(frozen=True)
class Try:
    """`endpoint` None: the unit has no door, or is not admitted. `tries`: with this one."""

    question: Question
    endpoint: str | None
    keys: Sequence[dict[str, str]]
    record: str
    tries: int


@dataclass(frozen=True)
class Heard:
    """What came of a try: an answer that counts and its words as signed, or the fault and when the unit wants to be asked."""

    tried: Try
    answer: Answer | None = None
    signed: str | None = None
    fault: str = ""
    after: timedelta | None = None


class Verifier:
    """`append` commits what `work` changes and puts its messages on the log; `run` runs blocking work beside the event loop."""

    def __init__(
        self,
        database: Store,
        archive: Archive,
        receipts: Receipts,
        journal: Journal,
        append: Callable[[Callable[[Connection], list[Message]]], object],
        clock: Callable[[], datetime],
    ) -> None:
        self._database, self._archive, self._receipts = database, archive, receipts
        self._journal, self._append, self._clock = journal, append, clock
        self._asking = 0

    async def turn(self, outgoing: Outgoing, run: Run, asking: asyncio.TaskGroup) -> int:
        """Asks what is to be asked now, each question as a task of `asking`; how many it took. A slow unit holds up nobody, as
        long as fewer than AT_ONCE questions are being asked."""
        most = AT_ONCE - self._asking
        if not most or not await run(self.waiting):
            return 0
        tries = await run(lambda: self.take(most))
        self._asking += len(tries)
        for one in tries:
            asking.create_task(self._settle(outgoing, run, one))
        return len(tries)

    async def _settle(self, outgoing: Outgoing, run: Run, tried: Try) -> None:
        try:
            heard = await self.ask(outgoing, tried)
        finally:
            self._asking -= 1
        await run(lambda: self.keep([heard]))

    def waiting(self) -> bool:
        with self._database.read() as tx:
            return verifications.waiting(tx, self._clock())

    def take(self, most: int) -> list[Try]:
        """The questions to ask now, held against other workers; those whose deadline has passed end without an answer."""
        tries: list[Try] = []

        def work(tx: Connection) -> list[Message]:
            tries.clear()
            now, messages = self._clock(), []
            for row in verifications.fallen(tx, now, most):
                question = self._question(tx, row)
                if question is None:
                    verifications.drop_unheld(tx, row.sha256)  # put at the instant at which the paper was erased
                if question is None or question.deadline <= now:
                    messages += self._close(tx, row.id, row.record, Answer.NO_ANSWER, None, now)
                    continue
                verifications.begin_try(tx, row.id, now + HELD)
                unit = participants.get(tx, row.issuer)
                open_ = unit is not None and unit.status == Status.ADMITTED and unit.endpoints
                endpoint, keys = (unit.endpoints[0], signing_keys(unit.keys)) if unit and open_ else (None, [])
                tries.append(Try(question, endpoint, keys, row.record, row.tries + 1))
            return messages

        self._append(work)
        return tries

    async def ask(self, outgoing: Outgoing, tried: Try) -> Heard:
        question = tried.question
        if tried.endpoint is None:
            return Heard(tried, fault="no endpoint")
        body = self._receipts.statement(QUESTION, question.claims(SENDER)).encode()
        try:
            answer = await outgoing.post(tried.endpoint, body, MEDIA_TYPE, question.id)
            signed = answer.decode("ascii").strip()
            return Heard(tried, read(claims(signed, ANSWER, tried.keys), question, self._clock()), signed)
        except NoAnswer as error:
            return Heard(tried, fault=error.fault, after=error.after)
        except BadAnswer as error:
            return Heard(tried, fault=error.fault)
        except (BadSignature, UnicodeDecodeError):
            return Heard(tried, fault="not signed by the unit")

    def keep(self, heard: Sequence[Heard]) -> None:
        took: list[float] = []

        def work(tx: Connection) -> list[Message]:
            took.clear()
            now, messages = self._clock(), []
            for one in heard:
                question = one.tried.question
                if one.answer:
                    told = self._close(tx, question.id, one.tried.record, one.answer, one.signed, now)
                    took.extend([(now - question.asked).total_seconds()] if told else [])
                    messages += told
                else:
                    again = next_try(now, one.tried.tries, question.deadline, one.after)
                    verifications.failed_try(tx, question.id, one.fault, again)
                    logger.warning("no answer that counts", verification=question.id, issuer=question.issuer,
                                   fault=one.fault, tries=one.tried.tries)  # fmt: skip
            return messages

        self._append(work)
        for seconds in took:
            LATENCY.observe(max(0.0, seconds))

    def _close(
        self, tx: Connection, id: str, record: str, answer: Answer, signed: str | None, now: datetime
    ) -> list[Message]:
        """The cases of every upload of these bytes are told again, with the answer."""
        if not verifications.close(tx, id, answer, signed, now):
            return []
        logger.info("verification is over", verification=id, state=answer.value)
        row = verifications.get(tx, id)
        assert row is not None
        if row.answer:  # what a unit has said must hold after a restore; a question that nobody answered is put again
            detail = {name: getattr(row, name) for name in OF_ANSWERED}
            self._journal.write([Entry(What.ANSWERED, id, row.answered, detail)])
        told = sorted({record, *(one.record for one in verifications.uploads(tx, row.sha256))})
        return [
            Message(DUE.name, one, derive("verified", id, one), Refold(records=(one,), why="verification"))
            for one in told
        ]

    def _question(self, tx: Connection, row: Row) -> Question | None:
        """Made from the record each time, and the same each time; None when the record was erased."""
        evidence = self._archive.views(tx, [row.record]).get(row.record)
        if not isinstance(evidence, Evidence):
            return None
        asked, deadline = (datetime.fromisoformat(one) for one in (row.asked, row.deadline))
        return Question(row.id, row.sha256, row.issuer, evidence.paper, numbers_of(evidence), asked, deadline)
