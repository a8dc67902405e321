"""The papers door: an upload is a file and its metadata, read part by part as they come."""

import hashlib
import re
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.identity.tokens import Tokens
from adapters.stores import records
from adapters.stores.archive import Erased
from schemas.records import Kind, Role
from services.intake.book import Submission
from services.intake.door import answer, enter
from services.intake.gate import admit
from services.intake.limits import BODY_BYTES, METADATA_BYTES, PART_HEADER_BYTES, VERDICT_SECONDS
from services.intake.reading import Spool, chunks, media_type
from services.intake.refusal import Refusal
from services.intake.taking import not_lagging, settled

if TYPE_CHECKING:
    from services.embedded import System

FORM = "multipart/form-data"
PART_HEADERS = 10  # a part has two: what it is called, what it is
UNKNOWN_TYPE = "application/octet-stream"
_PLAUSIBLE = re.compile(rb"(?:application|image|text|audio|video)/[a-z.+-]{1,60}")  # no digits: nobody's number fits


class PapersDoor:
    def __init__(self, system: "System", tokens: Tokens) -> None:
        self._system, self._tokens = system, tokens

    def routes(self) -> list[Route]:
        return [
            Route("/papers", self.post, methods=["POST"]),
            Route("/papers/{id}/preview", self.preview, methods=["GET"]),
        ]

    async def preview(self, request: Request) -> Response:
        """Of the sender's own upload, whatever its verdict."""
        system = self._system
        caller = await admit(request, system, self._tokens, Role.HOSPITAL, Role.POLICE, Role.CLAIMLINK)
        id = request.path_params["id"]
        row = (await system.read(lambda tx: records.by_ids(tx, [id]))).get(id)
        if row is None or row.sender != caller.code or row.kind != Kind.PAPER:
            raise Refusal(404, "not-found", "There is no such paper of yours.")
        row = await settled(system, row, VERDICT_SECONDS)
        try:
            body = await system.read(lambda tx: system.archive.body(tx, id))
        except Erased:
            raise Refusal(410, "erased", "The record was erased.") from None
        made, kind = await system.previews.of(body)
        headers = {"content-disposition": f'attachment; filename="{id}-preview"', "content-security-policy": "sandbox"}
        return Response(made, media_type=kind, headers=headers)

    async def post(self, request: Request) -> Response:
        system = self._system
        caller = await admit(request, system, self._tokens, Role.HOSPITAL, Role.POLICE, Role.CLAIMLINK)
        not_lagging(system)
        media_type(request, FORM)
        async with Spool(system.archive.blobs) as spool:
            form = Form(request.headers["content-type"], spool)
            async for chunk in chunks(request, BODY_BYTES):
                await form.feed(chunk)
            metadata = await form.end()
            digests = hashlib.sha256(metadata).digest() + bytes.fromhex(spool.sha256)
            submission = Submission(
                kind=Kind.PAPER,
                sender=caller.code,
                role=caller.role,
                method=request.method,
                path=request.scope["path"],
                media_type=form.file_type,
                body=spool.body,
                sha256=spool.sha256,
                digest=hashlib.sha256(digests).hexdigest(),
                size=spool.size,
                metadata=_text(metadata),
            )
            return answer(system, await enter(request, system, submission, spool))


class Form:
    """Exactly two parts, `file` and `metadata`, in any order; no file name is read. Refusal 400 or 413 otherwise."""

    def __init__(self, content_type: str, spool: Spool) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise _malformed("The Content-Type names no boundary.")
        self._spool = spool
        self.file_type = UNKNOWN_TYPE
        self._metadata = bytearray()
        self._seen: set[str] = set()
        self._part = self._field = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._pending: list[bytes] = []  # of the file, until it is written
        self._whole = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._data,
                    "on_end": self._end,
                },
                max_header_count=PART_HEADERS,
                max_header_size=PART_HEADER_BYTES,
            )
        except FormParserError:
            raise _malformed("The boundary is too long.") from None

    async def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise _malformed("It does not follow its boundary.") from None
        for part in self._pending:
            await self._spool.write(part)
        self._pending.clear()

    async def end(self) -> bytes:
        """The metadata, once the form is whole; the file is in the spool."""
        if not self._whole or self._seen != {"file", "metadata"}:
            raise _malformed("It needs two parts, file and metadata, and its closing boundary.")
        if not self._spool.size or not self._metadata:
            raise Refusal(400, "empty-body", "The file or its metadata is empty.")
        await self._spool.close()
        return bytes(self._metadata)

    def _begin(self) -> None:
        self._headers = {}

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _headers_finished(self) -> None:
        self._part = parse_options_header(self._headers.get(b"content-disposition"))[1].get(b"name", b"")
        name = self._part.decode("ascii", "replace")
        if name not in ("file", "metadata") or name in self._seen:
            raise _malformed("It has one part called file, one called metadata, and no other.")
        if self._headers.get(b"content-transfer-encoding", b"binary").lower() not in (b"binary", b"8bit", b"7bit"):
            raise _malformed("Send parts as they are, without Content-Transfer-Encoding.")
        self._seen.add(name)
        if name == "file":
            claimed = self._headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
            self.file_type = claimed.decode() if _PLAUSIBLE.fullmatch(claimed) else UNKNOWN_TYPE

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part == b"file":
            self._pending.append(data[start:end])
            return
        self._metadata += data[start:end]
        if len(self._metadata) > METADATA_BYTES:
            raise Refusal(413, "too-large", f"The metadata is larger than {METADATA_BYTES} bytes.")

    def _end(self) -> None:
        self._whole = True


def _malformed(why: str) -> Refusal:
    return Refusal(400, "malformed-form", f"The form cannot be read. {why}")


def _text(metadata: bytes) -> str:
    try:
        return metadata.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(400, "not-utf8", "The metadata is not UTF-8.") from None
