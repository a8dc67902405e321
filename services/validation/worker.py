"""Validation's worker process: bytes in over a pipe, a `checked` event out. Everything here runs outside the parent."""

import multiprocessing
import os
import threading
from multiprocessing import connection

import structlog

from adapters.vault.packing import pack, unpack
from adapters.vault.sealing import CannotOpen
from schemas.events import Checked, Encoded, Message, Received
from schemas.ids import event_id
from schemas.records import Kind
from schemas.topics import CHECKED, CONTROLS
from services.validation.check import check
from services.validation.collecting import settle
from services.validation.finding import Child, Finding

GOVERNING = (Kind.REVIEW, Kind.WITHDRAWAL, Kind.PARTICIPANT)


def answer(received: Received, body: bytes) -> list[Message]:
    """The outputs for one record. Our own failure makes it `dead`; no input raises."""
    record = received.record
    with structlog.contextvars.bound_contextvars(record=record.id):
        try:
            finding, dead = check(record, body, received.metadata), None
        except Exception as error:  # noqa: BLE001 — a defect of ours is a dead letter, with its class and no text
            structlog.get_logger().error("validation failed", kind=record.kind, error=type(error).__name__)
            finding, dead = Finding((), None), type(error).__name__
    event = Checked(
        record=record,
        metadata=received.metadata,
        blob=received.blob,
        problems=finding.problems,
        content=finding.content,
        dead=dead,
    )
    return [_message(event, body), *(_of_child(child) for child in finding.children)]


def failed(received: Received, body: bytes, reason: str) -> Message:
    """The output for a record that could not be brought to `answer`: our own failure makes it `dead`."""
    record, metadata, blob = received.record, received.metadata, received.blob
    return _message(Checked(record=record, metadata=metadata, blob=blob, dead=reason), body)


def unopened(message: Message) -> Encoded:
    """The output for a record whose bytes are gone: erased since, or else our failure."""
    assert isinstance(message.event, Received)
    found = failed(message.event, message.body, CannotOpen.__name__)
    return Encoded(found.topic, found.key, found.id, found.head())


def _of_child(child: Child) -> Message:
    return _message(Checked(record=child.record, problems=child.problems, content=child.content), pack(child.body))


def _message(event: Checked, body: bytes) -> Message:
    record = event.record
    topic = CONTROLS if record.kind in GOVERNING else CHECKED
    key = record.target or record.sender
    return Message(
        topic.name, key, event_id(record.id, record.attempt, "validation"), event, b"" if event.blob else body
    )


def work(jobs: list[tuple[bytes, bytes]]) -> list[list[Encoded]]:
    """Runs in a pool: pairs of (received event as JSON, packed body); outputs in the same order.

    The body of the record itself is not sent back over the pipe: the parent has it.
    """
    return [encoded(Received.model_validate_json(event), packed) for event, packed in jobs]


def encoded(received: Received, packed: bytes) -> list[Encoded]:
    """`answer` as it is published, the first without the record's own body."""
    return [
        Encoded(one.topic, one.key, one.id, one.head(), b"" if number == 0 else one.body)
        for number, one in enumerate(answer(received, unpack(packed)))
    ]


def begin() -> None:
    """Called once in every worker. The models are loaded by this module's imports; a parent that is killed takes its
    workers with it (they hold both ends of their queue, so they would wait for ever)."""
    settle()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _follow(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
