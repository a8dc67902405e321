"""Records of which a restore has the verdict and no bytes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("records", sa.Column("wanted", sa.Integer(), nullable=False, server_default="0"))
