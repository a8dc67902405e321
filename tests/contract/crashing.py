"""A crash between any two operations: the nth of them raises instead, as a process that ends there."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from adapters.stores.database import Database


class Crash(BaseException):
    """Not an Exception: nothing in the code under test may catch it and carry on."""


class Steps:
    """Counts operations; raises before number `crash` (from 1), and before every one after it: the process has ended."""

    def __init__(self, crash: int) -> None:
        self.count, self._crash = 0, crash

    def step(self, *_: object) -> None:
        self.count += 1
        if self.count >= self._crash:
            raise Crash(f"before operation {self._crash}")

    @property
    def crashed(self) -> bool:
        return self.count >= self._crash

    def before(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """The same, an operation."""

        async def counted(*given: Any, **named: Any) -> Any:
            self.step()
            return await work(*given, **named)

        return counted

    @contextmanager
    def of(self, engine: Engine) -> Iterator[None]:
        """Its statements and commits are operations."""
        event.listen(engine, "before_cursor_execute", self.step)
        event.listen(engine, "commit", self.step)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", self.step)
            event.remove(engine, "commit", self.step)


@contextmanager
def crash_at(database: Database, operation: int) -> Iterator[None]:
    """A crash before statement or commit number `operation` (from 1) of the writer."""
    with Steps(operation).of(database._writer):
        yield
