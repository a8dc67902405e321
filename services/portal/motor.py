"""A motor case as its reader may see it, reckoned from the papers that he may have. Pure.

Parties are known by their order in the police record: no name, identifier or plate is in it. An operator sees everything
but contents: no amount of a receipt, no code of the police record. An insurer sees what is drawn from the papers of its
standing offers, judged again and recorded as handed over when it asks.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from adapters.police.report import AccidentReport
from schemas import normalise
from schemas.evidence import Cover, DataClass, Evidence
from schemas.paper_kinds import class_of, names
from schemas.records import FUND, Kind, Role
from services.consent.entitlement import Consent, Standing, bases, holds
from services.consent.matrix import MEDICAL
from services.hub.fold import Case, CasePaper, first_day, on_the_road
from services.hub.views import best_copies, view
from services.motor import scene
from services.motor.account import Account, VictimAccount, account
from services.motor.costs import Costs
from services.motor.office_calendar import LAST
from services.motor.owing import BY_FUND
from services.motor.required import Holding
from services.motor.stated import Stated
from services.portal import fault, motor_account, words
from services.portal import motor_words as say
from services.portal.dossier import Dossier, Entry

TAIPEI = ZoneInfo("Asia/Taipei")
MOTOR_COVERS = (Cover.MOTOR_COMPULSORY, Cover.MOTOR_THIRD_PARTY, Cover.MOTOR_OWN_DAMAGE)
OF_TREATMENT = frozenset(MEDICAL) - {DataClass.RECEIPT}
CONSENT = "records-consent"
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


def may_need(dossier: Dossier, code: str, role: Role) -> frozenset[str]:
    """The records from which an answer may be drawn: an insurer's are those of its standing offers, a sender's its own."""
    papers = dossier.case.papers if dossier.case else ()
    match role:
        case Role.OPERATOR:
            return frozenset(paper.node.record for paper in papers)
        case Role.INSURER:
            mine = [one for one in dossier.offers if one.insurer == code and one.stands]
            return frozenset(paper.record for one in mine for paper in one.papers)
        case _:
            return frozenset(paper.node.record for paper in papers if paper.node.sender == code)


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
        [
            *(_holding(dossier, paper, reader) for paper in papers if paper not in disputes),
            *_consents(dossier, reader),
        ],
        [cover for cover in MOTOR_COVERS if cover in reader.covers],
        lambda persons, kind: _may_have(dossier, reader, persons, kind),
        dossier.today,
    )
    vehicles = _vehicles(found, report, dossier, reader)
    holders = _holders(dossier, reader, papers, vehicles)
    told: Json = {
        "accident": _accident(record) if record else None,
        "vehicles": vehicles,
        "victims": [_victim(one, found, holders, contents=reader.insurer is not None) for one in found.victims],
        "required": [motor_account.required(one, found.day, holders) for one in found.required],
        "limits": [motor_account.limit(line) for line in found.standard if line.values.get("limit")],
        "clocks": [motor_account.clock(one) for one in found.clocks],
        "workingDaysUntil": LAST.isoformat(),
        "papers": [_paper(dossier, paper, reader, holders) for paper in papers],
        "unreadPapers": sum(paper.node.record in dossier.unread for paper in papers),
        "disputes": [_dispute(dossier, paper, found.day, report, reader) for paper in disputes],
    }
    if reader.insurer and report:
        told["fault"] = fault.proposal(report, _assessments(papers))
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
    statement = said if isinstance(said, str) else None
    filed = _day(min(one.received for one in _versions(dossier, entry, reader)))
    return fault.dispute(entry.record, paper.node.evidence, entry.received, filed, day, report, statement)


def _versions(dossier: Dossier, entry: Entry, reader: Reader | None) -> list[Entry]:
    """This version, and those before that the reader was offered; who files and who operates knows of all."""
    every = [one for one in dossier.entries if one.lineage == entry.lineage]
    if reader is None or reader.insurer is None:
        return every
    offered = {paper.record for one in dossier.offers if one.insurer == reader.insurer for paper in one.papers}
    return [one for one in every if one is entry or one.record in offered]


def _assessments(papers: Iterable[CasePaper]) -> list[fault.Assessment]:
    return [
        fault.Assessment(upload.sha256, paper.node.evidence, paper.integrity.state)
        for paper in papers
        if paper.node.evidence.paper == fault.ASSESSMENT and (upload := paper.node.evidence.upload) and paper.integrity
    ]


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


def _received(dossier: Dossier, entry: Entry, reader: Reader) -> date:
    """The day on which a paper came in; to an insurer not before it was offered it under a basis that still holds. That another
    paper of an offer was taken back delays nothing of this one."""
    offered = [
        one.at
        for one in dossier.offers
        if one.insurer == reader.insurer and any(each.record == entry.record and each.allowed for each in one.papers)
    ]
    return _day(max(entry.received, min(offered, default=entry.received)))


def _holding(dossier: Dossier, paper: CasePaper, reader: Reader) -> Holding:
    evidence = paper.node.evidence
    entry = next(one for one in dossier.entries if one.record == paper.node.record)
    told, kinds = dossier.contents.get(entry.record), names(evidence.paper, evidence.classes)
    return Holding(
        sha256=entry.sha256,
        names=frozenset() if paper.denied else kinds,
        persons=frozenset(paper.persons),
        issuer=evidence.issuer,
        received=_received(dossier, entry, reader),
        applied=frozenset(one.cover for one in evidence.insurers if reader.insurer in (None, one.insurer)),
        asked=_asked(evidence, reader),
        applicant=evidence.applicant,
        stated=told if isinstance(told, Stated) else None,
        costs=told if isinstance(told, Costs) else None,
        denied=kinds if paper.denied else frozenset(),
    )


def _asked(evidence: Evidence, reader: Reader) -> frozenset[str]:
    """Whom an application asks for the compulsory cover: of insurers a reading one is concerned with its own time alone."""
    named = {one.insurer for one in evidence.insurers if one.cover == Cover.MOTOR_COMPULSORY}
    return frozenset(one for one in named if one == FUND or reader.insurer in (None, FUND, one))


def _consents(dossier: Dossier, reader: Reader) -> list[Holding]:
    """An authorisation in force that lets this insurer have records of treatment is the consent to access them; by an heir it
    says who claims for one who died, by a legal representative who claims for her. It counts from its
    approval, which lets papers go."""
    day, powers = dossier.today.isoformat(), dossier.case.powers if dossier.case else ()
    entries = {one.record: one for one in dossier.entries}
    return [
        Holding(
            sha256=entries[one.record].sha256,
            names=frozenset({CONSENT} if OF_TREATMENT & set(one.grant.classes) else ()),
            persons=frozenset({one.grant.subject}),
            issuer="",
            received=max(_day(_reviewed(dossier, one)), date.fromisoformat(one.grant.start)),
            heirs=frozenset({one.grant.grantor} if one.grant.grantor_role == "heir" else ()),
            representatives=frozenset({one.grant.grantor} if one.grant.grantor_role == "representative" else ()),
        )
        for one in (dossier.case.consents if dossier.case else ())
        if holds(one, day, powers)
        and one.grant.purpose == Cover.MOTOR_COMPULSORY
        and (reader.insurer is None or reader.insurer in one.grant.recipients)
    ]


def _reviewed(dossier: Dossier, consent: Consent) -> str:
    at = dossier.consents[consent.record].reviewed
    assert at is not None  # what is in force was approved
    return at


def _accident(record: CasePaper) -> Json:
    """What the police record tells in its minimum view: no place, no person."""
    facts = record.node.evidence.facts
    return {name: facts.get(name) for name in ("date", "time", "severity", "deaths", "injuries", "unit")}


def _vehicles(found: Account, report: AccidentReport | None, dossier: Dossier, reader: Reader) -> list[Json]:
    """An insurer is told its own policies, and of others the compulsory cover alone, when it is concerned with that cover itself
    (G0390062 art. 14 III)."""
    party = {str(one.order): one for one in report.parties} if report else {}
    of_all = Cover.MOTOR_COMPULSORY in reader.covers
    return [
        {
            "party": int(one.id),
            "kind": kind if (kind := party[one.id].kind) in say.VEHICLES else "other",
            **motor_account.text(say.VEHICLES, kind if kind in say.VEHICLES else "other"),
            "insured": one.insured.value if of_all else None,
            "insuredText": say.INSURED[one.insured][0] if of_all else None,
            "insuredTextEn": say.INSURED[one.insured][1] if of_all else None,
            "insurers": [
                {"insurer": insurer, "cover": cover.value}
                for insurer, cover in _registered(dossier, report, party[one.id].plate) or ()
                if reader.insurer in (None, insurer) or (of_all and cover == Cover.MOTOR_COMPULSORY)
            ],
        }
        for one in found.vehicles
    ]


def _may_have(dossier: Dossier, reader: Reader, persons: Collection[str | None], kind: str) -> bool:
    """Whether a paper of a kind about each of these people could be given to the reader as law and consents stand. Asked of
    the kind alone, never of a paper that is there: the answer is the same whether one is."""
    found = dossier.case
    if reader.insurer is None or found is None:
        return True
    if kind == CONSENT:  # an authorisation does as well, and it is told of every one that names it
        return True
    party = next(one for one in found.standings if one.insurer == reader.insurer)
    authorising = {one.grant.subject for one in found.consents}
    return all(
        any(_gives(found, party, each, kind, dossier.today) for each in ([person] if person else ["", *authorising]))
        for person in persons
    )


def _gives(found: Case, party: Standing, person: str, kind: str, today: date) -> bool:
    """`person` empty: nobody in particular, so that only the law can give it."""
    return bool(
        bases(
            [person] if person else (),
            [class_of(kind)],
            party,
            found.consents,
            today.isoformat(),
            names={party.insurer},
            powers=found.powers,
        )
    )


def _holders(
    dossier: Dossier, reader: Reader, papers: Sequence[CasePaper], vehicles: Sequence[Json]
) -> dict[str, list[str]]:
    """Who has fetched each of these papers, or a copy of it that the reader may have, by SHA-256. An insurer is told of itself,
    and of those whose compulsory cover of a vehicle it is told of as well, or of the fund that answers for one (G0390062
    art. 14 III): that anybody else is party would say more than it may know."""
    known = {one["insurer"] for car in vehicles for one in car["insurers"] if one["cover"] == Cover.MOTOR_COMPULSORY}
    known |= {FUND for car in vehicles if car["insured"] in BY_FUND}
    mine = {one.node.record: one for one in (dossier.case.papers if dossier.case else ())}
    if reader.insurer is not None:
        mine = {record: one for record, one in mine.items() if record in reader.records}
    shas = {one.record: one.sha256 for one in dossier.entries}
    found: dict[str, list[str]] = {}
    for paper in papers:
        parts = set(paper.node.evidence.parts)
        same = {record for record, one in mine.items() if parts & set(one.node.evidence.parts)} | {paper.node.record}
        fetched = {one.insurer for one in dossier.handovers if one.record in same}
        found[shas[paper.node.record]] = sorted(
            fetched if reader.insurer is None else fetched & (known | {reader.insurer})
        )
    return found


def _victim(one: VictimAccount, found: Account, holders: Mapping[str, list[str]], *, contents: bool) -> Json:
    told: Json = {
        "party": one.harmed.order,
        "role": one.harmed.victim.role.value,
        **motor_account.text(say.ROLES, one.harmed.victim.role),
        "died": one.harmed.died,
        "owed": motor_account.owed(one.owed, one.shares) if one.owed else None,
        "required": [motor_account.required(each, found.day, holders) for each in one.required],
        "claimants": [
            motor_account.claimant(each, number, found.day, holders) for number, each in enumerate(one.claimants, 1)
        ],
        "clocks": [motor_account.clock(each) for each in one.clocks],
    }
    if contents:
        told["claimed"] = motor_account.claimed(one.claimed) if one.claimed else None
        told["disability"] = motor_account.disability(one.disability) if one.disability else None
    return told


def _paper(dossier: Dossier, paper: CasePaper, reader: Reader, holders: Mapping[str, list[str]]) -> Json:
    """That it exists, who handed it in, who holds it; for an insurer also who issued it, and when it was fetched."""
    evidence = paper.node.evidence
    entry = next(one for one in dossier.entries if one.record == paper.node.record)
    fetched = [one for one in dossier.handovers if one.record == paper.node.record]
    told: Json = {
        "sha256": entry.sha256,
        "kind": evidence.paper,
        "text": words.kind(evidence.paper)[0],
        "textEn": words.kind(evidence.paper)[1],
        "sender": paper.node.sender,
        "received": entry.received,
        "heldBy": holders[entry.sha256],
    }
    if reader.insurer is None:
        return told
    own = min((one.at for one in fetched if one.insurer == reader.insurer), default=None)
    return told | {"issuer": evidence.issuer, "handedOver": own}
