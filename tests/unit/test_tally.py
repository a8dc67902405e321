"""A door that waits for the accidents of a file hears of each verdict, and need not look again and again."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from schemas.events import Encoded, Message, Verdict
from schemas.ids import derive
from schemas.records import Kind, Outcome, Record, Role
from schemas.topics import VERDICTS
from services.intake.book import Book
from services.intake.desk import Desk

HOUR, MOMENT, SOON = 3_600.0, 0.05, 10.0


class Host:
    """Says what the test has it say."""

    def listen(self, listener: Callable[[Sequence[Message | Encoded]], None]) -> None:
        self.say = listener

    def append(self, work: object) -> None:
        raise AssertionError("nobody enters anything")


def verdict(number: int, parent: str | None) -> Message:
    id = derive("record", number)
    record = Record(id=id, attempt=1, kind=Kind.ACCIDENT, sender="s", role=Role.POLICE, method="POST", path="/", sha256="0",
                    size=1, media_type="text/csv", received="2026-11-22T00:00:00.000000Z", parent=parent)  # fmt: skip
    return Message(VERDICTS.name, id, id, Verdict(record=record, outcome=Outcome.ACCEPTED))


def test_who_waits_for_some_verdicts_of_a_file_goes_on_with_the_last_of_them() -> None:
    async def work() -> None:
        host = Host()
        desk = Desk(cast(Book, None), host, ThreadPoolExecutor(1))
        with desk.tally("file") as tally:
            tally.begin()
            waiting: asyncio.Task[Any] = asyncio.create_task(tally.reaches(2, HOUR))
            host.say([verdict(1, "file"), verdict(2, "another"), verdict(3, None)])
            assert not (await asyncio.wait({waiting}, timeout=MOMENT))[0]
            host.say([verdict(4, "file")])
            assert (await asyncio.wait({waiting}, timeout=SOON))[0]
            tally.begin()  # what was heard before does not count
            assert not (await asyncio.wait({asyncio.create_task(tally.reaches(1, HOUR))}, timeout=MOMENT))[0]
        assert not desk._tallies

    asyncio.run(work())
