"""Cases, traces and reconciliation through the doors; the live page, metrics and readiness."""

import hashlib
import re
import sqlite3

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.portal.reconciliation import lines as reconciled
from services.portal.trace import lines
from services.sandbox.filings import pdf
from services.sandbox.persons import national_id
from tests.integration import bodies, claims
from tests.integration.bodies import (
    CLAIMLINK,
    HOSPITAL,
    INSURER,
    OPERATOR,
    OTHER_CLAIMLINK,
    POLICE,
    fresh,
)
from tests.integration.running import Running

ROLES = {HOSPITAL: "hospital", POLICE: "police", CLAIMLINK: "claimlink", INSURER: "insurer"}
OTHER_INSURER = "66316960"


def get(running: Running, path: str, code: str | None = OPERATOR, status: int = 200) -> httpx.Response:
    with running.client(code) as client:
        answer = client.get(path)
        assert answer.status_code == status, answer.text
        return answer


def test_a_case_as_each_may_see_it(running: Running) -> None:
    claim = claims.claim(running, recipients=[INSURER])
    case = claims.case_of(running, claim.paper)
    operator = get(running, f"/cases/{case}").json()
    assert {one["record"] for one in operator["records"]} == {claim.paper, claim.authorisation}
    assert operator["links"][0]["reason"]
    sender = get(running, f"/cases/{case}", CLAIMLINK).json()
    assert {one["kind"] for one in sender["evidence"] if one["presence"] == "present"} == {"certificate"}
    assert "registration-slip" in {one["kind"] for one in sender["missing"]}
    assert {one["what"] for one in sender["timeline"]} >= {"received", "accepted", "reviewed-approve", "present"}
    insurer = get(running, f"/cases/{case}", INSURER).json()
    sha256 = hashlib.sha256(claim.file).hexdigest()
    assert [one["papers"] for one in insurer["offers"]] == [
        [
            {
                "sha256": sha256,
                "kind": "certificate",
                "current": True,
                "integrity": {"origin": "party", "state": "unverified"},
            }
        ]
    ]
    person = national_id(3_000_017 * claim.number)
    assert person not in str((operator, sender, insurer))


@pytest.mark.parametrize("code", [HOSPITAL, POLICE, OTHER_CLAIMLINK, OTHER_INSURER])
def test_foreign_and_non_existent_are_the_same(running: Running, code: str) -> None:
    claim = claims.claim(running, recipients=[INSURER])
    case = claims.case_of(running, claim.paper)
    foreign = get(running, f"/cases/{case}", code, 404)
    assert foreign.content == get(running, "/cases/C000000000000", code, 404).content
    assert get(running, "/cases/C000000000000", OPERATOR, 404).content == foreign.content
    get(running, f"/cases/{case}", None, 401)


def test_a_case_is_gone_for_an_insurer_once_the_consent_is(running: Running) -> None:
    claim = claims.claim(running, recipients=[INSURER])
    case = claims.case_of(running, claim.paper)
    get(running, f"/cases/{case}", INSURER)
    claims.withdraw(running, claim.authorisation)
    get(running, f"/cases/{case}", INSURER, 404)  # at once, before anything is taken back
    running.settle()
    get(running, f"/cases/{case}", INSURER, 404)
    assert "consent-withdrawn" in {one["what"] for one in get(running, f"/cases/{case}", CLAIMLINK).json()["timeline"]}


def test_a_merged_number_is_answered_with_both(running: Running) -> None:
    one, other = claims.claim(running), claims.claim(running)
    first, second = claims.case_of(running, one.paper), claims.case_of(running, other.paper)
    assert first != second
    word = claims.judge(running, "same", one.paper, other.paper)
    merged = {first, second} - {claims.case_of(running, one.paper)}
    assert len(merged) == 1
    found = get(running, f"/cases/{merged.pop()}", CLAIMLINK).json()
    assert {found["case"], found["asked"]} == {first, second}
    operator = get(running, f"/cases/{first}").json()
    assert {operator["case"], *operator["mergedNumbers"]} == {first, second}
    text = "\n".join(lines(get(running, f"/trace/{first}").json()))
    assert "an operator judged them the same" in text and "merged into it" in text and word
    both = {hashlib.sha256(claim.file).hexdigest() for claim in (one, other)}
    assert claims.standing(running)[found["case"]] == both


def test_a_record_end_to_end(running: Running) -> None:
    number = fresh()
    claim = claims.claim(running, number, recipients=[INSURER])
    claims.feed(running)
    get(running, f"/insurers/{INSURER}/papers/{hashlib.sha256(claim.file).hexdigest()}", INSURER)
    found = get(running, f"/trace/{claim.paper}").json()
    assert found["verdict"]["outcome"] == "accepted" and found["verdict"]["why"] == "first of its identity"
    assert found["lineage"]["shown"] == claim.paper
    holder = next(one for one in found["case"]["insurers"] if one["insurer"] == INSURER)
    assert holder["papers"][0]["entitled"] and holder["papers"][0]["basis"] == [
        {"person": 1, "authorisation": claim.authorisation}
    ]
    assert {one["record"] for one in holder["handovers"]} == {None, claim.paper}
    text = "\n".join(lines(found))
    assert "GOES" in text and "handed over" in text
    assert national_id(3_000_017 * number) not in text + str(found)


