"""What a sender may read of its own records."""

import asyncio
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import Connection, Row
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.identity.tokens import Tokens
from adapters.stores import casebook, ledger, records
from schemas.records import Kind
from services.intake import answers
from services.intake.door import JSON
from services.intake.gate import admit
from services.intake.limits import LONGEST_PAGE, PAGE
from services.intake.refusal import Refusal
from services.intake.restating import withdrawing
from services.intake.taking import current, outcome_of, receipt

if TYPE_CHECKING:
    from services.embedded import System


class RecordDoors:
    def __init__(self, system: "System", tokens: Tokens) -> None:
        self._system, self._tokens = system, tokens

    def routes(self) -> list[Route]:
        return [
            Route("/records", self.page, methods=["GET"]),
            Route("/records/{id}", self.get, methods=["GET"]),
        ]

    async def get(self, request: Request) -> Response:
        caller = await admit(request, self._system, self._tokens)
        id = request.path_params["id"]

        def look(tx: Connection) -> list[dict[str, object]]:
            row = records.by_ids(tx, [id]).get(id)
            return self._told(tx, [row]) if row is not None and row.sender == caller.code else []

        found = await self._system.read(look)
        if not found:
            raise Refusal(404, "not-found", "There is no such record of yours.")
        return Response(orjson.dumps(found[0]), media_type=JSON)

    async def page(self, request: Request) -> Response:
        """`{records, next}`: ask again with `after` = next until a page comes empty. `parent`: a file's accidents."""
        caller = await admit(request, self._system, self._tokens)
        query = request.query_params
        after, parent, limit = query.get("after") or None, query.get("parent") or None, _limit(query.get("limit"))

        def look(tx: Connection) -> list[dict[str, object]] | None:
            rows = ledger.page(tx, caller.code, after, parent, limit)
            return None if rows is None else self._told(tx, list(rows))

        found = await self._system.read(look)
        if found is None:
            raise Refusal(400, "after-unknown", "`after` is the id of a record of yours, as `next` of the page before.")
        told = {"records": found, "next": found[-1]["record"] if found else after}
        return Response(await asyncio.to_thread(orjson.dumps, told), media_type=JSON)

    def _told(self, tx: Connection, rows: list[Row]) -> list[dict[str, object]]:
        lineages: dict[str, list[Row]] = {}
        versions = casebook.rows_of_lineages(tx, {row.lineage for row in rows if row.lineage})
        for row in versions:
            lineages.setdefault(row.lineage, []).append(row)
        astray = self._system.hub.loader.unmandated(tx, versions)
        return [
            self._one(row, current(lineages.get(row.lineage, []), row, astray), withdrawing(tx, row)) for row in rows
        ]

    def _one(self, row: Row, current: str | None, withdrawing: bool) -> dict[str, object]:
        outcome, record = outcome_of(row), records.envelope(row)
        told: dict[str, object] = {
            "record": row.record,
            "kind": row.kind,
            "time": row.received,
            "state": answers.state(outcome, bool(row.erased), withdrawing),
            "verdict": answers.verdict(outcome, withdrawing),
            "problems": orjson.Fragment(row.problems if row.problems and outcome else "[]"),
            "original": row.original,
            "supersededBy": current,
            "case": row.case_number,
            "receipt": receipt(self._system, record),
        }
        if record.kind == Kind.ACCIDENT_FILE:
            told["accidents"] = f"/records?parent={row.record}"
        if record.parent:
            told |= {"parent": record.parent, "lines": record.lines}
        return told


def _limit(asked: str | None) -> int:
    if asked is None:
        return PAGE
    if not (asked.isascii() and asked.isdigit() and 0 < len(asked) <= 6 and 1 <= int(asked) <= LONGEST_PAGE):
        raise Refusal(400, "limit", f"`limit` is a number from 1 to {LONGEST_PAGE}.")
    return int(asked)
