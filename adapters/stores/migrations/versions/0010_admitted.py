"""How far an insurer that was admitted anew has been told what waited. Whom the old version admitted had all told at once."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("participants", sa.Column("caught_up_to", sa.String()))
