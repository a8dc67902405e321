"""The forms: what stands in which box of certificate and receipt, and that what is missing is said to be missing."""

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.problems import problem
from services.conversion.paper import Told, is_document
from services.conversion.paper_words import UNREADABLE, classification, written
from tests.unit.paper_reading import (
    EXAMPLE,
    OUTPATIENT,
    SUMMARY,
    Json,
    boxes,
    load,
    page,
    paper,
    resource,
    said,
    told,
)

CERTIFICATES = {
    EXAMPLE: {
        "字號": ["114-YG-BDDBE0001101"],
        "姓名": ["童若毓"],
        "性別": ["女"],
        "出生日期": ["中華民國65年2月7日"],
        "身分證字號": ["N298338217"],
        "病歷號碼": ["5654175"],
        "住址": ["彰化縣曜谷鎮安和路15號"],
        "職業": ["00010010"],
        "應診科別": ["內科（02）"],
        "就醫類別": ["門診"],
        "就醫號": ["1141206BDDBE0001101"],
        "應診日期": ["中華民國114年12月6日 14:53 至 19:02，共 1 天"],
        "病名": ["1. 肺炎（ICD-10-CM 2023 J18.9）"],
        "醫師囑言": ["病患於114年12月6日至本院內科就診。", "宜休養兩週，門診追蹤治療。"],
        "診治（主治）醫師": ["祝思澄"],
        "醫師證書字號": ["YG02458"],
        "院長": [],
        "開業執照字號": [],
        "院所名稱": ["曜谷醫院"],
        "醫事機構代碼": ["1537990035"],
        "院所地址": ["彰化縣曜谷鎮醫院路1號"],
        "院所電話": ["02-0000-0035"],
        "開立日期": ["中華民國114年12月6日"],
    },
    OUTPATIENT: {
        "字號": ["松診字第1140311007號"],
        "姓名": ["簡書嫻"],
        "性別": ["女"],
        "出生日期": ["中華民國71年7月19日"],
        "身分證字號": ["P277305915"],
        "病歷號碼": ["0083317"],
        "住址": [],
        "應診科別": ["骨科（06）"],
        "就醫類別": ["門診"],
        "就醫號": ["O1140311-0042"],
        "應診日期": ["中華民國114年3月11日 14:10 至 15:20"],
        "病名": ["1. 右踝扭傷（ICD-10-CM 2023 S93.401A）"],
        "醫師囑言": ["宜休養一週。"],
        "診治（主治）醫師": ["涂又寧"],
        "醫師證書字號": ["SL0311"],
        "院長": [],
        "開業執照字號": [],
        "院所名稱": ["松嶺醫院"],
        "醫事機構代碼": ["1141990058"],
        "院所地址": [],
        "院所電話": [],
        "開立日期": ["中華民國114年3月11日"],
    },
}
RECEIPTS = {
    EXAMPLE: {
        "收據號碼": ["R1141206-BDDBE0001101"],
        "姓名": ["童若毓"],
        "性別": ["女"],
        "出生日期": ["中華民國65年2月7日"],
        "身分證字號": ["N298338217"],
        "病歷號碼": ["5654175"],
        "身分別": ["健保"],
        "案件編號": ["YG-1141206-BDDBE0001101"],
        "應診科別": ["內科（02）"],
        "就醫類別": ["門診"],
        "就醫號": ["1141206BDDBE0001101"],
        "應診日期": ["中華民國114年12月6日 14:53 至 19:02，共 1 天"],
        "費用期間": ["中華民國114年12月6日"],
        "保險人及保單號碼": ["晨汐人壽保險股份有限公司，MBDDBE0001101"],
        "診斷": ["1. 肺炎（ICD-10-CM 2023 J18.9）"],
        "院所名稱": ["曜谷醫院"],
        "醫事機構代碼": ["1537990035"],
        "院所地址": ["彰化縣曜谷鎮醫院路1號"],
        "院所電話": ["02-0000-0035"],
        "開立日期": ["中華民國114年12月6日"],
    },
    OUTPATIENT: {
        "收據號碼": ["SLR-114-000917"],
        "姓名": ["簡書嫻"],
        "性別": ["女"],
        "出生日期": ["中華民國71年7月19日"],
        "身分證字號": ["P277305915"],
        "病歷號碼": ["0083317"],
        "身分別": [],
        "案件編號": ["SL-1140311-0042"],
        "應診科別": ["骨科（06）"],
        "就醫類別": ["門診"],
        "就醫號": ["O1140311-0042"],
        "應診日期": ["中華民國114年3月11日 14:10 至 15:20"],
        "保險人及保單號碼": ["甲乙人壽保險股份有限公司，JY-77120"],
        "事故": ["中華民國114年3月10日"],
        "診斷": ["1. 右踝扭傷（ICD-10-CM 2023 S93.401A）"],
        "院所名稱": ["松嶺醫院"],
        "醫事機構代碼": ["1141990058"],
        "院所地址": [],
        "院所電話": [],
        "開立日期": ["中華民國114年3月11日"],
    },
}
LINES = {  # number, item, day, quantity, price, NHI points, patient's money
    EXAMPLE: [
        ("1", "掛號費（REGISTRATION）", "114/12/06", "1", "NT$ 200", "", "NT$ 200"),
        ("2", "門診基本部分負擔（PART）", "114/12/06", "1", "NT$ 80", "", "NT$ 80"),
        ("3", "診察費（DIAG）", "114/12/06", "1", "414", "414", ""),
        ("4", "放射線診療費（RADO）", "114/12/06", "1", "200", "200", ""),
        ("5", "治療處置費（THRP）", "114/12/06", "1", "438", "438", ""),
        ("6", "藥費（DRUG）", "114/12/06", "28", "28", "784", ""),
        ("7", "藥事服務費（DSVC）", "114/12/06", "1", "59", "59", ""),
        ("8", "證明書費（CERTIFICATE）", "114/12/06", "1", "NT$ 100", "", "NT$ 100"),
    ],
    OUTPATIENT: [
        ("1", "掛號費（REGISTRATION）", "114/03/11", "1", "NT$ 150", "", "NT$ 150"),
        ("2", "診察費（DIAG）", "114/03/11", "1", "284", "284", ""),
        ("3", "特殊材料費（METR）", "114/03/11", "2", "NT$ 430", "", "NT$ 860"),
        ("4", "證明書費（CERTIFICATE）", "114/03/11", "1", "NT$ 100", "", "NT$ 100"),
    ],
}
SUMS = {
    EXAMPLE: ("1,895 點", "80 元", "300 元", "NT$ 380"),
    OUTPATIENT: ("284 點", None, "1,110 元", "NT$ 1,110"),
}


