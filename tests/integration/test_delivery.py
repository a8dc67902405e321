"""The insurers' doors: the own feed alone, in order, with long poll; papers judged again; what was withdrawn is gone."""

import asyncio
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from adapters.stores.tables import handovers
from services.delivery.app import Bell
from services.sandbox.filings import pdf
from tests.integration import claims
from tests.integration.bodies import HOSPITAL, INSURER, OPERATOR, fresh
from tests.integration.running import Running

OTHER = "74643675"


def get(running: Running, path: str, code: str | None = INSURER) -> httpx.Response:
    with running.client(code) as client:
        return client.get(path)


def last(running: Running, insurer: str = INSURER) -> int:
    events = claims.feed(running, insurer)
    return int(events[-1]["offernumber"]) if events else 0


def test_an_offer_and_its_paper(running: Running) -> None:
    before = last(running)
    claim = claims.claim(running)
    page = get(running, f"/insurers/{INSURER}/offers?after={before}").json()
    assert [one["offernumber"] for one in page["events"]] == list(range(before + 1, page["next"] + 1))
    offer = page["events"][-1]
    assert offer["type"] == "claims.offer" and offer["specversion"] == "1.0"
    sha256 = hashlib.sha256(claim.file).hexdigest()
    assert [paper["sha256"] for paper in offer["data"]["papers"]] == [sha256]
    assert [one["authorisation"] for one in offer["data"]["papers"][0]["basis"]] == [claim.authorisation]
    paper = get(running, f"/insurers/{INSURER}/papers/{sha256}")
    assert (paper.status_code, paper.content) == (200, claim.file)
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.headers["content-disposition"].startswith("attachment")
    assert paper.headers["x-content-type-options"] == "nosniff"
    rows = running.read(lambda tx: tx.execute(handovers.select()).all())
    assert [(row.number, row.basis) for row in rows if row.sha256 == sha256] == [
        (offer["offernumber"], f'["{claim.authorisation}"]')
    ]


def test_another_insurers_feed_and_paper_are_not_there(running: Running) -> None:
    claim = claims.claim(running, recipients=[INSURER])
    sha256 = hashlib.sha256(claim.file).hexdigest()
    foreign = get(running, f"/insurers/{INSURER}/offers", OTHER)
    nobody = get(running, "/insurers/00000000/offers", OTHER)
    assert foreign.status_code == nobody.status_code == 404
    assert foreign.content == nobody.content
    assert get(running, f"/insurers/{OTHER}/papers/{sha256}", OTHER).status_code == 404
    assert get(running, f"/insurers/{INSURER}/papers/{'0' * 64}").status_code == 404
    assert get(running, f"/insurers/{INSURER}/papers/x").status_code == 404


