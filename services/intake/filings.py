"""The doors of filings: applications and disputes; authorisations and mandates with their reviews and withdrawals; judgements."""

from typing import TYPE_CHECKING

from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.identity.tokens import Caller, Tokens
from adapters.stores import records
from schemas.records import Kind, Role
from services.intake.door import Way, answer, not_signed, receive
from services.intake.gate import admit
from services.intake.refusal import Refusal
from services.intake.restating import path_of, review_in_force
from services.intake.signature import BadSignature, Signature

if TYPE_CHECKING:
    from services.embedded import System


class FilingDoors:
    def __init__(self, system: "System", tokens: Tokens) -> None:
        self._system, self._tokens = system, tokens

    def routes(self) -> list[Route]:
        return [
            Route("/claimlink/applications", self.apply, methods=["POST"]),
            *self._reviewed(Kind.AUTHORISATION, "/authorisations"),
            *self._reviewed(Kind.MANDATE, "/mandates"),
            Route("/disputes", self.dispute, methods=["POST"]),
            Route("/judgements", self.judge, methods=["POST"]),
        ]

    async def apply(self, request: Request) -> Response:
        caller = await admit(request, self._system, self._tokens, Role.CLAIMLINK)
        way = Way(Kind.APPLICATION, signature=self._signature(request, caller))
        return answer(self._system, await receive(request, self._system, caller, way))

    def _reviewed(self, kind: Kind, path: str) -> list[Route]:
        """The doors of what a person gives, an operator reviews and anybody of them withdraws."""

        async def give(request: Request) -> Response:
            caller = await admit(request, self._system, self._tokens, Role.CLAIMLINK)
            entered = await receive(request, self._system, caller, Way(kind))
            return answer(self._system, entered, f"{path}/{entered.judged.record.id}")

        async def review(request: Request) -> Response:
            caller = await admit(request, self._system, self._tokens, Role.OPERATOR)
            row = await self._given(request, kind, None)

            async def at(sha256: str) -> str:
                said = (caller.code, request.method, request.scope["path"], sha256)
                return await self._system.read(lambda tx: path_of(tx, *said, review_in_force))

            way = Way(Kind.REVIEW, target=row.record, path=at)
            return answer(self._system, await receive(request, self._system, caller, way))

        async def withdraw(request: Request) -> Response:
            """200 once withdrawn, and again: it cannot be done twice, nor undone."""
            caller = await admit(request, self._system, self._tokens, Role.CLAIMLINK, Role.OPERATOR)
            row = await self._given(request, kind, None if caller.role == Role.OPERATOR else caller.code)
            way = Way(Kind.WITHDRAWAL, target=row.record, may_be_empty=True)
            entered = await receive(request, self._system, caller, way)
            return answer(self._system, entered, made=200)

        return [
            Route(path, give, methods=["POST"]),
            Route(f"{path}/{{id}}/review", review, methods=["POST"]),
            Route(f"{path}/{{id}}", withdraw, methods=["DELETE"]),
        ]

    async def dispute(self, request: Request) -> Response:
        """For a party, through who acts for her."""
        caller = await admit(request, self._system, self._tokens, Role.CLAIMLINK, Role.INSURER)
        return answer(self._system, await receive(request, self._system, caller, Way(Kind.DISPUTE)))

    async def judge(self, request: Request) -> Response:
        caller = await admit(request, self._system, self._tokens, Role.OPERATOR)
        return answer(self._system, await receive(request, self._system, caller, Way(Kind.JUDGEMENT)))

    def _signature(self, request: Request, caller: Caller) -> Signature:
        secret = self._tokens.secret(caller.code)
        if secret is None:
            raise not_signed()
        try:
            return Signature(secret, request.headers, self._system.clock())
        except BadSignature:
            raise not_signed() from None

    async def _given(self, request: Request, kind: Kind, poster: str | None) -> Row:
        """The authorisation or mandate in the path; Refusal 404 when there is none, or `poster` did not hand it in.

        A word on one that has no verdict yet waits for it, in the consent step."""
        id = request.path_params["id"]
        row = (await self._system.read(lambda tx: records.by_ids(tx, [id]))).get(id)
        if row is None or row.kind != kind or (poster is not None and row.sender != poster):
            raise Refusal(404, "not-found", f"There is no such {kind.value} here.")
        return row
