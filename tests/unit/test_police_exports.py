"""Police files of every kind as accident reports: the published CSVs whole, samples of the exports, and any bytes."""

import copy
import json
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.police import (
    accident_table,
    codebook,
    internal,
    open_data,
    open_report,
    own_json,
    party_table,
    sources,
    taichung,
    taipei,
)
from adapters.police.codebook import PARTY, SCENE, Coded, CodeSystem, Item
from adapters.police.open_accident import PARTIES_MAX
from adapters.police.report import Person, Source, Unknown
from schemas.json import load
from schemas.problems import Severity, errors
from services.validation.schema import structure

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests/data/police"
SHARED = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared/data")) / "police/npa-open-data"
OLD, NEW = CodeSystem.FORM_96, CodeSystem.FORM_112
VEHICLE = "當事者區分-類別-子類別名稱-車種"

# file, source, accidents, rows, unknown labels with their rows
FILES = [
    (OWN / "parties.csv", Source.OPEN_DATA, 4, 9, {(39, "未戴案全帽或未繫安全帶"): 1}),
    (OWN / "accidents_four_columns.csv", Source.OPEN_DATA, 2, 2, {}),
    (OWN / "taipei_112.csv", Source.TAIPEI, 3, 6, {(14, "77"): 1}),
    (OWN / "taichung_113.csv", Source.TAICHUNG, 4, 5, {(17, "6"): 1}),
    (OWN / "internal_109.csv", Source.INTERNAL, 2, 4, {(45, None): 1}),
]
if SHARED.is_dir():
    FILES += [
        (SHARED / "a1_2015_four_columns.csv", Source.OPEN_DATA, 1639, 1639, {}),
        (SHARED / "a1_2018.csv", Source.OPEN_DATA, 1457, 3675, {(36, "人/"): 1}),
        (
            SHARED / "a1_2023.csv",
            Source.OPEN_DATA,
            1753,
            4493,
            {(36, "大客車/營業用"): 15, (36, "小客車(含客、貨兩用)/營業用"): 1},
        ),
        (SHARED / "a1_2026.csv", Source.OPEN_DATA, 908, 2360, {(36, "大客車/營業用"): 14}),
        (
            SHARED / "a2_2026_part.csv",
            Source.OPEN_DATA,
            729,
            1681,
            {(36, "大客車/營業用"): 1, (36, "小客車(含客、貨兩用)/營業用"): 1},
        ),
    ]
FILE = pytest.mark.parametrize(
    ("path", "source", "accidents", "rows", "unknown"), FILES, ids=[file[0].name for file in FILES]
)

OPEN = pytest.mark.parametrize(
    ("path", "unknown"),
    [(path, unknown) for path, source, *_, unknown in FILES if source == Source.OPEN_DATA],
    ids=[path.name for path, source, *_ in FILES if source == Source.OPEN_DATA],
)


def sample(name: str) -> bytes:
    return (OWN / name).read_bytes()


def entries(data: bytes):
    return list(sources.read(data).entries)


def reports(name: str):
    return [entry.report for entry in entries(sample(name))]


def coded(report_codes) -> dict[str, tuple[str | None, str | None]]:
    return {item.value: (value.code, value.label) for item, value in report_codes.items()}


# ---- every file


@FILE
def test_a_file_is_read_whole(path, source, accidents, rows, unknown):
    file = sources.read(path.read_bytes())
    read = list(file.entries)
    assert (file.source, file.rows, file.problems) == (source, rows, ())
    assert sum(entry.report is not None for entry in read) == accidents
    assert Counter((one.column, one.label) for entry in read for one in entry.unknown) == unknown
    assert len({entry.report.identity for entry in read if entry.report}) == accidents
    assert [entry.lines[0] for entry in read] == sorted(entry.lines[0] for entry in read)


@FILE
def test_every_coded_value_keeps_its_system_and_what_was_written(path, source, accidents, rows, unknown):
    for entry in entries(path.read_bytes()):
        if entry.report is None:
            assert errors(entry.problems)
            continue
        systems = {value.system for value in entry.report.coded()}
        assert len(systems) <= 1
        strange = [value for value in entry.report.coded() if not value.known]
        assert len(strange) == len(entry.unknown)


def values(fields: tuple[str, ...]) -> Iterator[tuple[int, Item, str, str]]:
    """Every coded value of a line of open data: its column from 1, item, 大類 (empty where there is none), 子類."""
    if len(fields) == len(accident_table.HEADER):
        for vehicle in filter(None, fields[accident_table.VEHICLES].split(";")):
            minor, _, major = vehicle.rpartition("-")
            yield accident_table.VEHICLES + 1, Item.PARTY_TYPE, major, minor
        return
    for item, major, minor in (*open_report.SCENE, *open_report.PARTY):
        group = fields[major] if major is not None else ""
        if group or fields[minor]:
            yield minor + 1, item, group, fields[minor]


