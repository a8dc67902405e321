"""The way of a record as spans of one trace, from the door to the offer. Nothing happens unless `start` found a collector.

The ids of the trace and of its root follow from the record's (`schemas.ids`): nothing travels beside an event, and whoever holds
a receipt finds the trace. A span holds ids, codes, kinds, outcomes and numbers, never anything that a sender wrote.
"""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from schemas.events import Checked, Encoded, Expire, Message, Received, Refold, Verdict, View
from schemas.records import Kind, Record

if TYPE_CHECKING:
    from adapters.telemetry.otlp import Emitter

Attributes = Mapping[str, str | int | Sequence[int]]
# OpenTelemetry's own variables, as its specification names them; all others of it are read by its SDK.
SWITCHES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")

_emitter: "Emitter | None" = None


def start(service: str) -> None:
    """Called once, by the process that serves; the SDK is loaded only where it is wanted. ValueError when a variable of it
    cannot be used."""
    global _emitter
    if any(os.environ.get(name) for name in SWITCHES):
        from adapters.telemetry.otlp import Emitter

        _emitter = Emitter(service)


def stop() -> None:
    """What still waits is sent, as far as the collector takes it at once."""
    if _emitter:
        _emitter.stop()


def on() -> bool:
    return _emitter is not None


def now() -> int:
    """When a piece of work begins, as spans have it: nanoseconds since 1970."""
    return time.time_ns()


def emit(name: str, records: Iterable[str], begun: int, attributes: Attributes, failed: str = "") -> None:
    """A span from `begun` until now in the trace of each of these records. `failed`: the class of the error that ended it."""
    if _emitter:
        for record in records:
            _emitter.emit(name, record, begun, attributes, failed=failed)


def door(record: Record, outcome: str | None, begun: int, first: bool) -> None:
    """The root of a record's trace, when it is `first` at the door; else a span beside the others."""
    if _emitter:
        told = {"claims.kind": record.kind.value, "claims.sender": record.sender, "claims.size": record.size}
        told |= {"claims.attempt": record.attempt} | ({"claims.outcome": outcome} if outcome else {})
        _emitter.emit("door", record.id, begun, told, root=first)


def step(
    name: str, messages: Sequence[Message], begun: int, outputs: Sequence[Message | Encoded] = (), failed: str = ""
) -> None:
    """What a step did with a batch. Views are left to the sequencer, which knows their numbers."""
    if not _emitter:
        return
    outcomes = {
        one.event.record.id: one.event.outcome.value
        for one in outputs
        if isinstance(one, Message) and isinstance(one.event, Verdict)
    }
    for message in messages:
        told: dict[str, str | int] = {"claims.batch": len(messages)}
        root, parent = False, None
        match message.event:
            case Received(record=record) | Checked(record=record) | Verdict(record=record):
                told |= {"claims.kind": record.kind.value, "claims.attempt": record.attempt, "claims.by": record.id}
                if outcome := outcomes.get(record.id):
                    told["claims.outcome"] = outcome
                # An accident of a file came through no door: where it is judged first its trace begins.
                parent = record.parent
                root = bool(parent) and record.attempt == 1 and isinstance(message.event, Checked)
        for id in _touched(message):
            _emitter.emit(name, id, begun, told, failed=failed, root=root, cause=parent)


def _touched(message: Message) -> tuple[str, ...]:
    """The records in whose traces a message shows."""
    match message.event:
        case Checked(record=record) if record.kind in (Kind.REVIEW, Kind.WITHDRAWAL) and record.target:
            return record.id, record.target
        case Received(record=record) | Checked(record=record):
            return (record.id,)
        case Verdict(record=record, targets=targets):
            return tuple(dict.fromkeys((record.id, *targets)))
        case Refold(records=records) | Expire(records=records):
            return records
        case View():
            return ()
    return ()
