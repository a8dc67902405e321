"""The police door: one accident as JSON, many as lines of JSON, or an open-data file; each accident a record of its own."""

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.identity.tokens import Caller, Tokens
from adapters.stores import ledger
from adapters.telemetry import spans
from schemas.evidence import Evidence
from schemas.records import Kind, Outcome, Role
from services.intake import answers
from services.intake.answers import patience
from services.intake.book import Submission
from services.intake.door import JSON, Entered, Way, answer, answer_headers, receive
from services.intake.gate import admit
from services.intake.limits import BATCH_BYTES, BATCH_LINES, CSV_BYTES, SPLIT_SECONDS
from services.intake.reading import chunks, media_type
from services.intake.refusal import PROBLEM_JSON, Refusal, problem_details
from services.intake.taking import hand_in, not_lagging, receipt

if TYPE_CHECKING:
    from services.embedded import System

CSV, NDJSON = "text/csv", "application/x-ndjson"
PATH = "/police/accidents"
NO_GOOD_ROW = "No accident of the file was accepted. See problems of each."


class PoliceDoor:
    def __init__(self, system: "System", tokens: Tokens) -> None:
        self._system, self._tokens = system, tokens

    def routes(self) -> list[Route]:
        return [
            Route(PATH, self.post, methods=["POST"]),
            Route(f"{PATH}/batch", self.batch, methods=["POST"]),
        ]

    async def post(self, request: Request) -> Response:
        caller = await admit(request, self._system, self._tokens, Role.POLICE)
        if media_type(request, JSON, CSV) == JSON:
            return answer(self._system, await receive(request, self._system, caller, Way(Kind.ACCIDENT)))
        entered = await receive(request, self._system, caller, Way(Kind.ACCIDENT_FILE, (CSV,), CSV_BYTES))
        if entered.judged.outcome not in (Outcome.ACCEPTED, Outcome.DUPLICATE) or entered.judged.erased:
            return answer(self._system, entered)
        return await self._accidents(entered)

    async def batch(self, request: Request) -> Response:
        """Accidents as lines of JSON: each becomes what it would become alone, and its line of the answer says what."""
        system, begun = self._system, spans.now()
        caller = await admit(request, system, self._tokens, Role.POLICE)
        not_lagging(system)
        media_type(request, NDJSON)
        body = b"".join([chunk async for chunk in chunks(request, BATCH_BYTES)])
        lines = [(number, line) for number, line in enumerate(body.splitlines(), start=1) if line.strip()]
        if not lines:
            raise Refusal(400, "empty-body", "There is no accident. Send one on each line.")
        if len(lines) > BATCH_LINES:
            raise Refusal(413, "too-many-lines", f"There are more than {BATCH_LINES} accidents. Send several batches.")
        seconds, headers = patience(",".join(request.headers.getlist("prefer")))
        handed = (hand_in(system, _alone(caller, line), None, seconds) for _, line in lines)
        told: list[dict[str, object]] = []
        for (number, _), judged in zip(lines, await asyncio.gather(*handed), strict=True):
            record = judged.record
            spans.door(record, judged.outcome, begun, first=record.attempt == 1 and not judged.again)
            own = {"line": number, "status": answers.status(judged), "receipt": receipt(system, record)}
            told.append(own | answers.verdict_of(judged))
        status = 202 if any(one["status"] == 202 for one in told) else 200
        return Response(orjson.dumps(told), status, headers, media_type=JSON)

    async def _accidents(self, entered: Entered) -> Response:
        """A line for each accident once all are judged; 202 when that takes longer."""
        system, file = self._system, entered.judged.record
        clock = asyncio.get_running_loop().time
        expected = await system.read(lambda tx: _expected(system, tx, file.id))
        with system.desk.tally(file.id) as tally:
            while True:
                tally.begin()
                done = await system.read(lambda tx: ledger.judged_of_file(tx, file.id, file.attempt))
                if done >= expected:
                    break
                if clock() >= entered.until or system.stopping.is_set():
                    return self._later(entered, done, expected)
                await tally.reaches(expected - done, min(SPLIT_SECONDS, entered.until - clock()))
        lines, good = await system.read(lambda tx: _lines(tx, file.id))
        told = answer_headers(system, entered, 200) | {"content-location": f"/records/{file.id}"}
        if good:
            return Response(lines, 200, told, media_type=JSON)
        body = problem_details(422, "no-good-row", NO_GOOD_ROW, record=file.id, accidents=orjson.Fragment(lines))
        return Response(orjson.dumps(body), 422, told, media_type=PROBLEM_JSON)

    def _later(self, entered: Entered, done: int, expected: int) -> Response:
        body = {
            "record": entered.judged.record.id,
            "state": "received",
            "verdict": None,
            "problems": answers.published(entered.judged.problems),
            "accidents": {"judged": done, "expected": expected},
        }
        return Response(orjson.dumps(body), 202, answer_headers(self._system, entered, 202), media_type=JSON)


def _alone(caller: Caller, line: bytes) -> Submission:
    """An accident as if it had come alone: the same bytes are the same record, however they come."""
    digest = sha256(line).hexdigest()
    return Submission(
        kind=Kind.ACCIDENT,
        sender=caller.code,
        role=caller.role,
        method="POST",
        path=PATH,
        media_type=JSON,
        body=line,
        sha256=digest,
        digest=digest,
        size=len(line),
    )


def _expected(system: "System", tx: Connection, file: str) -> int:
    """How many accidents validation found in the file."""
    view = system.archive.views(tx, [file]).get(file)
    return int(view.facts["accidents"]) if isinstance(view, Evidence) else 0  # type: ignore[call-overload]


def _lines(tx: Connection, file: str) -> tuple[bytes, bool]:
    """The list of a file's accidents as JSON, and whether one of them is good."""
    rows = ledger.of_file(tx, file)
    told = [
        {
            "lines": [row.first_line, row.last_line],
            "record": row.record,
            "verdict": answers.verdict(Outcome(row.outcome) if row.outcome else None),
            "problems": orjson.Fragment(row.problems or "[]"),
            **({"original": row.original} if row.original else {}),
        }
        for row in rows
    ]
    return orjson.dumps(told), any(row.outcome != Outcome.REJECTED for row in rows)
