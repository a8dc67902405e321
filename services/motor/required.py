"""What claims need, by the papers of one reader: which are there, and what makes further ones necessary. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from schemas.evidence import Cover
from services.motor.benefits import Item
from services.motor.costs import Costs
from services.motor.papers import SHOWN_BY, Circumstance, Claim, PaperLine, papers
from services.motor.stated import Stated

# Whether the reader could be given a paper of this kind about all of these people, of whom None is not known.
MayHave = Callable[[Collection[str | None], str], bool]
STOLEN = "theft-certificate"


@dataclass(frozen=True)
class Holding:
    """A paper that the reader may have, by its SHA-256. `names`: what it counts as, `denied`: what it would, if its issuer did
    not say that it is false; `received`: the day it came to the reader; `applied`: of an application the covers asked of
    insurers that are this reader's concern, `asked` who is asked for the compulsory one (the fund, and insurers whose time
    is his concern), `applicant` who asks, `stated` what for; `heirs`, `representatives`: whom an authorisation names as heir
    or legal representative of whom it is about; `costs`: of a document."""

    sha256: str
    names: frozenset[str]
    persons: frozenset[str]
    issuer: str
    received: date
    applied: frozenset[Cover] = frozenset()
    asked: frozenset[str] = frozenset()
    applicant: str | None = None
    stated: Stated | None = None
    heirs: frozenset[str] = frozenset()
    representatives: frozenset[str] = frozenset()
    costs: Costs | None = None
    denied: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Required:
    """The papers of one claim. None: no list of that claim and day is in the data."""

    cover: Cover
    claim: Claim
    papers: tuple[PaperLine, ...] | None


@dataclass(frozen=True)
class Needs:
    """What claims about somebody need: `held` are the papers about her, `about` is she."""

    day: date
    circumstances: Collection[Circumstance]
    held: Sequence[Holding]
    about: tuple[str | None, ...]
    may_have: MayHave

    def required(self, cover: Cover, claim: Claim, claimants: Mapping[str | None, Sequence[Holding]]) -> Required:
        """`claimants`: who claims, and the papers about each."""
        own = [names_of(his) for his in claimants.values()]
        lines = papers(cover, claim, self.day, self.circumstances, names_of(self.held), own)
        return Required(cover, claim, lines and tuple(self._told(line, claimants) for line in lines))

    def _told(self, line: PaperLine, claimants: Mapping[str | None, Sequence[Holding]]) -> PaperLine:
        who = tuple(claimants) or (None,) if line.each else self.about
        among = [one for his in claimants.values() for one in his] if line.each else self.held
        return replace(
            line,
            by=tuple(sorted({one.sha256 for one in among if one.names & line.kinds.keys()})),
            denied=tuple(sorted({one.sha256 for one in among if one.denied & line.kinds.keys()})),
            may_have=any(self.may_have(who, kind) for kind in line.kinds),
        )


def names_of(held: Sequence[Holding]) -> frozenset[str]:
    return frozenset(name for one in held for name in one.names)


def voluntary(cover: Cover, held: Sequence[Holding]) -> tuple[Claim, ...]:
    """The claims under a voluntary cover. For the own vehicle the one that its application states; where it does not, what an
    accident can be, and a theft when it is certified."""
    match cover:
        case Cover.MOTOR_THIRD_PARTY:
            return Claim.INJURY, Claim.PROPERTY
        case Cover.MOTOR_OWN_DAMAGE:
            stated = {one.stated.vehicle for one in concerning(cover, held) if one.stated and one.stated.vehicle}
            stolen = (Claim.THEFT,) if STOLEN in names_of(held) else ()
            return tuple(sorted(stated)) or (Claim.DAMAGE, Claim.TOTAL_LOSS, *stolen)
    return ()


def concerning(cover: Cover, held: Sequence[Holding]) -> list[Holding]:
    """What says something of the claims under one cover: all but applications for others alone."""
    return [one for one in held if one.applicant is None or cover in one.applied]


def further(held: Sequence[Holding]) -> set[Circumstance]:
    """What applicants state, what papers that are there show, and materials that a receipt holds."""
    found = {SHOWN_BY[name] for name in names_of(held) & SHOWN_BY.keys()}
    found.update(*(one.stated.circumstances for one in held if one.stated))
    receipts = [receipt for one in held if one.costs for receipt in one.costs.receipts]
    if any(line.item == Item.MATERIALS and line.amount for receipt in receipts for line in receipt.lines):
        found.add(Circumstance.MATERIALS)
    return found


def asking(held: Sequence[Holding]) -> list[Holding]:
    """The applications for the compulsory cover among these."""
    return [one for one in held if Cover.MOTOR_COMPULSORY in one.applied]
