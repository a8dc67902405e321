"""Readings of what hospitals print: dates of both calendars, amounts, identifiers, words for codes."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.conversion import values
from services.conversion.dates import day, instant, moment, period
from services.conversion.mapping import NHI, PATIENT
from services.conversion.texts import Unreadable, clean
from services.conversion.values import READINGS, department_code

DAY = "2025-03-05"
MORNING = "2025-03-05T10:20:00+08:00"


@pytest.mark.parametrize(
    "printed",
    [
        "民國114年3月5日",
        "中華民國114年3月5日",
        "中華民國 114 年 03 月 05 日",
        "114年3月5日",
        "114年03月05日",
        "114 年 3 月 5 日",
        "民國 114 年 3 月 5 日",
        "114/03/05",
        "114/3/5",
        "114.3.5",
        "114.03.05",
        "114-03-05",
        "114-3-5",
        "１１４/０３/０５",
        "１１４年３月５日",
        "1140305",
        "民國1140305",
        "114年3月5日(三)",
        "民國114/03/05",
        "114 / 03 / 05",
        "2025-03-05",
        "2025/03/05",
        "2025/3/5",
        "2025.3.5",
        "20250305",
        "西元2025年3月5日",
        "2025年3月5日",
        "２０２５－０３－０５",
    ],
)
def test_every_printed_form_of_a_day(printed: str) -> None:
    assert moment(printed) == day(printed) == DAY
    assert period(printed) == (DAY, DAY)


@pytest.mark.parametrize(
    "printed",
    [
        "114/03/05 10:20",
        "114年3月5日 10時20分",
        "114年3月5日上午10時20分",
        "114/03/05 10:20:00",
        "1140305102000",
        "11403051020",
        "20250305102000",
        "2025-03-05T10:20:00+08:00",
        "2025-03-05 10:20:00",
        "2025-03-05T10:20",
        "114.3.5 上午 10:20",
        "114/03/05 AM 10:20",
        "２０２５/３/５　１０：２０",
    ],
)
def test_every_printed_form_of_a_time(printed: str) -> None:
    assert moment(printed) == instant(printed) == MORNING
    assert day(printed) == DAY


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("99/12/31", "2010-12-31"),
        ("58.2.17", "1969-02-17"),
        ("113/2/29", "2024-02-29"),
        ("民國1年1月1日", "1912-01-01"),
        ("民國9年1月1日", "1920-01-01"),
        ("01/01/01", "1912-01-01"),
        ("114/03/05 下午3:20", "2025-03-05T15:20:00+08:00"),
        ("114/03/05 下午12:20", "2025-03-05T12:20:00+08:00"),
        ("114/03/05 上午12:20", "2025-03-05T00:20:00+08:00"),
        ("2025-03-05T02:20:00Z", "2025-03-05T02:20:00Z"),
        ("2025-03-05T02:20:00+00:00", "2025-03-05T02:20:00+00:00"),
    ],
)
def test_years_and_times(printed: str, expected: str) -> None:
    assert moment(printed) == expected


@pytest.mark.parametrize(
    "printed",
    [
        "114/2/29",
        "114/13/1",
        "114/0/5",
        "03/05/2025",
        "3/5",
        "114",
        "0114/03/05",
        "114/03",
        "114年3月",
        "今日",
        "45721",
        "990305",
        "114/03/05 25:00",
        "114/03/05、114/03/06",
        "114/03/055",
        "2025-03-05T10:20:00+99:00",
        "114//3/5",
    ],
)
def test_what_is_no_day(printed: str) -> None:
    with pytest.raises(Unreadable):
        moment(printed)


@pytest.mark.parametrize(
    "printed",
    [
        "114/06/08至114/06/12",
        "114年6月8日至114年6月12日",
        "114年6月8日至6月12日",
        "114/06/08~114/06/12",
        "114/06/08～114/06/12",
        "114/06/08-114/06/12",
        "114/06/08 - 114/06/12",
        "1140608~1140612",
        "1140608-1140612",
        "114.6.8 – 114.6.12 共5日",
        "114/06/08起至114/06/12止",
        "自 114/06/08 至 114/06/12",
        "2025-06-08 至 2025-06-12",
        "114/6/8、114/6/10、114/6/12",
        "114/06/08到114/06/12(共5天)",
    ],
)
def test_every_printed_form_of_a_period(printed: str) -> None:
    assert period(printed) == ("2025-06-08", "2025-06-12")


def test_an_open_end_is_one_day_as_far_as_the_form_says() -> None:
    assert period("114/06/08起") == ("2025-06-08", "2025-06-08")


@pytest.mark.parametrize("printed", ["", "住院中", "114/06/08至出院", "114/06/08至114/06/31", "共5日"])
def test_what_is_no_period(printed: str) -> None:
    with pytest.raises(Unreadable):
        period(printed)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("150", "150"),
        ("150.00", "150.00"),
        ("1,870", "1870"),
        ("12,345,678", "12345678"),
        ("NT$1,870", "1870"),
        ("NT$ 1,870", "1870"),
        ("$50", "50"),
        ("1870元", "1870"),
        ("1,870元整", "1870"),
        ("4,728點", "4728"),
        ("-500", "-500"),
        ("−500", "-500"),
        ("$-500", "-500"),
        ("１，８７０", "1870"),
        ("0", "0"),
        ("0.50", "0.50"),
        ("TWD 20", "20"),
    ],
)
def test_amounts_keep_their_digits(printed: str, expected: str) -> None:
    assert str(values.amount(printed)) == expected


@pytest.mark.parametrize(
    "printed", ["1,87", "1.870,00", "十元", "1 870", "1E3", "1.14E+12", "NaN", "1/2", "9" * 16, "--5", "٣"]
)
def test_what_is_no_amount(printed: str) -> None:
    with pytest.raises(Unreadable):
        values.amount(printed)


@pytest.mark.parametrize(
    ("reading", "printed", "expected"),
    [
        ("gender", "男", "male"),
        ("gender", "女性", "female"),
        ("gender", "F", "female"),
        ("gender", "１", "male"),
        ("gender", "2", "female"),
        ("gender", "其他", "other"),
        ("gender", "不詳", "unknown"),
        ("visit", "門診", "AMB"),
        ("visit", "急 診", "EMER"),
        ("visit", "住院", "IMP"),
        ("visit", "O", "AMB"),
        ("visit", "I", "IMP"),
        ("status", "正式", "final"),
        ("status", "更正", "amended"),
        ("status", "作廢", "entered-in-error"),
        ("status", "初步", "preliminary"),
        ("payer", "健保", NHI),
        ("payer", "NHI", NHI),
        ("payer", "福保", NHI),
        ("payer", "自費", PATIENT),
        ("payer", "病人自付", PATIENT),
        ("payer", "健保部分負擔", PATIENT),
        ("payer", "非健保", PATIENT),
        ("payer", "榮民", NHI),
        ("edition", "2023", "icd-10-cm-2023-tw"),
        ("edition", "ICD-10-CM 2014年版", "icd-10-cm-2014-tw"),
        ("edition", "ICD-9-CM", "icd-9-cm-2001-tw"),
        ("person", "a212345679", "A212345679"),
        ("person", "Ｆ８２３４５６７８８", "F823456788"),
        ("person", "AC01234567", "AC01234567"),
        ("institution", "0131060029", "0131060029"),
        ("company", " 74643675 ", "74643675"),
        ("number", "診字第１１４０６１２０３１號", "診字第1140612031號"),
        ("number", "R114-0417-00388", "R114-0417-00388"),
        ("uri", "https://www.yaogu-hospital.example/", "https://www.yaogu-hospital.example"),
        ("uri", "urn:oid:1.2.3", "urn:oid:1.2.3"),
        ("code", "0dtj4zz", "0DTJ4ZZ"),
        ("count", "共5日", Decimal(5)),
        ("count", "5天", Decimal(5)),
        ("quantity", "4", (Decimal(4), "")),
        ("quantity", "4日", (Decimal(4), "日")),
        ("quantity", "2.50 盒", (Decimal("2.50"), "盒")),
        ("icds", "S52.501A", ["S52.501A"]),
        ("icds", "S52501A；i10", ["S52.501A", "I10"]),
        ("icds", "J18.9、E11.9", ["J18.9", "E11.9"]),
        ("icds", "84219", ["842.19"]),
        ("icds", "Z51.11\nC50912", ["Z51.11", "C50.912"]),
        ("texts", "肺炎", [("肺炎", "")]),
        ("texts", "肺炎；高血壓", [("肺炎", ""), ("高血壓", "")]),
        ("texts", "1.肺炎(J18.9)\n2.高血壓（I10）", [("肺炎", "J18.9"), ("高血壓", "I10")]),
        ("texts", "(1) 急性闌尾炎 [ICD-10: K35.80]", [("急性闌尾炎", "K35.80")]),
        ("texts", "第2型糖尿病(未控制)", [("第2型糖尿病(未控制)", "")]),
        ("text", "曜谷\n醫院", "曜谷 醫院"),
        ("lines", " 甲 \n\n 乙", "甲\n乙"),
    ],
)
def test_readings(reading: str, printed: str, expected: object) -> None:
    assert READINGS[reading](printed) == expected


@pytest.mark.parametrize(
    ("reading", "printed"),
    [
        ("gender", "男生宿舍"),
        ("visit", "轉診"),
        ("status", "?"),
        ("payer", "一般"),
        ("edition", "2019"),
        ("person", "12345"),
        ("person", "A31234567"),
        ("institution", "131060029"),
        ("institution", "٠١٣١٠٦٠٠٢٩"),
        ("company", "7464367"),
        ("uri", "www.example.org"),
        ("number", "1.14030600951235E+18"),
        ("code", "診斷"),
        ("count", "數日"),
        ("quantity", "數盒"),
        ("icds", "骨折"),
        ("icds", ";"),
        ("texts", ";"),
        ("instant", "114/03/05"),
    ],
)
def test_what_cannot_be_read_is_not_guessed(reading: str, printed: str) -> None:
    with pytest.raises(Unreadable) as caught:
        READINGS[reading](printed)
    assert caught.value.expected and caught.value.expected_en


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("骨科", "06"),
        ("06", "06"),
        ("06 骨科", "06"),
        ("06骨科", "06"),
        ("骨科(06)", "06"),
        ("骨科（06）", "06"),
        ("消化內科", "AA"),
        ("aa", "AA"),
        ("急診", "22"),
        ("家庭醫學科", "01"),
        ("牙髓病科", "42"),
        ("國術館", ""),
        ("骨科第二診", ""),
    ],
)
def test_departments_by_name_and_code(printed: str, code: str) -> None:
    assert department_code(values.department(printed)) == code


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  陶　予安 ", "陶 予安"),
        ('="0131060029"', "0131060029"),
        ("'0131060029", "0131060029"),
        ("-", ""),
        ("—", ""),
        ("NULL", ""),
        ("N/A", ""),
        ("a\r\nb", "a\nb"),
        ("陶\u200b予\u202e安", "陶予安"),
        ("\ufeff陶", "陶"),
        ("-500", "-500"),
        ("無", "無"),
    ],
)
def test_cells_are_cleaned_of_what_cannot_be_seen(cell: str, text: str) -> None:
    assert clean(cell) == text


@pytest.mark.parametrize("cell", ["#N/A", "#REF!", "#VALUE!", "####", "陶\ufffd安"])
def test_lost_values_are_told(cell: str) -> None:
    with pytest.raises(Unreadable):
        clean(cell)


@given(st.sampled_from(sorted(READINGS)), st.text())
def test_no_cell_raises_anything_else(reading: str, cell: str) -> None:
    with suppress(Unreadable):
        READINGS[reading](clean(cell))


@given(st.dates(min_value=date(1912, 1, 1), max_value=date(2100, 12, 31)))
def test_both_calendars_agree(today: date) -> None:
    roc, month, number = today.year - 1911, today.month, today.day
    for printed in (
        f"{roc:03d}{month:02d}{number:02d}",
        f"民國{roc:02d}年{month}月{number}日",
        f"{roc:03d}/{month:02d}/{number:02d}",
    ):
        assert moment(printed) == today.isoformat()
