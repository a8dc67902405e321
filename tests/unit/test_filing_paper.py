"""Uploads: the file by its first bytes, the metadata, and what makes two of them copies."""

import base64
import copy
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import AssessmentWord, DataClass, Loss, Number, NumberType, PartyVerdict, Standing, Upload
from schemas.integrity import Origin
from schemas.json import load
from schemas.problems import errors
from schemas.records import Kind, Record, Role
from services.sandbox.filings import pdf, png
from services.validation import filing
from services.validation.parts import part

RECEIVED = "2026-09-19T17:30:00.000000Z"  # 01:30 of the 20th in Taiwan
PDF, PNG = pdf("invented"), png("invented")
# Start of image; start of frame of 1 x 1; start of scan; a coded byte; end of image.
JPEG = bytes.fromhex("ffd8ffc0000b080001000101011100ffda0008010100003f002affd9")


def example() -> dict:
    return copy.deepcopy(load("paper")["examples"][0])


def check(metadata: object, file: bytes = PDF, media_type: str = "application/pdf", sender: str = "CL01"):
    record = Record(
        id="0" * 32,
        attempt=1,
        kind=Kind.PAPER,
        sender=sender,
        role=Role.CLAIMLINK,
        method="POST",
        path="/papers",
        sha256=sha256(file).hexdigest(),
        size=len(file),
        media_type=media_type,
        received=RECEIVED,
    )
    text = metadata if isinstance(metadata, str) or metadata is None else json.dumps(metadata, ensure_ascii=False)
    return filing.check(record, file, text)


def changed(**elements):
    return check(example() | elements)


def test_the_view_of_a_certificate():
    finding = check(example())
    content = finding.content
    assert finding.problems == ()
    assert (content.paper, content.identity, content.version) == ("certificate", "CL01-P-000077", "000000000001")
    assert (content.issued, content.issuer) == ("2025-09-09T16:00:00.000000Z", "1131990017")
    assert (content.persons, content.classes) == (("B223456782",), (DataClass.CERTIFICATE,))
    assert content.numbers == (Number(type=NumberType.CERTIFICATE, value="D1140910001", issuer="1131990017"),)
    assert content.loss == Loss(kind="motor", date="2025-09-03", plate="MNP5678") and content.plates == ("MNP5678",)
    assert content.content == part("certificate", "1131990017", "B223456782", "D1140910001")
    assert content.parts[:-1] == (content.content,)
    assert content.facts == {"kind": "certificate", "issuer": "1131990017", "issued": "2025-09-10"}


def test_a_receipt_is_the_same_whoever_writes_it():
    one = changed(kind="receipt", classes=["receipt"], numbers={"receipt": "r－1"}, persons=["ｂ223456782"]).content
    other = changed(
        kind="receipt", classes=["receipt"], numbers={"receipt": "R-1"}, id="x", issued="2025-10-01"
    ).content
    assert one.parts[:-1] == other.parts[:-1] == (part("receipt", "1131990017", "B223456782", "R-1"),)
    assert one.content == other.content


def test_a_certificate_without_its_number_is_known_by_its_bytes():
    value = example()
    del value["numbers"]
    one, other = check(value).content, check(value, PDF + b"2").content
    assert one.parts[:-1] == () and one.content != other.content
    assert one.content == check(value | {"id": "other", "issued": "2025-09-11"}).content.content
    assert one.content != check(value | {"loss": {"case": "C1"}}).content.content


def test_a_receipt_for_two_has_a_part_for_each():
    value = example() | {"persons": ["B223456782", "A123456789"]}
    content = check(value).content
    assert content.parts[:-1] == tuple(
        part("certificate", "1131990017", person, "D1140910001") for person in ("A123456789", "B223456782")
    )
    assert content.content not in content.parts


def test_a_police_paper():
    content = changed(
        kind="scene-diagram",
        classes=["police"],
        persons=[],
        issuer="387130000c",
        issued="2025-09-10",
        numbers={"policeCase": "A114090342", "claim": "9"},
    ).content
    assert (content.paper, content.persons, content.issuer, content.parts[:-1]) == (
        "scene-diagram",
        (),
        "387130000C",
        (),
    )
    assert content.numbers == (
        Number(type=NumberType.POLICE_CASE, value="A114090342", issuer="387130000C"),
        Number(type=NumberType.CLAIM, value="9", issuer="387130000C"),
    )


def test_a_withdrawn_upload():
    assert changed(status="entered-in-error", version=2).content.standing == Standing.WITHDRAWN


