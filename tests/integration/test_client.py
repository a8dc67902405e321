"""The sender's side of the doors against a real server: waiting, trying again, signing."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from schemas.records import Role
from services.sandbox.client import Answer, Client, Post, Unreachable, judged
from services.sandbox.setup import Sandbox, new_bearer

HOSPITAL = new_bearer("1131990017", "晴川綜合醫院", Role.HOSPITAL)
AGENT = new_bearer("CL01", "安途車險代辦", Role.CLAIMLINK)
Request = tuple[str, dict[str, str], bytes]


class Script:
    """A server that answers what it is told to, one answer a request, and keeps what it was asked."""

    def __init__(self, *answers: tuple[int, dict[str, str]]) -> None:
        self.answers, self.asked = list(answers), []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.asked.append((line, headers, body))
        status, more = self.answers.pop(0)
        told = "".join(f"{name}: {value}\r\n" for name, value in more.items())
        writer.write(f"HTTP/1.1 {status} x\r\n{told}content-length: 2\r\nconnection: close\r\n\r\n{{}}".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def speaking(script: Script, patience: float = 5.0) -> AsyncIterator[Client]:
    server = await asyncio.start_server(script, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bearers = {one.code: one for one in (HOSPITAL, AGENT)}
    async with server, Client(Sandbox(f"http://127.0.0.1:{port}", bearers, ()), patience) as client:
        yield client


def ask(script: Script, work: Callable[[Client], Awaitable[Answer]], patience: float = 5.0) -> Answer:
    async def run() -> Answer:
        async with speaking(script, patience) as client:
            return await work(client)

    return asyncio.run(run())


@pytest.mark.parametrize("status", [429, 503])
def test_it_tries_again_when_it_is_asked_to(status: int) -> None:
    script = Script((status, {"retry-after": "0"}), (status, {}), (201, {"claims-record": "r"}))
    answer = ask(
        script, lambda client: client.send(Post("1131990017", "POST", "/fhir/Bundle", b"{}", "application/json"))
    )
    assert (answer.status, answer.record) == (201, "r")
    assert len(script.asked) == 3
    assert {one[2] for one in script.asked} == {b"{}"}


def test_it_gives_up_when_patience_ends() -> None:
    script = Script((503, {"retry-after": "1"}))
    answer = ask(script, lambda client: client.send(Post("1131990017", "GET", "/records", b"")), patience=-1.0)
    assert answer.status == 503


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 500])
def test_other_answers_stand(status: int) -> None:
    script = Script((status, {}))
    assert ask(script, lambda client: client.get("1131990017", "/records")).status == status
    assert len(script.asked) == 1


def test_nobody_there_is_a_sentence() -> None:
    async def run() -> None:
        async with Client(Sandbox("http://127.0.0.1:1", {}, ()), patience=0.0) as client:
            await client.get(None, "/healthz")

    with pytest.raises(Unreachable, match="127.0.0.1:1 does not answer"):
        asyncio.run(run())


def test_claimlink_signs_what_it_posts() -> None:
    script = Script((201, {}))
    body = '{"名": "x"}'.encode()
    ask(script, lambda client: client.send(Post("CL01", "POST", "/claimlink/applications", body, "application/json")))
    _, headers, sent = script.asked[0]
    key = base64.b64decode(AGENT.webhook_secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == expected
    assert headers["authorization"] == f"Bearer {AGENT.token}"
    assert sent == body


def test_nobody_else_signs() -> None:
    script = Script((201, {}), (201, {}))

    async def work(client: Client) -> Answer:
        await client.send(Post("CL01", "POST", "/authorisations", b"{}", "application/json"))
        return await client.send(Post("1131990017", "POST", "/fhir/Bundle", b"{}", "application/fhir+json"))

    ask(script, work)
    assert not any("webhook-signature" in headers for _, headers, _ in script.asked)


def test_an_upload_is_a_form_of_metadata_and_file() -> None:
    script = Script((201, {}))
    post = Post("CL01", "POST", "/papers", b"%PDF-", "application/pdf", {"id": "診斷"}, "slip.pdf")
    ask(script, lambda client: client.send(post))
    line, headers, body = script.asked[0]
    assert line.startswith("POST /papers") and headers["content-type"].startswith("multipart/form-data")
    assert '{"id": "診斷"}'.encode() in body and b"%PDF-" in body
    assert body.index(b'name="metadata"') < body.index(b'name="file"; filename="slip.pdf"')


@pytest.mark.parametrize(
    ("content_type", "asked"), [("text/csv", 3), ("application/x-ndjson", 3), ("application/json", 1)]
)
def test_a_police_file_is_sent_until_all_its_accidents_are_judged(content_type: str, asked: int) -> None:
    script = Script((202, {"claims-record": "r"}), (202, {"claims-record": "r"}), (200, {"claims-record": "r"}))
    post = Post("1131990017", "POST", "/police/accidents", b"a,b", content_type)
    answer = ask(script, lambda client: judged(client, post))
    assert len(script.asked) == asked
    assert answer.status == (200 if asked == 3 else 202)
    assert script.asked[0][1]["prefer"] == "wait=30"
