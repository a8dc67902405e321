"""Mandates through the doors: handed in, reviewed, read, revoked; what flowed under one is gone with the answer; its trace."""

import hashlib
import json
from pathlib import Path

import httpx
import pytest

from services.portal.telling import lines
from tests.integration import bodies, claims
from tests.integration.bodies import CLAIMLINK, INSURER, OPERATOR, OTHER_CLAIMLINK, fresh
from tests.integration.running import Running, start
from tests.integration.test_motor_case import post_application

JSON = claims.JSON


def ask(running: Running, method: str, path: str, code: str = CLAIMLINK, body: bytes | None = None) -> httpx.Response:
    with running.client(code) as client:
        headers = JSON if body is not None else {"prefer": "wait=30"}
        return client.request(method, path, content=body, headers=headers)


def mandated(running: Running, number: int, **changes: object) -> str:
    """An approved mandate of the person of this number to her agent; its record."""
    record = claims.post(running, "/mandates", bodies.mandate(number, **changes))
    claims.post(running, f"/mandates/{record}/review", bodies.review(), OPERATOR)
    running.settle()
    return record


def flowing(running: Running) -> tuple[str, str, str, str]:
    """(mandate, authorisation, paper, SHA-256 of the file) of a paper offered under a mandate."""
    number = fresh()
    file = bodies.scan(number)
    paper = claims.upload(running, number, file)
    authorisation = claims.post(running, "/authorisations", bodies.by_agent(number))
    claims.review(running, authorisation)
    sha256 = hashlib.sha256(file).hexdigest()
    running.settle()
    assert ask(running, "GET", f"/insurers/{INSURER}/papers/{sha256}", INSURER).status_code == 404, "no mandate yet"
    return mandated(running, number), authorisation, paper, sha256


def test_a_mandate_from_posting_to_revocation(running: Running) -> None:
    body = bodies.mandate()
    answer = ask(running, "POST", "/mandates", body=body)
    assert answer.status_code == 201 and answer.headers["claims-receipt"], answer.text
    record = answer.json()["record"]
    assert answer.headers["location"] == f"/mandates/{record}"
    assert ask(running, "POST", "/mandates", body=body).status_code == 200
    told = ask(running, "GET", f"/mandates/{record}").json()
    assert told["state"] == "waiting for review" and told["mandate"] == json.loads(body)
    assert ask(running, "POST", f"/mandates/{record}/review", OPERATOR, bodies.review()).status_code == 201
    assert ask(running, "GET", f"/mandates/{record}", OPERATOR).json()["state"] == "approved"
    first, second = (ask(running, "DELETE", f"/mandates/{record}") for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.headers["claims-receipt"] == second.headers["claims-receipt"]
    late = ask(running, "POST", f"/mandates/{record}/review", OPERATOR, bodies.review("refuse"))
    assert late.status_code == 409 and late.json()["type"].endswith("mandate-withdrawn")
    assert ask(running, "GET", f"/mandates/{record}").json()["state"] == "withdrawn"


def test_corrections_and_conflicts(running: Running) -> None:
    number = fresh()
    first = mandated(running, number)
    conflict = ask(running, "POST", "/mandates", body=bodies.mandate(number, scope=["application"]))
    assert conflict.status_code == 409 and conflict.json()["type"].endswith("identity-conflict")
    second = claims.post(running, "/mandates", bodies.mandate(number, version=2, scope=["application"]))
    late = ask(running, "POST", f"/mandates/{first}/review", OPERATOR, bodies.review("refuse"))
    assert late.status_code == 409 and late.json()["type"].endswith("review-superseded")
    assert ask(running, "GET", f"/mandates/{first}").json()["state"] == "superseded"
    assert [one["version"] for one in ask(running, "GET", f"/mandates/{second}").json()["versions"]] == [1, 2]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"scope": ["payment"]}, {("schema", "scope[0]")}),
        ({"scope": []}, {("schema", "scope")}),
        ({"agent": {"identifier": "A123456788", "name": "x"}}, {("filing-person-identifier", "agent.identifier")}),
        ({"period": {"start": "2025-09-05", "end": "2025-09-04"}}, {("filing-period-reversed", "period")}),
        ({"period": {"start": "0114-09-05"}}, {("filing-roc-date", "period.start")}),
        (
            {
                "principal": {"identifier": "A123456789", "name": "x"},
                "agent": {"identifier": "a123456789", "name": "x"},
            },
            {("filing-agent-is-principal", "agent.identifier")},
        ),
        ({"evidence": None, "more": 1}, {("schema", "evidence"), ("schema", "")}),
    ],
)
def test_what_is_no_mandate_is_told_with_path_and_fix(running: Running, changes: dict, codes: set) -> None:  # type: ignore[type-arg]
    answer = ask(running, "POST", "/mandates", body=bodies.mandate(**changes))
    assert answer.status_code == 422
    assert {(one["code"], one["path"]) for one in answer.json()["problems"]} == codes
    assert all(one["fix"] for one in answer.json()["problems"])
    assert ask(running, "GET", f"/mandates/{answer.json()['record']}").json()["state"] == "rejected"


def test_mandates_and_authorisations_are_behind_their_own_doors(running: Running) -> None:
    number = fresh()
    mandate = claims.post(running, "/mandates", bodies.mandate(number))
    authorisation = claims.post(running, "/authorisations", bodies.by_agent(number))
    for path in (f"/mandates/{authorisation}", f"/authorisations/{mandate}", f"/mandates/{'0' * 32}"):
        assert ask(running, "GET", path).status_code == 404
        assert ask(running, "DELETE", path).status_code == 404
        assert ask(running, "POST", f"{path}/review", OPERATOR, bodies.review()).status_code == 404
    assert ask(running, "GET", f"/mandates/{mandate}", OTHER_CLAIMLINK).status_code == 404
    assert ask(running, "DELETE", f"/mandates/{mandate}", OTHER_CLAIMLINK).status_code == 404