def test_corrections_duplicates_and_refusals_are_told(running: Running) -> None:
    number = fresh()
    claim = claims.claim(running, number)
    newer = claims.upload(running, number, pdf("newer"), version=2)
    found = get(running, f"/trace/{newer}").json()
    assert found["verdict"]["why"] == "a later version"
    assert [one["record"] for one in found["lineage"]["versions"]] == [claim.paper, newer]
    with running.client(CLAIMLINK) as client:
        again = client.post(
            "/papers", files=bodies.upload(bodies.metadata(number, id=f"again-{number}"), pdf("again")),
            headers={"prefer": "wait=30"},
        ).json()  # fmt: skip
        conflict = client.post(
            "/papers", files=bodies.upload(bodies.metadata(number, version=2), pdf("other")),
            headers={"prefer": "wait=30"},
        )  # fmt: skip
    duplicate = get(running, f"/trace/{again['record']}").json()["verdict"]
    assert (duplicate["outcome"], duplicate["why"]) == ("duplicate", "same content under another identity")
    assert conflict.status_code == 409
    refused = get(running, f"/trace/{conflict.json()['record']}").json()
    assert "same identity" in refused["verdict"]["why"] and refused["case"]["why"] == "it is rejected"


def test_governing_records_and_what_is_not_there(running: Running) -> None:
    claim = claims.claim(running)
    word = claims.judge(running, "erase", claim.paper)
    assert "acts on what it names" in get(running, f"/trace/{word}").json()["case"]["why"]
    erased = get(running, f"/trace/{claim.paper}").json()
    assert erased["record"]["erased"] and erased["case"]["why"] == "it was erased"
    assert get(running, f"/trace/{claim.authorisation}").json()["case"]["why"].startswith("no evidence in reach")
    get(running, "/trace/nothing", OPERATOR, 404)


@pytest.mark.parametrize("path", ["/trace/x", "/reconciliation", "/portal/live", "/metrics"])
def test_operators_alone(running: Running, path: str) -> None:
    for code in ROLES:
        get(running, path, code, 403)
    get(running, path, None, 401)


def test_everything_agrees(running: Running) -> None:
    claim = claims.claim(running)
    claims.judge(running, "erase", claim.paper)
    running.settle()
    found = get(running, "/reconciliation").json()
    assert found["differences"] == [], reconciled(found)
    assert found["ok"] and found["counts"]["erased"] >= 1


def test_the_live_page(running: Running) -> None:
    claims.claim(running)
    page = get(running, "/", None)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe-inline" not in policy and "frame-ancestors 'none'" in policy
    assert page.headers["content-type"].startswith("text/html")
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|<style|style=|https?:", page.text), (
        "something inline or foreign"
    )
    links = re.findall(r'<(?:link|script)[^>]* (?:src|href)="([^"]+)"', page.text)
    assert links
    for link in links:
        assert get(running, link, None).headers["content-type"].split(";")[0] in (
            "text/css", "text/javascript", "image/svg+xml",
        )  # fmt: skip
    for name in ("..%2fapp.py", "app.py", "%2e%2e/app.py"):
        get(running, f"/portal/static/{name}", None, 404)


def test_the_live_figures(running: Running) -> None:
    claim = claims.claim(running)
    told: dict[str, object] = {}
    while claim.paper not in str(told):  # a look is shared for a moment
        told = get(running, "/portal/live").json()
    assert {"time", "records", "cases", "senders", "offers", "lag", "perSecond", "recent"} <= told.keys()
    assert national_id(3_000_017 * claim.number) not in str(told)


def test_metrics(running: Running) -> None:
    claims.claim(running)
    families = {one.name: one for one in text_string_to_metric_families(get(running, "/metrics").text)}
    assert "process_start_time_seconds" in families
    counted = {one.name: one.value for one in families["claims_verdict_seconds"].samples}
    assert 0 < counted["claims_verdict_seconds_sum"] < 60 * counted["claims_verdict_seconds_count"]


def test_alive_and_ready(running: Running) -> None:
    assert get(running, "/healthz", None).json() == {"status": "alive"}
    assert get(running, "/readyz", None).json() == {
        "status": "ready", "database": "writable", "lagging": False, "stuck": [],
    }  # fmt: skip


def test_not_ready_while_the_database_takes_no_writer(fresh: Running) -> None:
    holder = sqlite3.connect(fresh.data / "claims.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        assert get(fresh, "/readyz", None, 503).json()["database"] == "busy"
        assert get(fresh, "/healthz", None).status_code == 200
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def test_not_ready_while_the_doors_lag(fresh: Running) -> None:
    async def lag() -> None:
        fresh.system.behind = 1_000_000

    answer = None
    while answer is None or answer.status_code == 200:  # a turn of validation that began before counts anew
        fresh.call(lag)
        with fresh.client() as client:
            answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.json()["lagging"]