@OPEN
def test_labels_to_codes_and_back_is_the_identity(path, unknown):
    """Every value of every line, of the accident and of its parties, dummies too: by its code alone it is written as it was,
    but for full-width brackets. What has no code is what the file's unknown labels are."""
    found, without = 0, set()
    for told in open_data.read(path.read_bytes()).entries:
        system = CodeSystem.of_form(date.fromisoformat(told.accident.date))
        for raw in told.body.splitlines(keepends=True)[1:]:
            for column, item, major, minor in values(open_data.fields(raw)):
                written = f"{major}/{minor}" if major else minor
                code = codebook.of_label(item, system, minor, major).code
                if code is None:
                    without.add((column, written))
                    continue
                found += 1
                back = {unicodedata.normalize("NFKC", one) for one in codebook.wordings(item, system, code)}
                assert unicodedata.normalize("NFKC", written) in back, (item, system, written, code)
    assert found and without == set(unknown)


@OPEN
def test_a_report_keeps_every_label_as_it_was_written(path, unknown):
    for told, entry in zip(
        open_data.read(path.read_bytes()).entries, open_report.read(path.read_bytes()).entries, strict=True
    ):
        lines = [open_data.fields(raw) for raw in told.body.splitlines(keepends=True)[1:]]
        own = [
            [(item, f"{major}/{minor}" if major else minor) for _, item, major, minor in values(one)] for one in lines
        ]
        scene = sorted((item, value.label) for item, value in entry.report.codes.items())
        parties = [sorted((item, value.label) for item, value in one.codes.items()) for one in entry.report.parties]
        if len(lines[0]) == len(accident_table.HEADER):
            assert [(label,) for label in own[0]] == [tuple(party) for party in parties] and not scene
            continue
        assert sorted(parties) == sorted(sorted(label for label in one if label[0] in PARTY) for one in own)
        assert all(scene == sorted(label for label in one if label[0] in SCENE) for one in own)


@OPEN
def test_a_report_agrees_with_the_reading_that_decides(path, unknown):
    for told, entry in zip(open_data.read(path.read_bytes()).entries, entries(path.read_bytes()), strict=True):
        own, seen = entry.report, told.accident
        assert (own.date, own.time, own.place, own.severity, own.deaths, own.injuries) == (
            seen.date,
            seen.time,
            seen.place,
            seen.severity,
            seen.deaths,
            seen.injuries,
        )
        assert [(party.order, party.kind, party.age) for party in own.parties] == [
            (party.order, party.kind, party.age) for party in seen.parties
        ]
        vehicles = [party.codes.get(Item.PARTY_TYPE) for party in own.parties]
        assert [bool(vehicle) for vehicle in vehicles] == [party.vehicle != "/" for party in seen.parties]


def test_the_dummy_party_is_coded_with_what_is_told_of_it():
    coast = reports("parties.csv")[1]
    assert [(party.order, party.kind) for party in coast.parties] == [(1, "motorcycle"), (2, None)]
    assert coded(coast.parties[1].codes) == {"sex": ("3", "無或物(動物、堆置物)"), "hitAndRun": ("1", "否")}


