"""Files into documents: the golden pair, the same from every format, and each problem at its row and column."""

import csv
import io
import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from adapters import json_text
from adapters.fhir import typed
from adapters.forms import writing
from schemas.problems import errors
from services.conversion import answers
from services.conversion.convert import Conversion, Hospital, convert
from services.conversion.findings import LIMIT, Findings, Found
from services.conversion.narrative import roc
from services.conversion.source import Cell
from services.conversion.words import uuid
from services.validation import resource

DATA = Path(__file__).parents[1] / "data" / "conversion"
FILES = [(DATA / name).read_bytes() for name in ("certificates.csv", "receipts.csv", "receipts-wide.csv")]
NOW = "2025-09-03T18:00:00+08:00"
Json = dict[str, Any]


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode())))


def dump(table: Iterable[Iterable[str]]) -> bytes:
    return writing.csv_text([list(row) for row in table])


def listed(name: str, data: bytes) -> Json:
    """As JSON, of whose lists none has a line above its header."""
    header, *body = [row for row in rows(data) if any(row[1:])]
    return {name: [{key: cell for key, cell in zip(header, row, strict=True) if cell} for row in body]}


def pair(certificate: Json | None = None, *receipts: Json) -> list[bytes]:
    """A certificate and receipt lines of one visit; changes by header, None takes the column away."""
    first = {
        "醫事機構代碼": "1537990035", "醫院名稱": "曜谷醫院", "案件編號": "A1", "就醫序號": "V1", "就醫類別": "門診",
        "科別": "骨科", "應診日期": "114/03/05", "姓名": "陶予安", "性別": "女", "出生日期": "72/11/05",
        "身分證字號": "A212345679", "病歷號碼": "0098", "身分別": "健保", "診斷證明書字號": "C1", "開立日期": "114/03/05",
        "病名": "左踝扭傷", "診斷碼": "S93.402A",
    } | (certificate or {})  # fmt: skip
    line = {
        "案件編號": "A1", "收據號碼": "R1", "收據日期": "114/03/05", "應繳金額": "150", "項目": "掛號費",
        "付費別": "自費", "金額": "150",
    }  # fmt: skip
    lines = [line | one for one in receipts or ({},)]
    files = []
    for table in ([first], lines):
        columns = [
            key for key in dict.fromkeys(key for row in table for key in row) if table[0].get(key, "") is not None
        ]
        files.append(dump([columns, *([row.get(key) or "" for key in columns] for row in table)]))
    return files


def codes(done: Conversion) -> list[str]:
    return [one.problem.code for one in done.found]


def places(done: Conversion) -> list[tuple[str, int, int | None, int | None]]:
    """(code, file, row, column) of every problem."""
    return [(one.problem.code, one.cell.file, one.problem.line, one.problem.column) for one in done.found]


def one(done: Conversion) -> Json:
    """The only document, without any problem."""
    assert len(done.made) == 1 and not done.found, codes(done)
    value, _ = json_text.read(done.made[0].body)
    return value  # type: ignore[return-value]


def found(bundle: Json, name: str) -> list[Json]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == name]


def test_the_golden_pair() -> None:
    """Made anew by: claims convert tests/data/conversion/*.csv --timestamp 2025-09-03T18:00:00+08:00 --out …/expected"""
    done = convert(FILES, NOW)
    assert not done.found
    expected = {path.stem: path.read_bytes() for path in sorted((DATA / "expected").iterdir())}
    assert {made.case: made.body for made in done.made} == expected
    for body in expected.values():
        assert resource.check(body) == ()


def test_every_format_and_encoding_gives_the_same_bytes() -> None:
    expected = [made.body for made in convert(FILES, NOW).made]
    big5 = [data.decode().encode("cp950") for data in FILES]
    marked = [data.decode().encode("utf-8-sig") for data in FILES]
    books = [writing.workbook({"表": rows(data)}) for data in FILES]
    one_book = writing.workbook({"證明": rows(FILES[0]), "收據": rows(FILES[1]), "寬": rows(FILES[2]), "空": []})
    listings = [
        json.dumps(listed("certificates", FILES[0])).encode(),
        json.dumps(listed("receipts", FILES[1]), ensure_ascii=False).encode(),
        json.dumps(listed("receipts", FILES[2])["receipts"]).encode(),
    ]
    for files in (big5, marked, books, [one_book], listings, [books[0], big5[1], listings[2]]):
        assert [made.body for made in convert(files, NOW).made] == expected