@pytest.mark.parametrize(("code", "status"), [(None, 401), (HOSPITAL, 403), (OPERATOR, 403)])
def test_only_insurers_come_to_these_doors(running: Running, code: str | None, status: int) -> None:
    assert get(running, f"/insurers/{INSURER}/offers", code).status_code == status
    assert get(running, f"/insurers/{INSURER}/papers/{'0' * 64}", code).status_code == status


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=501", "wait=31", "wait=1.5", "after="])
def test_a_question_that_is_none(running: Running, query: str) -> None:
    answer = get(running, f"/insurers/{INSURER}/offers?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert query.split("=")[0] in answer.json()["detail"]


def test_pages_follow_each_other(running: Running) -> None:
    claims.claim(running)
    claims.claim(running)
    whole = claims.feed(running)
    found, after = [], 0
    while True:
        page = get(running, f"/insurers/{INSURER}/offers?after={after}&limit=1").json()
        if not page["events"]:
            assert page["next"] == after
            break
        assert len(page["events"]) == 1
        found += page["events"]
        after = page["next"]
    assert found == whole
    assert [one["offernumber"] for one in found] == list(range(1, len(found) + 1))


def test_a_long_poll_ends_with_the_next_offer(running: Running) -> None:
    before = last(running)
    with ThreadPoolExecutor(8) as pool:
        asked = time.monotonic()
        waiting = [pool.submit(get, running, f"/insurers/{INSURER}/offers?after={before}&wait=30") for _ in range(8)]
        claims.claim(running)
        answers = [one.result().json() for one in waiting]
        took = time.monotonic() - asked
    assert all(one["events"] and one["next"] > before for one in answers)
    assert took < 20, "nobody was woken: the wait ran out"


def test_a_long_poll_without_an_offer_ends_when_its_time_is_over(running: Running) -> None:
    before = last(running)
    asked = time.monotonic()
    page = get(running, f"/insurers/{INSURER}/offers?after={before}&wait=1").json()
    assert page == {"events": [], "next": before, "last": before}
    assert 0.9 < time.monotonic() - asked < 5


def test_a_page_tells_the_feed_s_last_number(running: Running) -> None:
    claims.claim(running)
    end = last(running)
    first = get(running, f"/insurers/{INSURER}/offers?limit=1").json()
    assert (first["next"], first["last"]) == (1, end)
    past = get(running, f"/insurers/{INSURER}/offers?after={end + 7}").json()
    assert past == {"events": [], "next": end + 7, "last": end}, "whoever asks past the end can see it"
    assert get(running, f"/insurers/{OTHER}/offers?after=900000", OTHER).json()["last"] < 900000


def test_what_was_withdrawn_replays_without_content_and_its_paper_is_gone(running: Running) -> None:
    before = last(running)
    claim = claims.claim(running)
    sha256 = hashlib.sha256(claim.file).hexdigest()
    offered = claims.feed(running, after=before)[-1]
    claims.withdraw(running, claim.authorisation)
    assert get(running, f"/insurers/{INSURER}/papers/{sha256}").status_code == 404, "the answer stands: nothing goes"
    running.settle()
    events = claims.feed(running, after=before)
    replayed = next(one for one in events if one["offernumber"] == offered["offernumber"])
    assert replayed["data"] == {"case": offered["data"]["case"]}
    assert events[-1]["type"] == "claims.offer.withdrawn"
    assert offered["offernumber"] in events[-1]["data"]["withdraws"]


def test_a_suspended_insurer_gets_nothing_and_what_waited_once_it_is_admitted_again(fresh: Running) -> None:
    claims.claim(fresh)
    before = last(fresh)
    claims.set_status(fresh, INSURER, "suspended")
    refused = get(fresh, f"/insurers/{INSURER}/offers")
    assert refused.status_code == 403
    claim = claims.claim(fresh)
    sha256 = hashlib.sha256(claim.file).hexdigest()
    assert get(fresh, f"/insurers/{INSURER}/papers/{sha256}").status_code == 403
    claims.set_status(fresh, INSURER, "admitted")
    events = claims.feed(fresh, after=before)
    assert [paper["sha256"] for one in events for paper in one["data"].get("papers", ())] == [sha256]


def test_a_paper_that_its_sender_took_back_is_taken_back(running: Running) -> None:
    number = fresh()
    claim = claims.claim(running, number)
    sha256 = hashlib.sha256(claim.file).hexdigest()
    case = claims.case_of(running, claim.paper)
    assert claims.standing(running)[case] == {sha256}
    claims.upload(running, number, claim.file, version=2, status="entered-in-error")
    running.settle()
    assert case not in claims.standing(running)
    assert get(running, f"/insurers/{INSURER}/papers/{sha256}").status_code == 404


def test_a_correction_that_leads_out_of_a_case_takes_its_paper_out(running: Running) -> None:
    number, other = fresh(), fresh()
    claim = claims.claim(running, number)
    with_it = claims.upload(running, number, pdf("second"), id=f"second-{number}", numbers={"receipt": f"R{number}"})
    case = claims.case_of(running, with_it)
    assert case == claims.case_of(running, claim.paper)
    elsewhere = claims.claim(running, other)
    corrected = claims.upload(
        running, other, pdf("corrected"), id=f"second-{number}", version=2, numbers={"receipt": f"R{other}"}
    )
    assert claims.case_of(running, corrected) == claims.case_of(running, elsewhere.paper) != case
    assert claims.case_of(running, claim.paper) == case, "the case that it left keeps its number"
    assert claims.standing(running)[case] == {hashlib.sha256(claim.file).hexdigest()}
    assert len(claims.standing(running)[claims.case_of(running, elsewhere.paper)]) == 2


def test_an_erased_version_is_taken_back_though_the_latest_goes_on(running: Running) -> None:
    number = fresh()
    claim = claims.claim(running, number)
    first = claims.feed(running)[-1]
    newer = pdf("newer")
    claims.upload(running, number, newer, version=2)
    running.settle()
    claims.judge(running, "erase", claim.paper)
    events = claims.feed(running)
    taken = {at for one in events if one["type"] == "claims.offer.withdrawn" for at in one["data"]["withdraws"]}
    assert first["offernumber"] in taken
    assert claims.standing(running)[first["data"]["case"]] == {hashlib.sha256(newer).hexdigest()}


def test_however_many_wait_a_numbering_costs_one_look() -> None:
    async def scene() -> tuple[list[bool], int]:
        offered, numbers, looks = asyncio.Condition(), {"X": 3, "Y": 0}, 0

        async def look() -> dict[str, int]:
            nonlocal looks
            looks += 1
            return dict(numbers)

        bell = Bell(offered, look, asyncio.Event())
        waiting = [asyncio.create_task(bell.heard("X", 3, 30)) for _ in range(200)]
        short = asyncio.create_task(bell.heard("Y", 0, 0.05))
        there = await bell.heard("X", 2, 30)
        assert there, "what was numbered before is found at once"
        assert not await short
        before = looks
        numbers["X"] = 4
        async with offered:
            offered.notify_all()
        return list(await asyncio.gather(*waiting)), looks - before

    heard, looks = asyncio.run(scene())
    assert heard == [True] * 200
    assert looks == 1


def test_a_look_that_fails_lets_everybody_ask_for_themselves() -> None:
    async def scene() -> tuple[bool, bool]:
        tries = 0

        async def look() -> dict[str, int]:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise OSError("the store is away")
            return {"X": 1}

        bell = Bell(asyncio.Condition(), look, asyncio.Event())
        return await bell.heard("X", 0, 30), await bell.heard("X", 0, 30)

    assert asyncio.run(scene()) == (True, True)
