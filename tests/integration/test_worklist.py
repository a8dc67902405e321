"""The work list through the doors: what is doubtful is asked about, and a word, other evidence or an erasure ends it."""

import json
from typing import Any

from schemas.ids import derive
from tests.integration import bodies, claims
from tests.integration import test_doors_filings as filings
from tests.integration.bodies import CLAIMLINK, INSURER, OPERATOR, POLICE, dump, fresh
from tests.integration.running import Running

Json = dict[str, Any]


def told(running: Running) -> Json:
    running.settle()
    with running.client(OPERATOR) as client:
        answer = client.get("/worklist")
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]


def asked(running: Running) -> dict[frozenset[str], Json]:
    return {frozenset(side["record"] for side in one["sides"]): one for one in told(running)["pairs"]}


def filed(number: int, plate: str, version: int = 1) -> bytes:
    """An application by somebody whom the police do not name, twenty minutes off, of another place and without a number."""
    value = json.loads(bodies.application(number, version=version, occurredAt="2025-09-03T08:35:00+08:00"))
    value.pop("policeCaseNumber")
    value |= {"place": {"text": "市場旁"}, "loss": {**value["loss"], "plate": plate}, "vehicles": [{"plate": plate}]}
    return dump(value)


def doubtful(running: Running) -> tuple[int, str, str]:
    """A police record and an application whose plate has one slip: their number, and both records."""
    number = fresh()
    accident = claims.post(running, "/police/accidents", bodies.accident(number), POLICE)
    return number, accident, apply(running, filed(number, slip(number)))


def apply(running: Running, body: bytes) -> str:
    answer = filings.apply(running, body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["record"])


def slip(number: int) -> str:
    return bodies.plate(2 * number).replace("TST", "TSV")


def test_a_pair_is_told_side_by_side_and_nothing_that_names_somebody(running: Running) -> None:
    number, accident, application = doubtful(running)
    one = asked(running)[frozenset((accident, application))]
    assert {sign["sign"] for sign in one["signs"]} == {"plate-one-slip", "within-30-minutes", "other-persons"}
    assert one["score"] == sum(sign["weight"] for sign in one["signs"])
    list_ = told(running)
    assert list_["review"] <= one["score"] < list_["automatic"]
    sides = {side["record"]: side for side in one["sides"]}
    assert (sides[accident]["kind"], sides[application]["kind"]) == ("accident", "application")
    assert sides[accident]["case"] == claims.case_of(running, accident, POLICE) != sides[application]["case"]
    assert compared(one, accident, "day") == ("2025-09-03", "2025-09-03", "same")
    assert compared(one, accident, "time") == ("08:15", "08:35", "differs")
    assert compared(one, accident, "place") == (f"雲澤市中央區測試{number}路", "市場旁", "differs")
    assert compared(one, accident, "parties") == ("2: 1 car, 1 motorcycle", None, "one-sided")
    assert compared(one, accident, "police-case") == (f"A{number:09d}", None, "one-sided")
    police, applicant, comparison = compared(one, accident, "plates")
    digits = len(f"{2 * number:04d}")
    assert applicant == f"TSV{'•' * (digits - 1)}{2 * number % 10}"
    assert police == f"TST{'•' * (digits - 1)}{2 * number % 10} / TST{'•' * (digits - 1)}{(2 * number + 1) % 10}"
    assert comparison == "differs"
    body = json.loads(bodies.accident(number))
    personal = [party["plate"] for party in body["parties"]] + [p["person"]["identifier"] for p in body["parties"]]
    personal += [one.replace("-", "") for one in (*personal, slip(number))]
    names = [party["person"]["name"] for party in body["parties"]]
    assert not [value for value in (*personal, *names, slip(number), "測試人") if value in dump(list_).decode()]


def compared(pair: Json, record: str, row: str) -> tuple[str | None, str | None, str]:
    """A row in English: this record's, the other's, and how they compare."""
    [found] = [one for one in pair["rows"] if one["row"] == row]
    first, second = (value and value["textEn"] for value in found["values"])
    mine, other = (first, second) if pair["sides"][0]["record"] == record else (second, first)
    return mine, other, found["comparison"]


