"""One motor accident reckoned: its vehicles, who owes each victim, what is needed, what can be claimed, which clocks run. Pure.

It knows exactly the papers that it is given: of one reader those that he may have. What no paper tells stays open.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from adapters.police.report import AccidentReport
from schemas.evidence import Cover, DataClass
from schemas.records import FUND
from services.motor import clocks
from services.motor.benefits import Benefit, Certified, Reckoning, reckon
from services.motor.clocks import Clock, Interest
from services.motor.law import Line, by_key, on
from services.motor.owing import Insured, Owing, Role, Vehicle, Victim, by_register, owing, shares, split
from services.motor.papers import Circumstance, Claim, PaperLine
from services.motor.required import (
    Holding,
    MayHave,
    Needs,
    Required,
    asking,
    concerning,
    further,
    names_of,
    voluntary,
)
from services.motor.stated import Levels
from services.motor.victims import Harmed, vehicles, victims
from services.validation.person import normal

Covers = Callable[[str], Sequence[tuple[str, Cover]] | None]  # a plate's on the day; None: the register does not answer
INJURY, DEATH = (Claim.INJURY, Claim.DISABILITY), (Claim.DEATH, Claim.INTERIM_DEATH)
# What tells that there was a claim which she did not live to be paid for (G0390062 art. 19 ⑥).
OF_HER_LIFE = {Claim.INJURY: {"certificate", "receipt"}, Claim.DISABILITY: {"disability-certificate"}}
ALL_SURVIVORS = frozenset({"household-register", "heir-statement"})


@dataclass(frozen=True)
class Claimed:
    """What her receipts can claim. `unread`: lines that a person must read, and what they come to (TWD); `parts`: who bears
    how much of `reckoning.total` in the end, None while a cover is not known; `interest`: what is owed on top if nothing has
    been paid by today, None before the last day to pay is over."""

    reckoning: Reckoning
    unread: int
    unread_amount: Decimal
    parts: dict[str, int] | None
    interest: Interest | None = None


@dataclass(frozen=True)
class Disability:
    """What a disability as claimed would be paid with, never part of a total: its level is a doctor's word. `certified`: a
    certificate of her disability is there, whatever it says."""

    claimed: Levels
    benefit: Benefit
    certified: bool


@dataclass(frozen=True)
class Claimant:
    """A survivor of a victim who died, as papers name him; each claims for himself (G0390060 art. 11 I). `filed`: he has claimed;
    `papers`: those that every claimant hands in; `clocks`: his limitation, and of the payment once his papers are there
    and those of all."""

    filed: bool
    papers: tuple[PaperLine, ...]
    clocks: tuple[Clock, ...]


@dataclass(frozen=True)
class VictimAccount:
    """`owed` None: the law of that day is not in the data. `claimants`: of one who died, in the order in which papers came
    to name them. `clocks`: her limitation, and of the payment once all papers are there; of one who died the limitation of
    claimants whom no paper names."""

    harmed: Harmed
    owed: Owing | None
    shares: dict[str, Fraction] | None
    required: tuple[Required, ...]
    claimed: Claimed | None
    disability: Disability | None
    claimants: tuple[Claimant, ...]
    clocks: tuple[Clock, ...]


@dataclass(frozen=True)
class Account:
    """`standard`: the lines of the benefits that hold on the day; `required`: of the claims that no known victim makes;
    `clocks`: the notice, and the limitation while no victim is known."""

    day: date | None
    vehicles: tuple[Vehicle, ...]
    victims: tuple[VictimAccount, ...]
    required: tuple[Required, ...]
    standard: tuple[Line, ...]
    clocks: tuple[Clock, ...]


def account(
    day: date | None,
    report: AccidentReport | None,
    covers: Covers,
    held: Sequence[Holding],
    mine: Sequence[Cover],
    may_have: MayHave,
    today: date,
) -> Account:
    """The account of an accident. `day`: as the reader's papers tell it; `mine`: the covers that he is concerned with; `today`:
    up to which interest is reckoned."""
    if day is None:
        return Account(None, (), (), (), (), ())
    cars = vehicles(report, lambda plate: by_register(covers(plate))) if report else ()
    harmed = victims(report) if report else ()
    compulsory = Cover.MOTOR_COMPULSORY in mine
    people = {party.order: party.person for party in report.parties} if report else {}
    scene = _Scene(day, today, cars, held, may_have)
    accounts = tuple(
        _victim(scene, one, normal(person.identifier) if (person := people[one.order]) else None)
        for one in harmed
        if compulsory
    )
    left = [(cover, claim) for cover in mine for claim in voluntary(cover, held)]
    if compulsory and not accounts:
        left = [*((Cover.MOTOR_COMPULSORY, claim) for claim in INJURY), *left]
    needs = {cover: Needs(day, further(concerning(cover, held)), held, (None,), may_have) for cover in mine}
    return Account(
        day=day,
        vehicles=cars,
        victims=accounts,
        required=tuple(needs[cover].required(cover, claim, {None: held}) for cover, claim in left),
        standard=on("benefits", day) if compulsory else (),
        clocks=_clocks(day, accounts, cars) if compulsory else (),
    )


@dataclass(frozen=True)
class _Scene:
    """What the accounts of all victims of one accident are made from."""

    day: date
    today: date
    cars: Sequence[Vehicle]
    held: Sequence[Holding]
    may_have: MayHave


def _victim(scene: _Scene, harmed: Harmed, person: str | None) -> VictimAccount:
    day, cars, held = scene.day, scene.cars, scene.held
    owed = owing(day, harmed.victim, cars)
    speaking = _speaking(person, held)
    hers = [
        one
        for one in held
        if DataClass.POLICE in one.names | one.denied
        or (person in one.persons and (harmed.died or one.applicant is None or one.applicant in speaking))
    ]
    alone = [one for one in hers if one.persons == {person}]
    heirs = _heirs(person, held) if harmed.died else ()
    his: dict[str | None, Sequence[Holding]] = {heir: [one for one in held if heir in one.persons] for heir in heirs}
    claims, circumstances = (
        INJURY,
        {*_circumstances(owed, cars), *further([*concerning(Cover.MOTOR_COMPULSORY, alone), *asking(hers)])},
    )
    if harmed.died:
        claims = (*DEATH, *(claim for claim, names in OF_HER_LIFE.items() if names & names_of(hers)))
        circumstances.add(Circumstance.HEIRS)
    needs = Needs(day, circumstances, hers, (person,), scene.may_have)

    def required(claimants: Mapping[str | None, Sequence[Holding]]) -> tuple[Required, ...]:
        return tuple(needs.required(Cover.MOTOR_COMPULSORY, claim, claimants) for claim in claims)

    whole = required(his if harmed.died else {person: hers})
    claimed = _claimed(day, harmed, alone, owed)
    if harmed.died:
        all_known = bool(heirs and names_of(hers) & ALL_SURVIVORS)
        running = () if all_known else _limitation(day, owed, [])
    else:
        running = (*_limitation(day, owed, _filed(person, speaking, held)), *_payment(whole, hers, hers))
        of_injury = next(iter(_payment(whole[:1], hers, hers)), None)
        claimed = claimed and replace(claimed, interest=_late(claimed.reckoning, of_injury, alone, scene.today))
    return VictimAccount(
        harmed=harmed,
        owed=owed,
        shares=shares(owed) if owed else None,
        required=whole,
        claimed=claimed,
        disability=_disability(day, person, hers),
        claimants=tuple(
            _claimant(day, heir, person, owed, required({heir: his[heir]}), hers, his[heir]) for heir in heirs
        ),
        clocks=running,
    )


def _disability(day: date, person: str | None, hers: Sequence[Holding]) -> Disability | None:
    """By the application that says so last."""
    stated = [one.stated.disability[person] for one in asking(hers) if one.stated and person in one.stated.disability]
    if not stated:
        return None
    certified = Certified(disability=stated[-1].levels, earlier_level=stated[-1].earlier)
    found = reckon(day, (), certified)
    benefit = found.disability if found else None
    return benefit and Disability(stated[-1], benefit, "disability-certificate" in names_of(hers))


def _late(reckoning: Reckoning, payment: Clock | None, papers: Sequence[Holding], today: date) -> Interest | None:
    """The interest to today on what could be claimed when the papers were complete, once the last day to pay is over: for who
    has not paid, and through his own fault. Whether he has, nobody tells here."""
    if payment is None or payment.due is None or today <= payment.due:
        return None
    then = {one.sha256 for one in papers if one.received <= payment.start}
    amount = sum(one.claimable for one in reckoning.medical if one.line.id.partition("#")[0] in then)
    return clocks.interest(amount, payment, today)


def _heirs(person: str | None, held: Sequence[Holding]) -> tuple[str, ...]:
    """Who claims for one who died, as far as papers about her say: heirs who authorise, and whom a register or a statement
    of the survivors names. Whether they are, and in which rank of G0390060 art. 11 I ②, people say."""
    found: dict[str, date] = {}
    for one in held:
        if person in one.persons:
            for heir in (one.heirs | (one.persons if one.names & ALL_SURVIVORS else frozenset())) - {person}:
                found[heir] = min(one.received, found.get(heir, one.received))
    return tuple(sorted(found, key=lambda heir: (found[heir], heir)))


def _claimant(
    day: date,
    heir: str,
    victim: str | None,
    owed: Owing | None,
    required: tuple[Required, ...],
    hers: Sequence[Holding],
    his: Sequence[Holding],
) -> Claimant:
    """`required`: as it is when he alone claims."""
    filed = _filed(victim, {heir}, his)
    own = {tuple(line.kinds): line for one in required for line in one.papers or () if line.each}
    return Claimant(
        filed=any(Cover.MOTOR_COMPULSORY in one.applied for one in filed),
        papers=tuple(own.values()),
        clocks=(*_limitation(day, owed, filed), *_payment(required, hers, his)),
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
    needed = "materials-statement" in names_of(hers)
    certified = Certified(days_in_hospital=len(stay), materials_needed=needed, died=harmed.died)
    reckoning = reckon(day, lines, certified)
    if reckoning is None or not (documents or harmed.died):
        return None
    return Claimed(reckoning, unread, unread_amount, split(reckoning.total, owed) if owed else None)


def _payment(required: Sequence[Required], hers: Sequence[Holding], his: Sequence[Holding]) -> tuple[Clock, ...]:
    """Ten working days from the day on which the papers were complete, and interest after them. A line is satisfied by the
    first paper that does; what comes later makes nothing complete (G0390060 art. 25 II). `his`: the claimant's own."""
    found: list[Clock] = []
    for one in required:
        if one.papers and all(line.present for line in one.papers):
            complete = max(
                min(holding.received for holding in (his if line.each else hers) if holding.names & line.kinds.keys())
                for line in one.papers
            )
            clock = clocks.payment(complete, interim=one.claim == Claim.INTERIM_DEATH)
            found += [clock, _interest(clock)] if clock and clock.due else [clock] if clock else []
    return tuple(found)