# Column (of a pair its 大類, then its 子類), label, item, code: no two columns alike, so that none stands for another.
WHOLE_SCENE = [
    ("天候名稱", "雨", "weather", "6"),
    ("光線名稱", "無照明", "lighting", "7"),
    ("道路類別-第1當事者-名稱", "縣道", "roadType", "3"),
    ("道路型態大類別名稱 道路型態子類別名稱", "單路部分/隧道", "roadForm", "06"),
    ("事故位置大類別名稱 事故位置子類別名稱", "交流道/減速車道", "position", "15"),
    ("路面狀況-路面鋪裝名稱", "碎石", "pavement", "3"),
    ("路面狀況-路面狀態名稱", "油滑", "surfaceState", "2"),
    ("路面狀況-路面缺陷名稱", "路面鬆軟", "surfaceDefect", "1"),
    ("道路障礙-障礙物名稱", "有堆積物", "obstacle", "2"),
    ("道路障礙-視距品質名稱 道路障礙-視距名稱", "有遮蔽物/建築物", "sight", "8"),
    ("號誌-號誌種類名稱", "閃光號誌", "signalType", "3"),
    ("號誌-號誌動作名稱", "不正常", "signalAction", "2"),
    ("車道劃分設施-分向設施大類別名稱 車道劃分設施-分向設施子類別名稱", "行車分向線/附標記", "median", "08"),
    ("車道劃分設施-分道設施-快車道或一般車道間名稱", "車道線(附標記)", "laneLine", "3"),
    ("車道劃分設施-分道設施-快慢車道間名稱", "快慢車道分隔線", "fastSlowLine", "4"),
    ("車道劃分設施-分道設施-路面邊線名稱", "有", "edgeLine", "1"),
    ("事故類型及型態大類別名稱 事故類型及型態子類別名稱", "車與車/對撞", "accidentType", "10"),
    ("肇因研判大類別名稱-主要 肇因研判子類別名稱-主要", "駕駛者/逆向行駛", "mainCause", "04"),
]
WHOLE_PARTY = [
    ("當事者區分-類別-大類別名稱-車種 當事者區分-類別-子類別名稱-車種", "特種車/消防車", "partyType", "E02"),
    ("當事者屬-性-別名稱", "女", "sex", "2"),
    ("保護裝備名稱", "繫安全帶(使用幼童安全椅)", "protection", "7"),
    ("行動電話或電腦或其他相類功能裝置名稱", "使用免持或未有礙駕駛安全", "device", "3"),
    ("當事者行動狀態大類別名稱 當事者行動狀態子類別名稱", "車的狀態/倒車", "action", "02"),
    ("車輛撞擊部位大類別名稱-最初 車輛撞擊部位子類別名稱-最初", "汽車/車頂", "firstImpact", "09"),
    ("車輛撞擊部位大類別名稱-其他 車輛撞擊部位子類別名稱-其他", "其他/無撞擊", "otherImpact", "17"),
    ("肇因研判大類別名稱-個別 肇因研判子類別名稱-個別", "機件/車輛零件脫落", "cause", "49"),
    ("肇事逃逸類別名稱-是否肇逃", "是", "hitAndRun", "2"),
]


def test_every_column_of_the_open_data_is_its_item():
    values = dict(
        zip(party_table.HEADER, sample("parties.csv").decode("utf-8").splitlines()[1].split(","), strict=True)
    )
    values |= {"發生日期": "20240105"}
    for columns, label, _, _ in (*WHOLE_SCENE, *WHOLE_PARTY):
        values |= dict(zip(columns.split(), label.split("/"), strict=True))
    (entry,) = entries(f"{','.join(party_table.HEADER)}\n{','.join(values.values())}\n".encode())
    assert entry.unknown == ()
    assert coded(entry.report.codes) == {item: (code, label) for _, label, item, code in WHOLE_SCENE}
    assert coded(entry.report.parties[0].codes) == {item: (code, label) for _, label, item, code in WHOLE_PARTY}


def test_an_unknown_label_is_named_at_its_place():
    first = entries(sample("parties.csv"))[0]
    assert first.unknown == (Unknown(2, 39, "保護裝備名稱", "未戴案全帽或未繫安全帶"),)
    assert first.report.parties[1].codes[Item.PROTECTION] == Coded(OLD, None, "未戴案全帽或未繫安全帶")


@pytest.mark.parametrize("text", ["A123456789", "王小明0912345678", "ABC-1234", "很" * 90, "林景和 AB12"])
def test_a_text_that_could_be_a_persons_is_not_repeated(text):
    lines = sample("parties.csv").splitlines(keepends=True)
    fields = lines[1].decode().split(",")
    fields[party_table.WEATHER] = text
    (one,) = [
        one for one in entries(lines[0] + ",".join(fields).encode())[0].unknown if one.column == party_table.WEATHER + 1
    ]
    assert one.label is None


# ---- Taipei


def test_taipei_has_the_form_of_the_day():
    new, old, later = reports("taipei_112.csv")
    assert {value.system for value in new.coded()} == {NEW} and {value.system for value in old.coded()} == {OLD}
    assert (new.date, new.time, new.place) == ("2023-07-01", "08:15:00", "松嶺區和風路2段與松濤街口")
    assert (new.severity, new.deaths, new.deaths_later, new.injuries, new.speed_limit) == ("A2", 0, 0, 1, 50)
    assert (new.longitude, new.latitude, new.case_number, new.whole) == (121.5431, 25.0331, None, True)
    assert new.codes[Item.ROAD_FORM] == Coded(NEW, "04", "交岔路/四岔路")
    assert new.codes[Item.LIGHTING] == Coded(NEW, "5", "有照明且開啟")
    assert old.codes[Item.LIGHTING] == Coded(OLD, "3", "夜間(或隧道、地下道、涵洞)有照明")
    assert old.codes[Item.SURFACE_DEFECT] == Coded(OLD, "2", "突出(高低)不平")
    assert old.codes[Item.ACCIDENT_TYPE] == Coded(OLD, "26", "汽(機)車本身/撞路樹、電桿")
    assert Item.MAIN_CAUSE not in new.codes  # blank throughout
    assert (later.severity, later.deaths, later.deaths_later) == ("A2", 0, 1)
    assert (later.longitude, later.latitude) == (121.545, 25.035)  # put right
    assert later.codes[Item.WEATHER] == Coded(NEW, "77", None)


