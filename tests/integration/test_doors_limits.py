"""Past every limit a clear refusal that makes no record; sockets where a client library is too polite."""

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from services.doors import Guard
from services.front import LAG_LIMIT
from services.intake import limits, reading, wire
from tests.integration import bodies
from tests.integration.bodies import CLAIMLINK, HOSPITAL, INSURER, OPERATOR, POLICE
from tests.integration.running import Running, start

FHIR = {"content-type": "application/fhir+json"}
DOORS = [  # (method, path, who may, media type)
    ("POST", "/fhir/Bundle", HOSPITAL, "application/fhir+json"),
    ("POST", "/fhir/Bundle/$validate", HOSPITAL, "application/fhir+json"),
    ("POST", "/police/accidents", POLICE, "application/json"),
    ("POST", "/papers", CLAIMLINK, "multipart/form-data; boundary=x"),
    ("POST", "/authorisations", CLAIMLINK, "application/json"),
    ("POST", "/mandates", CLAIMLINK, "application/json"),
    ("POST", "/judgements", OPERATOR, "application/json"),
    ("PUT", "/participants/1131990017", OPERATOR, "application/json"),
]
READING = [
    ("/records/0", HOSPITAL),
    ("/fhir/Bundle/0", HOSPITAL),
    ("/authorisations/0", CLAIMLINK),
    ("/mandates/0", CLAIMLINK),
    ("/participants/0", OPERATOR),
]
PUBLIC = ["/schemas", "/schemas/accident", "/fhir/metadata", "/.well-known/jwks.json"]


@pytest.fixture(scope="module", autouse=True)
def no_record(running: Running) -> Iterator[None]:
    """None of these tests makes a record, but the one that says so."""
    yield
    for sender in (HOSPITAL, POLICE, CLAIMLINK, OPERATOR):
        with running.client(sender) as client:
            assert client.get("/records").json()["records"] == []


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    """A refusal in the form of its door; no record was made."""
    assert answer.status_code == status, answer.text
    assert "claims-record" not in answer.headers and "claims-receipt" not in answer.headers
    told: dict[str, object] = answer.json()
    if answer.request.url.path.startswith("/fhir"):
        assert answer.headers["content-type"] == "application/fhir+json"
        assert told["resourceType"] == "OperationOutcome"
        assert code in json.dumps(told)
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert told["status"] == status
        assert str(told["type"]).endswith(":" + code)
        assert told["title"] and told["detail"]
    return told


@pytest.mark.parametrize("method, path, who, media_type", DOORS)
def test_without_a_token(running: Running, method: str, path: str, who: str, media_type: str) -> None:
    with running.client() as client:
        for headers in ({}, {"authorization": "Bearer nobody"}, {"authorization": "Basic eA=="}):
            answer = client.request(method, path, content=b"{}", headers={"content-type": media_type, **headers})
            refused(answer, 401, "unknown-token" if headers else "no-token")
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path, who", READING)
def test_reading_needs_a_token_and_finds_nothing_of_others(running: Running, path: str, who: str) -> None:
    refused(running.client().get(path), 401, "no-token")
    refused(running.client(who).get(path), 404, "not-found")


@pytest.mark.parametrize("method, path, who, media_type", DOORS)
def test_in_another_role(running: Running, method: str, path: str, who: str, media_type: str) -> None:
    with running.client(INSURER) as client:
        answer = client.request(method, path, content=b"{}", headers={"content-type": media_type})
        refused(answer, 403, "wrong-role")


@pytest.mark.parametrize("path", PUBLIC)
def test_public_doors_need_no_token(running: Running, path: str) -> None:
    answer = running.client().get(path)
    assert answer.status_code == 200
    assert answer.json()


@pytest.mark.parametrize("method, path, who, media_type", DOORS)
def test_another_media_type(running: Running, method: str, path: str, who: str, media_type: str) -> None:
    with running.client(who) as client:
        for wrong in ("text/plain", "application/xml", ""):
            answer = client.request(method, path, content=b"{}", headers={"content-type": wrong})
            refused(answer, 415, "media-type")
            assert media_type.partition(";")[0] in answer.headers["accept"]


