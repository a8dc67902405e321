"""Who owes the compulsory cover to which victim, and who bears how much in the end. Pure.

G0390060 art. 13, 36, 40 and G0390062 art. 14: a driver claims from the vehicles of the others, passengers and outsiders
from all, without regard to fault (art. 7). Each insurer, and the special compensation fund for vehicles of art. 40 I, owes
the victim the whole; among themselves they share by the number of vehicles, not by fault.

`vehicles` are those involved as art. 14 II has it: motor vehicles with a causal part in this victim's harm. Bicycles and
pedestrians are none, their riders are outsiders. Which vehicles had a part is a person's word, as is whether a claimant
acted with intent or in a crime (art. 28).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from schemas.evidence import Cover, VehicleStanding
from schemas.records import FUND
from services.motor.law import Line, Status, by_key, status


class Insured(StrEnum):
    """How a vehicle stood on the day of the accident; the keys of table `owing`."""

    YES = "insured"
    UNTRACEABLE = "untraceable"  # 事故汽車無法查究
    NO = "uninsured"  # bound to be insured, but is not
    UNCONSENTED = "unconsented"  # insured, used without the insured's consent
    CONSENT_DISPUTED = "consent-disputed"  # the same, as long as it is not settled: its insurer pays for the time being
    EXEMPT = "exempt"  # need not be insured
    NEVER_MICRO = "never-insured-micro"  # a micro electric two-wheeler that never was: outside the Act
    NOT_KNOWN = "not-known"  # the register has not answered


BY_FUND = (Insured.UNTRACEABLE, Insured.NO, Insured.UNCONSENTED, Insured.EXEMPT)  # G0390060 art. 40 I
_BY_INSURER = (Insured.YES, Insured.CONSENT_DISPUTED)
_NO_DEBTOR = (Insured.NEVER_MICRO, Insured.NOT_KNOWN)


@dataclass(frozen=True)
class Vehicle:
    """`insurer`: company number, where one owes for the vehicle."""

    id: str
    insured: Insured
    insurer: str = ""

    def __post_init__(self) -> None:
        if (self.insured in _BY_INSURER) != bool(self.insurer):
            raise ValueError(f"{self.insured} and insurer {self.insurer!r} do not go together")


def by_register(policies: Sequence[tuple[str, Cover]] | None) -> tuple[Insured, str]:
    """How a vehicle stood by its policies of the day (insurer, cover), and its insurer or "". None: the register does not
    answer. Of several compulsory policies the first by company number."""
    if policies is None:
        return Insured.NOT_KNOWN, ""
    insurers = sorted(insurer for insurer, cover in policies if cover == Cover.MOTOR_COMPULSORY)
    return (Insured.YES, insurers[0]) if insurers else (Insured.NO, "")


def stood(said: VehicleStanding, insured: Insured, insurer: str) -> tuple[Insured, str]:
    """The same by the police record's word beside the register's: `insured` and `insurer` are what that says.

    Without consent only an insured vehicle can be used (G0390060 art. 40 I ③); one that need not be insured and is, is insured;
    while consent is disputed its insurer pays (II), so it must be known."""
    match said:
        case VehicleStanding.UNTRACEABLE:
            return Insured.UNTRACEABLE, ""
        case VehicleStanding.UNCONSENTED if insured != Insured.NO:
            return Insured.UNCONSENTED, ""
        case VehicleStanding.EXEMPT if insured != Insured.YES:
            return Insured.EXEMPT, ""
        case VehicleStanding.CONSENT_DISPUTED if insured == Insured.YES:
            return Insured.CONSENT_DISPUTED, insurer
    return insured, insurer


class Role(StrEnum):
    DRIVER = "driver"
    PASSENGER = "passenger"
    OUTSIDER = "outsider"  # 車外第三人


@dataclass(frozen=True)
class Victim:
    """`vehicle`: the id of the one driven. In which one a passenger sat changes nothing: all owe."""

    role: Role
    vehicle: str = ""


@dataclass(frozen=True)
class Debtor:
    """Who owes for one vehicle: an insurer's company number, or `FUND`. `provisional`: G0390060 art. 40 II."""

    payer: str
    vehicle: str
    article: str
    provisional: bool = False


