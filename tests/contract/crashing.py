"""A crash between any two operations: the nth statement or commit of a database raises, as a process that ends there."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from adapters.stores.database import Database


class Crash(BaseException):
    """Not an Exception: nothing in the code under test may catch it and carry on."""


@contextmanager
def crash_at(database: Database, operation: int) -> Iterator[list[int]]:
    """Counts statements and commits of the writer; raises before number `operation` (from 1). Yields [count]."""
    count = [0]
    engine = database._writer

    def step(*_: object) -> None:
        count[0] += 1
        if count[0] == operation:
            raise Crash(f"before operation {operation}")

    event.listen(engine, "before_cursor_execute", step)
    event.listen(engine, "commit", step)
    try:
        yield count
    finally:
        event.remove(engine, "before_cursor_execute", step)
        event.remove(engine, "commit", step)
