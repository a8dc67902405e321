"""The police door: one accident as JSON, open-data files as CSV."""

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from adapters.stores.archive import INLINE_BYTES, Erased
from adapters.vault.receipts import verify
from tests.integration import bodies, claims
from tests.integration.bodies import OTHER_POLICE, POLICE
from tests.integration.running import Running

PARTIES = Path(__file__).parents[1] / "data" / "police" / "parties.csv"  # invented, in the published layout
LARGE = 4_000  # accidents of two rows: some 3 MB, more than a door holds in memory
SENDER = "NPA-OPEN"
JSON = {"content-type": "application/json", "prefer": "wait=30"}
CSV = {"content-type": "text/csv", "prefer": "wait=30"}


def post(client: httpx.Client, body: bytes, headers: dict[str, str] = JSON) -> httpx.Response:
    return client.post("/police/accidents", content=body, headers=headers)


def few(rows: int, change: str = "測試市本區丙路") -> bytes:
    """A file of that many rows, two an accident; `change` goes into every place, so that the accidents are new."""
    head, first, second = (
        list(csv.reader(PARTIES.read_text("utf-8-sig").splitlines()))[number] for number in (0, 1, 3)
    )
    made = io.StringIO()
    write = csv.writer(made)
    write.writerow(head)
    for number in range(rows):
        row = list(first if number % 2 else second)
        minute = number // 2
        row[:4] = ["2026", "1", "20260101", f"{minute // 60 % 24:02d}{minute % 60:02d}00"]
        row[6] = f"{change}{minute // 1440 + 1}號前"
        write.writerow(row)
    return made.getvalue().encode()


def test_an_accident(running: Running) -> None:
    with running.client(POLICE) as client:
        body = bodies.accident()
        answer = post(client, body)
        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert answer.headers["content-type"] == "application/json"
        assert told["verdict"] == "accepted" and told["record"] == answer.headers["claims-record"]
        assert answer.headers["location"] == f"/records/{told['record']}"
        again = post(client, body)
        assert again.status_code == 200
        assert again.json()["record"] == told["record"]
        assert again.headers["claims-receipt"] == answer.headers["claims-receipt"]


def test_an_accident_of_another_unit_is_403_and_a_record(running: Running) -> None:
    with running.client(OTHER_POLICE) as client:
        answer = post(client, bodies.accident())
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert told["type"].endswith("foreign-author") and told["status"] == 403
        assert told["record"] == answer.headers["claims-record"]
        assert client.get(f"/records/{told['record']}").json()["verdict"] == "rejected"


def test_versions_of_an_accident(running: Running) -> None:
    number = bodies.fresh()
    with running.client(POLICE) as client:
        first = post(client, bodies.accident(number))
        conflict = post(client, bodies.accident(number, injuries=0))
        assert conflict.status_code == 409
        assert "identity-conflict" in {one["code"] for one in conflict.json()["problems"]}
        assert conflict.json()["original"] == first.json()["record"]
        second = post(client, bodies.accident(number, version=2, injuries=0))
        assert second.status_code == 201
        assert post(client, bodies.accident(number)).json()["supersededBy"] == second.json()["record"]


def test_every_problem_of_an_accident(running: Running) -> None:
    with running.client(POLICE) as client:
        answer = post(client, bodies.accident(severity="A9", deaths=-1))
    assert answer.status_code == 422
    told = answer.json()
    assert {one["pointer"] for one in told["problems"]} >= {"/severity", "/deaths"}
    assert told["status"] == 422 and told["verdict"] == "rejected"


def test_a_file_becomes_accidents(running: Running) -> None:
    body = few(12)
    with running.client(SENDER) as client:
        answer = post(client, body, CSV)
        assert answer.status_code == 200, answer.text
        file = answer.headers["claims-record"]
        assert answer.headers["content-location"] == f"/records/{file}"
        assert verify(answer.headers["claims-receipt"], running.client().get("/.well-known/jwks.json").json())
        lines = answer.json()
        assert [set(line) for line in lines] == [{"lines", "record", "verdict", "problems"}] * len(lines)
        assert lines[0]["lines"][0] == 2 and lines[-1]["lines"][1] == 13
        assert {line["verdict"] for line in lines} == {"accepted"}
        shown = client.get(f"/records/{file}").json()
        assert shown["kind"] == "accident-file" and shown["verdict"] == "accepted"
        listed = client.get(shown["accidents"]).json()["records"]
        assert {one["record"] for one in listed} == {line["record"] for line in lines}
        assert {one["parent"] for one in listed} == {file}
        again = post(client, body, CSV)
        assert again.status_code == 200
        assert again.json() == lines
        assert again.headers["claims-receipt"] == answer.headers["claims-receipt"]


