"""The portal's doors: cases, traces, reconciliation, the live page, health and metrics. HTTP and wiring only."""

import asyncio
import mimetypes
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import orjson
from prometheus_client import Histogram, disable_created_metrics, generate_latest
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.identity.tokens import Caller, Tokens
from adapters.stores import participants
from schemas.events import Encoded, Message, Verdict
from schemas.records import Role
from schemas.topics import VERDICTS
from services.delivery.app import still_admitted
from services.delivery.paging import BadAsk
from services.intake.gate import admit
from services.intake.refusal import Refusal
from services.motor import scene
from services.pages.page import source
from services.pipeline import VALIDATION
from services.portal.case_page import POLICY, SIGN_IN, SIGN_IN_POLICY, html
from services.portal.cases import view_of
from services.portal.comparing import compare
from services.portal.dossier import Dossier
from services.portal.live import board
from services.portal.metrics import exposition
from services.portal.motor import drawn, may_need, offers_to_tell
from services.portal.reading import Reading
from services.portal.trace import trace_case, trace_record
from services.portal.watching import Watch, steps_of
from services.portal.worklist import ask

if TYPE_CHECKING:
    from services.embedded import System

disable_created_metrics()  # nobody asks when a histogram was made
# Beside the figures of the store, in the process's own registry: what this process alone knows.
LATENCY = Histogram(
    "claims_verdict_seconds",
    "From the receipt of a record to its verdict, of all records judged while this process listened.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
JSON, SVG, HTML = "application/json", "image/svg+xml", "text/html; charset=utf-8"
SCENE_POLICY = f"default-src 'none'; style-src {source(scene.STYLE)}; sandbox"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
PROBE_SECONDS = 1.0  # how old an answer about readiness may be
WRITE_SECONDS = 2.0  # a database that takes longer for nothing serves nobody
# Scripts and styles come from files of ours alone; nothing may frame the page that holds an operator's token.
PAGE_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


# Read once: what is not in the folder cannot be asked for.
_STATIC = {one.name: one.read_bytes() for one in (files("services.portal") / "static").iterdir() if one.is_file()}


def routes(system: "System", tokens: Tokens) -> list[Route]:
    return [*CaseDoors(system, tokens).routes(), *WatchDoors(system, tokens).routes(), *_page()]


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type=JSON)


def _nothing() -> Refusal:
    return Refusal(404, "not-found", "There is nothing here for you.")


class CaseDoors:
    """What one may know of a case, and for operators everything that happened."""

    def __init__(self, system: "System", tokens: Tokens) -> None:
        self._system, self._tokens = system, tokens
        self._reading = Reading(system.hub, system.archive)

    def routes(self) -> list[Route]:
        return [
            Route("/cases/{number}", self.case, methods=["GET"]),
            Route("/cases/{number}/scene.svg", self.scene, methods=["GET"]),
            Route("/trace/{id}", self.trace, methods=["GET"]),
            Route("/reconciliation", self.reconciliation, methods=["GET"]),
            Route("/worklist", self.worklist, methods=["GET"]),
        ]

    async def case(self, request: Request) -> Response:
        """Foreign and non-existent are the same 404; of a merged number the case that it leads to, naming both.

        A browser gets it as a page; one that comes without a token is asked for it."""
        wants_page = "text/html" in request.headers.get("accept", "")
        if wants_page and "authorization" not in request.headers:
            headers = {**PAGE_HEADERS, "content-security-policy": SIGN_IN_POLICY, "www-authenticate": "Bearer"}
            return Response(SIGN_IN, 401, headers, media_type=HTML)
        caller = await admit(request, self._system, self._tokens)
        dossier, handed = await self._dossier(caller, request.path_params["number"])
        found = await asyncio.to_thread(view_of, dossier, caller.code, caller.role, handed) if dossier else None
        if dossier is None or found is None:
            raise _nothing()
        if not wants_page:
            return _json(found)
        drawing = await asyncio.to_thread(drawn, dossier, caller.code, caller.role, handed)
        known = await self._system.read(participants.everyone)
        names = {one.code: one.name for one in known}
        page = await asyncio.to_thread(html, found, caller.role, names, drawing, self._system.clock())
        return Response(page, headers={**PAGE_HEADERS, "content-security-policy": POLICY}, media_type=HTML)

    async def scene(self, request: Request) -> Response:
        """The accident as the police coded it; 404 for who may not have their record."""
        caller = await admit(request, self._system, self._tokens)
        dossier, handed = await self._dossier(caller, request.path_params["number"])
        found = await asyncio.to_thread(drawn, dossier, caller.code, caller.role, handed) if dossier else None
        if found is None:
            raise _nothing()
        return Response(found, media_type=SVG, headers={"content-security-policy": SCENE_POLICY})

    async def _dossier(self, caller: Caller, number: str) -> tuple[Dossier | None, frozenset[str]]:
        """The case with what its papers tell; for an insurer also the records that it may be told of: what is drawn from a
        paper is that paper handed over, so it is judged again and recorded before anything is said."""

        def read(tx: Connection) -> Dossier | None:
            found = self._reading.case(tx, number, self._system.clock())
            return found and self._reading.motor(tx, found, may_need(found, caller.code, caller.role))

        dossier = await self._system.read(read)
        numbers = offers_to_tell(dossier, caller.code) if dossier and caller.role == Role.INSURER else ()
        if not numbers:
            return dossier, frozenset()
        return dossier, await self._system.write(lambda tx: self._hand_over(tx, caller.code, numbers))

    def _hand_over(self, tx: Connection, insurer: str, numbers: Sequence[int]) -> frozenset[str]:
        still_admitted(tx, insurer)
        return self._system.feed.told(tx, insurer, numbers, self._system.clock())

    async def trace(self, request: Request) -> Response:
        await admit(request, self._system, self._tokens, Role.OPERATOR)
        id = request.path_params["id"]
        now = self._system.clock()
        if record := await self._system.read(lambda tx: self._reading.record(tx, id, now)):
            return _json(await asyncio.to_thread(trace_record, *record))
        if dossier := await self._system.read(lambda tx: self._reading.case(tx, id, now)):
            return _json(await asyncio.to_thread(trace_case, dossier))
        raise _nothing()

    async def worklist(self, request: Request) -> Response:
        """To a browser the page, which holds nothing and asks for the list with the operator's token."""
        if "text/html" in request.headers.get("accept", ""):
            return Response(_STATIC["worklist.html"], media_type=HTML, headers=PAGE_HEADERS)
        await admit(request, self._system, self._tokens, Role.OPERATOR)
        try:
            wanted = ask(request.query_params)
        except BadAsk as error:
            raise Refusal(400, "bad-query", str(error)) from None
        answer = _json(await self._system.read(lambda tx: self._reading.worklist(tx, wanted)))
        answer.headers.update(PAGE_HEADERS)  # one door, one set of headers
        return answer

    async def reconciliation(self, request: Request) -> Response:
        await admit(request, self._system, self._tokens, Role.OPERATOR)
        system = self._system
        steps = steps_of(system.handlers, VALIDATION)
        places = system.database, system.log, system.keys, system.journal
        return _json(await asyncio.to_thread(compare, *places, steps, system.clock()))


