"""What the doors that take a record in have in common: the body off the wire, the record in, the answer out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from starlette.requests import Request
from starlette.responses import Response

from adapters.identity.tokens import Caller
from schemas.records import Kind
from services.intake import answers
from services.intake.answers import Judged, patience
from services.intake.book import Submission
from services.intake.limits import BODY_BYTES
from services.intake.reading import Spool, chunks, media_type
from services.intake.refusal import PROBLEM_JSON, Refusal
from services.intake.signature import BadSignature, Signature
from services.intake.taking import hand_in, not_lagging, receipt

if TYPE_CHECKING:
    from services.embedded import System

JSON = "application/json"


@dataclass(frozen=True)
class Way:
    """How a record comes in. `path`: from the body's SHA-256 the path its id is made of; else the request's own."""

    kind: Kind
    types: tuple[str, ...] = (JSON,)
    limit: int = BODY_BYTES
    path: Callable[[str], Awaitable[str]] | None = None
    target: str | None = None
    may_be_empty: bool = False
    signature: Signature | None = None


@dataclass(frozen=True)
class Entered:
    """A record with its verdict; `headers` about the waiting; `until`: when the sender's patience ends (loop time)."""

    judged: Judged
    headers: Mapping[str, str]
    until: float


async def receive(request: Request, system: "System", caller: Caller, way: Way) -> Entered:
    """Takes the body in as a record, and waits for its verdict as long as the sender wishes."""
    not_lagging(system)
    named = JSON if way.may_be_empty and "content-type" not in request.headers else media_type(request, *way.types)
    async with Spool(system.archive.blobs) as spool:
        await spool.fill(_signed(chunks(request, way.limit, way.may_be_empty), way.signature))
        submission = Submission(
            kind=way.kind,
            sender=caller.code,
            role=caller.role,
            method=request.method,
            path=await way.path(spool.sha256) if way.path else request.scope["path"],
            media_type=named,
            body=spool.body,
            sha256=spool.sha256,
            digest=spool.sha256,
            size=spool.size,
            target=way.target,
        )
        return await enter(request, system, submission, spool)


async def enter(request: Request, system: "System", submission: Submission, spool: Spool) -> Entered:
    seconds, headers = patience(",".join(request.headers.getlist("prefer")))
    until = asyncio.get_running_loop().time() + seconds
    judged = await hand_in(system, submission, spool, seconds)
    request.state.judged = judged  # for the trace, which ends with the answer
    return Entered(judged, headers, until)


async def _signed(body: AsyncIterator[bytes], signature: Signature | None) -> AsyncIterator[bytes]:
    """The same body; Refusal 401 at its end when the signature over it is wrong."""
    async for chunk in body:
        if signature:
            signature.update(chunk)
        yield chunk
    if signature:
        try:
            signature.verify()
        except BadSignature:
            raise not_signed() from None


def not_signed() -> Refusal:
    return Refusal(
        401, "bad-signature", "Sign the body as Standard Webhooks says: webhook-id, webhook-timestamp (within five "
        "minutes) and webhook-signature, with the secret of this operator.", {"www-authenticate": "Bearer"},
    )  # fmt: skip


def answer(
    system: "System",
    entered: Entered,
    location: str | None = None,
    made: int = 201,
) -> Response:
    """The JSON answer about a record. `location` of what was made (else /records/{id}); `made`: the status for it."""
    status = answers.status(entered.judged)
    status = made if status == 201 else status
    return Response(
        orjson.dumps(answers.body(entered.judged)),
        status,
        answer_headers(system, entered, status, location),
        media_type=PROBLEM_JSON if status >= 400 else JSON,
    )


def answer_headers(system: "System", entered: Entered, status: int, location: str | None = None) -> dict[str, str]:
    record = entered.judged.record
    at = f"/records/{record.id}"
    told = {**entered.headers, "claims-record": record.id, "claims-receipt": receipt(system, record)}
    if status == 201:
        told["location"] = location or at
    elif status == 202:
        told["content-location"] = at
    return told
