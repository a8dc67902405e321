"""What the motor cases of a run tell of how vehicles stood and who owes whom, against the truth of its scenario."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.records import FUND
from services.sandbox.client import Client
from services.sandbox.player import Sent
from services.sandbox.truth import Truth

Json = dict[str, Any]


@dataclass(frozen=True)
class MotorCases:
    """`accidents` told as the truth has them, `victims` in them; of these owed by the fund, or by several who pay; `fund`: how
    the vehicles stood for which it owes them; `shared`: police records that several insurers hold, each sent once;
    `faults`: sentences."""

    accidents: int
    victims: int
    by_fund: int
    fund: Counter[str]
    by_several: int
    shared: int
    disputes: int
    faults: tuple[str, ...]


async def look(client: Client, operator: str, sent: Sequence[Sent], views: Mapping[str, Iterable[str]]) -> MotorCases:
    """Asks for the case of every police record that a case must show, and compares."""
    wanted = [(one, truth) for one in sent for truth in one.item.truths if truth.owed and one.record]
    told = await asyncio.gather(*(_motor(client, operator, one) for one, _ in wanted))
    return compare([(truth, motor) for (_, truth), motor in zip(wanted, told, strict=True)], views)


async def _motor(client: Client, operator: str, one: Sent) -> Json:
    """The motor object of the record's case; {} where there is none."""
    known = await client.verdict(one.item.sender, one.record or "")
    answer = await client.get(operator, f"/cases/{known.get('case')}")
    return (answer.json() or {}).get("motor", {}) if answer.status == 200 else {}


def compare(told: Iterable[tuple[Truth, Json]], views: Mapping[str, Iterable[str]]) -> MotorCases:
    """Pure. `told`: the truth of each police record, and what its case says."""
    faults: list[str] = []
    right: list[dict[str, str]] = []
    fund: Counter[str] = Counter()
    accidents = shared = disputes = 0
    for truth, motor in told:
        owed = {str(one["party"]): shares_of(one) for one in motor.get("victims", ())}
        if owed != truth.owed:
            faults.append(f"{truth.file}  owed {owed}, not {truth.owed}")
            continue
        stood = {str(one["party"]): one["insured"] for one in motor["vehicles"]}
        if stood != truth.stood:
            faults.append(f"{truth.file}  vehicles are {stood}, not {truth.stood}")
            continue
        for victim in motor["victims"]:
            debtors = (victim["owed"] or {}).get("debtors", ())
            fund.update({stood[str(one["party"])] for one in debtors if one["payer"] == FUND})
        accidents += 1
        right += owed.values()
        shared += sum(truth.sha256 in set(held) for held in views.values()) > 1
        disputes += len(motor["disputes"])
    return MotorCases(
        accidents=accidents,
        victims=len(right),
        by_fund=sum(FUND in one for one in right),
        fund=fund,
        by_several=sum(len(one) > 1 for one in right),
        shared=shared,
        disputes=disputes,
        faults=tuple(faults),
    )


def shares_of(victim: Json) -> dict[str, str]:
    """Who owes this victim, and which share."""
    owed = victim["owed"] or {}
    return {one["payer"]: one["share"] for one in owed.get("shares") or ()}