def test_taipeis_parties_are_together_wherever_their_lines_stand():
    first, second, _ = entries(sample("taipei_112.csv"))
    assert (first.lines, second.lines) == ((2, 4), (3, 6))
    new, old = first.report, second.report
    assert [(party.order, party.kind, party.age) for party in new.parties] == [(1, "car", 52), (2, "motorcycle", 24)]
    assert [(party.order, party.kind, party.age) for party in old.parties] == [
        (1, "motorcycle", 31),
        (2, "passenger", None),  # 112: the ROC year
        (3, None, None),
    ]
    assert new.parties[0].codes[Item.CAUSE] == Coded(NEW, "71", "駕駛者/有號誌路口，轉彎車未讓直行車先行")
    assert old.parties[0].codes[Item.CAUSE] == Coded(OLD, "23", "駕駛人/未注意車前狀態")
    assert old.parties[0].codes[Item.TRIP_PURPOSE] == Coded(OLD, "1", "上、下班")
    assert new.parties[1].codes[Item.OTHER_IMPACT] == Coded(NEW, "12", "機車與自行車/右側車身")
    assert old.parties[0].codes[Item.FIRST_IMPACT] == Coded(OLD, "11", "機車/前車頭")


def test_taipeis_columns_go_by_their_names_with_or_without_item_numbers():
    numbered = sample("taipei_112.csv").decode("cp950")
    for plain, other in (
        ("天候", "4天候"),
        ("光線", "道路照明設備"),
        ("保護裝置", "安全帽"),
        ("路面狀況1", "10路面狀況1"),
    ):
        numbered = numbered.replace(f",{plain},", f",{other},", 1)
    again = [entry.report for entry in entries(numbered.encode())]  # and in UTF-8
    assert again == reports("taipei_112.csv")


TAIPEI_SCENE = (
    "weather 8 lighting 3 roadType 5 roadForm 14 position 09 pavement 1 surfaceState 5 surfaceDefect 2 obstacle 5 sight 7 "
    "signalType 4 signalAction 4 median 10 laneLine 5 fastSlowLine 5 edgeLine 1 accidentType 26"
)
TAIPEI_PARTY = (
    "sex 1 injuryLevel 1 injurySite 01 protection 1 device 1 partyType C03 vehicleUse 7 action 09 licenceState 1 "
    "licenceClass 10 alcohol 3 firstImpact 11 cause 23 hitAndRun 1 occupation 09 tripPurpose 1"
)
TAICHUNG_SCENE = (
    "weather 7 roadType 6 roadForm 04 position 01 pavement 1 surfaceState 5 surfaceDefect 4 signalType 1 signalAction 1 "
    "median 05 laneLine 4 fastSlowLine 5 edgeLine 1 accidentType 15 mainCause 21"
)
TAICHUNG_PARTY = (
    "injuryLevel 3 injurySite 10 protection 3 partyType B03 vehicleUse 7 action 09 alcohol 1 firstImpact 01 cause 21 "
    "hitAndRun 1"
)
INTERNAL_PARTY = (
    "sex 2 injuryLevel 2 injurySite 07 protection 1 device 1 partyType C03 vehicleUse 7 action 09 licenceState 1 "
    "licenceClass 10 alcohol 1 firstImpact 12 cause 44 hitAndRun 1 occupation 05 tripPurpose 1"
)


@pytest.mark.parametrize(
    ("name", "accident", "party", "scene", "own"),
    [
        ("taipei_112.csv", 1, 0, TAIPEI_SCENE, TAIPEI_PARTY),
        ("taichung_113.csv", 0, 0, TAICHUNG_SCENE, TAICHUNG_PARTY),
        ("internal_109.csv", 0, 1, None, INTERNAL_PARTY),
    ],
)
def test_every_column_of_an_export_is_its_item(name, accident, party, scene, own):
    def codes(values):
        return " ".join(f"{item} {value.code}" for item, value in values.items())

    report = reports(name)[accident]
    assert scene is None or codes(report.codes) == scene
    assert codes(report.parties[party].codes) == own


# ---- Taichung