def sheets(bundle: Json, kind: str) -> list[Any]:
    return [sheet for sheet in paper(bundle).sheets if sheet.kind == kind]


def table(bundle: Json) -> Any:
    (sheet,) = sheets(bundle, "receipt")
    return sheet.table


@pytest.mark.parametrize("path", CERTIFICATES, ids=lambda path: path.stem)
def test_a_certificate_has_the_boxes_of_the_form(path: Path) -> None:
    (sheet,) = sheets(load(path), "certificate")
    assert {box.label: told(sheet, box.label) for box in boxes(sheet)} == CERTIFICATES[path]
    assert said(sheet.title) == "診斷證明書" and sheet.sentence == "以上病人經本院醫師診斷屬實，特予證明。"


@pytest.mark.parametrize("path", RECEIPTS, ids=lambda path: path.stem)
def test_a_receipt_has_the_boxes_of_the_form(path: Path) -> None:
    (sheet,) = sheets(load(path), "receipt")
    assert {box.label: told(sheet, box.label) for box in boxes(sheet)} == RECEIPTS[path]
    parts = ("number", "name", "days", "quantity", "price", "points", "money")
    assert [tuple(said(getattr(item, part)) for part in parts) for item in sheet.table.items] == LINES[path]
    sums = sheet.table
    assert (sums.points, sums.copay, sums.own, said(sums.total)) == SUMS[path]
    assert sums.verdict == "ok" and not sums.unstated


