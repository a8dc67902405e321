"""Forward migrations (Alembic), run at every start; a database of today is left as it is.

Several services may start at once: the first migrates, the others wait for it and find nothing left to do.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from adapters.stores.dialect import lock, unhurried


def upgrade(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with engine.begin() as connection:
        unhurried(connection)
        lock(connection, ["migrations"])
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