def test_taichung_is_renumbered():
    crossing, walker, damage, settled = reports("taichung_113.csv")[:4]
    assert {value.system for report in (crossing, walker, damage) for value in report.coded()} == {CodeSystem.TAICHUNG}
    assert (crossing.date, crossing.time, crossing.place) == ("2024-03-04", "17:30:00", "雲澤市中央區")
    assert (crossing.unit, crossing.whole, crossing.deaths_later) == ("387130000C", False, 0)
    assert [one.severity for one in (crossing, walker, damage, settled)] == ["A1", "A2", "A3", "A4"]
    assert crossing.codes[Item.WEATHER].label == "晴" and walker.codes[Item.WEATHER].label == "雨"
    assert crossing.codes[Item.MAIN_CAUSE] == Coded(CodeSystem.TAICHUNG, "21", "駕駛者/闖紅燈直行")
    assert crossing.parties[0].codes[Item.PROTECTION].label == "有繫安全帶(使用幼童安全椅)"
    assert walker.parties[0].codes[Item.FIRST_IMPACT].label == "其他/非汽、機及自行車"
    assert damage.parties[0].codes[Item.FIRST_IMPACT].label == "其他/無撞擊"
    assert damage.parties[0].codes[Item.CAUSE].label == "無（車輛駕駛者因素）/尚未發現肇事因素"
    assert crossing.codes[Item.ROAD_TYPE] == Coded(CodeSystem.TAICHUNG, "6", None)
    assert [[party.kind for party in one.parties] for one in (crossing, walker, damage, settled)] == [
        ["car"],
        ["pedestrian"],
        ["truck"],
        ["motorcycle"],
    ]
    assert settled.codes == {}


def test_an_accident_that_nothing_places_is_refused():
    (last,) = [entry for entry in entries(sample("taichung_113.csv")) if entry.report is None]
    assert [(one.code, one.line, one.column) for one in last.problems] == [("export-place-missing", 6, 12)]


def test_a_line_twice_is_one_accident_and_another_under_its_name_is_refused():
    header, line, *_ = lines_of("taichung_113.csv", "utf-8-sig")
    (again,) = entries("\n".join([header, line, line]).encode())
    assert len(again.report.parties) == 1 and again.problems == ()
    (other,) = entries("\n".join([header, line, line.replace("B03", "C03")]).encode())
    assert other.report is None and [(one.code, one.line) for one in other.problems] == [("csv-accident-twice", 3)]


def test_taichungs_older_layout_keeps_codes_that_nobody_explained():
    header, line = sample("taichung_113.csv").decode("utf-8-sig").splitlines()[:2]
    fields = line.split(",")
    fields[5:8] = ["112", "6", "30"]
    more = ",光線,速限,行動電話,駕駛資格情形,駕駛執照種類,旅次目的,車種"
    older = f"{header}{more}\n{','.join(fields)},1,60,1,1,4,1,B03\n"
    (entry,) = entries(older.encode())
    assert {value.system for value in entry.report.coded()} == {CodeSystem.TAICHUNG_OLD}
    assert not any(value.known for value in entry.report.coded())
    assert entry.report.speed_limit == 60 and entry.report.parties[0].codes[Item.PARTY_TYPE].code == "B03"
    assert len(entry.unknown) == len(list(entry.report.coded()))


# ---- a unit's own export


def test_an_internal_export_has_case_numbers_plates_and_persons():
    crossing, settled = reports("internal_109.csv")
    assert (crossing.case_number, crossing.date, crossing.time) == ("A109010501", "2020-01-05", "08:10:00")
    assert {value.system for value in crossing.coded()} == {OLD}
    assert [(party.plate, party.person) for party in crossing.parties] == [
        ("TDF-5021", Person("A123456789", "林景和")),
        ("MNP-5678", Person("B223456782", "陳以恩")),
    ]
    assert crossing.codes[Item.MAIN_CAUSE] == Coded(OLD, "25", "駕駛人/違反號誌管制或指揮")
    assert crossing.parties[0].codes[Item.FIRST_IMPACT] == Coded(OLD, "01", "汽車/前車頭")  # written 01`
    assert crossing.parties[0].codes[Item.OTHER_IMPACT] == Coded(OLD, None, "右右")
    assert (settled.severity, settled.place, settled.longitude) == ("A4", "雲澤區曜谷路3號", None)
    assert settled.codes.keys() & {Item.WEATHER, Item.ACCIDENT_TYPE} == set()  # 00 and blank


def test_personal_data_is_in_no_representation():
    for report in reports("internal_109.csv"):
        assert "A123456789" not in repr(report) and "林景和" not in repr(report)


def test_half_a_person_is_told_of_and_names_nobody():
    whole, *rest = entries(sample("internal_109.csv"))
    half, *others = entries(sample("internal_109.csv").replace("林景和".encode(), b""))
    people = [party.person for party in whole.report.parties if party.person]
    left = [party.person for party in half.report.parties if party.person]
    assert len(left) == len(people) - 1 and [one.report for one in others] == [one.report for one in rest]
    (told,) = [one for one in half.problems if one not in whole.problems]
    assert (told.code, told.severity, told.line in half.lines) == ("csv-person-half", "warning", True)
    assert "A123456789" not in told.model_dump_json()