def test_a_stay_an_operation_and_the_order_of_diagnoses() -> None:
    bundle = load()
    visit, condition = resource(bundle, "Encounter"), resource(bundle, "Condition")
    visit["class"]["code"] = "IMP"
    visit["period"]["end"] = "2025-03-15T09:00:00+08:00"
    second = copy.deepcopy(condition) | {"id": "c2", "code": {"text": "左膝擦傷"}}
    operation = {
        "resourceType": "Procedure",
        "id": "p1",
        "status": "completed",
        "code": {"coding": [{"system": "…/icd-10-pcs-2023-tw", "code": "0SGF04Z"}], "text": "踝關節固定術"},
        "encounter": condition["encounter"],
        "performedDateTime": "2025-03-12",
    }
    bundle["entry"] += [{"fullUrl": "urn:x:c2", "resource": second}, {"fullUrl": "urn:x:p1", "resource": operation}]
    visit["diagnosis"] = [{"condition": {"reference": "urn:x:c2"}, "rank": 1}, visit["diagnosis"][0] | {"rank": 2}]
    (sheet,) = sheets(bundle, "certificate")
    assert told(sheet, "住院期間") == ["中華民國114年3月11日 14:10 至 中華民國114年3月15日 09:00"]
    assert told(sheet, "住院號") == ["O1140311-0042"]
    assert told(sheet, "病名") == ["1. 左膝擦傷", "2. 右踝扭傷（ICD-10-CM 2023 S93.401A）"]
    assert told(sheet, "手術/處置") == ["中華民國114年3月12日，踝關節固定術（ICD-10-PCS 2023 0SGF04Z）"]


def test_certificates_with_numbers_of_their_own_are_sheets_of_their_own() -> None:
    bundle = load()
    other = copy.deepcopy(resource(bundle, "Condition")) | {"id": "c2", "identifier": [{"value": "第二號"}]}
    other["code"] = {"text": "左膝擦傷"}
    bundle["entry"].append({"fullUrl": "urn:x:c2", "resource": other})
    first, second = sheets(bundle, "certificate")
    assert (told(first, "字號"), told(first, "病名")) == (
        ["松診字第1140311007號"],
        ["1. 右踝扭傷（ICD-10-CM 2023 S93.401A）"],
    )
    assert (told(second, "字號"), told(second, "病名")) == (["第二號"], ["1. 左膝擦傷"])


def test_an_operation_belongs_to_the_certificate_of_its_visit_or_reason() -> None:
    bundle = load()
    condition = resource(bundle, "Condition")
    visit = copy.deepcopy(resource(bundle, "Encounter")) | {"id": "e2", "diagnosis": []}
    other = copy.deepcopy(condition) | {"id": "c2", "identifier": [{"value": "第二號"}]}
    other["encounter"] = {"reference": "urn:x:e2"}
    reason = {"reasonReference": [{"reference": "urn:x:c2"}]}
    for number, (name, more) in enumerate({"縫合": {"encounter": condition["encounter"]}, "固定": reason}.items()):
        made = {"resourceType": "Procedure", "id": f"p{number}", "code": {"text": name}, **more}
        bundle["entry"].append({"fullUrl": f"urn:x:p{number}", "resource": made})
    bundle["entry"] += [{"fullUrl": "urn:x:e2", "resource": visit}, {"fullUrl": "urn:x:c2", "resource": other}]
    assert [told(sheet, "手術/處置") for sheet in sheets(bundle, "certificate")] == [["縫合"], ["固定"]]


def test_the_head_and_the_licence_of_the_hospital_where_the_document_names_them() -> None:
    bundle = load()
    head = {"resourceType": "Practitioner", "id": "h", "name": [{"text": "童守仁"}]}
    role = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "practitioner": {"reference": "urn:x:h"},
        "code": [{"text": "院長"}],
    }
    bundle["entry"] += [{"fullUrl": "urn:x:h", "resource": head}, {"fullUrl": "urn:x:r", "resource": role}]
    resource(bundle, "Organization")["identifier"].append({"type": {"text": "開業執照字號"}, "value": "松衛字第7號"})
    (sheet,) = sheets(bundle, "certificate")
    assert (told(sheet, "院長"), told(sheet, "開業執照字號")) == (["童守仁"], ["松衛字第7號"])


