"""The peer: a raw ASGI app that stores the bytes with the same group commit and flush, and answers. Nothing else."""

import asyncio
import hashlib
import sqlite3
import sys
from pathlib import Path

import uvicorn


class Bare:
    """`INSERT` of the bytes under their hash; one transaction for all that wait together; `synchronous=FULL`."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE bodies (sha256 TEXT PRIMARY KEY, body BLOB);"
        )
        self._queue: asyncio.Queue[tuple[str, bytes, asyncio.Future[None]]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        if scope["type"] != "http":
            return
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        done = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((hashlib.sha256(body).hexdigest(), body, done))
        await done
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    async def _run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await asyncio.to_thread(self._commit, [(sha256, body) for sha256, body, _ in batch])
            for _, _, done in batch:
                done.set_result(None)

    def _commit(self, rows: list[tuple[str, bytes]]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("INSERT OR IGNORE INTO bodies VALUES (?, ?)", rows)
        self._database.execute("COMMIT")


if __name__ == "__main__":
    uvicorn.run(
        Bare(Path(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools",
        log_level="error", access_log=False,
    )  # fmt: skip
