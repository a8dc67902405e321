"""The log after its store was put back: what was received since comes in once more, everything later is made anew.

Validation reads `received` again from some time on. Every other step goes to the end of its topics: what lies there is of
the days that were lost, and an event of theirs that was taken first would keep out the new one of the same id.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError, IllegalGenerationError, UnknownMemberIdError

from adapters.streams.kafka import Broker, Sealer
from adapters.vault.sealing import CannotOpen
from schemas.events import Message
from schemas.topics import RECEIVED, TOPICS

POLL_MS = 1_000


class StillRuns(Exception):
    """A service reads its topics: nothing may, while its place on them is changed."""


class Rewind:
    def __init__(self, broker: Broker, sealer: Sealer, since: datetime) -> None:
        self._broker, self._sealer, self._since = broker, sealer, since
        self._start: dict[TopicPartition, int] = {}  # from where validation reads again
        self.unread = 0  # messages whose keys are gone

    async def received(self, enter: Callable[[Sequence[Message]], None]) -> None:
        """Hands over what was received since the time and can be opened, a page at a time."""
        consumer = self._broker.consumer(None)
        await consumer.start()
        try:
            places = await self._places([RECEIVED.name])
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
            message = self._sealer.open(record)
        except (CannotOpen, KeyError, ValueError):
            self.unread += 1
            return None
        self._start[place] = min(self._start[place], record.offset)
        return message

    async def set(self, steps: Sequence[tuple[str, Sequence[str]]]) -> None:
        """`steps`: name and topics of each. After `received`; StillRuns when a service is there."""
        for name, topics in steps:
            consumer = self._broker.consumer(self._broker.group(name))
            await consumer.start()
            try:
                places = await self._places(topics)
                consumer.assign(places)
                ends = await consumer.end_offsets(places)
                await consumer.commit({place: self._start.get(place, ends[place]) for place in places})
            except (CommitFailedError, UnknownMemberIdError, IllegalGenerationError) as error:
                raise StillRuns(name) from error
            finally:
                await consumer.stop()

    async def _places(self, topics: Sequence[str]) -> list[TopicPartition]:
        admin = AIOKafkaAdminClient(**self._broker.client())
        await admin.start()
        try:
            told = await admin.describe_topics(
                [topic.on_broker(self._broker.space) for topic in TOPICS if topic.name in topics]
            )
        finally:
            await admin.close()
        return [TopicPartition(one["topic"], part["partition"]) for one in told for part in one["partitions"]]
