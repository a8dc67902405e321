"""Posts to an endpoint: where they may go, and what comes back. Real servers on loopback, real certificates."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from adapters.outgoing import http
from adapters.outgoing.http import NoAnswer, Outgoing
from tests.servers.authority import certify

Reply = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def saying(answer: bytes, heard: list[bytes]) -> Reply:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        heard.append(head + await reader.readexactly(length))
        writer.write(answer)
        await writer.drain()
        writer.close()

    return reply


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body


def post(reply: Reply, url: str = "http://127.0.0.1:{port}/door", *, loopback: bool = True,
         serving: ssl.SSLContext | None = None, trusted: ssl.SSLContext | None = None) -> bytes | str:  # fmt: skip
    """The answer, or the fault."""

    async def work() -> bytes | str:
        server = await asyncio.start_server(reply, "127.0.0.1", 0, ssl=serving)
        outgoing = Outgoing(loopback, trusted)
        try:
            return await outgoing.post(
                url.format(port=server.sockets[0].getsockname()[1]), b"question", "text/x", "id-1"
            )
        except NoAnswer as error:
            return error.fault
        finally:
            await outgoing.close()
            server.close()

    return asyncio.run(work())


def test_a_question_and_its_answer() -> None:
    heard: list[bytes] = []
    assert post(saying(ok(b"answer"), heard)) == b"answer"
    (asked,) = heard
    lines = asked.lower().split(b"\r\n")
    assert lines[0] == b"post /door http/1.1" and asked.endswith(b"\r\n\r\nquestion")
    assert {b"content-type: text/x", b"idempotency-key: id-1", b"accept-encoding: identity"} <= {*lines}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "https://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "https://[::1]:{port}/",
        "https://[::ffff:127.0.0.1]:{port}/",
        "https://169.254.169.254/",
        "https://10.0.0.1/",
        "https://0.0.0.0:{port}/",
        "https://224.0.0.1/",
        "ftp://127.0.0.1:{port}/",
        "https://user@police.example/",
        "https://verify..police.example/",
        f"https://{64 * 'a'}.example/",
        "https://.tw/",
        "https://xn--a.tw/",
        "/door",
        "https://",
    ],
)
def test_without_a_sandbox_nothing_of_the_own_machine_or_network_is_asked(url: str) -> None:
    heard: list[bytes] = []
    assert post(saying(ok(b"inside"), heard), url, loopback=False) == "endpoint not allowed"
    assert heard == []


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://8.8.8.8/", "https://169.254.169.254/"])
def test_a_sandbox_adds_the_own_machine_alone(url: str) -> None:
    assert post(saying(ok(b""), []), url) == "endpoint not allowed"


def test_a_name_that_leads_inside_is_not_followed() -> None:
    """What counts is the address, not the name: `localhost` stands for any name that its owner points at us."""
    assert post(saying(ok(b"inside"), []), "https://localhost:{port}/", loopback=False) == "endpoint not allowed"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "status 302"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "status 404"),
        (ok(b"x" * (http.ANSWER_BYTES + 1)), "too large"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", "unreachable (RemoteProtocolError)"),
        (b"SSH-2.0-OpenSSH\r\n", "unreachable (RemoteProtocolError)"),
        (b"", "unreachable (RemoteProtocolError)"),
    ],
)
def test_what_is_no_answer(answer: bytes, fault: str) -> None:
    assert post(saying(answer, [])) == fault


def test_a_packed_answer_is_not_unpacked() -> None:
    """Read as it came: nothing unpacks to more than the limit."""
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
    assert post(saying(head, [])) == b"abc"


def test_a_slow_answer_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.3)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A byte every now and then, so that no single wait is long."""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing() and not reader.at_eof():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    assert post(drip) == "slow"


def test_when_it_is_told_to_come_again() -> None:
    async def work() -> float | None:
        answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 90\r\nContent-Length: 0\r\n\r\n"
        server = await asyncio.start_server(saying(answer, []), "127.0.0.1", 0)
        outgoing = Outgoing(loopback=True)
        try:
            await outgoing.post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", b"q", "text/x", "id")
        except NoAnswer as error:
            return error.after.total_seconds() if error.after else None
        finally:
            await outgoing.close()
            server.close()
        return None

    assert asyncio.run(work()) == 90.0


def test_a_certificate_of_an_authority_that_is_known(tmp_path: Path) -> None:
    folder = certify(tmp_path / "authority")
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(folder / "own.pem")
    trusted = ssl.create_default_context(cafile=folder / "ca.pem")
    url = "https://127.0.0.1:{port}/"
    assert post(saying(ok(b"answer"), []), url, serving=serving, trusted=trusted) == b"answer"
    assert post(saying(ok(b"answer"), []), url, serving=serving) == "unreachable (ConnectError)"
    # The address is that of the certificate, the name is not: it is the name that must be in it.
    named = "https://127.1:{port}/"
    assert post(saying(ok(b"answer"), []), named.replace("https", "http")) == b"answer"
    assert post(saying(ok(b"answer"), []), named, serving=serving, trusted=trusted) == "unreachable (ConnectError)"
