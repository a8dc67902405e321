"""The papers door: multipart uploads, read part by part."""

import hashlib

import httpx
import pytest

from adapters.stores import records
from adapters.stores.archive import BLOB_KEY, Erased
from adapters.vault.receipts import verify
from schemas.ids import record_id
from services.intake import limits
from tests.integration import bodies
from tests.integration.bodies import CLAIMLINK, HOSPITAL, OTHER_CLAIMLINK
from tests.integration.running import Running

PATIENCE = {"prefer": "wait=30"}
MULTIPART = "multipart/form-data; boundary=edge"


def post(client: httpx.Client, described: bodies.Json | bytes, file: bytes, media_type: str = "application/pdf"):  # type: ignore[no-untyped-def]
    return client.post("/papers", files=bodies.upload(described, file, media_type), headers=PATIENCE)


def raw(client: httpx.Client, body: bytes, content_type: str = MULTIPART) -> httpx.Response:
    return client.post("/papers", content=body, headers={"content-type": content_type, **PATIENCE})


def part(name: str, value: bytes, more: str = "") -> bytes:
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n{more}\r\n'.encode() + value + b"\r\n"


def test_an_upload(running: Running) -> None:
    described, file = bodies.metadata(), bodies.scan()
    with running.client(CLAIMLINK) as client:
        answer = post(client, described, file)
        assert answer.status_code == 201, answer.text
        metadata, sha256 = bodies.dump(described), hashlib.sha256(file)
        digest = hashlib.sha256(hashlib.sha256(metadata).digest() + sha256.digest()).hexdigest()
        assert answer.headers["claims-record"] == record_id(CLAIMLINK, "POST", "/papers", digest)
        claims = verify(answer.headers["claims-receipt"], running.client().get("/.well-known/jwks.json").json())
        assert claims["sha256"] == sha256.hexdigest()  # of the file part
        again = post(client, described, file)
        assert again.status_code == 200
        assert again.headers["claims-receipt"] == answer.headers["claims-receipt"]
        record = answer.json()["record"]
        assert running.read(lambda tx: running.system.archive.body(tx, record)) == file


def test_the_same_file_with_other_metadata_is_another_record(running: Running) -> None:
    file, number = bodies.scan(), bodies.fresh()
    with running.client(CLAIMLINK) as client:
        first = post(client, bodies.metadata(number), file)
        second = post(client, bodies.metadata(number, id=f"paper-{number}-again"), file)
        assert first.json()["record"] != second.json()["record"]
        assert second.status_code == 200
        assert second.json()["verdict"] == "duplicate" and second.json()["original"] == first.json()["record"]


def test_a_large_file(running: Running) -> None:
    whole = bodies.scan()
    file = whole[:9] + b"%" + b"\x00\x01\r\n--edge" * 250_000 + whole[9:]
    with running.client(HOSPITAL) as client:
        answer = post(client, bodies.metadata(issuer=HOSPITAL), file)
        assert answer.status_code == 201, answer.text
        record = answer.json()["record"]
    assert running.read(lambda tx: running.system.archive.body(tx, record)) == file
    assert record in [path.name for path in (running.data / "blobs").iterdir()]


@pytest.mark.parametrize("lost", ["file", "key"])
def test_a_large_file_that_was_lost_is_kept_again_when_it_is_sent_again(running: Running, lost: str) -> None:
    whole, described = bodies.scan(), bodies.metadata(issuer=HOSPITAL)
    file = whole[:9] + b"%" + b"\x00" * 1_000_000 + whole[9:]
    with running.client(HOSPITAL) as client:
        record = post(client, described, file).json()["record"]
        if lost == "file":
            (running.data / "blobs" / record).unlink()
        else:
            running.system.keys.destroy([BLOB_KEY + record])
        with pytest.raises(Erased):
            running.read(lambda tx: running.system.archive.body(tx, record))
        assert post(client, described, file).json()["record"] == record
    assert running.read(lambda tx: running.system.archive.body(tx, record)) == file


