"""Which door a file goes to, and who sends it, by its content alone."""

import json
from pathlib import Path

import pytest

from services.commands.options import Failed
from services.commands.recognise import recognise
from services.sandbox.participants import PARTICIPANTS
from services.sandbox.setup import Sandbox, new_bearer

SANDBOX = Sandbox(
    "http://127.0.0.1:1", {one.code: new_bearer(one.code, one.name, one.roles[0]) for one in PARTICIPANTS}, ()
)
SHARED = Path(__file__).parents[2].parent / "shared" / "data"
DATA = Path(__file__).parents[1] / "data"
HOSPITAL = "1141990058"


def organisation(code: str, url: str = "urn:uuid:1") -> dict:
    resource = {"resourceType": "Organization", "id": "o", "identifier": [{"system": "x", "value": code}]}
    return {"fullUrl": url, "resource": resource}


def bundle(*organisations: dict, **composition: object) -> dict:
    entry = {"fullUrl": "urn:uuid:0", "resource": {"resourceType": "Composition", **composition}}
    return {"resourceType": "Bundle", "type": "document", "entry": [entry, *organisations]}


AUTHOR = [{"reference": "urn:uuid:1"}]
CASES = {
    "bundle": (bundle(organisation(HOSPITAL), author=AUTHOR), "/fhir/Bundle", HOSPITAL),
    "relative author": (
        bundle(organisation(HOSPITAL, "https://x.example/o"), author=[{"reference": "Organization/o"}]),
        "/fhir/Bundle",
        HOSPITAL,
    ),
    "custodian when no organisation wrote it": (
        bundle(organisation(HOSPITAL), author=[{"reference": "urn:uuid:9"}], custodian=AUTHOR[0]),
        "/fhir/Bundle",
        HOSPITAL,
    ),
    "author before custodian": (
        bundle(
            organisation(HOSPITAL),
            organisation("1131990017", "urn:uuid:2"),
            author=AUTHOR,
            custodian={"reference": "urn:uuid:2"},
        ),
        "/fhir/Bundle",
        HOSPITAL,
    ),
    "accident": ({"severity": "A2", "unit": {"code": "387130000C"}, "parties": []}, "/police/accidents", "387130000C"),
}


def at(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content, ensure_ascii=False))
    return path


@pytest.mark.parametrize("name", CASES)
def test_content_names_door_and_sender(tmp_path: Path, name: str) -> None:
    content, path, sender = CASES[name]
    post = recognise(at(tmp_path / "x.json", content), SANDBOX, None, None)
    assert (post.path, post.sender, post.method) == (path, sender, "POST")
    assert json.loads(post.body) == content


@pytest.mark.parametrize(
    ("element", "path"),
    [
        ("grantor", "/authorisations"),
        ("principal", "/mandates"),
        ("applicant", "/claimlink/applications"),
        ("resourceType", "/fhir/Bundle"),
    ],
)
def test_the_sender_is_asked_for_where_several_could_be(tmp_path: Path, element: str, path: str) -> None:
    file = at(tmp_path / "x.json", {element: "Patient"})
    with pytest.raises(Failed, match="--as CODE"):
        recognise(file, SANDBOX, None, None)
    assert recognise(file, SANDBOX, "CL02", None).path == path


def test_as_goes_before_what_the_content_names(tmp_path: Path) -> None:
    file = at(tmp_path / "x.json", CASES["bundle"][0])
    assert recognise(file, SANDBOX, "1131990017", None).sender == "1131990017"


def test_an_author_who_takes_no_part_is_asked_for(tmp_path: Path) -> None:
    file = at(tmp_path / "x.json", bundle(organisation("0000000000"), author=AUTHOR))
    with pytest.raises(Failed, match="--as CODE"):
        recognise(file, SANDBOX, None, None)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_open_data_is_the_police_agencys(tmp_path: Path, mark: str) -> None:
    file = tmp_path / "a1.csv"
    file.write_text(mark + "發生年度,發生月份\n113,1\n", encoding="utf-8")
    post = recognise(file, SANDBOX, None, None)
    assert (post.path, post.content_type, post.sender) == ("/police/accidents", "text/csv", "NPA-OPEN")


@pytest.mark.parametrize(
    ("start", "content_type"),
    [(b"%PDF-1.4", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg")],
)
def test_an_upload_is_told_by_its_bytes_and_needs_its_metadata(tmp_path: Path, start: bytes, content_type: str) -> None:
    file = tmp_path / "slip"
    file.write_bytes(start)
    with pytest.raises(Failed, match="--metadata"):
        recognise(file, SANDBOX, "CL01", None)
    post = recognise(file, SANDBOX, "CL01", at(tmp_path / "slip.json", {"id": "P-1"}))
    assert (post.path, post.content_type, post.metadata) == ("/papers", content_type, {"id": "P-1"})


def test_broken_json_goes_to_the_door_that_says_where_it_breaks(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"resourceType": "Bundle",')
    assert recognise(file, SANDBOX, HOSPITAL, None).path == "/fhir/Bundle"


@pytest.mark.parametrize("text", ["hello", "", "<xml/>", "[" * 100_000])
def test_what_is_nothing_of_ours_is_refused_with_what_can_be_sent(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.txt"
    file.write_text(text)
    with pytest.raises(Failed, match="not recognised"):
        recognise(file, SANDBOX, HOSPITAL, None)


@pytest.mark.parametrize(
    "file",
    [
        *sorted((SHARED / "fhir/iclaim/assembled").glob("bundle-*.json")),
        *sorted((SHARED / "fhir/twcore-0.3.1-examples").glob("Bundle-bun-document-uuid-example.json")),
        *sorted((DATA / "fhir").glob("*.json")),
    ],
    ids=lambda file: file.name,
)
def test_real_bundles_name_their_sender(file: Path) -> None:
    assert recognise(file, SANDBOX, None, None).path == "/fhir/Bundle"
