"""Is this paper real? A real unit's server on loopback, its faults, and who learns of the answer."""

import asyncio
import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapters.outgoing import http
from adapters.stores import verifications
from adapters.vault.jws import claims as claims_of
from services import embedded
from services.portal.telling import lines
from services.sandbox.client import Client, Post
from services.sandbox.filings import pdf
from services.sandbox.police_unit import Fault, PoliceUnit
from services.sandbox.police_units import ByCaseNumber
from services.verification import decide
from services.verification.decide import ANSWER
from tests.integration import bodies, claims
from tests.integration.bodies import (
    CLAIMLINK,
    INSURER,
    OPERATOR,
    OTHER_CLAIMLINK,
    OTHER_HOSPITAL,
    OTHER_POLICE,
    POLICE,
    Json,
    dump,
)
from tests.integration.police_case import ONE, OTHER, THIRD, PoliceCase, police_case
from tests.integration.running import Running

JSON = {"content-type": "application/json", "prefer": "wait=30"}


@pytest.fixture(scope="module", autouse=True)
def impatient() -> Iterator[None]:
    """A unit is asked again after a moment, and slow sooner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decide, "FIRST_PAUSE", timedelta(milliseconds=20))
        patch.setattr(embedded, "LOOK_SECONDS", 0.02)
        patch.setattr(http, "ANSWER_SECONDS", 1.0)
        yield


class Serving:
    """A unit with an event loop of its own."""

    def __init__(self, running: Running, code: str, kind: type[PoliceUnit] = PoliceUnit) -> None:
        async def keys() -> Json:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(running.base_url + "/.well-known/jwks.json")).json()  # type: ignore[no-any-return]

        self.unit = kind(code, keys)
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(self.unit.serve())
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        with pytest.raises(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)

    def __enter__(self) -> PoliceUnit:
        self._thread.start()
        return self.unit

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)


@pytest.fixture(scope="module")
def unit(running: Running) -> Iterator[PoliceUnit]:
    """The police unit of most bodies, registered with its key and its door."""
    with Serving(running, POLICE) as serving:
        register(running, serving)
        yield serving


def register(running: Running, unit: PoliceUnit, **changes: object) -> None:
    body = {"name": "測試警察局", "roles": ["police"], "status": "admitted", "keys": [unit.public_key]}
    with running.client(OPERATOR) as client:
        answer = client.put(
            f"/participants/{unit.code}", content=dump({**body, "endpoints": [unit.url], **changes}), headers=JSON
        )
        assert answer.status_code in (200, 201), answer.text


def sent(running: Running, **slip: object) -> tuple[PoliceCase, str, str]:
    """A case with its slip handed in by a party: the case's bodies, the slip's record, its SHA-256."""
    case = police_case(**slip)
    claims.post(running, "/police/accidents", case.accident, POLICE)
    apply(running, case)
    record = hand_in(running, case)
    running.settle()
    return case, record, hashlib.sha256(case.file).hexdigest()


def apply(running: Running, case: PoliceCase) -> None:
    running.call(lambda: _apply(running, case))


async def _apply(running: Running, case: PoliceCase) -> None:
    async with Client(running.sandbox) as client:
        answer = await client.send(
            Post(CLAIMLINK, "POST", "/claimlink/applications", case.application, "application/json")
        )
        assert answer.status in (201, 202), answer.body


def hand_in(running: Running, case: PoliceCase, code: str = CLAIMLINK, **changes: object) -> str:
    with running.client(code) as client:
        files = bodies.upload(case.slip | changes, case.file)
        answer = client.post("/papers", files=files, headers={"prefer": "wait=30"})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["record"])


def ask(running: Running, code: str, paper: str, issuer: str = POLICE, id: str | None = None) -> httpx.Response:
    body = {"id": id or f"q-{bodies.fresh()}", "paper": paper, "issuer": issuer}
    with running.client(code) as client:
        return client.post("/papers/verifications", content=dump(body), headers=JSON)


def read(running: Running, code: str, verification: str) -> httpx.Response:
    with running.client(code) as client:
        return client.get(f"/papers/verifications/{verification}")


def until(running: Running, done: Callable[[], bool]) -> None:
    async def wait() -> None:
        async with asyncio.timeout(20):
            while not await asyncio.to_thread(done):
                await asyncio.sleep(0.01)

    asyncio.run(wait())
    running.settle()


def over(running: Running, verification: str) -> bool:
    row = running.read(lambda tx: verifications.get(tx, verification))
    return row is not None and row.next_try is None


def integrity(running: Running, insurer: str, sha256: str) -> list[Json]:
    """What the offers of an insurer say of a paper, offer after offer."""
    return [
        paper["integrity"]
        for event in claims.feed(running, insurer)
        for paper in event["data"].get("papers", ())
        if paper["sha256"] == sha256
    ]


def test_the_answer_goes_once_to_all_who_may_have_the_paper(running: Running, unit: PoliceUnit) -> None:
    case, record, sha256 = sent(running)
    unit.knows([sha256])
    assert integrity(running, ONE, sha256)[-1] == {"origin": "party", "state": "unverified"}
    before = {insurer: len(claims.feed(running, insurer)) for insurer in (ONE, OTHER, THIRD)}
    answer = ask(running, ONE, sha256)
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert (told["state"], told["paper"], told["issuer"], told["answered"]) == ("asked", sha256, POLICE, None)
    until(running, lambda: over(running, told["verification"]))
    told = read(running, ONE, told["verification"]).json()
    assert told["state"] == "confirmed" and told["answered"] > told["asked"]
    said = claims_of(told["answer"], ANSWER, [unit.public_key])
    assert (said["sha256"], said["answer"], said["iss"]) == (sha256, "confirmed", POLICE)
    for insurer in (ONE, OTHER):
        expected = {"origin": "party", "state": "matched", "answer": "confirmed", "answered": told["answered"]}
        assert integrity(running, insurer, sha256)[-1] == expected
        assert len(claims.feed(running, insurer)) == before[insurer] + 1
    assert len(claims.feed(running, THIRD)) == before[THIRD]
    again = ask(running, OTHER, sha256)
    assert again.status_code == 200 and again.json()["verification"] == told["verification"]
    assert again.json()["state"] == "confirmed"
    mine = ask(running, CLAIMLINK, record)  # the sender, by the record
    assert mine.status_code == 200 and mine.json()["verification"] == told["verification"]
    asked = [one for one in unit.asked if one["sha256"] == sha256]
    assert len(asked) == 1
    assert asked[0].keys() == {"jti", "iss", "aud", "iat", "exp", "sha256", "kind", "policeCase"}
    assert asked[0]["policeCase"] == case.slip["numbers"]["policeCase"]


def told_to_operators(running: Running, path: str) -> httpx.Response:
    with running.client(OPERATOR) as client:
        return client.get(path)


def answers_heard(running: Running) -> dict[str, float]:
    """Count and sum of the histogram of answers, as `/metrics` tells them."""
    told = text_string_to_metric_families(told_to_operators(running, "/metrics").text)
    (family,) = [one for one in told if one.name == "claims_answer_seconds"]
    return {one.name.rpartition("_")[2]: one.value for one in family.samples if "le" not in one.labels}


def test_operators_see_the_question_in_trace_metrics_and_reconciliation(running: Running, unit: PoliceUnit) -> None:
    _, record, sha256 = sent(running)
    unit.knows([sha256])
    unit.faults = [Fault.GARBAGE]
    before = answers_heard(running)
    counted = told_to_operators(running, "/reconciliation").json()["counts"]
    assert "questions" not in told_to_operators(running, f"/trace/{record}").json()
    told = ask(running, ONE, sha256).json()
    until(running, lambda: over(running, told["verification"]))
    told = read(running, ONE, told["verification"]).json()
    ask(running, CLAIMLINK, record)
    trace = told_to_operators(running, f"/trace/{record}").json()
    (question,) = trace["questions"]
    assert question == {
        **{name: told[name] for name in ("verification", "issuer", "state", "asked", "deadline", "answered")},
        "tries": 2,
        "fault": None,
        "askers": sorted([ONE, CLAIMLINK]),
    }
    text = "\n".join(lines(trace))
    assert f"is it real? {POLICE} was asked at {told['asked']}: CONFIRMED at {told['answered']}" in text
    assert f"question {told['verification']}, by {', '.join(question['askers'])}; tries 2" in text
    after = answers_heard(running)
    took = (datetime.fromisoformat(told["answered"]) - datetime.fromisoformat(told["asked"])).total_seconds()
    assert after["count"] == before["count"] + 1 and after["sum"] - before["sum"] == pytest.approx(took, abs=1e-3)
    reconciled = told_to_operators(running, "/reconciliation").json()
    assert reconciled["ok"] and {name: reconciled["counts"][name] - counted[name] for name in ("questions", "answers")} == {
        "questions": 1, "answers": 1,
    }  # fmt: skip


def test_nobody_else_learns_that_there_is_such_a_paper(running: Running, unit: PoliceUnit) -> None:
    _, record, sha256 = sent(running)
    unit.knows([sha256])
    never = "0" * 64
    told = ask(running, ONE, sha256).json()
    until(running, lambda: over(running, told["verification"]))
    for code in (THIRD, OTHER_CLAIMLINK):
        for paper in (sha256, record):
            refused, unheard_of = ask(running, code, paper), ask(running, code, never[: len(paper)])
            assert refused.status_code == unheard_of.status_code == 404
            assert refused.json() == unheard_of.json()
        refused, unheard_of = read(running, code, told["verification"]), read(running, code, never[:32])
        assert refused.status_code == unheard_of.status_code == 404 and refused.json() == unheard_of.json()
    # OTHER may have the paper, but has not asked.
    assert read(running, OTHER, told["verification"]).status_code == 404
    assert ask(running, POLICE, sha256).status_code == 403


def test_who_may_no_longer_have_the_paper_reads_nothing_more(running: Running, unit: PoliceUnit) -> None:
    _, record, sha256 = sent(running)
    unit.knows([sha256])
    told = ask(running, ONE, sha256).json()
    until(running, lambda: over(running, told["verification"]))
    assert read(running, ONE, told["verification"]).status_code == 200
    claims.judge(running, "erase", record)
    assert read(running, ONE, told["verification"]).status_code == 404
    assert ask(running, ONE, sha256).status_code == 404


def test_a_withdrawn_consent_ends_what_may_be_read(running: Running, unit: PoliceUnit) -> None:
    """A certificate goes by consent alone; its hospital is asked as a unit is."""
    claim = claims.claim(running)
    paper = {"paper": hashlib.sha256(claim.file).hexdigest(), "issuer": OTHER_HOSPITAL}
    body = {"name": "晴川綜合醫院", "roles": ["hospital"], "status": "admitted", "endpoints": [unit.url]}
    with running.client(OPERATOR) as client:
        assert client.put(f"/participants/{OTHER_HOSPITAL}", content=dump(body), headers=JSON).status_code == 201
    told = ask(running, INSURER, **paper)
    assert told.status_code == 202 and read(running, INSURER, told.json()["verification"]).status_code == 200
    claims.withdraw(running, claim.authorisation)
    assert read(running, INSURER, told.json()["verification"]).status_code == 404
    assert ask(running, INSURER, **paper).status_code == 404
    assert ask(running, CLAIMLINK, **paper).status_code == 202  # who handed it in has it all the same


@pytest.mark.parametrize("word", ["denied", "unknown", "refused"])
def test_what_a_unit_may_say(running: Running, unit: PoliceUnit, word: str) -> None:
    _, _, sha256 = sent(running)
    if word != "unknown":
        unit.knows([sha256], word)
    told = ask(running, ONE, sha256).json()
    until(running, lambda: over(running, told["verification"]))
    assert read(running, ONE, told["verification"]).json()["state"] == word
    said = integrity(running, OTHER, sha256)[-1]
    assert (said["state"], said["answer"]) == ("denied" if word == "denied" else "unverified", word)
    assert ask(running, OTHER, sha256).status_code == 200


FAULTS = {
    Fault.SLOW: "slow",
    Fault.LATE: "slow",  # for the impatient
    Fault.DOWN: "status 503",
    Fault.WRONG_KEY: "not signed by the unit",
    Fault.GARBAGE: "not signed by the unit",
    Fault.TOO_LARGE: "too large",
    Fault.WRONG_RECORD: "of-another-question",
    Fault.WRONG_CLOCK: "of-another-time",
    Fault.REDIRECTS: "status 307",
}


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_is_no_answer_and_the_question_is_asked_again(running: Running, unit: PoliceUnit, fault: Fault) -> None:
    _, _, sha256 = sent(running)
    unit.knows([sha256])
    unit.faults[:] = [fault]
    told = ask(running, ONE, sha256).json()
    noted: set[str] = set()

    def done() -> bool:
        row = running.read(lambda tx: verifications.get(tx, told["verification"]))
        noted.add(row.fault or "")
        return row.next_try is None

    until(running, done)
    assert noted <= {"", FAULTS[fault]}
    assert read(running, ONE, told["verification"]).json()["state"] == "confirmed"
    ids = {one["jti"] for one in unit.asked if one["sha256"] == sha256}
    assert ids == {told["verification"]} and len([one for one in unit.asked if one["sha256"] == sha256]) == 2


def test_a_slow_unit_holds_nobody_up(running: Running, unit: PoliceUnit) -> None:
    (_, _, slow), (_, _, other) = sent(running), sent(running)
    unit.knows([slow, other])
    unit.faults[:] = [Fault.SLOW]
    waits = ask(running, ONE, slow).json()["verification"]
    until(running, lambda: bool(unit.asked) and unit.asked[-1]["sha256"] == slow)
    told = ask(running, ONE, other).json()["verification"]
    until(running, lambda: over(running, told))
    row = running.read(lambda tx: verifications.get(tx, waits))
    assert (row.state, row.tries, row.fault) == ("asked", 1, None), "the other was answered after the time-out only"
    until(running, lambda: over(running, waits))


def test_a_unit_whose_port_is_closed_is_asked_again(running: Running, unit: PoliceUnit) -> None:
    _, _, sha256 = sent(running)
    unit.knows([sha256])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    register(running, unit, endpoints=[f"http://127.0.0.1:{port}/verifications"])
    try:
        told = ask(running, ONE, sha256).json()["verification"]
        until(
            running, lambda: running.read(lambda tx: verifications.get(tx, told)).fault == "unreachable (ConnectError)"
        )
        assert read(running, ONE, told).json()["state"] == "asked"
    finally:
        register(running, unit)
    until(running, lambda: over(running, told))
    assert read(running, ONE, told).json()["state"] == "confirmed"


@pytest.fixture(scope="module")
def by_number(running: Running) -> Iterator[PoliceUnit]:
    """The sandbox's unit, as `claims up --sandbox` serves it."""
    with Serving(running, OTHER_POLICE, ByCaseNumber) as serving:
        register(running, serving)
        yield serving


