"""Deny by default: may this paper go to this insurer, and by what?

Asked when the hub makes a view, again when the sequencer numbers it, and again at every hand-over, pull and retry.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from schemas.evidence import Act, Acting, Cover, DataClass, Grant
from schemas.records import FUND
from services.consent.law import LAW_TABLE, Line, Recipient
from services.consent.mandate import Power, mandate_for
from services.consent.matrix import allowed

AGENT = "agent"  # the grantor's role that needs a mandate
LAW_PREFIX = "law:"
MANDATE_PREFIX = "mandate:"  # under it an authorisation was given: it holds no longer than the mandate
FILED_PREFIX = "filed-under:"  # an application: filed within the mandate's period, it outlives that, not a withdrawal

Basis = tuple[tuple[str, str], ...]  # (person, authorisation record or mandate), or ("", line of the law or mandate)


@dataclass(frozen=True)
class Consent:
    """An authorisation as it stands. `live`: this version approved in review, the authorisation not withdrawn."""

    record: str
    lineage: str
    grant: Grant
    live: bool


@dataclass(frozen=True)
class Standing:
    """How an insurer stands in a case: covers under which it is party, what the law table needs to know.

    The fund stands as the compulsory insurer of the vehicles that it answers for (G0390060 art. 40 I, VI)."""

    insurer: str
    covers: frozenset[Cover]
    holds: bool = False  # an application of the case names it for the compulsory cover
    compulsory: bool = False  # compulsory insurer of a vehicle in the accident
    application: bool = False  # the case has an application for the compulsory cover to an insurer: it tells the others
    vehicles: frozenset[str] = frozenset()  # in the accident that it covers compulsorily (`fold.vehicles_of`)
    held_under: Basis = ()  # what the application that it holds rests on, when an agent filed it


Spent = tuple[str, str, str]  # (authorisation's lineage, paper's lineage, insurer) of a single use made elsewhere


def bases(
    persons: Sequence[str],
    classes: Sequence[DataClass],
    standing: Standing,
    consents: Sequence[Consent],
    day: str,
    lineage: str = "",
    spent: frozenset[Spent] = frozenset(),
    names: Collection[str] = (),
    plates: Collection[str] = (),
    powers: Sequence[Power] = (),
    filed: Basis | None = (),
) -> Basis | None:
    """What lets a paper about `persons` with these classes go on a day (YYYY-MM-DD), or None.

    One line of the law table carries the whole paper; otherwise every person needs a consent of their own that covers
    all of its classes: a paper goes out byte for byte or not at all. `lineage` is the paper's, `spent` the single uses
    made in other cases, `names` the insurers that the paper itself, an application, is filed with, `filed` what its
    filing rests on (`filing`).
    """
    if filed is None:
        return None
    for line in LAW_TABLE:
        if (
            classes
            and line.classes
            and set(classes) <= set(line.classes)
            and lawful(line, standing, day, names, plates)
        ):
            held = standing.held_under if line.recipient in (Recipient.HOLDER, Recipient.FUND) else ()
            return (("", LAW_PREFIX + line.id), *filed, *held)
    if not persons:
        return None
    found = []
    for person in persons:
        consent = next(
            (
                one
                for one in consents
                if permits(one, person, classes, standing, day, powers)
                and (one.lineage, lineage, standing.insurer) not in spent
            ),
            None,
        )
        if consent is None:
            return None
        found.append((person, consent.record))
        if mandate := mandate_of(consent, day, powers):
            found.append((person, MANDATE_PREFIX + mandate))
    return (*found, *filed)


def permits(
    consent: Consent,
    person: str,
    classes: Sequence[DataClass],
    standing: Standing,
    day: str,
    powers: Sequence[Power] = (),
) -> bool:
    """Whether one consent covers one person of a paper for one insurer on a day."""
    grant = consent.grant
    return (
        holds(consent, day, powers)
        and grant.subject == person
        and standing.insurer in grant.recipients
        and grant.purpose in standing.covers
        and bool(classes)
        and set(classes) <= set(grant.classes)
        and set(classes) <= allowed(grant.purpose, grant.subject_role, day)
    )


def holds(consent: Consent, day: str, powers: Sequence[Power] = ()) -> bool:
    """Whether a consent is in force on a day: live, within its period, and given by someone who may."""
    grant = consent.grant
    return (
        consent.live
        and grant.start <= day
        and (grant.end is None or day <= grant.end)
        and (grant.grantor_role != AGENT or mandate_of(consent, day, powers) is not None)
    )


def mandate_of(consent: Consent, day: str, powers: Sequence[Power]) -> str | None:
    """The mandate under which an agent gives this consent on a day; None when he has none, or it needs none."""
    grant = consent.grant
    if grant.grantor_role != AGENT:
        return None
    return mandate_for(Act.AUTHORISATION, grant.grantor, grant.subject, powers, day)


def filing(acting: Acting | None, powers: Sequence[Power]) -> Basis | None:
    """What a filing rests on beside the law: nothing when who files it does so for herself, the mandate when her agent does;
    None when he had none on the day of filing, or it is withdrawn: then it is nobody's filing."""
    if acting is None:
        return ()
    mandate = mandate_for(acting.act, acting.agent, acting.principal, powers, acting.day)
    return (("", FILED_PREFIX + mandate),) if mandate else None


def granted(basis: str) -> str | None:
    """The record that a basis names, an authorisation or a mandate; None of a line of the law."""
    return None if basis.startswith(LAW_PREFIX) else basis.rpartition(":")[2]


def lawful(line: Line, standing: Standing, day: str, names: Collection[str] = (), plates: Collection[str] = ()) -> bool:
    """Whether a line of the law table holds for an insurer on a day. `names`: whom the paper itself is filed with;
    `plates`: the vehicles that a police paper itself leads to, for a merge of two accidents is no basis."""
    if not line.since <= day or (line.until and line.until <= day):
        return False
    if line.purposes and not standing.covers & set(line.purposes):
        return False
    match line.recipient:
        case Recipient.NAMED:
            return standing.insurer in names
        case Recipient.HOLDER | Recipient.FUND:
            meant = (standing.insurer == FUND) == (line.recipient == Recipient.FUND)
            named = not plates or bool(standing.vehicles & set(plates))
            return meant and standing.holds and standing.compulsory and named
        case Recipient.OTHER_COMPULSORY:
            return standing.compulsory and standing.application and not standing.holds


def notified(standing: Standing, day: str) -> str | None:
    """The law-table line that gives this insurer the notice of a received claim, or None."""
    for line in LAW_TABLE:
        if not line.classes and lawful(line, standing, day):
            return LAW_PREFIX + line.id
    return None
