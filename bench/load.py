"""The load generator of both sides: raw sockets, keep-alive, requests made beforehand. A process of its own."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sent:
    """One request: when it began and its answer was whole (seconds, monotonic), and the status. At a fixed rate it begins when
    it was due, whether or not a connection was free: a stall counts for all that it held up."""

    start: float
    end: float
    status: int


def request(port: int, path: str, token: str, content_type: str, body: bytes, method: str = "POST") -> bytes:
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\nPrefer: wait=30\r\n\r\n"
    )
    return head.encode() + body


async def send_all(port: int, requests: Sequence[bytes], connections: int, rate: float | None = None) -> list[Sent]:
    """Sends every request; at `rate` a second when given (over a pool of connections), else as fast as it goes."""
    results: list[Sent | None] = [None] * len(requests)
    numbers = iter(range(len(requests)))
    began = time.monotonic()

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            start = began + number / rate if rate else time.monotonic()
            if (wait := start - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            writer.write(requests[number])
            status = await _answer(reader)
            results[number] = Sent(start, time.monotonic(), status)
        writer.close()

    await asyncio.gather(*(connection() for _ in range(connections)))
    return [one for one in results if one]


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at >= 0:
        length = int(lower[at + 15 : lower.index(b"\r\n", at)])
        if length:
            await reader.readexactly(length)
    return int(head[9:12])
