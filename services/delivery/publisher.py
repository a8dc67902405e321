"""Publishes the feeds on the insurers' own topics: judged again, recorded, sealed to the insurer's key, in order of number.

A feed is published up to a number that is advanced once the brokers have acknowledged it: a crash between the two repeats
numbers, nothing skips or overtakes one. One publisher at a time has a feed, by a lock that nobody else takes: numbering and
pulling do not wait for the brokers.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from aiokafka.errors import KafkaError
from sqlalchemy import Connection

from adapters.stores import feeds, participants
from adapters.stores.dialect import lock
from adapters.stores.postgres import PostgresDatabase
from adapters.streams.kafka import trouble
from adapters.streams.kafka_feeds import Sealed, binary
from adapters.vault.jwe import sealer_to
from schemas.records import Participant, Role, Status
from services.delivery.feed import Feed

PAGE = 200  # numbers handed over and acknowledged together

logger = structlog.get_logger()
Grant = Callable[[list[str], list[str]], object]
Send = Callable[[str, list[Sealed]], None]


class Publisher:
    """`grant` makes the topics of all insurers and lets those of the second list alone read theirs; `send` returns once the
    brokers have acknowledged all of it."""

    def __init__(
        self, database: PostgresDatabase, feed: Feed, grant: Grant, send: Send, clock: Callable[[], datetime]
    ) -> None:
        self._database, self._feed, self._grant, self._send, self._clock = database, feed, grant, send, clock
        self._granted: dict[str, bool] | None = None
        self._keyless: set[str] = set()
        self._failing: set[str] = set()

    def turn(self) -> int:
        """Brings the right to read in line with who is admitted, then publishes a page of every feed that has more; how many
        numbers that were. For a thread that may wait."""
        with self._database.read() as tx:
            insurers = {one.code: one for one in participants.insurers(tx)}
            waiting = feeds.unpublished(tx)
        if _rights(insurers) != self._granted:
            self._bring_rights()
        self._tell_of_keyless([insurers[code] for code in waiting if code in insurers])
        return sum(self._try(code) for code in waiting if code in insurers and sealing_key(insurers[code]))

    def _try(self, insurer: str) -> int:
        """A feed that cannot be read or sealed keeps no other waiting; it is tried again at every turn, and said once."""
        try:
            numbers = self.publish(insurer)
        except Exception as error:
            if trouble(error) or isinstance(error, KafkaError | TimeoutError):
                raise
            if insurer not in self._failing:
                logger.error("not published", insurer=insurer, error=type(error).__name__)
                self._failing.add(insurer)
            return 0
        self._failing.discard(insurer)
        return numbers

    def publish(self, insurer: str) -> int:
        """A page of one feed; how many numbers it had."""
        with self._database.write() as own:
            lock(own, [f"publication:{insurer}"])
            before = feeds.published(own, insurer)
            # A transaction of its own: the hand-over is recorded before the bytes leave, whatever then becomes of this one.
            key, events = self._database.commit(lambda tx: self._handed(tx, insurer, before))
            if key is None or not events:
                return 0
            seal = sealer_to(key)
            self._send(insurer, [binary(event, seal) for event in events])
            feeds.set_published(own, insurer, before + len(events))  # a feed has no gaps
        logger.info("published", insurer=insurer, after=before, numbers=len(events), kid=key["kid"])
        return len(events)

    def _handed(
        self, tx: Connection, insurer: str, after: int
    ) -> tuple[dict[str, str] | None, list[dict[str, object]]]:
        """As a pull would be answered now, and the key to seal it to. While it judges, no suspension is answered."""
        lock(tx, [f"participant:{insurer}"])
        found = participants.get(tx, insurer)
        key = sealing_key(found) if found else None
        return key, self._feed.page(tx, insurer, after, PAGE, self._clock()) if key else []

    def _bring_rights(self) -> None:
        """One at a time, from what stands by then: a publisher that was slow gives nobody a right back."""
        with self._database.write() as own:
            lock(own, ["rights"])
            wanted = _rights({one.code: one for one in participants.insurers(own)})
            self._grant(list(wanted), [code for code, may in wanted.items() if may])
        self._granted = wanted
        logger.info("rights to read", insurers=len(wanted), readers=sum(wanted.values()))

    def _tell_of_keyless(self, waiting: list[Participant]) -> None:
        keyless = {one.code for one in waiting if may_read(one) and not sealing_key(one)}
        for code in sorted(keyless - self._keyless):
            logger.warning("no key registered: offers go by pull alone", insurer=code)
        self._keyless = keyless


def sealing_key(insurer: Participant) -> dict[str, str] | None:
    """The key that values for this insurer are sealed to now; None: nothing may be published."""
    keys = (one for one in insurer.keys if one.get("use") != "sig")
    return next(keys, None) if may_read(insurer) else None


def may_read(insurer: Participant) -> bool:
    """Its own topic, with its own credentials."""
    return insurer.status == Status.ADMITTED and Role.INSURER in insurer.roles


def _rights(insurers: dict[str, Participant]) -> dict[str, bool]:
    return {code: may_read(one) for code, one in sorted(insurers.items())}
