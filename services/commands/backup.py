"""`claims backup`: a whole copy of the store, or of the keys, made while the system runs."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.commands.options import Failed, data_option, database_option, journal_option, keys_option
from services.commands.restoring import refuse_half_restored
from services.commands.run import databases
from services.recovery.manifest import KEYS, NAME, STORE, Manifest
from services.sandbox.setup import FILE_NAME

if TYPE_CHECKING:
    from adapters.stores.journal import Journal
    from adapters.vault.keys import Keys

SECRETS = ("master.key", "lookup.key", "signing.key")
WRAPPED = "wrapped.sqlite"
DATABASES = {"sqlite": "claims.sqlite", "postgresql": "claims.dump"}
READ_BYTES = 1 << 20
AT_ONCE = 1_000  # wrapped keys a statement
OWNER = "backup"  # what the look-up key makes of this word tells whose keys they are, and nothing of them


@click.command()
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="A new or empty folder; it becomes the backup.",
)
@click.option("--keys-only", is_flag=True, help="Copy the keys, and nothing that they open.")
@data_option
@database_option
@keys_option
@journal_option
def backup(out: Path, keys_only: bool, data: Path, database: str | None, keys: str | None, journal: str | None) -> None:
    """Copy the store of DATA whole into a folder, while the system runs. The keys are not in it.

    The keys go to another place, by --keys-only, after the store: whoever has both can read everything. With --database
    and --keys the store is in PostgreSQL. The journal is in neither: it must outlive both.

    \b
    Examples:
      claims backup --out /backups/store/2026-11-21
      claims backup --keys-only --out /elsewhere/keys/2026-11-21
    """
    if bool(database) != bool(keys):
        raise Failed("The distributed form needs --database and --keys; the embedded form none of them.")
    refuse_half_restored(data)
    if not (data / "keys" / SECRETS[0]).exists() or not (database or (data / DATABASES["sqlite"]).exists()):
        raise Failed(f"{data} holds no system. Name its folder with --data.")
    _empty(out, data)
    with databases():
        opened = open_keys(data, keys)
        words = open_journal(data, keys, journal)
        try:
            made = _keys(out, data, opened, words) if keys_only else _store(out, data, database, opened, words)
        finally:
            opened.close()
            words.close()
    click.echo(f"{made.holds} backed up: {out}  ({len(made.files)} files, made {made.made})")


def open_keys(data: Path, keys: str | None) -> "Keys":
    from adapters.vault.key_database import KeyDatabase
    from adapters.vault.keys import Keys

    return Keys(data / "keys", KeyDatabase(keys) if keys else None)


def open_journal(data: Path, keys: str | None, journal: str | None) -> "Journal":
    from adapters.stores.journal import Journal

    return Journal.at(journal or keys or str(data / "journal"))


def _empty(out: Path, data: Path) -> None:
    """Failed unless the folder is empty, lies in no other backup and not in the data."""
    if out.exists() and any(out.iterdir()):
        raise Failed(f"{out} is not empty. Name a new folder: keys and store never lie in one, nor two backups.")
    place = out.resolve()
    for above in place.parents:
        if (above / NAME).exists():
            raise Failed(f"{out} lies in another backup, {above}. Keys and store never lie in one folder.")
    if data.resolve() in (place, *place.parents):
        raise Failed(f"{out} lies in the data that it is a copy of. Name another place, best on another machine.")
    out.mkdir(parents=True, exist_ok=True, mode=0o700)


def _store(out: Path, data: Path, database: str | None, keys: "Keys", journal: "Journal") -> Manifest:
    from adapters.stores import copying

    made, kind = _now(), "postgresql" if database else "sqlite"
    position = journal.position()  # before the copy: what the copy holds was journaled earlier
    try:
        if database:
            inside = copying.dump(database, out / DATABASES[kind])
        else:
            inside = copying.copy_sqlite(data / DATABASES[kind], out / DATABASES[kind])
    except copying.NoTool as error:
        raise Failed(str(error)) from None
    (out / "blobs").mkdir(mode=0o700)
    for path in sorted((data / "blobs").glob("*")):
        if path.suffix != ".new":
            copied(path, out / "blobs" / path.name)
    return _finished(
        out,
        lambda files: Manifest(STORE, made, keys.lookup(OWNER), files, kind, inside.revision, inside.numbers, position),
    )


def _keys(out: Path, data: Path, keys: "Keys", journal: "Journal") -> Manifest:
    from adapters.vault.key_file import KeyFile

    made, position = _now(), journal.position()  # before the copy, as above
    copy = KeyFile(out / WRAPPED)
    names = keys.names("")
    for start in range(0, len(names), AT_ONCE):
        copy.add(keys.wrapped.find(names[start : start + AT_ONCE]))
    copy.close()
    for name in SECRETS:
        copied(data / "keys" / name, out / name)
    if (data / FILE_NAME).exists():  # the tokens of those who may speak
        copied(data / FILE_NAME, out / FILE_NAME)
    return _finished(out, lambda files: Manifest(KEYS, made, keys.lookup(OWNER), files, journal=position))


def _finished(out: Path, describe: Callable[[dict[str, str]], Manifest]) -> Manifest:
    """Everything on disk first, then the manifest in one step: what has none is no backup."""
    from adapters.stores.copying import durable

    with durable(out):
        described = describe(hashes(out))
    aside = out / (NAME + ".new")
    with durable(out):
        aside.write_text(described.text())
    with durable(out):
        aside.rename(out / NAME)
    return described


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a backup but its manifest, by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / NAME:
            digest = hashlib.sha256()
            with path.open("rb") as file:
                while chunk := file.read(READ_BYTES):
                    digest.update(chunk)
            found[path.relative_to(folder).as_posix()] = digest.hexdigest()
    return found


def copied(source: Path, target: Path) -> None:
    """A copy for the owner alone; one that was deleted meanwhile (an erasure) is passed over."""
    try:
        with (
            source.open("rb") as old,
            os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as new,
        ):
            shutil.copyfileobj(old, new, READ_BYTES)
    except FileNotFoundError:
        return


def _now() -> str:
    from adapters.stores.records import stamp
    from services.embedded import utc_now

    return stamp(utc_now())