def test_lines_without_a_case_number_are_not_one_accident():
    lines = sample("internal_109.csv").splitlines(keepends=True)
    nameless = [line.replace(b"A109010501", b"").replace(b"A109010502", b"") for line in lines[1:3]]
    read = entries(b"".join([lines[0], *nameless, lines[3]]))
    assert [(entry.lines, entry.report is None) for entry in read] == [((2, 2), True), ((3, 3), True), ((4, 4), False)]
    assert [(one.code, one.line, one.column) for one in read[0].problems] == [("csv-value", 2, 1)]


def test_what_is_no_code_is_kept_and_not_repeated():
    crossing = entries(sample("internal_109.csv"))[0]
    assert crossing.unknown == (Unknown(2, 45, "33_2其他車損", None),)


# ---- bad lines


def lines_of(name: str, encoding: str) -> list[str]:
    return sample(name).decode(encoding).splitlines()


FAULTS = [
    ("發生月", "13", "csv-value", True),
    ("發生日", "32", "csv-value", True),
    ("發生分", "noon", "csv-value", True),
    ("發生年度", "", "csv-value", True),
    ("處理別-編號", "5", "csv-value", True),
    ("當事人序號", "0", "csv-value", True),
    ("死亡人數", "many", "csv-value", True),
    ("年齡", "forty", "csv-value-ignored", False),
    ("速限-速度限制", "fast", "csv-value-ignored", False),
    ("座標-X", "east", "csv-value-ignored", False),
    ("座標-X", "111.0", "accident-coordinates-outside", False),
]


@pytest.mark.parametrize(("column", "value", "code", "refused"), FAULTS)
def test_a_bad_value_is_named_by_line_and_column_and_the_rest_goes_on(column, value, code, refused):
    header, first, old, *_ = lines_of("taipei_112.csv", "cp950")
    at = header.split(",").index(column)
    fields = first.split(",")
    fields[at] = value
    bad, good = entries("\r\n".join([header, ",".join(fields), old]).encode("cp950"))
    (found,) = bad.problems
    assert (found.code, found.line) == (code, 2) and (
        found.column == at + 1 or column == "發生月" or column == "發生分"
    )
    assert (bad.report is None) == refused and good.report is not None
    assert value not in found.model_dump_json() or not value


def test_a_moment_in_one_column_is_named_there():
    lines = sample("internal_109.csv").replace(b"2020-01-06 21:45", b"2020-02-30 21:45").splitlines(keepends=True)
    (bad,) = entries(lines[0] + lines[2])
    assert [(one.code, one.line, one.column) for one in bad.problems] == [("csv-value", 2, 2)]


def test_the_thirtieth_of_february_is_a_wrong_day():
    data = sample("taipei_112.csv").replace(b"113,2,29,", b"113,2,30,")
    assert [(one.code, one.column) for one in entries(data)[2].problems] == [("csv-value", 3)]


def test_lines_that_differ_in_the_toll_are_a_warning():
    header, first, _, second, *_ = lines_of("taipei_112.csv", "cp950")
    fields = second.split(",")
    fields[10] = "3"
    (entry,) = entries("\n".join([header, first, ",".join(fields)]).encode())
    assert [(one.code, one.line, one.column, one.severity) for one in entry.problems] == [
        ("csv-rows-differ", 3, 11, Severity.WARNING)
    ]
    assert entry.report.injuries == 1


@pytest.mark.parametrize("number", [2, 4])
@pytest.mark.parametrize(
    ("column", "value"), [("座標-X", "0"), ("座標-X", "999"), ("座標-Y", "0"), ("座標-Y", ""), ("肇事地點", "")]
)
def test_a_line_whose_place_or_coordinates_are_none_splits_no_accident(column, value, number):
    lines = lines_of("taipei_112.csv", "cp950")
    fields, at = lines[number - 1].split(","), lines[0].split(",").index(column)
    fields[at] = value
    lines[number - 1] = ",".join(fields)
    read = entries("\r\n".join(lines).encode("cp950"))
    assert [entry.report is None for entry in read if entry.lines[0] in (2, 4)] == [True, True]
    assert all(
        ("csv-value", number, at + 1) in [(one.code, one.line, one.column) for one in entry.problems]
        for entry in read
        if entry.lines[0] in (2, 4)
    )
    assert [entry.report is None for entry in read if entry.lines[0] not in (2, 4)] == [False, False]


