"""A case as its caller may see it: an operator everything but contents, a sender its own records and the calendar, an
insurer what its standing offers show. None is what does not exist. Pure; nothing personal in any of them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from schemas.paper_kinds import names
from schemas.records import Kind, Role
from services.hub.assemble import Component
from services.hub.calendar import Line, Presence
from services.hub.fold import Case, CasePaper
from services.hub.views import view
from services.portal import motor, words
from services.portal.dossier import Dossier, Entry, Offer

TAIPEI = ZoneInfo("Asia/Taipei")
Json = dict[str, Any]


def view_of(dossier: Dossier, code: str, role: Role, handed: frozenset[str] = frozenset()) -> Json | None:
    """What this caller may see of the case. `handed`: records of the papers whose hand-over to an insurer was judged and
    recorded for this answer; of a motor case it is told what is drawn from them."""
    match role:
        case Role.OPERATOR:
            return _operator(dossier)
        case Role.INSURER:
            return _insurer(dossier, code, handed)
        case _:
            return _sender(dossier, code)


def _head(dossier: Dossier) -> Json:
    motor = dossier.case.motor if dossier.case else None
    head: Json = {"case": dossier.number, "asked": dossier.asked}
    return head if motor is None else {**head, "kind": "motor" if motor else "medical"}


def _operator(dossier: Dossier) -> Json:
    found = dossier.case
    told = motor.of_case(dossier, motor.everything(dossier))
    return {
        **_head(dossier),
        "mergedNumbers": list(dossier.also),
        "opened": dossier.opened,
        "closed": found is None,
        "records": [_record(one, found) for one in dossier.entries],
        "links": links(dossier.component),
        "refusedLinks": refused(dossier.component),
        "evidence": evidence(found.calendar, _dates(found.papers)) if found else [],
        "missing": missing(found.calendar) if found else [],
        "insurers": [
            {
                "insurer": standing.insurer,
                "covers": sorted(standing.covers),
                "offers": [one.number for one in dossier.offers if one.insurer == standing.insurer and one.stands],
            }
            for standing in (found.standings if found else ())
        ],
        "timeline": sorted_timeline([*_case_events(dossier), *_feed_events(dossier, dossier.offers)]),
        **({"motor": told} if told else {}),
    }


def _sender(dossier: Dossier, code: str) -> Json | None:
    """Of others' evidence: that a kind is there, and its first day; neither how often, nor whose, nor who sent it."""
    own = [one for one in dossier.entries if one.sender == code]
    found = dossier.case
    if not own or found is None:
        return None
    dates = _dates(found.papers)
    timeline = [event for one in own for event in _record_events(one, dossier)]
    for line in found.calendar:
        if line.presence == Presence.PRESENT and line.kind in dates:
            timeline.append(_event(dates[line.kind], "present", line.kind))
        elif line.presence == Presence.EXPECTED and line.since:
            timeline.append(_event(line.since, "expected", line.kind))
    return {
        **_head(dossier),
        # What is dead is our fault: to its sender it is only delayed.
        "records": [_record(one, found) | {"verdict": one.outcome if one.outcome != "dead" else None} for one in own],
        "evidence": evidence(found.calendar, dates),
        "missing": missing(found.calendar),
        "timeline": sorted_timeline(timeline),
        **({"disputes": disputes} if (disputes := motor.own_disputes(dossier, code)) else {}),
    }


def _insurer(dossier: Dossier, code: str, handed: frozenset[str]) -> Json | None:
    """Papers by reference; facts only as `motor`, from what was handed over. Not even the case's kind: it may be known from
    a paper that this insurer may not have."""
    found = dossier.case
    mine = [one for one in dossier.offers if one.insurer == code]
    standing_offers = [one for one in mine if one.stands]
    party = next((one for one in found.standings if one.insurer == code), None) if found else None
    if not standing_offers or found is None or party is None:
        return None
    seen = view(found, party, dossier.sizes, dossier.spent, dossier.today)
    entitled = set(seen.allowed) if seen else set()
    papers = [paper for paper in found.papers if paper.node.lineage in entitled]
    kind_of = {paper.node.record: paper.node.evidence.paper for paper in papers}
    sure = _integrity(papers)
    told = motor.of_case(dossier, motor.of_insurer(dossier, code, handed))
    lacking = list(seen.missing) if seen else []
    timeline = [
        *_feed_events(dossier, mine),
        *(_event(one["from"], "expected", one["kind"]) for one in lacking if one["from"] > dossier.today.isoformat()),
    ]
    return {
        "case": dossier.number,
        "asked": dossier.asked,
        "covers": sorted(party.covers),
        "offers": [
            {
                "offernumber": one.number,
                "time": one.at,
                "papers": [
                    {"sha256": paper.sha256, "kind": kind_of.get(paper.record), "current": paper.record in kind_of}
                    | sure.get(paper.record, {})
                    for paper in one.papers
                ],
            }
            for one in standing_offers
        ],
        "missing": [_named(one["kind"]) | {"from": one["from"] or None} for one in lacking],
        "timeline": sorted_timeline(timeline),
        **({"motor": told} if told else {}),
    }