def test_other_encodings(running: Running) -> None:
    with running.client(HOSPITAL) as client:
        packed = client.post("/fhir/Bundle", content=b"{}", headers={**FHIR, "content-encoding": "gzip"})
        refused(packed, 415, "content-encoding")
        big5 = client.post(
            "/fhir/Bundle", content=b"{}", headers={"content-type": "application/fhir+json; charset=big5"}
        )
        refused(big5, 415, "charset")


@pytest.mark.parametrize("method, path, who, media_type", [door for door in DOORS if door[1] != "/papers"])
def test_an_empty_body(running: Running, method: str, path: str, who: str, media_type: str) -> None:
    with running.client(who) as client:
        refused(client.request(method, path, content=b"", headers={"content-type": media_type}), 400, "empty-body")


def test_too_large_as_declared(running: Running) -> None:
    """Refused by Content-Length alone: the body is never sent."""
    head = f"POST /fhir/Bundle HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {running.token(HOSPITAL)}\r\n"
    head += f"content-type: application/fhir+json\r\ncontent-length: {limits.BODY_BYTES + 1}\r\n\r\n"
    answer = talk(running, head.encode())
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()


def test_too_large_without_a_length(running: Running) -> None:
    with running.client(HOSPITAL) as client:
        chunk = b" " * 500_000
        answer = client.post("/fhir/Bundle", content=(chunk for _ in range(21)), headers=FHIR)
        refused(answer, 413, "too-large")
    assert not spools(running)


