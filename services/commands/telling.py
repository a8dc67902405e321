"""The small door of a service that has no other: for Prometheus, and for whoever checks that it lives."""

import asyncio
import contextlib
import socket

from prometheus_client import generate_latest

SECONDS = 5.0  # whoever asks has so long to ask, and to take the answer


async def tell(listener: socket.socket) -> asyncio.Server:
    """Answers every request with the figures of this process. From the event loop itself: one that hangs answers nobody."""
    return await asyncio.start_server(_answer, sock=listener)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        async with asyncio.timeout(SECONDS):
            await reader.readuntil(b"\r\n\r\n")
            body = generate_latest()
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n"
                b"connection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
            )
            await writer.drain()
    writer.close()
