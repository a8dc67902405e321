"""The renderer's doors and its command, on the running system."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from services.conversion.paper_page import POLICY
from tests.integration import bodies
from tests.integration.bodies import EXAMPLE, HOSPITAL, INSURER, OPERATOR, OTHER_HOSPITAL
from tests.integration.running import Running

FHIR = {"content-type": "application/fhir+json"}
PATIENCE = {"prefer": "wait=30"}


def post(client: httpx.Client, body: bytes, path: str = "/fhir/Bundle") -> httpx.Response:
    return client.post(path, content=body, headers={**FHIR, **PATIENCE})


def sent(running: Running, body: bytes) -> str:
    """The path of a new record's paper."""
    with running.client(HOSPITAL) as client:
        return f"/fhir/Bundle/{post(client, body).headers['claims-record']}/paper"


def records(running: Running) -> int:
    with running.client(HOSPITAL) as client:
        return len(client.get("/records", params={"limit": 500}).json()["records"])


def page(answer: httpx.Response) -> str:
    """The page of an answer, with the headers that every such answer has."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer" and answer.headers["x-frame-options"] == "DENY"
    return answer.text


def test_a_sender_sees_its_own_document_as_a_paper(running: Running) -> None:
    number = bodies.fresh()
    path = sent(running, bodies.document(number))
    with running.client(HOSPITAL) as client:
        answer = client.get(path)
        shown = client.get(f"/records/{path.split('/')[3]}").json()
    assert answer.status_code == 200
    text = page(answer)
    for told in ("診斷證明書", "醫療費用收據", "童若毓", f"114-YG-T{number:08d}", "NT$ ", "核算相符", "未附電子簽章"):
        assert told in text, told
    assert shown["record"] in text and "童若毓" not in path
    assert "未通過驗證" not in text


def test_foreign_and_unknown_papers_are_the_same_404(running: Running) -> None:
    path = sent(running, bodies.document())
    with running.client(OTHER_HOSPITAL) as client:
        foreign, unknown = client.get(path), client.get(f"/fhir/Bundle/{'0' * 32}/paper")
    assert (foreign.status_code, foreign.content) == (404, unknown.content) and unknown.status_code == 404


@pytest.mark.parametrize("code", [INSURER, OPERATOR])
def test_papers_are_for_hospitals(running: Running, code: str) -> None:
    path = sent(running, bodies.document())
    with running.client(code) as client:
        assert client.get(path).status_code == 403
        assert post(client, bodies.document(), "/fhir/$render").status_code == 403


def test_a_browser_without_a_token_is_asked_for_one(running: Running) -> None:
    path = sent(running, bodies.document())
    with running.client() as client:
        answer = client.get(path, headers={"accept": "text/html,application/xhtml+xml;q=0.9"})
        unknown = client.get(f"/fhir/Bundle/{'0' * 32}/paper", headers={"accept": "text/html"})
        plain = client.get(path, headers={"accept": "application/fhir+json"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.content == unknown.content and "<form" in answer.text and "童若毓" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy and "connect-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert plain.status_code == 401 and plain.json()["resourceType"] == "OperationOutcome"


def test_a_superseded_document_says_so(running: Running) -> None:
    number = bodies.fresh()
    first = sent(running, bodies.document(number))
    second = sent(running, bodies.document(number, timestamp="2025-12-07T06:00:00Z", status="amended"))
    with running.client(HOSPITAL) as client:
        old, new = page(client.get(first)), page(client.get(second))
    assert f"本文件已被較新的版本取代（紀錄 {second.split('/')[3]}）" in old and "已被取代" in old
    assert "取代（紀錄" not in new and "更正後版本" in new


def test_a_rejected_document_is_drawn_with_its_problems(running: Running) -> None:
    bundle = json.loads(bodies.document())
    claim = next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Claim")
    claim["total"]["value"] += 1
    path = sent(running, bodies.dump(bundle))
    with running.client(HOSPITAL) as client:
        text = page(client.get(path))
    assert "未通過驗證" in text and "核算不符" in text and ".total" in text


def test_a_record_that_is_no_document_has_no_paper(running: Running) -> None:
    path = sent(running, b'{"resourceType": "Patient", "id": "%d"}' % bodies.fresh())
    with running.client(HOSPITAL) as client:
        answer = client.get(path)
    assert (answer.status_code, answer.json()["resourceType"]) == (422, "OperationOutcome")


def test_an_erased_document_has_no_paper(running: Running) -> None:
    path = sent(running, bodies.document())
    record = path.split("/")[3]
    judgement = {"id": f"erase-{record}", "version": 1, "judgement": "erase", "records": [record], "reason": "測試"}
    with running.client(OPERATOR) as client:
        assert client.post("/judgements", json=judgement, headers=PATIENCE).status_code == 201
    running.settle()
    with running.client(HOSPITAL) as client:
        assert client.get(path).status_code == 410


def test_a_preview_stores_nothing(running: Running) -> None:
    before = records(running)
    with running.client(HOSPITAL) as client:
        answer = post(client, bodies.document(), "/fhir/$render")
        foreign = post(client, bodies.document().replace(HOSPITAL.encode(), OTHER_HOSPITAL.encode()), "/fhir/$render")
    assert (answer.status_code, foreign.status_code) == (200, 200)
    assert "診斷證明書" in page(answer) and "claims-record" not in answer.headers
    assert records(running) == before


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", FHIR, 422, "json-invalid"),
        (b"[]", FHIR, 422, "fhir-not-a-bundle"),
        (b'{"resourceType": "Bundle", "type": "message"}', FHIR, 422, "document-type"),
        (b"{}", {"content-type": "text/plain"}, 415, "media-type"),
        (b"", FHIR, 400, "empty-body"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    running: Running, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    with running.client(HOSPITAL) as client:
        answer = client.post("/fhir/$render", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == code


def claims(*arguments: object, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "services", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=120, check=False)
    assert b"Traceback" not in done.stderr
    return done


def test_the_command_writes_a_file_or_to_standard_output(tmp_path: Path) -> None:
    out = tmp_path / "papers" / "paper.html"
    done = claims("render", EXAMPLE, "--out", out)
    assert (done.returncode, done.stdout) == (0, b"") and str(out).encode() in done.stderr
    text = out.read_text("utf-8")
    assert text.startswith("<!DOCTYPE html>") and "童若毓" in text
    piped = claims("render", "-", stdin=EXAMPLE.read_bytes())
    assert (piped.returncode, piped.stdout.decode()) == (0, text)


def test_the_command_draws_what_is_not_valid_and_says_so() -> None:
    bundle = json.loads(EXAMPLE.read_text())
    del bundle["timestamp"]
    done = claims("render", "-", stdin=bodies.dump(bundle))
    assert done.returncode == 0 and b"not valid" in done.stderr and "未通過驗證" in done.stdout.decode()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"a":\n', b"no FHIR document: Not valid JSON"),
        (b'{"resourceType": "Patient"}', b"no FHIR document: The content is not a FHIR Bundle"),
        (b'{"resourceType": "Bundle", "type": "batch"}', b"Bundle.type must be document"),
    ],
)
def test_the_command_refuses_what_is_no_document(body: bytes, words: bytes, tmp_path: Path) -> None:
    done = claims("render", "-", "--out", tmp_path / "paper.html", stdin=body)
    assert done.returncode == 1 and words in done.stderr
    assert not (tmp_path / "paper.html").exists()


def test_the_command_says_what_it_cannot_read_or_write(tmp_path: Path) -> None:
    assert claims("render", tmp_path / "none.json").returncode == 2
    (tmp_path / "no").write_text("a file, no folder")
    done = claims("render", EXAMPLE, "--out", tmp_path / "no" / "paper.html")
    assert done.returncode == 1 and b"cannot be written" in done.stderr
