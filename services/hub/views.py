"""One insurer's view of a case: the papers it may have, the facts drawn from them, what is missing. Pure."""

from datetime import date

from schemas.events import Paper, View
from schemas.evidence import Cover, DataClass, Uses
from schemas.records import Kind
from services.consent.entitlement import Basis, Spent, Standing, bases, filing, notified
from services.hub.calendar import MOTOR, Presence, calendar
from services.hub.fold import Case, CasePaper, accident, first_day, present, vehicles_of
from services.hub.grading import same_police_case
from services.hub.linking import is_file

NO_VEHICLE = ("",)  # a plate that nothing has
MEDICAL_ONLY = frozenset({Cover.LIFE_HEALTH})
MEDICAL_KINDS = frozenset(expected.kind for expected in MOTOR if expected.issuer != "police")


def view(
    case: Case,
    standing: Standing,
    sizes: dict[str, tuple[str, str, int]],
    spent: frozenset[Spent],
    today: date,
) -> View | None:
    """What this insurer may see, or None when that is nothing.

    `sizes`: record → (sha256, media type, bytes). `spent`: single uses already made in other cases.
    """
    day = today.isoformat()
    entitled = [(paper, basis) for paper in case.papers if (basis := basis_of(paper, standing, case, spent, day))]
    chosen = best_copies([paper for paper, _ in entitled])
    notice = notified(standing, day)
    if not chosen and not notice:
        return None
    papers = []
    for paper, basis in entitled:
        if paper in chosen:
            sha256, media_type, size = sizes[paper.node.record]
            papers.append(
                Paper(
                    record=paper.node.record,
                    lineage=paper.node.lineage,
                    sha256=sha256,
                    kind=paper.node.evidence.paper,
                    persons=paper.persons,
                    classes=tuple(sorted(paper.node.evidence.classes)),
                    media_type=media_type,
                    size=size,
                    basis=basis,
                    integrity=paper.integrity,
                )
            )
    return View(
        insurer=standing.insurer,
        case=case.number,
        version=0,
        covers=tuple(sorted(standing.covers)),
        facts=_facts(case, standing, chosen, notice),
        papers=tuple(sorted(papers, key=lambda paper: paper.record)),
        missing=_missing(case, standing, [paper for paper, _ in entitled], today),
        notice=bool(notice),
        single=_single_uses(case, papers),
        allowed=tuple(sorted(paper.node.lineage for paper, _ in entitled)),
    )


def basis_of(paper: CasePaper, standing: Standing, case: Case, spent: frozenset[Spent], day: str) -> Basis | None:
    """What lets a paper of the case go to an insurer on a day (YYYY-MM-DD), or None."""
    evidence = paper.node.evidence
    return bases(
        paper.persons,
        evidence.classes,
        standing,
        case.consents,
        day,
        lineage=paper.node.lineage,
        spent=spent,
        names={one.insurer for one in evidence.insurers},
        plates=_vehicles(paper, case),
        powers=case.powers,
        filed=filing(evidence.acting, case.powers),
    )


def _vehicles(paper: CasePaper, case: Case) -> frozenset[str]:
    """The vehicles of the accident that a police paper is of, by its own word, for a merge of two accidents is no basis: of a
    record its own, of an upload those of the records with its case number, else with its plate. One that says neither
    is of all of them at once, and what they have not in common is none's."""
    own = paper.node.evidence
    if paper.node.kind == Kind.ACCIDENT:
        return vehicles_of(own)
    if DataClass.POLICE not in own.classes:
        return frozenset()
    every = [
        one.node
        for one in case.papers
        if DataClass.POLICE in one.node.evidence.classes and vehicles_of(one.node.evidence)
    ]
    told = [node.evidence for node in every if node.kind == Kind.ACCIDENT] or [node.evidence for node in every]
    led = [one for one in told if same_police_case(one, own)] or [one for one in told if {*one.plates} & {*own.plates}]
    if led:
        return frozenset().union(*(vehicles_of(one) for one in led))
    common = frozenset.intersection(*(vehicles_of(one) for one in told)) if told else frozenset()
    return frozenset(own.plates) or common or frozenset(NO_VEHICLE if told else ())


def _single_uses(case: Case, papers: list[Paper]) -> tuple[tuple[str, str], ...]:
    """The uses of single-use authorisations that these papers are."""
    single = {one.record: one.lineage for one in case.consents if one.grant.uses == Uses.SINGLE}
    return tuple(
        sorted({(single[basis], paper.lineage) for paper in papers for _, basis in paper.basis if basis in single})
    )


def best_copies(entitled: list[CasePaper]) -> list[CasePaper]:
    """Of copies, the best attested: a paper stays out when better ones hold every certificate or receipt in it."""
    chosen: list[CasePaper] = []
    taken: set[str] = set()
    for paper in sorted(entitled, key=lambda one: (one.rank, one.node.record)):
        parts = set(paper.node.evidence.parts)
        own = {part for part in parts if not is_file(part)} or parts
        if not own or not own <= taken:
            chosen.append(paper)
            taken |= parts
    return chosen


def _facts(case: Case, standing: Standing, chosen: list[CasePaper], notice: str | None) -> dict[str, object]:
    """The minimum view: each fact comes from a paper that goes to this insurer, or from a line of law that names it."""
    facts: dict[str, object] = {"covers": sorted(standing.covers)}
    if notice:
        facts["notice"] = "a claim was received"
    for paper in sorted(chosen, key=lambda one: (one.node.evidence.issued, one.node.record)):
        own = paper.node.evidence.facts
        match paper.node.kind:
            case Kind.ACCIDENT:
                facts.setdefault("accident", own)
            case Kind.APPLICATION:
                facts.setdefault("applications", []).append(own)  # type: ignore[attr-defined]
            case Kind.DOCUMENT:
                facts.setdefault("documents", []).append(own)  # type: ignore[attr-defined]
            case Kind.DISPUTE:
                facts.setdefault("disputes", []).append(own)  # type: ignore[attr-defined]
            case Kind.PAPER:
                facts.setdefault("uploads", []).append(own)  # type: ignore[attr-defined]
    return facts


def _missing(case: Case, standing: Standing, entitled: list[CasePaper], today: date) -> tuple[dict[str, str], ...]:
    """What this insurer still lacks of the kinds that serve its covers, from when each can exist, and who issues it.

    Told by the papers that it may have, and by no other: that somebody else's certificate is there, or the day that
    only a paper of others knows, is not its to learn.
    """
    nodes = [paper.node for paper in entitled]
    lines = calendar(case.motor, first_day(nodes), present(entitled), accident(nodes), today)
    lacking = [line for line in lines if line.presence != Presence.PRESENT]
    if standing.covers <= MEDICAL_ONLY:
        lacking = [line for line in lacking if line.kind in MEDICAL_KINDS]
    return tuple({"kind": line.kind, "from": line.since or "", "issuer": line.issuer} for line in lacking)