def test_too_large_for_a_file(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.intake.police.CSV_BYTES", 3_000_000)
    with running.client(POLICE) as client:
        chunk = b"2025,1,1\r\n" * 100_000
        answer = client.post(
            "/police/accidents", content=(chunk for _ in range(4)), headers={"content-type": "text/csv"}
        )
        refused(answer, 413, "too-large")
    assert not spools(running)


def test_a_body_that_stalls(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK_SECONDS", 0.2)
    head = f"POST /police/accidents HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {running.token(POLICE)}\r\n"
    head += "content-type: application/json\r\ncontent-length: 100\r\n\r\n{"
    answer = talk(running, head.encode())
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer and b"too-slow" in answer


def test_a_body_that_crawls(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never silent for long, but slower than the slowest pace once the grace is over."""
    monkeypatch.setattr(reading, "GRACE_SECONDS", 0.05)
    head = f"POST /police/accidents HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {running.token(POLICE)}\r\n"
    head += "content-type: application/json\r\ncontent-length: 1000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", running.port), 10) as line:
        line.sendall(head.encode())
        line.settimeout(0.02)  # a byte every 20 ms
        answer = b""
        for _ in range(500):
            try:
                answer += line.recv(65536)
                break
            except TimeoutError:
                line.sendall(b" ")
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_body_cut_short_makes_no_record(running: Running) -> None:
    head = f"POST /police/accidents HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {running.token(POLICE)}\r\n"
    head += "content-type: application/json\r\ncontent-length: 100\r\n\r\n{}"
    with socket.create_connection(("127.0.0.1", running.port), 10) as line:
        line.sendall(head.encode())
        line.shutdown(socket.SHUT_WR)
        assert line.recv(1) == b""  # hung up on: there is nobody to answer


def test_two_lengths_are_refused(running: Running) -> None:
    head = f"POST /police/accidents HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {running.token(POLICE)}\r\n"
    head += "content-type: application/json\r\n"
    for lie in ("content-length: 2\r\ncontent-length: 3\r\n", "content-length: 2\r\ntransfer-encoding: chunked\r\n"):
        assert talk(running, (head + lie + "\r\n{}").encode()).startswith(b"HTTP/1.1 400 ")


def test_a_head_that_never_ends(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)
    assert talk(running, b"GET /schemas HTTP/1.1\r\nhost: ").startswith(b"HTTP/1.1 408 ")
    assert talk(running, b"").startswith(b"HTTP/1.1 408 ")


def test_a_head_that_is_too_large(running: Running) -> None:
    answer = talk(running, b"GET /schemas HTTP/1.1\r\nx: " + b"y" * (2 * limits.HEAD_BYTES))
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_past_the_lag_limit(running: Running) -> None:
    running.system.lag_limit = -1
    try:
        for method, path, who, media_type in DOORS:
            if path == "/fhir/Bundle/$validate":
                continue
            with running.client(who) as client:
                answer = client.request(method, path, content=b"{}", headers={"content-type": media_type})
            refused(answer, 503, "overloaded")
            assert int(answer.headers["retry-after"]) > 0
        assert running.client(HOSPITAL).get("/records").status_code == 200  # reading goes on
    finally:
        running.system.lag_limit = LAG_LIMIT


def test_too_many_requests_at_once() -> None:
    """The refusal of the guard itself, in front of a door that takes one at a time."""
    inside, leave = asyncio.Event(), asyncio.Event()

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        inside.set()
        await leave.wait()
        await PlainTextResponse("done")(scope, receive, send)

    async def ask() -> tuple[httpx.Response, httpx.Response, httpx.Response]:
        transport = httpx.ASGITransport(Guard(door, at_once=1))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            first = asyncio.create_task(client.get("/records"))
            await inside.wait()
            second = await client.get("/records")
            leave.set()
            return await first, second, await client.get("/records")

    first, second, third = asyncio.run(ask())
    assert (first.status_code, third.status_code) == (200, 200)
    refused(second, 503, "overloaded")
    assert int(second.headers["retry-after"]) > 0


def test_past_the_rate(tmp_path: Path) -> None:
    with start(tmp_path / "data", rate=3) as slow, slow.client(HOSPITAL) as client, slow.client(POLICE) as other:
        answers = [client.get("/records") for _ in range(5)]
        assert [answer.status_code for answer in answers][:3] == [200] * 3
        refused(answers[-1], 429, "too-many-requests")
        assert int(answers[-1].headers["retry-after"]) >= 1
        refused(client.post("/fhir/Bundle", content=b"{}", headers=FHIR), 429, "too-many-requests")
        assert other.get("/records").status_code == 200  # each has a rate of its own


def test_no_such_route(running: Running) -> None:
    refused(running.client().get("/nothing/here"), 404, "not-found")
    refused(running.client().get("/fhir/Patient/1"), 404, "not-found")
    answer = running.client().get("/police/accidents")
    refused(answer, 405, "method-not-allowed")
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_an_operation_is_no_document(running: Running, method: str) -> None:
    answer = running.client(HOSPITAL).request(method, "/fhir/Bundle/$validate")
    assert answer.status_code == 405 and answer.headers["allow"] == "POST"


def test_nothing_is_cached_but_what_is_public(running: Running) -> None:
    assert running.client(HOSPITAL).get("/records").headers["cache-control"] == "no-store"
    assert "public" in running.client().get("/schemas").headers["cache-control"]
    assert running.client().get("/nothing").headers["x-content-type-options"] == "nosniff"


def test_a_failure_of_ours_tells_nothing(
    running: Running, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def fails(*_: object) -> None:
        raise RuntimeError("A123456789")

    monkeypatch.setattr(running.system.desk, "take", fails)
    with running.client(POLICE) as client:
        answer = client.post("/police/accidents", content=bodies.accident())
        assert answer.status_code == 415
        answer = client.post(
            "/police/accidents", content=bodies.accident(), headers={"content-type": "application/json"}
        )
    refused(answer, 500, "failure")
    said = capfd.readouterr()
    assert "A123456789" not in answer.text + said.out + said.err
    assert "RuntimeError" in said.out + said.err


def spools(running: Running) -> list[str]:
    return [path.name for path in (running.data / "blobs").iterdir()]


def talk(running: Running, sent: bytes) -> bytes:
    """Sends bytes, and reads until the server hangs up or has answered whole."""
    with socket.create_connection(("127.0.0.1", running.port), 10) as line:
        line.sendall(sent)
        received = b""
        try:
            while part := line.recv(65536):
                received += part
        except ConnectionResetError:
            pass  # it closed with bytes of ours unread
        return received
