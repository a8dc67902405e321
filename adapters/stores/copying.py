"""Whole copies of a store, made while others write: SQLite by its own backup, PostgreSQL by pg_dump and pg_restore."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from alembic.script import ScriptDirectory
from sqlalchemy import make_url

from adapters.stores import migrations


class NoTool(Exception):
    """PostgreSQL's own program is missing or failed; the text says which, and repeats no address."""


@dataclass(frozen=True)
class Inside:
    """What a copy holds: the revision of its tables, the highest number of each feed."""

    revision: str
    numbers: dict[str, int]


_REVISION, _NUMBERS = "SELECT version_num FROM alembic_version", "SELECT insurer, last FROM feeds"


def copy_sqlite(source: Path, target: Path) -> Inside:
    """One snapshot, however many write meanwhile. Durable on return."""
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        target.chmod(0o600)
        live.backup(copy)  # all pages in one read: a copy in parts would begin again at every commit of others
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, and nothing beside it
        ((revision,),) = copy.execute(_REVISION)
        return Inside(revision, dict(copy.execute(_NUMBERS)))


def dump(url: str, target: Path) -> Inside:
    """A PostgreSQL database in pg_dump's own format, and what is told of it from the same snapshot."""
    target.touch(mode=0o600)
    with psycopg.connect(_plain(url), autocommit=True) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        ((snapshot,),) = connection.execute("SELECT pg_export_snapshot()")
        ((revision,),) = connection.execute(_REVISION)
        inside = Inside(revision, dict(connection.execute(_NUMBERS).fetchall()))
        _run(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
             f"--file={target}")  # fmt: skip
    return inside


def load(url: str, source: Path) -> None:
    """Fills an empty database from a dump, whole or not at all."""
    _run(url, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(source))


def holds_records(url: str) -> bool:
    """Whether a PostgreSQL database has the store's tables."""
    with psycopg.connect(_plain(url)) as connection:
        ((found,),) = connection.execute("SELECT to_regclass('records') IS NOT NULL")
    return bool(found)


def is_known(revision: str) -> bool:
    """Whether this version knows tables of that revision, and can bring them forward."""
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    return revision in {one.revision for one in script.walk_revisions()}


@contextmanager
def durable(folder: Path) -> Iterator[None]:
    """Every file that is under the folder in the end rests on disk, with its name."""
    yield
    for path in [*folder.rglob("*"), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _run(url: str, program: str, *words: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise NoTool(f"{program} is missing. On Debian: apt-get install -y postgresql-client")
    address = make_url(url)
    environment = os.environ | ({"PGPASSWORD": str(address.password)} if address.password else {})
    bare = address.set(drivername="postgresql", password=None).render_as_string()  # others see a command line
    done = subprocess.run(
        [found, f"--dbname={bare}", *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        raise NoTool(f"{program}: {said[0].removeprefix(program + ': ')}")