def links(component: Component | None) -> list[Json]:
    """The links that joined the records of a case, strongest first."""
    if component is None:
        return []
    at = {node.lineage: node.record for node in component.nodes}
    return [
        {"records": [at.get(one.one, one.one), at.get(one.other, one.other)], "reason": one.reason}
        for one in sorted(component.links)
    ]


def refused(component: Component | None) -> list[Json]:
    """The links that were not followed, and why; a side that is outside this case is named by its lineage."""
    if component is None:
        return []
    at = {node.lineage: node.record for node in component.nodes}
    return [
        {"records": [at.get(one.one, one.one), at.get(one.other, one.other)], "reason": one.reason, "refused": why}
        for one, why in sorted(component.refused)
    ]


def evidence(lines: Iterable[Line], dates: dict[str, str]) -> list[Json]:
    """The calendar: each kind that a case needs, whether it is there and since which day, or from when it can exist."""
    return [
        _named(line.kind)
        | {
            "presence": line.presence.value,
            "presenceText": words.PRESENCE[line.presence][0],
            "from": line.since,
            "dated": dates.get(line.kind) if line.presence == Presence.PRESENT else None,
        }
        for line in lines
    ]


def missing(lines: Iterable[Line]) -> list[Json]:
    """What is not there, and from when it can exist (None: the day of the loss is not known)."""
    return [_named(line.kind) | {"from": line.since} for line in lines if line.presence != Presence.PRESENT]


def _named(kind: str) -> Json:
    zh, en = words.kind(kind)
    return {"kind": kind, "text": zh, "textEn": en}


def _dates(papers: Iterable[CasePaper]) -> dict[str, str]:
    """The first day (Asia/Taipei) of evidence of each kind that papers count as."""
    dates: dict[str, str] = {}
    for paper in papers:
        if paper.denied:
            continue
        found = paper.node.evidence
        day = datetime.fromisoformat(found.issued).astimezone(TAIPEI).date().isoformat()
        for name in names(found.paper, found.classes):
            dates[name] = min(day, dates.get(name, day))
    return dates


def _integrity(papers: Iterable[CasePaper]) -> dict[str, Json]:
    """Of each upload, by its record: who handed it in, and who vouches for it."""
    return {
        paper.node.record: {"integrity": paper.integrity.model_dump(mode="json", exclude_none=True)}
        for paper in papers
        if paper.integrity
    }


def _record(entry: Entry, found: Case | None) -> Json:
    papers = found.papers if found else ()
    shown = {paper.node.record for paper in papers}
    zh, en = words.kind(entry.kind)
    return _integrity(papers).get(entry.record, {}) | {
        "record": entry.record,
        "kind": entry.kind,
        "text": zh,
        "textEn": en,
        "sender": entry.sender,
        "time": entry.received,
        "verdict": entry.outcome,
        "shown": entry.record in shown,
        "standing": entry.standing,
        "erased": entry.erased,
    }


def _event(time: str, what: str, kind: str = "", record: str | None = None, **names: object) -> Json:
    zh, en = words.event(what, kind, **names)
    event: Json = {"time": time, "what": what, "text": zh, "textEn": en}
    return event if record is None else {**event, "record": record}


def _record_events(entry: Entry, dossier: Dossier) -> Iterator[Json]:
    yield _event(entry.received, "received", entry.kind, entry.record)
    if entry.outcome in ("accepted", "duplicate", "dead") and entry.judged_at:
        taken_back = entry.standing == "entered-in-error"
        yield _event(entry.judged_at, "taken-back" if taken_back else entry.outcome, entry.kind, entry.record)
    state = dossier.consents.get(entry.record)
    if entry.kind == Kind.AUTHORISATION and state:
        if state.decision and state.reviewed:
            yield _event(state.reviewed, f"reviewed-{state.decision}", record=entry.record)
        if state.withdrawn:
            yield _event(state.withdrawn, "consent-withdrawn", record=entry.record)


def _case_events(dossier: Dossier) -> Iterator[Json]:
    if dossier.opened:
        yield _event(dossier.opened, "opened")
    for entry in dossier.entries:
        yield from _record_events(entry, dossier)
    for word in dossier.words:
        if not word.withdrawn:
            yield _event(word.at, word.verb, record=word.judgement)
    for line in dossier.case.calendar if dossier.case else ():
        if line.presence == Presence.EXPECTED and line.since:
            yield _event(line.since, "expected", line.kind)


def _feed_events(dossier: Dossier, offers: Sequence[Offer]) -> Iterator[Json]:
    mine = {(one.insurer, one.number) for one in offers}
    for one in offers:
        what = "offered" if one.type == "claims.offer" else "withdrawn"
        yield _event(one.at, what, number=one.number, insurer=one.insurer)
    for one in dossier.handovers:
        if (one.insurer, one.number) in mine:
            what = "paper-handed-over" if one.sha256 else "handed-over"
            yield _event(one.at, what, record=one.record, number=one.number, insurer=one.insurer)


def sorted_timeline(events: Iterable[Json]) -> list[Json]:
    """By time; a day (YYYY-MM-DD) goes before the moments of that day, and equal times keep their order."""
    return sorted(events, key=lambda event: event["time"])