@pytest.mark.parametrize("number", [2, 4])
@pytest.mark.parametrize("name", ["taipei_112.csv", "internal_109.csv"])
def test_a_stray_quotation_mark_hides_no_party(name, number):
    """Its accident is refused, or held for it, or whole."""
    encoding = "cp950" if name == "taipei_112.csv" else "utf-8-sig"
    lines = lines_of(name, encoding)[:5]
    whole = entries("\r\n".join(lines).encode(encoding))[0].report
    for column, text in enumerate(lines[number - 1].split(",")):
        for odd in (f'"{text}', f'{text}"', f'{text[:1]}"{text[1:]}'):
            fields = lines[number - 1].split(",")
            fields[column] = odd
            spoilt = [*lines[: number - 1], ",".join(fields), *lines[number:]]
            read = entries("\r\n".join(spoilt).encode(encoding))
            if not any(entry.stray is not None for entry in read):
                for report in (entry.report for entry in read if entry.lines[0] in (2, 4) and entry.report):
                    assert (len(report.parties), report.case_number) == (len(whole.parties), whole.case_number), odd


INTERNAL_REPEATED = [
    ("發生時間", "2020-13-45 00:00:00", "csv-value", True),
    ("發生時間", "", "csv-value", True),
    ("發生時間", "2020-01-05 09:10:00.000", "csv-rows-differ", False),
    ("發生時間", "2020-01-05 08:10", None, False),
    ("肇事地點", "雲澤區曜谷路3號", "csv-rows-differ", False),
    ("肇事地點", "雲澤區松濤街 ／雲澤區里山街", None, False),
    ("區序", "04曜谷區", "csv-rows-differ", False),
    ("受傷人數", "2", "csv-rows-differ", False),
]


@pytest.mark.parametrize(("column", "value", "code", "refused"), INTERNAL_REPEATED)
def test_every_line_of_a_case_says_when_and_where(column, value, code, refused):
    """The first line counts where they differ; a time that is none refuses the accident."""
    lines = lines_of("internal_109.csv", "utf-8-sig")
    at = lines[0].split(",").index(column)
    fields = lines[3].split(",")
    fields[at] = value
    whole = entries(sample("internal_109.csv"))
    first, other = entries("\n".join([*lines[:3], ",".join(fields), lines[4]]).encode())
    new = [(one.code, one.line, one.column) for one in first.problems if one not in whole[0].problems]
    assert new == ([(code, 4, at + 1)] if code else [])
    assert (first.report is None) == refused and (refused or first.report == whole[0].report)
    assert other.report == whole[1].report


@pytest.mark.parametrize("spoil", [lambda raw: raw + b",", lambda raw: raw.replace(b"121.5431", b"\xff\xff")])
def test_a_broken_line_refuses_its_accident_and_no_other(spoil):
    lines = sample("taipei_112.csv").splitlines()
    lines[3] = spoil(lines[3])
    first, *others = entries(b"\r\n".join(lines))
    assert first.report is None and first.lines == (2, 2)
    assert [(one.code, one.line) for one in first.problems][0][1] == 4
    assert [other.report is not None for other in others] == [True, True]


def test_a_broken_line_that_names_no_accident_stands_alone():
    lines = [*sample("taipei_112.csv").splitlines(), b"only,three,fields"]
    lines.insert(1, b"1,2")
    read = entries(b"\r\n".join(lines))
    assert [(entry.lines, entry.report is None) for entry in read] == [
        ((2, 2), True),
        ((3, 5), False),
        ((4, 7), False),
        ((8, 8), False),
        ((9, 9), True),
    ]


def test_an_accident_without_end_is_refused():
    header, first, old, *_ = lines_of("taipei_112.csv", "cp950")
    endless, good = entries("\n".join([header, *[first] * (PARTIES_MAX + 1), old]).encode())
    assert endless.report is None and [one.code for one in endless.problems] == ["csv-too-many-parties"]
    assert good.report is not None


@pytest.mark.parametrize("data", [b"", b"\n", b"a,b\n1,2\n", b"\xff\xfe\x00", b"x" * 100_000])
def test_another_header_is_one_clear_problem(data):
    file = sources.read(data)
    assert file.source is None and list(file.entries) == []
    assert [(one.code, one.line) for one in file.problems] == [("police-file-unknown", 1)]


# ---- our own JSON


def own(name: str) -> list[dict]:
    return [
        own_json.body(entry.report, identifier=f"x-{number}", version=20240101, unit=("387130000C", "雲澤市警察局"))
        for number, entry in enumerate(entries(sample(name)))
        if entry.report
    ]


