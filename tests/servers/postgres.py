"""A PostgreSQL server of the tests' own, in a temporary directory on a free port; it ends with the tests."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from adapters.stores.postgres import PostgresDatabase

USER = "claims"
# As the documentation asks of a server, and for tests: no flush to disk unless durability is what is tested.
SETTINGS = {
    "max_locks_per_transaction": 256,
    # As docs/operations.md asks for.
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "wal_compression": "lz4",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "error",
}
# Debian keeps a server's programs off the PATH, the latest version is taken.
PROGRAMS = os.pathsep.join(
    [os.environ["PATH"], *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]
)


class Missing(Exception):
    """PostgreSQL is not installed; the text says how to install it."""


class Server:
    """Started; `stop` and `start` let a test restart it."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder, self._durable = folder, durable
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._numbers = count(1)
        self._migrated = False
        _run("initdb", "-D", folder / "data", "-U", USER, "--auth=trust", "--locale=C", "--encoding=UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        settings = SETTINGS | {
            "port": self.port,
            "unix_socket_directories": self.folder,
            "fsync": "on" if self._durable else "off",
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        _run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-o", options, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        _run("pg_ctl", "-D", self.folder / "data", "-m", mode, "-w", "stop")

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def empty(self, options: str = "TEMPLATE template0") -> str:
        """The URL of a new database without tables."""
        name = f"test_{next(self._numbers)}"
        self._create(name, options)
        return self.url(name)

    def fresh(self) -> str:
        """The URL of a new database with all tables: a copy of one that was migrated once."""
        if not self._migrated:
            self._create("migrated", "TEMPLATE template0")
            PostgresDatabase(self.url("migrated")).close()
            self._migrated = True
        return self.empty("TEMPLATE migrated")

    def _create(self, name: str, options: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} {options}")


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[Server]:
    if not shutil.which("initdb", path=PROGRAMS):
        raise Missing("PostgreSQL is missing. On Debian: apt-get install -y postgresql")
    folder = Path(tempfile.mkdtemp(prefix="claims-postgres-"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    try:
        server = Server(folder, durable=durable)
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder)


def _run(*command: str | Path) -> None:
    """As the user `postgres` where we are root: the server refuses to run as root."""
    program = shutil.which(str(command[0]), path=PROGRAMS) or command[0]
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    done = subprocess.run(
        [str(program), *map(str, command[1:])], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        stdin=subprocess.DEVNULL, cwd="/", **who,
    )  # fmt: skip
    assert done.returncode == 0, f"{command[0]}: {done.stdout}"