@pytest.mark.parametrize(
    ("file", "media_type"),
    [(PDF, "application/pdf"), (JPEG, "image/jpeg"), (PNG, "image/png"), (PNG, "Image/PNG; name=x")],
)
def test_a_file_is_what_it_claims(file, media_type):
    assert check(example(), file, media_type).problems == ()


@pytest.mark.parametrize("media_type", ["application/octet-stream", ""])
def test_a_file_of_no_claimed_type_is_a_warning(media_type):
    finding = check(example(), PDF, media_type)
    assert [(one.code, one.path) for one in finding.problems] == [("paper-media-type-generic", "file")]
    assert finding.content is not None


@pytest.mark.parametrize("media_type", ["image/png", "text/html"])
def test_a_file_of_another_type_than_claimed_is_refused(media_type):
    finding = check(example(), PDF, media_type)
    assert [(one.code, one.path) for one in finding.problems] == [("paper-media-type-differs", "file")]
    assert finding.content is None


@pytest.mark.parametrize("file", [b"", b"%PD", b"PK\x03\x04", b"GIF89a", b" %PDF-1.7", b"<html>", b"\xff\xd8"])
def test_another_file_is_refused(file):
    finding = check(example(), file)
    assert [(one.code, one.path) for one in finding.problems] == [("paper-media-type", "file")]
    assert finding.content is None


@pytest.mark.parametrize(
    "file",
    [
        b"%PDF-1.7\n1 0 obj\nendobj\n",
        PDF[:-6],  # without its end
        PDF + b" " * 2_000,  # no reader looks so far before the end
        b"\xff\xd8\xff\xe0invented",
        JPEG[:-2],
        JPEG[:2] + JPEG[15:],  # a scan without a frame
        JPEG.replace(b"\x08\x00\x01\x00\x01", b"\x08\x00\x00\x00\x01"),  # no line high
        JPEG[:4] + b"\xff\xff" + JPEG[6:],
        b"\x89PNG\r\n\x1a\ninvented",
        PNG[:-1],
        PNG[:8] + PNG[33:],  # no header first
        PNG[:16] + bytes(4) + PNG[20:],  # of no width
        PNG[:8] + b"\xff\xff\xff\xff" + PNG[12:],
        PNG.replace(b"IDAT", b"idat"),
    ],
    ids=range(14),
)
def test_a_file_that_only_begins_like_one_is_refused(file):
    finding = check(example(), file)
    assert [(one.code, one.path) for one in finding.problems] == [("paper-broken", "file")]
    assert finding.content is None and "again" in finding.problems[0].fix


SIGNATURE = base64.urlsafe_b64encode(b'{"alg":"EdDSA","kid":"unit-1"}').rstrip(b"=").decode() + "..c2ln"


def police(kind: str = "assessment-verdict", **elements):
    """A police paper of an accident of 2025-09-03."""
    return example() | {"kind": kind, "classes": ["police"], "issuer": "387130000C", "issued": "2025-12-01"} | elements


def test_an_upload_says_its_bytes_its_origin_and_its_signature():
    sha = sha256(PDF).hexdigest()
    value = police("scene-diagram", signature=SIGNATURE)
    assert check(value).content.upload == Upload(sha256=sha, origin=Origin.PARTY, signature=SIGNATURE)
    assert check(value, sender="387130000C").content.upload.origin == Origin.ISSUER
    assert check(police("scene-diagram")).content.upload == Upload(sha256=sha, origin=Origin.PARTY)


def test_the_words_of_an_assessment_are_read():
    said = [{"order": 1, "plate": "abc-1234", "word": "肇事主因"}, {"person": "ｂ223456782", "word": "肇事次因"}]
    content = check(police(verdict=said)).content
    assert content.verdict == (
        PartyVerdict(word=AssessmentWord.MAIN, order=1, plate="ABC1234"),
        PartyVerdict(word=AssessmentWord.SECONDARY, person="B223456782"),
    )
    assert content.facts["verdict"] == ["1 肇事主因", "肇事次因"]  # no plate and no person goes with an offer's facts


