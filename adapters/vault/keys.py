"""The keys of the interchange, in a folder of their own, apart from the data.

    master.key    wraps every other key (AES-KW, RFC 3394)
    lookup.key    HMAC-SHA256 of what records are looked up by
    signing.key   Ed25519, signs receipts
    keys.sqlite   wrapped data keys: one a record, one an offer, one a day of the log

A destroyed key is overwritten (secure_delete) and the write-ahead log is cut at once: what it sealed opens no more,
wherever copies of the ciphertext rest.
"""

import hmac
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.vault.sealing import KEY_BYTES, CannotOpen

LOOKUP_LENGTH = 32  # hexadecimal digits kept of a look-up hash: 128 bits
CACHED_KEYS = 20_000  # about 3 MB; a batch of steps asks for the same keys again and again
_ASK_AT_ONCE = 500  # names a statement, below SQLite's limit of host parameters


class Keys:
    """Opens or makes the key folder. Threads share one connection behind a lock; calls are short."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._master = _secret(folder / "master.key", lambda: os.urandom(KEY_BYTES))
        self._lookup = _secret(folder / "lookup.key", lambda: os.urandom(KEY_BYTES))
        raw = (Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        self.signing = Ed25519PrivateKey.from_private_bytes(
            _secret(folder / "signing.key", lambda: Ed25519PrivateKey.generate().private_bytes(*raw))
        )
        self._lock = threading.Lock()
        self._cache: dict[str, bytes] = {}
        self._database = sqlite3.connect(folder / "keys.sqlite", check_same_thread=False, isolation_level=None)
        (folder / "keys.sqlite").chmod(0o600)
        self._database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
            "CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;"
        )

    def close(self) -> None:
        self._database.close()

    def lookup(self, value: str) -> str:
        """The keyed hash that stands for `value` in the database. Does not rotate with time."""
        return hmac.digest(self._lookup, value.encode(), "sha256").hex()[:LOOKUP_LENGTH]

    def make(self, names: Iterable[str]) -> dict[str, bytes]:
        """The keys of these names, made where there is none, durable on return."""
        names = list(dict.fromkeys(names))
        with self._lock:
            found = self._find(names)
            lacking = {name: os.urandom(KEY_BYTES) for name in names if name not in found}
            if lacking:
                rows = [(name, aes_key_wrap(self._master, key)) for name, key in lacking.items()]
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany("INSERT INTO keys VALUES (?, ?)", rows)
                self._database.execute("COMMIT")
                self._remember(lacking)
            return found | lacking

    def get(self, names: Iterable[str]) -> dict[str, bytes]:
        """The keys that exist; a destroyed one is absent."""
        with self._lock:
            return self._find(list(dict.fromkeys(names)))

    def one(self, name: str) -> bytes:
        found = self.get([name])
        if name not in found:
            raise CannotOpen(name)
        return found[name]

    def destroy(self, names: Iterable[str]) -> None:
        """Makes everything sealed under these keys unreadable, for good. Destroying twice is harmless."""
        names = list(names)
        if not names:
            return
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

    def _find(self, names: list[str]) -> dict[str, bytes]:
        found = {name: self._cache[name] for name in names if name in self._cache}
        rest = [name for name in names if name not in found]
        for start in range(0, len(rest), _ASK_AT_ONCE):
            part = rest[start : start + _ASK_AT_ONCE]
            marks = ",".join("?" * len(part))
            rows = self._database.execute(f"SELECT name, wrapped FROM keys WHERE name IN ({marks})", part)
            opened = {name: aes_key_unwrap(self._master, wrapped) for name, wrapped in rows}
            self._remember(opened)
            found |= opened
        return found

    def _remember(self, keys: dict[str, bytes]) -> None:
        if len(self._cache) + len(keys) > CACHED_KEYS:
            self._cache.clear()
        self._cache |= keys


def _secret(path: Path, make: Callable[[], bytes]) -> bytes:
    """Reads a key file, or makes it whole or not at all: a crash leaves no half key."""
    if not path.exists():
        fresh = path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    return path.read_bytes()