def test_what_is_no_insurance_document_certifies_nothing() -> None:
    bundle = load(SUMMARY)
    bundle["entry"].append(
        {
            "fullUrl": "urn:x:c",
            "resource": {
                "resourceType": "Condition",
                "id": "c",
                "identifier": [{"value": "7"}],
                "code": {"text": "高血壓"},
            },
        }
    )
    (sheet,) = paper(bundle).sheets
    assert (sheet.kind, said(sheet.title), sheet.sentence) == ("summary", "病摘", "")
    assert told(sheet, "病名") == ["1. 高血壓"]
    assert told(sheet, "居留證號碼") == ["HD51273906"]
    operation = {"resourceType": "Procedure", "id": "p", "code": {"text": "縫合"}, "performedString": "上午"}
    bundle["entry"].append({"fullUrl": "urn:x:p", "resource": operation})
    assert told(paper(bundle).sheets[0], "手術/處置") == ["上午，縫合"]
    assert "診斷屬實" not in page(bundle).words


@pytest.mark.parametrize(
    ("kind", "element", "label"),
    [
        ("Patient", "birthDate", "出生日期"),
        ("Patient", "gender", "性別"),
        ("Patient", "name", "姓名"),
        ("Condition", "recordedDate", "開立日期"),
        ("Condition", "note", "醫師囑言"),
        ("Condition", "code", "病名"),
        ("Condition", "identifier", "字號"),
        ("Encounter", "serviceType", "應診科別"),
        ("Encounter", "period", "應診日期"),
    ],
)
def test_what_is_missing_is_said_where_it_would_stand(kind: str, element: str, label: str) -> None:
    bundle = load()
    del resource(bundle, kind)[element]
    (sheet,) = sheets(bundle, "certificate")
    (box,) = (box for box in boxes(sheet) if box.label == label)
    index = [entry["resource"]["resourceType"] for entry in bundle["entry"]].index(kind)
    assert (box.lines, box.path) == ((), f"Bundle.entry[{index}].resource.{element}")
    assert "未載明" in page(bundle).words


def test_an_identity_is_named_by_its_kind() -> None:
    for system, code, label in (
        ("http://www.immigration.gov.tw", "PRC", "居留證號碼"),
        ("http://hl7.org/fhir/sid/passport-TWN", "PPN", "護照號碼"),
    ):
        bundle = load()
        number = resource(bundle, "Patient")["identifier"][0]
        number |= {"system": system, "type": {"coding": [{"code": code}]}, "value": "AB1234567"}
        assert told(sheets(bundle, "certificate")[0], label) == ["AB1234567"]


@pytest.mark.parametrize(
    ("names", "drawn"),
    [
        ([{"use": "usual", "text": "小嫻"}, {"use": "official", "text": "簡書嫻"}], "簡書嫻"),
        ([{"text": "別名"}, {"use": "usual", "text": "小嫻"}], "小嫻"),
        ([{"use": "official", "family": "Chien", "given": ["Shu", "Hsien"]}], "Chien Shu Hsien"),
        ([{"use": "official"}, {"use": "usual", "text": "小嫻"}], "小嫻"),
    ],
)
def test_which_name_and_that_the_others_are_not_lost(names: list[Json], drawn: str) -> None:
    bundle = load()
    resource(bundle, "Patient")["name"] = names
    assert told(sheets(bundle, "certificate")[0], "姓名") == [drawn]
    words = page(bundle).words
    assert all(name.get("text", "") in words for name in names)


def test_an_address_without_text_is_its_parts_as_they_stand() -> None:
    bundle = load()
    resource(bundle, "Patient")["address"] = [{"city": "晴川區", "district": "新北市", "line": ["安和路", "2樓"]}]
    assert told(sheets(bundle, "certificate")[0], "住址") == ["新北市 晴川區 安和路 2樓"]


