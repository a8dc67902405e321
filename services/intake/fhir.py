"""The FHIR door: documents in, a verdict as OperationOutcome out, the sender's own bytes back."""

import asyncio
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import Row
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.fhir.capability import capability_statement
from adapters.fhir.outcome import operation_outcome
from adapters.identity.tokens import Tokens
from adapters.stores import records
from adapters.stores.archive import Erased
from schemas.events import Received
from schemas.ids import record_id
from schemas.records import Kind, Record, Role
from services.intake import answers
from services.intake.answers import Judged
from services.intake.door import Way, answer_headers, receive
from services.intake.gate import admit
from services.intake.limits import BODY_BYTES, VALIDATE_AT_ONCE, VERDICT_SECONDS
from services.intake.reading import Spool, chunks, media_type
from services.intake.refusal import FHIR_JSON, Refusal
from services.intake.taking import settled

if TYPE_CHECKING:
    from services.embedded import System

CAPABLE_SINCE = "2026-01-01"  # changed with what the statement says, not with the clock


class _Instance(StringConvertor):
    """An id in a path. What begins with `$` is an operation (FHIR R4, "Operations"), and has its own route and methods."""

    regex = "[^$/][^/]*"


register_url_convertor("instance", _Instance())


class FhirDoor:
    def __init__(self, system: "System", tokens: Tokens) -> None:
        self._system, self._tokens = system, tokens
        self._validating = asyncio.Semaphore(VALIDATE_AT_ONCE)

    def routes(self) -> list[Route]:
        return [
            Route("/fhir/Bundle", self.post, methods=["POST"]),
            Route("/fhir/Bundle/$validate", self.validate, methods=["POST"]),
            Route("/fhir/Bundle/{id:instance}", self.get, methods=["GET"]),
            Route("/fhir/metadata", self.metadata, methods=["GET"]),
        ]

    async def post(self, request: Request) -> Response:
        caller = await admit(request, self._system, self._tokens, Role.HOSPITAL)
        entered = await receive(request, self._system, caller, Way(Kind.DOCUMENT, (FHIR_JSON,)))
        judged = entered.judged
        status = answers.status(judged)
        location = f"/fhir/Bundle/{judged.record.id}"
        return Response(
            orjson.dumps(_outcome(judged, status)),
            status,
            answer_headers(self._system, entered, status, location),
            media_type=FHIR_JSON,
        )

    async def validate(self, request: Request) -> Response:
        """200 with every problem; nothing is stored. Validation sees by the path that it need not ask whose it is."""
        caller = await admit(request, self._system, self._tokens, Role.HOSPITAL)
        named = media_type(request, FHIR_JSON)
        if self._validating.locked():
            raise Refusal(503, "overloaded", "Too many documents are being validated.", {"retry-after": "1"})
        async with self._validating, Spool(self._system.archive.blobs) as spool:
            await spool.fill(chunks(request, BODY_BYTES))
            record = Record(
                id=record_id(caller.code, request.method, request.scope["path"], spool.sha256),
                attempt=1,
                kind=Kind.DOCUMENT,
                sender=caller.code,
                role=caller.role,
                method=request.method,
                path=request.scope["path"],
                sha256=spool.sha256,
                size=spool.size,
                media_type=named,
                received=records.stamp(self._system.clock()),
            )
            body = await asyncio.to_thread(lambda: b"".join(spool.frames()))
            checked = await self._system.validate(Received(record=record), body)
        if checked.dead:
            raise Refusal(500, "failure", "Our failure: this document could not be validated. It was noted.")
        return JSONResponse(operation_outcome(checked.problems), media_type=FHIR_JSON)

    async def get(self, request: Request) -> Response:
        caller = await admit(request, self._system, self._tokens, Role.HOSPITAL)
        row, body = await own_document(self._system, request.path_params["id"], caller.code)
        return Response(body, media_type=row.media_type)

    async def metadata(self, request: Request) -> Response:
        return JSONResponse(capability_statement(str(request.base_url), CAPABLE_SINCE), media_type=FHIR_JSON)


async def own_document(system: "System", id: str, sender: str) -> tuple[Row, bytes]:
    """A document of the sender's, once it is judged, and its bytes. Refusal 404 when there is none of hers, 410 when
    it was erased."""
    row = (await system.read(lambda tx: records.by_ids(tx, [id]))).get(id)
    if row is None or row.sender != sender or row.kind != Kind.DOCUMENT:
        raise Refusal(404, "not-found", "There is no such document of yours.")
    row = await settled(system, row, VERDICT_SECONDS)
    if row.erased:
        raise Refusal(410, "erased", "The record was erased.")
    try:
        return row, await system.read(lambda tx: system.archive.body(tx, row.record))
    except Erased:
        raise Refusal(410, "erased", "The record was erased.") from None


SAID = {  # in place of "accepted", when there is no problem to tell
    "received": ("已收到,判定結果稍後提供", "Received; the verdict comes later"),
    "delayed": ("已收到,因本平台之故延後判定", "Received; delayed by a failure of ours"),
    "erased": ("紀錄已刪除", "The record was erased"),
    "duplicate": ("與先前的紀錄重複", "A duplicate of an earlier record"),
}
_TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"


def _outcome(judged: Judged, status: int) -> dict[str, object]:
    outcome = operation_outcome(judged.problems, _told(judged, status))
    state = answers.state(judged.outcome, judged.erased)
    said = SAID.get(state) or SAID.get(judged.outcome or "")
    if said and not judged.problems:
        english = [{"url": "lang", "valueCode": "en"}, {"url": "content", "valueString": said[1]}]
        translated = {"extension": [{"url": _TRANSLATION, "extension": english}]}
        outcome["issue"][0]["details"] = {"text": said[0], "_text": translated}  # type: ignore[index]
    return outcome


def _told(judged: Judged, status: int) -> str:
    """The line of the answer that names records: this one, the original of a duplicate, what is current now."""
    told = [f"record {judged.record.id}", f"state {answers.state(judged.outcome, judged.erased)}"]
    if verdict := answers.verdict(judged.outcome):
        told.append(f"verdict {verdict}")
    if judged.original:
        told.append(f"original {judged.original}")
    if judged.current:
        told.append(f"supersededBy {judged.current}")
    if judged.case and status < 300:
        told.append(f"case {judged.case}")
    return "; ".join(told)