def test_the_order_of_files_changes_no_document() -> None:
    expected = {made.body for made in convert(FILES, NOW).made}
    assert {made.body for made in convert(FILES[::-1], NOW).made} == expected


def test_ids_follow_from_hospital_case_and_part() -> None:
    namespace = UUID("8d7b1c2e-5f0a-5c3b-9e64-a1d0c7f3b258")
    assert uuid("1537990035", "A1", "claim") == str(uuid5(namespace, "1537990035\x1fA1\x1fclaim"))
    bundle = one(convert(pair(), NOW))
    assert [entry["fullUrl"] for entry in bundle["entry"]] == [
        f"urn:uuid:{entry['resource']['id']}" for entry in bundle["entry"]
    ]
    other = one(convert(pair({"案件編號": "A2"}, {"案件編號": "A2"}), NOW))
    assert not {entry["fullUrl"] for entry in bundle["entry"]} & {entry["fullUrl"] for entry in other["entry"]}


def test_digits_stay_as_they_are_written() -> None:
    lines = [{"數量": "2", "單價": "75.00", "金額": "150.00", "應繳金額": "150.00"}]
    body = convert(pair(None, *lines), NOW).made[0].body
    assert b'"net":{"value":150.00,"currency":"TWD"}' in body
    assert b'"unitPrice":{"value":75.00,"currency":"TWD"}' in body
    assert b'"total":{"value":150.00,"currency":"TWD"}' in body


def test_points_are_no_money() -> None:
    lines = [{}, {"項目": "診察費", "付費別": "健保", "金額": "414"}]
    claim = found(one(convert(pair(None, *lines), NOW)), "Claim")[0]
    paid, points = claim["item"]
    assert points["net"] == {"value": 414} and paid["net"] == {"value": 150, "currency": "TWD"}
    assert points["modifier"][0]["coding"][0]["code"] == "PUBLICPOL"
    assert claim["total"] == {"value": 150, "currency": "TWD"}

    unsaid = [{**line, "應繳金額": None} for line in lines]
    done = convert(pair(None, *unsaid), NOW)
    assert found(one(done), "Claim")[0]["total"] == {"value": 150, "currency": "TWD"}
    assert [line.carried for line in done.report if line.field == "total"] == [1]  # reckoned, and said so


def test_columns_of_their_own_for_points_copayment_and_self_pay() -> None:
    lines = [
        {
            "付費別": None,
            "金額": None,
            "項目": "診察費",
            "健保點數": "414",
            "自行負擔": "50",
            "自費": "0",
            "應繳金額": "250",
        },
        {"項目": "材料費", "健保點數": "", "自行負擔": "-", "自費": "200", "應繳金額": "250"},
    ]
    items = found(one(convert(pair(None, *lines), NOW)), "Claim")[0]["item"]
    assert [(item["productOrService"]["coding"][0]["code"], int(item["net"]["value"])) for item in items] == [
        ("DIAG", 414),
        ("PART", 50),
        ("METR", 200),
    ]
    assert items[1]["productOrService"]["text"] == "診察費(部分負擔)"
    assert ["currency" in item["net"] for item in items] == [False, True, True]


def test_a_row_of_totals_is_no_line() -> None:
    lines = [{"應繳金額": None}, {"項目": "合計", "付費別": "", "金額": "150"}]
    claim = found(one(convert(pair(None, *lines), NOW)), "Claim")[0]
    assert len(claim["item"]) == 1 and claim["total"]["value"] == 150
    lines[1]["金額"] = "151"
    assert places(convert(pair(None, *lines), NOW)) == [("receipt-total", 2, 3, 6)]


def test_several_receipts_are_one_claim_that_keeps_them_apart() -> None:
    lines = [
        {},
        {
            "收據號碼": "R2",
            "收據日期": "114/03/06",
            "應繳金額": "80",
            "項目": "部分負擔",
            "金額": "80",
            "部分負擔代碼": "D10",
        },
    ]
    lines[0]["部分負擔代碼"] = ""
    claim = found(one(convert(pair({"應診日期": "114/03/05-114/03/06"}, *lines), NOW)), "Claim")[0]
    assert [identifier["value"] for identifier in claim["identifier"]] == ["A1", "R1", "R2"]
    assert claim["total"]["value"] == Decimal(230) and claim["created"] == "2025-03-06"
    assert [info.get("valueString") for info in claim["supportingInfo"]] == ["R1", None, "R2"]
    assert [item["informationSequence"] for item in claim["item"]] == [[1], [2, 3]]


