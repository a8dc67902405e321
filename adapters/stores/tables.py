"""Every table. No column holds personal data in clear: texts are codes, ids, times, keyed hashes; BLOBs are sealed."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

LONG = BigInteger().with_variant(
    Integer, "sqlite"
)  # SQLite's INTEGER has 64 bits, and numbers a column by itself only so

log = Table(  # the embedded log; `value` is sealed under the stream key of `day`
    "log",
    metadata,
    Column("position", LONG, primary_key=True, autoincrement=True),
    Column("topic", String, nullable=False),
    Column("key", String, nullable=False),
    Column("event", String, nullable=False),
    Column("day", String, nullable=False),
    Column("value", LargeBinary, nullable=False),
    UniqueConstraint("topic", "event"),
    Index("log_by_topic", "topic", "position"),
    sqlite_autoincrement=True,
)

cursors = Table(  # how far a step has read its topics
    "cursors",
    metadata,
    Column("step", String, primary_key=True),
    Column("position", LONG, nullable=False),
)

inbox = Table(  # the inputs a step has taken: an input seen before changes nothing
    "inbox",
    metadata,
    Column("step", String, primary_key=True),
    Column("event", String, primary_key=True),
    Column("day", String, nullable=False),
    Index("inbox_by_day", "day"),
    sqlite_with_rowid=False,
)

outbox = (
    Table(  # what an input led to, sealed under the stream key of `day`; where the log is no table of this database
        "outbox",
        metadata,
        Column("step", String, primary_key=True),
        Column("input", String, primary_key=True),  # event id
        Column("n", Integer, primary_key=True),
        Column("topic", String, nullable=False),
        Column("key", String, nullable=False),
        Column("event", String, nullable=False),
        Column("day", String, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Index("outbox_by_day", "day"),
    )
)

Sequence("acceptance", metadata=metadata)  # of `records.accepted` on PostgreSQL; SQLite has no sequences and needs none

records = Table(
    "records",
    metadata,
    Column("seq", LONG, primary_key=True, autoincrement=True),
    Column("record", String, nullable=False, unique=True),
    Column("attempt", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("sender", String, nullable=False),
    Column("role", String, nullable=False),
    Column("method", String, nullable=False),
    Column("path", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("media_type", String, nullable=False),
    Column("received", String, nullable=False),
    Column("target", String),
    Column("parent", String),
    Column("first_line", Integer),
    Column("last_line", Integer),
    # the verdict of the latest attempt
    Column("outcome", String),
    Column("judged", Integer, nullable=False, server_default="0"),  # the attempt that the outcome is of
    Column("judged_at", String),
    Column("problems", Text),
    Column("original", String),
    # what de-duplication needs, as keyed hashes
    Column("identity", String),
    Column("version", String),
    Column("standing", String),
    Column("content", String),
    Column("lineage", String),
    Column("accepted", LONG),  # order of acceptance
    # what the hub made of it
    Column("case_number", String),
    Column("erased", Integer, nullable=False, server_default="0"),
    Column(
        "wanted", Integer, nullable=False, server_default="0"
    ),  # its bytes were lost: the next post is a new attempt
    Index("records_by_sender", "sender", "seq"),
    Index("records_by_identity", "identity"),
    Index("records_by_content", "content"),
    Index("records_by_lineage", "lineage"),
    Index("records_by_case", "case_number"),
    Index("records_by_parent", "parent"),
    Index("records_by_outcome", "outcome", "seq"),
    Index("records_by_acceptance", "accepted"),
    Index("records_by_sha256", "sha256"),
    Index(
        "records_by_age",
        "outcome",
        "kind",
        "judged_at",
        sqlite_where=text("erased = 0"),
        postgresql_where=text("erased = 0"),
    ),
    sqlite_autoincrement=True,
)

# Sealed under the record's own key; `body` is NULL when the bytes rest in the sealed file `blob`. `record` may be a place on the
# log instead (topic/partition/offset): of what lay there and nobody could read.
bodies = Table(
    "bodies",
    metadata,
    Column("record", String, primary_key=True),
    Column("body", LargeBinary),
    Column("metadata", LargeBinary),
    Column("view", LargeBinary),
    Column("blob", String),
)

links = Table(  # what a record is looked up by
    "links",
    metadata,
    Column("hash", String, primary_key=True),
    Column("record", String, primary_key=True),
    Index("links_by_record", "record"),
    sqlite_with_rowid=False,
)

acting = Table(  # who acts for whom: mandates, and what agents filed under them
    "acting",
    metadata,
    Column("pair", String, primary_key=True),  # keyed hash of principal and agent
    Column("record", String, primary_key=True),
    Index("acting_by_record", "record"),
    sqlite_with_rowid=False,
)

doubts = Table(  # pairs of lineages that a person is to judge; what speaks for and against is judged anew when asked
    "doubts",
    metadata,
    Column("one", String, primary_key=True),
    Column("other", String, primary_key=True),
    Column("score", Integer, nullable=False),
    Index("doubts_by_other", "other"),
    Index("doubts_by_score", "score", "one", "other"),
)

judgements = Table(
    "judgements",
    metadata,
    Column("judgement", String, primary_key=True),  # the judgement's record
    Column("lineage", String, nullable=False),
    Column("version", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("withdrawn", Integer, nullable=False),
    Column("one", String, nullable=False),
    Column("other", String, nullable=False),
    Index("judgements_by_one", "one"),
    Index("judgements_by_other", "other"),
    Index("judgements_by_lineage", "lineage"),
)

cases = Table(
    "cases",
    metadata,
    Column("number", String, primary_key=True),
    Column("merged_into", String),
    Column("opened", String, nullable=False),
    Index("cases_by_merge", "merged_into"),
)

authorisations = (
    Table(  # the reviews of authorisations and mandates; keyed by record, so that a review binds one version
        "authorisations",
        metadata,
        Column("record", String, primary_key=True),
        Column("lineage", String, nullable=False),
        Column("decision", String),
        Column("reviewer", String),
        Column("reviewed", String),
        Index("authorisations_by_lineage", "lineage"),
    )
)

withdrawals = Table(
    "withdrawals",
    metadata,
    Column("lineage", String, primary_key=True),
    Column("record", String, nullable=False),
    Column("at", String, nullable=False),
)

parked = Table(  # reviews and withdrawals that came before what they are about was judged
    "parked",
    metadata,
    Column("record", String, primary_key=True),
    Column("target", String, nullable=False),
    Index("parked_by_target", "target"),
)

participants = Table(
    "participants",
    metadata,
    Column("code", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("roles", Text, nullable=False),
    Column("status", String, nullable=False),
    Column("keys", Text, nullable=False),
    Column("endpoints", Text, nullable=False),
    Column("changed_by", String),  # the record of the change; NULL: admitted at start
    Column("reads", Integer),  # its own topic: `Reads`; NULL: no brokers that ask were told of it
    # Admitted anew, it is told what waited: of its cases in their order, the last that was folded again; NULL: all were.
    Column("caught_up_to", String),
)

views = Table(  # the newest unnumbered view of (insurer, case)
    "views",
    metadata,
    Column("insurer", String, primary_key=True),
    Column("case_number", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("digest", String, nullable=False),
    Index("views_by_case", "case_number"),
)

feeds = Table(
    "feeds",
    metadata,
    Column("insurer", String, primary_key=True),
    Column("last", Integer, nullable=False),
    Column("published", Integer, nullable=False, server_default="0"),  # up to this number, on the insurer's topic
)

offers = Table(
    "offers",
    metadata,
    Column("insurer", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("event", String, nullable=False),
    Column("type", String, nullable=False),
    Column("case_number", String, nullable=False),
    Column("at", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("content", LargeBinary),  # `data`, sealed under the offer's own key; NULL once taken back
    Column("taken_back_by", Integer),
    Index("offers_by_case", "insurer", "case_number", "number"),
)

offer_papers = Table(
    "offer_papers",
    metadata,
    Column("insurer", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("record", String, primary_key=True),
    Column("lineage", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("basis", Text, nullable=False),  # JSON [[position of the person in the paper or -1, basis]]
    Column("person_count", Integer, nullable=False),
    Index("offer_papers_by_sha256", "insurer", "sha256"),
    Index("offer_papers_by_record", "record"),
)

uses = Table(  # a use is one paper to one recipient in one case
    "uses",
    metadata,
    Column("authorisation", String, primary_key=True),  # lineage
    Column("paper", String, primary_key=True),  # lineage
    Column("insurer", String, primary_key=True),
    Column("case_number", String, primary_key=True),
    Index("uses_by_paper", "paper"),
)

handovers = Table(  # written before the bytes leave
    "handovers",
    metadata,
    Column("id", LONG, primary_key=True, autoincrement=True),
    Column("insurer", String, nullable=False),
    Column("number", Integer),  # an offer of the feed, or
    Column("sha256", String),  # a paper
    Column("record", String),
    Column("case_number", String, nullable=False),
    Column("basis", Text, nullable=False),
    Column("at", String, nullable=False),
    Index("handovers_by_record", "record"),
    Index("handovers_by_offer", "insurer", "number"),
    sqlite_autoincrement=True,
)

due = Table(  # what must happen at a time
    "due",
    metadata,
    Column("at", String, primary_key=True),
    Column("record", String, primary_key=True),
    Column("why", String, primary_key=True),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("step", String, primary_key=True),
    Column("event", String, primary_key=True),
    Column("record", String, nullable=False),
    Column("reason", String, nullable=False),  # the class of the exception
    Column("at", String, nullable=False),
    Index("dead_letters_by_record", "record"),
)

verifications = Table(  # "is this paper real?": one question for all who may be given the paper
    "verifications",
    metadata,
    Column("id", String, primary_key=True),  # what the unit knows the question by, however often it is asked
    Column("sha256", String, nullable=False),
    Column("issuer", String, nullable=False),
    Column("record", String, nullable=False),  # an upload with these bytes: its numbers go with the question
    Column("state", String, nullable=False),
    Column("asked", String, nullable=False),
    Column("deadline", String, nullable=False),
    Column("next_try", String),  # NULL: it is over
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("fault", String),  # why the latest try gave no answer that counts
    Column("answered", String),
    Column("answer", Text),  # the unit's signed answer: id, SHA-256 and its word, nothing else
    Index("verifications_by_paper", "sha256", "issuer"),
    Index("verifications_by_try", "next_try"),
)

verification_askers = Table(  # who asked under which id of its own (a keyed hash)
    "verification_askers",
    metadata,
    Column("asker", String, primary_key=True),
    Column("identity", String, primary_key=True),
    Column("verification", String, nullable=False),
    Index("verification_askers_by_question", "verification", "asker"),
)