@pytest.mark.parametrize(
    ("day", "column", "value"),
    [
        (b"20260201", 2, "20260231"),
        (b"20260202", 2, "2026AB01"),
        (b"20260203", 3, "256100"),
        (b"20260204", 3, '"000000'),
        (b"20260205", 49, "0"),
        (b"20260206", 49, "999"),
        (b"20260207", 50, "0"),
        (b"20260208", 50, ""),
    ],
)
def test_a_file_with_one_bad_row(running: Running, day: bytes, column: int, value: str) -> None:
    """Half of an accident does not go in, so that the whole does when the row is mended, under the same day of release."""
    lines = few(4, "測試市一區甲路").replace(b"20260101", day).splitlines()
    lines[3:] = [line.replace("甲路".encode(), "乙路".encode()) for line in lines[3:]]
    body = b"\r\n".join([*lines, b""])
    bad = lines[2].decode().split(",")
    bad[column] = value
    torn = b"\r\n".join([*lines[:2], ",".join(bad).encode(), *lines[3:], b""])
    with running.client(SENDER) as client:
        answer = post(client, torn, CSV)
        assert answer.status_code == 200, answer.text
        refused, accepted = answer.json()
        assert (refused["lines"], refused["verdict"]) == ([2, 3], "rejected")
        assert {one["line"] for one in refused["problems"]} == {3} and all(one["fix"] for one in refused["problems"])
        assert (accepted["lines"], accepted["verdict"], accepted["problems"]) == ([4, 5], "accepted", [])
        mended = post(client, body, CSV).json()
    assert [(one["lines"], one["verdict"]) for one in mended] == [([2, 3], "accepted"), ([4, 5], "duplicate")]


@pytest.mark.parametrize("body", [b"no,such,head\r\n1,2,3\r\n", b"\x00\x01\x02", b"\xff\xfe\xff"])
def test_a_file_with_no_good_row(running: Running, body: bytes) -> None:
    with running.client(SENDER) as client:
        answer = post(client, body, CSV)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["claims-record"] and answer.json()["problems"]


def test_a_file_for_later(running: Running) -> None:
    body = few(30, "測試市二區乙路")
    with running.client(SENDER) as client:
        answer = post(client, body, CSV | {"prefer": "respond-async"})
        assert answer.status_code == 202
        file = answer.headers["claims-record"]
        assert answer.headers["content-location"] == f"/records/{file}"
        resumed = post(client, body, CSV)
        assert resumed.status_code == 200
        assert resumed.headers["claims-record"] == file


def test_a_large_file_thrice_at_once(running: Running) -> None:
    """Larger than what a door holds in memory: it travels as a sealed file, once."""
    body = few(2 * LARGE)
    assert len(body) > INLINE_BYTES
    with running.client(SENDER) as client, ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: post(client, body, CSV), range(3)))
        assert len({answer.headers["claims-receipt"] for answer in answers}) == 1
        while (answer := post(client, body, CSV)).status_code == 202:
            assert answer.json()["accidents"]["judged"] < answer.json()["accidents"]["expected"]
        assert answer.status_code == 200, answer.text[:300]
        lines, file = answer.json(), answer.headers["claims-record"]
        assert len(lines) == LARGE
        assert len({line["record"] for line in lines}) == len(lines)
        listed: list[str] = []
        while page := client.get(
            "/records", params={"parent": file, "limit": 500} | ({"after": listed[-1]} if listed else {})
        ).json()["records"]:
            listed += [one["record"] for one in page]
        assert sorted(listed) == sorted(line["record"] for line in lines)
    assert running.read(lambda tx: running.system.archive.body(tx, file)) == body
    names = [path.name for path in (running.data / "blobs").iterdir()]
    assert file in names
    assert not [name for name in names if name.startswith("spool") or name.endswith(".new")]