def test_several_diagnoses_in_every_shape() -> None:
    shapes: list[Json] = [
        {"病名": None, "診斷碼": None, "病名1": "肺炎", "診斷碼1": "J189", "病名2": "高血壓", "診斷碼2": "I10"},
        {"病名": "肺炎；高血壓", "診斷碼": "J18.9;I10"},
        {"病名": "1.肺炎(J18.9)\n2.高血壓(I10)", "診斷碼": None},
        {"病名": "肺炎", "診斷碼": "J18.9", "次診斷": "高血壓", "次診斷碼": "I10"},
    ]
    for shape in shapes:
        bundle = one(convert(pair(shape), NOW))
        coded = [(one["code"]["text"], one["code"]["coding"][0]["code"]) for one in found(bundle, "Condition")]
        assert coded == [("肺炎", "J18.9"), ("高血壓", "I10")], shape
        ranks = [diagnosis["rank"] for diagnosis in found(bundle, "Encounter")[0]["diagnosis"]]
        assert ranks == [diagnosis["sequence"] for diagnosis in found(bundle, "Claim")[0]["diagnosis"]] == [1, 2]
    certificate, receipt = pair({"病名": "肺炎", "診斷碼": "J18.9"})
    two = rows(certificate.removeprefix(b"\xef\xbb\xbf"))
    second = [{"肺炎": "高血壓", "J18.9": "I10"}.get(cell, cell) for cell in two[1]]
    bundle = one(convert([dump([*two, second]), receipt], NOW))
    assert [one["code"]["text"] for one in found(bundle, "Condition")] == ["肺炎", "高血壓"]


@pytest.mark.parametrize(
    ("changes", "line", "expected"),
    [
        ({"出生日期": "72/13/05"}, {}, ("convert-value", 1, 2, 10)),
        ({"身分證字號": "A212345670"}, {}, ("identifier-national-id", 1, 2, 11)),
        ({"身分證字號": "12345"}, {}, ("convert-value", 1, 2, 11)),
        ({"姓名": ""}, {}, ("convert-missing", 1, 2, 8)),
        ({"姓名": None}, {}, ("convert-column-missing", 1, 1, None)),
        ({"科別": "國術館"}, {}, ("convert-department", 1, 2, 6)),
        ({"科別": ""}, {}, ("convert-missing", 1, 2, 6)),
        ({"科別": "", "科別代碼": "Z9"}, {}, ("convert-missing", 1, 2, 6)),
        ({"診斷碼": "骨折"}, {}, ("convert-value", 1, 2, 17)),
        ({"診斷碼": ""}, {}, ("convert-missing", 1, 2, 17)),
        ({"診斷碼": "S93.402A;I10"}, {}, ("convert-diagnoses", 1, 2, 17)),
        ({"病名": "左踝扭傷(I10)"}, {}, ("convert-differs", 1, 2, 17)),
        ({"開立日期": "114/03/04"}, {}, ("date-order", 1, 2, 15)),
        ({"就醫類別": "住院"}, {}, None),
        ({"住院日期": "114/03/05", "應診日期": "", "就醫類別": "住院"}, {}, ("convert-column-missing", 1, 1, None)),
        ({"應診日期": ""}, {}, ("convert-missing", 1, 2, 7)),
        ({"手術代碼": "0DTJ4ZZ"}, {}, ("convert-column-missing", 1, 1, None)),
        ({"身分別": "一般"}, {}, ("convert-value", 1, 2, 13)),
        ({"身分別": "自費"}, {}, ("convert-column-missing", 1, 1, None)),
        ({"保險公司": "澄光人壽"}, {}, ("convert-column-missing", 1, 1, None)),
        ({"保險公司統編": "74643671"}, {}, ("identifier-company", 1, 2, 18)),
        ({}, {"金額": "十元"}, ("convert-value", 2, 2, 7)),
        ({}, {"金額": ""}, ("convert-missing", 2, 2, 7)),
        ({}, {"項目": ""}, ("convert-missing", 2, 2, 5)),
        ({}, {"付費別": "", "項目": "診察費"}, ("convert-payer", 2, 2, 7)),
        ({}, {"應繳金額": "151"}, ("receipt-total", 2, 2, 4)),
        ({}, {"數量": "2", "單價": "70"}, ("receipt-line", 2, 2, 7)),
        ({}, {"健保點數": "100"}, ("convert-sum", 2, 2, 7)),
        ({}, {"收據日期": ""}, ("convert-missing", 2, 2, 3)),
        ({}, {"項目": "雷射美容"}, ("convert-fee-unknown", 2, 2, 5)),
        ({}, {"姓名": "陶予寧"}, ("convert-differs", 2, 2, 8)),
        ({"姓名": "#N/A"}, {}, ("convert-value", 1, 2, 8)),
        ({"病歷號碼": "1.14E+12"}, {}, ("convert-value", 1, 2, 12)),
        ({"保險公司統編": "74643675"}, {}, ("coverage-member", 1, 2, None)),
        ({"密碼": "x"}, {}, ("convert-column-unknown", 1, 1, 18)),
        ({"姓　名": "陶予安"}, {}, ("convert-column-twice", 1, 1, 18)),
    ],
)  # fmt: skip
def test_each_problem_stands_at_its_row_and_column(
    changes: Json, line: Json, expected: tuple[object, ...] | None
) -> None:
    done = convert(pair(changes, line), NOW)
    if expected is None:
        assert one(done)
        return
    assert expected in places(done)
    wrong = [found for found in done.found if (found.problem.code, found.cell.file) == expected[:2]]
    assert bool(done.made) == (not any(found.error for found in done.found))
    for value in [*changes.values(), *line.values()]:  # no problem quotes what was sent
        assert all(str(value) not in found.problem.text for found in wrong if value and len(str(value)) > 4)


