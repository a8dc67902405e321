"""Plays a scenario through the doors of a running system: in order, many cases abreast, of each case one at a time."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from services.sandbox.client import Answer, Client, Post, judged
from services.sandbox.scenario import Item

ABREAST = 16  # requests in flight: enough to fill both validation workers, far below a participant's rate
LATER, REFUSED = "later", "refused"  # beside the verdicts: not judged yet; refused without a record
CSV = "text/csv"
POLL = 0.2  # seconds between two looks at a verdict that comes later


@dataclass(frozen=True)
class Sent:
    """What became of an item. `outcome`: a verdict, `later` or `refused`; times in seconds, monotonic.

    `rows` of a CSV: the verdict of each accident by the line of its first row.
    """

    item: Item
    status: int
    outcome: str
    record: str | None
    started: float
    ended: float
    rows: Mapping[int, str] = field(default_factory=dict)

    def verdicts(self) -> dict[str, str]:
        """Outcome by file, and by `file#line`; only of what was judged."""
        told = {self.item.file: self.outcome} | {f"{self.item.file}#{line}": one for line, one in self.rows.items()}
        return {file: outcome for file, outcome in told.items() if outcome not in (LATER, REFUSED)}


class Player:
    """`told` hears of every item as soon as it is answered."""

    def __init__(self, client: Client, told: Callable[[Sent], None], abreast: int = ABREAST) -> None:
        self._client, self._told = client, told
        self._slots = asyncio.Semaphore(abreast)
        self._sent: dict[int, asyncio.Task[Sent]] = {}

    async def play(self, items: Iterable[Item]) -> list[Sent]:
        """Sends everything; items are drawn as they are sent, so a scenario of any length fits. Unreachable when the
        system stops answering."""
        lanes: dict[str, asyncio.Task[Sent]] = {}
        try:
            async with asyncio.TaskGroup() as tasks:
                for item in items:
                    await self._slots.acquire()
                    lane = str(PurePosixPath(item.file).parent)
                    lanes[lane] = self._sent[item.n] = tasks.create_task(self._send(item, lanes.get(lane)))
        except ExceptionGroup as group:
            raise group.exceptions[0] from None  # one sender that is not answered stands for all
        return [task.result() for task in self._sent.values()]

    async def _send(self, item: Item, before: "asyncio.Task[Sent] | None") -> Sent:
        try:
            if before:
                await before
            target = await self._sent[item.of] if item.of else None
            sent = await self._answer(item, target.record if target else None)
        finally:
            self._slots.release()
        sent = replace(sent, item=replace(item, body=b""))  # the bytes are sent; a long scenario must not pile up
        self._told(sent)
        return sent

    async def _answer(self, item: Item, target: str | None) -> Sent:
        if item.of and not target:
            return Sent(item, 0, REFUSED, None, 0.0, 0.0)  # what it names made no record
        answer = await judged(
            self._client,
            Post(
                item.sender,
                item.method,
                item.path.replace("{id}", target or ""),
                item.body,
                item.content_type if item.body else None,
                item.metadata,
                PurePosixPath(item.file).name,
            ),
        )
        outcome = await outcome_of(self._client, item.sender, answer)
        rows = rows_of(answer.json()) if item.content_type == CSV else {}
        return Sent(item, answer.status, outcome, answer.record, answer.started, answer.ended, rows)


def accidents_of(answer: Any) -> list[dict[str, Any]]:
    """The lines of a CSV's answer (contract, "Police CSV"); a refused file has them among its problem details."""
    if isinstance(answer, dict):
        answer = answer.get("accidents")
    return answer if isinstance(answer, list) else []


def rows_of(answer: Any) -> dict[int, str]:
    """The verdict of each accident of a CSV by the first of its lines."""
    return {row["lines"][0]: row["verdict"] for row in accidents_of(answer) if row["verdict"]}


async def outcome_of(client: Client, sender: str, answer: Answer) -> str:
    """The verdict that an answer tells, asked for where its status leaves it open."""
    if answer.record is None:
        return REFUSED
    if answer.status == 201:
        return "accepted"
    if answer.status in (403, 409, 422):
        return "rejected"
    told = await client.verdict(sender, answer.record)
    return told.get("verdict") or LATER


async def settle(client: Client, sent: list[Sent], seconds: float) -> list[Sent]:
    """The same with the verdicts that came later; those that did not come in time stay `later`."""

    async def wait(one: Sent) -> Sent:
        while one.record and one.outcome == LATER:
            told = await client.verdict(one.item.sender, one.record)
            if told.get("verdict"):
                return replace(one, outcome=told["verdict"])
            await asyncio.sleep(POLL)
        return one

    waiting = {place: asyncio.create_task(wait(one)) for place, one in enumerate(sent) if one.outcome == LATER}
    if waiting:
        await asyncio.wait(waiting.values(), timeout=seconds)
    settled = list(sent)
    for place, task in waiting.items():
        if task.done():
            settled[place] = task.result()
        else:
            task.cancel()
    return settled
