"""All that is known of one case, as the portal's views are made from it. Plain values; nothing personal but `case`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from adapters.police.report import AccidentReport
from schemas.evidence import Cover, Mandate
from services.consent.entitlement import Spent
from services.hub.assemble import Component
from services.hub.fold import Case
from services.motor.costs import Costs
from services.motor.stated import Stated


@dataclass(frozen=True)
class Entry:
    """A record that stands in the case, or is a version of a paper in it. Times are RFC 3339 UTC."""

    record: str
    lineage: str
    kind: str
    sender: str
    received: str
    outcome: str | None
    judged_at: str | None
    original: str | None = None
    version: str | None = None
    standing: str | None = None
    sha256: str = ""
    size: int = 0
    media_type: str = ""
    erased: bool = False


@dataclass(frozen=True)
class OfferedPaper:
    """`basis`: (position of the person in the paper or -1, basis). `allowed`: judged again, it may still go."""

    record: str
    lineage: str
    sha256: str
    basis: tuple[tuple[int, str], ...]
    allowed: bool


@dataclass(frozen=True)
class Offer:
    """An entry of an insurer's feed: `type` claims.offer or claims.offer.withdrawn."""

    insurer: str
    number: int
    type: str
    case: str
    at: str
    taken_back_by: int | None
    papers: tuple[OfferedPaper, ...] = ()

    @property
    def stands(self) -> bool:
        """It is an offer, not taken back, and every paper of it may still go."""
        return self.type == "claims.offer" and self.taken_back_by is None and all(one.allowed for one in self.papers)


@dataclass(frozen=True)
class Handover:
    """A page or a paper (`sha256`, `record`) that left, and by which bases."""

    insurer: str
    number: int
    at: str
    basis: tuple[str, ...]
    sha256: str | None = None
    record: str | None = None


@dataclass(frozen=True)
class ConsentState:
    """What became of an authorisation or a mandate: its latest review, and when it was withdrawn."""

    record: str
    decision: str | None = None
    reviewer: str | None = None
    reviewed: str | None = None
    withdrawn: str | None = None


@dataclass(frozen=True)
class Mandated:
    """What went, or may go, by a mandate: of one version its state and content, of its cases the filings that rest on it."""

    state: ConsentState
    mandate: Mandate
    filings: tuple[Entry, ...] = ()
    offers: tuple[Offer, ...] = ()
    handovers: tuple[Handover, ...] = ()


@dataclass(frozen=True)
class Question:
    """Whether an upload is real: `askers` by code; `fault`: why the latest try brought no answer that counts."""

    verification: str
    issuer: str
    state: str
    asked: str
    deadline: str
    tries: int
    fault: str | None
    answered: str | None
    askers: tuple[str, ...]


@dataclass(frozen=True)
class DeadLetter:
    step: str
    record: str
    reason: str
    at: str


@dataclass(frozen=True)
class Word:
    """An operator's judgement on two records."""

    judgement: str
    operator: str
    at: str
    verb: str
    one: str
    other: str
    withdrawn: bool


@dataclass(frozen=True)
class Dossier:
    """`number`: the case's, None for records that stand in none. `asked`: the number that was asked for; `also`: those
    that lead here. `component` None: nothing stands in the case any more. `spent`: single uses made in other cases.

    Of a motor case: `contents`, what is read out of its papers' bytes, by record (of a dispute its statement);
    `registered`, what the policy register says of the vehicles of its accidents, by plate and day; `unread`, records that
    were too much to read."""

    number: str | None
    asked: str | None
    today: date
    also: tuple[str, ...] = ()
    opened: str | None = None
    component: Component | None = None
    case: Case | None = None
    entries: tuple[Entry, ...] = ()
    offers: tuple[Offer, ...] = ()
    handovers: tuple[Handover, ...] = ()
    consents: Mapping[str, ConsentState] = field(default_factory=dict)
    admitted: frozenset[str] = frozenset()
    spent: frozenset[Spent] = frozenset()
    dead: tuple[DeadLetter, ...] = ()
    words: tuple[Word, ...] = ()
    contents: Mapping[str, AccidentReport | Costs | Stated | str] = field(default_factory=dict)
    registered: Mapping[tuple[str, str], Sequence[tuple[str, Cover]] | None] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()

    @property
    def sizes(self) -> dict[str, tuple[str, str, int]]:
        """record → (sha256, media type, bytes), as a view is made with."""
        return {one.record: (one.sha256, one.media_type, one.size) for one in self.entries}
