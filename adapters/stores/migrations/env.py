"""Run by Alembic with the connection that `upgrade` hands over."""

from alembic import context

from adapters.stores.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