@pytest.mark.parametrize("name", ["taipei_112.csv", "taichung_113.csv", "internal_109.csv"])
def test_an_export_becomes_the_json_that_the_door_takes_and_loses_no_code(name):
    told = [report for report in reports(name) if report]
    for report, value in zip(told, own(name), strict=True):
        assert structure("accident", value)[1] == []
        back = own_json.report(json.loads(json.dumps(value)))
        assert (back.date, back.time, back.place, back.severity) == (
            report.date,
            report.time,
            report.place,
            report.severity,
        )
        assert (back.deaths, back.deaths_later, back.injuries) == (report.deaths, report.deaths_later, report.injuries)
        assert (back.longitude, back.latitude, back.speed_limit) == (
            report.longitude,
            report.latitude,
            report.speed_limit,
        )
        assert back.case_number == report.case_number and back.source == Source.JSON
        assert back.codes == {item: value for item, value in report.codes.items() if value.code}
        parties = [party for party in report.parties if party.kind]
        assert [(one.order, one.kind, one.age, one.plate, one.person) for one in back.parties] == [
            (one.order, one.kind, one.age, one.plate, one.person) for one in parties
        ]
        assert [one.codes for one in back.parties] == [
            {item: value for item, value in one.codes.items() if value.code} for one in parties
        ]


def test_the_json_says_whose_codes_it_has_and_who_was_hurt():
    new, old, later = own("taipei_112.csv")
    assert (new["codeSystem"], old["codeSystem"]) == ("npa-112.07.01", "npa-96.09.09")
    assert own("taichung_113.csv")[0]["codeSystem"] == "taichung-112"
    assert [(party["role"], party["injury"]) for party in old["parties"]] == [
        ("driver", "death"),
        ("passenger", "injured"),
    ]
    assert (later["deaths"], later["deathsLater"], later["parties"][0]["injury"]) == (1, 1, "death")
    assert "caseNumber" not in new and own("internal_109.csv")[0]["caseNumber"] == "A109010501"
    assert "codeSystem" not in own("internal_109.csv")[1] or own("internal_109.csv")[1]["codeSystem"] == "npa-96.09.09"


def test_parties_with_one_order_are_numbered_anew():
    header, first, *_ = lines_of("taipei_112.csv", "cp950")
    (entry,) = entries("\n".join([header, first, first]).encode())
    value = own_json.body(entry.report, identifier="x", version=1, unit=("u", "n"))
    assert [party["order"] for party in value["parties"]] == [1, 2]


def test_the_schemas_example_is_a_report():
    report = own_json.report(load("accident")["examples"][0])
    assert (report.date, report.time, report.case_number) == ("2025-09-03", "08:15:00", "A114090342")
    assert report.codes[Item.WEATHER] == Coded(NEW, "8", "晴")
    assert report.parties[0].codes[Item.CAUSE].label == "駕駛者/有號誌路口，轉彎車未讓直行車先行"
    assert report.parties[1].person == Person("B223456782", "陳以恩")


def test_without_a_code_system_a_code_is_kept_as_it_is():
    value = copy.deepcopy(load("accident")["examples"][0])
    for name in ("codeSystem", "weather", "roadType", "accidentType"):
        del value[name]
    report = own_json.report(value)
    assert report.parties[0].codes == {Item.CAUSE: Coded(None, "71", None)} and report.codes == {}


@pytest.mark.parametrize(
    ("longitude", "latitude", "expected"),
    [(24.1, 120.6, (120.6, 24.1)), (111, 11, (None, None)), (10**400, 1, (None, None))],
)
def test_coordinates_of_json_are_put_right_or_left_out(longitude, latitude, expected):
    value = copy.deepcopy(load("accident")["examples"][0])
    value["place"].update(longitude=longitude, latitude=latitude)
    report = own_json.report(value)
    assert (report.longitude, report.latitude) == expected


# ---- any bytes

SAMPLES = st.sampled_from(["parties.csv", "accidents_four_columns.csv", "taipei_112.csv", "taichung_113.csv"])


@given(st.binary(max_size=300))
def test_any_bytes_are_read(data):
    for read in (sources.read, taipei.read, taichung.read, internal.read):
        file = read(data)
        assert file is None or list(file.entries) is not None


@settings(max_examples=200)
@given(
    st.integers(0, 8000), st.binary(min_size=1, max_size=6), SAMPLES | st.just("internal_109.csv"), st.integers(0, 400)
)
def test_any_damage_is_named_or_harmless(at, damage, name, cut):
    data = sample(name)
    at %= len(data)
    file = sources.read(data[:at] + damage + data[at + cut :])
    for entry in file.entries:
        assert (entry.report is None) == errors(entry.problems)
        if entry.report and file.source != Source.OPEN_DATA:
            own_json.body(entry.report, identifier="x", version=1, unit=("u", "n"))


@given(st.lists(st.text(max_size=8), min_size=1, max_size=60))
def test_any_fields_under_a_known_header_are_read(fields):
    header = lines_of("taipei_112.csv", "cp950")[0]
    text = ",".join(field.replace(",", "").replace("\n", "").replace("\r", "") for field in fields)
    list(sources.read(f"{header}\n{text}{',' * (50 - len(fields))}\n".encode("utf-8", "replace")).entries)