SAID = {"-DENIED": "denied", "-unknown": "unknown", "-refused": "refused", "": "confirmed", "-DOWNTOWN": "confirmed"}
MET = {f"-{fault.replace(' ', '-')}": "confirmed" for fault in Fault}


@pytest.mark.parametrize(("end", "word"), (SAID | MET).items())
def test_the_sandbox_s_unit_does_what_the_case_number_says(
    running: Running, by_number: PoliceUnit, end: str, word: str
) -> None:
    _, _, sha256 = sent(running, issuer=OTHER_POLICE, numbers={"policeCase": f"A{bodies.fresh():09d}{end}"})
    told = ask(running, ONE, sha256, OTHER_POLICE).json()["verification"]
    until(running, lambda: over(running, told))
    assert read(running, ONE, told).json()["state"] == word
    tries = [one["jti"] for one in by_number.asked if one["sha256"] == sha256]
    assert tries == [told] * (2 if end in MET else 1)


def test_of_a_paper_without_a_case_number_the_sandbox_s_unit_cannot_tell(
    running: Running, by_number: PoliceUnit
) -> None:
    _, _, sha256 = sent(running, issuer=OTHER_POLICE, numbers={})
    told = ask(running, ONE, sha256, OTHER_POLICE).json()["verification"]
    until(running, lambda: over(running, told))
    assert read(running, ONE, told).json()["state"] == "unknown"


