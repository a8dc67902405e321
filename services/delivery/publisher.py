"""Publishes the feeds on the insurers' own topics: judged again, recorded, sealed to the insurer's key, in order of number.

A feed is published up to a number that is advanced once the brokers have acknowledged it: a crash between the two repeats
numbers, nothing skips or overtakes one. One publisher at a time has a feed, by a lock that nobody else takes: numbering and
pulling do not wait for the brokers.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

import structlog
from aiokafka.errors import KafkaError
from sqlalchemy import Connection

from adapters.stores import feeds, participants
from adapters.stores.dialect import lock, may_rest, try_lock, unhurried
from adapters.stores.postgres import PostgresDatabase
from adapters.streams.kafka import trouble
from adapters.streams.kafka_feeds import Sealed, binary
from adapters.streams.kafka_topics import Change, Topics
from adapters.vault.jwe import sealer_to
from schemas.records import Participant, Reads
from services.delivery.feed import Feed
from services.delivery.rights import may_read, owed, sealing_key

PAGE = 200  # numbers handed over and acknowledged together
REST = timedelta(seconds=10)  # of a feed that failed: each attempt takes the others' time
# A page is judged, sealed and acknowledged in less; a publisher that was stopped keeps its feed no longer.
HELD_SECONDS = 90

logger = structlog.get_logger()
Send = Callable[[str, list[Sealed]], None]


class Publisher:
    """`send` returns once the brokers have acknowledged all of it."""

    def __init__(
        self, database: PostgresDatabase, feed: Feed, topics: Topics, send: Send, clock: Callable[[], datetime]
    ) -> None:
        self._database, self._feed, self._topics, self._send, self._clock = database, feed, topics, send, clock
        self._granted: dict[str, bool] | None = None
        self._keyless: set[str] = set()
        self._failing: dict[str, datetime] = {}  # when it is tried again

    def turn(self) -> int:
        """Publishes a page of every feed that has more; how many numbers that were. Before it begins and before each page, the
        right to read is brought in line with who is admitted. For a thread that may wait."""
        insurers = self._look_at_rights()
        with self._database.read() as tx:
            waiting = [insurers[code] for code in feeds.unpublished(tx) if code in insurers]
        self._tell_of_keyless(waiting)
        numbers, now = 0, self._clock()
        for insurer in waiting:
            if sealing_key(insurer) and self._failing.get(insurer.code, now) <= now:
                numbers += self._try(insurer.code)
                self._look_at_rights()
        return numbers

    def _try(self, insurer: str) -> int:
        """A feed that cannot be read or sealed, or whose topic takes nothing, keeps no other waiting; it is said once, and tried
        again after a rest. KafkaException when the brokers as a whole cannot be reached: no feed is to blame for that."""
        try:
            numbers = self.publish(insurer)
        except Exception as error:
            if trouble(error) or type(error) is KafkaError:  # what aiokafka says when its own sender has ended
                raise
            if isinstance(error, KafkaError | TimeoutError):
                self._topics.reached()
            if insurer not in self._failing:
                logger.error("not published", insurer=insurer, error=type(error).__name__)
            self._failing[insurer] = self._clock() + REST
            return 0
        self._failing.pop(insurer, None)
        return numbers

    def publish(self, insurer: str) -> int:
        """A page of one feed; how many numbers it had; none while another publisher has it."""
        with self._database.write() as own:
            if not try_lock(own, f"publication:{insurer}"):
                return 0
            may_rest(own, HELD_SECONDS)
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

    def _look_at_rights(self) -> dict[str, Participant]:
        """The insurers by code, those who may read their topics being let to, and nobody else."""
        with self._database.read() as tx:
            insurers = participants.insurers(tx)
            differs = owed(insurers, participants.reading(tx))
        if differs or _rights(insurers) != self._granted:
            self._granted = None  # until it is done
            self._granted, _ = bring_rights(self._database, self._topics)
            logger.info("rights to read", insurers=len(self._granted), readers=sum(self._granted.values()))
        return {one.code: one for one in insurers}

    def _tell_of_keyless(self, waiting: list[Participant]) -> None:
        keyless = {one.code for one in waiting if may_read(one) and not sealing_key(one)}
        for code in sorted(keyless - self._keyless):
            logger.warning("no key registered: offers go by pull alone", insurer=code)
        self._keyless = keyless


def bring_rights(database: PostgresDatabase, topics: Topics) -> tuple[dict[str, bool], list[Change]]:
    """Makes the brokers let those insurers read who may; who that is, and what differed. One at a time, from what stands by then:
    a publisher that was slow gives nobody a right back.

    That one perhaps reads is noted before the brokers are told, what is so after they have been: a crash between the two leaves
    nobody with a right that the store does not know of. However slow the brokers are, PostgreSQL gives the lock to no other
    meanwhile; before each change it is held for certain, whatever became of the connection."""

    def readers(tx: Connection) -> dict[str, bool]:
        lock(tx, ["participants"])  # no suspension is judged meanwhile
        wanted = _rights(participants.insurers(tx))
        known = participants.reading(tx)
        fresh = [code for code, may in wanted.items() if may and known.get(code) != Reads.YES]
        participants.note_reading(tx, fresh, Reads.PERHAPS)
        return wanted

    def done(tx: Connection) -> None:
        for may, reads in ((True, Reads.YES), (False, Reads.NO)):
            participants.note_reading(tx, [code for code in wanted if wanted[code] is may], reads if asked else None)

    with database.write() as own:
        held = partial(lock, own, ["rights"])
        held()
        unhurried(own)
        wanted = database.commit(readers)
        changes = topics.apply(list(wanted), [code for code, may in wanted.items() if may], held)
        asked = topics.asks_who_reads()
        database.commit(done)
    return wanted, changes


def _rights(insurers: Iterable[Participant]) -> dict[str, bool]:
    return {one.code: may_read(one) for one in insurers}
