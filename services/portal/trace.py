"""One record or one case end to end: every step and why. JSON for operators, and the same as lines of text. Pure.

The shape (stable; fields are only added): `{id, is: record or case, record?, verdict?, lineage?, keys?, children?,
deadLetters?, mandate?, questions?, case}`.

    record    {record, kind, sender, role, method, path, sha256, size, mediaType, received, attempt, judged, target,
              parent, lines, erased, trace}; `trace` is the id of its OpenTelemetry trace
    verdict   {outcome, at, why, original, problems: [{code, severity, path, pointer, text, textEn}]}
    lineage   {id, shown, versions: [{record, outcome, version, standing, received, shown, erased}]}
    keys      [{by, keys}]: what it is looked up by, and how many of them; never a value
    children  [{record, outcome, lines}]: the accidents of a file
    mandate   of a mandate {state, reviewer, reviewed, withdrawn, scope, start, end, filings: [{record, kind, sender}],
              offers: [{insurer, number, case, time, takenBackBy, records}],
              handovers: [{insurer, number, time, sha256, record}]}: what its agent filed, what went by it
    questions of an upload [{verification, issuer, state, asked, deadline, tries, fault, answered, askers}]: whether it is real
    case      {case, mergedNumbers, opened, records, links, refusedLinks, judgements, evidence, consents, insurers,
              deadLetters}; `case` is null when the record stands in none, `why` then says why
    consents  [{record, this, state, reviewer, reviewed, withdrawn, purpose, subjectRole, recipients, classes, start,
              end, uses, mandate?}]: `mandate` of an agent's, null while he has none in force
    insurers  [{insurer, admitted, covers, party,
              papers: [{record, kind, classes, entitled, shown, basis, refusals}],
              offers: [{number, type, case, time, takenBackBy, records}],
              handovers: [{number, time, basis, sha256, record}]}]

Persons are numbers of their place in a paper, from 1; no name, identifier, plate or content is in it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from schemas.ids import trace_id
from schemas.problems import Problem
from schemas.records import Kind, Outcome, Record
from services.consent.entitlement import AGENT, Standing, mandate_of
from services.deduplication.decide import Why
from services.hub.linking import Node
from services.hub.views import view
from services.portal.cases import evidence, links, refused
from services.portal.dossier import DeadLetter, Dossier, Entry, Mandated, Offer, OfferedPaper, Question
from services.portal.telling import lines
from services.portal.why import entitlement, party

__all__ = ["Story", "lines", "trace_case", "trace_record"]

Json = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """What a record went through until its verdict. `why` None: validation alone decided, or nothing has yet."""

    record: Record
    judged: int
    outcome: Outcome | None
    judged_at: str | None
    why: Why | None
    original: str | None
    problems: tuple[Problem, ...]
    erased: bool
    lineage: str | None = None
    shown: str | None = None
    versions: tuple[Entry, ...] = ()
    children: tuple[Json, ...] = ()
    dead: tuple[DeadLetter, ...] = ()
    mandated: Mandated | None = None
    questions: tuple[Question, ...] = ()


def trace_record(story: Story, dossier: Dossier | None) -> Json:
    """`dossier`: of the case that the record stands in, or of the records around one that stands in none."""
    traced: Json = {
        "id": story.record.id,
        "is": "record",
        "record": _envelope(story),
        "verdict": _verdict(story),
        "lineage": _lineage(story),
        "keys": _keys(_node(dossier, story.lineage)),
        "deadLetters": [_dead(one) for one in story.dead],
    }
    if story.children:
        traced["children"] = list(story.children)
    if story.mandated:
        traced["mandate"] = _mandate(story.mandated)
    if story.questions:
        traced["questions"] = [asdict(one) | {"askers": list(one.askers)} for one in story.questions]
    if dossier is None:
        return traced | {"case": {"case": None, "why": _no_case(story)}}
    case = _case(dossier, only=story.lineage)
    return traced | {"case": case if dossier.number else case | {"why": _no_case(story)}}


def trace_case(dossier: Dossier) -> Json:
    return {"id": dossier.asked, "is": "case", "case": _case(dossier)}


def _envelope(story: Story) -> Json:
    one = story.record
    return {
        "record": one.id,
        "kind": one.kind.value,
        "sender": one.sender,
        "role": one.role.value,
        "method": one.method,
        "path": one.path,
        "sha256": one.sha256,
        "size": one.size,
        "mediaType": one.media_type,
        "received": one.received,
        "attempt": one.attempt,
        "judged": story.judged,
        "target": one.target,
        "parent": one.parent,
        "lines": list(one.lines) if one.lines else None,
        "erased": story.erased,
        "trace": trace_id(one.id),
    }


_WITHOUT_IDENTITY = {
    Outcome.DEAD: "a failure of ours; see the dead letters",
    Outcome.REJECTED: "there are errors in it",
    Outcome.DUPLICATE: Why.SAME_CONTENT.value,
    Outcome.ACCEPTED: "nothing stood against it",
}


def _verdict(story: Story) -> Json | None:
    if story.outcome is None:
        return None
    if story.why is not None:
        why = story.why.value
    elif any(one.code == "identity-conflict" for one in story.problems):
        why = f"{Why.CONFLICT.value}, or {Why.NOT_A_CORRECTION.value}"
    else:
        why = _WITHOUT_IDENTITY[story.outcome]
    return {
        "outcome": story.outcome.value,
        "at": story.judged_at,
        "why": why,
        "original": story.original,
        "problems": [
            one.model_dump(mode="json", include={"code", "severity", "path", "pointer", "text", "textEn"})
            for one in story.problems
        ],
    }


def _lineage(story: Story) -> Json | None:
    if story.lineage is None:
        return None
    return {
        "id": story.lineage,
        "shown": story.shown,
        "versions": [
            {
                "record": one.record,
                "outcome": one.outcome,
                "version": one.version,
                "standing": one.standing,
                "received": one.received,
                "shown": one.record == story.shown,
                "erased": one.erased,
            }
            for one in story.versions
        ],
    }


def _node(dossier: Dossier | None, lineage: str | None) -> Node | None:
    nodes = dossier.component.nodes if dossier and dossier.component else ()
    return next((node for node in nodes if node.lineage == lineage), None)


def _keys(node: Node | None) -> list[Json]:
    if node is None:
        return []
    kinds = [key.value for key in node.own.values()]
    return [{"by": kind, "keys": kinds.count(kind)} for kind in sorted(set(kinds))]


def _no_case(story: Story) -> str:
    if story.erased:
        return "it was erased"
    if story.outcome is None:
        return "there is no verdict yet"
    if story.outcome not in (Outcome.ACCEPTED, Outcome.DUPLICATE):
        return f"it is {story.outcome.value}"
    if story.record.kind in (Kind.REVIEW, Kind.WITHDRAWAL, Kind.MANDATE, Kind.JUDGEMENT, Kind.PARTICIPANT):
        return f"a {story.record.kind.value} is no evidence; it acts on what it names"
    if story.record.kind == Kind.ACCIDENT_FILE:
        return "a file's accidents are records of their own"
    if story.shown is None:
        return "its sender took it back"
    if story.record.kind == Kind.AUTHORISATION:
        return "no evidence in reach: an authorisation opens no case of its own"
    if story.record.kind == Kind.ACCIDENT:
        return "no evidence in reach: open data opens no case of its own"
    return "the hub has not folded it yet"


def _case(dossier: Dossier, only: str | None = None) -> Json:
    """`only`: the lineage to tell of; links, consents' persons and papers of others are left out."""
    found = dossier.case
    return {
        "case": dossier.number,
        "mergedNumbers": list(dossier.also),
        "opened": dossier.opened,
        "records": [
            {"record": one.record, "kind": one.kind, "sender": one.sender, "standing": one.standing}
            for one in dossier.entries
        ],
        "links": _about(links(dossier.component), dossier, only),
        "refusedLinks": _about(refused(dossier.component), dossier, only),
        "judgements": [
            {
                "judgement": one.judgement,
                "operator": one.operator,
                "time": one.at,
                "says": one.verb,
                "records": [one.one, one.other],
                "withdrawn": one.withdrawn,
            }
            for one in dossier.words
        ],
        "evidence": evidence(found.calendar, {}) if found else [],
        "consents": _consents(dossier, only),
        "insurers": _insurers(dossier, only),
        "deadLetters": [_dead(one) for one in dossier.dead],
    }


