"""A sender's side of the doors: signs in, signs ClaimLink's posts, waits and tries again where it is asked to."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from services.sandbox.setup import SECRET_PREFIX, Bearer, Sandbox

PATIENCE = 60.0  # seconds to go on trying while the system is overloaded or cannot be reached
PAUSE = 0.25  # seconds before another try at a system that does not answer at all
LONGEST_PAUSE = 10.0  # seconds; whatever Retry-After says
TIMEOUT = 40.0  # seconds for one answer: more than the longest wait that a door grants
VERDICT_WAIT = 30  # seconds, the longest a door waits for a verdict
SPLIT = ("text/csv", "application/x-ndjson")  # what holds many accidents
SPLIT_PATIENCE = 300.0  # seconds for a police file; the largest of a year takes about two minutes
CONNECTIONS = 64


class Unreachable(Exception):
    """No answer within the patience; the text says from where."""


@dataclass(frozen=True)
class Post:
    """A request to a door. `metadata` makes it an upload: a multipart form of the object and the file."""

    sender: str
    method: str
    path: str
    body: bytes
    content_type: str | None = None
    metadata: dict[str, Any] | None = None
    file_name: str = "file"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """`started`, `ended`: seconds on the monotonic clock, of the try that was answered."""

    status: int
    headers: httpx.Headers
    body: bytes
    started: float
    ended: float

    @property
    def record(self) -> str | None:
        return self.headers.get("claims-record")

    @property
    def receipt(self) -> str | None:
        return self.headers.get("claims-receipt")

    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, version v1."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


class Client:
    """Speaks to one running system. Use as an async context manager."""

    def __init__(self, sandbox: Sandbox, patience: float = PATIENCE) -> None:
        self.sandbox, self._patience = sandbox, patience
        self._http = httpx.AsyncClient(
            base_url=sandbox.base_url,
            timeout=TIMEOUT,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            trust_env=False,  # a proxy of the environment has no business between a person and the own machine
        )

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def send(self, post: Post) -> Answer:
        """The answer that is neither "later" nor "too fast"; 429 and 503 only when patience ran out."""
        deadline = time.monotonic() + self._patience
        while True:
            started = time.monotonic()
            try:
                response = await self._http.send(self._request(post))
            except httpx.TransportError as error:
                if time.monotonic() > deadline:
                    raise Unreachable(f"{self.sandbox.base_url} does not answer ({type(error).__name__}).") from None
                await asyncio.sleep(PAUSE)
                continue
            ended = time.monotonic()
            if response.status_code not in (429, 503) or ended > deadline:
                return Answer(response.status_code, response.headers, response.content, started, ended)
            await asyncio.sleep(_pause(response.headers.get("retry-after")))

    async def get(self, sender: str | None, path: str, **query: str | int) -> Answer:
        target = path + ("?" + str(httpx.QueryParams(query)) if query else "")
        return await self.send(Post(sender or "", "GET", target, b""))

    async def verdict(self, sender: str, record: str) -> dict[str, Any]:
        """`GET /records/{id}`: state, verdict, problems, original …; {} when it is not the sender's."""
        answer = await self.get(sender, f"/records/{record}")
        return answer.json() or {} if answer.status == 200 else {}

    def _request(self, post: Post) -> httpx.Request:
        bearer = self.sandbox.bearers.get(post.sender)
        headers = dict(post.headers)
        if bearer:
            headers["Authorization"] = f"Bearer {bearer.token}"
        if post.metadata is not None:
            described = json.dumps(post.metadata, ensure_ascii=False).encode()
            parts = {
                "metadata": (None, described, "application/json"),
                "file": (post.file_name, post.body, post.content_type or "application/octet-stream"),
            }
            return self._http.build_request(post.method, post.path, files=parts, headers=headers)
        if post.content_type:
            headers["Content-Type"] = post.content_type
        if bearer and bearer.webhook_secret and post.path.startswith("/claimlink/"):
            headers |= _signed(bearer, post.body)
        return self._http.build_request(post.method, post.path, content=post.body or None, headers=headers)


async def judged(client: Client, post: Post, seconds: float = SPLIT_PATIENCE) -> Answer:
    """Sends and waits for the verdict as long as a door does; many accidents at once again until all are judged."""
    patient = replace(post, headers={**post.headers, "Prefer": f"wait={VERDICT_WAIT}"})
    deadline = time.monotonic() + seconds
    while True:
        answer = await client.send(patient)
        if answer.status != 202 or post.content_type not in SPLIT or time.monotonic() > deadline:
            return answer
        await asyncio.sleep(PAUSE)


def _signed(bearer: Bearer, body: bytes) -> dict[str, str]:
    id, now = "msg_" + hashlib.sha256(body).hexdigest()[:32], int(time.time())
    return {
        "webhook-id": id,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(bearer.webhook_secret or "", id, now, body),
    }


def _pause(retry_after: str | None) -> float:
    try:
        return min(max(float(retry_after or PAUSE), PAUSE), LONGEST_PAUSE)
    except ValueError:
        return PAUSE
