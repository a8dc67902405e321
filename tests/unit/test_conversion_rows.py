"""Rows of receipts that are no lines, or whose case is not known: nothing is lost or counted twice without being told."""

import pytest

from schemas.problems import errors
from services.conversion.convert import Conversion, convert
from services.conversion.report import Carried
from services.validation import resource
from tests.unit.test_conversion import NOW, codes, found, one, pair, places

HEADER = "案件編號,醫事機構代碼,姓名,身分證字號,病歷號碼,性別,出生日期,就醫序號,就醫類別,科別,應診日期,身分別,收據號碼,收據日期"
BASE = "A1,0401180014,王小明,A123456789,C001,男,民國70年1月2日,V1,門診,骨科,114/03/05,健保,R1,114/03/06"
LINES = "應繳金額,項目,付費別,金額"


def receipts(columns: str, *lines: str, other: str = "") -> Conversion:
    """A row a line; one that begins with a dash has no cells up to its line, one that begins with > is as it is."""
    blank = "," * BASE.count(",")
    rows = [
        line[1:] if line[0] == ">" else f"{blank},{line[1:]}" if line[0] == "-" else f"{BASE},{line}" for line in lines
    ]
    return convert(["\n".join((f"{HEADER},{columns}", *rows)).encode(), *([other.encode()] if other else [])], NOW)


def second(line: str, case: str = "A2", receipt: str = "R2") -> str:
    return f">{BASE.replace('A1,', f'{case},').replace('V1', f'V-{case}').replace('R1', receipt)},{line}"


def column(done: Conversion, header: str) -> Carried:
    return next(line for line in done.report if line.header == header)


def test_a_row_of_no_case_holds_back_every_case_of_its_table() -> None:
    done = receipts(LINES, "150,掛號費,自費,150", "-,診察費,健保,358", second("150,掛號費,自費,150"))
    assert not done.made
    assert places(done) == [
        ("convert-row-homeless", 1, 2, None),
        ("convert-missing", 1, 3, 8),
        ("convert-row-homeless", 1, 4, None),
    ]
    assert [one.case for one in done.found] == ["A1", "", "A2"] and "3" in done.found[0].problem.text
    assert column(done, "金額").carried == 0 and "errors" in column(done, "金額").why_en


def test_a_row_whose_case_cannot_be_read_or_told_holds_back_too_and_other_tables_do_not() -> None:
    blank = "," * BASE.count(",")
    other = f"{HEADER},{LINES}\n" + second("150,掛號費,自費,150")[1:]
    unread = receipts(LINES, "150,掛號費,自費,150", f">#N/A{blank},,診察費,健保,358", other=other)
    assert [made.case for made in unread.made] == ["A2"]
    assert ("convert-value", 1, 3, 1) in places(unread) and ("convert-row-homeless", 1, 2, None) in places(unread)
    new = receipts(LINES, "150,掛號費,自費,150", f">#N/A,,,,,,,V7{',' * 8}診察費,健保,358", other=other)
    assert [made.case for made in new.made] == ["A2"] and codes(new) == ["convert-row-homeless", "convert-value"]
    shared = BASE.removeprefix("A1")
    unclear = receipts(
        LINES, "150,掛號費,自費,150", f">A3{shared},150,掛號費,自費,150", f">{shared},,診察費,健保,358", other=other
    )
    assert [made.case for made in unclear.made] == ["A2"]
    assert codes(unclear) == ["convert-row-homeless", "convert-row-homeless", "convert-case-unclear"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("小計", "lines"),
        ("自費小計", "lines"),
        ("小計(健保)", "lines"),
        ("診察費小計", "lines"),
        ("診察費(小計)", "lines"),
        ("預繳金額", "payment"),
        ("實收金額", "payment"),
        ("實 收", "payment"),
        ("退費", "payment"),
        ("退費(掛號費)", "payment"),
        ("補繳金額", "payment"),
        ("補繳", "payment"),
        ("備註", "hospital"),
    ],
)
def test_rows_of_subtotals_and_payments_are_left_out_and_named(name: str, reason: str) -> None:
    done = receipts(LINES, "150,掛號費,自費,150", f"150,{name},自費,50")
    assert places(done) == [("convert-row-left", 1, 3, 16)] and reason in done.found[0].problem.textEn
    body = done.made[0].body
    assert body.count(b'"net"') == 1 and name.encode() not in body
    assert not errors(resource.check(body))
    assert column(done, "金額").values == 2 and column(done, "金額").carried == 1
    assert reason in column(done, "金額").why_en and reason in column(done, "項目").why_en


