"""How sure it is that an upload is what its issuer made: where it came from, who vouches for it."""

from enum import StrEnum

from schemas.shape import Shape


class Origin(StrEnum):
    ISSUER = "issuer"  # handed in by the unit that issued it
    PARTY = "party"  # handed in by anybody else: a party's copy, download or photograph


class State(StrEnum):
    """The strongest that is known; a denial stands above all."""

    ISSUED = "issued"  # the unit handed it in itself
    SIGNED = "signed"  # it bears the unit's signature, and that was checked
    MATCHED = "matched"  # the unit named its SHA-256, in a record of its own or in an answer
    UNVERIFIED = "unverified"
    DENIED = "denied"  # asked, the unit says that it never issued these bytes


class Answer(StrEnum):
    """What became of the question whether a paper is real."""

    ASKED = "asked"  # under way
    CONFIRMED = "confirmed"
    DENIED = "denied"
    UNKNOWN = "unknown"  # the unit cannot tell: it has no such case, or keeps no papers of that time
    REFUSED = "refused"  # the unit will not say
    NO_ANSWER = "no-answer"  # none that counts came by the deadline


class Integrity(Shape):
    """`signature`: valid or invalid by the unit's registered keys, None where the paper bears none. `answer` and `answered`
    (RFC 3339 UTC): the unit's own word, once there is one."""

    origin: Origin
    state: State
    signature: str | None = None
    answer: Answer | None = None
    answered: str | None = None
