"""What a document's receipt lines say of costs; and the way of a dispute, day by day."""

import copy
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.motor.assessment import steps
from services.motor.benefits import Item
from services.motor.costs import costs
from services.motor.law import Status
from services.sandbox.motor_check import compare
from services.sandbox.truth import Truth

EXAMPLE = json.loads((Path(__file__).parents[2] / "docs/examples/document.json").read_text())


def read(**changes: Any):
    """The example with its first receipt line changed, all others gone."""
    bundle = copy.deepcopy(EXAMPLE)
    claim = next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Claim")
    claim["item"] = [claim["item"][0] | changes]
    (receipt,) = costs(json.dumps(bundle).encode()).receipts
    return receipt


def code(name: str) -> dict[str, Any]:
    return {"coding": [{"system": "https://x.example/CodeSystem/fee-item", "code": name}]}


def money(value: float, currency: str = "TWD") -> dict[str, Any]:
    return {"value": value, "currency": currency}


def test_what_the_patient_paid_by_what_its_code_says() -> None:
    (receipt,) = costs(json.dumps(EXAMPLE).encode()).receipts
    assert [(one.item, one.amount) for one in receipt.lines] == [(Item.CARE, 200), (Item.CARE, 80), (Item.CARE, 100)]
    assert receipt.numbers == {"R1141206-BDDBE0001101"} and receipt.unread == 0
    assert costs(b"%PDF-") == costs(b"[]") == costs(b"{}")


@pytest.mark.parametrize(
    ("changes", "units"),
    [
        ({"quantity": {"value": 3}}, None),  # of what, it does not say
        ({"quantity": {"value": 3, "unit": "日"}}, 3),
        ({"quantity": {"value": 3, "code": "d"}}, 3),
        ({"quantity": {"value": 2.5, "unit": "日"}}, None),
        ({"servicedPeriod": {"start": "2025-12-06", "end": "2025-12-09"}}, 4),
    ],
)
def test_days_only_where_they_are_told(changes: dict[str, Any], units: int | None) -> None:
    (line,) = read(productOrService=code("ROOMDIFF"), **changes).lines
    assert (line.item, line.units) == (Item.WARD, units)


@pytest.mark.parametrize(
    "changes",
    [
        {"productOrService": code("OTHER")},
        {"net": money(200.5)},
        {"net": money(-200)},
        {"net": money(200, "USD")},
    ],
)
def test_what_a_person_must_read_is_counted_and_not_guessed(changes: dict[str, Any]) -> None:
    receipt = read(**changes)
    assert (receipt.lines, receipt.unread) == ((), 1)
    assert receipt.unread_amount == Decimal(str((changes.get("net") or money(200))["value"]))


def test_a_stay_is_every_day_of_it_in_taiwan() -> None:
    bundle = copy.deepcopy(EXAMPLE)
    visit = next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Encounter")
    visit["class"]["code"] = "IMP"
    visit["period"] = {"start": "2025-12-05T17:00:00Z", "end": "2025-12-08T10:00:00+08:00"}
    assert costs(json.dumps(bundle).encode()).stay == {date(2025, 12, day) for day in (6, 7, 8)}


def test_the_way_of_a_dispute() -> None:
    found = steps(date(2025, 8, 31))
    assert [one.name for one in found] == ["assessment", "assessment-result", "reassessment", "reassessment-result"]
    assert [(one.due, one.fee) for one in found] == [(date(2026, 2, 28), 3000), (None, 0), (None, 2000), (None, 0)]
    assert [(one.fee_status, bool(one.fee_source), one.status) for one in found] == [
        (Status.UNCONFIRMED, True, Status.LAW),  # a special municipality sets its own
        (Status.LAW, False, Status.LAW),
    ] * 2
    later = steps(date(2025, 9, 3), date(2025, 12, 31), date(2026, 3, 1), date(2026, 3, 31))
    assert [(one.due, one.latest) for one in later] == [
        (date(2026, 3, 3), date(2026, 3, 3)),
        (date(2026, 2, 28), date(2026, 4, 30)),
        (date(2026, 3, 31), date(2026, 3, 31)),
        (date(2026, 5, 31), date(2026, 7, 31)),
    ]
    assert steps(date(2023, 11, 20)) == (), "the law before is not in the data"