@pytest.mark.parametrize("name", ["合計", "總計", "應繳", "應收", "應收金額", "應付", "合計金額", "合計(自費)"])
def test_rows_of_totals_are_compared_with_the_lines(name: str) -> None:
    assert one(receipts(LINES, ",掛號費,自費,150", f",{name},,150"))
    done = receipts(LINES, ",掛號費,自費,150", f",{name},,200")
    assert codes(done) == ["receipt-total"] and not done.made


@pytest.mark.parametrize("name", ["健保點數合計", "合計點數"])
def test_rows_of_all_points_and_copayments_are_compared_with_the_lines(name: str) -> None:
    lines = ("150,掛號費,自費,150", "150,診察費,健保,358")
    done = receipts(LINES, *lines, f"150,{name},,358")
    assert len(found(one(done), "Claim")[0]["item"]) == 2
    assert "compared" in column(done, "金額").why_en
    assert places(receipts(LINES, *lines, f"150,{name},,359")) == [("convert-sum", 1, 4, 18)]
    assert one(receipts(LINES, *lines, "150,合計,健保,358"))
    assert codes(receipts(LINES, "50,部分負擔,自費,50", "50,部分負擔合計,,51")) == ["convert-sum"]


def test_a_total_beside_another_is_left_out_and_named() -> None:
    done = receipts(LINES, "150,掛號費,自費,150", "150,診察費,健保,358", "150,合計,,508")
    assert places(done) == [("convert-row-left", 1, 4, 16)] and len(done.made) == 1


def test_a_fee_that_is_not_known_stays_a_line() -> None:
    done = receipts(LINES, "250,掛號費,自費,150", "250,雷射美容,自費,100", "250,特殊材料費(合計3項),自費,0")
    assert codes(done) == ["convert-fee-unknown"] and done.made[0].body.count(b'"net"') == 3


def test_each_receipt_is_compared_with_its_own_lines() -> None:
    def two(first: str, other: str) -> Conversion:
        return receipts(LINES, f"{first},掛號費,自費,150", second(f"{other},證明書費,自費,100", case="A1"))

    good = two("150", "100")
    assert codes(good) == [] and found(one(good), "Claim")[0]["total"]["value"] == 250
    done = two("100", "150")
    assert places(done) == [("convert-sum", 1, 2, 15), ("convert-sum", 1, 3, 15)] and not done.made
    assert places(two("150", "150")) == [("convert-sum", 1, 3, 15)]
    assert codes(two("", "100")) == []
    rows = receipts(
        LINES,
        "100,掛號費,自費,150",
        ",合計,,150",
        second("150,證明書費,自費,100", case="A1"),
    )
    assert ("convert-sum", 1, 4, 15) in places(rows) and not rows.made


SPLIT = "應繳金額,項目,付費別,數量,單價,健保點數,自行負擔,自費金額"


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("150,掛號費,健保,,,,,150", "自費金額"),
        ("150,掛號費,健保,,,358,,150", "自費金額"),
        ("0,診察費,自費,,,358,,0", "健保點數"),
    ],
)
def test_a_payer_that_contradicts_the_columns_of_amounts_is_told(line: str, other: str) -> None:
    done = receipts(SPLIT, line)
    assert places(done) == [("convert-payer-differs", 1, 2, 17)] and not done.made
    assert "付費別" in done.found[0].problem.text and other in done.found[0].problem.text


def test_a_payer_that_agrees_with_the_columns_of_amounts_is_carried() -> None:
    done = receipts(SPLIT, "50,診察費,健保,,,358,50,", "50,檢查費,健保,,,100,,0")
    assert codes(done) == [] and column(done, "付費別").carried == 2


def test_the_report_says_only_what_is_so() -> None:
    split = receipts(SPLIT, "50,診察費,,2,179,358,50,")
    for header in ("數量", "單價"):
        assert column(split, header).why_en == "not carried: the line is split by payer"
    same = receipts(f"電話,{LINES}", "0223,150,掛號費,自費,150", "0224,150,證明書費,自費,0")
    assert column(same, "電話").carried == 1 and column(same, "電話").why_en == "not carried"
    certificate = pair({"診斷碼": "S93.402A;S93.402A", "病名": "左踝扭傷;左踝扭傷"})
    assert convert(certificate, NOW).made
    repeated = pair()[0].decode("utf-8-sig").splitlines()
    again = convert(["\n".join([*repeated, repeated[1]]).encode(), pair()[1]], NOW)
    assert again.made and "elsewhere" in column(again, "病名").why_en
    alone = convert([pair({"保單號碼": "P1"})[0]], NOW)
    assert "no Claim" in column(alone, "保單號碼").why_en
