"""The FHIR door: each status and header of the contract, on the running system."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from adapters.stores import records
from adapters.vault.receipts import verify
from schemas.events import Message, Verdict
from schemas.ids import record_id
from schemas.records import Outcome
from schemas.topics import VERDICTS
from services.intake.book import Submission, Taken
from tests.integration import bodies
from tests.integration.bodies import HOSPITAL, OTHER_HOSPITAL
from tests.integration.running import Running

FHIR = {"content-type": "application/fhir+json"}
PATIENCE = {"prefer": "wait=30"}


def post(client: httpx.Client, body: bytes, path: str = "/fhir/Bundle", **headers: str) -> httpx.Response:
    return client.post(path, content=body, headers={**FHIR, **PATIENCE, **headers})


def codes(answer: httpx.Response) -> set[str]:
    """The problem codes of an OperationOutcome."""
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    return {coding["code"] for issue in outcome["issue"] for coding in issue.get("details", {}).get("coding", ())}


def told(answer: httpx.Response) -> dict[str, str]:
    """The line of an OperationOutcome that names records: `record …; verdict …`."""
    line = answer.json()["issue"][-1]["diagnostics"]
    return dict(part.split(" ", 1) for part in line.split("; "))


def test_a_document_is_taken_in(running: Running) -> None:
    body = bodies.document()
    with running.client(HOSPITAL) as client:
        answer = post(client, body)
        assert answer.status_code == 201, answer.text
        assert answer.headers["content-type"] == "application/fhir+json"
        record = answer.headers["claims-record"]
        sha256 = hashlib.sha256(body).hexdigest()
        assert record == record_id(HOSPITAL, "POST", "/fhir/Bundle", sha256)
        assert answer.headers["location"] == f"/fhir/Bundle/{record}"
        assert answer.headers["preference-applied"] == "wait=30"
        assert told(answer) == {"record": record, "state": "judged", "verdict": "accepted"}
        back = client.get(answer.headers["location"])
        assert (back.status_code, back.content) == (200, body)
        assert back.headers["content-type"] == "application/fhir+json"
        shown = client.get(f"/records/{record}").json()
        assert shown["state"] == "judged" and shown["verdict"] == "accepted" and shown["kind"] == "document"
        assert shown["supersededBy"] is None and shown["original"] is None
        assert shown["receipt"] == answer.headers["claims-receipt"]


def test_the_receipt_verifies_with_the_published_keys(running: Running) -> None:
    body = bodies.document()
    with running.client(HOSPITAL) as client:
        answer = post(client, body)
        keys = running.client().get("/.well-known/jwks.json").json()
        claims = verify(answer.headers["claims-receipt"], keys)
        received = client.get(f"/records/{answer.headers['claims-record']}").json()["time"]
    assert claims["record"] == answer.headers["claims-record"]
    assert claims["sha256"] == hashlib.sha256(body).hexdigest()
    assert claims["sender"] == HOSPITAL
    assert isinstance(claims["iat"], int) and received.startswith("20")
    assert set(claims) == {"record", "sha256", "sender", "iat"}


def test_same_bytes_again_are_the_same_record_and_receipt(running: Running) -> None:
    body = bodies.document()
    with running.client(HOSPITAL) as client:
        first, second = post(client, body), post(client, body)
    assert (first.status_code, second.status_code) == (201, 200)
    for name in ("claims-record", "claims-receipt"):
        assert first.headers[name] == second.headers[name]
    assert told(second)["verdict"] == "accepted"


def test_same_bytes_at_once_are_one_record(running: Running) -> None:
    body = bodies.document()
    with running.client(HOSPITAL) as client, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: post(client, body), range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
        assert len({answer.headers["claims-receipt"] for answer in answers}) == 1
        record = answers[0].headers["claims-record"]
        listed = client.get("/records", params={"limit": 500}).json()["records"]
    assert [one["record"] for one in listed].count(record) == 1


def test_a_duplicate_names_its_original(running: Running) -> None:
    body = bodies.document()
    again = json.loads(body)
    again["identifier"]["value"] += "-2"
    with running.client(HOSPITAL) as client:
        first = post(client, body)
        # The case number differs inside then: a warning, and no part of what makes two documents one.
        second = post(client, bodies.dump(again))
        assert first.status_code == 201 and second.status_code == 200, second.text
        assert told(second)["original"] == first.headers["claims-record"]
        assert told(second)["verdict"] == "duplicate"
        shown = client.get(f"/records/{second.headers['claims-record']}").json()
        assert shown["original"] == first.headers["claims-record"]


def test_a_correction_supersedes_what_it_corrects(running: Running) -> None:
    number = bodies.fresh()
    with running.client(HOSPITAL) as client:
        first = post(client, bodies.document(number))
        second = post(client, bodies.document(number, timestamp="2025-12-07T06:00:00Z", status="amended"))
        assert (first.status_code, second.status_code) == (201, 201), second.text
        corrected = second.headers["claims-record"]
        assert client.get(f"/records/{first.headers['claims-record']}").json()["supersededBy"] == corrected
        again = post(client, bodies.document(number))
        assert again.status_code == 200
        assert told(again)["supersededBy"] == corrected
        assert "supersededBy" not in told(second)


def test_an_identity_conflict_is_409_and_a_record(running: Running) -> None:
    number = bodies.fresh()
    with running.client(HOSPITAL) as client:
        post(client, bodies.document(number))
        answer = post(client, bodies.document(number, timestamp="2025-12-08T06:00:00Z"))
        assert answer.status_code == 409
        assert "identity-conflict" in codes(answer)
        assert client.get(f"/records/{answer.headers['claims-record']}").json()["verdict"] == "rejected"
        assert answer.headers["claims-receipt"]


def test_a_foreign_author_is_403_and_a_record(running: Running) -> None:
    body = bodies.document()
    with running.client(OTHER_HOSPITAL) as client:
        answer = post(client, body)
        assert answer.status_code == 403
        assert codes(answer) >= {"foreign-author"}
        assert client.get(f"/records/{answer.headers['claims-record']}").json()["verdict"] == "rejected"


def test_every_problem_at_once_is_422(running: Running) -> None:
    bundle = json.loads(bodies.document())
    del bundle["entry"][0]["resource"]["title"]
    del bundle["entry"][1]["resource"]["gender"]
    with running.client(HOSPITAL) as client:
        answer = post(client, bodies.dump(bundle))
        assert answer.status_code == 422
        errors = [issue for issue in answer.json()["issue"] if issue["severity"] == "error"]
        assert len(errors) >= 2
        record = answer.headers["claims-record"]
        problems = client.get(f"/records/{record}").json()["problems"]
        assert {problem["code"] for problem in problems} >= codes(answer)
        assert set(problems[0]) == {
            "code", "severity", "path", "pointer", "line", "column", "text", "textEn", "fix"
        }  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [b"not json", b"[" * 70 + b"]" * 70, b'{"a":1,"a":2}', b"\xff\xfe{}", b"{}"],
    ids=["broken", "deep", "twice", "encoding", "no-bundle"],
)
def test_broken_bodies_are_rejected_records(running: Running, body: bytes) -> None:
    with running.client(HOSPITAL) as client:
        answer = post(client, body)
    assert answer.status_code == 422
    assert answer.headers["claims-record"] and codes(answer)


def test_a_rejected_record_can_be_attempted_again(running: Running) -> None:
    body = bodies.dump({"resourceType": "Bundle", "type": "document", "id": f"n{bodies.fresh()}"})
    with running.client(HOSPITAL) as client:
        first, second = post(client, body), post(client, body)
    assert (first.status_code, second.status_code) == (422, 422)
    assert first.headers["claims-receipt"] == second.headers["claims-receipt"]
    row = running.read(lambda tx: records.by_ids(tx, [first.headers["claims-record"]]))[first.headers["claims-record"]]
    assert (row.attempt, row.judged) == (2, 2)


def test_after_a_rejection_the_corrected_document_is_accepted(running: Running) -> None:
    number = bodies.fresh()
    wrong = json.loads(bodies.document(number))
    del wrong["entry"][0]["resource"]["title"]
    with running.client(HOSPITAL) as client:
        assert post(client, bodies.dump(wrong)).status_code == 422
        assert post(client, bodies.document(number)).status_code == 201


def test_respond_async_answers_at_once(running: Running) -> None:
    body = bodies.document()
    with running.client(HOSPITAL) as client:
        answer = post(client, body, prefer="respond-async")
        assert answer.status_code == 202
        record = answer.headers["claims-record"]
        assert answer.headers["content-location"] == f"/records/{record}"
        assert answer.headers["preference-applied"] == "respond-async"
        assert told(answer) == {"record": record, "state": "received"}
        later = post(client, body)  # waits for the attempt that is under way
        assert later.status_code == 200
        assert later.headers["claims-receipt"] == answer.headers["claims-receipt"]
        assert client.get(f"/records/{record}").json()["verdict"] == "accepted"


def test_validate_stores_nothing_and_does_not_ask_whose(running: Running) -> None:
    body = bodies.document()
    with running.client(OTHER_HOSPITAL) as client:
        before = client.get("/records", params={"limit": 500}).json()["records"]
        answer = post(client, body, "/fhir/Bundle/$validate")
        assert answer.status_code == 200
        assert "foreign-author" not in codes(answer)
        assert not [issue for issue in answer.json()["issue"] if issue["severity"] == "error"]
        assert "claims-record" not in answer.headers
        bad = post(client, b"[]", "/fhir/Bundle/$validate")
        assert bad.status_code == 200 and codes(bad)
        after = client.get("/records", params={"limit": 500}).json()["records"]
    assert after == before


def test_what_is_not_ones_own_does_not_exist(running: Running) -> None:
    with running.client(HOSPITAL) as client, running.client(OTHER_HOSPITAL) as other:
        record = post(client, bodies.document()).headers["claims-record"]
        nothing = "0" * 32
        for path in ("/fhir/Bundle/{}", "/records/{}"):
            foreign, missing = other.get(path.format(record)), other.get(path.format(nothing))
            assert foreign.status_code == missing.status_code == 404
            assert foreign.content == missing.content
        assert other.get("/records", params={"after": record}).status_code == 400
        assert record not in other.get("/records", params={"limit": 500}).text


def large() -> bytes:
    """A document that is kept as a sealed file."""
    bundle = json.loads(bodies.document())
    bundle["entry"][0]["resource"]["text"] = {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml">' + "檢驗報告 " * 150_000 + "</div>",
    }
    body = bodies.dump(bundle)
    assert len(body) > 1_500_000
    return body


def test_what_is_not_judged_yet_is_waited_for(running: Running) -> None:
    body = bodies.document()
    with running.client(HOSPITAL) as client:
        record = post(client, body, prefer="respond-async").headers["claims-record"]
        assert client.get(f"/fhir/Bundle/{record}").content == body


def test_a_rejected_record_sent_by_many_at_once(running: Running) -> None:
    """Each hears the verdict on its own attempt, or on the one it joined; nobody waits for nothing."""
    body = bodies.dump({"resourceType": "Bundle", "id": f"n{bodies.fresh()}"})
    with running.client(HOSPITAL) as client, ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: post(client, body), range(64)))
    assert {answer.status_code for answer in answers} == {422}
    assert len({answer.headers["claims-receipt"] for answer in answers}) == 1
    row = running.read(lambda tx: records.by_ids(tx, [answers[0].headers["claims-record"]]))
    assert [one.judged for one in row.values()] == [one.attempt for one in row.values()]


def test_the_verdict_on_an_earlier_attempt_is_not_taken_for_that_on_this_one(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = bodies.dump({"resourceType": "Bundle", "id": f"n{bodies.fresh()}"})
    desk, take = running.system.desk, running.system.desk.take

    async def late(submission: Submission) -> Taken:
        taken = await take(submission)
        earlier = taken.record.model_copy(update={"attempt": taken.record.attempt - 1})
        verdict = Verdict(record=earlier, outcome=Outcome.ACCEPTED)
        desk._hear([Message(VERDICTS.name, earlier.id, "late", verdict)])
        return taken

    with running.client(HOSPITAL) as client:
        assert post(client, body).status_code == 422
        monkeypatch.setattr(desk, "take", late)
        assert post(client, body).status_code == 422


def test_a_failure_of_ours_delays_and_a_redrive_is_an_attempt(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = bodies.document()
    deduplication = running.system.handlers[0]

    def fails(*_: object) -> None:
        raise RuntimeError

    with running.client(HOSPITAL) as client:
        with monkeypatch.context() as broken:
            broken.setattr(deduplication, "handle", fails)
            answer = post(client, body)
        assert answer.status_code == 202
        record = answer.headers["claims-record"]
        assert told(answer) == {"record": record, "state": "delayed"}
        shown = client.get(f"/records/{record}").json()
        assert (shown["state"], shown["verdict"]) == ("delayed", None)
        again = post(client, body)
        assert again.status_code == 201
        assert again.headers["claims-receipt"] == answer.headers["claims-receipt"]


@pytest.mark.parametrize("make", [bodies.document, large])
def test_an_erased_document_is_gone(running: Running, make: Callable[[], bytes]) -> None:
    body = make()
    word = {"id": f"erase-{bodies.fresh()}", "version": 1, "judgement": "erase", "reason": "依當事人請求"}
    with running.client(HOSPITAL) as client, running.client(bodies.OPERATOR) as operator:
        record = post(client, body).headers["claims-record"]
        erased = operator.post("/judgements", json=word | {"records": [record]}, headers=PATIENCE)
        assert erased.status_code == 201, erased.text
        running.settle()
        assert client.get(f"/fhir/Bundle/{record}").status_code == 410
        assert client.get(f"/records/{record}").json()["state"] == "erased"
        again = post(client, body)
        assert again.status_code == 200
        assert told(again)["state"] == "erased"
        assert client.get(f"/fhir/Bundle/{record}").status_code == 410
        assert record not in [path.name for path in (running.data / "blobs").iterdir()]


def test_a_large_document_is_kept_whole(running: Running) -> None:
    body = large()
    with running.client(HOSPITAL) as client:
        answer = post(client, body)
        assert answer.status_code == 201, answer.text[:500]
        record = answer.headers["claims-record"]
        assert client.get(f"/fhir/Bundle/{record}").content == body
        kept = (running.data / "blobs" / record).stat()
        assert post(client, body).status_code == 200
        assert (running.data / "blobs" / record).stat() == kept  # what is here is not written again
    assert not [path for path in (running.data / "blobs").iterdir() if path.name.startswith("spool")]


def test_the_pages_of_ones_own_records(running: Running) -> None:
    with running.client(HOSPITAL) as client:
        sent = [post(client, bodies.document()).headers["claims-record"] for _ in range(5)]
        listed, after = [], ""
        while True:
            page = client.get("/records", params={"limit": 2, **({"after": after} if after else {})}).json()
            if not page["records"]:
                assert page["next"] == after
                break
            assert len(page["records"]) <= 2
            listed += [one["record"] for one in page["records"]]
            after = page["next"]
        assert len(listed) == len(set(listed))
        assert [one for one in listed if one in sent] == sent
        assert client.get("/records", params={"limit": 0}).status_code == 400


def test_the_capability_statement_is_public_and_valid_fhir(running: Running) -> None:
    answer = running.client().get("/fhir/metadata")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/fhir+json"
    CapabilityStatement.model_validate(answer.json())