def test_a_question_has_its_own_id_and_names_the_issuer(running: Running, unit: PoliceUnit) -> None:
    _, _, one = sent(running)
    _, _, other = sent(running)
    unit.knows([one, other])
    assert ask(running, ONE, one, id="mine").status_code == 202
    assert ask(running, ONE, one, id="mine").status_code in (200, 202)
    assert ask(running, ONE, other, id="mine").status_code == 409
    assert ask(running, ONE, other, issuer=OTHER_POLICE).json()["type"].endswith("issuer-differs")
    assert ask(running, ONE, other, issuer=POLICE.lower()).status_code == 202
    with running.client(ONE) as client:
        for body in (b"{}", b"[1", dump({"id": "x", "paper": "abc", "issuer": POLICE})):
            answer = client.post("/papers/verifications", content=body, headers=JSON)
            assert answer.status_code == 422 and answer.json()["problems"], answer.text


def test_a_unit_without_a_door_cannot_be_asked(running: Running) -> None:
    code, body = "389990000C", {"name": "無門警察局", "roles": ["police"], "status": "admitted"}
    with running.client(OPERATOR) as client:
        assert client.put(f"/participants/{code}", content=dump(body), headers=JSON).status_code == 201
    _, _, sha256 = sent(running, issuer=code)
    answer = ask(running, ONE, sha256, issuer=code)
    assert answer.status_code == 422 and answer.json()["type"].endswith("issuer-cannot-be-asked")


