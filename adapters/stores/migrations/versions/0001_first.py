"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "authorisations",
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("lineage", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("reviewer", sa.String(), nullable=True),
        sa.Column("reviewed", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("record"),
    )
    op.create_index("authorisations_by_lineage", "authorisations", ["lineage"], unique=False)
    op.create_table(
        "bodies",
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("metadata", sa.LargeBinary(), nullable=True),
        sa.Column("view", sa.LargeBinary(), nullable=True),
        sa.Column("blob", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("record"),
    )
    op.create_table(
        "cases",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("opened", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("cases_by_merge", "cases", ["merged_into"], unique=False)
    op.create_table(
        "cursors",
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("step"),
    )
    op.create_table(
        "dead_letters",
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("step", "event"),
    )
    op.create_index("dead_letters_by_record", "dead_letters", ["record"], unique=False)
    op.create_table(
        "due",
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("at", "record", "why"),
    )
    op.create_table(
        "feeds",
        sa.Column("insurer", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("insurer"),
    )
    op.create_table(
        "handovers",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("insurer", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("record", sa.String(), nullable=True),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("handovers_by_offer", "handovers", ["insurer", "number"], unique=False)
    op.create_index("handovers_by_record", "handovers", ["record"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("step", "event"),
        sqlite_with_rowid=False,
    )
    op.create_index("inbox_by_day", "inbox", ["day"], unique=False)
    op.create_table(
        "judgements",
        sa.Column("judgement", sa.String(), nullable=False),
        sa.Column("lineage", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("one", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("judgement"),
    )
    op.create_index("judgements_by_lineage", "judgements", ["lineage"], unique=False)
    op.create_index("judgements_by_one", "judgements", ["one"], unique=False)
    op.create_index("judgements_by_other", "judgements", ["other"], unique=False)
    op.create_table(
        "links",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("hash", "record"),
        sqlite_with_rowid=False,
    )
    op.create_index("links_by_record", "links", ["record"], unique=False)
    op.create_table(
        "log",
        sa.Column("position", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("topic", "event"),
        sqlite_autoincrement=True,
    )
    op.create_index("log_by_topic", "log", ["topic", "position"], unique=False)
    op.create_table(
        "offer_papers",
        sa.Column("insurer", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("lineage", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("person_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("insurer", "number", "record"),
    )
    op.create_index("offer_papers_by_record", "offer_papers", ["record"], unique=False)
    op.create_index("offer_papers_by_sha256", "offer_papers", ["insurer", "sha256"], unique=False)
    op.create_table(
        "offers",
        sa.Column("insurer", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("taken_back_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("insurer", "number"),
    )
    op.create_index("offers_by_case", "offers", ["insurer", "case_number", "number"], unique=False)
    op.create_table(
        "parked",
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("record"),
    )
    op.create_index("parked_by_target", "parked", ["target"], unique=False)
    op.create_table(
        "participants",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("endpoints", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "records",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("received", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=True),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("first_line", sa.Integer(), nullable=True),
        sa.Column("last_line", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("judged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("judged_at", sa.String(), nullable=True),
        sa.Column("problems", sa.Text(), nullable=True),
        sa.Column("original", sa.String(), nullable=True),
        sa.Column("identity", sa.String(), nullable=True),
        sa.Column("version", sa.String(), nullable=True),
        sa.Column("standing", sa.String(), nullable=True),
        sa.Column("content", sa.String(), nullable=True),
        sa.Column("lineage", sa.String(), nullable=True),
        sa.Column("accepted", sa.Integer(), nullable=True),
        sa.Column("case_number", sa.String(), nullable=True),
        sa.Column("erased", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("record"),
        sqlite_autoincrement=True,
    )
    op.create_index("records_by_acceptance", "records", ["accepted"], unique=False)
    op.create_index("records_by_case", "records", ["case_number"], unique=False)
    op.create_index("records_by_content", "records", ["content"], unique=False)
    op.create_index("records_by_identity", "records", ["identity"], unique=False)
    op.create_index("records_by_lineage", "records", ["lineage"], unique=False)
    op.create_index("records_by_outcome", "records", ["outcome", "seq"], unique=False)
    op.create_index("records_by_parent", "records", ["parent"], unique=False)
    op.create_index("records_by_sender", "records", ["sender", "seq"], unique=False)
    op.create_table(
        "uses",
        sa.Column("authorisation", sa.String(), nullable=False),
        sa.Column("paper", sa.String(), nullable=False),
        sa.Column("insurer", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("authorisation", "paper", "insurer", "case_number"),
    )
    op.create_table(
        "views",
        sa.Column("insurer", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("insurer", "case_number"),
    )
    op.create_index("views_by_case", "views", ["case_number"], unique=False)
    op.create_table(
        "withdrawals",
        sa.Column("lineage", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("lineage"),
    )