@pytest.mark.parametrize(
    ("elements", "code", "path"),
    [
        (
            {"verdict": [{"order": 1, "word": "亦有過失"}]},
            "schema",
            "verdict[0].word",
        ),  # the association's, not the law's
        ({"verdict": [{"word": "肇事原因"}]}, "schema", "verdict[0]"),
        ({"verdict": []}, "schema", "verdict"),
        (
            {"verdict": [{"person": "A123456789", "word": "肇事原因"}]},
            "paper-verdict-person",
            "verdict[0].person",
        ),
        (
            {"kind": "preliminary-analysis", "verdict": [{"order": 1, "word": "肇事原因"}]},
            "paper-verdict-foreign",
            "verdict",
        ),
        ({"kind": "scene-photo", "signature": "e30.eA.c2ln"}, "schema", "signature"),  # not detached
        ({"kind": "scene-photo", "signature": "e30..c2ln"}, "paper-signature-form", "signature"),
        ({"kind": "scene-photo", "signature": "_w..c2ln"}, "paper-signature-form", "signature"),
    ],
)
def test_what_refuses_words_and_signatures(elements, code, path):
    finding = check(police(**elements))
    assert [(one.code, one.path) for one in finding.problems] == [(code, path)] and finding.content is None


def test_an_assessment_without_its_words_is_a_warning():
    finding = check(police())
    assert [(one.code, one.path) for one in finding.problems] == [("paper-verdict-missing", "verdict")]
    assert finding.content is not None


@pytest.mark.parametrize(
    ("kind", "issued", "early"),
    [
        ("registration-slip", "2025-09-03", False),
        ("scene-diagram", "2025-09-09", True),
        ("scene-photo", "2025-09-10", False),
        ("preliminary-analysis", "2025-10-02", True),
        ("preliminary-analysis", "2025-10-03", False),
    ],
)
def test_a_police_paper_before_its_day_is_a_warning(kind, issued, early):
    finding = check(police(kind, issued=issued))
    assert [one.code for one in finding.problems] == ["paper-before-its-day"] * early and finding.content is not None


FAULTS = [
    ({"classes": ["receipt"]}, "paper-class-missing", "classes"),
    ({"classes": ["certificate", "police"]}, "paper-class-foreign", "classes"),
    ({"classes": ["certificate", "application"]}, "paper-class-foreign", "classes"),
    ({"kind": "other", "classes": ["police"]}, "paper-class-foreign", "classes"),
    ({"kind": "receipt"}, "paper-class-missing", "classes"),
    ({"kind": "scene-photo"}, "paper-class-missing", "classes"),
    ({"kind": "damage-photo"}, "paper-class-missing", "classes"),
    ({"kind": "identity"}, "paper-class-missing", "classes"),
    ({"persons": ["B223456783"]}, "filing-person-identifier", "persons[0]"),
    ({"persons": ["A123456789", "B223456783"]}, "filing-person-identifier", "persons[1]"),
    ({"issued": "0114-09-10"}, "filing-roc-date", "issued"),
    ({"issued": "114.9.10"}, "filing-roc-date", "issued"),
    ({"loss": {"kind": "motor", "date": "2026-09-21", "plate": "ABC-1234"}}, "filing-loss-in-future", "loss.date"),
    ({"issuer": "387130000C"}, "schema", "issuer"),
    ({"persons": []}, "schema", "persons"),
    ({"kind": "selfie"}, "schema", "kind"),
    ({"numbers": {"other": "1"}}, "schema", "numbers"),
]


@pytest.mark.parametrize(("elements", "code", "path"), FAULTS)
def test_what_refuses_an_upload(elements, code, path):
    finding = changed(**elements)
    assert [(one.code, one.path) for one in finding.problems] == [(code, path)]
    assert finding.content is None


def test_any_kind_may_have_more_classes_and_other_has_none_of_its_own():
    assert changed(classes=["certificate", "receipt"]).problems == ()
    assert changed(kind="other", classes=["laboratory"]).problems == ()


def test_a_paper_issued_tomorrow_is_a_warning():
    finding = changed(issued="2026-09-21")
    assert [(one.code, one.path) for one in finding.problems] == [("version-in-future", "issued")]
    assert finding.content is not None and changed(issued="2026-09-20").problems == ()


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        (None, "paper-metadata-missing"),
        ("", "json-invalid"),
        ("[]", "schema"),
        ('{"id":1,"id":2}', "json-duplicate-key"),
    ],
)
def test_metadata_that_is_none(metadata, code):
    finding = check(metadata)
    assert finding.content is None and finding.problems[0].code == code


def test_metadata_with_half_a_surrogate_pair_is_refused():
    assert check('"\ud800"').problems[0].code == "not-utf8"


def test_faults_of_file_and_metadata_come_together():
    finding = check(example() | {"classes": ["receipt"]}, b"text", "text/plain")
    assert [one.code for one in finding.problems] == ["paper-media-type", "paper-class-missing"]


@given(st.text(max_size=60), st.binary(max_size=12))
def test_any_metadata_and_file_are_checked(metadata, file):
    finding = check(metadata, file)
    assert (finding.content is None) == errors(finding.problems)