def test_a_doctor_who_is_only_named() -> None:
    bundle = load()
    condition = resource(bundle, "Condition")
    condition["recorder"] = {"display": "祝思澄"}
    assert told(sheets(bundle, "certificate")[0], "診治（主治）醫師") == ["祝思澄"]
    condition["recorder"] = {"reference": "Practitioner/elsewhere"}
    # Then whoever took part in the visit, and nobody when none did.
    assert told(sheets(bundle, "certificate")[0], "診治（主治）醫師") == ["涂又寧"]
    del resource(bundle, "Encounter")["participant"]
    assert told(sheets(bundle, "certificate")[0], "診治（主治）醫師") == []
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"display": "葉之衡"}}
    condition["contained"], condition["asserter"] = [role], {"reference": "#r"}
    assert told(sheets(bundle, "certificate")[0], "診治（主治）醫師") == ["葉之衡"]


def test_nothing_is_guessed_when_several_could_be_meant() -> None:
    bundle = load()
    for kind in ("Patient", "Encounter"):
        other = copy.deepcopy(resource(bundle, kind)) | {"id": f"other-{kind}"}
        bundle["entry"].append({"fullUrl": f"urn:x:{kind}", "resource": other})
    composition, condition = resource(bundle, "Composition"), resource(bundle, "Condition")
    del composition["subject"], composition["encounter"], condition["subject"], condition["encounter"]
    resource(bundle, "Encounter")["diagnosis"] = []
    resource(bundle, "Encounter", 1)["diagnosis"] = []
    sheet = sheets(bundle, "certificate")[0]
    assert [told(sheet, label) for label in ("姓名", "病歷號碼", "應診科別", "應診日期")] == [[], [], [], []]
    composition["author"] = composition.pop("custodian") and []
    assert told(sheets(bundle, "certificate")[0], "院所名稱") == []


@pytest.mark.parametrize(
    ("period", "drawn"),
    [
        ({"start": "2025-03-11"}, "中華民國114年3月11日 起"),
        ({"end": "2025-03-11"}, "至 中華民國114年3月11日"),
        ({"start": "2025-03-11", "end": "2025-03-11"}, "中華民國114年3月11日"),
        (
            {"start": "2025-03-11T22:00:00+08:00", "end": "2025-03-12T01:00:00+08:00"},
            "中華民國114年3月11日 22:00 至 中華民國114年3月12日 01:00",
        ),
        (
            {"start": "2025-03-11T02:00:00Z", "end": "2025-03-11T18:00:00Z"},
            "中華民國114年3月11日 02:00 至 中華民國114年3月11日 18:00",
        ),
    ],
)
def test_periods(period: Json, drawn: str) -> None:
    bundle = load()
    resource(bundle, "Encounter")["period"] = period
    assert told(sheets(bundle, "certificate")[0], "應診日期") == [drawn]


def test_a_line_over_several_days_its_accident_and_its_insurer() -> None:
    bundle = load()
    claim = resource(bundle, "Claim")
    item = claim["item"][0]
    del item["servicedDate"]
    item["servicedPeriod"] = {"start": "2025-12-30", "end": "2026-01-02"}
    item["factor"] = 0.5
    claim["item"][1]["servicedPeriod"] = {"start": "2025-03-11", "end": "2025-03-12"}
    del claim["item"][1]["servicedDate"]
    claim["accident"] |= {"type": {"coding": [{"code": "MVA"}]}, "locationAddress": {"text": "學府路口"}}
    resource(bundle, "Coverage")["payor"] = [{"display": "乙丙產險"}]
    resource(bundle, "Coverage")["class"] = [{"value": "HS-02", "name": "住院日額"}]
    (sheet,) = sheets(bundle, "receipt")
    first, second, *_ = sheet.table.items
    assert (said(first.name), said(first.days)) == ("掛號費（REGISTRATION）×0.5", "114/12/30–115/01/02")
    assert first.wrong and said(second.days) == "114/03/11–03/12"
    assert told(sheet, "事故") == ["中華民國114年3月10日，車禍，學府路口"]
    assert told(sheet, "保險人及保單號碼") == ["乙丙產險，JY-77120，HS-02 住院日額"]


