"""Whether the brokers let an insurer read its own topic. Where the store is PostgreSQL they perhaps do so already (1), until the
publisher has looked."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("participants", sa.Column("reads", sa.Integer()))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "UPDATE participants SET reads = 1 WHERE roles LIKE '%\"insurer\"%' OR code IN (SELECT insurer FROM feeds)"
        )
