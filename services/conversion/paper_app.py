"""The renderer's doors: a sender's own document as a paper, and any document as a preview that is not stored."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.fhir.outcome import operation_outcome
from adapters.identity.tokens import Tokens
from schemas.records import Outcome, Role
from services.conversion.paper import Told
from services.conversion.paper_page import POLICY, SIGN_IN, SIGN_IN_POLICY, drawn
from services.intake.answers import Judged
from services.intake.fhir import own_document
from services.intake.gate import admit
from services.intake.limits import BODY_BYTES, VALIDATE_AT_ONCE
from services.intake.reading import Spool, chunks, media_type
from services.intake.refusal import FHIR_JSON, Refusal
from services.intake.taking import known

if TYPE_CHECKING:
    from services.embedded import System

HTML = "text/html; charset=utf-8"
DRAW_AT_ONCE = VALIDATE_AT_ONCE  # a drawing holds its body in memory and takes a worker, as a validation does
# Nothing is cached, by the guard of all doors; nobody frames the page or learns where it was read.
HEADERS = {"referrer-policy": "no-referrer", "x-frame-options": "DENY", "cross-origin-resource-policy": "same-origin"}


def routes(system: "System", tokens: Tokens) -> list[Route]:
    return PaperDoors(system, tokens).routes()


class PaperDoors:
    def __init__(self, system: "System", tokens: Tokens) -> None:
        self._system, self._tokens = system, tokens
        self._free = DRAW_AT_ONCE

    def routes(self) -> list[Route]:
        return [
            Route("/fhir/Bundle/{id}/paper", self.paper, methods=["GET"]),
            Route("/fhir/$render", self.render, methods=["POST"]),
        ]

    async def paper(self, request: Request) -> Response:
        """The sender's own document, as it was judged. A browser that comes without a token is asked for one."""
        if "authorization" not in request.headers and "text/html" in request.headers.get("accept", ""):
            headers = {**HEADERS, "content-security-policy": SIGN_IN_POLICY, "www-authenticate": "Bearer"}
            return Response(SIGN_IN, 401, headers, media_type=HTML)
        caller = await admit(request, self._system, self._tokens, Role.HOSPITAL)
        with self._room():
            row, body = await own_document(self._system, request.path_params["id"], caller.code)
            return await self._page(body, await self._system.read(lambda tx: _told(known(self._system, tx, row))))

    async def render(self, request: Request) -> Response:
        """The page of what is sent, with what the validation says of it; nothing is stored."""
        await admit(request, self._system, self._tokens, Role.HOSPITAL)
        media_type(request, FHIR_JSON)
        with self._room():
            async with Spool(self._system.archive.blobs) as spool:
                await spool.fill(chunks(request, BODY_BYTES))
                body = await asyncio.to_thread(lambda: b"".join(spool.frames()))
            return await self._page(body, None)

    @contextlib.contextmanager
    def _room(self) -> Iterator[None]:
        if self._free == 0:
            raise Refusal(503, "overloaded", "Too many documents are being drawn.", {"retry-after": "1"})
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    async def _page(self, body: bytes, told: Told | None) -> Response:
        """Drawn in a worker process. 422 with every problem when the bytes are no document at all."""
        page, problems = await self._system.compute(drawn, body, told)
        if not page:
            return JSONResponse(operation_outcome(problems), 422, media_type=FHIR_JSON)
        return Response(page, headers={**HEADERS, "content-security-policy": POLICY}, media_type=HTML)


def _told(judged: Judged) -> Told:
    """What the papers say of a record: a verdict only when there is one."""
    validated = judged.outcome is not None and judged.outcome != Outcome.DEAD
    return Told(
        sha256=judged.record.sha256,
        record=judged.record.id,
        successor=judged.current or "",
        problems=judged.problems if validated else None,
    )
