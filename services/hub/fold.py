"""A case, folded from its component: what is known of the loss, its papers, its parties. Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from schemas.evidence import Accident, Cover, DataClass, Evidence, VehicleStanding
from schemas.integrity import Integrity, State
from schemas.paper_kinds import names
from schemas.records import FUND, Kind
from services.consent.entitlement import Basis, Consent, Standing, filing, holds
from services.consent.mandate import Power
from services.hub.assemble import Component
from services.hub.calendar import Line, calendar
from services.hub.integrity import Attested, integrity, published
from services.hub.linking import Node, loss_day
from services.motor.owing import BY_FUND, by_register, stood

PAPER_KINDS = (Kind.DOCUMENT, Kind.ACCIDENT, Kind.PAPER, Kind.APPLICATION, Kind.DISPUTE)
FILINGS = (
    Kind.APPLICATION,
    Kind.DISPUTE,
)  # an agent's without a mandate is nobody's; an authorisation rests on today's

# (plate, day YYYY-MM-DD) → (insurer, cover) of each policy, none: not insured; None: the register does not answer.
Policies = Callable[[str, str], Sequence[tuple[str, Cover]] | None]


@dataclass(frozen=True)
class CasePaper:
    """A paper as the case shows it. `persons`: of it and of its copies; `rank` orders copies, best first; `integrity` of an
    upload."""

    node: Node
    persons: tuple[str, ...]
    rank: tuple[bool, bool, int]
    integrity: Integrity | None = None

    @property
    def denied(self) -> bool:
        """Its issuer says that it never made it: it is no paper of its kind."""
        return self.integrity is not None and self.integrity.state == State.DENIED


@dataclass(frozen=True)
class Case:
    number: str
    component: Component
    motor: bool
    day: date | None
    accident: Accident | None
    papers: tuple[CasePaper, ...]
    standings: tuple[Standing, ...]
    consents: tuple[Consent, ...]
    calendar: tuple[Line, ...]
    powers: tuple[Power, ...] = ()


def fold(
    number: str,
    component: Component,
    consents: Mapping[str, Consent],
    policies: Policies,
    today: date,
    powers: tuple[Power, ...] = (),
    attested: Attested = Attested(),
) -> Case:
    """The case of a component on a day. `consents`: by lineage, at least those of its own authorisations; `powers`: at least
    the mandates of those who act for others in it; `attested`: what vouches for its uploads beside its own records."""
    own_word = [node for node in component.nodes if not _nobodys(node, powers)]
    nodes = own_word or component.nodes  # what an agent filed without a mandate says nothing of what others filed
    shown = [node for node in nodes if node.kind in PAPER_KINDS]
    motor = any(on_the_road(node) for node in nodes)
    papers = _papers([node for node in component.nodes if node.kind in PAPER_KINDS], attested)
    denied = frozenset(paper.node.lineage for paper in papers if paper.denied)
    day = first_day(node for node in nodes if node.lineage not in denied)
    told_by = {node.lineage for node in shown}
    own = tuple(consents[node.lineage] for node in nodes if node.lineage in consents)
    told = accident(shown)
    return Case(
        number=number,
        component=component,
        motor=motor,
        day=day,
        accident=told,
        papers=papers,
        standings=_standings(own_word, denied, motor, own, policies, day, today, powers),
        consents=own,
        calendar=calendar(motor, day, present(one for one in papers if one.node.lineage in told_by), told, today),
        powers=powers,
    )


def _nobodys(node: Node, powers: Sequence[Power]) -> bool:
    return node.kind in FILINGS and filing(node.evidence.acting, powers) is None


def on_the_road(node: Node) -> bool:
    """An injury alone makes no motor case: people fall at home."""
    loss = node.evidence.loss
    return node.kind == Kind.ACCIDENT or bool(node.evidence.plates) or (loss is not None and loss.kind == "motor")


def first_day(nodes: Iterable[Node]) -> date | None:
    """The day from which the papers of a loss can exist, as far as these records know it: that of the accident as the police
    tell it, else as others do, else of the first service, else the one that a filing names."""
    nodes = tuple(nodes)
    if told := accident(nodes):
        return date.fromisoformat(told.date)
    days = [day for node in nodes if (day := loss_day(node.evidence))]
    if days:
        return min(days)
    starts = [node.evidence.service.start for node in nodes if node.evidence.service]
    named = [node.evidence.loss.date for node in nodes if node.evidence.loss and node.evidence.loss.date]
    return date.fromisoformat(min(starts or named)) if starts or named else None


def present(papers: Iterable[CasePaper]) -> frozenset[str]:
    """The kinds of papers that are there with these."""
    return frozenset(
        name
        for paper in papers
        if not paper.denied
        for name in names(paper.node.evidence.paper, paper.node.evidence.classes)
    )


def accident(shown: Iterable[Node]) -> Accident | None:
    """The accident as the police tell it; the one with persons before open data."""
    told = [node for node in shown if node.kind == Kind.ACCIDENT]
    return min(told, key=_rank).evidence.accident if told else None


def _rank(node: Node) -> tuple[bool, bool, int]:
    """Best attested first: the issuer's own, then the fuller record, then the first accepted."""
    return node.evidence.issuer != node.sender, node.evidence.open_data, node.order


