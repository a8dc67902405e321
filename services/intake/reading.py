"""Reads a body off the wire: within its limit, at a pace, hashed on the way, never whole in memory when large."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator, Iterator

from starlette.requests import ClientDisconnect, Request

from adapters.stores.archive import INLINE_BYTES
from adapters.vault.blobs import FRAME_BYTES, Blobs, BlobWriter
from adapters.vault.sealing import KEY_BYTES
from services.intake.limits import CHUNK_SECONDS, GRACE_SECONDS, SLOWEST
from services.intake.refusal import Refusal

_CHARSET = re.compile(r'charset\s*=\s*"?([^";\s]+)"?', re.IGNORECASE)


def media_type(request: Request, *allowed: str) -> str:
    """The body's media type, lower case, without parameters; Refusal 415 when it is none of `allowed`."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, "content-encoding", "Send the body as it is, without Content-Encoding.")
    name, _, parameters = request.headers.get("content-type", "").partition(";")
    name = name.strip().lower()
    if name not in allowed:
        raise Refusal(415, "media-type", f"Send the body as {' or '.join(allowed)}.", {"accept": ", ".join(allowed)})
    charset = _CHARSET.search(parameters)
    if charset and name.endswith("json") and charset[1].lower() not in ("utf-8", "utf8"):
        raise Refusal(415, "charset", "JSON is UTF-8.")
    return name


async def chunks(request: Request, limit: int, may_be_empty: bool = False) -> AsyncIterator[bytes]:
    """The body as it comes. Refusal 413 past `limit` bytes, 408 when it stalls or crawls, 400 when there is none.

    Only the time spent waiting for the sender counts against its pace.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    clock = asyncio.get_running_loop().time
    total, waited, more = 0, 0.0, True
    while more:
        began = clock()
        try:
            async with asyncio.timeout(CHUNK_SECONDS):
                message = await request.receive()
        except TimeoutError:
            raise Refusal(408, "too-slow", "The body stopped coming. Send it again in one go.") from None
        waited += clock() - began
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, more = message.get("body", b""), message.get("more_body", False)
        total += len(chunk)
        if total > limit:
            raise _too_large(limit)
        if more and waited > GRACE_SECONDS and total < waited * SLOWEST:
            raise Refusal(408, "too-slow", f"The body came slower than {SLOWEST} bytes a second. Use a faster line.")
        if chunk:
            yield chunk
    if not total and not may_be_empty:
        raise Refusal(400, "empty-body", "There is no body. Send the record in it.")


def _too_large(limit: int) -> Refusal:
    return Refusal(
        413,
        "too-large",
        f"The body is larger than {limit} bytes. Reduce it: a scan by its resolution, a file by sending several.",
    )


class Spool:
    """Where a body collects: in memory while small, then in a file sealed under a key that exists in memory only.

    Use it as a context: what was not kept is gone on leaving. A crash leaves a file that nothing opens.
    """

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._name = f"spool.{os.urandom(8).hex()}"
        self._key = os.urandom(KEY_BYTES)
        self._memory = bytearray()
        self._writer: BlobWriter | None = None
        self._hash = hashlib.sha256()
        self._whole = False
        self.size = 0

    async def write(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self.size += len(chunk)
        self._memory += chunk
        if len(self._memory) >= (FRAME_BYTES if self._writer else INLINE_BYTES + 1):
            await self._flush()

    async def fill(self, body: AsyncIterator[bytes]) -> None:
        async for chunk in body:
            await self.write(chunk)
        await self.close()

    async def close(self) -> None:
        """The body is whole."""
        if self._writer:
            await self._flush()
            await asyncio.to_thread(self._writer.__exit__, None, None, None)
        self._whole = True

    @property
    def large(self) -> bool:
        return self._writer is not None

    @property
    def body(self) -> bytes:
        """The bytes of a small body; nothing of a large one."""
        return b"" if self.large else bytes(self._memory)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def frames(self) -> Iterator[bytes]:
        """The bytes, part by part, once closed."""
        return self._blobs.frames(self._name, self._key) if self.large else iter((bytes(self._memory),))

    def copy(self, name: str, key: bytes) -> None:
        """Seals the bytes into a file of the archive, durable on return."""
        with self._blobs.writer(name, key) as blob:
            for frame in self.frames():
                blob.write(frame)

    async def _flush(self) -> None:
        if self._writer is None:
            self._writer = self._blobs.writer(self._name, self._key)
        part, self._memory = bytes(self._memory), bytearray()
        await asyncio.to_thread(self._writer.write, part)

    async def __aenter__(self) -> "Spool":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._writer is None:
            return
        if self._whole:
            self._blobs.delete([self._name])
        else:
            self._writer.__exit__(kind or ClientDisconnect, None, None)
