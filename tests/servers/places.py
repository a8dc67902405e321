"""Where a core keeps its data: in files of its folder, or in PostgreSQL. Opened anew as often as a test wants."""

from dataclasses import dataclass
from pathlib import Path

from adapters.stores.database import Database, Store
from adapters.stores.postgres import PostgresDatabase
from adapters.vault.key_database import KeyDatabase
from adapters.vault.keys import Keys


@dataclass(frozen=True)
class InFiles:
    folder: Path

    def database(self) -> Store:
        return Database(self.folder / "claims.sqlite")

    def keys(self) -> Keys:
        return Keys(self.folder / "keys")


@dataclass(frozen=True)
class InPostgres:
    """`store` and `wrapped`: URLs of the two databases."""

    folder: Path
    store: str
    wrapped: str

    def database(self) -> Store:
        return PostgresDatabase(self.store)

    def keys(self) -> Keys:
        return Keys(self.folder / "keys", KeyDatabase(self.wrapped))


Place = InFiles | InPostgres
