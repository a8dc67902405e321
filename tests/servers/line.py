"""A line to a server of this machine that a test can slow down or stall."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

BLOCK = 65_536
AHEAD = 64  # blocks on their way; beyond it the line takes no more


@dataclass
class Line:
    """`port` leads to the server. `delay`: seconds that everything is under way, in each direction; `stalled`: nothing
    arrives any more, and no connection is cut."""

    port: int = 0
    delay: float = 0.0
    stalled: bool = False
    _ends: set["asyncio.Task[None]"] = field(default_factory=set)

    async def serve(self, server: int, ready: threading.Event, stop: asyncio.Event) -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                there, back = await asyncio.open_connection("127.0.0.1", server)
                for source, target in ((reader, back), (there, writer)):
                    self._ends.add(asyncio.create_task(self._pass(source, target)))
                return
            writer.close()

        async with await asyncio.start_server(connected, "127.0.0.1", 0) as listener:
            self.port = listener.sockets[0].getsockname()[1]
            ready.set()
            await stop.wait()
            for end in self._ends:
                end.cancel()
            await asyncio.gather(*self._ends, return_exceptions=True)

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """One direction of a connection, until either side hangs up."""
        clock = asyncio.get_running_loop().time
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(AHEAD)

        async def take() -> None:
            block = b"more"
            while block:
                try:
                    block = await source.read(BLOCK)
                except OSError:
                    block = b""  # it hung up hard: the other side hears of it as well
                await under_way.put((clock() + self.delay, block))

        taking = asyncio.create_task(take())
        try:
            with contextlib.suppress(OSError):
                while True:
                    due, block = await under_way.get()
                    while self.stalled or clock() < due:
                        await asyncio.sleep(min(max(due - clock(), 0.01), 0.05))
                    if not block:
                        break
                    target.write(block)
                    await target.drain()
        finally:
            taking.cancel()
            target.close()


@contextlib.contextmanager
def line(server: int) -> Iterator[Line]:
    """A line to this port, on a thread of its own."""
    own, ready, stop, loops = Line(), threading.Event(), asyncio.Event(), []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        await own.serve(server, ready, stop)

    thread = threading.Thread(target=asyncio.run, args=(run(),), name="line")
    thread.start()
    try:
        assert ready.wait(10)
        yield own
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(10)
