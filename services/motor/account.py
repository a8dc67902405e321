"""One motor accident reckoned: its vehicles, who owes each victim, what is needed, what can be claimed, which clocks run. Pure.

It knows exactly the papers that it is given: of one reader those that he may have. What no paper tells stays open.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from adapters.police.report import AccidentReport
from schemas.evidence import Cover, DataClass
from services.motor import clocks
from services.motor.benefits import Certified, Reckoning, reckon
from services.motor.clocks import Clock
from services.motor.costs import Costs
from services.motor.law import Line, by_key, on
from services.motor.owing import FUND, Insured, Owing, Vehicle, owing, shares, split
from services.motor.papers import Circumstance, Claim, PaperLine, papers
from services.motor.victims import Harmed, vehicles, victims
from services.validation.person import normal

Covers = Callable[[str], Sequence[tuple[str, Cover]] | None]  # a plate's on the day; None: the register does not answer
INJURY, DEATH = (Claim.INJURY, Claim.DISABILITY), (Claim.DEATH, Claim.INTERIM_DEATH)
VOLUNTARY = {
    Cover.MOTOR_THIRD_PARTY: (Claim.INJURY, Claim.PROPERTY),
    Cover.MOTOR_OWN_DAMAGE: (Claim.DAMAGE, Claim.TOTAL_LOSS),
}


@dataclass(frozen=True)
class Holding:
    """A paper that the reader may have, by its SHA-256. `names`: its kind and data classes; `received`: the day it came in;
    `applied`: of an application the covers asked of insurers that are this reader's concern; `costs`: of a document."""

    sha256: str
    names: frozenset[str]
    persons: frozenset[str]
    issuer: str
    received: date
    applied: frozenset[Cover] = frozenset()
    costs: Costs | None = None


@dataclass(frozen=True)
class Required:
    """The papers of one claim. None: no list of that claim and day is in the data."""

    cover: Cover
    claim: Claim
    papers: tuple[PaperLine, ...] | None


@dataclass(frozen=True)
class Claimed:
    """What her receipts can claim. `unread`: lines that a person must read, and what they come to (TWD); `parts`: who bears
    how much of `reckoning.total` in the end, None while a cover is not known."""

    reckoning: Reckoning
    unread: int
    unread_amount: Decimal
    parts: dict[str, int] | None


@dataclass(frozen=True)
class VictimAccount:
    """`owed` None: the law of that day is not in the data. `clocks`: of the payment, once all papers are there."""

    harmed: Harmed
    owed: Owing | None
    shares: dict[str, Fraction] | None
    required: tuple[Required, ...]
    claimed: Claimed | None
    clocks: tuple[Clock, ...]


@dataclass(frozen=True)
class Account:
    """`standard`: the lines of the benefits that hold on the day; `required`: of the claims that no known victim makes."""

    day: date | None
    vehicles: tuple[Vehicle, ...]
    victims: tuple[VictimAccount, ...]
    required: tuple[Required, ...]
    standard: tuple[Line, ...]
    clocks: tuple[Clock, ...]


def account(
    day: date | None, report: AccidentReport | None, covers: Covers, held: Sequence[Holding], mine: Sequence[Cover]
) -> Account:
    """The account of an accident. `day`: as the reader's papers tell it; `mine`: the covers that he is concerned with."""
    if day is None:
        return Account(None, (), (), (), (), ())
    cars = vehicles(report, lambda plate: _insured(covers(plate))) if report else ()
    harmed = victims(report) if report else ()
    compulsory = Cover.MOTOR_COMPULSORY in mine
    people = {party.order: party.person for party in report.parties} if report else {}
    accounts = tuple(
        _victim(day, one, normal(person.identifier) if (person := people[one.order]) else None, cars, held)
        for one in harmed
        if compulsory
    )
    present = frozenset(name for one in held for name in one.names)
    left = [(cover, claim) for cover in mine for claim in VOLUNTARY.get(cover, ())]
    if compulsory and not accounts:
        left = [*((Cover.MOTOR_COMPULSORY, claim) for claim in INJURY), *left]
    return Account(
        day=day,
        vehicles=cars,
        victims=accounts,
        required=tuple(Required(cover, claim, papers(cover, claim, day, (), present)) for cover, claim in left),
        standard=on("benefits", day) if compulsory else (),
        clocks=_clocks(day, accounts, held) if compulsory else (),
    )


