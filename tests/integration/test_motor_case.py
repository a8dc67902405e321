"""A motor case through the doors: one accident, two vehicles, two insurers, one set of papers, and who is told what."""

import copy
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from schemas.evidence import Cover
from schemas.json import load
from schemas.records import FUND
from services.intake.signature import sign
from services.sandbox.participants import exempt_plates, insurer_of, plates, uninsured_plates
from services.sandbox.persons import national_id
from tests.integration import bodies, claims
from tests.integration.bodies import CLAIMLINK, HOSPITAL, OPERATOR, OTHER_HOSPITAL, POLICE, WOMEN, fresh
from tests.integration.running import Running

CAR, MOTORCYCLE = 0, 1
Json = dict[str, Any]


@dataclass(frozen=True)
class Accident:
    """`insurers`: of the car and of the motorcycle, whose rider is hurt. `records`: ids by what they are."""

    number: int
    plates: tuple[str, str]
    insurers: tuple[str, str]
    rider: str
    records: dict[str, str]


def example(name: str) -> Json:
    return copy.deepcopy(load(name)["examples"][0])  # type: ignore[index]


def two_plates(number: int, avoid: str) -> tuple[str, str]:
    """Of two insurers, from the sandbox register, new for each number; without third-party cover."""
    free = [
        plate for plate in plates() if insurer_of(plate, Cover.MOTOR_THIRD_PARTY) is None and insurer_of(plate) != avoid
    ]
    first = free[3 * number]
    return first, next(one for one in free[3 * number + 1 :] if insurer_of(one) != insurer_of(first))


def happen(
    running: Running,
    *,
    day: str = "2025-12-05",
    named: tuple[int, ...] = (CAR, MOTORCYCLE),
    more: Sequence[Json] = (),
    avoid: str = "",
    car: Json | None = None,
    claimed: Json | None = None,
    disability: Json | None = None,
) -> Accident:
    """The police record, the rider's application to the insurers, documents of two hospitals, her consent for the car's.

    `car`: changes to the first party of the police record; None takes a field away. `claimed`, `disability`: what the
    application claims beside treatment."""
    number = fresh()
    two = two_plates(number, avoid)
    insurers = insurer_of(two[0]) or "", insurer_of(two[1]) or ""
    rider = {"identifier": national_id(WOMEN + 26 * 1_003 * number), "name": "測試人"}
    driver = {"identifier": national_id(2_000_003 * number), "name": "駕駛人"}
    moment = f"{day}T08:15:00+08:00"
    value = example("accident") | {"id": f"acc-{number}", "caseNumber": f"A{number:09d}", "occurredAt": moment}
    value["place"] = {"text": f"雲澤市中央區車險{number}路"}
    first = value["parties"][0] | {"plate": two[0], "person": driver} | (car or {})
    value["parties"][0] = {name: told for name, told in first.items() if told is not None}
    value["parties"][1] |= {"plate": two[1], "person": rider}
    loss = {"kind": "motor", "date": day, "plate": two[1]}
    filed = example("application") | {
        "id": f"app-{number}",
        "applicant": rider,
        "loss": loss,
        "occurredAt": moment,
        "vehicles": [{"plate": two[1], "driver": rider}, {"plate": two[0]}],
        "injured": [rider | ({"disability": disability} if disability else {})],
        **({"claimed": claimed} if claimed else {}),
        "insurers": [*({"code": insurers[at], "cover": "motor-compulsory"} for at in named), *more],
        "policeCaseNumber": f"A{number:09d}",
    }
    consent = example("authorisation") | {
        "id": f"auth-{number}",
        "grantor": {**rider, "role": "self"},
        "subject": rider,
        "subjectRole": "injured",
        "recipients": [insurers[CAR]],
        "purpose": "motor-compulsory",
        "classes": ["certificate", "receipt", "laboratory"],
        "loss": loss,
    }
    records = {
        "accident": claims.post(running, "/police/accidents", bodies.dump(value), POLICE),
        "application": post_application(running, filed),
        "document": post_document(running, document(number, day)),
        "other": post_document(running, document(number, day, OTHER_HOSPITAL), OTHER_HOSPITAL),
        "authorisation": claims.post(running, "/authorisations", bodies.dump(consent)),
    }
    claims.review(running, records["authorisation"])
    running.settle()
    return Accident(number, two, insurers, rider["identifier"], records)


