"""The keys of the interchange, in a folder of their own, apart from the data.

    master.key    wraps every other key (AES-KW, RFC 3394)
    lookup.key    HMAC-SHA256 of what records are looked up by
    signing.key   Ed25519, signs receipts

The wrapped data keys (one a record, one an offer, one a day of the log) rest in a file of that folder, or in a database of
their own that several processes share.
"""

import hmac
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.vault.key_file import KeyFile
from adapters.vault.sealing import KEY_BYTES, CannotOpen

LOOKUP_LENGTH = 32  # hexadecimal digits kept of a look-up hash: 128 bits
OPENED_KEYS = 20_000  # unwrapped keys remembered, about 3 MB; a batch of steps asks for the same keys again and again


class Wrapped(Protocol):
    """Where wrapped keys rest, by name: `KeyFile` or `KeyDatabase`. Threads may share it."""

    def find(self, names: Sequence[str]) -> dict[str, bytes]:
        """Those that exist."""
        ...

    def add(self, wrapped: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """Durable on return. What stands under these names now: where another was first, its key."""
        ...

    def remove(self, names: Sequence[str]) -> None:
        """On return nobody finds them any more."""
        ...

    def names(self, prefix: str) -> list[str]: ...

    def close(self) -> None: ...


class Keys:
    """Opens or makes the key folder. Threads may share it.

    What was unwrapped is remembered by its wrapped form, and that is asked for each time: a key that any process destroyed
    opens nothing from then on.
    """

    def __init__(self, folder: Path, wrapped: Wrapped | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._master = _secret(folder / "master.key", lambda: os.urandom(KEY_BYTES))
        self._lookup = _secret(folder / "lookup.key", lambda: os.urandom(KEY_BYTES))
        raw = (Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        self.signing = Ed25519PrivateKey.from_private_bytes(
            _secret(folder / "signing.key", lambda: Ed25519PrivateKey.generate().private_bytes(*raw))
        )
        self.wrapped = wrapped or KeyFile(folder / "keys.sqlite")
        self._opened: dict[bytes, bytes] = {}

    def close(self) -> None:
        self.wrapped.close()

    def lookup(self, value: str) -> str:
        """The keyed hash that stands for `value` in the database. Does not rotate with time."""
        return hmac.digest(self._lookup, value.encode(), "sha256").hex()[:LOOKUP_LENGTH]

    def make(self, names: Iterable[str]) -> dict[str, bytes]:
        """The keys of these names, made where there is none, durable on return."""
        names = list(dict.fromkeys(names))
        found = self.get(names)
        return found | self.new(name for name in names if name not in found)

    def new(self, names: Iterable[str]) -> dict[str, bytes]:
        """The same for names that as good as never have one: they are not asked for before."""
        keys = {name: os.urandom(KEY_BYTES) for name in names}
        if not keys:
            return {}
        fresh = {name: aes_key_wrap(self._master, key) for name, key in keys.items()}
        self._remember({fresh[name]: key for name, key in keys.items()})
        return self._unwrap(self.wrapped.add(fresh))

    def get(self, names: Iterable[str]) -> dict[str, bytes]:
        """The keys that exist; a destroyed one is absent."""
        names = list(dict.fromkeys(names))
        return self._unwrap(self.wrapped.find(names)) if names else {}

    def one(self, name: str) -> bytes:
        found = self.get([name])
        if name not in found:
            raise CannotOpen(name)
        return found[name]

    def destroy(self, names: Iterable[str]) -> None:
        """Makes everything sealed under these keys unreadable, for good. Destroying twice is harmless."""
        names = list(dict.fromkeys(names))
        if not names:
            return
        for wrapped in self.wrapped.find(names).values():
            self._opened.pop(wrapped, None)
        self.wrapped.remove(names)

    def names(self, prefix: str) -> list[str]:
        return self.wrapped.names(prefix)

    def _unwrap(self, wrapped: Mapping[str, bytes]) -> dict[str, bytes]:
        unwrapped = {}
        for name, one in wrapped.items():
            key = self._opened.get(one)
            if key is None:
                key = aes_key_unwrap(self._master, one)
                self._remember({one: key})
            unwrapped[name] = key
        return unwrapped

    def _remember(self, opened: dict[bytes, bytes]) -> None:
        if len(self._opened) + len(opened) > OPENED_KEYS:
            self._opened.clear()
        self._opened |= opened


def _secret(path: Path, make: Callable[[], bytes]) -> bytes:
    """Reads a key file, or makes it whole or not at all: a crash leaves no half key, and of two processes that start at once
    both have the key of the first."""
    if not path.exists():
        with NamedTemporaryFile(dir=path.parent, suffix=".new") as file:  # readable to its owner alone
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_bytes()