def test_parts_in_either_order_and_any_line_of_the_wire(running: Running) -> None:
    described, file = bodies.dump(bodies.metadata()), bodies.scan()
    body = part("file", file, "Content-Type: application/pdf\r\n") + part("metadata", described) + b"--edge--\r\n"
    with running.client(CLAIMLINK) as client:
        answer = client.post(
            "/papers",
            content=(body[at : at + 7] for at in range(0, len(body), 7)),
            headers={"content-type": MULTIPART, **PATIENCE},
        )
        assert answer.status_code == 201, answer.text


def test_what_is_wrong_with_the_metadata_is_a_verdict(running: Running) -> None:
    with running.client(CLAIMLINK) as client:
        answer = post(client, b"not json", bodies.scan())
        assert answer.status_code == 422 and answer.headers["claims-record"]
        answer = post(client, bodies.metadata(classes=[]), bodies.scan())
        assert answer.status_code == 422
        assert "/classes" in {one["pointer"] for one in answer.json()["problems"]}


def test_what_a_file_is_not_is_a_verdict(running: Running) -> None:
    with running.client(CLAIMLINK) as client:
        answer = post(client, bodies.metadata(), b"MZ executable")
        assert answer.status_code == 422 and answer.json()["problems"]
        warned = post(client, bodies.metadata(), bodies.scan(), "application/octet-stream")
        assert warned.status_code == 201
        assert {one["severity"] for one in warned.json()["problems"]} == {"warning"}


def test_a_media_type_keeps_no_words_of_the_sender(running: Running) -> None:
    with running.client(CLAIMLINK) as client:
        record = post(client, bodies.metadata(), bodies.scan(), "image/A123456789; name=B223456782").json()["record"]
    row = running.read(lambda tx: records.by_ids(tx, [record]))[record]
    assert row.media_type == "application/octet-stream"


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        part("file", b"%PDF-") + b"--edge--\r\n",
        part("metadata", b"{}") + b"--edge--\r\n",
        part("file", b"%PDF-") + part("metadata", b"{}"),
        part("file", b"%PDF-") + part("file", b"%PDF-") + part("metadata", b"{}") + b"--edge--\r\n",
        part("file", b"%PDF-") + part("metadata", b"{}") + part("more", b"x") + b"--edge--\r\n",
        part("file", b"%PDF-", "Content-Transfer-Encoding: base64\r\n") + part("metadata", b"{}") + b"--edge--\r\n",
        part("file", b"%PDF-", f"X: {'y' * 2 * limits.PART_HEADER_BYTES}\r\n") + part("metadata", b"{}") + b"--edge--",
    ],
    ids=["nonsense", "no-metadata", "no-file", "no-end", "two-files", "a-third", "base64", "long-header"],
)
def test_a_malformed_form_makes_no_record(running: Running, body: bytes) -> None:
    with running.client(OTHER_CLAIMLINK) as client:
        answer = raw(client, body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["type"].endswith("malformed-form")
        assert "claims-record" not in answer.headers
        assert client.get("/records").json()["records"] == []


def test_forms_without_content_make_no_record(running: Running) -> None:
    with running.client(OTHER_CLAIMLINK) as client:
        assert raw(client, b"x", "multipart/form-data").status_code == 400
        for file, described in ((b"", b"{}"), (b"%PDF-", b"")):
            answer = raw(client, part("file", file) + part("metadata", described) + b"--edge--\r\n")
            assert answer.status_code == 400 and answer.json()["type"].endswith("empty-body")
        assert raw(client, part("file", b"%PDF-") + part("metadata", b"\xff") + b"--edge--\r\n").status_code == 400
        large = raw(client, part("metadata", b" " * (limits.METADATA_BYTES + 1)) + part("file", b"%") + b"--edge--\r\n")
        assert large.status_code == 413
        assert client.get("/records").json()["records"] == []


def test_an_upload_that_is_too_large(running: Running) -> None:
    with running.client(OTHER_CLAIMLINK) as client:
        file = bodies.scan() + b"\0" * limits.BODY_BYTES
        assert post(client, bodies.metadata(), file).status_code == 413
        assert client.get("/records").json()["records"] == []
    assert not [path for path in (running.data / "blobs").iterdir() if path.name.startswith("spool")]
