"""The insurers' doors: a page of the own feed, with long poll, and the bytes of one paper. HTTP and wiring only."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.identity.tokens import Tokens
from adapters.stores import feeds, participants
from adapters.stores.dialect import lock
from schemas.records import Role
from services.delivery.feed import HandedPaper
from services.delivery.paging import Ask, BadAsk, ask, next_number
from services.intake.gate import admit
from services.intake.refusal import Refusal

if TYPE_CHECKING:
    from services.embedded import System


def routes(system: "System", tokens: Tokens) -> list[Route]:
    bell = Bell(system.offered, lambda: system.read(feeds.totals), system.stopping)

    async def offers(request: Request) -> Response:
        insurer = await _itself(request, system, tokens)
        try:
            wanted = ask(request.query_params)
        except BadAsk as error:
            raise Refusal(400, "bad-query", str(error)) from None
        events: list[dict[str, object]] = []
        last = await _last(system, insurer, wanted, bell)
        if last > wanted.after:
            events, last = await system.write(lambda tx: _page(system, tx, insurer, wanted))
        return JSONResponse({"events": events, "next": next_number(wanted, events), "last": last})

    async def handed(request: Request) -> HandedPaper:
        insurer = await _itself(request, system, tokens)
        sha256 = request.path_params["sha256"]
        found = await system.write(lambda tx: _paper(system, tx, insurer, sha256))
        if found is None:
            raise _nothing()
        return found

    async def paper(request: Request) -> Response:
        found = await handed(request)
        return as_file(found.body, found.media_type, request.path_params["sha256"])

    async def preview(request: Request) -> Response:
        """Judged and recorded as the paper itself, before there is anything to show."""
        found = await handed(request)
        made, kind = await system.previews.of(found.body)
        return as_file(made, kind, request.path_params["sha256"] + "-preview")

    return [
        Route("/insurers/{code}/offers", offers, methods=["GET"]),
        Route("/insurers/{code}/papers/{sha256}", paper, methods=["GET"]),
        Route("/insurers/{code}/papers/{sha256}/preview", preview, methods=["GET"]),
    ]


def as_file(body: bytes, media_type: str, name: str) -> Response:
    """The bytes are somebody else's: a browser shall save them, never run them on our origin."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "content-security-policy": "sandbox"}
    return Response(body, media_type=media_type, headers=headers)


def _nothing() -> Refusal:
    return Refusal(404, "not-found", "There is nothing here for you.")


async def _itself(request: Request, system: "System", tokens: Tokens) -> str:
    """The insurer, when it asks for what is its own; another's is answered as what does not exist."""
    caller = await admit(request, system, tokens, Role.INSURER)
    if request.path_params["code"] != caller.code:
        raise _nothing()
    return caller.code


async def _last(system: "System", insurer: str, wanted: Ask, bell: "Bell") -> int:
    """The feed's last number, now or once something comes within the patience. If it is not after the number asked for,
    nothing is written."""
    last = await system.read(lambda tx: feeds.last_number(tx, insurer))
    if last <= wanted.after and wanted.wait and await bell.heard(insurer, wanted.after, wanted.wait):
        last = await system.read(lambda tx: feeds.last_number(tx, insurer))
    return last


def _page(system: "System", tx: Connection, insurer: str, wanted: Ask) -> tuple[list[dict[str, object]], int]:
    """The events, and the feed's last number."""
    still_admitted(tx, insurer)
    events = system.feed.page(tx, insurer, wanted.after, wanted.limit, system.clock())
    return events, feeds.last_number(tx, insurer)


def _paper(system: "System", tx: Connection, insurer: str, sha256: str) -> HandedPaper | None:
    still_admitted(tx, insurer)
    return system.feed.paper(tx, insurer, sha256, system.clock())


def still_admitted(tx: Connection, insurer: str) -> None:
    """Judged in the transaction of the hand-over: a suspension may have come while the insurer waited. None is answered
    before that transaction ends."""
    lock(tx, [f"participant:{insurer}"])
    if not participants.admitted(tx, [insurer]):
        raise Refusal(403, "not-admitted", "This participant is not admitted in this role; ask the operators.")


class Bell:
    """Wakes the insurers that wait. However many wait, a numbering costs one look at the feeds' last numbers.

    `offered` is notified after every numbering; `numbers` reads the last number of every feed; when the system stops,
    nobody waits any longer.
    """

    def __init__(
        self, offered: asyncio.Condition, numbers: Callable[[], Awaitable[dict[str, int]]], stopping: asyncio.Event
    ) -> None:
        self._offered, self._numbers, self._stopping = offered, numbers, stopping
        self._rung = asyncio.Event()
        self._waiting: dict[asyncio.Future[bool], tuple[str, int]] = {}
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    async def heard(self, insurer: str, after: int, seconds: float) -> bool:
        """True once this feed has a number above `after`; False when the seconds are over or the system stops."""
        if not self._tasks or any(task.done() for task in self._tasks):
            for task in self._tasks:
                task.cancel()
            self._tasks = (asyncio.create_task(self._follow()), asyncio.create_task(self._look()))
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[future] = (insurer, after)
        self._rung.set()  # one look after standing in line: what was numbered just before is not slept over
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((future, stop), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return future.done() and future.result()
        finally:
            stop.cancel()
            self._waiting.pop(future, None)

    async def _follow(self) -> None:
        """The condition is let go only inside `wait`: no notification passes unheard. What came before it was held is
        found by the look that follows."""
        async with self._offered:
            while True:
                self._rung.set()
                await self._offered.wait()

    async def _look(self) -> None:
        try:
            while True:
                await self._rung.wait()
                self._rung.clear()
                if self._waiting:
                    last = await self._numbers()
                    self._wake(lambda insurer, after, last=last: last.get(insurer, 0) > after)
        finally:
            self._wake(lambda *_: True)  # the look failed: each asks for itself, and answers what it finds

    def _wake(self, due: Callable[[str, int], bool]) -> None:
        for future, (insurer, after) in self._waiting.items():
            if not future.done() and due(insurer, after):
                future.set_result(True)
