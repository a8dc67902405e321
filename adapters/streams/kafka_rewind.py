"""The log after its store was put back: what was received since comes in once more, everything later is made anew.

Validation reads `received` again from some time on, the hub `due`. Of the other topics every step goes to the end: what lies
there is of the days that were lost, and an event of theirs that was taken first would keep out the new one of the same id.
What a step had yet to read of them when the backup was made is in its outbox, and is published again.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalGenerationError, UnknownMemberIdError

from adapters.stores.outbox import Output
from adapters.streams.kafka import Broker, Sealer, places_of, publishing, trouble
from schemas.events import Checked, Message, Verdict
from schemas.topics import DUE, RECEIVED

POLL_MS = 1_000

Steps = Sequence[tuple[str, Sequence[str]]]  # name and topics of each
Offsets = Callable[[AIOKafkaConsumer, Sequence[TopicPartition]], Awaitable[dict[TopicPartition, int]]]


class StillRuns(Exception):
    """A service reads its topics: nothing may, while its place on them is changed."""


async def check(broker: Broker, steps: Steps) -> None:
    """Before anything is changed: kafka.NoTopics, StillRuns."""

    async def as_they_stand(consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {place: await consumer.committed(place) or 0 for place in places}

    await _commit(broker, steps, as_they_stand)


class Rewind:
    def __init__(self, broker: Broker, sealer: Sealer, since: datetime) -> None:
        self._broker, self._sealer, self._since = broker, sealer, since
        self._start: dict[TopicPartition, int] = {}  # from where `received` and `due` are read again
        self.unread = 0  # messages whose keys are gone, or that none of us wrote

    async def received(self, enter: Callable[[Sequence[Message]], None]) -> None:
        """Hands over what was received or fell due since the time and can be opened, a page at a time."""
        consumer = self._broker.consumer(None)
        await consumer.start()
        try:
            places = await places_of(self._broker, [RECEIVED.name, DUE.name])
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            times = {place: int(self._since.timestamp() * 1000) for place in places}
            for place, found in (await consumer.offsets_for_times(times)).items():
                self._start[place] = ends[place]
                consumer.seek(place, found.offset if found else ends[place])
            while any([await consumer.position(place) < ends[place] for place in places]):
                for place, taken in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                    enter([message for one in taken if (message := self._open(place, one))])
        finally:
            await consumer.stop()

    def _open(self, place: TopicPartition, record) -> Message | None:  # type: ignore[no-untyped-def]
        try:
            message = self._sealer.take(record)
        except Exception as error:
            if trouble(error):
                raise
            # Anybody's bytes may lie there: as for a step, no record of the log stops what comes after it.
            self.unread += 1
            return None
        self._start[place] = min(self._start[place], record.offset)
        return message

    async def set(self, steps: Steps) -> None:
        """After `received`; StillRuns when a service is there."""

        async def anew(consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
            ends = await consumer.end_offsets(places)
            return {place: self._start.get(place, ends[place]) for place in places}

        await _commit(self._broker, steps, anew)

    async def publish(self, rows: Sequence[Output], now: datetime) -> None:
        """What no step has read yet, in the order of its reception. After `set`."""
        messages = [self._sealer.read(row) for row in rows]
        async with publishing(self._broker) as publisher:
            await publisher.publish(self._sealer.seal(sorted(messages, key=_order), now))


def _order(message: Message) -> tuple[str, int]:
    event = message.event
    return (event.record.received, event.record.attempt) if isinstance(event, Checked | Verdict) else ("", 0)


async def _commit(broker: Broker, steps: Steps, offsets: Offsets) -> None:
    for name, topics in steps:
        places = await places_of(broker, topics)
        consumer = broker.consumer(broker.group(name))
        await consumer.start()
        try:
            consumer.assign(places)
            await consumer.commit(await offsets(consumer, places))
        except (CommitFailedError, UnknownMemberIdError, IllegalGenerationError) as error:
            raise StillRuns(name) from error
        finally:
            await consumer.stop()