def batch(client: httpx.Client, lines: list[bytes], **headers: str) -> httpx.Response:
    told = {"content-type": "application/x-ndjson", "prefer": "wait=30"} | headers
    return client.post("/police/accidents/batch", content=b"\n".join(lines), headers=told)


def test_a_batch_is_as_many_posts_as_it_has_lines(running: Running) -> None:
    number = bodies.fresh()
    good, other, foreign = bodies.accident(number), bodies.accident(), bodies.accident(unit=OTHER_POLICE)
    differs = bodies.accident(number, injuries=0)
    with running.client(POLICE) as client:
        alone = post(client, good)
        answer = batch(client, [good, b"", other + b"\r", foreign, b'{"id": ', differs])
        assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=30"), answer.text
        told = answer.json()
        assert [(one["line"], one["status"], one["verdict"]) for one in told] == [
            (1, 200, "accepted"),
            (3, 201, "accepted"),
            (4, 403, "rejected"),
            (5, 422, "rejected"),
            (6, 409, "rejected"),
        ]
        assert told[0]["receipt"] == alone.headers["claims-receipt"] and told[0]["record"] == alone.json()["record"]
        assert post(client, other).json()["record"] == told[1]["record"]
        assert [one["code"] for one in told[2]["problems"]] == ["foreign-author"]
        again = batch(client, [good, other])
        assert [(one["status"], one["record"]) for one in again.json()] == [(200, one["record"]) for one in told[:2]]
        keys = client.get("/.well-known/jwks.json").json()
        assert [verify(one["receipt"], keys)["record"] for one in told] == [one["record"] for one in told]
        shown = [client.get(f"/records/{one['record']}").json() for one in told]
    assert {(one["kind"], one.get("parent")) for one in shown} == {("accident", None)}


def test_an_accident_of_a_batch_is_erased_alone(running: Running) -> None:
    lines = [bodies.accident(), bodies.accident()]
    with running.client(POLICE) as client:
        gone, stays = (one["record"] for one in batch(client, lines).json())
        claims.judge(running, "erase", gone)
        running.settle()
        assert [one["state"] for one in batch(client, lines).json()] == ["erased", "judged"]
    archive = running.system.archive
    assert running.read(lambda tx: archive.body(tx, stays)) == lines[1]
    with pytest.raises(Erased):
        running.read(lambda tx: archive.body(tx, gone))


def test_a_batch_for_later(running: Running) -> None:
    lines = [bodies.accident() for _ in range(3)]
    with running.client(POLICE) as client:
        answer = batch(client, lines, prefer="respond-async")
        assert answer.status_code == 202 and {one["verdict"] for one in answer.json()} == {None}
        assert [one["verdict"] for one in batch(client, lines).json()] == ["accepted"] * 3


@pytest.mark.parametrize(
    ("lines", "status", "code"),
    [
        ([b"", b" "], 400, "empty-body"),
        ([b"{}"] * 1_001, 413, "too-many-lines"),
        ([b" " * 400_000] * 2, 413, "too-large"),
    ],
)
def test_a_batch_that_makes_no_record(running: Running, lines: list[bytes], status: int, code: str) -> None:
    with running.client(POLICE) as client:
        answer = batch(client, lines)
    assert answer.status_code == status and answer.json()["type"].endswith(f":{code}")


def test_accidents_are_their_senders_only(running: Running) -> None:
    with running.client(POLICE) as client, running.client(OTHER_POLICE) as other:
        record = post(client, bodies.accident()).json()["record"]
        assert other.get(f"/records/{record}").status_code == 404
        assert other.get("/records", params={"parent": record}).json() == {"records": [], "next": None}


def test_nothing_personal_in_answers_or_in_the_clear(running: Running) -> None:
    body = bodies.accident()
    value = json.loads(body)
    with running.client(POLICE) as client:
        answers = [post(client, body)]
        value["severity"] = "A9"
        value["id"] += "-bad"
        answers.append(post(client, bodies.dump(value)))
        answers.append(client.get(f"/records/{answers[0].json()['record']}"))
    planted = [party["person"]["identifier"] for party in value["parties"]] + [value["parties"][0]["plate"]]
    for answer in answers:
        assert not [one for one in planted if one in answer.text + str(answer.headers)]
