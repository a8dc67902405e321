"""Applications, authorisations with reviews and withdrawals, judgements, participants."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from services.intake import limits
from services.intake.signature import sign
from tests.integration import bodies
from tests.integration.bodies import CLAIMLINK, HOSPITAL, OPERATOR, OTHER_CLAIMLINK, OTHER_OPERATOR
from tests.integration.running import Running

JSON = {"content-type": "application/json", "prefer": "wait=30"}
FHIR = {"content-type": "application/fhir+json", "prefer": "wait=30"}


def apply(running: Running, body: bytes, code: str = CLAIMLINK, **changes: str) -> httpx.Response:
    now = int(time.time())
    secret = running.sandbox.bearers[code].webhook_secret or ""
    signed = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(now),
        "webhook-signature": sign(secret, "msg_1", now, body),
    }
    headers = {name: value for name, value in {**JSON, **signed, **changes}.items() if value}
    with running.client(code) as client:
        return client.post("/claimlink/applications", content=body, headers=headers)


def authorise(running: Running, body: bytes | None = None, code: str = CLAIMLINK) -> str:
    with running.client(code) as client:
        answer = client.post("/authorisations", content=body or bodies.authorisation(), headers=JSON)
        assert answer.status_code == 201, answer.text
        record: str = answer.json()["record"]
        assert answer.headers["location"] == f"/authorisations/{record}"
        return record


def review(running: Running, record: str, body: bytes, code: str = OPERATOR) -> httpx.Response:
    with running.client(code) as client:
        return client.post(f"/authorisations/{record}/review", content=body, headers=JSON)


def withdraw(running: Running, record: str, code: str = CLAIMLINK) -> httpx.Response:
    with running.client(code) as client:
        return client.delete(f"/authorisations/{record}", headers={"prefer": "wait=30"})


def state(running: Running, record: str, code: str = CLAIMLINK) -> bodies.Json:
    with running.client(code) as client:
        answer = client.get(f"/authorisations/{record}")
        assert answer.status_code == 200, answer.text
        told: bodies.Json = answer.json()
        return told


def test_an_application(running: Running) -> None:
    body = bodies.application()
    answer = apply(running, body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["verdict"] == "accepted"
    again = apply(running, body)
    assert again.status_code == 200 and again.json()["record"] == answer.json()["record"]
    running.settle()
    with running.client(CLAIMLINK) as client:
        assert client.get(f"/records/{answer.json()['record']}").json()["case"]


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-signature": ""},
        {"webhook-id": ""},
        {"webhook-timestamp": ""},
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "soon"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1a,AAAA v2,BBBB"},
    ],
    ids=lambda changes: "-".join(f"{name}={value}" for name, value in changes.items()),
)
def test_a_wrong_signature_makes_no_record(running: Running, changes: dict[str, str]) -> None:
    answer = apply(running, bodies.application(), OTHER_CLAIMLINK, **changes)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    with running.client(OTHER_CLAIMLINK) as client:
        assert [one for one in client.get("/records").json()["records"] if one["kind"] == "application"] == []


def test_another_operators_secret_does_not_sign(running: Running) -> None:
    body, now = bodies.application(), int(time.time())
    theirs = running.sandbox.bearers[OTHER_CLAIMLINK].webhook_secret or ""
    assert apply(running, body, **{"webhook-signature": sign(theirs, "msg_1", now, body)}).status_code == 401
    late = now - limits.SIGNATURE_SECONDS - 5
    own = running.sandbox.bearers[CLAIMLINK].webhook_secret or ""
    changes = {"webhook-timestamp": str(late), "webhook-signature": sign(own, "msg_1", late, body)}
    assert apply(running, body, **changes).status_code == 401


def test_one_of_several_signatures_is_enough(running: Running) -> None:
    body, now = bodies.application(), int(time.time())
    own = running.sandbox.bearers[CLAIMLINK].webhook_secret or ""
    several = "v1,AAAA " + sign(own, "msg_1", now, body) + " v1a,BBBB"
    answer = apply(running, body, **{"webhook-signature": several, "webhook-timestamp": str(now)})
    assert answer.status_code == 201, answer.text


def test_an_authorisation_from_posting_to_withdrawal(running: Running) -> None:
    body = bodies.authorisation()
    record = authorise(running, body)
    assert state(running, record)["state"] == "waiting for review"
    answer = review(running, record, bodies.review())
    assert answer.status_code == 201 and answer.json()["verdict"] == "accepted"
    told = state(running, record)
    assert told["state"] == "approved" and told["withdrawn"] is None
    assert told["versions"][0]["review"]["reviewer"] == OPERATOR
    assert told["authorisation"] == json.loads(body)
    assert state(running, record, OPERATOR) == told
    first = withdraw(running, record)
    assert first.status_code == 200 and first.headers["claims-receipt"]
    assert first.json()["verdict"] == "accepted"
    second = withdraw(running, record)
    assert second.status_code == 200
    assert second.headers["claims-receipt"] == first.headers["claims-receipt"]
    told = state(running, record)
    assert told["state"] == "withdrawn" and told["withdrawn"]["record"] == first.json()["record"]


def test_a_review_after_the_withdrawal_is_409_and_changes_nothing(running: Running) -> None:
    record = authorise(running)
    assert review(running, record, bodies.review()).status_code == 201
    assert withdraw(running, record, OPERATOR).status_code == 200
    for body in (bodies.review(), bodies.review(), bodies.review("approve", "再次確認")):
        answer = review(running, record, body)
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("authorisation-withdrawn")
        assert answer.headers["claims-record"]
    assert state(running, record)["state"] == "withdrawn"


def test_the_latest_word_of_a_review_counts_even_in_the_same_bytes(running: Running) -> None:
    record = authorise(running)
    said = [review(running, record, bodies.review(word)) for word in ("approve", "approve", "refuse", "approve")]
    assert [answer.status_code for answer in said] == [201, 200, 201, 201]
    assert state(running, record)["state"] == "approved"
    assert said[0].json()["record"] == said[1].json()["record"] != said[3].json()["record"]
    again = review(running, record, bodies.review("approve"))
    assert again.status_code == 200 and again.json()["record"] == said[3].json()["record"]


def test_only_the_newest_version_is_reviewed(running: Running) -> None:
    number = bodies.fresh()
    first = authorise(running, bodies.authorisation(number))
    second = authorise(running, bodies.authorisation(number, version=2, uses="single"))
    answer = review(running, first, bodies.review())
    assert answer.status_code == 409 and answer.json()["type"].endswith("review-superseded")
    assert review(running, second, bodies.review()).status_code == 201
    assert state(running, first)["state"] == "superseded"
    assert [one["version"] for one in state(running, second)["versions"]] == [1, 2]


def test_a_review_waits_for_the_verdict_on_what_it_reviews(running: Running) -> None:
    with running.client(CLAIMLINK) as client:
        posted = client.post(
            "/authorisations", content=bodies.authorisation(), headers={**JSON, "prefer": "respond-async"}
        )
    assert posted.status_code == 202
    assert review(running, posted.json()["record"], bodies.review()).status_code == 201


def test_authorisations_of_others_do_not_exist(running: Running) -> None:
    record = authorise(running)
    with running.client(OTHER_CLAIMLINK) as other, running.client(OPERATOR) as operator:
        for id in (record, "0" * 32):
            assert other.get(f"/authorisations/{id}").status_code == 404
            assert other.delete(f"/authorisations/{id}").status_code == 404
        assert other.post(f"/authorisations/{record}/review", content=bodies.review(), headers=JSON).status_code == 403
        for nothing in ("0" * 32, review(running, record, bodies.review()).json()["record"]):
            answer = operator.post(f"/authorisations/{nothing}/review", content=bodies.review(), headers=JSON)
            assert answer.status_code == 404 and "claims-record" not in answer.headers
    assert state(running, record)["state"] == "approved"


def test_a_rejected_authorisation_and_its_review(running: Running) -> None:
    with running.client(CLAIMLINK) as client:
        answer = client.post("/authorisations", content=bodies.authorisation(recipients=[]), headers=JSON)
    assert answer.status_code == 422
    record = answer.json()["record"]
    assert state(running, record) | {"problems": []} == {
        "record": record,
        "state": "rejected",
        "problems": [],
        "versions": [],
        "withdrawn": None,
        "authorisation": None,
    }
    answer = review(running, record, bodies.review())
    assert answer.status_code == 422
    assert {one["code"] for one in answer.json()["problems"]} == {"record-unknown"}
    assert review(running, record, b"{}").status_code == 422


def test_a_judgement(running: Running) -> None:
    with running.client(HOSPITAL) as client:
        records = [
            client.post("/fhir/Bundle", content=bodies.document(), headers=FHIR).headers["claims-record"]
            for _ in range(2)
        ]
    word = {"id": f"j-{bodies.fresh()}", "version": 1, "judgement": "not-same", "records": records, "reason": "不同人"}
    with running.client(OPERATOR) as operator:
        first = operator.post("/judgements", json=word, headers={"prefer": "wait=30"})
        assert first.status_code == 201, first.text
        assert operator.post("/judgements", json=word, headers={"prefer": "wait=30"}).status_code == 200
        conflict = operator.post("/judgements", json=word | {"judgement": "same"}, headers={"prefer": "wait=30"})
        assert conflict.status_code == 409
        bad = operator.post("/judgements", json=word | {"records": records[:1]}, headers={"prefer": "wait=30"})
        assert bad.status_code == 422


def put(running: Running, code: str, status: str, roles: list[str], name: str) -> httpx.Response:
    with running.client(OPERATOR) as operator:
        return operator.put(
            f"/participants/{code}",
            json={"name": name, "roles": roles, "status": status},
            headers={"prefer": "wait=30"},
        )


def test_a_participant_is_suspended_and_admitted_again_and_again(running: Running) -> None:
    code, name = "1237990044", "海灣醫院"
    with running.client(code) as hospital, running.client(OPERATOR) as operator:
        before = operator.get(f"/participants/{code}").json()
        assert before["status"] == "admitted" and before["name"] == name
        records = set()
        for status, answered in (("suspended", 403), ("admitted", 200)) * 2:
            for answer in (
                put(running, code, status, ["hospital"], name),
                put(running, code, status, ["hospital"], name),
            ):
                assert answer.status_code in (200, 201), answer.text
                assert answer.headers["claims-receipt"]
                records.add(answer.json()["record"])
            assert operator.get(f"/participants/{code}").json()["status"] == status
            got = hospital.get("/records")
            assert got.status_code == answered
            sent = hospital.post("/fhir/Bundle", content=b"{}", headers=FHIR)
            assert sent.status_code == (403 if answered == 403 else 422)
            assert ("claims-record" in sent.headers) == (answered == 200)
        assert len(records) == 4


def test_a_suspension_that_is_judged_later_holds_all_the_same(running: Running) -> None:
    code, name = "379130000C", "晴川市警察局"
    with running.client(code) as police, running.client(OPERATOR) as operator:
        assert police.get("/records").status_code == 200
        change = {"name": name, "roles": ["police"], "status": "suspended"}
        answer = operator.put(f"/participants/{code}", json=change, headers={"prefer": "respond-async"})
        assert answer.status_code == 202
        police.get("/records")  # before the verdict or after it: either may be
        running.settle()
        assert police.get("/records").status_code == 403


def test_a_role_taken_away(running: Running) -> None:
    code, name = "1141990058", "松嶺醫院"
    assert put(running, code, "admitted", ["police"], name).status_code == 201
    with running.client(code) as hospital:
        assert hospital.get("/records").status_code == 403
    assert put(running, code, "admitted", ["hospital", "police"], name).status_code == 201
    with running.client(code) as hospital:
        assert hospital.get("/records").status_code == 200


def test_participants_are_for_operators(running: Running) -> None:
    with running.client(HOSPITAL) as hospital, running.client(OTHER_OPERATOR) as operator:
        assert hospital.get(f"/participants/{HOSPITAL}").status_code == 403
        assert operator.get("/participants/unknown").status_code == 404
        assert operator.put("/participants/王小明", json={}).status_code == 404
    bad = put(running, HOSPITAL, "asleep", ["hospital"], "x")
    assert bad.status_code == 422 and bad.headers["claims-record"]
    new = put(running, "9999990000", "admitted", ["hospital"], "新醫院")
    assert new.status_code == 201 and new.headers["location"] == "/participants/9999990000"


def test_the_same_withdrawal_at_once_is_one_record(running: Running) -> None:
    record = authorise(running)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: withdraw(running, record), range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["claims-receipt"] for answer in answers}) == 1


def test_schemas_have_valid_examples_that_the_doors_accept(running: Running) -> None:
    with running.client() as client:
        listed = client.get("/schemas").json()["schemas"]
        assert {"accident", "application", "authorisation", "paper", "judgement", "offer"} <= {
            one["name"] for one in listed
        }
        for one in listed:
            schema = client.get(one["url"])
            assert schema.headers["content-type"] == "application/schema+json"
            assert schema.json()["$id"] == one["url"] and schema.json()["examples"]
        assert client.get("/schemas/nothing").status_code == 404
        assert client.get("/schemas/..%2f__init__").status_code == 404
