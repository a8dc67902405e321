"""A case, folded from its component: what is known of the loss, its papers, its parties. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from schemas.evidence import Accident, Cover
from schemas.records import Kind
from services.consent.entitlement import Consent, Standing
from services.hub.assemble import Component
from services.hub.calendar import Line, calendar
from services.hub.linking import Node, loss_day

PAPER_KINDS = (Kind.DOCUMENT, Kind.ACCIDENT, Kind.PAPER, Kind.APPLICATION)

Policies = Callable[[str, str], Sequence[tuple[str, Cover]]]  # (plate, day YYYY-MM-DD) → (insurer, cover)


@dataclass(frozen=True)
class CasePaper:
    """A paper as the case shows it. `persons` are those of the paper and of its copies; `rank` orders copies, best first."""

    node: Node
    persons: tuple[str, ...]
    rank: tuple[bool, bool, int]


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


def fold(number: str, component: Component, consents: Iterable[Consent], policies: Policies, today: date) -> Case:
    """The case of a component on a day. `consents`: those of the authorisations among its nodes."""
    nodes = component.nodes
    shown = [node for node in nodes if node.kind in PAPER_KINDS]
    days = [day for node in nodes if (day := loss_day(node.evidence))]
    motor = bool(days) or any(node.kind == Kind.ACCIDENT for node in nodes)
    day = min(days) if days else _first_service(nodes)
    consents = tuple(consents)
    return Case(
        number=number,
        component=component,
        motor=motor,
        day=day,
        accident=_accident(shown),
        papers=_papers(shown),
        standings=_standings(nodes, consents, policies, day, today),
        consents=consents,
        calendar=calendar(
            motor,
            day,
            (node.evidence.paper for node in shown),
            (one for node in shown for one in node.evidence.classes),
            today,
        ),
    )


def _first_service(nodes: Sequence[Node]) -> date | None:
    starts = [node.evidence.service.start for node in nodes if node.evidence.service]
    named = [node.evidence.loss.date for node in nodes if node.evidence.loss and node.evidence.loss.date]
    return date.fromisoformat(min(starts or named)) if starts or named else None


def _accident(shown: Sequence[Node]) -> Accident | None:
    """The accident as the police tell it; the one with persons before open data."""
    told = [node for node in shown if node.kind == Kind.ACCIDENT]
    return min(told, key=_rank).evidence.accident if told else None


def _rank(node: Node) -> tuple[bool, bool, int]:
    """Best attested first: the issuer's own, then the fuller record, then the first accepted."""
    return node.evidence.issuer != node.sender, node.evidence.open_data, node.order


def _papers(shown: Sequence[Node]) -> tuple[CasePaper, ...]:
    """Papers with the persons of all their copies: a copy is about the persons of both."""
    of_part: dict[str, set[str]] = defaultdict(set)
    for node in shown:
        for part in node.evidence.parts:
            of_part[part] |= set(node.evidence.persons)
    papers = []
    for node in shown:
        persons = set(node.evidence.persons).union(*(of_part[part] for part in node.evidence.parts))
        papers.append(CasePaper(node, tuple(sorted(persons)), _rank(node)))
    return tuple(papers)


def _standings(
    nodes: Sequence[Node], consents: Sequence[Consent], policies: Policies, day: date | None, today: date
) -> tuple[Standing, ...]:
    """Who is party, and how: the application, the recipients of authorisations in force, the policy register."""
    covers: dict[str, set[Cover]] = defaultdict(set)
    named = {one.insurer for node in nodes if node.kind == Kind.APPLICATION for one in node.evidence.insurers}
    compulsory = set()
    for node in nodes:
        if node.kind == Kind.APPLICATION:
            for one in node.evidence.insurers:
                covers[one.insurer].add(one.cover)
    for consent in consents:
        if in_force(consent, today):
            for recipient in consent.grant.recipients:
                covers[recipient].add(consent.grant.purpose)
    for plate in sorted({plate for node in nodes if node.kind in PAPER_KINDS for plate in node.evidence.plates}):
        for insurer, cover in policies(plate, day.isoformat()) if day else ():
            covers[insurer].add(cover)
            if cover == Cover.MOTOR_COMPULSORY:
                compulsory.add(insurer)
    application = any(node.kind == Kind.APPLICATION for node in nodes)
    compulsory |= {insurer for insurer in named if Cover.MOTOR_COMPULSORY in covers[insurer]}
    return tuple(
        Standing(insurer, frozenset(covers[insurer]), insurer in named, insurer in compulsory, application)
        for insurer in sorted(covers)
    )


def in_force(consent: Consent, today: date) -> bool:
    grant, day = consent.grant, today.isoformat()
    return consent.live and grant.start <= day and (grant.end is None or day <= grant.end)
