"""Stands where the insurers stand: follows every feed while it grows, and remembers whatever was ever handed over."""

import asyncio
import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.records import Role
from services.sandbox.check import papers_now
from services.sandbox.client import Client

LONG_POLL = 20  # seconds
PAGE = 500  # events, the most that a page holds
FETCHES = 16  # papers fetched at once
OFFER, WITHDRAWN = "claims.offer", "claims.offer.withdrawn"


@dataclass
class Seen:
    """One insurer's feed as it was read. `papers`: SHA-256 → when an offer first held it, in seconds, monotonic."""

    insurer: str
    next: int = 0
    events: int = 0
    offers: int = 0
    withdrawals: int = 0
    faults: list[str] = field(default_factory=list)  # gaps, repeats, papers whose bytes do not fit
    papers: dict[str, float] = field(default_factory=dict)
    basis: dict[str, list[dict[str, str]]] = field(default_factory=dict)  # SHA-256 → the basis it first went under
    fetched: set[str] = field(default_factory=set)
    last_event: float = 0.0

    def handed(self) -> set[str]:
        """Every paper that was ever offered or fetched."""
        return self.papers.keys() | self.fetched


class Observer:
    """`run` follows until cancelled; `views` and `fetch` read what stands when all is quiet."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.seen = {one.code: Seen(one.code) for one in client.sandbox.of_role(Role.INSURER)}

    async def run(self) -> None:
        """Unreachable or BadFeed when a feed is not answered."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for insurer in self.seen:
                    tasks.create_task(self._follow(insurer))
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    async def _follow(self, insurer: str) -> None:
        while True:
            await self.read(insurer, LONG_POLL)

    async def read(self, insurer: str, wait: int) -> None:
        """One page after the last number."""
        seen = self.seen[insurer]
        page = await self._page(insurer, seen.next, wait)
        now = time.monotonic()
        for event in page["events"]:
            self._note(seen, event, now)
        seen.next = page["next"]

    def _note(self, seen: Seen, event: dict[str, Any], now: float) -> None:
        number = event["offernumber"]
        if number != seen.events + 1:
            seen.faults.append(f"number {number} follows {seen.events}")
        seen.events, seen.last_event = number, now
        if event["type"] == WITHDRAWN:
            seen.withdrawals += 1
            return
        seen.offers += 1
        for paper in event["data"].get("papers", ()):
            seen.papers.setdefault(paper["sha256"], now)
            seen.basis.setdefault(paper["sha256"], paper["basis"])

    @property
    def last_event(self) -> float:
        return max((one.last_event for one in self.seen.values()), default=0.0)

    async def views(self) -> dict[str, list[str]]:
        """Of each insurer the SHA-256 of the papers that it holds, each feed read again from its beginning."""
        return {insurer: papers_now(await self._whole(insurer)) for insurer in self.seen}

    async def _whole(self, insurer: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        after = 0
        while True:
            page = await self._page(insurer, after, 0)
            if page["next"] == after:
                return events
            events += page["events"]
            after = page["next"]

    async def fetch(self, views: Mapping[str, Iterable[str]]) -> None:
        """Fetches every paper that is held; notes those that are refused or whose bytes do not fit their hash."""
        slots = asyncio.Semaphore(FETCHES)

        async def one(insurer: str, sha256: str) -> None:
            async with slots:
                answer = await self._client.get(insurer, f"/insurers/{insurer}/papers/{sha256}")
            if answer.status == 200 and hashlib.sha256(answer.body).hexdigest() == sha256:
                self.seen[insurer].fetched.add(sha256)
            else:
                self.seen[insurer].faults.append(f"paper {sha256[:12]} answered {answer.status}")

        wanted = [(insurer, sha256) for insurer, held in views.items() for sha256 in sorted(set(held))]
        await asyncio.gather(*(one(insurer, sha256) for insurer, sha256 in wanted))

    def handed(self) -> dict[str, set[str]]:
        """Of each insurer every paper that was ever offered to it or fetched by it."""
        return {insurer: seen.handed() for insurer, seen in self.seen.items()}

    async def _page(self, insurer: str, after: int, wait: int) -> dict[str, Any]:
        answer = await self._client.get(insurer, f"/insurers/{insurer}/offers", after=after, limit=PAGE, wait=wait)
        if answer.status != 200:
            raise BadFeed(insurer, answer.status)
        page: dict[str, Any] = answer.json()
        return page


class BadFeed(Exception):
    """A feed was not answered with 200."""

    def __init__(self, insurer: str, status: int) -> None:
        super().__init__(f"the feed of {insurer} answered {status}")
