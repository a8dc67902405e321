"""CONSENT's doors: an authorisation or a mandate as it stands, for the ClaimLink operator that handed it in and for operators."""

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import Connection, Row
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.identity.tokens import Tokens
from adapters.stores import casebook, consents, records
from adapters.stores.archive import Erased
from schemas.records import Kind, Outcome, Role
from services.intake.gate import admit
from services.intake.refusal import Refusal
from services.intake.taking import problems_of

if TYPE_CHECKING:
    from services.embedded import System

REVIEWED = {"approve": "approved", "refuse": "refused"}


def routes(system: "System", tokens: Tokens) -> list[Route]:
    def door(kind: Kind, path: str) -> Route:
        async def get(request: Request) -> Response:
            caller = await admit(request, system, tokens, Role.CLAIMLINK, Role.OPERATOR)
            id = request.path_params["id"]
            poster = None if caller.role == Role.OPERATOR else caller.code
            told = await system.read(lambda tx: _told(system, tx, kind, id, poster))
            if told is None:
                raise Refusal(404, "not-found", f"There is no such {kind.value} here.")
            return Response(orjson.dumps(told), media_type="application/json")

        return Route(path, get, methods=["GET"])

    return [door(Kind.AUTHORISATION, "/authorisations/{id}"), door(Kind.MANDATE, "/mandates/{id}")]


def _told(system: "System", tx: Connection, kind: Kind, id: str, poster: str | None) -> dict[str, object] | None:
    """The state of one version, all versions, and what was handed in; None when it is not the caller's."""
    row = records.by_ids(tx, [id]).get(id)
    if row is None or row.kind != kind or (poster is not None and row.sender != poster):
        return None
    if row.erased:
        raise Refusal(410, "erased", "The record was erased.")
    held = row.outcome in records.HELD
    versions = sorted(casebook.rows_of_lineages(tx, [row.lineage]), key=_order) if held else []
    withdrawal = consents.withdrawal_of(tx, row.lineage) if held else None
    reviews = {one.record: consents.review_of(tx, one.record) for one in versions}
    return {
        "record": id,
        "state": _state(row, versions, reviews, withdrawal),
        "problems": [problem.model_dump(mode="json") for problem in problems_of(row)],
        "versions": [
            {"record": one.record, "version": int(one.version), "review": _review(reviews[one.record])}
            for one in versions
        ],
        "withdrawn": {"record": withdrawal.record, "time": withdrawal.at} if withdrawal else None,
        kind.value: _content(system, tx, id) if held else None,
    }


def _order(row: Row) -> tuple[str, int]:
    return row.version, row.accepted


def _state(row: Row, versions: list[Row], reviews: dict[str, Row | None], withdrawal: Row | None) -> str:
    if not versions:
        return "rejected" if row.outcome == Outcome.REJECTED else "received"
    if withdrawal:
        return "withdrawn"
    if versions[-1].record != row.record:
        return "superseded"
    review = reviews.get(row.record)
    return REVIEWED[review.decision] if review else "waiting for review"


def _review(review: Row | None) -> dict[str, str] | None:
    return review and {"decision": review.decision, "reviewer": review.reviewer, "time": review.reviewed}


def _content(system: "System", tx: Connection, id: str) -> object:
    """What was handed in; it was accepted, so it is JSON."""
    try:
        return orjson.Fragment(system.archive.body(tx, id))
    except Erased:
        raise Refusal(410, "erased", "The record was erased.") from None
