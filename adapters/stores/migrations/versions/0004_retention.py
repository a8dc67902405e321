"""What is found by the age of its verdict; what an erased record no longer holds."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    standing = sa.text("erased = 0")
    op.create_index(
        "records_by_age",
        "records",
        ["outcome", "kind", "judged_at"],
        unique=False,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.execute("UPDATE records SET problems = NULL WHERE erased = 1")
