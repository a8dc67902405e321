"""The police door: one accident as JSON, or an open-data file whose accidents become records of their own."""

import asyncio
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.identity.tokens import Tokens
from adapters.stores import ledger
from schemas.evidence import Evidence
from schemas.records import Kind, Outcome, Role
from services.intake import answers
from services.intake.door import JSON, Entered, Way, answer, answer_headers, receive
from services.intake.gate import admit
from services.intake.limits import CSV_BYTES, SPLIT_SECONDS
from services.intake.reading import media_type
from services.intake.refusal import PROBLEM_JSON, problem_details

if TYPE_CHECKING:
    from services.embedded import System

CSV = "text/csv"
NO_GOOD_ROW = "No accident of the file was accepted. See problems of each."


class PoliceDoor:
    def __init__(self, system: "System", tokens: Tokens) -> None:
        self._system, self._tokens = system, tokens

    def routes(self) -> list[Route]:
        return [Route("/police/accidents", self.post, methods=["POST"])]

    async def post(self, request: Request) -> Response:
        caller = await admit(request, self._system, self._tokens, Role.POLICE)
        if media_type(request, JSON, CSV) == JSON:
            return answer(self._system, await receive(request, self._system, caller, Way(Kind.ACCIDENT)))
        entered = await receive(request, self._system, caller, Way(Kind.ACCIDENT_FILE, (CSV,), CSV_BYTES))
        if entered.judged.outcome not in (Outcome.ACCEPTED, Outcome.DUPLICATE) or entered.judged.erased:
            return answer(self._system, entered)
        return await self._accidents(entered)

    async def _accidents(self, entered: Entered) -> Response:
        """A line for each accident once all are judged; 202 when that takes longer."""
        system, file = self._system, entered.judged.record
        clock = asyncio.get_running_loop().time
        expected = await system.read(lambda tx: _expected(system, tx, file.id))
        while (done := await system.read(lambda tx: ledger.judged_of_file(tx, file.id, file.attempt))) < expected:
            if clock() >= entered.until or system.stopping.is_set():
                return self._later(entered, done, expected)
            await asyncio.sleep(SPLIT_SECONDS)
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