def test_pages_hold_each_pair_once_and_in_order(running: Running) -> None:
    for _ in range(3):
        doubtful(running)
    whole = told(running)
    waiting = [[side["record"] for side in pair["sides"]] for pair in whole["pairs"]]
    assert len(waiting) == whole["waiting"] >= 3 and whole["next"] is None
    found, after, pages = [], None, 0
    with running.client(OPERATOR) as client:
        while (pages == 0 or after) and pages <= len(waiting):
            page = client.get("/worklist", params={"limit": 2} | ({"after": after} if after else {})).json()
            assert page["waiting"] == whole["waiting"] and len(page["pairs"]) <= 2
            found += [[side["record"] for side in pair["sides"]] for pair in page["pairs"]]
            after, pages = page["next"], pages + 1
    assert found == waiting and pages == -(-len(waiting) // 2)


def test_judging_a_page_hides_nothing_of_the_next(running: Running) -> None:
    for _ in range(3):
        doubtful(running)
    with running.client(OPERATOR) as client:
        running.settle()
        first = client.get("/worklist", params={"limit": 1}).json()
        second = client.get("/worklist", params={"limit": 1, "after": first["next"]}).json()
        claims.judge(running, "not-same", *(side["record"] for side in first["pairs"][0]["sides"]))
        running.settle()
        again = client.get("/worklist", params={"limit": 1, "after": first["next"]}).json()
        assert again["pairs"] == second["pairs"], "the place of a judged pair is still a place"
        for query in ({"limit": 0}, {"limit": 51}, {"after": "50"}):
            refused = client.get("/worklist", params=query)
            assert refused.status_code == 400 and refused.json()["type"].endswith(":bad-query")


def test_nobody_but_operators(running: Running) -> None:
    for code in (INSURER, POLICE, CLAIMLINK):
        with running.client(code) as client:
            assert client.get("/worklist").status_code == 403
    with running.client() as client:
        assert client.get("/worklist").status_code == 401
        page = client.get("/worklist", headers={"accept": "text/html"})
    assert page.status_code == 200 and "default-src 'none'" in page.headers["content-security-policy"]
    assert derive("case", "x")[:4] not in page.text


def test_same_joins_for_good(running: Running) -> None:
    _, accident, application = doubtful(running)
    claims.judge(running, "same", accident, application)
    assert frozenset((accident, application)) not in asked(running)
    assert claims.case_of(running, accident, POLICE) == claims.case_of(running, application)


def test_not_same_keeps_apart_for_good(running: Running) -> None:
    number, accident, application = doubtful(running)
    claims.judge(running, "not-same", accident, application)
    assert frozenset((accident, application)) not in asked(running)
    right = filed(number, bodies.plate(2 * number), version=2)
    newer = apply(running, right)
    assert claims.case_of(running, accident, POLICE) != claims.case_of(running, newer), "not even the right plate joins"
    assert frozenset((accident, newer)) not in asked(running)


def test_other_evidence_joins_and_nobody_is_asked(running: Running) -> None:
    number, accident, application = doubtful(running)
    assert frozenset((accident, application)) in asked(running)
    newer = apply(running, filed(number, bodies.plate(2 * number), version=2))
    assert claims.case_of(running, accident, POLICE) == claims.case_of(running, newer)
    assert not [pair for pair in asked(running) if pair <= {accident, application, newer}]


def test_what_is_erased_or_taken_back_is_not_asked_about(running: Running) -> None:
    _, accident, application = doubtful(running)
    claims.judge(running, "erase", application)
    assert not [pair for pair in asked(running) if application in pair]
    number, accident, application = doubtful(running)
    value = json.loads(filed(number, slip(number), version=2)) | {"status": "entered-in-error"}
    apply(running, dump(value))
    assert not [pair for pair in asked(running) if application in pair]


def test_it_is_counted(running: Running) -> None:
    doubtful(running)
    waiting = told(running)["waiting"]
    assert waiting >= 1
    with running.client(OPERATOR) as client:
        while f"claims_worklist {float(waiting)}" not in client.get("/metrics").text:  # a look is shared for a moment
            pass
        while client.get("/portal/live").json()["worklist"] != waiting:
            pass