def test_everything_wrong_is_told_at_once() -> None:
    done = convert(pair({"姓名": "", "身分證字號": "A212345670", "出生日期": "?"}, {"應繳金額": "1"}), NOW)
    assert {"convert-missing", "identifier-national-id", "convert-value", "receipt-total"} == set(codes(done))
    assert not done.made


def test_one_case_with_errors_keeps_no_other_back() -> None:
    done = convert([FILES[0].replace(b"A212345679", b"A212345670"), *FILES[1:]], NOW)
    assert [made.case for made in done.made] == ["YG-1140612-0077", "YG-1140417-0231"]
    assert [(one.problem.code, one.case) for one in done.found] == [("identifier-national-id", "YG-1140903-0152")]


def test_either_form_may_stand_alone() -> None:
    certificate, receipt = pair()
    alone = one(convert([certificate], NOW))
    assert not found(alone, "Claim") and alone["meta"]["profile"][0].endswith("Bundle-twcore")
    assert found(alone, "Composition")[0]["title"] == "理賠用診斷證明"
    person = {
        "醫事機構代碼": "1537990035",
        "就醫序號": "V1",
        "就醫類別": "門診",
        "科別": "骨科",
        "應診日期": "114/03/05",
        "姓名": "陶予安",
    }
    person |= {"性別": "女", "出生日期": "72/11/05", "身分證字號": "A212345679", "病歷號碼": "0098", "身分別": "健保"}
    alone = one(convert(pair(None, person)[1:], NOW))
    assert not found(alone, "Condition") and found(alone, "Composition")[0]["title"] == "理賠用收據"
    assert "convert-column-missing" in codes(convert([receipt], NOW))


def test_a_form_without_the_other_is_told_for_a_number_may_be_mistyped() -> None:
    done = convert(pair(None, {"案件編號": "A9"}), NOW)
    assert ("convert-unpaired", 1, 2, None) in places(done) and ("convert-unpaired", 2, 2, None) in places(done)
    assert [made.case for made in done.made] == ["A1"]


