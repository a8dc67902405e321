"""Looks at the store for live page, metrics and readiness; however many watch, it looks no oftener than it can."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection

from adapters.stores import feeds, participants, records, verifications, watching, worklist
from adapters.streams.embedded import Handler
from adapters.streams.log import STREAM_KEY, Log
from adapters.vault.keys import Keys
from services.delivery.rights import owed, sealing_key
from services.pipeline import Step
from services.portal.live import MINUTE, NO_VERDICT, Figures, Progress, Recent, Tally, progress, stuck

T = TypeVar("T")
Read = Callable[[Callable[[Connection], T]], Awaitable[T]]

RECENT = 20  # verdicts that the live page lists
FRESH_SECONDS = 0.8  # the page asks every second: two pages share one look
SHARE = 20  # a look is rested on for so many times as long as it took: watching costs a twentieth of a core at most


def steps_of(handlers: Sequence[Handler], validation: Step) -> list[tuple[str, tuple[str, ...]]]:
    """Name and topics of every step that the host runs."""
    own = (validation.name, tuple(topic.name for topic in validation.sources))
    return [own, *((one.name, tuple(one.sources)) for one in handlers)]


class Watch:
    def __init__(
        self,
        log: Log,
        keys: Keys,
        steps: Sequence[tuple[str, tuple[str, ...]]],
        clock: Callable[[], datetime],
        publishes: bool,
    ) -> None:
        """`publishes`: whether feeds go to the insurers' own topics, too."""
        self._log, self._keys, self._steps, self._clock = log, keys, steps, clock
        self._publishes = publishes
        self._last: tuple[Figures, float] | None = None  # and until when (loop time) it is fresh
        self._looking = asyncio.Lock()
        self._progress: dict[str, Progress] = {}

    async def figures(self, read: Read[Any]) -> Figures:
        loop = asyncio.get_running_loop()
        async with self._looking:
            if self._last is None or loop.time() >= self._last[1]:
                begun = loop.time()
                found: Figures = await read(self._look)
                took = loop.time() - begun
                self._last = found, loop.time() + max(FRESH_SECONDS, SHARE * took)
            return self._last[0]

    async def names(self, read: Read[Any]) -> dict[str, str]:
        """Participants' names by code: companies, hospitals, units, never persons."""
        everyone = await read(participants.everyone)
        return {one.code: one.name for one in everyone}

    def stuck(self, tx: Connection, seconds: float) -> list[str]:
        """Steps that have something before them and have not moved between the looks of a minute."""
        now = {name: (self._log.cursor(tx, name), self._log.lag(tx, name, topics)) for name, topics in self._steps}
        self._progress = progress(self._progress, now, seconds)
        return stuck(self._progress, seconds)

    def _look(self, tx: Connection) -> Figures:
        now = self._clock()
        days = self._keys.names(STREAM_KEY)
        return Figures(
            at=now,
            tallies=tuple(
                Tally(row.sender, row.kind, row.outcome or NO_VERDICT, row.number) for row in watching.verdicts(tx)
            ),
            cases=watching.standing_cases(tx),
            worklist=len(worklist.questions(tx)),
            offers=feeds.totals(tx),
            published=_published(tx) if self._publishes else {},
            backlog=watching.backlogs(tx),
            lag={name: self._log.lag(tx, name, topics) for name, topics in self._steps},
            last_minute=watching.since(tx, records.stamp(now - timedelta(seconds=MINUTE))),
            recent=tuple(
                Recent(row.record, row.kind, row.sender, row.outcome, row.problems, row.judged_at)
                for row in watching.recent_verdicts(tx, RECENT)
            ),
            oldest_waiting=watching.oldest_waiting(tx),
            next_due=watching.next_due(tx),
            oldest_key=min(days).removeprefix(STREAM_KEY) if days else None,
            dead=watching.dead_by_step(tx),
            problems=watching.problems_by_code(tx),
            rights_owed=len(owed(participants.insurers(tx), participants.reading(tx))),
            questions=verifications.open_by_issuer(tx),
        )


def _published(tx: Connection) -> dict[str, int]:
    """Of those whose topic is to be published, from the first number on; whoever has no key, or no right, only pulls."""
    sealed = {one.code for one in participants.insurers(tx) if sealing_key(one)}
    return {code: number for code, number in feeds.all_published(tx).items() if code in sealed}
