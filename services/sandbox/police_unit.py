"""A police unit's server: answers whether a paper is its own, and misbehaves when it is told to.

It is what a unit has to build: verify the question with the interchange's published keys, look the SHA-256 up, sign the answer.
"""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from typing import Any

import uvicorn
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from adapters.vault.jws import ALGORITHMS

PATH = "/verifications"
QUESTION, ANSWER, JOSE = "claims-question+jwt", "claims-answer+jwt", "application/jose"
SLOW_SECONDS = 60.0  # longer than anybody waits
LATE_SECONDS = 3.0  # less than the interchange waits: the answer counts
Json = dict[str, Any]


class Fault(StrEnum):
    SLOW = "slow"
    LATE = "late"
    DOWN = "down"
    WRONG_KEY = "wrong key"
    GARBAGE = "garbage"
    TOO_LARGE = "too large"
    WRONG_RECORD = "wrong record"
    WRONG_CLOCK = "wrong clock"
    REDIRECTS = "redirects"


class PoliceUnit:
    """`answers`: SHA-256 → its word (confirmed, denied, refused); of any other it says `unknown`. `faults` are used up one a
    question, before it answers as it should. `keys` gives the interchange's JWK set."""

    path = PATH

    def __init__(self, code: str, keys: Callable[[], Awaitable[Json]], clock: Callable[[], float] = time.time) -> None:
        self.code, self._keys, self._clock = code, keys, clock
        self.key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "EdDSA", "kid": f"{code}-1"})
        self.answers: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.asked: list[Json] = []  # the claims of every question, in order
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}{self.path}"

    @property
    def public_key(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.key.as_dict(private=False).items()}

    def knows(self, papers: Iterable[str], word: str = "confirmed") -> None:
        self.answers |= dict.fromkeys(papers, word)

    def says(self, asked: Json) -> str:
        """Its word on a question, of whose claims `asked` are."""
        return self.answers.get(asked["sha256"], "unknown")

    def fault(self, asked: Json) -> Fault | None:
        """How it misbehaves this time; None: it does not."""
        return self.faults.pop(0) if self.faults else None

    def sign(self, sha256: str) -> str:
        """The signature that goes into a paper's metadata: detached, over the digits of its SHA-256."""
        compact = _signed({"alg": "EdDSA", "kid": self.key.kid}, sha256.encode(), self.key)
        header, _, end = compact.split(".")
        return f"{header}..{end}"

    async def serve(self) -> None:
        """Until cancelled."""
        app = Starlette(routes=[Route(self.path, self._answer, methods=["POST"])])
        server = _Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        try:
            await server.serve(sockets=[self._listener])
        finally:
            server.force_exit = True
            self._listener.close()

    async def _answer(self, request: Request) -> Response:
        try:
            keys = KeySet.import_key_set(await self._keys())  # type: ignore[arg-type]
            opened = jws.deserialize_compact(await request.body(), keys, algorithms=ALGORITHMS)
            asked: Json = json.loads(opened.payload)
        except (JoseError, ValueError):
            return Response("not signed by the interchange", 401)
        if opened.headers().get("typ") != QUESTION or asked["aud"] != self.code or asked["exp"] < self._clock():
            return Response("not a question to this unit", 400)
        self.asked.append(asked)
        if fault := self.fault(asked):
            return await self._misbehave(fault, asked)
        return Response(self._word(asked), media_type=JOSE)

    def _word(self, asked: Json, key: OKPKey | None = None, **other: str | int) -> str:
        said = {
            "jti": asked["jti"],
            "iss": self.code,
            "sha256": asked["sha256"],
            "answer": self.says(asked),
            "iat": int(self._clock()),
        }
        header = {"alg": "EdDSA", "kid": self.key.kid, "typ": ANSWER}
        return _signed(header, json.dumps(said | other).encode(), key or self.key)

    async def _misbehave(self, fault: Fault, asked: Json) -> Response:
        match fault:
            case Fault.SLOW:
                await asyncio.sleep(SLOW_SECONDS)
            case Fault.LATE:
                await asyncio.sleep(LATE_SECONDS)
                return Response(self._word(asked), media_type=JOSE)
            case Fault.WRONG_KEY:
                return Response(self._word(asked, OKPKey.generate_key("Ed25519")), media_type=JOSE)
            case Fault.GARBAGE:
                return Response(b"\xff\x00 confirmed", media_type=JOSE)
            case Fault.TOO_LARGE:
                return Response(self._word(asked) + " " * 100_000, media_type=JOSE)
            case Fault.WRONG_RECORD:
                return Response(self._word(asked, sha256="0" * 64), media_type=JOSE)
            case Fault.WRONG_CLOCK:
                return Response(self._word(asked, iat=asked["iat"] - 3600), media_type=JOSE)
            case Fault.REDIRECTS:
                return RedirectResponse(self.url)
        return Response(status_code=503, headers={"retry-after": "1"})


class _Server(uvicorn.Server):
    """Signals are the owner's."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


def _signed(header: Json, payload: bytes, key: OKPKey) -> str:
    return jws.serialize_compact(header, payload, key, algorithms=ALGORITHMS)