def _mandate(one: Mandated) -> Json:
    state, given = one.state, one.mandate
    return {
        "state": _state(state.decision == "approve", state.decision, bool(state.withdrawn)),
        "reviewer": state.reviewer,
        "reviewed": state.reviewed,
        "withdrawn": state.withdrawn,
        "scope": sorted(given.scope),
        "start": given.start,
        "end": given.end,
        "filings": [{"record": filed.record, "kind": filed.kind, "sender": filed.sender} for filed in one.filings],
        "offers": [
            {
                "insurer": offer.insurer,
                "number": offer.number,
                "case": offer.case,
                "time": offer.at,
                "takenBackBy": offer.taken_back_by,
                "records": [paper.record for paper in offer.papers],
            }
            for offer in one.offers
        ],
        "handovers": [
            {
                "insurer": handed.insurer,
                "number": handed.number,
                "time": handed.at,
                "sha256": handed.sha256,
                "record": handed.record,
            }
            for handed in one.handovers
        ],
    }


def _about(found: list[Json], dossier: Dossier, only: str | None) -> list[Json]:
    node = _node(dossier, only)
    return [one for one in found if only is None or (node is not None and node.record in one["records"])]


def _consents(dossier: Dossier, only: str | None) -> list[Json]:
    """The authorisations of the case; of one paper, those of the persons that it is about."""
    if dossier.case is None:
        return []
    persons = {person for paper in dossier.case.papers if paper.node.lineage == only for person in paper.persons}
    node = _node(dossier, only)
    told = []
    for consent in dossier.case.consents:
        if only is not None and consent.grant.subject not in persons and consent.lineage != only:
            continue
        state = dossier.consents.get(consent.record)
        grant = consent.grant
        mandate = mandate_of(consent, dossier.today.isoformat(), dossier.case.powers)
        told.append(
            {
                "record": consent.record,
                "this": node is not None and node.record == consent.record,
                "state": _state(consent.live, state.decision if state else None, bool(state and state.withdrawn)),
                "reviewer": state.reviewer if state else None,
                "reviewed": state.reviewed if state else None,
                "withdrawn": state.withdrawn if state else None,
                "purpose": grant.purpose.value,
                "subjectRole": grant.subject_role.value,
                "recipients": sorted(grant.recipients),
                "classes": sorted(grant.classes),
                "start": grant.start,
                "end": grant.end,
                "uses": grant.uses.value,
            }
            | ({"mandate": mandate} if grant.grantor_role == AGENT else {})
        )
    return told


