"""The converter's doors: files into documents, nothing stored; the clerk's page, its files, the templates."""

import asyncio
import mimetypes
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING

import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, parse_options_header
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from adapters.fhir.moments import TAIPEI
from adapters.identity.tokens import Tokens
from schemas.records import Role
from services.conversion import answers, template
from services.conversion.convert import Hospital
from services.conversion.paper_page import STYLE_SOURCE
from services.intake.gate import Turnstile, admit
from services.intake.limits import BODY_BYTES, VALIDATE_AT_ONCE
from services.intake.reading import chunks, media_type
from services.intake.refusal import PROBLEM_JSON, Refusal, problem_details

if TYPE_CHECKING:
    from services.embedded import System

FORM, JSON, HTML = "multipart/form-data", "application/json", "text/html; charset=utf-8"
CONVERT_AT_ONCE = VALIDATE_AT_ONCE  # bodies in memory; of them one is converted, so that records keep a worker
FILES = 20  # of one request; a pair is two
# Scripts and styles come from files of ours alone, beside the style of the papers that the page shows inside itself.
PAGE_HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; script-src 'self'; style-src 'self' {STYLE_SOURCE}; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


def routes(system: "System", tokens: Tokens) -> list[Route]:
    return [*ConversionDoor(system, tokens).routes(), *_page()]


class ConversionDoor:
    def __init__(self, system: "System", tokens: Tokens) -> None:
        self._system, self._tokens = system, tokens
        self._places = asyncio.Semaphore(CONVERT_AT_ONCE)
        self._turn = asyncio.Lock()

    def routes(self) -> list[Route]:
        return [
            Route("/fhir/$convert", self.convert, methods=["POST"]),
            Route("/fhir/$convert", _to_page, methods=["GET"]),
        ]

    async def convert(self, request: Request) -> Response:
        """`{bundles, report, problems}`; 422 when no document could be made. `timestamp` in the query: when the data were
        written out, else now; `view=clerk`: as the page needs it."""
        caller = await admit(request, self._system, self._tokens, Role.HOSPITAL)
        named = media_type(request, FORM, JSON)
        timestamp = _timestamp(request, self._system.clock())
        if self._places.locked():
            raise Refusal(503, "overloaded", "Too many files are being converted.", {"retry-after": "1"})
        async with self._places:
            sent = await _files(request, named)
            turnstile: Turnstile = request.app.state.turnstile
            known = await turnstile.participant(caller.code)
            hospital = Hospital(caller.code, known.name if known else "")
            clerk = request.query_params.get("view") == "clerk"
            async with self._turn:
                members = await self._system.compute(answers.work, sent, timestamp, hospital, clerk)
        fragments = {name: orjson.Fragment(text) for name, text in members.items()}
        if members["bundles"] != b"[]":
            return Response(orjson.dumps(fragments), media_type=JSON)
        why = "No document could be made of these files; every problem is listed with its row and column."
        details = problem_details(422, "not-converted", why, **fragments)
        return Response(orjson.dumps(details), 422, media_type=PROBLEM_JSON)


async def _files(request: Request, named: str) -> list[bytes]:
    """The files of a form in their order, whatever they are called; of JSON the body itself."""
    if named == JSON:
        return [b"".join([chunk async for chunk in chunks(request, BODY_BYTES)])]
    boundary = parse_options_header(request.headers["content-type"])[1].get(b"boundary")
    found: list[bytes] = []
    whole = False

    def field(_: Field) -> None:
        raise _malformed("Its parts are files, each with a file name; settings go into the query.")

    def file(part: File) -> None:
        found.append(part.file_object.getvalue())  # type: ignore[attr-defined]
        if len(found) > FILES:
            raise Refusal(413, "too-large", f"More than {FILES} files. Send them in several requests.")

    def end() -> None:
        nonlocal whole
        whole = True

    try:
        # In memory as a whole: personal data never rest in a temporary file.
        limits = {"MAX_MEMORY_FILE_SIZE": 2 * BODY_BYTES}
        parser = FormParser(FORM, field, file, end, boundary=boundary, config=limits)
        async for chunk in chunks(request, BODY_BYTES):
            parser.write(chunk)
        parser.finalize()
    except FormParserError:
        raise _malformed("It does not follow its boundary.") from None
    if not whole or not found:
        raise _malformed("It has no file, or no closing boundary.")
    return found


def _malformed(why: str) -> Refusal:
    return Refusal(400, "malformed-form", f"The form cannot be read. {why}")


def _timestamp(request: Request, now: datetime) -> str:
    given = request.query_params.get("timestamp")
    if given is None:
        return now.astimezone(TAIPEI).isoformat(timespec="seconds")
    try:
        moment = datetime.fromisoformat(given)
        if moment.tzinfo is None:
            raise ValueError
        return moment.isoformat()
    except ValueError:
        why = "timestamp is a time with zone, such as 2025-03-05T10:20:00%2B08:00 (the + is %2B in a query)."
        raise Refusal(400, "bad-timestamp", why) from None


async def _to_page(_: Request) -> Response:
    return RedirectResponse("/convert", 303)


def _page() -> list[Route]:
    """The page, its files and the templates, made once: what is not there cannot be asked for."""
    folder = files("services.conversion") / "static"
    content = {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}
    templates = template.files()

    async def index(_: Request) -> Response:
        return Response(content["convert.html"], media_type=HTML, headers=PAGE_HEADERS)

    async def static(request: Request) -> Response:
        return _file(content, request.path_params["name"], PAGE_HEADERS)

    async def download(request: Request) -> Response:
        name = request.path_params["name"]
        return _file(templates, name, {"content-disposition": f'attachment; filename="{name}"'})

    return [
        Route("/convert", index, methods=["GET"]),
        Route("/convert/static/{name}", static, methods=["GET"]),
        Route("/convert/templates/{name}", download, methods=["GET"]),
    ]


def _file(content: dict[str, bytes], name: str, headers: dict[str, str]) -> Response:
    if name not in content:
        raise Refusal(404, "not-found", "There is nothing here for you.")
    media_type = _TYPES.get(name.rpartition(".")[2]) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(content[name], media_type=media_type, headers=headers)


_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
