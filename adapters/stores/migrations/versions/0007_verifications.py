"""Questions to issuers whether a paper is real; records are found by the SHA-256 of their bytes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("records_by_sha256", "records", ["sha256"], unique=False)
    op.create_table(
        "verifications",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked", sa.String(), nullable=False),
        sa.Column("deadline", sa.String(), nullable=False),
        sa.Column("next_try", sa.String()),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("fault", sa.String()),
        sa.Column("answered", sa.String()),
        sa.Column("answer", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("verifications_by_paper", "verifications", ["sha256", "issuer"], unique=False)
    op.create_index("verifications_by_try", "verifications", ["next_try"], unique=False)
    op.create_table(
        "verification_askers",
        sa.Column("asker", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("verification", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("asker", "identity"),
    )
    op.create_index("verification_askers_by_question", "verification_askers", ["verification", "asker"], unique=False)
