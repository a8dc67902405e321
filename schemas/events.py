"""What travels between the steps: a closed union, and the message that carries one of them.

The bytes of a record travel beside its event in the same sealed value; those of a large one rest in a sealed blob.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from schemas.evidence import Content, Cover, DataClass
from schemas.integrity import Integrity
from schemas.problems import Problem
from schemas.records import Outcome, Record
from schemas.shape import Shape


class Received(Shape):
    """A door took a record in. `metadata` is the metadata part of an upload, verbatim."""

    type: Literal["received"] = "received"
    record: Record
    metadata: str | None = None
    blob: str | None = None  # the sealed file that holds the bytes of a large record


class Checked(Shape):
    """Validation's answer: every problem, and the view when there is no error."""

    type: Literal["checked"] = "checked"
    record: Record
    metadata: str | None = None
    blob: str | None = None
    problems: tuple[Problem, ...] = ()
    # No value is of two of these shapes: the first that takes it is meant, and to try all of them costs six times as much.
    content: Content | None = Field(default=None, union_mode="left_to_right")
    dead: str | None = None  # our own failure: the class of the exception, no text of it


class Verdict(Shape):
    """The outcome of an attempt. `evidence`: whether the set of current records may have changed."""

    type: Literal["verdict"] = "verdict"
    record: Record
    outcome: Outcome
    problems: tuple[Problem, ...] = ()
    original: str | None = None  # the record a duplicate repeats
    targets: tuple[str, ...] = ()  # further records whose cases must be folded again


class Refold(Shape):
    """Something other than a new record touched these records: a due date, a judgement, an admission."""

    type: Literal["refold"] = "refold"
    records: tuple[str, ...]
    why: str


class Expire(Shape):
    """The retention of these records has ended: they go, each with all versions of its document."""

    type: Literal["expire"] = "expire"
    records: tuple[str, ...]


class Paper(Shape):
    """A paper as offered. `basis`: per person, what lets it go (an authorisation's record id, a mandate, a law-table line)."""

    record: str
    lineage: str
    sha256: str
    kind: str
    persons: tuple[str, ...]
    classes: tuple[DataClass, ...]
    media_type: str
    size: int
    basis: tuple[tuple[str, str], ...] = ()  # (person or "", basis)
    integrity: Integrity | None = None


class View(Shape):
    """The hub's unnumbered view of a case for one insurer, to be judged again when numbered.

    `version` counts the views of (insurer, case); the sequencer drops all but the latest. `allowed` are the lineages the
    insurer may be given now, shown or standing behind a better copy: what was numbered and is no longer among them is
    taken back. `merged` names the case that this one went into.
    """

    type: Literal["view"] = "view"
    insurer: str
    case: str
    version: int
    covers: tuple[Cover, ...] = ()
    facts: dict[str, object] = Field(default_factory=dict)
    papers: tuple[Paper, ...] = ()
    missing: tuple[dict[str, str], ...] = ()
    notice: bool = False
    single: tuple[tuple[str, str], ...] = ()  # single uses: lineages of (authorisation, paper)
    allowed: tuple[str, ...] = ()
    merged: str | None = None


Event = Annotated[Received | Checked | Verdict | Refold | Expire | View, Field(discriminator="type")]
_EVENT: TypeAdapter[Received | Checked | Verdict | Refold | Expire | View] = TypeAdapter(Event)


@dataclass(frozen=True)
class Message:
    """An event on its way: `id` is derived from its input, so that the same input gives the same message.

    `body` holds the record's bytes packed (adapters/vault/packing.py), as every place that rests them does.
    """

    topic: str
    key: str
    id: str
    event: Received | Checked | Verdict | Refold | Expire | View
    body: bytes = b""

    def head(self) -> bytes:
        """Length of the event (4 bytes, big endian) and the event as JSON; the type stands though it is a default."""
        event = self.event.model_dump_json(exclude_defaults=True).encode()
        event = b'{"type":"%s",' % self.event.type.encode() + event[1:]
        return len(event).to_bytes(4, "big") + event

    def value(self) -> bytes:
        """What the log seals: the head, then the body."""
        return self.head() + self.body

    @classmethod
    def read(cls, topic: str, key: str, id: str, value: bytes) -> "Message":
        end = 4 + int.from_bytes(value[:4], "big")
        return cls(topic, key, id, _EVENT.validate_json(value[4:end]), value[end:])


@dataclass(frozen=True)
class Encoded:
    """A message whose head a worker process has written already, so that the parent need not parse it to pass it on."""

    topic: str
    key: str
    id: str
    encoded: bytes
    body: bytes = b""

    def value(self) -> bytes:
        return self.encoded + self.body
