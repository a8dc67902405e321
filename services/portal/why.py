"""Why a paper goes to an insurer or does not: the same conditions as `consent.entitlement`, told one by one. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from schemas.evidence import Cover, DataClass
from schemas.records import FUND, Kind
from services.consent.entitlement import AGENT, LAW_PREFIX, Consent, Spent, Standing, filing, granted, holds, mandate_of
from services.consent.law import LAW
from services.consent.mandate import Power
from services.consent.matrix import allowed
from services.hub.fold import Case, CasePaper
from services.hub.views import basis_of
from services.portal.dossier import ConsentState

Json = dict[str, Any]


def entitlement(
    paper: CasePaper,
    standing: Standing,
    case: Case,
    states: Mapping[str, ConsentState],
    spent: frozenset[Spent],
    day: str,
) -> Json:
    """`basis` when every condition holds, else `refusals`: what is lacking, by person (1 is the paper's first)."""
    found = paper.node.evidence
    basis = basis_of(paper, standing, case, spent, day)
    answer: Json = {"record": paper.node.record, "kind": found.paper, "classes": sorted(found.classes)}
    if basis is not None:
        return answer | {"entitled": True, "basis": [_basis(paper, who, what) for who, what in basis], "refusals": []}
    refusals = list(_refusals(paper, standing, case, states, spent, day))
    return answer | {"entitled": False, "basis": [], "refusals": refusals}


def _basis(paper: CasePaper, who: str, what: str) -> Json:
    record = granted(what)
    if record is None:
        line = LAW[what.removeprefix(LAW_PREFIX)]
        return {"law": line.id, "article": line.article, "recipient": line.recipient.value}
    named = {"authorisation" if record == what else "mandate": record}
    return {"person": paper.persons.index(who) + 1} | named if who else named


def _refusals(
    paper: CasePaper,
    standing: Standing,
    case: Case,
    states: Mapping[str, ConsentState],
    spent: frozenset[Spent],
    day: str,
) -> Iterator[Json]:
    found = paper.node.evidence
    if filing(found.acting, case.powers) is None:
        yield _refusal("mandate", "filed by an agent who had no mandate on that day, or whose mandate is not approved")
        return
    yield _refusal("no-law", _no_law(found.classes, standing, {one.insurer for one in found.insurers}))
    if not paper.persons:
        yield _refusal("no-person", "it names no person who could consent, and no line of the law table carries it")
    for position, person in enumerate(paper.persons, start=1):
        about = [one for one in case.consents if one.grant.subject == person]
        if not about:
            yield _refusal("no-authorisation", f"no authorisation of person {position} in this case", person=position)
        for consent in about:
            lacking = list(_lacking(consent, found.classes, standing, states, case.powers, day))
            if (consent.lineage, paper.node.lineage, standing.insurer) in spent:
                lacking.append(("used", "its single use of this paper was in another case"))
            for code, text in lacking:
                yield _refusal(code, text, person=position, authorisation=consent.record)


def _refusal(code: str, text: str, **more: object) -> Json:
    return {"code": code, "text": text, **more}


def _no_law(classes: Collection[DataClass], standing: Standing, names: Collection[str]) -> str:
    if set(classes) == {DataClass.APPLICATION}:
        return "an application goes by law to the insurers that it names; it does not name this one"
    if set(classes) == {DataClass.POLICE}:
        if not standing.compulsory and standing.insurer == FUND:
            return (
                "police papers go by law to the fund for a vehicle that it answers for; the police record tells of none"
            )
        if not standing.compulsory:
            return "police papers go by law to the compulsory insurer of a vehicle in the accident; this is none"
        if standing.holds:
            return (
                "this police record tells of no vehicle that it covers or answers for: to have been merged is no basis"
            )
        return "police papers go by law once the insurer holds an application for the compulsory cover; it holds none"
    return "no line of the law table carries a paper of these classes"


def _lacking(
    consent: Consent,
    classes: Collection[DataClass],
    standing: Standing,
    states: Mapping[str, ConsentState],
    powers: Sequence[Power],
    day: str,
) -> Iterator[tuple[str, str]]:
    """The conditions of one authorisation that fail, in the order in which they are judged."""
    grant = consent.grant
    state = states.get(consent.record, ConsentState(consent.record))
    if state.withdrawn:
        yield "withdrawn", "it was withdrawn"
    elif not consent.live:
        yield ("refused", "its review refused it") if state.decision == "refuse" else ("unreviewed", "not approved yet")
    if grant.grantor_role == AGENT and mandate_of(consent, day, powers) is None:
        yield "mandate", "it was given by an agent without a mandate in force"
    if standing.insurer not in grant.recipients:
        yield "recipient", "it does not name this insurer"
    if grant.purpose not in standing.covers:
        yield "purpose", f"it is for {grant.purpose.value}, under which this insurer is not party"
    if day < grant.start:
        yield "period", f"it begins on {grant.start}"
    if grant.end is not None and day > grant.end:
        yield "period", f"it ended on {grant.end}"
    lacking = sorted(set(classes) - set(grant.classes))
    if lacking or not classes:
        yield "classes", f"it does not cover: {', '.join(lacking) or 'a paper without a class'}"
    beyond = sorted(set(classes) - allowed(grant.purpose, grant.subject_role, day))
    if beyond:
        role = grant.subject_role.value
        yield "matrix", f"{grant.purpose.value} may not have of a person who is {role}: {', '.join(beyond)}"


def party(standing: Standing, case: Case, today: date) -> list[str]:
    """Why an insurer is party to the case: applications, authorisations in force, the policy register."""
    told: list[str] = []
    explained = set()
    for node in case.component.nodes:
        counts = node.kind == Kind.APPLICATION and filing(node.evidence.acting, case.powers) is not None
        for one in node.evidence.insurers if counts else ():
            if one.insurer == standing.insurer:
                told.append(f"application {node.record} names it for {one.cover.value}")
                explained.add(one.cover)
    for consent in case.consents:
        grant = consent.grant
        if (
            standing.insurer in grant.recipients
            and holds(consent, today.isoformat(), case.powers)
            and grant.purpose in standing.covers
        ):
            told.append(f"authorisation {consent.record} names it for {grant.purpose.value}")
            explained.add(grant.purpose)
    if standing.compulsory:
        register = "policy register: compulsory insurer of a vehicle in the accident"
        fund = "police record and policy register: it answers for a vehicle in the accident (G0390060 art. 40 I)"
        told.append(fund if standing.insurer == FUND else register)
        explained.add(Cover.MOTOR_COMPULSORY)
    for cover in sorted(standing.covers - explained):
        told.append(f"policy register: {cover.value} for a plate in the case")
    return told