def test_who_attests_the_document() -> None:
    bundle = load()
    party = {"reference": bundle["entry"][2]["fullUrl"]}
    resource(bundle, "Composition")["attester"] = [{"mode": "legal", "time": "2025-03-11", "party": party}]
    about = {box.label: [said(line) for line in box.lines] for row in paper(bundle).about for box in row}
    assert about == {
        "文件標題": ["理賠用收據-診斷證明-檢驗紀錄"],
        "狀態": ["正式"],
        "文件類別": ["64291-8"],
        "案件編號": ["SL-1140311-0042"],
        "文件日期": ["中華民國114年3月11日 16:05"],
        "彙整時間": ["中華民國114年3月11日 16:05"],
        "作成者": ["松嶺醫院"],
        "保管者": ["松嶺醫院"],
        "簽核": ["松嶺醫院，legal，中華民國114年3月11日"],
        "章節": ["診斷證明書、醫療費用收據、明細、檢驗"],
    }


@pytest.mark.parametrize(
    ("change", "value", "range_"),
    [
        ({"valueString": "陰性"}, "陰性", ""),
        ({"valueCodeableConcept": {"text": "陽性"}}, "陽性", ""),
        ({"valueQuantity": {"comparator": "<", "value": 5, "code": "mg/L"}}, "<5 mg/L", ""),
        ({"valueDateTime": "2025-03-11"}, "中華民國114年3月11日", ""),
        ({"dataAbsentReason": {"text": "檢體不足"}}, "檢體不足", ""),
        ({"valueInteger": 3, "referenceRange": [{"high": {"value": 5}}]}, "3", "≤ 5"),
        ({"valueInteger": 3, "referenceRange": [{"low": {"value": 2}}, {"text": "空腹"}]}, "3", "≥ 2；空腹"),
    ],
)
def test_results_of_every_kind(change: Json, value: str, range_: str) -> None:
    bundle = load()
    result = resource(bundle, "Observation")
    del result["valueQuantity"]
    result |= change
    (row,) = paper(bundle).reports[0].results
    assert (said(row.value), said(row.range)) == (value, range_)


def test_points_and_money_are_never_added_up() -> None:
    bundle = load()
    for item in resource(bundle, "Claim")["item"]:
        item["modifier"] = []
    found = table(bundle)
    assert (found.points, found.copay, found.own) == (None, None, None)
    assert found.unstated and [said(item.unstated) for item in found.items] == ["NT$ 150", "284", "NT$ 860", "NT$ 100"]


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda claim: claim["total"].update(value=1111), "wrong"),
        (lambda claim: claim["total"].update(value=1394), "wrong"),  # as if the points were money
        (lambda claim: claim["item"][0]["net"].update(value=150.5), "wrong"),
        (lambda claim: claim["item"][1]["net"].update(value=9), "ok"),  # points are no part of the total
        (lambda claim: claim["total"].update(value=Decimal("1110.00")), "ok"),
        (lambda claim: claim.pop("total"), "unknown"),
        (lambda claim: claim["item"][0].pop("net"), "unknown"),
        (lambda claim: claim["item"][0]["net"].update(currency="USD"), "unknown"),
        (lambda claim: claim["total"].update(currency="USD"), "unknown"),
        (lambda claim: claim.pop("item"), "unknown"),
    ],
)
def test_the_lines_are_added_up(change: Any, verdict: str) -> None:
    bundle = load()
    claim = resource(bundle, "Claim")
    change(claim)
    for one in (claim.get("total", {}), *(item.get("net", {}) for item in claim.get("item", ()))):
        if isinstance(one.get("value"), Decimal):
            one["value"] = float(one["value"])
    assert table(bundle).verdict == verdict


def test_a_line_that_does_not_multiply_is_marked() -> None:
    bundle = load()
    resource(bundle, "Claim")["item"][2]["quantity"]["value"] = 3
    assert [item.wrong for item in table(bundle).items] == [False, False, True, False]
    assert "數量×單價與金額不符" in page(bundle).words