def test_a_paper_that_the_unit_signed_needs_no_question(running: Running, unit: PoliceUnit) -> None:
    _, _, found = sent(running, signature=unit.sign("0" * 64))
    case = police_case()
    right = unit.sign(hashlib.sha256(case.file).hexdigest())
    claims.post(running, "/police/accidents", case.accident, POLICE)
    apply(running, case)
    hand_in(running, case, signature=right)
    running.settle()
    assert integrity(running, ONE, hashlib.sha256(case.file).hexdigest())[-1] == {
        "origin": "party",
        "state": "signed",
        "signature": "valid",
    }
    # A signature over other bytes is told as what it is, and vouches for nothing.
    assert integrity(running, ONE, found)[-1] == {"origin": "party", "state": "unverified", "signature": "invalid"}


def test_one_of_another_role_vouches_for_no_police_paper(running: Running) -> None:
    """A ClaimLink operator that names itself as the issuer, signs with its own key and would answer for itself."""
    with Serving(running, "399990000C") as stranger:
        register(running, stranger, roles=["claimlink"])
        case = police_case(issuer=stranger.code)
        sha256 = hashlib.sha256(case.file).hexdigest()
        claims.post(running, "/police/accidents", case.accident, POLICE)
        apply(running, case)
        hand_in(running, case, signature=stranger.sign(sha256))
        running.settle()
        expected = {"origin": "party", "state": "unverified", "signature": "invalid"}
        assert integrity(running, ONE, sha256)[-1] == expected
        answer = ask(running, ONE, sha256, issuer=stranger.code)
        assert answer.status_code == 422 and answer.json()["type"].endswith("issuer-cannot-be-asked")


