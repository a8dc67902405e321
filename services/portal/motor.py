"""A motor case as its reader may see it, reckoned from the papers that he may have. Pure.

Parties are known by their order in the police record: no name, identifier or plate is in it. An operator sees everything
but contents: no amount of a receipt, no code of the police record. An insurer sees what is drawn from the papers of its
standing offers, judged again and recorded as handed over when it asks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from adapters.police.report import AccidentReport
from schemas import normalise
from schemas.evidence import Cover
from schemas.records import Kind, Role
from services.hub.calendar import MOTOR
from services.hub.fold import CasePaper, first_day, on_the_road
from services.hub.views import best_copies, view
from services.motor import scene
from services.motor.account import Account, Claimed, Holding, Required, VictimAccount, account
from services.motor.clocks import Clock
from services.motor.costs import Costs
from services.motor.law import Line
from services.motor.owing import Owing
from services.motor.papers import PaperLine
from services.portal import fault, words
from services.portal import motor_words as say
from services.portal.dossier import Dossier

TAIPEI = ZoneInfo("Asia/Taipei")
MOTOR_COVERS = (Cover.MOTOR_COMPULSORY, Cover.MOTOR_THIRD_PARTY, Cover.MOTOR_OWN_DAMAGE)
Json = dict[str, Any]


@dataclass(frozen=True)
class Reader:
    """Who reads: an insurer by its code, or an operator. `records`: of the papers that an insurer may have; `covers`: those
    that concern him."""

    insurer: str | None = None
    records: frozenset[str] = frozenset()
    covers: frozenset[Cover] = frozenset({Cover.MOTOR_COMPULSORY})


def everything(dossier: Dossier) -> Reader:
    """An operator, concerned with what any insurer of the case is."""
    standings = dossier.case.standings if dossier.case else ()
    return Reader(covers=frozenset({Cover.MOTOR_COMPULSORY}.union(*(one.covers for one in standings))))


def of_insurer(dossier: Dossier, insurer: str, handed: frozenset[str]) -> Reader:
    """An insurer: of the records handed over those that it may have as the case stands now."""
    found = dossier.case
    party = next((one for one in found.standings if one.insurer == insurer), None) if found else None
    seen = view(found, party, dossier.sizes, dossier.spent, dossier.today) if found and party else None
    if found is None or party is None or seen is None:
        return Reader(insurer)
    allowed = {paper.node.record for paper in found.papers if paper.node.lineage in seen.allowed}
    return Reader(insurer, handed & allowed, party.covers)


def drawn(dossier: Dossier, code: str, role: Role, handed: frozenset[str]) -> str | None:
    """The scene as SVG, for insurers that may have the police record and for the unit that sent it; None for others."""
    papers = dossier.case.papers if dossier.case else ()
    records = of_insurer(dossier, code, handed).records if role == Role.INSURER else None
    mine = [one for one in papers if (one.node.record in records if records is not None else one.node.sender == code)]
    report = _report(dossier, police_record(mine))
    return scene.draw(report) if report else None


def offers_to_tell(dossier: Dossier, insurer: str) -> tuple[int, ...]:
    """The standing offers of an insurer from which a motor case would be told: those with a paper of the road."""
    of_road = {paper.node.record for paper in (dossier.case.papers if dossier.case else ()) if on_the_road(paper.node)}
    mine = [one for one in dossier.offers if one.insurer == insurer and one.stands]
    return tuple(one.number for one in mine) if any(p.record in of_road for one in mine for p in one.papers) else ()


def of_case(dossier: Dossier, reader: Reader) -> Json | None:
    """The motor case for this reader; None when none of his papers is of the road."""
    papers = _papers(dossier, reader)
    if not any(on_the_road(paper.node) for paper in papers):
        return None
    record = police_record(papers)
    report = _report(dossier, record)
    disputes = [paper for paper in papers if paper.node.kind == Kind.DISPUTE]
    found = account(
        date.fromisoformat(report.date) if report else first_day(paper.node for paper in papers),
        report,
        lambda plate: _registered(dossier, report, plate),
        [_holding(dossier, paper, reader) for paper in papers if paper not in disputes],
        [cover for cover in MOTOR_COVERS if cover in reader.covers],
    )
    told: Json = {
        "accident": _accident(record) if record else None,
        "vehicles": _vehicles(found, report, dossier),
        "victims": [_victim(one, found, contents=reader.insurer is not None) for one in found.victims],
        "required": [_required(one, found.day) for one in found.required],
        "limits": [_limit(line) for line in found.standard if line.values.get("limit")],
        "clocks": [_clock(one) for one in found.clocks],
        "papers": [_paper(dossier, paper, reader) for paper in papers],
        "disputes": [_dispute(dossier, paper, found.day, report, reader) for paper in disputes],
    }
    if reader.insurer and report:
        told["fault"] = fault.proposal(report, fault.words_of(paper.node.evidence for paper in papers))
    return told


def own_disputes(dossier: Dossier, sender: str) -> list[Json]:
    """Those that a sender filed for parties, with their steps."""
    papers = dossier.case.papers if dossier.case else ()
    mine = [one for one in papers if one.node.kind == Kind.DISPUTE and one.node.sender == sender]
    day = first_day(one.node for one in papers if one.node.sender == sender)
    return [_dispute(dossier, one, day, None, None) for one in mine]


def _dispute(
    dossier: Dossier, paper: CasePaper, day: date | None, report: AccidentReport | None, reader: Reader | None
) -> Json:
    """Its statement is for the insurers that it was filed with."""
    entry = next(one for one in dossier.entries if one.record == paper.node.record)
    said = dossier.contents.get(entry.record) if reader and reader.insurer else None
    return fault.dispute(
        entry.record, paper.node.evidence, entry.received, day, report, said if isinstance(said, str) else None
    )


def police_record(papers: Iterable[CasePaper]) -> CasePaper | None:
    """The best attested police record among these."""
    told = [paper for paper in papers if paper.node.kind == Kind.ACCIDENT]
    return min(told, key=lambda paper: paper.rank) if told else None


def _papers(dossier: Dossier, reader: Reader) -> list[CasePaper]:
    """Of copies the best, in the order in which they were issued."""
    found = dossier.case.papers if dossier.case else ()
    mine = [one for one in found if reader.insurer is None or one.node.record in reader.records]
    return sorted(best_copies(mine), key=lambda one: (one.node.evidence.issued, one.node.record))


def _report(dossier: Dossier, record: CasePaper | None) -> AccidentReport | None:
    told = dossier.contents.get(record.node.record) if record else None
    return told if isinstance(told, AccidentReport) else None


def _registered(
    dossier: Dossier, report: AccidentReport | None, plate: str | None
) -> Sequence[tuple[str, Cover]] | None:
    return dossier.registered.get((normalise.plate(plate), report.date)) if report and plate else None


def _day(time: str) -> date:
    return datetime.fromisoformat(time).astimezone(TAIPEI).date()


def _holding(dossier: Dossier, paper: CasePaper, reader: Reader) -> Holding:
    evidence = paper.node.evidence
    entry = next(one for one in dossier.entries if one.record == paper.node.record)
    costs = dossier.contents.get(entry.record)
    return Holding(
        sha256=entry.sha256,
        names=frozenset({evidence.paper, *evidence.classes}),
        persons=frozenset(paper.persons),
        issuer=evidence.issuer,
        received=_day(entry.received),
        applied=frozenset(one.cover for one in evidence.insurers if reader.insurer in (None, one.insurer)),
        costs=costs if isinstance(costs, Costs) else None,
    )


def _named(kind: str) -> tuple[str, str]:
    return say.KINDS.get(kind) or words.kind(kind)


def _text(table: dict[str, tuple[str, str]], key: str) -> Json:
    zh, en = table[key]
    return {"text": zh, "textEn": en}


def _accident(record: CasePaper) -> Json:
    """What the police record tells in its minimum view: no place, no person."""
    facts = record.node.evidence.facts
    return {name: facts.get(name) for name in ("date", "time", "severity", "deaths", "injuries", "unit")}


def _vehicles(found: Account, report: AccidentReport | None, dossier: Dossier) -> list[Json]:
    party = {str(one.order): one for one in report.parties} if report else {}
    return [
        {
            "party": int(one.id),
            "kind": kind if (kind := party[one.id].kind) in say.VEHICLES else "other",
            **_text(say.VEHICLES, kind if kind in say.VEHICLES else "other"),
            "insured": one.insured.value,
            "insuredText": say.INSURED[one.insured][0],
            "insuredTextEn": say.INSURED[one.insured][1],
            "insurers": [
                {"insurer": insurer, "cover": cover.value}
                for insurer, cover in _registered(dossier, report, party[one.id].plate) or ()
            ],
        }
        for one in found.vehicles
    ]


def _victim(one: VictimAccount, found: Account, *, contents: bool) -> Json:
    told: Json = {
        "party": one.harmed.order,
        "role": one.harmed.victim.role.value,
        **_text(say.ROLES, one.harmed.victim.role),
        "died": one.harmed.died,
        "owed": _owed(one.owed, one.shares) if one.owed else None,
        "required": [_required(each, found.day) for each in one.required],
        "clocks": [_clock(each) for each in one.clocks],
    }
    return told | {"claimed": _claimed(one.claimed) if one.claimed else None} if contents else told


def _owed(owed: Owing, parts: dict[str, Fraction] | None) -> Json:
    return {
        "debtors": [
            {
                "payer": debtor.payer,
                "party": int(debtor.vehicle),
                "article": debtor.article,
                "provisional": debtor.provisional,
            }
            for debtor in owed.debtors
        ],
        "joint": owed.joint,
        "shares": None if parts is None else [{"payer": payer, "share": str(part)} for payer, part in parts.items()],
        "unanswered": [int(one) for one in owed.unanswered],
        "articles": list(owed.articles),
        "status": owed.status.value,
    }


def _required(one: Required, day: date | None) -> Json:
    return {
        "cover": one.cover.value,
        "claim": one.claim.value,
        "text": f"{say.COVERS[one.cover][0]}{say.CLAIMS[one.claim][0]}",
        "textEn": f"{say.COVERS[one.cover][1]}: {say.CLAIMS[one.claim][1]}",
        "papers": None if one.papers is None else [_required_paper(line, day) for line in one.papers],
    }


def _required_paper(line: PaperLine, day: date | None) -> Json:
    """`anyOf`: any one of these does, from whom, and since when it can exist."""
    days = {expected.kind: expected.days for expected in MOTOR}
    return {
        "anyOf": [
            {
                "kind": kind,
                "text": _named(kind)[0],
                "textEn": _named(kind)[1],
                "issuer": issuer,
                "issuerText": say.ISSUERS[issuer][0],
                "issuerTextEn": say.ISSUERS[issuer][1],
                "from": (day + timedelta(days=days[kind])).isoformat() if day and kind in days else None,
            }
            for kind, issuer in line.kinds.items()
        ],
        "present": line.present,
        "article": line.article,
        "status": line.status.value,
        "source": line.source,
    }


def _limit(line: Line) -> Json:
    """A limit of the day's standard, whole TWD; `unit`: of what it is counted, `most`: of how many at most."""
    unit, level = line.values.get("unit"), line.key.removeprefix("disability-")
    known = say.ITEMS.get(line.key) or (f"失能第{level}等級", f"disability level {level}")
    return {
        "item": line.key,
        "text": known[0],
        "textEn": known[1],
        "limit": line.values["limit"],
        "unit": unit,
        "unitText": say.UNITS[unit][0] if unit else None,
        "unitTextEn": say.UNITS[unit][1] if unit else None,
        "most": line.values.get("most"),
        "article": line.article,
        "status": line.status.value,
        "source": line.source,
    }


