"""VERIFICATION's doors: an insurer or an owner's ClaimLink operator asks whether a paper is real, and reads what was said.

Only who may be given the paper, or handed it in, learns anything: for all others the paper does not exist.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import Connection, Row
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters import json_text
from adapters.identity.tokens import Caller, Tokens
from adapters.stores import participants, records, verifications
from adapters.stores.dialect import lock
from schemas import normalise
from schemas.evidence import Evidence
from schemas.integrity import Answer
from schemas.paper_kinds import KIND
from schemas.problems import Problem
from schemas.records import Kind, Role, Status
from services.intake.answers import published
from services.intake.gate import admit
from services.intake.reading import chunks, media_type
from services.intake.refusal import PROBLEM_JSON, Refusal, problem_details
from services.validation.schema import structure
from services.verification.decide import DEADLINE, current, question_id, reopens
from services.verification.operations import ASKERS

if TYPE_CHECKING:
    from services.embedded import System

JSON = "application/json"
BODY_BYTES = 4_096  # three short fields


@dataclass(frozen=True)
class Wanted:
    """What is asked: `identity` is the asker's own id of it; `paper` a SHA-256 or a record id."""

    identity: str
    paper: str
    issuer: str


def routes(system: "System", tokens: Tokens) -> list[Route]:
    async def ask(request: Request) -> Response:
        caller = await admit(request, system, tokens, *ASKERS)
        media_type(request, JSON)
        wanted = _read(b"".join([chunk async for chunk in chunks(request, BODY_BYTES)]))
        if isinstance(wanted, list):
            return _faulty(wanted)
        row = await system.write(lambda tx: _ask(system, tx, caller, wanted))
        return _told(row, 200 if row.next_try is None else 202)

    async def read(request: Request) -> Response:
        caller = await admit(request, system, tokens, *ASKERS)
        id = request.path_params["id"]
        row = await system.write(lambda tx: _asked(system, tx, caller, id))
        return _told(row, 200)

    return [
        Route("/papers/verifications", ask, methods=["POST"]),
        Route("/papers/verifications/{id}", read, methods=["GET"]),
    ]


def _read(body: bytes) -> Wanted | list[Problem]:
    value, faults = json_text.read(body)
    if not faults:
        value, faults = structure("verification", value)
    if faults or value is None:
        return faults
    return Wanted(value["id"], value["paper"], normalise.text(value["issuer"]))


def _faulty(faults: list[Problem]) -> Response:
    told = problem_details(
        422, "rejected", "The question was not put. See problems.", problems=published(tuple(faults))
    )
    return Response(orjson.dumps(told), 422, media_type=PROBLEM_JSON)


def _ask(system: "System", tx: Connection, caller: Caller, wanted: Wanted) -> Row:
    """The question about this paper, put now unless it was before: whoever asks later hears what the first was told."""
    now = system.clock()
    upload = _upload(system, tx, caller, wanted.paper, now)
    if upload is None:
        raise _nothing()
    evidence = system.archive.views(tx, [upload.record]).get(upload.record)
    if not isinstance(evidence, Evidence) or evidence.issuer != wanted.issuer:
        raise Refusal(422, "issuer-differs", "The paper names another issuer; ask the one in its metadata.")
    paper = (upload.sha256, wanted.issuer)
    identity = system.keys.lookup(f"verification|{caller.code}|{wanted.identity}")
    lock(tx, [f"verification:{paper[0]}|{paper[1]}", f"verification:{identity}"])
    before = verifications.asked_as(tx, caller.code, identity)
    if before is not None and _paper_of(tx, before) != paper:
        raise Refusal(
            409, "identity-conflict", "Under this id you asked about another paper. Give each question its own."
        )
    row = _question(tx, paper, evidence.paper, upload.record, now)
    verifications.note_asker(tx, caller.code, identity, row.id)
    return row


def _question(tx: Connection, paper: tuple[str, str], kind: str, record: str, now: datetime) -> Row:
    asked = verifications.of_paper(tx, *paper)
    last = current(asked)
    if last is not None and not reopens(Answer(last.state)):
        return last
    unit = participants.get(tx, paper[1])
    open_ = unit is not None and unit.status == Status.ADMITTED and unit.endpoints
    if unit is None or not open_ or KIND[kind].issuing not in (None, *unit.roles):
        raise Refusal(422, "issuer-cannot-be-asked", "The issuer has no door here where it answers. Ask it directly.")
    id = question_id(*paper, len(asked))
    verifications.ask(tx, id, paper, record, now, now + DEADLINE)
    row = verifications.get(tx, id)
    assert row is not None
    return row


def _upload(system: "System", tx: Connection, caller: Caller, paper: str, now: datetime) -> Row | None:
    """The upload that is meant, when the caller may be given it, or handed it in; None otherwise, and when there is none."""
    named = records.by_ids(tx, [paper]).get(paper) if len(paper) == 32 else None
    if len(paper) == 32 and named is None:
        return None
    sha256 = named.sha256 if named is not None else paper
    found = [one for one in verifications.uploads(tx, sha256) if named is None or one.record == named.record]
    if caller.role == Role.INSURER:
        lock(tx, [f"participant:{caller.code}"])
        if not participants.admitted(tx, [caller.code]):
            return None
        mine = {row.record for row in system.feed.may_have(tx, caller.code, sha256, now)}
        return next((one for one in found if one.record in mine), None)
    return next((one for one in found if one.sender == caller.code and one.kind == Kind.PAPER), None)


def _asked(system: "System", tx: Connection, caller: Caller, id: str) -> Row:
    """A question that the caller has asked, as long as it may have the paper."""
    row = verifications.get(tx, id)
    if row is None or not verifications.has_asked(tx, caller.code, id):
        raise _nothing()
    if _upload(system, tx, caller, row.sha256, system.clock()) is None:
        raise _nothing()
    return row


def _paper_of(tx: Connection, id: str) -> tuple[str, str] | None:
    row = verifications.get(tx, id)
    return None if row is None else (row.sha256, row.issuer)


def _told(row: Row, status: int) -> Response:
    told = {
        "verification": row.id,
        "paper": row.sha256,
        "issuer": row.issuer,
        "state": row.state,
        "asked": row.asked,
        "deadline": row.deadline,
        "answered": row.answered,
        "answer": row.answer,
    }
    headers = {"content-location": f"/papers/verifications/{row.id}"} if status == 202 else None
    return Response(orjson.dumps(told), status, headers, JSON)


def _nothing() -> Refusal:
    return Refusal(404, "not-found", "There is nothing here for you.")
