"""What the checker says of an accident that two insurers can settle: every fault planted once into one as it should be."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from services.sandbox.settlement import Part, Settlement, Whole, compare
from services.sandbox.truth import Truth

A, B = "11111111", "22222222"
Json = dict[str, Any]
RECORD = Truth(
    "accident", "s-accident", "accident", case="one", insurers=(A, B),
    owed={"2": {A: "1"}, "3": {A: "1/2", B: "1/2"}}, claimed={"2": 620, "3": 331},
)  # fmt: skip
PAPERS = (
    RECORD,
    Truth("driver", "s-driver", "document", case="one", insurers=(A,)),
    Truth("rider", "s-rider", "document", case="one", insurers=(A, B)),
)
POSTED = {paper.sha256: 1 for paper in PAPERS}
HELD = {insurer: frozenset(paper.sha256 for paper in PAPERS if insurer in paper.insurers) for insurer in (A, B)}


def victim(party: int, amounts: dict[str, int], *, present: bool = True, due: str | None = "2026-12-04") -> Json:
    total = sum(amounts.values())
    return {
        "party": party,
        "owed": {"shares": [{"payer": payer, "share": share} for payer, share in RECORD.owed[str(party)].items()]},
        "required": [
            {"claim": "injury", "papers": [{"anyOf": [{"kind": "receipt"}], "present": present}]},
            {"claim": "disability", "papers": [{"anyOf": [{"kind": "imaging"}], "present": False}]},
        ],
        "claimed": {"total": total, "parts": [{"payer": one, "amount": part} for one, part in amounts.items()]},
        "clocks": [{"clock": "limitation", "due": "2027-09-01"}, {"clock": "payment", "due": due}],
    }


def told() -> dict[str, Json]:
    """What each insurer is told: the driver's papers and amounts are none of B's business."""
    rider = victim(3, {A: 166, B: 165})
    seen = {A: [victim(2, {A: 620}), rider], B: [victim(2, {}, present=False, due=None), copy.deepcopy(rider)]}
    return {
        insurer: {
            "missing": [],
            "motor": {"papers": [{"sha256": one} for one in sorted(HELD[insurer])], "victims": victims},
        }
        for insurer, victims in seen.items()
    }


def found(told: dict[str, Json], **changes: Any) -> Settlement:
    return compare(Whole(RECORD, PAPERS, "C1", told), **({"posted": POSTED, "held": HELD} | changes))


def test_an_accident_as_it_should_be() -> None:
    right = found(told())
    assert right.faults == () and right.shared and right.papers == 3
    assert right.parts == (
        Part(A, 3, {"2": "1", "3": "1/2"}, 786, "2026-12-04"),
        Part(B, 2, {"3": "1/2"}, 165, "2026-12-04"),
    )


def _set(insurer: str, party: int, name: str, value: object) -> Callable[[dict[str, Json]], None]:
    def change(told: dict[str, Json]) -> None:
        one = next(one for one in told[insurer]["motor"]["victims"] if one["party"] == party)
        one[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda told: told[B].update(missing=[{"kind": "scene-photo"}]), f"{B} is told that ['scene-photo']"),
        (lambda told: told[B].pop("missing"), f"{B} is told that"),
        (lambda told: told[A].pop("motor"), f"{A} is told of no victim 2"),
        (_set(B, 3, "required", victim(3, {}, present=False)["required"]), f"{B} lacks ['receipt'] of victim 3"),
        (_set(B, 3, "required", []), f"{B} has no day to pay victim 3 by"),
        (_set(A, 2, "clocks", []), f"{A} has no day to pay victim 2 by"),
        (_set(A, 3, "owed", {"shares": [{"payer": A, "share": "1"}]}), f"{A} is told {{'{A}': '1'}} of victim 3"),
        (_set(A, 3, "owed", None), f"{A} is told {{}} of victim 3"),
        (_set(B, 3, "claimed", victim(3, {A: 166, B: 166})["claimed"]), f"{B} reckons 332"),
        (_set(B, 3, "claimed", victim(3, {A: 167, B: 164})["claimed"]), f"{B} reckons 331"),
        (_set(B, 3, "claimed", victim(3, {A: 166, B: 166})["claimed"] | {"total": 331}), f"{B} reckons 331"),
        (_set(B, 3, "claimed", victim(3, {A: 331})["claimed"]), f"{B} reckons 331"),
        (_set(B, 3, "claimed", None), f"{B} reckons None"),
        (lambda told: told[B]["motor"]["papers"].pop(), f"{B} reckons from other papers"),
        (lambda told: told[B]["motor"]["papers"].append({"sha256": "s-driver"}), f"{B} reckons from other papers"),
    ],
)
def test_what_an_insurer_is_told_otherwise(change: Callable[[dict[str, Json]], None], says: str) -> None:
    wrong = told()
    change(wrong)
    result = found(wrong)
    assert not result.shared and any(fault.startswith(f"accident  {says}") for fault in result.faults), result.faults


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"posted": POSTED | {"s-rider": 2}}, "rider was handed in 2 times"),
        ({"posted": POSTED | {"s-rider": 0}}, "rider was handed in 0 times"),
        ({"held": HELD | {B: frozenset()}}, "rider is with"),
        ({"held": HELD | {B: HELD[A]}}, "driver is with"),
        ({"held": HELD | {"33333333": frozenset({"s-accident"})}}, "accident is with"),
    ],
)
def test_papers_handed_in_twice_or_astray(changes: dict[str, Any], says: str) -> None:
    result = found(told(), **changes)
    assert not result.shared and any(says in fault for fault in result.faults)


def test_one_company_of_both_cars_shares_with_nobody() -> None:
    right = found({A: told()[A]})
    assert right.faults == () and not right.shared