def test_the_units_own_record_matches_a_partys_paper_later(running: Running, unit: PoliceUnit) -> None:
    case, _, sha256 = sent(running)
    assert integrity(running, ONE, sha256)[-1]["state"] == "unverified"
    accident = json.loads(case.accident) | {"version": 2, "papers": [sha256]}
    claims.post(running, "/police/accidents", dump(accident), POLICE)
    running.settle()
    assert integrity(running, ONE, sha256)[-1] == {"origin": "party", "state": "matched"}


def test_a_unit_hands_its_paper_in_itself_and_the_case_tells_it(running: Running, unit: PoliceUnit) -> None:
    case, record, sha256 = sent(running)
    theirs = hand_in(running, case, POLICE, id="own-" + case.slip["id"])
    running.settle()
    assert integrity(running, ONE, sha256)[-1] == {"origin": "issuer", "state": "issued"}
    number = claims.case_of(running, record)
    with running.client(OPERATOR) as client:
        told = {one["record"]: one.get("integrity") for one in client.get(f"/cases/{number}").json()["records"]}
    assert told[record] == {"origin": "party", "state": "matched"}
    assert told[theirs] == {"origin": "issuer", "state": "issued"}
    with running.client(ONE) as client:
        offers = client.get(f"/cases/{number}").json()["offers"]
    (paper,) = [paper for paper in offers[-1]["papers"] if paper["sha256"] == sha256]
    assert paper["integrity"] == {"origin": "issuer", "state": "issued"}


def test_a_later_paper_never_erases_an_earlier_one(running: Running) -> None:
    case, _, slip = sent(running)
    files = {
        kind: pdf(f"{kind} {case.number}") for kind in ("scene-diagram", "preliminary-analysis", "assessment-verdict")
    }
    for kind, file in files.items():
        described = case.slip | {"id": f"{kind}-{case.number}", "kind": kind, "issued": "2025-12-01"}
        if kind == "assessment-verdict":
            described |= {"verdict": [{"order": 1, "word": "肇事主因"}, {"order": 2, "word": "肇事次因"}]}
        with running.client(CLAIMLINK) as client:
            answer = client.post("/papers", files=bodies.upload(described, file), headers={"prefer": "wait=30"})
            assert answer.status_code == 201 and answer.json()["problems"] == [], answer.text
    running.settle()
    last = claims.feed(running, ONE)[-1]["data"]
    assert {slip, *(hashlib.sha256(file).hexdigest() for file in files.values())} <= {
        paper["sha256"] for paper in last["papers"]
    }
    words = [upload["verdict"] for upload in last["facts"]["uploads"] if "verdict" in upload]
    assert words == [["1 肇事主因", "2 肇事次因"]]