class WatchDoors:
    """Is it alive, is it ready, how much of what: for supervisors, Prometheus and the live page."""

    def __init__(self, system: "System", tokens: Tokens) -> None:
        self._system, self._tokens = system, tokens
        self._watch = Watch(
            system.log, system.keys, steps_of(system.handlers, VALIDATION), system.clock, system.publishes
        )
        self._probing: tuple[asyncio.Task[list[str]], float] | None = None  # and since when
        system.host.listen(self._hear)

    def routes(self) -> list[Route]:
        return [
            Route("/healthz", self.healthz, methods=["GET"]),
            Route("/readyz", self.readyz, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
            Route("/portal/live", self.live, methods=["GET"]),
        ]

    async def healthz(self, _: Request) -> Response:
        return _json({"status": "alive"})

    async def readyz(self, _: Request) -> Response:
        """503 when the database takes no writer, the doors lag, or a step does not move."""
        probe = self._probe()
        await asyncio.wait({probe}, timeout=WRITE_SECONDS)
        writable = probe.done() and probe.exception() is None
        stuck = probe.result() if writable else []
        ready = writable and not stuck and not self._system.lagging
        told = {
            "status": "ready" if ready else "not ready",
            "database": "writable" if writable else "busy",
            "lagging": self._system.lagging,
            "stuck": stuck,
        }
        return _json(told, 200 if ready else 503)

    def _probe(self) -> "asyncio.Task[list[str]]":
        """The write that tells whether one can; everybody may ask, so at most one a second and one at a time."""
        seconds = asyncio.get_running_loop().time()
        known = self._probing
        if known is None or (known[0].done() and seconds - known[1] >= PROBE_SECONDS):
            task = asyncio.create_task(self._system.write(lambda tx: self._watch.stuck(tx, seconds)))
            self._probing = known = task, seconds
        return known[0]

    async def metrics(self, request: Request) -> Response:
        await admit(request, self._system, self._tokens, Role.OPERATOR)
        figures = await self._watch.figures(self._system.read)
        return Response(await asyncio.to_thread(exposition, figures) + generate_latest(), media_type=PROMETHEUS)

    def _hear(self, messages: Sequence[Message | Encoded]) -> None:
        """Of first attempts: a record that was sent once more was received long ago."""
        for one in messages:
            if isinstance(one, Message) and isinstance(one.event, Verdict) and one.topic == VERDICTS.name:
                record = one.event.record
                if record.attempt == 1:
                    took = self._system.clock() - datetime.fromisoformat(record.received)
                    LATENCY.observe(max(0.0, took.total_seconds()))

    async def live(self, request: Request) -> Response:
        await admit(request, self._system, self._tokens, Role.OPERATOR)
        figures = await self._watch.figures(self._system.read)
        names = await self._watch.names(self._system.read)
        return _json(board(figures, names))


def _page() -> list[Route]:
    """The live page and the files of all pages."""

    async def index(_: Request) -> Response:
        return Response(_STATIC["live.html"], media_type=HTML, headers=PAGE_HEADERS)

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _STATIC:
            raise _nothing()
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(_STATIC[name], media_type=media_type, headers=PAGE_HEADERS)

    return [Route("/", index, methods=["GET"]), Route("/portal/static/{name}", static, methods=["GET"])]