def test_a_visit_stands_in_for_a_case_number_when_it_is_the_only_one() -> None:
    files = pair({"案件編號": None}, {"案件編號": None, "就醫序號": "V1"})
    assert one(convert(files, NOW))["identifier"]["value"] == "V1"
    files = pair(None, {"案件編號": None, "就醫序號": "V1"})  # the receipt finds the case by the visit
    assert one(convert(files, NOW))["identifier"]["value"] == "A1"
    certificate, receipt = files
    header, row = rows(certificate.removeprefix(b"\xef\xbb\xbf"))
    second = [{"A1": "A2", "C1": "C2"}.get(cell, cell) for cell in row]
    assert ("convert-case-unclear", 2, 2, 7) in places(convert([dump([header, row, second]), receipt], NOW))
    second = [{"C1": "C2"}.get(cell, cell) for cell in row]
    assert "convert-certificates" in codes(convert([dump([header, row, second]), receipt], NOW))


def test_the_sender_stands_in_for_a_hospital_that_the_files_do_not_name() -> None:
    files = pair({"醫事機構代碼": None, "醫院名稱": None})
    assert "convert-column-missing" in codes(convert(files, NOW))
    own = Hospital("1131990017", "晴川綜合醫院")
    organization = found(one(convert(files, NOW, own)), "Organization")[0]
    assert (organization["identifier"][0]["value"], organization["name"]) == ("1131990017", "晴川綜合醫院")
    named = found(one(convert(pair(), NOW, own)), "Organization")[0]
    assert (named["identifier"][0]["value"], named["name"]) == ("1537990035", "曜谷醫院")


def test_the_time_is_an_argument_and_a_row_may_say_it() -> None:
    assert one(convert(pair(), NOW))["timestamp"] == NOW
    assert one(convert(pair({"資料時間": "114/03/05 17:30"}), NOW))["timestamp"] == "2025-03-05T17:30:00+08:00"
    corrected = one(convert(pair({"文件狀態": "作廢"}), NOW))
    assert found(corrected, "Composition")[0]["status"] == found(corrected, "Claim")[0]["status"] == "entered-in-error"
    done = convert(pair(), "2025-03-04T00:00:00+08:00")
    assert "date-order" in codes(done) and not done.made  # put together before it was issued


def test_names_are_escaped_where_a_person_reads() -> None:
    bundle = one(convert(pair({"醫師囑言": "<script>alert(1)</script> & 休養"}), NOW))
    composition = found(bundle, "Composition")[0]
    text = composition["section"][0]["text"]["div"]
    assert "&lt;script&gt;" in text and "<script" not in text
    assert found(bundle, "Condition")[0]["note"][0]["text"].startswith("<script>")
    assert roc("2025-09-03") == "114年9月3日"


def test_the_report_names_every_column_and_what_was_supplied() -> None:
    done = convert(pair({"密碼": "x", "王大明3號": "y", "備註": "z", "電話": ""}), NOW)
    lines = {(one.file, one.header): one for one in done.report}
    assert lines[1, "姓名"].to == ("Patient.name.text",) and lines[1, "姓名"].carried == 1
    assert lines[1, "密碼"].why and not lines[1, "密碼"].to
    assert (1, "第 19 欄") in lines  # a title with digits may be a person's
    assert lines[1, "備註"].why_en and lines[1, "電話"].values == 0
    assert lines[0, "診斷碼版本"].carried == 1 and lines[0, "資料時間"].why
    assert (1, "診斷碼版本") not in lines
    refused = convert(pair({"姓名": ""}), NOW).report
    assert all(one.carried == 0 and one.why for one in refused if one.values)


