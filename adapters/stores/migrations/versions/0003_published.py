"""How far each feed is published on its insurer's topic; keys of participants of any form give way to public JWKs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("feeds", sa.Column("published", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE participants SET keys = '[]'")  # nothing has used them