def _claimed(claimed: Claimed) -> Json:
    found = claimed.reckoning
    return {
        "lines": [
            {
                "paper": one.line.id.partition("#")[0],
                "line": one.line.id.partition("#")[2],
                "item": one.line.item.value,
                **_text(say.ITEMS, one.line.item),
                "amount": one.line.amount,
                "claimable": one.claimable,
                "pending": one.pending,
                "over": one.over,
                "needs": [{"need": need.value, **_text(say.NEEDS, need)} for need in one.needs],
                "article": one.article,
                "status": one.status.value,
            }
            for one in found.medical
        ],
        "unreadLines": claimed.unread,
        "unreadAmount": str(claimed.unread_amount),
        "medical": sum(one.claimable for one in found.medical),
        "pending": sum(one.pending for one in found.medical),
        "death": found.death.amount if found.death else 0,
        "interim": found.death.interim if found.death else 0,
        "total": found.total,
        "parts": None
        if claimed.parts is None
        else [{"payer": payer, "amount": amount} for payer, amount in claimed.parts.items()],
        "status": found.status.value,
    }


def _clock(clock: Clock) -> Json:
    return {
        "clock": clock.name,
        **_text(say.CLOCKS, clock.name),
        "start": clock.start.isoformat(),
        "due": clock.due.isoformat() if clock.due else None,
        "extended": clock.extended.isoformat() if clock.extended else None,
        "running": clock.running,
        "article": clock.article,
        "status": clock.status.value,
    }


def _paper(dossier: Dossier, paper: CasePaper, reader: Reader) -> Json:
    """That it exists, who issued it, who handed it in, and when this insurer fetched it; for an operator, who did."""
    evidence = paper.node.evidence
    entry = next(one for one in dossier.entries if one.record == paper.node.record)
    fetched = [one for one in dossier.handovers if one.record == paper.node.record]
    told: Json = {
        "sha256": entry.sha256,
        "kind": evidence.paper,
        "text": _named(evidence.paper)[0],
        "textEn": _named(evidence.paper)[1],
        "sender": paper.node.sender,
        "received": entry.received,
    }
    if reader.insurer is None:
        return told | {"heldBy": sorted({one.insurer for one in fetched})}
    own = min((one.at for one in fetched if one.insurer == reader.insurer), default=None)
    return told | {"issuer": evidence.issuer, "handedOver": own}
