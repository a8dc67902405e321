"""The converter's doors and command on the running system: files in, documents out, and those accepted."""

import csv
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.stores import tables
from services.conversion import template
from services.intake.limits import BODY_BYTES
from services.sandbox.setup import FILE_NAME
from tests.end_to_end.test_commands import claims
from tests.integration.bodies import HOSPITAL, OTHER_HOSPITAL, POLICE
from tests.integration.running import Running

DATA = Path(__file__).parents[1] / "data" / "conversion"
PAIR = [DATA / "certificates.csv", DATA / "receipts.csv", DATA / "receipts-wide.csv"]
EXPECTED = {path.stem: path.read_bytes() for path in (DATA / "expected").iterdir()}
TIME = {"timestamp": "2025-09-03T18:00:00+08:00"}
DOOR = "/fhir/$convert"


def upload(*files: Path | bytes) -> list[tuple[str, tuple[str, bytes]]]:
    return [("file", ("x", one if isinstance(one, bytes) else one.read_bytes())) for one in files]


def records(running: Running) -> int:
    return running.read(lambda tx: len(tx.execute(tables.records.select()).all()))


def test_a_pair_becomes_documents_that_are_accepted(running: Running) -> None:
    with running.client(HOSPITAL) as client:
        before = records(running)
        answer = client.post(DOOR, files=upload(*PAIR), params=TIME)
        assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
        assert records(running) == before  # nothing is stored
        told = answer.json()
        assert set(told) == {"bundles", "report", "problems"} and not told["problems"]
        assert answer.content.startswith(b'{"bundles":[' + b",".join(EXPECTED[one] for one in _cases(told)))
        for body in EXPECTED.values():
            headers = {"content-type": "application/fhir+json", "prefer": "wait=30"}
            assert client.post("/fhir/Bundle", content=body, headers=headers).status_code == 201
        header = {one["header"]: one for one in told["report"] if one["file"] == 1}
        assert header["姓名"]["to"] == ["Patient.name.text"] and header["姓名"]["carried"] == 3
        clerk = client.post(DOOR, files=upload(*PAIR), params={**TIME, "view": "clerk"}).json()
        assert [text.encode() for text in clerk["bundles"]] == [EXPECTED[one] for one in _cases(told)]


def _cases(told: dict[str, Any]) -> list[str]:
    return [bundle["identifier"]["value"] for bundle in told["bundles"]]


def test_json_is_a_form_too(running: Running) -> None:
    def rows(path: Path) -> list[dict[str, str]]:
        lines = [row for row in csv.reader(path.read_text().splitlines(keepends=True)) if any(row[1:])]
        return [dict(zip(lines[0], row, strict=True)) for row in lines[1:]]

    body = {"certificates": rows(PAIR[0]), "receipts": rows(PAIR[1])}
    with running.client(HOSPITAL) as client:
        answer = client.post(DOOR, json=body, params=TIME)
        assert answer.status_code == 200, answer.text
        assert _cases(answer.json()) == ["YG-1140903-0152", "YG-1140612-0077", "YG-1140417-0231"]


def test_what_is_wrong_is_told_with_row_and_column(running: Running) -> None:
    wrong = PAIR[0].read_bytes().replace(b"A212345679", b"A212345670")
    with running.client(HOSPITAL) as client:
        some = client.post(DOOR, files=upload(wrong, *PAIR[1:]), params=TIME)
        assert some.status_code == 200 and len(some.json()["bundles"]) == 2
        problem = some.json()["problems"][0]
        assert (problem["code"], problem["file"], problem["line"]) == ("identifier-national-id", 1, 3)
        none = client.post(DOOR, files=upload(b"a,b\n1,2\n"), params=TIME)
        assert none.status_code == 422 and none.headers["content-type"] == "application/problem+json"
        assert none.json()["status"] == 422 and none.json()["problems"][0]["code"] == "convert-unrecognised"
        assert none.json()["bundles"] == []


def test_the_hospital_and_the_time_are_the_senders_when_the_files_name_none(running: Running) -> None:
    receipt = {
        "案件編號": "Z1",
        "收據號碼": "R1",
        "收據日期": "114/03/05",
        "應繳金額": 150,
        "項目": "掛號費",
        "金額": 150,
    }
    person = {
        "姓名": "陶予安",
        "性別": "女",
        "出生日期": "72/11/05",
        "身分證字號": "A212345679",
        "病歷號碼": "1",
        "身分別": "健保",
    }
    visit = {"就醫序號": "V1", "就醫類別": "門診", "科別": "骨科", "應診日期": "114/03/05"}
    with running.client(OTHER_HOSPITAL) as client:
        answer = client.post(DOOR, json={"receipts": [receipt | person | visit]})
        assert answer.status_code == 200, answer.text
        bundle = answer.json()["bundles"][0]
        organizations = [entry["resource"] for entry in bundle["entry"]]
        hospital = next(one for one in organizations if one["resourceType"] == "Organization")
        assert (hospital["identifier"][0]["value"], hospital["name"]) == (OTHER_HOSPITAL, "晴川綜合醫院")
        assert bundle["timestamp"].endswith("+08:00")


