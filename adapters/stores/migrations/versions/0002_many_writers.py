"""Outputs kept to be published again; and what many writers on PostgreSQL need: long numbers, an order of acceptance."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

LONG = (("log", "position"), ("cursors", "position"), ("records", "seq"), ("records", "accepted"), ("handovers", "id"))


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("input", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("step", "input", "n"),
    )
    op.create_index("outbox_by_day", "outbox", ["day"], unique=False)
    op.create_index("uses_by_paper", "uses", ["paper"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        for table, column in LONG:
            op.alter_column(table, column, type_=sa.BigInteger())
        for table, column in (("log", "position"), ("records", "seq"), ("handovers", "id")):
            op.execute(f"ALTER SEQUENCE {table}_{column}_seq AS bigint")
        op.execute("CREATE SEQUENCE acceptance")
        op.execute("SELECT setval('acceptance', coalesce(max(accepted), 0) + 1, false) FROM records")
