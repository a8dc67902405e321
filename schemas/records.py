"""Records, participants and verdicts: the words of the doors."""

from enum import IntEnum, StrEnum

from schemas.shape import Shape


class Kind(StrEnum):
    """What a record is. The first seven are evidence or carry it; the rest govern."""

    DOCUMENT = "document"  # a FHIR document bundle
    ACCIDENT = "accident"  # one accident, from police JSON or a row group of an open-data file
    ACCIDENT_FILE = "accident-file"  # an open-data CSV as sent; its accidents are records of their own
    PAPER = "paper"  # an upload
    APPLICATION = "application"
    DISPUTE = "dispute"  # a party's, of what was found of the fault
    AUTHORISATION = "authorisation"
    MANDATE = "mandate"  # the authorisation to act for another
    REVIEW = "review"
    WITHDRAWAL = "withdrawal"  # DELETE of an authorisation or a mandate
    JUDGEMENT = "judgement"
    PARTICIPANT = "participant"


REVIEWED = (Kind.AUTHORISATION, Kind.MANDATE)  # given by a person: hold once an operator has approved them


# The participant code of the special compensation fund (財團法人汽車交通事故特別補償基金, G0390060 art. 38), where insurers
# have their company numbers.
FUND = "fund"


class Role(StrEnum):
    HOSPITAL = "hospital"
    POLICE = "police"
    CLAIMLINK = "claimlink"
    INSURER = "insurer"
    OPERATOR = "operator"


class Status(StrEnum):
    """A participant's standing."""

    ADMITTED = "admitted"
    SUSPENDED = "suspended"
    EXITED = "exited"


class Outcome(StrEnum):
    """The outcome of an attempt at a record. `dead` is our fault, never the sender's."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    DEAD = "dead"


class Reads(IntEnum):
    """Whether the brokers let a participant read its own topic."""

    NO = 0
    PERHAPS = 1  # the brokers are being told, or may have been
    YES = 2


class Participant(Shape):
    """One who takes part. `code`: institution code, police unit code, company number, operator code or `FUND`, which is an
    insurer by role; `keys`: public JWKs, of which the first is the one that values are sealed to."""

    code: str
    name: str
    roles: tuple[Role, ...]
    status: Status = Status.ADMITTED
    keys: tuple[dict[str, str], ...] = ()
    endpoints: tuple[str, ...] = ()


class Record(Shape):
    """The envelope of what a sender handed over. Holds no personal data; the bytes travel beside it, sealed.

    `received` is the time of receipt (RFC 3339, UTC, microseconds). `target` is the record id in the path of a review
    or a withdrawal, the code in the path of a participant change. `parent` is the file a record was split from.
    """

    id: str
    attempt: int
    kind: Kind
    sender: str
    role: Role
    method: str
    path: str
    sha256: str
    size: int
    media_type: str
    received: str
    target: str | None = None
    parent: str | None = None
    lines: tuple[int, int] | None = None  # of a split file: first and last line, 1 = the header
