"""Large values as sealed files: frame by frame, so that no size needs its like in memory."""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from adapters.vault.sealing import open_sealed, seal

FRAME_BYTES = 1 << 20  # one frame in memory at a time


class Blobs:
    """One file a blob under `folder`, named by the caller with an id (never with anything personal)."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder

    def writer(self, name: str, key: bytes) -> "BlobWriter":
        return BlobWriter(self.folder, name, key)

    def write(self, name: str, key: bytes, value: bytes) -> None:
        """Durable on return; writing the same name again replaces it whole."""
        with self.writer(name, key) as blob:
            blob.write(value)

    def read(self, name: str, key: bytes) -> bytes:
        return b"".join(self.frames(name, key))

    def frames(self, name: str, key: bytes) -> Iterator[bytes]:
        with (self.folder / name).open("rb") as file:
            number = 0
            while head := file.read(4):
                sealed = file.read(int.from_bytes(head, "big"))
                last = not _peek(file)
                yield open_sealed(key, sealed, f"{name}|{number}|{int(last)}")
                number += 1

    def delete(self, names: Iterable[str]) -> None:
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        return [path.name for path in self.folder.iterdir() if path.suffix != ".new"]

    def sweep(self, held: set[str], before: datetime | None) -> list[str]:
        """Deletes every file that is not `held`, half-written ones too; their names. `before`: only what nobody has written
        to since; without it no writer may be at work."""
        stray = [path for path in self.folder.iterdir() if path.name not in held]
        if before:
            stray = [path for path in stray if path.stat().st_mtime < before.timestamp()]
        for path in stray:
            path.unlink(missing_ok=True)
        return [path.name for path in stray]


class BlobWriter:
    """Collects chunks into frames. The file takes its name only when whole and flushed (context exit without error)."""

    def __init__(self, folder: Path, name: str, key: bytes) -> None:
        self._final, self._name, self._key = folder / name, name, key
        self._fresh = folder / f"{name}.{os.urandom(4).hex()}.new"
        self._waiting = bytearray()
        self._number = 0
        self._file = open(os.open(self._fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")  # noqa: SIM115

    def write(self, chunk: bytes) -> None:
        self._waiting += chunk
        while len(self._waiting) > FRAME_BYTES:
            self._frame(bytes(self._waiting[:FRAME_BYTES]), last=False)
            del self._waiting[:FRAME_BYTES]

    def _frame(self, value: bytes, *, last: bool) -> None:
        # Number and end mark are sealed with the frame: frames cannot be dropped, moved or cut off unseen.
        sealed = seal(self._key, value, f"{self._name}|{self._number}|{int(last)}")
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1

    def __enter__(self) -> "BlobWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._file.close()
            self._fresh.unlink(missing_ok=True)
            return
        self._frame(bytes(self._waiting), last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._fresh.rename(self._final)
        folder = os.open(self._final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name is durable only with its folder
        finally:
            os.close(folder)


def _peek(file: BinaryIO) -> bool:
    here = file.tell()
    more = bool(file.read(1))
    file.seek(here)
    return more