@pytest.mark.parametrize(
    ("code", "request_", "status"),
    [
        (None, {"files": upload(PAIR[0])}, 401),
        (POLICE, {"files": upload(PAIR[0])}, 403),
        (HOSPITAL, {"content": b"x", "headers": {"content-type": "text/csv"}}, 415),
        (HOSPITAL, {"content": b"", "headers": {"content-type": "application/json"}}, 400),
        (HOSPITAL, {"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 400),
        (HOSPITAL, {"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=b"}}, 400),
        (HOSPITAL, {"content": b"--b\r\n\r\nx", "headers": {"content-type": "multipart/form-data; boundary=b"}}, 400),
        (HOSPITAL, {"data": {"timestamp": "x"}, "files": upload(PAIR[0])}, 400),
        (HOSPITAL, {"files": upload(*[b"a"] * 21)}, 413),
        (HOSPITAL, {"files": upload(b"a" * (BODY_BYTES + 1))}, 413),
        (HOSPITAL, {"files": upload(PAIR[0]), "params": {"timestamp": "yesterday"}}, 400),
        (HOSPITAL, {"files": upload(PAIR[0]), "params": {"timestamp": "2025-09-03T18:00:00"}}, 400),
    ],
)
def test_refusals_make_nothing(running: Running, code: str | None, request_: dict[str, Any], status: int) -> None:
    with running.client(code) as client:
        answer = client.post(DOOR, **request_)
        assert answer.status_code == status, answer.text
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_conversions_at_once_each_get_their_own_answer(running: Running) -> None:
    def post(path: Path) -> httpx.Response:
        with running.client(HOSPITAL) as client:
            while (answer := client.post(DOOR, files=upload(PAIR[0], path), params=TIME)).status_code == 503:
                assert answer.headers["retry-after"]
            return answer

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(post, [PAIR[1], PAIR[2]] * 6))
    assert {answer.status_code for answer in answers} == {200}
    assert [len(answer.json()["problems"]) for answer in answers] == [1, 2] * 6  # unpaired certificates


def test_the_page_and_the_templates(running: Running) -> None:
    with running.client() as client:
        page = client.get("/convert")
        assert page.status_code == 200 and "script-src 'self'" in page.headers["content-security-policy"]
        for name in ("convert.js", "convert.css"):
            assert client.get(f"/convert/static/{name}").status_code == 200
        assert client.get(DOOR).headers["location"] == "/convert"
        for name, content in template.files().items():
            answer = client.get(f"/convert/templates/{name}")
            assert answer.status_code == 200 and name in answer.headers["content-disposition"]
            assert answer.content == content or name.endswith(".xlsx")
        for missing in ("/convert/static/app.py", "/convert/templates/x.csv", "/convert/static/..%2Fmapping.json"):
            assert client.get(missing).status_code == 404


def test_the_command_converts_and_sends(running: Running, tmp_path: Path) -> None:
    """In a folder of its own, with the time of its files: the second run sends the same bytes."""
    files = [Path(shutil.copy(path, tmp_path)) for path in PAIR]
    for path in files:
        os.utime(path, (1756893600, 1756893600))  # 2025-09-03T18:00:00+08:00
    shared = [*files, "--sandbox", running.data / FILE_NAME, "--send"]
    first = claims("convert", *shared, cwd=tmp_path)  # some stand in no case of ours yet
    assert first.returncode == 0 and all(f"accepted  {case}" in first.stdout for case in EXPECTED), first.stdout
    told = json.loads(claims("convert", *shared, "--out", "out", "--report", "json", cwd=tmp_path).stdout)
    assert {path.stem: path.read_bytes() for path in (tmp_path / "out").iterdir()} == EXPECTED
    assert [one["verdict"] for one in told["sent"]] == ["accepted"] * 3 and not told["problems"]
    assert {one["case"] for one in told["sent"]} == set(EXPECTED), "the hospital's own numbers"
    files[0].write_bytes(PAIR[0].read_bytes().replace("乳房".encode(), "乳腺".encode(), 1))
    os.utime(files[0], (1756893600, 1756893600))
    conflict = claims("convert", *shared, cwd=tmp_path)
    assert conflict.returncode == 1 and "identity-conflict" in conflict.stdout
    files[0].write_bytes(PAIR[0].read_bytes())
    files[0].write_bytes(files[0].read_bytes().replace(b"A212345679", b"A212345670"))
    wrong = claims("convert", *files, cwd=tmp_path)
    assert wrong.returncode == 1 and "certificates.csv row 3 column" in wrong.stdout
    assert "2 documents, 1 errors, 0 warnings" in wrong.stdout
    files[0].write_bytes(PAIR[0].read_bytes().replace(b"1537990035", b"9999999999"))
    unknown = claims("convert", *shared, cwd=tmp_path)
    assert unknown.returncode == 1 and "no token of the hospital 9999999999; nothing was sent" in unknown.stderr
