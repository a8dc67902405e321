"""Plays "is this paper real?" after a scenario: police units' servers on loopback, insurers who ask, owners who ask again."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.sandbox.client import Client, Post, Unreachable
from services.sandbox.participants import POLICE
from services.sandbox.player import Sent
from services.sandbox.police_unit import Fault, PoliceUnit
from services.sandbox.police_units import register, registered

PAPERS = 40  # of a long scenario the first: each is one question
POLL = 0.2
SECONDS = 60.0  # for all answers; a question that met a fault is asked again after two, four … seconds
# Every so many-th paper the unit never issued, cannot tell, will not say (beginning with the third).
EVERY_DENIED, EVERY_UNKNOWN, EVERY_REFUSED = 7, 11, 9
FAULTS = (Fault.DOWN, Fault.WRONG_KEY)  # what the first questions of a unit meet; they are put again
JSON = "application/json"


@dataclass(frozen=True)
class Verified:
    """`states`: how many questions ended so; `again`: those asked by a second, who was told at once; `requests`: what the
    units were asked, failed tries included; `seconds`: from question to answer, sorted; `faults`: what went otherwise."""

    states: Counter[str]
    again: int
    requests: int
    seconds: tuple[float, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True)
class _Paper:
    sha256: str
    issuer: str
    sender: str
    word: str  # what its unit will say
    holders: tuple[str, ...]


async def verify(client: Client, sent: Iterable[Sent], views: Mapping[str, Iterable[str]]) -> Verified:
    """`views`: of each insurer the SHA-256 of the papers that it holds."""
    papers = _papers(sent, views)
    async with _units(client, papers) as units:
        first = {paper: await _ask(client, paper, paper.holders[0]) for paper in papers}
        deadline = asyncio.get_running_loop().time() + SECONDS
        told = {paper: await _answered(client, paper, first[paper], deadline) for paper in papers}
        faults = [
            f"{paper.sha256[:12]} is {state['state']}, its unit says {paper.word}"
            for paper, state in told.items()
            if state["state"] != paper.word
        ]
        # Whoever asks later, another insurer or the owner, hears what the first was told.
        later = [(paper, asker) for paper in papers for asker in {paper.holders[-1], paper.sender} - {paper.holders[0]}]
        for paper, asker in later:
            if await _ask(client, paper, asker) != told[paper]:
                faults.append(f"{paper.sha256[:12]} was answered otherwise to who asked later")
        asked = [one["jti"] for unit in units for one in unit.asked]
    if len(asked) > len(set(asked)) + len(units) * len(FAULTS) or len(set(asked)) != len(papers):
        faults.append(f"{len(asked)} requests for {len(papers)} papers")
    return Verified(
        states=Counter(state["state"] for state in told.values()),
        again=len(later),
        requests=len(asked),
        seconds=tuple(sorted(_seconds(state) for state in told.values() if state["answered"])),
        faults=tuple(faults),
    )


def _papers(sent: Iterable[Sent], views: Mapping[str, Iterable[str]]) -> list[_Paper]:
    """Police papers that some insurer holds, in the order in which they were sent. Of an accident that is to be settled, for
    every paper of it is there, the unit denies none: its turn goes to the next."""
    sent = list(sent)
    whole = {truth.case for one in sent for truth in one.item.truths if truth.claimed}
    held = {insurer: set(papers) for insurer, papers in views.items()}
    units = [code for code, _ in POLICE]
    found: list[_Paper] = []
    for one in sent:
        sha256 = one.item.truths[0].sha256 if one.item.truths else ""
        holders = tuple(sorted(insurer for insurer, papers in held.items() if sha256 in papers))
        if one.item.path != "/papers" or one.item.metadata is None or not holders or len(found) == PAPERS:
            continue
        if (issuer := one.item.metadata["issuer"]) in units:
            count = len(found) + 1
            denied = sum(one.word == "denied" for one in found)
            if count // EVERY_DENIED > denied and one.item.truths[0].case not in whole:
                word = "denied"
            elif not count % EVERY_UNKNOWN:
                word = "unknown"
            else:
                word = "refused" if count % EVERY_REFUSED == 3 else "confirmed"
            # A unit that hands its paper in itself asks nobody; for the owner asks who sent it.
            owner = one.item.sender if one.item.sender not in units else holders[0]
            found.append(_Paper(sha256, issuer, owner, word, holders))
    return found


@asynccontextmanager
async def _units(client: Client, papers: Iterable[_Paper]) -> AsyncIterator[list[PoliceUnit]]:
    """The servers of the units that issued these papers, registered; afterwards the doors that were there before are again."""

    async def keys() -> dict[str, Any]:
        return (await client.get(None, "/.well-known/jwks.json")).json()  # type: ignore[no-any-return]

    before: dict[str, dict[str, Any]] = {}
    units = [PoliceUnit(code, keys) for code in sorted({paper.issuer for paper in papers})]
    serving = [asyncio.create_task(unit.serve()) for unit in units]
    try:
        for unit in units:
            for paper in papers:
                if paper.issuer == unit.code and paper.word != "unknown":
                    unit.knows([paper.sha256], paper.word)
            unit.faults = [*FAULTS, Fault.LATE]  # a late answer counts
            before[unit.code] = await registered(client, unit.code)
            own = {"keys": [unit.public_key], "endpoints": [unit.url]}
            await register(client, unit.code, before[unit.code] | own)
        yield units
        for code, body in before.items():
            await register(client, code, body)
    finally:
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def _ask(client: Client, paper: _Paper, asker: str) -> dict[str, Any]:
    body = {"id": f"{asker}-{paper.sha256[:16]}", "paper": paper.sha256, "issuer": paper.issuer}
    answer = await client.send(Post(asker, "POST", "/papers/verifications", json.dumps(body).encode(), JSON))
    told: dict[str, Any] = answer.json() or {}
    if answer.status not in (200, 202):
        raise Unreachable(f"A question was answered with {answer.status}.")
    return told


async def _answered(client: Client, paper: _Paper, state: dict[str, Any], deadline: float) -> dict[str, Any]:
    """The question once it is over, or as it stands when time is."""
    while state["answered"] is None and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(POLL)
        state = (await client.get(paper.holders[0], f"/papers/verifications/{state['verification']}")).json()
    return state


def _seconds(state: Mapping[str, Any]) -> float:
    asked, answered = (datetime.fromisoformat(state[name]) for name in ("asked", "answered"))
    return (answered - asked).total_seconds()
