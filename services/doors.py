"""ALL DOORS in one application, and the server that they run on."""

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.identity.tokens import Tokens
from adapters.stores.dialect import trouble
from adapters.telemetry import spans
from services.consent import app as consent
from services.conversion import app as conversion
from services.conversion import paper_app as papers
from services.delivery import app as delivery
from services.intake import app as intake
from services.intake import limits
from services.intake.gate import Turnstile
from services.intake.refusal import Refusal, respond
from services.intake.wire import Wire
from services.interface import app as interface
from services.portal import app as portal
from services.verification import app as verification

if TYPE_CHECKING:
    from services.embedded import System

STOP_SECONDS = 5  # on Ctrl-C open requests get so long; long polls are told to come again by the closed connection

logger = structlog.get_logger()


def application(system: "System", tokens: Tokens, rate: float = limits.RATE) -> Starlette:
    """Every route of the contract. `rate`: requests a second and participant."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await system.prepare()  # before the first request
        yield

    app = Starlette(
        routes=[
            room
            for service in (intake, verification, consent, delivery, portal, papers, conversion, interface)
            for room in service.routes(system, tokens)
        ],
        exception_handlers={Refusal: _refused, HTTPException: _no_such_route},  # type: ignore[dict-item]
        middleware=[Middleware(Guard)],
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a redirect would drop the body of a POST
    app.state.turnstile = Turnstile(system, rate)
    return app


def configuration(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """The server's settings. No access log: structlog's lines hold ids, uvicorn's would hold whole URLs."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Wire,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=limits.CONNECTIONS,
        timeout_keep_alive=limits.KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


class Guard:
    """Outermost: no exception's text leaves or is logged; a refused body is not read to its end; nothing is cached."""

    def __init__(self, app: ASGIApp, at_once: int = limits.REQUESTS_AT_ONCE) -> None:
        self.app, self._free = app, at_once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, whole = False, False

        async def reading() -> Message:
            nonlocal whole
            message = await receive()
            whole = whole or not message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers.setdefault("cache-control", "no-store")
                headers.setdefault("x-content-type-options", "nosniff")
                if message["status"] >= 400 and not whole and _has_body(scope):
                    headers["connection"] = "close"  # else the server would read on, to throw it away
            await send(message)

        structlog.contextvars.clear_contextvars()
        begun = spans.now()
        self._free -= 1
        try:
            if self._free < 0:
                await respond(Request(scope), _later("Too many requests are open at once."))(scope, receive, sending)
            else:
                await self.app(scope, reading, sending)
        except ClientDisconnect:
            pass  # the sender hung up before its body was whole: nothing was taken in, nobody is there to be told
        except Exception as error:  # noqa: BLE001 — the last net: the class is logged, the text may quote a body
            logger.error("a door failed", error=type(error).__name__, at=_where(error))
            if not started:
                refusal = _later("The database does not answer.") if trouble(error) else _failure()
                await respond(Request(scope), refusal)(scope, receive, sending)
        finally:
            self._free += 1
            if judged := scope.get("state", {}).get("judged"):
                first = judged.record.attempt == 1 and not judged.again
                spans.door(judged.record, judged.outcome, begun, first)


def _later(why: str) -> Refusal:
    retry = {"retry-after": str(limits.LAG_RETRY_SECONDS)}
    return Refusal(503, "overloaded", f"{why} Send again later; repeating is safe.", retry)


def _failure() -> Refusal:
    return Refusal(500, "failure", "Our failure. Send again later; the same bytes are safe to repeat.")


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def _where(error: BaseException) -> str:
    """File and line of the innermost frame: where to look, without a word of what was read."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"


def _refused(request: Request, refusal: Refusal) -> Response:
    return respond(request, refusal)


def _methods(request: Request) -> str:
    """Of every route of this path: services share paths, and Starlette names the methods of the first alone."""
    matching = [route for route in request.app.routes if route.matches(request.scope)[0] != Match.NONE]
    return ", ".join(sorted({method for route in matching for method in route.methods}))


def _no_such_route(request: Request, error: HTTPException) -> Response:
    if error.status_code == 405:
        refusal = Refusal(405, "method-not-allowed", "Use a method of the header Allow.", {"allow": _methods(request)})
    else:
        refusal = Refusal(error.status_code, "not-found", "There is nothing here for you.")
    return respond(request, refusal)