def test_details_of_a_line_stand_under_it_and_are_not_counted_again() -> None:
    bundle = load()
    inner = {"sequence": 1, "productOrService": {"text": "紗布"}, "net": {"value": 5, "currency": "TWD"}}
    detail = {"sequence": 1, "productOrService": {"text": "材料"}, "net": {"value": 860}, "subDetail": [inner]}
    resource(bundle, "Claim")["item"][2]["detail"] = [detail]
    found = table(bundle)
    assert [(item.depth, said(item.name)) for item in found.items][2:5] == [
        (0, "特殊材料費（METR）"),
        (1, "材料"),
        (2, "紗布"),
    ]
    assert (found.own, found.verdict) == ("1,110 元", "ok")


@pytest.mark.parametrize(
    ("status", "words", "mark"),
    [
        ("entered-in-error", "已標記為輸入錯誤", "作廢"),
        ("preliminary", "初步版本", "初步"),
        ("amended", "更正後版本", ""),
        ("final", "", ""),
        ("", "文件狀態未載明", ""),
    ],
)
def test_the_state_of_a_document_is_said_on_every_sheet(status: str, words: str, mark: str) -> None:
    bundle = load()
    resource(bundle, "Composition")["status"] = status
    drawn = paper(bundle)
    assert [(words in banner.text, banner.mark) for banner in drawn.banners] == ([(True, mark)] if words else [])
    if words:
        assert page(bundle).words.count(words) == len(drawn.sheets) + 1


def test_what_was_superseded_or_is_not_valid_says_so() -> None:
    wrong = problem("iclaim-required", "Bundle.entry[1].resource.birthDate", element="birthDate", label="", label_en="")
    told_of = Told(sha256="a" * 64, record="rec0", successor="rec1", problems=(wrong, problem("icd-9")))
    bundle = load()
    del resource(bundle, "Patient")["birthDate"]
    banners = paper(bundle, told_of).banners
    assert [banner.mark for banner in banners] == ["已被取代", "未通過驗證"]
    read = page(bundle, told_of)
    assert "紀錄 rec1" in read.words and "a" * 64 in read.words and "1 項錯誤、1 項提醒" in read.words
    assert wrong.text in read.words
    assert [banner.mark for banner in paper(bundle, Told(problems=(problem("icd-9"),))).banners] == [""]
    assert not paper(load(), Told(problems=())).banners


def test_a_faulty_value_is_marked_where_it_stands() -> None:
    from services.conversion.paper_page import html

    def classes(path: str, *problems: Any) -> bool:
        text = html(paper(load(), Told(problems=problems)))
        tag = text[text.rindex("<", 0, text.index(f'data-path="{path}"')) : text.index(f'data-path="{path}"') + 400]
        return 'class="fault"' in tag.partition(">")[0]

    net = "Bundle.entry[7].resource.item[3].net.value"
    assert classes(net, problem("receipt-line", "Bundle.entry[7].resource.item[3].net"))
    assert not classes(net, problem("receipt-line", "Bundle.entry[7].resource.item[2].net"))
    assert not classes(net, problem("coverage-member", "Bundle.entry[7].resource"))


def test_a_status_that_undoes_a_part_is_said_beside_it() -> None:
    bundle = load()
    resource(bundle, "Claim")["status"] = "cancelled"
    resource(bundle, "Encounter")["status"] = "entered-in-error"
    resource(bundle, "Condition")["verificationStatus"] = {"coding": [{"code": "refuted"}]}
    resource(bundle, "Observation")["status"] = "preliminary"
    certificate, receipt = paper(bundle).sheets
    assert "【已取消】" in said(receipt.remark)
    assert told(certificate, "就醫類別") == ["門診 【輸入錯誤，作廢】"]
    assert told(certificate, "病名") == ["1. 右踝扭傷（ICD-10-CM 2023 S93.401A） 【已排除】"]
    assert said(paper(bundle).reports[0].results[0].days) == "114/03/11 【初步】"