def test_a_review_waits_for_the_verdict_on_what_it_reviews(running: Running) -> None:
    with running.client(CLAIMLINK) as client:
        posted = client.post("/mandates", content=bodies.mandate(), headers={**JSON, "prefer": "respond-async"})
    record = posted.json()["record"]
    assert posted.status_code == 202
    assert ask(running, "POST", f"/mandates/{record}/review", OPERATOR, bodies.review()).status_code == 201


def test_what_flowed_under_a_mandate_is_gone_with_the_answer_to_its_revocation(running: Running) -> None:
    mandate, authorisation, paper, sha256 = flowing(running)
    offer = claims.feed(running)[-1]
    (basis,) = [one["basis"] for one in offer["data"]["papers"] if one["sha256"] == sha256]
    assert [one.get("authorisation") or one["mandate"] for one in basis] == [authorisation, mandate]
    assert ask(running, "GET", f"/insurers/{INSURER}/papers/{sha256}", INSURER).status_code == 200
    text = "\n".join(lines(ask(running, "GET", f"/trace/{mandate}", OPERATOR).json()))
    assert f"use; under {mandate}" in "\n".join(lines(ask(running, "GET", f"/trace/{authorisation}", OPERATOR).json()))
    assert "mandate approved: application, authorisation" in text and f"{authorisation}  authorisation" in text
    assert f"number {offer['offernumber']} to {INSURER}" in text and f"paper {paper} of number" in text
    assert f"mandate {mandate}" in "\n".join(lines(ask(running, "GET", f"/trace/{paper}", OPERATOR).json()))

    assert ask(running, "DELETE", f"/mandates/{mandate}").status_code == 200
    assert ask(running, "GET", f"/insurers/{INSURER}/papers/{sha256}", INSURER).status_code == 404
    running.settle()
    taken = claims.feed(running)[-1]
    assert taken["type"] == "claims.offer.withdrawn" and offer["offernumber"] in taken["data"]["withdraws"]
    told = ask(running, "GET", f"/trace/{mandate}", OPERATOR).json()["mandate"]
    assert told["state"] == "withdrawn" and told["withdrawn"]
    assert [one["takenBackBy"] for one in told["offers"] if one["insurer"] == INSURER] == [taken["offernumber"]]
    assert ask(running, "GET", f"/authorisations/{authorisation}").json()["state"] == "approved", "hers was the mandate"
    text = "\n".join(lines(ask(running, "GET", f"/trace/{authorisation}", OPERATOR).json()))
    assert "no mandate in force: nothing goes by it" in text


def test_a_version_by_an_agent_supersedes_hers_only_under_a_mandate(running: Running) -> None:
    number = fresh()
    own = post_application(running, json.loads(bodies.application(number)))
    agents = post_application(running, json.loads(bodies.application(number, version=2, agent=bodies.agent(number))))
    running.settle()

    def stands() -> list[str | None]:
        """What supersedes hers: as told of it alone, in the list, in its trace."""
        alone = ask(running, "GET", f"/records/{own}").json()
        listed = next(one for one in pages(running) if one["record"] == own)
        traced = ask(running, "GET", f"/trace/{own}", OPERATOR).json()["lineage"]["shown"]
        return [alone["supersededBy"], listed["supersededBy"], traced if traced != own else None]

    assert stands() == [None] * 3
    mandate = mandated(running, number)
    assert stands() == [agents] * 3
    assert ask(running, "DELETE", f"/mandates/{mandate}").status_code == 200
    running.settle()
    assert stands() == [None] * 3


def pages(running: Running) -> list[dict]:  # type: ignore[type-arg]
    """Every record of the ClaimLink operator, in order."""
    found: list[dict] = []  # type: ignore[type-arg]
    while page := ask(running, "GET", "/records" + (f"?after={found[-1]['record']}" if found else "")).json()[
        "records"
    ]:
        found += page
    return found


def test_an_erased_mandate_is_gone_and_everything_agrees(running: Running) -> None:
    mandate, _, _, sha256 = flowing(running)
    claims.judge(running, "erase", mandate)
    assert ask(running, "GET", f"/mandates/{mandate}").status_code == 410
    assert ask(running, "GET", f"/insurers/{INSURER}/papers/{sha256}", INSURER).status_code == 404
    assert ask(running, "GET", f"/trace/{mandate}", OPERATOR).json()["record"]["erased"]
    assert ask(running, "GET", "/reconciliation", OPERATOR).json()["differences"] == []


def test_a_mandate_holds_over_a_restart_and_so_does_its_revocation(tmp_path: Path) -> None:
    with start(tmp_path / "data") as first:
        mandate, _, _, sha256 = flowing(first)
    with start(tmp_path / "data") as second:
        assert ask(second, "GET", f"/insurers/{INSURER}/papers/{sha256}", INSURER).status_code == 200
        assert ask(second, "DELETE", f"/mandates/{mandate}").status_code == 200
    with start(tmp_path / "data") as third:
        assert ask(third, "GET", f"/insurers/{INSURER}/papers/{sha256}", INSURER).status_code == 404
        assert ask(third, "GET", f"/mandates/{mandate}").json()["state"] == "withdrawn"
