"""What must be true of a case when all of it has been sent, whatever the order: who must hold which paper, and who
never may (architecture: "Deny by default", "The law table", "Who is party", "Duplicates").

Written from the architecture alone, apart from the hub, so that the two can disagree.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.records import FUND
from services.sandbox.drafts import Draft
from services.sandbox.participants import insurer_of


class Acting(StrEnum):
    """How the mandate of an agent's application stands when all has been sent."""

    MANDATED = "mandated"
    REVOKED = "revoked"
    UNMANDATED = "without"


@dataclass(frozen=True)
class Truth:
    """A line of `truth.jsonl`, and three things that only the checker needs.

    `expected`: the verdict in sending order (accepted, rejected, duplicate). `allowed_ever`: insurers that it may have
    been handed over to in some state of the world, for example before a consent was withdrawn. `owed`: of a police record
    that the case shows, by injured party who owes the compulsory cover, and which share; `stood`: by driving party how the
    vehicle stood (G0390060 art. 40 I); `claimed`: where every paper of
    the accident is there, by injured party the costs that she can claim at once, TWD. `acting`: of an application that an
    agent filed.
    """

    file: str
    sha256: str
    kind: str
    persons: tuple[str, ...] = ()
    case: str | None = None
    duplicate_of: str | None = None
    copy_of: str | None = None
    supersedes: str | None = None
    insurers: tuple[str, ...] = ()
    expected: str = "accepted"
    allowed_ever: tuple[str, ...] = ()
    owed: dict[str, dict[str, str]] | None = None
    stood: dict[str, str] | None = None
    claimed: dict[str, int] | None = None
    acting: Acting | None = None

    def line(self) -> dict[str, Any]:
        """The contract's object."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "kind": self.kind,
            "persons": list(self.persons),
            "case": self.case,
            "duplicate_of": self.duplicate_of,
            "copy_of": self.copy_of,
            "supersedes": self.supersedes,
            "insurers": list(self.insurers),
            **({"owed": self.owed} if self.owed else {}),
            **({"stood": self.stood} if self.stood else {}),
            **({"claimed": self.claimed} if self.claimed else {}),
        }


def unmandated(drafts: Collection[Draft], *, ever: bool = False) -> frozenset[str]:
    """The applications that an agent filed without a mandate; `ever`: for which he never had one."""
    approved = {draft.of for draft in drafts if draft.approves}
    ended = {draft.of for draft in drafts if draft.kind == "withdrawal" and not ever}
    return frozenset(draft.name for draft in drafts if draft.by_agent and draft.under not in approved - ended)


def shown(drafts: Collection[Draft]) -> list[Draft]:
    """Of every lineage the version that the case shows.

    What an agent files without a mandate is nobody's. The latest version of each identity counts; a withdrawn identity
    drops out; of what is left, the latest version.
    """
    nobodys = unmandated(drafts)
    latest: dict[tuple[str, str], Draft] = {}
    for draft in drafts:
        if draft.verdict == "rejected" or draft.name in nobodys:
            continue
        key = (draft.lineage, draft.identity)
        if key not in latest or latest[key].version < draft.version:
            latest[key] = draft
    best: dict[str, Draft] = {}
    for (lineage, _), draft in latest.items():
        if not draft.withdrawn and (lineage not in best or best[lineage].version < draft.version):
            best[lineage] = draft
    return list(best.values())


@dataclass(frozen=True)
class _Rights:
    """What lets papers of a case go: insurers by law, and the consents in force."""

    police: frozenset[str]
    consents: tuple[Draft, ...]

    def of(self, draft: Draft) -> frozenset[str]:
        """The insurers that this paper may go to."""
        if draft.kind in ("application", "dispute"):  # the filer's own; a dispute names insurers of the vehicles only
            return frozenset(draft.insurers)
        if not draft.classes:
            return frozenset()
        if draft.classes == {"police"}:
            return self.police
        if not draft.persons:
            return frozenset()
        each = [self._consented(person, draft.classes) for person in draft.persons]
        return frozenset.intersection(*each)

    def _consented(self, person: str, classes: frozenset[str]) -> frozenset[str]:
        given: set[str] = set()
        for draft in self.consents:
            consent = draft.consent
            assert consent is not None
            if consent.subject == person and consent.classes >= classes:
                given.update(consent.recipients)
        return frozenset(given)


def police_recipients(drafts: Collection[Draft]) -> frozenset[str]:
    """Whom the police papers of these records go to as they stand."""
    return _holders(shown(drafts))


def _holders(drafts: Collection[Draft]) -> frozenset[str]:
    """The compulsory insurers of the vehicles in the accident that hold an application (G0390062 art. 17 ②), and for those
    of G0390060 art. 40 I the fund (K0040049 art. 3).

    Which vehicles those are, the police say: what an applicant writes makes no vehicle part of an accident.
    """
    named = {code for draft in drafts if draft.kind == "application" for code in draft.insurers}
    covering = {insurer_of(plate) for draft in drafts for plate in draft.plates}
    covering |= {FUND for draft in drafts if draft.fund}
    return frozenset(code for code in covering if code in named)


def evaluate(drafts: list[Draft], case: str) -> list[Truth]:
    """The truth of every record of one case, in the order given."""
    reviewed = {draft.of for draft in drafts if draft.approves}
    ended = {draft.of for draft in drafts if draft.kind == "withdrawal"}
    rests = {draft.name: {draft.name, draft.under} - {None} for draft in drafts if draft.consent}
    approved = [draft for draft in drafts if draft.consent and rests[draft.name] <= reviewed]
    current = shown(drafts)
    never = unmandated(drafts, ever=True)
    told = [draft for draft in drafts if draft.verdict != "rejected" and draft.name not in never]
    now = _Rights(_holders(current), tuple(one for one in approved if not rests[one.name] & ended))
    ever = _Rights(_holders(told), tuple(approved))
    holders = {draft.name: now.of(draft) for draft in current}
    return [
        Truth(
            file=draft.name,
            sha256=hashlib.sha256(draft.body).hexdigest(),
            kind=draft.kind,
            persons=tuple(sorted(draft.persons)),
            case=None if draft.verdict == "rejected" else case,
            duplicate_of=draft.duplicate_of,
            copy_of=draft.copy_of,
            supersedes=draft.supersedes,
            insurers=tuple(sorted(_offered(draft, holders, current))),
            expected=draft.verdict,
            owed=draft.owed if draft in current else None,
            stood=draft.stood if draft in current else None,
            claimed=draft.claimed if draft in current else None,
            allowed_ever=tuple(sorted(ever.of(draft))) if draft in told else (),
            acting=_acting(draft, drafts),
        )
        for draft in drafts
    ]


def _acting(draft: Draft, drafts: Collection[Draft]) -> Acting | None:
    if not draft.by_agent:
        return None
    if draft.name in unmandated(drafts, ever=True):
        return Acting.UNMANDATED
    return Acting.REVOKED if draft.name in unmandated(drafts) else Acting.MANDATED


def _offered(draft: Draft, holders: dict[str, frozenset[str]], current: list[Draft]) -> frozenset[str]:
    """Those entitled to this paper and to no better attested copy of it."""
    mine = holders.get(draft.name, frozenset())
    for other in current:
        if other is draft or other.lineage == draft.lineage or not other.parts & draft.parts:
            continue
        if mine & holders[other.name] and other.own == draft.own:
            raise ValueError("two copies are equally well attested: which is offered would depend on the order")
        if other.own:
            mine -= holders[other.name]
    return mine
