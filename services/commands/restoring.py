"""The mark of a place that a restore has begun to fill and not finished: nothing starts on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.commands.options import Failed

MARK = "restoring"


def refuse_half_restored(data: Path) -> None:
    if (data / MARK).exists():
        raise Failed(f"{data} is half restored. Run the same `claims restore` again; it goes on where it ended.")


@contextmanager
def marked(data: Path, backup: str, *, empty: bool) -> Iterator[None]:
    """Holds the mark until the block is done; it stays when anything ends it before. `backup`: which one is restored;
    Failed when the place holds something (`empty` is false) that is not of this one's earlier try."""
    path = data / MARK
    if path.exists():
        if path.read_text() != backup:
            raise Failed(f"{data} is half restored from another backup. Finish that one first.")
    elif not empty:
        raise Failed("The place is not empty: a restore goes into an empty one only. Move away what is there.")
    aside = data / (MARK + ".new")
    with aside.open("w") as file:
        file.write(backup)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
    _keep_names(data)
    yield
    path.unlink()
    _keep_names(data)


def _keep_names(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
