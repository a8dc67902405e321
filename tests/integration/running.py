"""The real embedded system behind the real server, on a loopback port, in a thread of its own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
import uvloop
from starlette.applications import Starlette

from services.doors import application, configuration
from services.embedded import System
from services.sandbox.participants import PARTICIPANTS, policies
from services.sandbox.setup import FILE_NAME, Sandbox, SandboxTokens, prepare, register
from tests.integration import conformance

T = TypeVar("T")
START_SECONDS = 60
FAST = 100_000.0  # requests a second: tests that are not about the rate never meet it


class Running:
    """A system that runs; `data` is its folder, `sandbox` its participants and tokens."""

    def __init__(self, data: Path, rate: float = FAST) -> None:
        self.data, self._rate = data, rate
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}"
        lines = [policy.line() for policy in policies()]
        self.sandbox: Sandbox = prepare(data / FILE_NAME, PARTICIPANTS, lines, self.base_url)
        self.system: System
        self.app: Starlette
        self._server: uvicorn.Server
        self._loop: asyncio.AbstractEventLoop
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="system", daemon=True)

    def token(self, code: str) -> str:
        return self.sandbox.bearers[code].token

    def client(self, code: str | None = None, **options: Any) -> httpx.Client:
        """A client that speaks with this participant's token, or with none; every answer is held to the OpenAPI document."""
        headers = {"authorization": f"Bearer {self.token(code)}"} if code else {}
        hooks = {"response": [conformance.held]}
        return httpx.Client(
            base_url=self.base_url, headers=headers, timeout=60, trust_env=False, event_hooks=hooks, **options
        )

    def call(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Runs a coroutine in the system's own loop: for what no door shows."""
        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(START_SECONDS)

    def read(self, work: Callable[[Any], T]) -> T:
        """Reads the store."""
        return self.call(lambda: self.system.read(work))

    def settle(self, seconds: float = START_SECONDS) -> None:
        """Returns when no step has anything before it."""

        def behind(tx: Any) -> int:
            steps = [("validation", ("received",)), *((one.name, one.sources) for one in self.system.handlers)]
            return sum(self.system.log.lag(tx, name, sources) for name, sources in steps)

        async def quiet() -> None:
            async with asyncio.timeout(seconds):
                while await self.system.read(behind):
                    pass  # every look goes to the store and back: the steps get their turn meanwhile

        self.call(quiet)

    def tick(self) -> None:
        """What is due now goes to the steps: the clock would come by within five seconds."""

        async def due() -> None:
            await asyncio.get_running_loop().run_in_executor(self.system._writer, self.system.tick)

        self.call(due)

    def __enter__(self) -> "Running":
        self._thread.start()
        self._started.result(START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(setattr, self._server, "should_exit", True)
        self._thread.join(START_SECONDS)
        self._listener.close()
        assert not self._thread.is_alive(), "the system did not stop"

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                runner.run(self._serve())
            except BaseException as error:
                if not self._started.done():
                    self._started.set_exception(error)
                raise

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.system = System(self.data, PARTICIPANTS, register(self.sandbox.policies), sandbox=True)
        self.app = application(self.system, SandboxTokens(self.data / FILE_NAME), self._rate)
        self._server = _Server(configuration(self.app, "127.0.0.1", self.port), self._started)
        steps = asyncio.create_task(self.system.run())
        doors = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        await asyncio.wait((steps, doors), return_when=asyncio.FIRST_COMPLETED)
        self._server.should_exit = True
        await doors
        failed = steps.done()
        steps.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await steps
        await self._loop.shutdown_default_executor()
        self.system.close()
        assert not failed, "a step ended"


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: "Future[None]") -> None:
        super().__init__(config)
        self._told = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._told.set_result(None)


@contextlib.contextmanager
def start(data: Path, rate: float = FAST) -> Iterator[Running]:
    data.mkdir(parents=True, exist_ok=True)
    with Running(data, rate) as running:
        yield running