def _insured(policies: Sequence[tuple[str, Cover]] | None) -> tuple[Insured, str]:
    """How the register says that a vehicle stood. Of several compulsory policies the first by company number."""
    if policies is None:
        return Insured.NOT_KNOWN, ""
    insurers = sorted(insurer for insurer, cover in policies if cover == Cover.MOTOR_COMPULSORY)
    return (Insured.YES, insurers[0]) if insurers else (Insured.NO, "")


def _victim(
    day: date, harmed: Harmed, person: str | None, cars: Sequence[Vehicle], held: Sequence[Holding]
) -> VictimAccount:
    owed = owing(day, harmed.victim, cars)
    hers = [one for one in held if person in one.persons or DataClass.POLICE in one.names]
    present = frozenset(name for one in hers for name in one.names)
    circumstances = _circumstances(owed, cars)
    required = tuple(
        Required(Cover.MOTOR_COMPULSORY, claim, papers(Cover.MOTOR_COMPULSORY, claim, day, circumstances, present))
        for claim in (DEATH if harmed.died else INJURY)
    )
    return VictimAccount(
        harmed=harmed,
        owed=owed,
        shares=shares(owed) if owed else None,
        required=required,
        claimed=_claimed(day, harmed, [one for one in hers if one.persons == {person}], owed),
        clocks=_payment(required, hers),
    )


def _circumstances(owed: Owing | None, cars: Sequence[Vehicle]) -> list[Circumstance]:
    fund = {debtor.vehicle for debtor in owed.debtors if debtor.payer == FUND} if owed else set()
    fled = fund & {one.id for one in cars if one.insured == Insured.UNTRACEABLE}
    return [Circumstance.FUND] * bool(fund) + [Circumstance.UNTRACEABLE] * bool(fled)


def _claimed(day: date, harmed: Harmed, hers: Sequence[Holding], owed: Owing | None) -> Claimed | None:
    """By the documents that are about her alone; each receipt once, whichever documents hold it."""
    documents = [one for one in hers if one.costs]
    lines, unread, unread_amount = [], 0, Decimal(0)
    seen: set[tuple[str, str]] = set()
    for one in documents:
        for receipt in one.costs.receipts:
            numbers = {(one.issuer, number) for number in receipt.numbers}
            if numbers & seen:
                continue
            seen |= numbers
            lines += [replace(line, id=f"{one.sha256}#{line.id}") for line in receipt.lines]
            unread, unread_amount = unread + receipt.unread, unread_amount + receipt.unread_amount
    stay = {when for one in documents for when in one.costs.stay if when >= day}
    reckoning = reckon(day, lines, Certified(days_in_hospital=len(stay), died=harmed.died))
    if reckoning is None or not (documents or harmed.died):
        return None
    return Claimed(reckoning, unread, unread_amount, split(reckoning.total, owed) if owed else None)


def _payment(required: Sequence[Required], hers: Sequence[Holding]) -> tuple[Clock, ...]:
    """Ten working days from the day on which the last paper came, and interest after them."""
    found: list[Clock] = []
    for one in required:
        if one.papers and all(line.present for line in one.papers):
            counted = {kind for line in one.papers for kind in line.kinds}
            complete = max(holding.received for holding in hers if holding.names & counted)
            clock = clocks.payment(complete, interim=one.claim == Claim.INTERIM_DEATH)
            found += [clock, _interest(clock)] if clock and clock.due else [clock] if clock else []
    return tuple(found)


def _interest(payment: Clock) -> Clock:
    """Of a payment made late: the day from which it runs. It has no last one."""
    name = "interim-interest" if payment.name == "interim-payment" else "interest"
    line = by_key("clocks", payment.start)[name]
    return Clock(name, payment.due + timedelta(days=1), None, None, True, line.article, line.status)


def _clocks(day: date, accounts: Sequence[VictimAccount], held: Sequence[Holding]) -> tuple[Clock, ...]:
    """Notice and limitation. When a claimant knew, no paper tells: two years are counted from the accident, which is the
    earliest that they can end. A claim that was filed makes them stand still (G0390060 art. 14 II)."""
    filed = [(one.received, None) for one in held if Cover.MOTOR_COMPULSORY in one.applied]
    fund = any(debtor.payer == FUND for one in accounts if one.owed for debtor in one.owed.debtors)
    told = clocks.notice(day)
    found = [told] if told else []
    found += clocks.limitation(day, day, filed)
    return (*found, *(clocks.limitation(day, day, fund=True) if fund else ()))
