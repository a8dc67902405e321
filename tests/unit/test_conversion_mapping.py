"""The mapping as data: every header that hospitals print is known, means one thing, and goes where it says."""

import re
from pathlib import Path

import pytest

from services.conversion import template
from services.conversion.convert import convert
from services.conversion.mapping import (
    CERTIFICATE,
    FORMS,
    NHI,
    PATIENT,
    RECEIPT,
    compact,
    fee_column,
    fee_of,
    mapping,
    meaning,
)
from services.conversion.values import READINGS

DATA = Path(__file__).parents[1] / "data" / "conversion"
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "conversion.md"
FIELDS = [
    (form, one.key, header)
    for form in FORMS
    for one in mapping().fields.values()
    if one.stands_in(form)
    for header in (one.key, one.label, *one.variants)
]
FEES = [(one, header) for one in mapping().fees for header in (one.label, *one.variants)]


@pytest.mark.parametrize(("form", "key", "header"), FIELDS)
def test_every_header_of_a_field(form: str, key: str, header: str) -> None:
    for written in (
        header,
        f" {header}＊",
        f"{header}：",
        header.replace("", "　").strip(),
        f"{header}（必填）",
        header.lower(),
    ):
        found = meaning(written, form)
        assert found is not None and found.field is not None, written
        assert found.field.key == key, written


@pytest.mark.parametrize(("fee", "header"), FEES, ids=lambda value: str(value)[:20])
def test_every_name_of_a_fee(fee: object, header: str) -> None:
    assert fee_of(header) == fee
    found = fee_column(header)
    assert found is not None and found.fee == fee
    for payer, written in (
        (NHI, f"{header}(健保)"),
        (NHI, f"健保{header}"),
        (PATIENT, f"{header}（自費）"),
        (PATIENT, f"自費_{header}"),
    ):
        found = fee_column(written)
        assert found is not None and found.fee == fee, written
        assert found.payer == payer, written


def test_no_header_means_two_things_in_one_form() -> None:
    for form in FORMS:
        seen: dict[str, str] = {}
        for one_form, key, header in FIELDS:
            if one_form == form:
                assert seen.setdefault(compact(header), key) == key, header
    names = [(compact(header), fee.label) for fee, header in FEES]
    assert len(dict(names)) == len(set(names))
    idle = {compact(name) for known, variants in mapping().idle for name in (known.label, *variants)}
    assert not idle & ({compact(header) for *_, header in FIELDS} | {name for name, _ in names})


@pytest.mark.parametrize(
    ("header", "label", "rank"),
    [
        ("病名", "病名", 0),
        ("病名1", "病名", 0),
        ("病名２", "病名", 1),
        ("主診斷", "病名", 0),
        ("次診斷", "病名", 1),
        ("次診斷2", "病名", 2),
        ("主要診斷", "病名", 0),
        ("診斷碼3", "診斷碼", 2),
        ("ICD-10(2)", "診斷碼", 1),
        ("ICD10", "診斷碼", 0),
    ],
)
def test_numbered_columns(header: str, label: str, rank: int) -> None:
    found = meaning(header, CERTIFICATE)
    assert found is not None and (found.label, found.rank) == (label, rank)


def test_columns_of_the_nhi_claim_are_points() -> None:
    named = [one for one in mapping().fees if one.points]
    assert len(named) == 17  # facts 9.3
    for one in named:
        found = fee_column(one.points)
        assert found is not None and found.fee == one and found.payer == NHI


@pytest.mark.parametrize("header", ["", "  ", "密碼", "姓名1", "12", "＊", "病名0", "病名123", "健保", "掛號費備註"])
def test_what_is_not_known_is_not_guessed(header: str) -> None:
    assert meaning(header, CERTIFICATE) is None
    assert fee_column(header) is None


def test_every_reading_exists_and_every_text_is_there() -> None:
    for one in mapping().fields.values():
        assert one.read in READINGS and one.label and one.en and one.of in (*FORMS, "both")
        assert all(re.fullmatch(r"[A-Z][A-Za-z]+(\.[a-z][A-Za-z]*)+", path) for path in one.to)


def test_values_go_where_the_mapping_says() -> None:
    files = [(DATA / name).read_bytes() for name in ("certificates.csv", "receipts.csv", "receipts-wide.csv")]
    carried = [one for one in convert(files, "2025-09-03T18:00:00+08:00").report if one.file and one.to]
    assert len(carried) > 50
    for one in carried:
        if known := mapping().fields.get(one.field):
            extra = set(one.to) - set(known.to)
            # A kind of visit may follow from the day of admission, who pays from who the patient is, a code from a name.
            allowed = {"Encounter.class.code", "Claim.item.productOrService.coding.code", "Coverage.subscriberId"}
            assert extra <= allowed | {"Claim.item.modifier.coding.code", "Condition.code.coding.code"}, one


def test_templates_are_forms_of_their_own() -> None:
    assert set(template.files()) == {"certificate.csv", "certificate.xlsx", "receipt.csv", "receipt.xlsx"}
    for name, content in template.files().items():
        found = convert([content], "2025-09-03T18:00:00+08:00").found
        assert [one.problem.code for one in found] == ["convert-empty"], name
    with pytest.raises(KeyError):
        template.template("receipt.pdf")
    with pytest.raises(KeyError):
        template.template("mapping.csv")
    assert {"案件編號", "姓名", "病名1", "診斷碼1", "病名2", "診斷碼2"} <= set(template.headers(CERTIFICATE))
    assert {"項目", "付費別", "金額"} <= set(template.headers(RECEIPT))


def test_the_documentation_lists_every_header() -> None:
    text = DOCUMENTATION.read_text()
    for one in mapping().fields.values():
        for header in (one.label, *one.variants):
            assert header in text, header
    for fee in mapping().fees:
        for header in (fee.label, *fee.variants):
            assert header in text, header
    for known, _ in mapping().idle:
        assert known.label in text and known.why in text
