"""The embedded host: runs the pipeline on the log in the database, in one process.

A decide step's input ids, changes, outputs and position are one transaction, so a crash anywhere repeats the turn whole
or not at all. A batch that raises is tried one by one; what still raises alone is poison and becomes a dead letter.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

import structlog
from sqlalchemy import Connection

from adapters.stores import inbox
from adapters.stores.database import Store, after_commit
from adapters.stores.dialect import lock, too_much, trouble
from adapters.streams.log import Log
from adapters.telemetry import spans
from schemas.events import Checked, Encoded, Expire, Message, Received, Refold, Verdict, View

T = TypeVar("T")

BATCH = (
    256  # messages a turn: a flush to disk and some thirty statements are little of it, and a door answers in a blink
)
BATCH_BYTES = 8 << 20  # of sealed bodies a turn

logger = structlog.get_logger()


class Step(Protocol):
    """A step's name, and the topics it reads."""

    name: str
    sources: tuple[str, ...]


class Handler(Step, Protocol):
    """A decide step's worker. `handle` is called inside a transaction and returns the step's outputs."""

    def handle(self, tx: Connection, messages: Sequence[Message], now: datetime) -> list[Message]: ...

    def dead(self, tx: Connection, message: Message, reason: str, now: datetime) -> list[Message]: ...


class Entrance(Protocol):
    """Where messages enter the log from outside it, and where what is on it is heard."""

    def append(self, work: Callable[[Connection], list[Message]]) -> None: ...

    def listen(self, listener: Callable[[Sequence[Message | Encoded]], None]) -> None: ...


class Host:
    """Runs steps over one database. `turn` is one batch of one step; `settle` turns until nothing is left."""

    def __init__(self, database: Store, log: Log, clock: Callable[[], datetime]) -> None:
        self.database, self.log, self._clock = database, log, clock
        self._listeners: list[Callable[[Sequence[Message | Encoded]], None]] = []
        self.writing = threading.Lock()

    def listen(self, listener: Callable[[Sequence[Message | Encoded]], None]) -> None:
        """`listener` is told of messages after they are durable, on the thread that wrote them."""
        self._listeners.append(listener)

    def append(self, work: Callable[[Connection], list[Message]]) -> None:
        """Runs `work` in a transaction, appends the messages that it returns, tells the listeners."""

        def entering(tx: Connection) -> list[Message]:
            messages = work(tx)
            self.log.append(tx, messages, self._clock())
            return messages

        self._tell(self._commit(entering))

    def turn(self, handler: Handler, limit: int = BATCH) -> int:
        """One batch of a decide step, of up to `limit` messages; the number of messages it took."""
        try:
            return self._decide(handler, limit)
        except Exception as error:
            if trouble(error) and not too_much(error):
                raise  # the database itself is in trouble: nobody's message is to blame
            # A poison message must not stop the others, nor many large ones each other: each is judged alone.
            logger.warning("batch failed, trying one by one", step=handler.name, error=type(error).__name__)
        return sum(self._alone(handler) for _ in range(limit))

    def settle(self, handlers: Sequence[Handler]) -> None:
        while any(self.turn(handler) for handler in handlers):
            pass

    def finish(
        self, step: Step, position: int, inputs: Sequence[Message], outputs: Sequence[Message | Encoded]
    ) -> None:
        """Commits a transform's outputs with its inputs' ids, and its position if that is further on.

        What another worker has committed already stays as it is: the outputs of an input bear the same ids.
        """
        now = self._clock()

        def work(tx: Connection) -> None:
            inbox.take(tx, step.name, inputs, now)
            self.log.append(tx, outputs, now)
            if self.log.cursor(tx, step.name) < position:
                self.log.advance(tx, step.name, position)

        self._commit(work)
        self._tell(outputs)

    def _commit(self, work: Callable[[Connection], T]) -> T:
        with self.writing:
            return self.database.commit(work)

    def _decide(self, handler: Handler, limit: int) -> int:
        """Reads, decides and commits up to `limit` messages in one transaction: a worker that slept through another's
        turn finds the position where that one left it."""
        now, begun = self._clock(), spans.now()

        def work(tx: Connection) -> tuple[int, list[Message], list[Message]]:
            rows = self._next(tx, handler, limit)
            if not rows:
                return 0, [], []
            fresh = inbox.take(tx, handler.name, [message for _, message in rows], now)
            outputs = handler.handle(tx, fresh, now) if fresh else []
            self.log.append(tx, outputs, now)
            self.log.advance(tx, handler.name, rows[-1][0])
            return len(rows), fresh, outputs

        taken, fresh, outputs = self._commit(work)
        note(handler, fresh, begun, outputs)
        self._tell(outputs)
        return taken

    def _next(self, tx: Connection, handler: Handler, limit: int) -> list[tuple[int, Message]]:
        """The next messages of a step, by count and by bytes; at least one when there is one. No other host has a turn at
        this step meanwhile."""
        lock(tx, [f"step:{handler.name}"])
        rows = self.log.read(tx, handler.sources, self.log.cursor(tx, handler.name), limit)
        size = 0
        for number, (_, message) in enumerate(rows):
            size += len(message.body)
            if size > BATCH_BYTES and number:
                return rows[:number]
        return rows

    def _alone(self, handler: Handler) -> int:
        """One message by itself; what raises even so becomes a dead letter."""
        try:
            return self._decide(handler, 1)
        except Exception as error:
            if trouble(error) and not too_much(error):
                raise
            # Whatever else it was, the message becomes a dead letter, not a lost one.
            reason, now, begun = type(error).__name__, self._clock(), spans.now()

        def work(tx: Connection) -> list[Message]:
            ((position, message),) = self._next(tx, handler, 1)
            with structlog.contextvars.bound_contextvars(**about(message)):
                logger.error("dead letter", step=handler.name, message=message.id, reason=reason)
            inbox.take(tx, handler.name, [message], now)
            outputs = handler.dead(tx, message, reason, now)
            self.log.append(tx, outputs, now)
            self.log.advance(tx, handler.name, position)
            after_commit(tx, lambda: spans.step(handler.name, [message], begun, outputs, reason))
            return outputs

        self._tell(self._commit(work))
        return 1

    def _tell(self, messages: Sequence[Message | Encoded]) -> None:
        for listener in self._listeners:
            listener(messages)


def note(step: Step, messages: Sequence[Message], begun: int, outputs: Sequence[Message | Encoded] = ()) -> None:
    """One line a message and step, under the record's id: a record can be followed through the log; and, where traces are
    wanted, as spans from `begun` until now."""
    for message in messages:
        logger.info(step.name, **about(message))
    spans.step(step.name, messages, begun, outputs)


def about(message: Message) -> dict[str, str]:
    """The record that a message is of; of a view, its case and insurer."""
    match message.event:
        case Received(record=record) | Checked(record=record) | Verdict(record=record):
            return {"record": record.id}
        case View(case=number, insurer=insurer):
            return {"case": number, "insurer": insurer}
        case Refold(records=records) | Expire(records=records):
            return {"record": ",".join(records[:1])}
    return {}