def test_a_signature_is_told_and_not_vouched_for() -> None:
    bundle = load()
    assert "未附電子簽章" in page(bundle).words
    signature = {"type": [{"code": "1.2.840.10065.1.12.1.1"}], "when": "2025-03-11T16:05:30+08:00", "data": "QUJD"}
    signature["who"] = {"reference": bundle["entry"][2]["fullUrl"]}
    for place in ("bundle", "provenance"):
        signed = load()
        if place == "bundle":
            signed["signature"] = signature
        else:
            provenance = {"resourceType": "Provenance", "id": "p", "signature": [signature]}
            signed["entry"].append({"fullUrl": "urn:x:p", "resource": provenance})
        words = page(signed).words
        assert "未附電子簽章" not in words and "附有電子簽章，本頁未驗證其真偽" in words
        assert "松嶺醫院，中華民國114年3月11日 16:05" in words


def test_laboratory_results_stand_under_their_report() -> None:
    bundle = load()
    result = resource(bundle, "Observation")
    result["referenceRange"] = [{"low": {"value": 4.0, "unit": "10*3/uL"}, "high": {"value": 10.0, "unit": "10*3/uL"}}]
    result["interpretation"] = [{"coding": [{"code": "H"}]}]
    pressure = {
        "resourceType": "Observation",
        "id": "bp",
        "status": "final",
        "code": {"text": "血壓"},
        "component": [{"code": {"text": "收縮壓"}, "valueQuantity": {"value": 110, "unit": "mmHg"}}],
    }
    bundle["entry"].append({"fullUrl": "urn:x:bp", "resource": pressure})
    first, others = paper(bundle).reports
    assert said(first.title) == "血液檢查（58410-2）"
    (row,) = first.results
    drawn = tuple(said(part) for part in (row.name, row.value, row.range, row.flag, row.days))
    assert drawn == ("白血球計數（6690-2）", "7.4 10*3/uL", "4.0 10*3/uL – 10.0 10*3/uL", "偏高", "114/03/11")
    assert not others.title
    assert [(said(row.name), said(row.value), row.part) for row in others.results] == [
        ("血壓", "", False),
        ("收縮壓", "110 mmHg", True),
    ]


@pytest.mark.parametrize(
    ("text", "printed", "note"),
    [
        ("2025-03-05", "中華民國114年3月5日", ""),
        ("2025-03", "中華民國114年3月", ""),
        ("2025", "中華民國114年", ""),
        ("1912-01-01", "中華民國1年1月1日", ""),
        ("1911-12-31", "民國前1年12月31日", ""),
        ("2025-03-05T09:30:00+08:00", "中華民國114年3月5日 09:30", ""),
        (
            "2023-08-07T17:00:14-05:00",
            "中華民國112年8月7日 17:00",
            "原文為 UTC-05:00，臺灣時間 中華民國112年8月8日 06:00",
        ),
        ("2025-02-03T02:00:00.125Z", "中華民國114年2月3日 02:00", "原文為 UTC，臺灣時間 中華民國114年2月3日 10:00"),
        ("9999-12-31T23:59:59Z", "中華民國8088年12月31日 23:59", "UTC"),
        ("2025-02-30", "2025-02-30", UNREADABLE),
        ("114-03-05", "114-03-05", UNREADABLE),
        ("2025-03-05T09:30:00", "2025-03-05T09:30:00", UNREADABLE),
        ("昨天", "昨天", UNREADABLE),
    ],
)
def test_dates_as_forms_print_them(text: str, printed: str, note: str) -> None:
    assert written(text) == (printed, note)


def test_dates_in_tables_are_short() -> None:
    assert [written(text, short=True)[0] for text in ("2025-03-05", "2009-12-01", "1911-05-02", "2025-03")] == [
        "114/03/05",
        "098/12/01",
        "民國前1/05/02",
        "114/03",
    ]


def test_the_edition_of_icd_is_named() -> None:
    base = "https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/"
    names = ("icd-10-cm-2023-tw", "icd-10-pcs-2014-tw", "icd-9-cm-2001-tw", "loinc")
    assert [classification(base + name) for name in names] == ["ICD-10-CM 2023", "ICD-10-PCS 2014", "ICD-9-CM 2001", ""]


def test_what_is_a_document() -> None:
    assert is_document(load())
    for value in (None, [], "Bundle", {}, {"resourceType": "Bundle", "type": "message"}, {"type": "document"}):
        assert not is_document(value)