@pytest.mark.parametrize(
    ("accident", "last"),
    [
        (date(2026, 4, 30), date(2026, 10, 31)),  # the first day is 1 May
        (date(2026, 2, 28), date(2026, 8, 31)),
        (date(2025, 6, 30), date(2025, 12, 31)),
        (date(2025, 8, 30), date(2026, 2, 28)),  # from 31 August, and February has no such day
        (date(2025, 9, 3), date(2026, 3, 3)),
    ],
)
def test_months_are_counted_from_the_day_after(accident: date, last: date) -> None:
    """Civil Code art. 120 II, 121 II."""
    assert steps(accident)[0].due == last
    assert not steps(accident, wish="assessment", filed=last)[0].late


def test_a_last_day_of_rest_gives_way_and_an_application_after_it_is_late() -> None:
    """The last day, 28 February 2026, is a Saturday and a holiday; the working day in its place is 2 March."""
    for applied, late in ((date(2026, 2, 28), False), (date(2026, 3, 2), False), (date(2026, 3, 3), True)):
        first, verdict, *_ = steps(date(2025, 8, 31), applied)
        assert (first.due, first.extended, first.late) == (date(2026, 2, 28), date(2026, 3, 2), late)
        assert not verdict.late
    way = steps(date(2025, 9, 3), date(2025, 12, 31), date(2026, 7, 1), date(2026, 8, 1))
    assert [one.late for one in way] == [False, False, True, False], "the committee's own last day is not known here"
    assert [one.extended for one in way] == [date(2026, 3, 3), date(2026, 3, 2), date(2026, 7, 31), date(2026, 10, 1)]


def test_without_a_day_of_its_own_the_step_wished_for_is_judged_by_the_day_on_which_the_dispute_came_in() -> None:
    """The committee's own day is sure, where the dispute tells it."""
    day, early, late = date(2025, 9, 3), date(2026, 3, 3), date(2026, 3, 4)

    def judged(filed: date, *done: date, wish: str = "assessment") -> list[tuple[bool, date | None]]:
        return [(one.late, one.asked) for one in steps(day, *done, wish=wish, filed=filed)]

    nothing = [(False, None)] * 3
    assert judged(early) == [(False, early), *nothing]
    assert judged(late) == [(True, late), *nothing]
    assert judged(late, early) == [(False, late), *nothing], "applied for in time, and told here later"
    assert judged(early, late)[0][0], "and the other way round"
    assert judged(late, wish="correction") == [(False, None)] * 4, "no application is wished for"
    again = judged(date(2026, 8, 1), early, date(2026, 6, 1), wish="reassessment")
    assert [one for one, _ in again] == [False, False, True, False] and again[0][1] is None
    assert not judged(late, wish="reassessment")[2][0], "of a verdict that has not come nothing is late"


def test_what_a_case_says_of_who_owes_is_held_to_the_truth() -> None:
    stood = {"1": "exempt", "2": "insured"}
    truth = Truth("case-1/01-accident.json", "s", "accident", owed={"2": {"fund": "1"}}, stood=stood)
    owed = {"shares": [{"payer": "fund", "share": "1"}], "debtors": [{"payer": "fund", "party": 1}]}
    victim = {"party": 2, "owed": owed}
    cars = [{"party": 1, "insured": "exempt"}, {"party": 2, "insured": "insured"}]
    as_it_is = {"victims": [victim], "disputes": [{}], "vehicles": cars}
    right = compare([(truth, as_it_is)], {"X": ["s"], "Y": ["s", "t"]})
    assert (right.accidents, right.victims, right.by_fund, right.shared, right.disputes) == (1, 1, 1, 1, 1)
    assert not right.faults and right.fund == {"exempt": 1}
    otherwise = [
        {},
        as_it_is | {"victims": [victim | {"owed": None}]},
        as_it_is | {"victims": [victim | {"party": 1}]},
        as_it_is | {"vehicles": cars[1:]},
        as_it_is | {"vehicles": [{"party": 1, "insured": "uninsured"}, cars[1]]},
    ]
    for wrong in otherwise:
        found = compare([(truth, wrong)], {})
        assert found.accidents == 0 and truth.file in found.faults[0]
