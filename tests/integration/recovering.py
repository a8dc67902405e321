"""A world that is backed up, loses its store, and is put back: by the commands, or where they ask for brokers, by what they
call."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from click.testing import CliRunner

from adapters.stores import copying
from adapters.vault.key_file import KeyFile
from schemas.records import Role
from services.__main__ import claims
from services.commands.backup import SECRETS, WRAPPED
from services.embedded import Core
from services.portal.comparing import compare
from services.recovery.worker import STEPS, Recovery
from services.sandbox.participants import PARTICIPANTS
from tests.servers.places import InFiles, InPostgres, Place
from tests.simulation.world import NOW, World, core_at

INSURERS = [one.code for one in PARTICIPANTS if Role.INSURER in one.roles]
Feeds = dict[str, list[dict[str, Any]]]


def run(*words: object, good: bool = True) -> str:
    """What a command says."""
    done = CliRunner().invoke(claims, [str(one) for one in words])
    assert (done.exit_code == 0) == good, done.output
    return done.output


@dataclass
class Lossy:
    """A place whose store is lost and put back."""

    place: Place

    def where(self) -> list[object]:
        words: list[object] = ["--data", self.place.folder]
        if isinstance(self.place, InPostgres):
            words += ["--database", self.place.store, "--keys", self.place.wrapped]
            words += ["--journal", self.place.folder / "journal"]
        return words

    def back_up(self, out: Path, *more: object) -> Path:
        run("backup", "--out", out, *self.where(), *more)
        return out

    def lose_store(self) -> None:
        if isinstance(self.place, InPostgres):
            with psycopg.connect(self.place.store, autocommit=True) as connection:
                connection.execute("DROP SCHEMA public CASCADE")
                connection.execute("CREATE SCHEMA public")
        for path in self.place.folder.glob("claims.sqlite*"):
            path.unlink()
        shutil.rmtree(self.place.folder / "blobs")

    def put_back(self, backup: Path) -> None:
        if isinstance(self.place, InFiles):
            run("restore", backup, *self.where())
            return
        copying.load(self.place.store, backup / "claims.dump")
        shutil.copytree(backup / "blobs", self.place.folder / "blobs")
        self.align()

    def lose_keys(self) -> None:
        if isinstance(self.place, InPostgres):
            with psycopg.connect(self.place.wrapped, autocommit=True) as connection:
                connection.execute("DROP TABLE keys")
        shutil.rmtree(self.place.folder / "keys")

    def put_back_keys(self, backup: Path) -> None:
        if isinstance(self.place, InFiles):
            run("restore", backup, *self.where())
            return
        (self.place.folder / "keys").mkdir()
        for name in SECRETS:
            shutil.copy(backup / name, self.place.folder / "keys" / name)
        keys, copy = self.place.keys(), KeyFile(backup / WRAPPED)
        keys.wrapped.add(copy.find(copy.names("")))
        copy.close()
        keys.close()
        self.align()

    def align(self) -> None:
        core = core_at(self.place, lambda: NOW)
        core.database.commit(Recovery(core.keys, core.archive, core.journal, NOW).run)
        core.close()


def feeds_of(core: Core, now) -> Feeds:  # type: ignore[no-untyped-def]
    """Every feed from its beginning, without gaps."""
    feeds = {}
    for insurer in INSURERS:
        with core.database.write() as tx:
            feeds[insurer] = core.feed.page(tx, insurer, 0, 100_000, now)
        numbers = [event["offernumber"] for event in feeds[insurer]]
        assert numbers == list(range(1, len(numbers) + 1)), f"a gap in the feed of {insurer}"
    return feeds


def differences(core: Core, now) -> list[dict[str, Any]]:  # type: ignore[no-untyped-def]
    found: list[dict[str, Any]] = compare(core.database, core.log, core.keys, core.journal, STEPS, now)["differences"]
    return found


def settle(world: World) -> None:
    """Until nothing moves, what is due included."""
    world.settle()
    while world.core.tick():
        world.settle()
