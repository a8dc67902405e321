"""The doors of participants, for operators: as they stand, and how they are changed."""

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.identity.tokens import Tokens
from adapters.stores import participants
from schemas.records import Kind, Outcome, Reads, Role
from services.delivery.rights import still_reads
from services.intake.door import Entered, Way, answer, receive
from services.intake.gate import admit
from services.intake.limits import RIGHTS_SECONDS
from services.intake.refusal import Refusal
from services.intake.restating import change_in_force, path_of

if TYPE_CHECKING:
    from services.embedded import System

_CODE = re.compile(r"[A-Za-z0-9-]{1,40}")


class ParticipantDoors:
    def __init__(self, system: "System", tokens: Tokens) -> None:
        self._system, self._tokens = system, tokens

    def routes(self) -> list[Route]:
        return [
            Route("/participants/{code}", self.get, methods=["GET"]),
            Route("/participants/{code}", self.put, methods=["PUT"]),
        ]

    async def get(self, request: Request) -> Response:
        await admit(request, self._system, self._tokens, Role.OPERATOR)
        code = _code(request)
        found, reading = await self._system.read(lambda tx: (participants.get(tx, code), participants.reading(tx)))
        if found is None:
            raise Refusal(404, "not-found", "There is no such participant.")
        reads = {Reads.YES: True, Reads.NO: False}.get(reading.get(code, Reads.PERHAPS))
        return JSONResponse({**found.model_dump(mode="json"), "readsTopic": reads})

    async def put(self, request: Request) -> Response:
        caller = await admit(request, self._system, self._tokens, Role.OPERATOR)
        code = _code(request)

        async def path(sha256: str) -> str:
            said = (caller.code, request.method, request.scope["path"], sha256)
            return await self._system.read(lambda tx: path_of(tx, *said, change_in_force))

        entered = await receive(request, self._system, caller, Way(Kind.PARTICIPANT, target=code, path=path))
        request.app.state.turnstile.forget(code)  # at the latest now; see Turnstile
        if entered.judged.outcome in (Outcome.ACCEPTED, Outcome.DUPLICATE):
            entered = await self._withdrawn(entered, code)
        return answer(self._system, entered, f"/participants/{code}")

    async def _withdrawn(self, entered: Entered, code: str) -> Entered:
        """Once the brokers let the participant read its topic no longer, where the change takes that right away; `withdrawing`
        when that takes longer than the sender's patience."""

        def look(tx: Connection) -> bool:
            found = participants.get(tx, code)
            return found is not None and still_reads(found, participants.reading(tx))

        while await self._system.read(look):
            if asyncio.get_running_loop().time() >= entered.until or self._system.stopping.is_set():
                return replace(entered, judged=replace(entered.judged, withdrawing=True))
            await asyncio.sleep(RIGHTS_SECONDS)
        return entered


def _code(request: Request) -> str:
    code: str = request.path_params["code"]
    if not _CODE.fullmatch(code):
        raise Refusal(404, "not-found", "A participant's code is of letters, digits and hyphens.")
    return code