def _interest(payment: Clock) -> Clock:
    """Of a payment made late: the day from which it runs. It has no last one."""
    name = "interim-interest" if payment.name == "interim-payment" else "interest"
    line = by_key("clocks", payment.start)[name]
    return Clock(name, payment.due + timedelta(days=1), None, None, True, line.article, line.status)


def _clocks(day: date, accounts: Sequence[VictimAccount], cars: Sequence[Vehicle]) -> tuple[Clock, ...]:
    """The notice. While no victim is known, limitation runs for whoever claims, of all vehicles that are."""
    told = clocks.notice(day)
    owed = owing(day, Victim(Role.OUTSIDER), cars) if cars else None
    return (*((told,) if told else ()), *(() if accounts else _limitation(day, owed, ())))


def _speaking(person: str | None, held: Sequence[Holding]) -> frozenset[str | None]:
    """Whose application is a living victim's claim: her own, also by an agent under her mandate, and that of a legal
    representative whom a paper shows. Whoever else names her in his claims nothing for her."""
    return frozenset({person}).union(*(one.representatives for one in held if person in one.persons))


def _filed(victim: str | None, claimants: Collection[str | None], held: Sequence[Holding]) -> list[Holding]:
    """The claims for a victim that one of these files; the answer to one is never known."""
    return [one for one in held if one.asked and victim in one.persons and one.applicant in claimants]


def _limitation(day: date, owed: Owing | None, filed: Sequence[Holding]) -> tuple[Clock, ...]:
    """The insurers' where one owes or may owe, the fund's where it does. When a claimant knew, no paper tells: two years are
    counted from the accident, which is the earliest that they can end. Only his own claim makes them stand still, from the
    fund as from insurers (G0390060 art. 14 II, IV), and of each only what is asked of it."""
    payers = {debtor.payer for debtor in owed.debtors} if owed else set()
    found: tuple[Clock, ...] = ()
    if owed is None or owed.unanswered or payers - {FUND}:
        found += clocks.limitation(day, day, [(one.received, None) for one in filed if one.asked - {FUND}])
    if FUND in payers:
        found += clocks.limitation(day, day, [(one.received, None) for one in filed if FUND in one.asked], fund=True)
    return found
