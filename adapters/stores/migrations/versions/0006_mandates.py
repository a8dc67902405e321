"""Who acts for whom: mandates, and the filings that rest on them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "acting",
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("pair", "record"),
        sqlite_with_rowid=False,
    )
    op.create_index("acting_by_record", "acting", ["record"], unique=False)