def test_a_wide_receipt_checks_the_totals_it_prints() -> None:
    header = (
        "案件編號,收據號碼,收據日期,掛號費,診察費(健保),DRUG_DOT,藥品部分負擔,優待,部分負擔合計,健保點數合計,應繳金額"
    )

    def wide(row: str) -> Conversion:
        return convert([pair()[0], f"{header}\n{row}\n".encode()], NOW)

    claim = found(one(wide('A1,R1,114/03/05,150,414,"1,100",20,10,20,"1,514",160')), "Claim")[0]
    assert [(item["productOrService"]["coding"][0]["code"], int(item["net"]["value"])) for item in claim["item"]] == [
        ("REGISTRATION", 150),
        ("DIAG", 414),
        ("DRUG", 1100),
        ("PART", 20),
        ("DISCOUNT", -10),
    ]
    assert places(wide('A1,R1,114/03/05,150,414,"1,100",20,10,20,"1,515",160')) == [("convert-sum", 2, 2, 10)]
    assert places(wide("A1,R1,114/03/05,150,414,,20,10,21,414,160")) == [("convert-sum", 2, 2, 9)]
    copay = found(one(wide("A1,R1,114/03/05,150,414,,,,20,414,170")), "Claim")[0]["item"][-1]
    assert copay["productOrService"]["text"] == "部分負擔" and copay["net"] == {"value": 20, "currency": "TWD"}
    twice = f"{header}\nA1,R1,114/03/05,150,,,,,,,150\nA1,R1,114/03/05,150,,,,,,,150\n"
    assert "convert-receipt-twice" in codes(convert([pair()[0], twice.encode()], NOW))
    assert "convert-no-lines" in codes(wide("A1,R1,114/03/05,0,,,,,,,0"))
    unsaid = "案件編號,收據號碼,收據日期,診察費,應繳金額\nA1,R1,114/03/05,300,300\n".encode()
    assert places(convert([pair()[0], unsaid], NOW)) == [("convert-payer", 2, 2, 4)]
    paying = pair({"身分別": "自費", "保險公司統編": "74643675", "保單號碼": "P1"})[0]
    own = "案件編號,收據號碼,收據日期,身分別,診察費,應繳金額\nA1,R1,114/03/05,自費,300,300\n".encode()
    assert one(convert([paying, own], NOW))


def test_of_two_shapes_at_once_the_lines_count() -> None:
    done = convert(pair(None, {"掛號費": "150"}), NOW)
    assert places(done) == [("convert-column-unknown", 2, 1, 8)] and len(done.made) == 1


def test_files_that_are_no_forms() -> None:
    assert codes(convert([b"a,b\n1,2\n"], NOW)) == ["convert-unrecognised"]
    assert codes(convert([b"\x00"], NOW)) == ["form-unreadable"]
    assert codes(convert([b""], NOW)) == ["convert-unrecognised"]
    assert codes(convert([], NOW)) == []
    book = writing.workbook({"證明": rows(FILES[0]), "雜": [["a", "b"], ["1", "2"]]})
    done = convert([book, *FILES[1:]], NOW)
    assert codes(done) == ["convert-sheet-skipped"] and len(done.made) == 3
    assert codes(convert(FILES, NOW, limit=2)) == ["convert-too-many"]


def test_problems_past_the_limit_keep_the_errors() -> None:
    findings = Findings()
    for row in range(1, LIMIT + 10):
        findings.add("convert-column-unknown", Cell(1, 1, row, 1), "x", number=1)
    findings.add("convert-empty", Cell(9, 1, 0, 0), "")
    kept = findings.all()
    assert len(kept) == LIMIT + 1 and kept[-1].problem.code == "too-many-problems"
    assert any(isinstance(one, Found) and one.problem.code == "convert-empty" for one in kept)


def test_the_answer_holds_the_bytes_and_the_clerks_page_the_same_as_text() -> None:
    members = answers.work(FILES, NOW, None, clerk=False)
    assert set(members) == {"bundles", "report", "problems"}
    expected = [made.body for made in convert(FILES, NOW).made]
    assert members["bundles"] == b"[" + b",".join(expected) + b"]"
    clerk = {name: json.loads(text) for name, text in answers.work(FILES, NOW, None, clerk=True).items()}
    assert [text.encode() for text in clerk["bundles"]] == expected
    assert [one["case"] for one in clerk["cases"]] == ["YG-1140903-0152", "YG-1140612-0077", "YG-1140417-0231"]
    assert [len(sheet["rows"]) for sheet in clerk["sheets"]] == [3, 13, 1]
    assert clerk["sheets"][0]["titles"][0] == "醫事機構代碼" and clerk["sheets"][0]["rows"][0]["row"] == 3


def test_what_the_builders_make_is_held_against_the_models() -> None:
    patient = {"resourceType": "Patient", "gender": None, "name": [{"text": None}], "birthDate": "2025-03-05"}
    assert typed.resource(patient) == {"resourceType": "Patient", "birthDate": "2025-03-05"}
    for wrong in ({"gendr": "male"}, {"name": {"text": "x"}}, {"deceasedDateTime": "114/03/05x"}):
        with pytest.raises(typed.Mistyped) as caught:
            typed.resource({"resourceType": "Patient", **wrong})
        assert "114" not in str(caught.value)


def test_no_document_with_an_error_is_produced() -> None:
    for made in convert(FILES, NOW).made:
        assert not errors(resource.check(made.body))
