"""Accidents that their insurers can settle from one set of papers: what each insurer is told, against the scenario's truth.

The interchange pays nothing and hears of no payment. Settled means here: every paper was handed in once and is with
each insurer that may have it; no insurer that owes a victim lacks a paper of hers; all reckon the same amounts and shares.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from services.sandbox.client import Client
from services.sandbox.motor_check import shares_of
from services.sandbox.player import Sent
from services.sandbox.truth import Truth

Json = dict[str, Any]
INJURY, PAYMENT = "injury", "payment"  # the claim whose papers are all there, and the clock that runs once they are


@dataclass(frozen=True)
class Part:
    """One insurer's of an accident, as it is told: papers that it holds, its share by victim (party → fraction), what that
    comes to (TWD), and the last day to pay (YYYY-MM-DD)."""

    insurer: str
    papers: int
    shares: Mapping[str, str]
    amount: int
    due: str


@dataclass(frozen=True)
class Settlement:
    """`papers`: of the accident that some insurer may have, each handed in once."""

    case: str
    papers: int
    parts: tuple[Part, ...]
    faults: tuple[str, ...]

    @property
    def shared(self) -> bool:
        return len(self.parts) > 1 and not self.faults


@dataclass(frozen=True)
class Whole:
    """An accident of which every paper is there: its police record's truth, that of all papers of it, and what its case
    tells each insurer that owes."""

    record: Truth
    papers: tuple[Truth, ...]
    case: str
    told: Mapping[str, Json]


async def settlements(
    client: Client, sent: Sequence[Sent], views: Mapping[str, Iterable[str]]
) -> tuple[Settlement, ...]:
    """Asks every insurer that owes for the case of each such accident, and compares."""
    truths = [truth for one in sent for truth in one.item.truths]
    wanted = [(one, truth) for one in sent for truth in one.item.truths if truth.claimed and one.record]
    posted = Counter(truth.sha256 for truth in truths)
    held = {insurer: frozenset(papers) for insurer, papers in views.items()}
    found = await asyncio.gather(*(_whole(client, one, truth, truths) for one, truth in wanted))
    return tuple(compare(one, posted, held) for one in found)


async def _whole(client: Client, one: Sent, record: Truth, truths: Iterable[Truth]) -> Whole:
    case = str((await client.verdict(one.item.sender, one.record or "")).get("case"))
    insurers = _insurers(record)
    answers = await asyncio.gather(*(client.get(insurer, f"/cases/{case}") for insurer in insurers))
    papers = tuple(truth for truth in truths if truth.case == record.case and truth.insurers)
    told = {insurer: answer.json() or {} for insurer, answer in zip(insurers, answers, strict=True)}
    return Whole(record, papers, case, told)


def _insurers(record: Truth) -> list[str]:
    return sorted({payer for owed in (record.owed or {}).values() for payer in owed})


def compare(whole: Whole, posted: Mapping[str, int], held: Mapping[str, frozenset[str]]) -> Settlement:
    """Pure. `posted`: how often the bytes of each SHA-256 were handed in; `held`: of each insurer the papers it holds."""
    faults = [f"{whole.record.file}  {why}" for why in _astray(whole.papers, posted, held)]
    parts = []
    for insurer, told in whole.told.items():
        lacking = list(_lacking(whole.record, insurer, told))
        mine = {truth.sha256 for truth in whole.papers if insurer in truth.insurers}
        if {paper["sha256"] for paper in told.get("motor", {}).get("papers", ())} != mine:
            lacking.append("reckons from other papers than those it may have")
        faults += [f"{whole.record.file}  {insurer} {why}" for why in lacking]
        if not lacking:
            parts.append(_part(whole.record, insurer, told, len(mine)))
    return Settlement(whole.case, len(whole.papers), tuple(parts), tuple(faults))


def _astray(papers: Iterable[Truth], posted: Mapping[str, int], held: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for truth in papers:
        if posted[truth.sha256] != 1:
            yield f"{truth.file} was handed in {posted[truth.sha256]} times"
        holders = {insurer for insurer, papers in held.items() if truth.sha256 in papers}
        if holders != set(truth.insurers):
            yield f"{truth.file} is with {sorted(holders)}, not {sorted(truth.insurers)}"


def _lacking(record: Truth, insurer: str, told: Json) -> Iterator[str]:
    """What keeps this insurer from settling, or differs from the truth."""
    if told.get("missing") != []:
        yield f"is told that {[one['kind'] for one in told.get('missing', ())]} are missing"
    victims = _victims(told)
    for party, shares in (record.owed or {}).items():
        if insurer not in shares:
            continue
        if (victim := victims.get(party)) is None:
            yield f"is told of no victim {party}"
            continue
        if shares_of(victim) != shares:
            yield f"is told {shares_of(victim)} of victim {party}, not {shares}"
        required = next((one["papers"] for one in victim["required"] if one["claim"] == INJURY), None)
        if absent := [paper["anyOf"][0]["kind"] for paper in required or () if not paper["present"]]:
            yield f"lacks {absent} of victim {party}"
        if not required or _due(victim) is None:
            yield f"has no day to pay victim {party} by"
        claimed, total = victim.get("claimed") or {}, (record.claimed or {})[party]
        parts = {one["payer"]: one["amount"] for one in claimed.get("parts") or ()}
        if claimed.get("total") != total or not _divides(parts, total, shares):
            yield f"reckons {claimed.get('total')} as {parts} for victim {party}, not {total} by {shares}"


def _divides(parts: Mapping[str, int], total: int, shares: Mapping[str, str]) -> bool:
    """Whether these are the shares of a total, to the dollar."""
    return (
        parts.keys() == shares.keys()
        and sum(parts.values()) == total
        and all(abs(parts[payer] - total * Fraction(share)) < 1 for payer, share in shares.items())
    )


def _victims(told: Json) -> dict[str, Json]:
    return {str(one["party"]): one for one in told.get("motor", {}).get("victims", ())}


def _due(victim: Json) -> str | None:
    return next((one["due"] for one in victim["clocks"] if one["clock"] == PAYMENT), None)


def _part(record: Truth, insurer: str, told: Json, papers: int) -> Part:
    """Of an insurer that lacks nothing and reckons as the truth does."""
    shares = {party: owed[insurer] for party, owed in (record.owed or {}).items() if insurer in owed}
    victims = [victim for party, victim in _victims(told).items() if party in shares]
    amounts = [one["amount"] for victim in victims for one in victim["claimed"]["parts"] if one["payer"] == insurer]
    return Part(insurer, papers, shares, sum(amounts), max(str(_due(victim)) for victim in victims))
