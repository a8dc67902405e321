"""The embedded host: runs the pipeline on the SQLite log, in one process.

A decide step's input ids, changes, outputs and position are one transaction, so a crash anywhere repeats the turn whole
or not at all. A batch that raises is tried one by one; what still raises alone is poison and becomes a dead letter.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from adapters.stores.database import Database
from adapters.streams.log import Log
from schemas.events import Encoded, Message

BATCH = 64  # messages a turn: enough to share one flush to disk, few enough to answer a door in a blink
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


class Host:
    """Runs steps over one database. `turn` is one batch of one step; `settle` turns until nothing is left."""

    def __init__(self, database: Database, log: Log, clock: Callable[[], datetime]) -> None:
        self.database, self.log, self._clock = database, log, clock
        self._listeners: list[Callable[[Sequence[Message | Encoded]], None]] = []
        self.writing = threading.Lock()

    def listen(self, listener: Callable[[Sequence[Message | Encoded]], None]) -> None:
        """`listener` is told of messages after they are durable, on the thread that wrote them."""
        self._listeners.append(listener)

    def append(self, tx_work: Callable[[Connection], list[Message]]) -> None:
        """Runs `tx_work` in a transaction, appends the messages that it returns, tells the listeners."""
        with self.writing, self.database.write() as tx:
            messages = tx_work(tx)
            self.log.append(tx, messages, self._clock())
        self._tell(messages)

    def pending(self, handler: Handler) -> list[tuple[int, Message]]:
        """The next batch of a step, by count and by bytes; at least one message when there is one."""
        with self.database.read() as tx:
            rows = self.log.read(tx, handler.sources, self.log.cursor(tx, handler.name), BATCH)
        size = 0
        for number, (_, message) in enumerate(rows):
            size += len(message.body)
            if size > BATCH_BYTES and number:
                return rows[:number]
        return rows

    def turn(self, handler: Handler) -> int:
        """One batch of a decide step; the number of messages it took."""
        rows = self.pending(handler)
        if not rows:
            return 0
        try:
            self._decide(handler, rows)
        except OperationalError:
            raise  # the database itself is in trouble: nobody's message is to blame
        except Exception as error:  # noqa: BLE001 — a poison message must not stop the others; each is judged alone
            logger.warning("batch failed, trying one by one", step=handler.name, error=type(error).__name__)
            for row in rows:
                self._alone(handler, row)
        return len(rows)

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
        with self.writing, self.database.write() as tx:
            self.log.unseen(tx, step.name, inputs, now)
            self.log.append(tx, outputs, now)
            if self.log.cursor(tx, step.name) < position:
                self.log.advance(tx, step.name, position)
        self._tell(outputs)

    def _decide(self, handler: Handler, rows: Sequence[tuple[int, Message]]) -> None:
        now = self._clock()
        with self.writing, self.database.write() as tx:
            if self.log.cursor(tx, handler.name) >= rows[-1][0]:
                return  # another worker was faster
            fresh = self.log.unseen(tx, handler.name, [message for _, message in rows], now)
            outputs = handler.handle(tx, fresh, now) if fresh else []
            self.log.append(tx, outputs, now)
            self.log.advance(tx, handler.name, rows[-1][0])
        self._tell(outputs)

    def _alone(self, handler: Handler, row: tuple[int, Message]) -> None:
        try:
            self._decide(handler, [row])
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 — whatever it was, the message becomes a dead letter, not a lost one
            reason, now = type(error).__name__, self._clock()
            logger.error("dead letter", step=handler.name, message=row[1].id, reason=reason)
            with self.writing, self.database.write() as tx:
                self.log.unseen(tx, handler.name, [row[1]], now)
                outputs = handler.dead(tx, row[1], reason, now)
                self.log.append(tx, outputs, now)
                self.log.advance(tx, handler.name, row[0])
            self._tell(outputs)

    def _tell(self, messages: Sequence[Message | Encoded]) -> None:
        for listener in self._listeners:
            listener(messages)
