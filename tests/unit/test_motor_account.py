"""One motor accident reckoned from the papers of one reader."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from schemas.evidence import Cover
from services.motor.account import Account, Holding, VictimAccount, account
from services.motor.benefits import Item, ReceiptLine
from services.motor.costs import Costs, Receipt
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
) -> Holding:
    """A document with one receipt of that number when it has lines or a stay."""
    found = Costs(
        (Receipt(frozenset({number}), tuple(lines), 0, Decimal(0)),),
        frozenset(date(2025, 9, 3 + one) for one in range(stay)),
    )
    return Holding(
        sha256=f"{number:0>64}",
        names=frozenset(names),
        persons=frozenset({person}),
        issuer="H1",
        received=received,
        applied=frozenset({COMPULSORY}) if filed else frozenset(),
        costs=found if lines or stay else None,
    )


def told(*held: Holding, crash=CRASH, mine: Sequence[Cover] = (COMPULSORY,)) -> Account:
    return account(DAY, crash, REGISTER.get, held, mine)


def only(found: Account) -> VictimAccount:
    (victim,) = found.victims
    return victim


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
    assert only(told(*papers)).clocks == ()
    payment, interest = only(told(*papers, paper("receipt", received=date(2025, 9, 10)))).clocks
    assert (payment.name, payment.start, payment.due) == ("payment", date(2025, 9, 10), date(2025, 9, 24))
    assert (interest.name, interest.start, interest.due) == ("interest", date(2025, 9, 25), None)


def test_a_claim_that_was_filed_stops_the_limitation() -> None:
    def limits(*held: Holding) -> list[tuple[date | None, bool]]:
        return [(one.due, one.running) for one in told(*held).clocks if one.name.startswith("limitation")]

    assert limits() == [(date(2027, 9, 3), True), (date(2035, 9, 3), True)]
    assert limits(paper("application", filed=True)) == [(None, False), (None, False)]


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
    assert account(None, None, REGISTER.get, [], (COMPULSORY,)) == Account(None, (), (), (), (), ())
    unseen = account(DAY, None, REGISTER.get, [], (COMPULSORY,))
    assert [one.claim for one in unseen.required] == ["injury", "disability"] and unseen.vehicles == ()