def document(number: int, day: str, hospital: str = HOSPITAL) -> bytes:
    """The example's document, of an injury of that day; of the other hospital under numbers of its own."""
    text = bodies.document(number).decode()
    if hospital != HOSPITAL:
        text = (
            text.replace(HOSPITAL, hospital).replace("yaogu", "qingchuan").replace(f"T{number:08d}", f"U{number:08d}")
        )
    bundle = json.loads(text)
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "Claim":
            code = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "MVA"}
            entry["resource"]["accident"] = {"date": day, "type": {"coding": [code]}}
    return bodies.dump(bundle)


def post_application(running: Running, value: Json) -> str:
    body, now = bodies.dump(value), int(time.time())
    secret = running.sandbox.bearers[CLAIMLINK].webhook_secret or ""
    signed = {
        "webhook-id": value["id"],
        "webhook-timestamp": str(now),
        "webhook-signature": sign(secret, value["id"], now, body),
    }
    with running.client(CLAIMLINK) as client:
        headers = {**claims.JSON, **signed}
        answer = client.post("/claimlink/applications", content=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["record"])


def post_document(running: Running, body: bytes, code: str = HOSPITAL) -> str:
    with running.client(code) as client:
        headers = {"content-type": "application/fhir+json", "prefer": "wait=30"}
        answer = client.post("/fhir/Bundle", content=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.headers["claims-record"]


def seen(running: Running, one: Accident, code: str) -> Json:
    case = claims.case_of(running, one.records["application"])
    with running.client(code) as client:
        answer = client.get(f"/cases/{case}")
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def one(running: Running) -> Accident:
    return happen(running)


def test_who_owes_and_what_is_claimable_is_told_to_the_insurer_that_may_have_the_papers(
    running: Running, one: Accident
) -> None:
    motor = seen(running, one, one.insurers[CAR])["motor"]
    assert motor["accident"]["date"] == "2025-12-05"
    assert [(car["party"], car["kind"], car["insured"]) for car in motor["vehicles"]] == [
        (1, "car", "insured"),
        (2, "motorcycle", "insured"),
    ]
    assert [car["insurers"][0]["insurer"] for car in motor["vehicles"]] == [*one.insurers]
    (victim,) = motor["victims"]
    assert (victim["party"], victim["role"], victim["died"]) == (2, "driver", False)
    assert victim["owed"]["shares"] == [{"payer": one.insurers[CAR], "share": "1"}], "a driver claims from the others"
    claimed = victim["claimed"]
    assert [(line["item"], line["amount"]) for line in claimed["lines"]] == [
        ("care", 200),
        ("care", 80),
        ("care", 100),
    ] * 2
    assert claimed["medical"] == claimed["total"] == 760 and claimed["parts"] == [
        {"payer": one.insurers[CAR], "amount": 760}
    ]
    (injury, _) = victim["required"]
    assert {line["anyOf"][0]["kind"]: line["present"] for line in injury["papers"]} == {
        "application": True,
        "identity": False,
        "registration-slip": True,  # the police record stands for it
        "bank-account": False,
        "records-consent": True,  # her authorisation stands for it
        "certificate": True,
        "receipt": True,
    }
    assert {limit["item"]: limit["limit"] for limit in motor["limits"]}["medical"] == 200_000
    notice = next(clock for clock in motor["clocks"] if clock["clock"] == "notice")
    assert (notice["due"], notice["article"].split(";")[0]) == ("2025-12-10", "G0390060 art. 34 I ②")
    stands_still = [clock for clock in victim["clocks"] if clock["clock"].startswith("limitation")]
    assert [clock["running"] for clock in stands_still] == [False, False], "a claim was filed"


def test_an_insurer_without_consent_reckons_nothing_from_the_receipts(running: Running, one: Accident) -> None:
    motor = seen(running, one, one.insurers[MOTORCYCLE])["motor"]
    assert [paper["kind"] for paper in motor["papers"]] == ["accident", "application"]
    (victim,) = motor["victims"]
    assert victim["claimed"] is None
    assert not {"certificate", "receipt"} & {
        line["anyOf"][0]["kind"] for line in victim["required"][0]["papers"] if line["present"]
    }


def test_an_operator_sees_all_but_contents(running: Running, one: Accident) -> None:
    motor = seen(running, one, OPERATOR)["motor"]
    assert [paper["kind"] for paper in motor["papers"]] == ["accident", "document", "document", "application"]
    assert "claimed" not in motor["victims"][0] and motor["victims"][0]["owed"]


def test_what_is_drawn_from_papers_is_recorded_as_handed_over(running: Running, one: Accident) -> None:
    insurer = one.insurers[MOTORCYCLE]

    def pages(code: str = OPERATOR) -> int:
        return sum(
            event["what"] == "handed-over" and insurer in event["text"]
            for event in seen(running, one, code)["timeline"]
        )

    before = pages()
    seen(running, one, insurer)
    assert pages() > before


def test_the_same_paper_is_asked_for_once(running: Running, one: Accident) -> None:
    insurer = one.insurers[CAR]
    papers = {paper["kind"]: paper for paper in seen(running, one, insurer)["motor"]["papers"]}
    assert papers["document"]["issuer"] in (HOSPITAL, OTHER_HOSPITAL) and papers["accident"]["handedOver"] is None
    with running.client(insurer) as client:
        assert client.get(f"/insurers/{insurer}/papers/{papers['accident']['sha256']}").status_code == 200
    now = {paper["kind"]: paper for paper in seen(running, one, insurer)["motor"]["papers"]}
    assert now["accident"]["handedOver"]
    whole = {paper["kind"]: paper for paper in seen(running, one, OPERATOR)["motor"]["papers"]}
    assert whole["accident"]["heldBy"] == [insurer]


def test_one_that_may_not_have_the_police_record_learns_nothing_drawn_from_it(running: Running) -> None:
    """Named in the application, and insurer of no vehicle that the police tell."""
    named = "81924865"
    crash = happen(running, more=[{"code": named, "cover": "motor-third-party"}], avoid=named)
    found = seen(running, crash, named)
    assert [paper["kind"] for paper in found["motor"]["papers"]] == ["application"]
    assert (found["motor"]["accident"], found["motor"]["vehicles"], found["motor"]["victims"]) == (None, [], [])
    assert {one["cover"] for one in found["motor"]["required"]} == {"motor-third-party"}
    text = str(found)
    assert crash.rider not in text and not any(plate in text for plate in crash.plates)
    assert not any(insurer in text for insurer in crash.insurers)


def test_the_notice_alone_tells_no_motor_case(running: Running) -> None:
    crash = happen(running, named=(CAR,))
    found = seen(running, crash, crash.insurers[MOTORCYCLE])
    assert found["offers"] and "motor" not in found


def test_a_withdrawn_consent_takes_its_amounts_away_at_once(running: Running) -> None:
    crash = happen(running)
    insurer = crash.insurers[CAR]
    assert seen(running, crash, insurer)["motor"]["victims"][0]["claimed"]["total"] == 760
    case = claims.case_of(running, crash.records["application"])
    claims.withdraw(running, crash.records["authorisation"])
    with running.client(insurer) as client:
        at_once = client.get(f"/cases/{case}")
        assert at_once.status_code == 404 or "380" not in at_once.text
    assert seen(running, crash, insurer)["motor"]["victims"][0]["claimed"] is None


def test_a_vehicle_that_fled_and_one_that_the_register_does_not_know(running: Running) -> None:
    crash = happen(running, car={"sex": "4", "plate": None, "person": None}, named=(MOTORCYCLE,))
    motor = seen(running, crash, OPERATOR)["motor"]
    assert [car["insured"] for car in motor["vehicles"]] == ["untraceable", "insured"]
    owed = motor["victims"][0]["owed"]
    assert owed["shares"] == [{"payer": "fund", "share": "1"}]
    assert owed["debtors"][0]["article"] == "G0390060 art. 40 I ①"
    kinds = {line["anyOf"][0]["kind"] for line in motor["victims"][0]["required"][0]["papers"]}
    assert {"untraceable-proof", "fund-receipt-and-undertaking"} <= kinds
    assert "fund-limitation-accident" in {clock["clock"] for clock in motor["victims"][0]["clocks"]}
    unknown = happen(running, car={"plate": "ZZZ-0000"}, named=(MOTORCYCLE,))
    owed = seen(running, unknown, OPERATOR)["motor"]["victims"][0]["owed"]
    assert (owed["unanswered"], owed["shares"], owed["debtors"]) == ([1], None, [])


@pytest.mark.parametrize("code", ["Z9", "H01"])
def test_a_code_that_is_unknown_or_contradicts_takes_nobody_out_of_the_case(running: Running, code: str) -> None:
    crash = happen(running, car={"partyType": code, "injury": "injured", "injuryLevel": "9"})
    motor = seen(running, crash, OPERATOR)["motor"]
    assert [(car["party"], car["insured"]) for car in motor["vehicles"]] == [(1, "insured"), (2, "insured")]
    owed = [(one["party"], one["role"], [by["payer"] for by in one["owed"]["debtors"]]) for one in motor["victims"]]
    assert owed == [(1, "driver", [crash.insurers[MOTORCYCLE]]), (2, "driver", [crash.insurers[CAR]])]
    with running.client(POLICE) as client:
        problems = client.get(f"/records/{crash.records['accident']}").json()["problems"]
    told = {(one["code"], one["path"], one["severity"]) for one in problems}
    known = {"Z9": "accident-code-unknown", "H01": "accident-code-contradicts"}[code]
    assert {
        (known, "parties[0].partyType", "warning"),
        ("accident-code-unknown", "parties[0].injuryLevel", "warning"),
    } <= told


def test_the_fund_is_a_party_like_a_compulsory_insurer(running: Running) -> None:
    fled = {"sex": "4", "plate": None, "person": None}
    crash = happen(running, car=fled, named=(MOTORCYCLE,), more=[{"code": FUND, "cover": "motor-compulsory"}])
    motor = seen(running, crash, FUND)["motor"]
    assert [car["insured"] for car in motor["vehicles"]] == ["untraceable", "insured"]
    assert motor["victims"][0]["owed"]["shares"] == [{"payer": FUND, "share": "1"}]
    assert {paper["kind"] for paper in motor["papers"]} == {"accident", "application"}
    assert motor["victims"][0]["claimed"] is None, "without the patient's consent no amounts"
    for code in (FUND, crash.insurers[MOTORCYCLE], OPERATOR):
        clocks = seen(running, crash, code)["motor"]["victims"][0]["clocks"]
        told = [(clock["clock"], clock["running"]) for clock in clocks if "limitation" in clock["clock"]]
        stands_still = [("fund-limitation-knowledge", False), ("fund-limitation-accident", False)]
        assert told == stands_still, "the fund alone owes, and was asked"
    case = claims.case_of(running, crash.records["application"])
    offers = [one["data"] for one in claims.feed(running, FUND) if one["data"].get("case") == case]
    by = {paper["kind"]: paper["basis"] for paper in offers[-1]["papers"]}
    assert by == {"accident": [{"law": "K0040049-3"}], "application": [{"law": "own-filing"}]}
    sha256 = next(paper["sha256"] for paper in offers[-1]["papers"] if paper["kind"] == "accident")
    with running.client(FUND) as client:
        assert client.get(f"/insurers/{FUND}/papers/{sha256}").status_code == 200
    told = {
        paper["kind"]: paper["heldBy"] for paper in seen(running, crash, crash.insurers[MOTORCYCLE])["motor"]["papers"]
    }
    assert told["accident"] == [FUND], "G0390062 art. 14 III: they tell each other"


def test_of_whom_nobody_claims_the_fund_is_told_that_a_claim_was_received_and_no_more(running: Running) -> None:
    crash = happen(running, car={"vehicleStanding": "unconsented"}, named=(MOTORCYCLE,))
    found = seen(running, crash, FUND)
    assert found["offers"] and "motor" not in found
    insured = happen(running, more=[{"code": FUND, "cover": "motor-compulsory"}])
    assert {paper["kind"] for paper in seen(running, insured, FUND)["motor"]["papers"]} == {"application"}
    case = claims.case_of(running, happen(running).records["application"])
    with running.client(FUND) as client:
        assert client.get(f"/cases/{case}").status_code == 404


@pytest.mark.parametrize(
    ("car", "stood", "article"),
    [
        ({"plate": uninsured_plates()[0]}, "uninsured", "G0390060 art. 40 I ②"),
        ({"vehicleStanding": "unconsented"}, "unconsented", "G0390060 art. 40 I ③"),
        ({"vehicleStanding": "exempt", "plate": exempt_plates()[0][0]}, "exempt", "G0390060 art. 40 I ④"),
    ],
)
def test_the_fund_owes_for_whatever_stands_in_article_40(running: Running, car: Json, stood: str, article: str) -> None:
    crash = happen(running, car=car, named=(), more=[{"code": FUND, "cover": "motor-compulsory"}])
    motor = seen(running, crash, FUND)["motor"]
    assert motor["vehicles"][0]["insured"] == stood
    (debtor,) = motor["victims"][0]["owed"]["debtors"]
    assert (debtor["payer"], debtor["article"]) == (FUND, article)


def test_what_the_application_claims_is_told_to_whom_it_was_filed_with(running: Running) -> None:
    crash = happen(running, claimed={"costs": ["transport"]}, disability={"levels": [9, 12]}, named=(CAR, MOTORCYCLE))
    victim = seen(running, crash, crash.insurers[CAR])["motor"]["victims"][0]
    assert "transport-receipt" in {line["anyOf"][0]["kind"] for line in victim["required"][0]["papers"]}
    assert (victim["disability"]["level"], victim["disability"]["amount"], victim["disability"]["certified"]) == (
        8, 600_000, False,
    )  # fmt: skip
    assert victim["claimed"]["nhiRemainder"] == 200_000 - victim["claimed"]["medical"]
    assert victim["claimed"]["interest"] is None, "not all papers are there"
    assert "disability" not in seen(running, crash, OPERATOR)["motor"]["victims"][0], "a content"


def test_the_limits_of_2026_are_said_to_be_unconfirmed(running: Running) -> None:
    crash = happen(running, day="2026-07-01")
    limits = {one["item"]: one for one in seen(running, crash, OPERATOR)["motor"]["limits"]}
    assert (limits["death"]["limit"], limits["death"]["status"]) == (3_000_000, "unconfirmed")
    assert "FSC" in limits["death"]["source"]


def dispute(running: Running, one: Accident, code: str = CLAIMLINK, status: int = 201, **changes: Any) -> str:
    value = example("dispute") | {
        "id": f"D-{one.number}",
        "party": {"identifier": one.rider, "name": "測試人"},
        "loss": {"kind": "motor", "date": "2025-12-05", "plate": one.plates[MOTORCYCLE]},
        "insurers": [one.insurers[CAR]],
        "assessment": {},
    }
    record = claims.post(running, "/disputes", bodies.dump(value | changes), code, status)
    running.settle()
    return record


def test_the_proposal_goes_with_the_police_record_and_is_never_final(running: Running, one: Accident) -> None:
    found = seen(running, one, one.insurers[CAR])["motor"]["fault"]
    assert [(share["party"], share["low"], share["high"]) for share in found["shares"]] == [(1, 70, 100), (2, 0, 30)]
    assert found["final"] is False and found["rule"]["articles"][0]["textEn"].endswith("art. 102 I ⑦")
    assert {cited["party"] for cited in found["cited"]} == {1, 2}
    assert "fault" not in seen(running, one, OPERATOR)["motor"], "codes of the police record are contents"


def test_a_dispute_stands_beside_the_proposal_with_the_way_of_the_assessment(running: Running) -> None:
    crash = happen(running)
    record = dispute(running, crash)
    case = claims.case_of(running, crash.records["application"])
    assert claims.case_of(running, record) == case
    (told,) = seen(running, crash, crash.insurers[CAR])["motor"]["disputes"]
    assert (told["record"], told["party"], told["wish"]) == (record, 2, "assessment")
    assert told["statement"].startswith("我方綠燈直行")
    first, *later = told["steps"]
    assert (first["step"], first["due"], first["fee"]) == ("assessment", "2026-06-05", 3000)
    assert [(step["due"], step["fee"]) for step in later] == [(None, 0), (None, 2000), (None, 0)]
    assert first["feeStatus"] == "unconfirmed" and "K0040045 art. 3 ①" in first["noteEn"]
    assert seen(running, crash, crash.insurers[CAR])["motor"]["fault"]["shares"], "the proposal stays as it was"
    assert seen(running, crash, crash.insurers[MOTORCYCLE])["motor"]["disputes"] == [], "not filed with that one"
    for code in (OPERATOR, CLAIMLINK):
        found = seen(running, crash, code)
        (told,) = found["motor"]["disputes"] if code == OPERATOR else found["disputes"]
        assert told["record"] == record and "statement" not in told
    offers = [event["data"] for event in claims.feed(running, crash.insurers[CAR]) if event["data"].get("case") == case]
    assert offers[-1]["facts"]["disputes"] == [{"wish": "assessment"}]
    assert "dispute" in {paper["kind"] for paper in offers[-1]["papers"]}


def test_a_later_version_says_how_far_the_assessment_has_come(running: Running) -> None:
    crash = happen(running)
    dispute(running, crash)
    told = {"applied": "2026-01-31", "received": "2026-03-20"}
    dispute(running, crash, version=2, assessment=told)
    (found,) = seen(running, crash, crash.insurers[CAR])["motor"]["disputes"]
    assert [(step["due"], step["latest"], step["done"]) for step in found["steps"]] == [
        ("2026-06-05", "2026-06-05", "2026-01-31"),
        ("2026-03-31", "2026-05-31", "2026-03-20"),
        ("2026-04-19", "2026-04-19", None),
        (None, None, None),
    ]


def test_nobody_disputes_for_another_without_her_mandate(running: Running) -> None:
    crash = happen(running)
    agent = {"identifier": national_id(77_000_001), "name": "代理人"}
    dispute(running, crash, agent=agent)
    assert seen(running, crash, crash.insurers[CAR])["motor"]["disputes"] == []
    principal = {"identifier": crash.rider, "name": "測試人"}
    body = bodies.mandate(crash.number, principal=principal, agent=agent, scope=["dispute"])
    mandate = claims.post(running, "/mandates", body, CLAIMLINK, 201)
    claims.post(running, f"/mandates/{mandate}/review", bodies.review(), OPERATOR, 201)
    running.settle()
    (told,) = seen(running, crash, crash.insurers[CAR])["motor"]["disputes"]
    assert told["wish"] == "assessment"


def test_only_those_who_act_for_owners_file_disputes(running: Running) -> None:
    crash = happen(running)
    for code in (HOSPITAL, POLICE, OPERATOR, crash.insurers[CAR]):
        with running.client(code) as client:
            assert client.post("/disputes", content=b"{}", headers=claims.JSON).status_code == 403


def test_the_scene_is_drawn_for_who_may_have_the_police_record(running: Running, one: Accident) -> None:
    case = claims.case_of(running, one.records["application"])

    def scene(code: str) -> httpx.Response:
        with running.client(code) as client:
            return client.get(f"/cases/{case}/scene.svg")

    for code in (*one.insurers, POLICE):
        drawn = scene(code)
        assert drawn.status_code == 200 and drawn.headers["content-type"] == "image/svg+xml"
        assert drawn.text.startswith("<svg") and "<script" not in drawn.text
        assert one.rider not in drawn.text and not any(plate in drawn.text for plate in one.plates)
    for code in (OPERATOR, CLAIMLINK, HOSPITAL, "66316960"):
        assert scene(code).status_code == 404, code
