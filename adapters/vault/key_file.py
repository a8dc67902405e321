"""Wrapped keys in an SQLite file that one process opens.

A removed key is overwritten (secure_delete) and the write-ahead log is cut at once: what it sealed opens no more, wherever
copies of the ciphertext rest.
"""

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

CACHED_KEYS = 20_000  # this process alone removes keys, so what it read stays true
_ASK_AT_ONCE = 500  # names a statement, below SQLite's limit of host parameters


class KeyFile:
    """Threads share one connection behind a lock; calls are short."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._cache: dict[str, bytes] = {}
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        path.chmod(0o600)
        self._database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
            "CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;"
            "PRAGMA wal_checkpoint(TRUNCATE);"  # what a process that ended in the middle of a removal left there
        )

    def close(self) -> None:
        self._database.close()

    def find(self, names: Sequence[str]) -> dict[str, bytes]:
        with self._lock:
            return self._find(names)

    def add(self, wrapped: Mapping[str, bytes]) -> Mapping[str, bytes]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            done = self._database.executemany("INSERT OR IGNORE INTO keys VALUES (?, ?)", wrapped.items())
            self._database.execute("COMMIT")
            if done.rowcount < len(wrapped):  # another thread was first with some
                return self._find(list(wrapped))
            self._remember(wrapped)
            return wrapped

    def remove(self, names: Iterable[str]) -> None:
        with self._lock:
            for name in names:
                self._cache.pop(name, None)
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("DELETE FROM keys WHERE name = ?", [(name,) for name in names])
            self._database.execute("COMMIT")
            # The old page images stand in the write-ahead log until it is cut.
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def names(self, prefix: str) -> list[str]:
        with self._lock:
            rows = self._database.execute(
                "SELECT name FROM keys WHERE name >= ? AND name < ?", (prefix, prefix + "\uffff")
            )
            return [name for (name,) in rows]

    def _find(self, names: Sequence[str]) -> dict[str, bytes]:
        found = {name: self._cache[name] for name in names if name in self._cache}
        rest = [name for name in names if name not in found]
        for start in range(0, len(rest), _ASK_AT_ONCE):
            part = rest[start : start + _ASK_AT_ONCE]
            marks = ",".join("?" * len(part))
            rows = dict(self._database.execute(f"SELECT name, wrapped FROM keys WHERE name IN ({marks})", part))
            self._remember(rows)
            found |= rows
        return found

    def _remember(self, wrapped: Mapping[str, bytes]) -> None:
        if len(self._cache) + len(wrapped) > CACHED_KEYS:
            self._cache.clear()
        self._cache |= wrapped