def _papers(shown: Sequence[Node], attested: Attested) -> tuple[CasePaper, ...]:
    """Papers with the persons of all their copies: a copy is about the persons of both."""
    own_word = published(shown)
    of_part: dict[str, set[str]] = defaultdict(set)
    for node in shown:
        for part in node.evidence.parts:
            of_part[part] |= set(node.evidence.persons)
    papers = []
    for node in shown:
        persons = set(node.evidence.persons).union(node.about, *(of_part[part] for part in node.evidence.parts))
        sure = integrity(node.lineage, node.evidence, own_word, attested)
        papers.append(CasePaper(node, tuple(sorted(persons)), _rank(node), sure))
    return tuple(papers)


def _standings(
    nodes: Sequence[Node],
    denied: Collection[str],
    motor: bool,
    consents: Sequence[Consent],
    policies: Policies,
    day: date | None,
    today: date,
    powers: Sequence[Power],
) -> tuple[Standing, ...]:
    """Who is party, and how: the application, the recipients of authorisations in force, the policy register, and for the
    fund the police record's word.

    A person cannot make an insurer party to a motor claim where nothing on the road happened. A dispute makes nobody party; nor
    does a paper that its issuer never made, but who was asked for the cover stays, to learn that it is none.
    """
    covers: dict[str, set[Cover]] = defaultdict(set)
    filed: dict[tuple[str, Cover], Basis] = {}
    for node in nodes:
        under = filing(node.evidence.acting, powers) if node.kind == Kind.APPLICATION else None
        for one in node.evidence.insurers if under is not None else ():
            named = (one.insurer, one.cover)
            filed[named] = min(filed.get(named, under), under)  # her own before an agent's
    for insurer, cover in filed:
        covers[insurer].add(cover)
    for consent in consents:
        if holds(consent, today.isoformat(), powers) and (motor or consent.grant.purpose == Cover.LIFE_HEALTH):
            for recipient in consent.grant.recipients:
                covers[recipient].add(consent.grant.purpose)
    compulsory: dict[str, set[str]] = defaultdict(set)
    vehicles = _vehicles(nodes)
    telling = [node for node in nodes if node.kind in PAPER_KINDS and node.kind != Kind.DISPUTE]
    believed = {plate for node in telling if node.lineage not in denied for plate in node.evidence.plates}
    for plate in sorted({plate for node in telling for plate in node.evidence.plates}):
        for insurer, cover in (policies(plate, day.isoformat()) or ()) if day else ():
            if plate not in believed and (insurer, cover) not in filed:
                continue
            covers[insurer].add(cover)
            if cover == Cover.MOTOR_COMPULSORY and plate in vehicles:
                compulsory[insurer].add(plate)
    if answered := _answered_by_fund(nodes, policies, day):
        covers[FUND].add(Cover.MOTOR_COMPULSORY)
        compulsory[FUND] |= answered
    return tuple(
        Standing(
            insurer=insurer,
            covers=frozenset(covers[insurer]),
            holds=(insurer, Cover.MOTOR_COMPULSORY) in filed,
            compulsory=insurer in compulsory,
            vehicles=frozenset(compulsory.get(insurer, ())),
            application=any(cover == Cover.MOTOR_COMPULSORY and named != FUND for named, cover in filed),
            held_under=filed.get((insurer, Cover.MOTOR_COMPULSORY), ()),
        )
        for insurer in sorted(covers)
    )


def _answered_by_fund(nodes: Iterable[Node], policies: Policies, day: date | None) -> set[str]:
    """The vehicles for which the fund stands in (G0390060 art. 40 I), by the word of a police record that names its parties
    and of the register: an applicant's own makes it party of nothing."""
    found = set()
    for told in (node.evidence for node in nodes if node.kind == Kind.ACCIDENT):
        for party in told.accident.parties if told.accident else ():
            if party.vehicle is None:
                continue
            known = policies(party.plate, day.isoformat()) if party.plate and day else None
            if stood(party.vehicle, *by_register(known))[0] in BY_FUND:
                found.add(party.plate or _mark(told))
    return found


_WITHOUT_REGISTER = (VehicleStanding.UNTRACEABLE, VehicleStanding.UNCONSENTED, VehicleStanding.EXEMPT)


def vehicles_of(told: Evidence) -> frozenset[str]:
    """What the vehicles of an accident are known by: their plates; those for which the fund stands in and that have none by a
    mark of the record, so that what it may have of one accident opens nothing of another."""
    parties = told.accident.parties if told.accident else ()
    unplated = any(party.vehicle in _WITHOUT_REGISTER and not party.plate for party in parties)
    return frozenset(told.plates) | ({_mark(told)} if unplated else set())


def _mark(told: Evidence) -> str:
    return f"{told.issuer}|{told.identity}"


def _vehicles(nodes: Sequence[Node]) -> set[str]:
    """Plates of the vehicles in the accident: those that a police record tells; while there is none, those of police
    papers. What an applicant writes makes no vehicle part of an accident."""
    told = {plate for node in nodes if node.kind == Kind.ACCIDENT for plate in node.evidence.plates}
    return told or {
        plate for node in nodes if DataClass.POLICE in node.evidence.classes for plate in node.evidence.plates
    }
