"""The load generator measures from when a request was due."""

import asyncio
from itertools import pairwise

import pytest

from bench import load

COUNT, RATE = 50, 1e6  # a second: more than one connection can send


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(1):
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
    writer.close()


async def sent(rate: float | None) -> list[load.Sent]:
    async with await asyncio.start_server(_answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        return await load.send_all(port, [b"x"] * COUNT, 1, rate)


def test_at_a_fixed_rate_a_request_begins_when_it_is_due() -> None:
    found = asyncio.run(sent(RATE))
    assert [one.start - found[0].start for one in found] == pytest.approx([n / RATE for n in range(COUNT)], abs=1e-8)
    assert found[-1].end - found[-1].start > found[-1].end - found[-2].end, "it waited for those before it"
    assert {one.status for one in found} == {204}


def test_without_a_rate_it_begins_when_a_connection_is_free() -> None:
    assert all(one.end <= other.start for one, other in pairwise(asyncio.run(sent(None))))
