"""Posts to a registered endpoint and reads a small answer. The guard against requests that go astray (CWE-918) is here:
https alone, every address of the name judged before it is connected to, no redirect, no proxy, bounded time and size."""

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from datetime import timedelta

import httpx

ANSWER_SECONDS = (
    10.0  # from the look-up of the name to the last byte: a unit that needs longer says 503 and is asked again
)
ANSWER_BYTES = 16_384  # a signed answer has some 400
CONNECTIONS = 16


class NoAnswer(Exception):
    """`fault`: a word for operators, nothing of what was received. `after`: when the other asked to be tried again."""

    def __init__(self, fault: str, after: timedelta | None = None) -> None:
        super().__init__(fault)
        self.fault, self.after = fault, after


@dataclass(frozen=True)
class _Place:
    """Where a URL leads: the address that was judged, and the name that its certificate must bear."""

    url: httpx.URL
    host: str
    name: str


class Outgoing:
    """Make and use it inside one event loop. `loopback`: http to the own machine is allowed too, for a sandbox."""

    def __init__(self, loopback: bool = False, tls: ssl.SSLContext | None = None) -> None:
        self._loopback = loopback
        self._http = httpx.AsyncClient(
            timeout=ANSWER_SECONDS,
            verify=tls or ssl.create_default_context(),
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=CONNECTIONS),
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def post(self, url: str, body: bytes, media_type: str, idempotency: str) -> bytes:
        """The body of a 200; NoAnswer for anything else."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                place = await self._place(url)
                headers = {
                    "host": place.host,
                    "content-type": media_type,
                    "accept": media_type,
                    "accept-encoding": "identity",  # what is packed could unpack to anything
                    "idempotency-key": idempotency,
                }
                request = self._http.build_request("POST", place.url, content=body, headers=headers)
                request.extensions = {**request.extensions, "sni_hostname": place.name}
                return await self._answer(request)
        except (TimeoutError, httpx.TimeoutException):
            raise NoAnswer("slow") from None
        except (httpx.InvalidURL, UnicodeError):
            # No name that could be looked up (RFC 5890): an empty label, one too long.
            raise NoAnswer("endpoint not allowed") from None
        except (httpx.HTTPError, OSError, ssl.SSLError) as error:
            raise NoAnswer(f"unreachable ({type(error).__name__})") from None

    async def _answer(self, request: httpx.Request) -> bytes:
        response = await self._http.send(request, stream=True)
        try:
            if response.status_code != 200:
                raise NoAnswer(f"status {response.status_code}", _after(response.headers.get("retry-after", "")))
            answer = b""
            async for chunk in response.aiter_raw():
                answer += chunk
                if len(answer) > ANSWER_BYTES:
                    raise NoAnswer("too large")
            return answer
        finally:
            await response.aclose()

    async def _place(self, url: str) -> _Place:
        """Judges the URL and the addresses of its name, and names one of these: looked up once, it cannot change between."""
        parsed = httpx.URL(url)
        name, secure = parsed.host, parsed.scheme == "https"
        if not name or parsed.userinfo or not (secure or (parsed.scheme == "http" and self._loopback)):
            raise NoAnswer("endpoint not allowed")
        found = await asyncio.get_running_loop().getaddrinfo(
            name, parsed.port or (443 if secure else 80), type=socket.SOCK_STREAM
        )
        addresses = [ipaddress.ip_address(one[4][0]) for one in found]
        if not addresses or not all(self._allowed(one, secure) for one in addresses):
            raise NoAnswer("endpoint not allowed")
        return _Place(parsed.copy_with(host=str(addresses[0])), parsed.netloc.decode("ascii"), name)

    def _allowed(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address, secure: bool) -> bool:
        if address.is_loopback:
            return self._loopback
        return secure and address.is_global and not address.is_multicast


def _after(header: str) -> timedelta | None:
    """Of Retry-After the form in seconds."""
    return timedelta(seconds=int(header)) if header.isascii() and header.isdigit() and len(header) <= 6 else None