def _state(live: bool, decision: str | None, withdrawn: bool) -> str:
    if withdrawn:
        return "withdrawn"
    if decision is None:
        return "not reviewed"
    return "approved" if live else "refused"


def _insurers(dossier: Dossier, only: str | None) -> list[Json]:
    standings: dict[str, Standing] = {one.insurer: one for one in dossier.case.standings} if dossier.case else {}
    everyone = sorted({*standings, *(one.insurer for one in dossier.offers)})
    return [_insurer(dossier, code, standings.get(code), only) for code in everyone]


def _insurer(dossier: Dossier, code: str, standing: Standing | None, only: str | None) -> Json:
    """Of one paper: what concerns it; of an authorisation: what went, or may go, by it."""
    papers: list[Json] = []
    node = _node(dossier, only)
    granted = node.record if node is not None and node.kind == Kind.AUTHORISATION else ""
    if standing and dossier.case:
        seen = view(dossier.case, standing, dossier.sizes, dossier.spent, dossier.today)
        shown = {paper.record for paper in seen.papers} if seen else set()
        day = dossier.today.isoformat()
        for paper in dossier.case.papers:
            told = entitlement(paper, standing, dossier.case, dossier.consents, dossier.spent, day)
            by = {one.get("authorisation") for one in told["basis"]}
            if only is None or paper.node.lineage == only or granted in by:
                papers.append(told | {"shown": paper.node.record in shown})
    offers = [one for one in dossier.offers if one.insurer == code]
    return {
        "insurer": code,
        "admitted": code in dossier.admitted,
        "covers": sorted(standing.covers) if standing else [],
        "party": party(standing, dossier.case, dossier.today) if standing and dossier.case else [],
        "papers": papers,
        "offers": [
            {
                "number": one.number,
                "type": one.type,
                "case": one.case,
                "time": one.at,
                "takenBackBy": one.taken_back_by,
                "records": [paper.record for paper in one.papers],
            }
            for one in offers
            if only is None or one.type != "claims.offer" or any(_is(paper, only, granted) for paper in one.papers)
        ],
        "handovers": [
            {"number": one.number, "time": one.at, "basis": list(one.basis), "sha256": one.sha256, "record": one.record}
            for one in dossier.handovers
            if one.insurer == code and (granted in one.basis or _concerns(one.number, one.record, offers, only))
        ],
    }


def _is(paper: OfferedPaper, only: str, granted: str) -> bool:
    return paper.lineage == only or granted in [basis for _, basis in paper.basis]


def _concerns(number: int, record: str | None, offers: Sequence[Offer], only: str | None) -> bool:
    if only is None:
        return True
    papers = [paper for one in offers if one.number == number for paper in one.papers if paper.lineage == only]
    return any(record is None or paper.record == record for paper in papers)


def _dead(one: DeadLetter) -> Json:
    return {"step": one.step, "record": one.record, "reason": one.reason, "time": one.at}