@dataclass(frozen=True)
class Owing:
    """`articles` say why; `unanswered`: vehicles whose cover is not known yet. Nobody owes: no debtors, none unanswered."""

    debtors: tuple[Debtor, ...]
    unanswered: tuple[str, ...]
    articles: tuple[str, ...]
    status: Status

    @property
    def joint(self) -> bool:
        """Several owe the whole each."""
        return len({debtor.payer for debtor in self.debtors}) > 1


def owing(accident: date, victim: Victim, vehicles: Sequence[Vehicle]) -> Owing | None:
    """Who owes one victim. None when the law of that day is not in the data."""
    law = by_key("owing", accident)
    if not law:
        return None
    if victim.role == Role.DRIVER and victim.vehicle not in {one.id for one in vehicles}:
        raise ValueError("a driver is of one of the vehicles")
    liable = [one for one in vehicles if victim.role != Role.DRIVER or one.id != victim.vehicle]
    if not liable:
        return _owing((), (), [law["no-other-vehicle"]])
    kinds = {one.insured for one in vehicles}
    if victim.role == Role.DRIVER and Insured.EXEMPT in kinds and kinds <= {Insured.EXEMPT, Insured.NOT_KNOWN}:
        return _owing((), _unanswered(vehicles), [law["all-exempt"]])
    debtors = tuple(
        Debtor(
            payer=one.insurer or FUND,
            vehicle=one.id,
            article=law[one.insured].article,
            provisional=one.insured == Insured.CONSENT_DISPUTED,
        )
        for one in liable
        if one.insured not in _NO_DEBTOR
    )
    reasons = [law["one-vehicle"] if len(vehicles) == 1 else law[victim.role]]
    if any(one.insured == Insured.NEVER_MICRO for one in liable):
        reasons.append(law[Insured.NEVER_MICRO])
    if len(vehicles) > 1 and Insured.NOT_KNOWN not in kinds:
        reasons += _by_all(vehicles, law)
    if len({debtor.payer for debtor in debtors}) > 1:
        reasons += [law["by-vehicles"], law["whole-from-each"], law["tell-the-others"]]
    return _owing(debtors, _unanswered(liable), reasons)


def _by_all(vehicles: Iterable[Vehicle], law: dict[str, Line]) -> list[Line]:
    """The clause of G0390060 art. 36 I that holds: it goes by all vehicles of the accident, not by those that owe."""
    insurers = {bool(one.insurer) for one in vehicles if one.insured not in _NO_DEBTOR}
    if not insurers:
        return []
    return [law["joint-with-fund" if len(insurers) > 1 else "joint-insurers" if True in insurers else "fund-alone"]]


def _unanswered(vehicles: Iterable[Vehicle]) -> tuple[str, ...]:
    return tuple(one.id for one in vehicles if one.insured == Insured.NOT_KNOWN)


def _owing(debtors: tuple[Debtor, ...], unanswered: tuple[str, ...], reasons: Iterable[Line]) -> Owing:
    reasons = tuple(reasons)
    return Owing(debtors, unanswered, tuple(line.article for line in reasons), status(reasons))


def shares(owed: Owing) -> dict[str, Fraction] | None:
    """Each payer's part in the end (G0390060 art. 36 II), together 1; None while a cover is not known, or nobody owes."""
    if owed.unanswered or not owed.debtors:
        return None
    counts = Counter(debtor.payer for debtor in owed.debtors)
    return {payer: Fraction(count, len(owed.debtors)) for payer, count in counts.items()}


def split(amount: int, owed: Owing) -> dict[str, int] | None:
    """The shares of an amount in whole TWD, together exactly the amount; None as above.

    No article says who bears what a division leaves: a dollar each, by the vehicles in their order.
    """
    if owed.unanswered or not owed.debtors:
        return None
    each, left = divmod(amount, len(owed.debtors))
    parts: Counter[str] = Counter()
    for number, debtor in enumerate(owed.debtors):
        parts[debtor.payer] += each + (number < left)
    return dict(parts)
