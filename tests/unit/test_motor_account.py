"""One motor accident reckoned from the papers of one reader."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from adapters.police.report import AccidentReport, ReportParty
from schemas.evidence import Cover
from schemas.records import FUND
from services.motor.account import Account, VictimAccount, account
from services.motor.benefits import Item, ReceiptLine
from services.motor.clocks import Clock
from services.motor.costs import Costs, Receipt
from services.motor.required import Holding
from services.motor.stated import Stated
from tests.unit.test_motor_victims import X, Y, party, report

DAY = date(2025, 9, 3)
A, B = "A123456789", "B123456780"
COMPULSORY, THIRD = Cover.MOTOR_COMPULSORY, Cover.MOTOR_THIRD_PARTY
REGISTER = {"AAA1111": [(X, COMPULSORY), (Y, THIRD)], "BBB2222": [(Y, COMPULSORY)], "CCC3333": [(Y, THIRD)]}
CRASH = report(
    party(1, "car", "AAA1111", partyType="B03", injuryLevel="3"),
    party(2, "car", "BBB2222", partyType="B03", injuryLevel="3"),
    party(3, "passenger", partyType="H02", injuryLevel="2", person=A),
)


def paper(
    *names: str,
    person: str = A,
    number: str = "1",
    received: date = DAY,
    lines: Sequence[ReceiptLine] = (),
    stay: int = 0,
    filed: bool = False,
    also: Sequence[str] = (),
    applicant: str | None = None,
    heirs: Sequence[str] = (),
    representatives: Sequence[str] = (),
    stated: Stated | None = None,
    applied: Sequence[Cover] = (COMPULSORY,),
    asked: Sequence[str] = (X,),
) -> Holding:
    """A document with one receipt of that number when it has lines or a stay; an application of the person herself unless it
    says whose. `also`: further persons; `asked`: of whom a filed one asks."""
    found = Costs(
        (Receipt(frozenset({number}), tuple(lines), 0, Decimal(0)),),
        frozenset(date(2025, 9, 3 + one) for one in range(stay)),
    )
    return Holding(
        sha256=f"{number:0>64}",
        names=frozenset(names),
        persons=frozenset({person, *also}),
        issuer="H1",
        received=received,
        applied=frozenset(applied) if filed else frozenset(),
        asked=frozenset(asked) if filed else frozenset(),
        applicant=applicant or (person if "application" in names else None),
        heirs=frozenset(heirs),
        representatives=frozenset(representatives),
        costs=found if lines or stay else None,
        stated=stated,
    )


def everybody(_persons: object, _kind: str) -> bool:
    return True


def told(*held: Holding, crash=CRASH, mine: Sequence[Cover] = (COMPULSORY,), today: date = DAY) -> Account:
    return account(DAY, crash, REGISTER.get, held, mine, everybody, today)


def only(found: Account) -> VictimAccount:
    (victim,) = found.victims
    return victim


def running(found: Account) -> list[Clock]:
    """Her clocks of payment."""
    return [one for one in only(found).clocks if not one.name.startswith("limitation")]


def test_two_insurers_share_what_a_passenger_can_claim_by_the_number_of_vehicles() -> None:
    victim = only(told(paper("certificate", "receipt", lines=[ReceiptLine("1.1", Item.CARE, 1001)])))
    assert victim.shares == {X: Fraction(1, 2), Y: Fraction(1, 2)}
    assert victim.claimed and victim.claimed.reckoning.total == 1001
    assert victim.claimed.parts == {X: 501, Y: 500}, "to the dollar, what is left by the order of the vehicles"
    assert victim.claimed.reckoning.medical[0].line.id == f"{'1':0>64}#1.1"


def test_a_receipt_counts_once_whichever_documents_hold_it() -> None:
    line = ReceiptLine("1.1", Item.CARE, 500)
    twice = told(paper("receipt", lines=[line]), paper("receipt", lines=[line]))
    assert only(twice).claimed.reckoning.total == 500  # type: ignore[union-attr]
    other = told(paper("receipt", lines=[line]), paper("receipt", number="2", lines=[line]))
    assert only(other).claimed.reckoning.total == 1000  # type: ignore[union-attr]


def test_another_persons_papers_are_not_hers() -> None:
    line = ReceiptLine("1.1", Item.CARE, 500)
    victim = only(told(paper("certificate", "receipt", person=B, lines=[line])))
    assert victim.claimed is None
    assert not [one for one in victim.required[0].papers or () if one.present]


def test_the_stay_of_all_documents_proves_the_days() -> None:
    line = ReceiptLine("1.1", Item.WARD, 6000, units=3)
    short = only(told(paper("receipt", lines=[line], stay=2))).claimed
    assert short and (short.reckoning.total, short.reckoning.medical[0].pending) == (3000, 1500)
    more = only(told(paper("receipt", lines=[line], stay=2), paper("certificate", number="2", stay=3))).claimed
    assert more and more.reckoning.total == 4500


def test_the_payment_clock_runs_from_the_day_of_the_last_paper() -> None:
    kinds = ("application", "identity", "accident", "bank-account", "records-consent", "certificate")
    papers = [paper(kind, number=kind) for kind in kinds]
    assert running(told(*papers)) == []
    receipt = paper("receipt", received=date(2025, 9, 10))
    payment, interest = running(told(*papers, receipt))
    assert (payment.name, payment.start, payment.due) == ("payment", date(2025, 9, 10), date(2025, 9, 24))
    assert (interest.name, interest.start, interest.due) == ("interest", date(2025, 9, 25), None)
    more = [
        paper(kind, number=f"9-{kind}", received=date(2025, 10, 1)) for kind in ("receipt", "certificate", "accident")
    ]
    assert running(told(*papers, receipt, *more)) == [payment, interest], "complete is complete"
    other = paper("preliminary-analysis", received=date(2025, 10, 3))
    assert running(told(*papers, receipt, other)) == [payment, interest], "another paper for the same line"


def test_only_her_own_claim_stops_a_victims_limitation() -> None:
    def seen(*held: Holding, crash=CRASH) -> list[list[tuple[date | None, bool]]]:
        found = told(*held, crash=crash).victims
        return [[(one.due, one.running) for one in each.clocks if one.name.startswith("limitation")] for each in found]

    runs, stands = [(date(2027, 9, 3), True), (date(2035, 9, 3), True)], [(None, False), (None, False)]
    filed = paper("application", filed=True)
    assert seen() == [runs]
    assert seen(filed) == [stands]
    assert seen(paper("application", person=B, filed=True)) == [runs], "somebody else's claim"
    driver = party(1, "car", "AAA1111", partyType="B03", injuryLevel="3")
    two = report(
        driver, party(2, "passenger", injuryLevel="2", person=A), party(3, "passenger", injuryLevel="2", person=B)
    )
    assert seen(filed, crash=two) == [stands, runs]
    assert seen(filed, crash=report(driver, party(2, "passenger", injuryLevel="2"))) == [runs], "of whom is not known"
    assert [one.name for one in told(filed).clocks] == ["notice"]
    unseen = account(DAY, None, REGISTER.get, [filed], (COMPULSORY,), everybody, DAY).clocks
    assert [(one.due, one.running) for one in unseen[1:]] == runs, "no victim is known"


FUND_RUNS, FUND_STANDS = [("fund", date(2027, 9, 3)), ("fund", date(2035, 9, 3))], [("fund", None), ("fund", None)]
INSURERS_RUN, INSURERS_STAND = [("insurer", day) for _, day in FUND_RUNS], [("insurer", None)] * 2


def limits(clocks: Sequence[Clock]) -> list[tuple[str, date | None]]:
    """Whose limitation, and when it ends; None: it stands still."""
    found = [one for one in clocks if "limitation" in one.name]
    assert all(one.running == (one.due is not None) for one in found)
    return [("fund" if one.name.startswith("fund") else "insurer", one.due) for one in found]


def test_a_claim_stops_the_time_of_whom_it_asks_and_no_other_time() -> None:
    """G0390060 art. 14 II, for the fund by art. 14 IV."""
    both = report(
        party(1, "car", "AAA1111"), party(2, "car", "CCC3333"), party(3, "passenger", person=A, injury="injured")
    )
    alone = report(party(1, "other", sex="4"), party(2, "pedestrian", person=A, injury="injured"))

    def seen(*asked: str, crash: AccidentReport = both) -> list[tuple[str, date | None]]:
        return limits(
            only(told(*([paper("application", filed=True, asked=asked)] if asked else []), crash=crash)).clocks
        )

    assert seen() == INSURERS_RUN + FUND_RUNS
    assert seen(X) == INSURERS_STAND + FUND_RUNS
    assert seen(FUND) == INSURERS_RUN + FUND_STANDS
    assert seen(X, Y, FUND) == INSURERS_STAND + FUND_STANDS
    assert (seen(crash=alone), seen(FUND, crash=alone), seen(X, crash=alone)) == (FUND_RUNS, FUND_STANDS, FUND_RUNS)
    found = told(paper("application", filed=True, asked=[FUND]), crash=alone).victims[0].clocks
    assert {one.article for one in found} == {"G0390060 art. 14 IV; G0390060 art. 14 II"}


def test_an_insurers_time_is_told_where_one_owes_or_may_owe() -> None:
    def seen(*parties: ReportParty) -> list[list[tuple[str, date | None]]]:
        found = told(crash=report(*parties))
        return [limits(one.clocks) for one in (found.victims or (found,))]

    walker = party(9, "pedestrian", injury="injured")
    assert seen(party(1, "car", "QQQ1111"), walker) == [INSURERS_RUN], "its register has not answered"
    assert seen(party(1, "car", "QQQ1111"), party(2, "car", "CCC3333"), walker) == [INSURERS_RUN + FUND_RUNS]
    assert seen(party(1, "car", "AAA1111", injury="injured")) == [[]], "a driver alone claims from nobody"
    assert seen(party(1, "other", sex="4")) == [FUND_RUNS], "whoever claims"
    assert seen(party(1, "car", "AAA1111"), party(2, "other", sex="4")) == [INSURERS_RUN + FUND_RUNS]


def test_a_survivors_claim_from_the_fund_stops_his_time_with_the_fund() -> None:
    fled = report(party(1, "other", sex="4"), party(2, "pedestrian", injury="death", person=A))
    register = paper("household-register", also=[SON, DAUGHTER])
    filed = paper("application", number="2", also=[SON], filed=True, applicant=SON, asked=[FUND])
    victim = only(told(register, filed, crash=fled))
    assert [limits(one.clocks) for one in victim.claimants] == [FUND_STANDS, FUND_RUNS]
    assert [one.filed for one in victim.claimants] == [True, False]


def test_a_claim_is_his_who_applies_and_of_nobody_whom_he_names() -> None:
    """An application names the other driver and every passenger that was hurt."""
    two = report(
        party(1, "car", "AAA1111", injuryLevel="2", person=A), party(2, "car", "BBB2222", injuryLevel="2", person=B)
    )
    filed = paper("application", also=[B], filed=True)

    def claims(*held: Holding) -> list[tuple[bool, bool]]:
        """Of each victim: her application is there, her limitation stands still."""
        found = told(*held, crash=two).victims
        return [
            (
                any(line.present for line in each.required[0].papers or () if "application" in line.kinds),
                all(not one.running for one in each.clocks if one.name.startswith("limitation")),
            )
            for each in found
        ]

    assert claims(filed) == [(True, True), (False, False)]
    assert claims(filed, paper("application", person=B, also=[A], filed=True)) == [(True, True)] * 2
    hers = paper("records-consent", person=B, representatives=[A])
    assert claims(filed, hers) == [(True, True)] * 2, "he is her legal representative"
    assert claims(filed, paper("records-consent", person=SON, representatives=[A])) == claims(filed), "another's"


def test_a_vehicle_with_other_covers_only_is_uninsured_and_an_unknown_one_open() -> None:
    uninsured = report(party(1, "car", "CCC3333"), party(2, "pedestrian", injuryLevel="1"))
    victim = only(told(crash=uninsured))
    assert victim.shares == {"fund": Fraction(1)} and [one.claim for one in victim.required] == [
        "death",
        "interim-death",
    ]
    assert victim.claimed and victim.claimed.reckoning.total == 2_000_000
    unknown = only(told(crash=report(party(1, "car", "QQQ1111"), party(2, "pedestrian", injuryLevel="2"))))
    assert unknown.owed and (unknown.owed.unanswered, unknown.shares) == (("1",), None)


def test_who_is_concerned_with_another_cover_reckons_no_compulsory_one() -> None:
    found = told(mine=(THIRD,))
    assert (found.victims, found.clocks, found.standard) == ((), (), ())
    assert [(one.cover, one.claim) for one in found.required] == [(THIRD, "injury"), (THIRD, "property")]
    assert account(None, None, REGISTER.get, [], (COMPULSORY,), everybody, DAY) == Account(None, (), (), (), (), ())
    unseen = account(DAY, None, REGISTER.get, [], (COMPULSORY,), everybody, DAY)
    assert [one.claim for one in unseen.required] == ["injury", "disability"] and unseen.vehicles == ()


FATAL = report(
    party(1, "car", "AAA1111", partyType="B03", injuryLevel="3"), party(2, "pedestrian", injuryLevel="1", person=A)
)
SON, DAUGHTER = "C123456781", "D223456787"
OF_ALL = ("application", "accident", "records-consent", "death-certificate", "household-removal")


def limits_of(clocks: Sequence[Clock]) -> list[tuple[date | None, bool]]:
    return [(one.due, one.running) for one in clocks if one.name.startswith("limitation")]


RUNS, STANDS = [(date(2027, 9, 3), True), (date(2035, 9, 3), True)], [(None, False), (None, False)]


def test_survivors_are_known_from_their_authorisations_and_the_papers_that_name_them() -> None:
    def known(*held: Holding, crash=FATAL) -> int:
        return len(only(told(*held, crash=crash)).claimants)

    consent = paper("records-consent", heirs=[SON])
    register = paper("household-register", also=[SON, DAUGHTER])
    assert [known(), known(consent), known(register), known(consent, register)] == [0, 1, 2, 2]
    assert known(paper("household-register", person=B, also=[SON])) == 0, "another's survivors"
    assert known(paper("identity", also=[SON])) == 0, "not every paper about both says so"
    assert known(paper("application", filed=True, applicant=SON)) == 0, "the insured, too, reports a death"
    assert known(register, crash=CRASH) == 0, "she lives"


def test_each_survivor_hands_in_his_own_and_is_paid_by_his_own_clock() -> None:
    common = [paper(kind, number=kind) for kind in OF_ALL]
    register = paper("household-register", also=[SON, DAUGHTER], number="register")
    sons = [paper("identity", person=SON, number="i-son"), paper("bank-account", person=SON, number="b-son")]
    victim = only(told(*common, register, *sons, crash=FATAL))
    son, daughter = victim.claimants
    assert [line.present for line in (*son.papers, *daughter.papers)] == [True, True, False, False]
    assert [one.name for one in son.clocks][2:] == ["payment", "interest", "interim-payment", "interim-interest"]
    assert limits_of(daughter.clocks) == RUNS and len(daughter.clocks) == 2, "no payment while she lacks hers"
    lines = {next(iter(line.kinds)): line.present for line in victim.required[0].papers or ()}
    assert not lines["identity"] and not lines["bank-account"] and lines["household-register"]
    later = paper("identity", person=DAUGHTER, number="i-d", received=date(2025, 9, 20))
    account_ = paper("bank-account", person=DAUGHTER, number="b-d", received=date(2025, 9, 10))
    both = only(told(*common, register, *sons, later, account_, crash=FATAL))
    starts = [{one.start for one in each.clocks if one.name == "payment"} for each in both.claimants]
    assert starts == [{DAY}, {date(2025, 9, 20)}], "nobody waits for the other's papers"
    assert all(line.present for line in both.required[0].papers or ())


def test_only_his_own_claim_stops_a_survivors_limitation() -> None:
    register = paper("household-register", also=[SON, DAUGHTER])
    filed = paper("application", number="2", also=[SON], filed=True, applicant=SON)
    victim = only(told(register, filed, crash=FATAL))
    assert [one.filed for one in victim.claimants] == [True, False]
    assert [limits_of(one.clocks) for one in victim.claimants] == [STANDS, RUNS]
    assert limits_of(victim.clocks) == [], "all survivors are named"
    named = only(told(paper("records-consent", heirs=[SON]), filed, crash=FATAL))
    assert [limits_of(one.clocks) for one in named.claimants] == [STANDS]
    assert limits_of(named.clocks) == RUNS, "there may be others, whose time runs"
    report_ = paper("application", number="2", also=[SON], filed=True, applicant=B)
    driver = only(told(register, report_, crash=FATAL))
    assert [limits_of(one.clocks) for one in driver.claimants] == [RUNS, RUNS], "the insured's report is no claim"
    about_another = only(told(register, paper("application", person=SON, filed=True, applicant=SON), crash=FATAL))
    assert [one.filed for one in about_another.claimants] == [False, False]


def test_heirs_claim_what_she_did_not_live_to_be_paid() -> None:
    def claims(*held: Holding) -> dict[str, set[str]]:
        found = only(told(*held, crash=FATAL)).required
        return {one.claim: {next(iter(line.kinds)) for line in one.papers or ()} for one in found}

    assert claims().keys() == {"death", "interim-death"}
    treated = claims(paper("certificate", "receipt"))
    assert treated.keys() == {"death", "interim-death", "injury"}
    assert {"death-certificate", "household-register", "receipt"} <= treated["injury"]
    assert claims(paper("disability-certificate")).keys() == {"death", "interim-death", "disability"}
    alive = only(told(paper("receipt"))).required[0].papers or ()
    assert "household-register" not in {next(iter(line.kinds)) for line in alive}
