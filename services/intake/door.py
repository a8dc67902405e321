"""What the doors that take a record in have in common: the body off the wire, the record in, the answer out."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from starlette.requests import Request
from starlette.responses import Response

from adapters.identity.tokens import Caller
from schemas.records import Kind
from services.intake import answers
from services.intake.answers import Judged
from services.intake.book import Submission
from services.intake.limits import BODY_BYTES
from services.intake.reading import Spool, chunks, media_type
from services.intake.refusal import PROBLEM_JSON, Refusal
from services.intake.signature import BadSignature, Signature
from services.intake.taking import hand_in, not_lagging, receipt_headers, waiting

if TYPE_CHECKING:
    from services.embedded import System

JSON = "application/json"


@dataclass(frozen=True)
class Way:
    """How a record comes in. `path`: what its id is made of, when it is not the request's own."""

    kind: Kind
    types: tuple[str, ...] = (JSON,)
    limit: int = BODY_BYTES
    path: str | None = None
    target: str | None = None
    may_be_empty: bool = False
    signature: Signature | None = None


async def receive(request: Request, system: "System", caller: Caller, way: Way) -> tuple[Judged, Mapping[str, str]]:
    """Takes the body in as a record; its verdict, and headers about the waiting."""
    not_lagging(system)
    named = JSON if way.may_be_empty and "content-type" not in request.headers else media_type(request, *way.types)
    seconds, applied = waiting(request)
    async with Spool(system.archive.blobs) as spool:
        await spool.fill(_signed(chunks(request, way.limit, way.may_be_empty), way.signature))
        submission = Submission(
            kind=way.kind,
            sender=caller.code,
            role=caller.role,
            method=request.method,
            path=way.path or request.url.path,
            media_type=named,
            body=spool.body,
            sha256=spool.sha256,
            digest=spool.sha256,
            size=spool.size,
            target=way.target,
        )
        return await hand_in(system, submission, spool, seconds), applied


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
    judged: Judged,
    headers: Mapping[str, str],
    location: str | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """The JSON answer about a record. `location` of what was made, /records/{id} unless given; `more` goes into the body."""
    status = answers.status(judged)
    content = orjson.dumps(answers.body(judged) | dict(more or {}))
    return Response(
        content,
        status,
        answer_headers(system, judged, status, headers, location),
        media_type=PROBLEM_JSON if status >= 400 else JSON,
    )


def answer_headers(
    system: "System", judged: Judged, status: int, headers: Mapping[str, str], location: str | None = None
) -> dict[str, str]:
    at = f"/records/{judged.record.id}"
    told = {**headers, **receipt_headers(system, judged.record)}
    if status == 201:
        told["location"] = location or at
    elif status == 202:
        told["content-location"] = at
    return told
