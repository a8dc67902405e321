"""What a step's inputs led to, sealed as it is published: an input delivered again publishes the same outputs again."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sqlalchemy import Connection, bindparam, delete, exists, select

from adapters.stores.dialect import among, insert, insert_all
from adapters.stores.tables import inbox, outbox

_KEEP = insert(outbox)
_OF = (
    select(outbox.c.input, outbox.c.topic, outbox.c.key, outbox.c.event, outbox.c.day, outbox.c.value)
    .where(outbox.c.step == bindparam("which"), among(outbox.c.input))
    .order_by(outbox.c.n)
)
_LEFT = select(outbox).where(outbox.c.step == bindparam("which")).order_by(outbox.c.input, outbox.c.n)
_PUBLISHED = delete(outbox).where(outbox.c.step == bindparam("which"), among(outbox.c.input))


class Output(Protocol):
    """A sealed message: `value` under the stream key of `day` (YYYY-MM-DD, UTC)."""

    @property
    def topic(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def day(self) -> str: ...
    @property
    def value(self) -> bytes: ...


def keep(tx: Connection, step: str, outputs: Mapping[str, Sequence[Output]]) -> None:
    """Keeps outputs under the ids of the inputs that are to publish them again; in the transaction that takes those inputs."""
    rows = [
        {
            "step": step,
            "input": input,
            "n": n,
            "topic": one.topic,
            "key": one.key,
            "event": one.event,
            "day": one.day,
            "value": one.value,
        }
        for input, some in outputs.items()
        for n, one in enumerate(some)
    ]
    insert_all(tx, _KEEP, rows)


def of(tx: Connection, step: str, inputs: Sequence[str]) -> list[Output]:
    """What is kept under these inputs' ids: in the order of the inputs, each one's as it was kept."""
    if not inputs:
        return []
    place = {input: position for position, input in enumerate(inputs)}
    rows = tx.execute(_OF, {"which": step, "given": list(place)}).all()
    return sorted(rows, key=lambda row: place[row.input])  # stable: `n` orders the outputs of one input


def drop(tx: Connection, before: str) -> None:
    """Removes the outputs of days (UTC) before this one (YYYY-MM-DD): their inputs are delivered no more."""
    tx.execute(delete(outbox).where(outbox.c.day < before))


def waiting(tx: Connection, before: str, steps: Sequence[str]) -> list[str]:
    """Those that are none of these steps and keep outputs of days (UTC) before this one (YYYY-MM-DD): nothing is delivered to
    them again, so what they keep may be on no log yet."""
    kept = select(outbox.c.step).where(outbox.c.day < before, outbox.c.step.not_in(list(steps))).distinct()
    return sorted(tx.execute(kept).scalars())


def left(tx: Connection, step: str) -> list[Output]:
    """Everything that is kept of a step, in the order of its inputs' ids: of one that has no inputs to be delivered again."""
    return list(tx.execute(_LEFT, {"which": step}).all())


def unread(tx: Connection, step: str, topics: Sequence[str]) -> list[Output]:
    """What is kept for these topics and the step that reads them has not taken."""
    taken = exists().where(inbox.c.step == step, inbox.c.event == outbox.c.event)
    return list(tx.execute(select(outbox).where(outbox.c.topic.in_(topics), ~taken)).all())


def published(tx: Connection, step: str, inputs: Sequence[str]) -> None:
    """Removes what is kept under these inputs: it is on the log, and no input will ask for it again."""
    if inputs:
        tx.execute(_PUBLISHED, {"which": step, "given": list(inputs)})
