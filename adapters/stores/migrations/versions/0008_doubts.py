"""Pairs of lineages that a person is to judge. The hub fills it as it folds: older records are asked about when touched."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "doubts",
        sa.Column("one", sa.String(), primary_key=True),
        sa.Column("other", sa.String(), primary_key=True),
        sa.Column("score", sa.Integer(), nullable=False),
    )
    op.create_index("doubts_by_other", "doubts", ["other"])
    op.create_index("doubts_by_score", "doubts", ["score", "one", "other"])
