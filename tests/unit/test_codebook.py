"""The code tables: as the forms have them, labels to codes and back over everything published, and the crosswalks."""

import json
import os
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.police import codebook, open_report, party_table
from adapters.police.codebook import PARTY, SCENE, Coded, CodeSystem, Item, Match, Relation

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared/data")) / "police"
OLD, NEW, TAICHUNG = CodeSystem.FORM_96, CodeSystem.FORM_112, CodeSystem.TAICHUNG
FORMS = (OLD, NEW)
SYSTEMS = (*FORMS, TAICHUNG)
TABLES = [item for item in Item if item not in (Item.MAIN_CAUSE, Item.OTHER_IMPACT)]  # one item of each table

# Labels of the published files that no form has: kept, without code.
NO_CODE = {(Item.POSITION, "休息站或服務區"), (Item.PARTY_TYPE, "大客車/營業用"), (Item.PARTY_TYPE, "人/")} | {
    (Item.PARTY_TYPE, "小客車(含客、貨兩用)/營業用")
}
# Wordings of the same code that gave way to another within the years of one form; the written label is kept with each.
FORMER = {
    (OLD, Item.CAUSE, "17"): ["其他/未保持行車安全間隔"],
    (OLD, Item.PROTECTION, "4"): ["其他(行人、慢車駕駛人)"],
    (OLD, Item.DEVICE, "5"): ["非汽(機)車駕駛人"],
    (OLD, Item.PARTY_TYPE, "F03"): ["慢車/電動自行車"],
    (NEW, Item.ROAD_FORM, "22"): ["圓環廣場/其他"],
    (NEW, Item.ACTION, "21"): ["人的狀態/不明"],
    (NEW, Item.PARTY_TYPE, "A06"): ["大客車/自用"],
    (NEW, Item.PARTY_TYPE, "B11"): ["小貨車(含客、貨兩用)/營業用"],
    (NEW, Item.PARTY_TYPE, "B12"): ["小貨車(含客、貨兩用)/自用"],
    (NEW, Item.PARTY_TYPE, "B13"): ["小貨車(含客、貨兩用)/租賃小貨車", "小客車(含客、貨兩用)/租賃小貨車"],
    (NEW, Item.CAUSE, "119"): ["肇事逃逸未查獲，無法查明肇因"],
    (NEW, Item.CAUSE, "66"): ["無(非車輛駕駛人因素)/動物竄出"],
    (NEW, Item.CAUSE, "67"): ["無(物或動物)/尚未發現肇事因素"],
    (NEW, Item.CAUSE, "129"): ["無(非車輛駕駛人因素)/道路設施(備)、植栽或其他裝置，倒塌或掉(斷)落"],
}
# Codes that say less, more or something else in the other form.
LOST = {
    OLD: {
        Item.POSITION: "03 04 21",
        Item.PROTECTION: "4",
        Item.DEVICE: "5",
        Item.LICENCE_STATE: "8",
        Item.LICENCE_CLASS: "20",
        Item.ALCOHOL: "3 4 5 6 7 8",
        Item.FIRST_IMPACT: "11 12 13 14 16",
        Item.CAUSE: "03 06 07 15 22 23 25 26 41 43 51 52 63",
        Item.OCCUPATION: "01 02 03 04 05 06 07 08 09 10 11 12 13 17 18 19 20 21 22 23",
        Item.TRIP_PURPOSE: "1 2 3 4 5 6 7 8 9",
    },
    NEW: {
        Item.WEATHER: "9",
        Item.LIGHTING: "5 6 7",
        Item.ROAD_TYPE: "9",
        Item.ROAD_FORM: "20 21",
        Item.POSITION: "03 04 23 24 25",
        Item.OBSTACLE: "6",
        Item.SIGHT: "8 9 10 11 12 13",
        Item.ACCIDENT_TYPE: "35 36 37 38",
        Item.SEX: "5",
        Item.PROTECTION: "4 5 6 7",
        Item.DEVICE: "5",
        Item.PARTY_TYPE: "B13 F07 G07 H04",
        Item.LICENCE_STATE: "8",
        Item.LICENCE_CLASS: "20 21",
        Item.ALCOHOL: "3 4 5 6 7 8",
        Item.FIRST_IMPACT: "11 12 13 14 16 17",
        Item.CAUSE: " ".join(["22", *(str(code) for code in range(68, 132))]),
        Item.OCCUPATION: "24 25 26",
    },
}


def plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def every(system: CodeSystem):
    return ((item, code, label) for item in TABLES for code, label in codebook.codes(item, system).items())


# ---- the tables


def test_the_items_are_those_of_the_form():
    assert (len(SCENE), len(PARTY)) == (18, 17) and {*SCENE, *PARTY} == set(Item)
    assert codebook.name(Item.WEATHER) == ("4", "天候") and codebook.name(Item.TRIP_PURPOSE) == ("37", "旅次目的")
    assert codebook.name(Item.FIRST_IMPACT) == codebook.name(Item.OTHER_IMPACT) == ("33", "車輛撞擊部位")
    assert [len(codebook.codes(Item.CAUSE, system)) for system in SYSTEMS] == [67, 119, 119]


def test_the_form_changed_on_the_first_of_july_2023():
    assert CodeSystem.of_form(date(2023, 6, 30)) == OLD and CodeSystem.of_form(date(2023, 7, 1)) == NEW
    assert [(one.authority, one.version) for one in SYSTEMS] == [
        ("npa", "96.09.09"),
        ("npa", "112.07.01"),
        ("taichung", "112"),
    ]


REFERENCE = {
    Item.WEATHER: ("weather_天候", "weather_天候"),
    Item.LIGHTING: ("lighting_道路照明設備", "light_光線"),
    Item.ROAD_TYPE: ("road_class_道路類別", "road_class_道路類別"),
    Item.ROAD_FORM: ("road_form_道路型態", "road_form_道路型態"),
    Item.POSITION: ("position_事故位置", "position_事故位置"),
    Item.PAVEMENT: ("pavement_路面鋪裝", None),
    Item.SURFACE_STATE: ("surface_state_路面狀態", None),
    Item.SURFACE_DEFECT: ("surface_defect_路面缺陷", "surface_defect_路面缺陷"),
    Item.OBSTACLE: ("obstacle_障礙物", "obstacle_障礙物"),
    Item.SIGHT: ("sight_視距", "sight_視距"),
    Item.SIGNAL_TYPE: ("signal_type_號誌種類", None),
    Item.SIGNAL_ACTION: ("signal_action_號誌動作", None),
    Item.MEDIAN: ("median_分向設施", None),
    Item.LANE_LINE: ("lane_快車道或一般車道間", None),
    Item.FAST_SLOW_LINE: ("fastslow_快慢車道間", None),
    Item.EDGE_LINE: ("edge_路面邊線", None),
    Item.ACCIDENT_TYPE: ("accident_type_事故類型及型態", None),
    Item.CAUSE: ("cause_初步分析研判", "cause_初步分析研判"),
    Item.SEX: ("sex_屬(性)別", None),
    Item.INJURY: ("injury_受傷程度", None),
    Item.INJURY_SITE: ("injury_site_主要傷處", None),
    Item.PROTECTION: ("protection_保護裝備", "protection_保護裝備"),
    Item.DEVICE: ("device_行動電話", None),
    Item.PARTY_TYPE: ("party_當事者區分", None),
    Item.VEHICLE_USE: ("vehicle_use_車輛用途", None),
    Item.ACTION: ("action_當事者行動狀態", None),
    Item.LICENCE_STATE: ("licence_state_駕照狀態", "licence_state_駕駛資格情形"),
    Item.LICENCE_CLASS: ("licence_class_駕照種類", None),
    Item.ALCOHOL: ("alcohol_飲酒情形", "alcohol_飲酒情形"),
    Item.FIRST_IMPACT: ("impact_車輛撞擊部位", "impact_車輛撞擊部位"),
    Item.HIT_AND_RUN: ("hit_run_肇事逃逸", None),
    Item.OCCUPATION: ("occupation_職業", "occupation_職業"),
    Item.TRIP_PURPOSE: (None, "trip_旅次目的"),
}


def reference() -> list[tuple[Item, CodeSystem, dict[str, str]]]:
    """Codes with the last part of their labels, as the shared reference has them; without it, what the facts quote."""
    if not SHARED.is_dir():
        weather = {
            "9": "風",
            "3": "風沙",
            "4": "霧或煙",
            "5": "雪",
            "6": "雨",
            "7": "陰",
            "8": "晴",
            "1": "暴雨(legacy)",
            "2": "強風(legacy)",
        }
        return [(Item.WEATHER, NEW, weather), (Item.HIT_AND_RUN, OLD, {"1": "否", "2": "是"})]
    told = json.loads((SHARED / "form_codes.json").read_text(encoding="utf-8"))
    found = []
    for item, names in REFERENCE.items():
        for system, name in zip((NEW, OLD), names, strict=True):
            if name:
                table = told[f"npa_form_{system.version}"][name]
                if isinstance(table, list):
                    table = {row["code"]: f"{row['group']}/{row['label']}" for row in table}
                found.append((item, system, table))
    return found


@pytest.mark.parametrize(("item", "system", "expected"), reference(), ids=lambda value: str(value)[:24])
def test_a_table_is_the_forms(item, system, expected):
    table = codebook.codes(item, system)
    assert set(table) == set(expected)
    for code, label in expected.items():
        label = label.removesuffix("(legacy)")
        assert table[code] == label or table[code].split("/")[-1] == label.split("-", 1)[-1], (code, label)
    kept = {code for code, label in expected.items() if label.endswith("(legacy)")}
    assert system == OLD or codebook.kept(item) == kept


def test_the_renumbered_causes_are_those_of_the_form():
    if not SHARED.is_dir():
        expected = {"21": "81", "87": "44", "119": "67"}
    else:
        told = json.loads((SHARED / "form_codes.json").read_text(encoding="utf-8"))
        expected = told["crosswalk_taichung_cause_to_npa_1120701"]
        assert len(expected) == 119
    for own, form in expected.items():
        assert codebook.equivalent(Item.CAUSE, TAICHUNG, own, NEW) == form
        assert codebook.equivalent(Item.CAUSE, NEW, form, TAICHUNG) == own
        assert codebook.codes(Item.CAUSE, TAICHUNG)[own] == codebook.codes(Item.CAUSE, NEW)[form]


# ---- codes to labels and back


@pytest.mark.parametrize("system", FORMS)
def test_every_label_of_a_form_gives_its_code_back(system):
    for item, code, label in every(system):
        group, _, minor = label.rpartition("/")
        assert codebook.of_label(item, system, minor, group) == Coded(system, code, label)
        for written in codebook.wordings(item, system, code):
            group, _, minor = written.rpartition("/")
            assert codebook.of_label(item, system, minor, group) == Coded(system, code, written)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_code_is_read_with_and_without_zeros(system):
    for item, code, label in every(system):
        for text in {code, code.lstrip("0"), code.zfill(3), f" {code} ", unicodedata.normalize("NFKC", code).lower()}:
            if code[0].isdigit() or not text.startswith("0"):
                assert codebook.of_code(item, system, text) == Coded(system, code, label)


def published() -> dict[str, dict[str, list[int]]]:
    """Labels by column with the years of each; without the shared data some of either form."""
    if not SHARED.is_dir():
        some = {
            "光線名稱": ["日間自然光線", "無照明"],
            "肇因研判子類別名稱-個別": ["未注意車前狀態", "尚未發現肇事因素"],
        }
        some["肇因研判大類別名稱-個別"] = ["駕駛人", "無(車輛駕駛者因素)"]
        return {column: dict.fromkeys(labels, [2018, 2026]) for column, labels in some.items()}
    return json.loads((SHARED / "npa_open_data_labels.json").read_text(encoding="utf-8"))["labels"]


@pytest.mark.parametrize(
    ("item", "major", "minor"), [*open_report.SCENE, *open_report.PARTY], ids=lambda value: str(value)
)
def test_every_published_label_goes_to_a_code_and_back(item, major, minor):
    """2018 to 2026, both forms. Of a pair the list has 大類 and 子類 apart: some 大類 must make the 子類 whole."""
    listed = published()
    groups = [""] if major is None else list(listed.get(party_table.HEADER[major], ()))
    used = set()
    for label, (first, last, *_) in listed.get(party_table.HEADER[minor], {}).items():
        if not label or (item, label) in NO_CODE:
            continue
        found = set()
        for system in ([OLD] if first <= 2023 else []) + ([NEW] if last >= 2023 else []):
            for group in groups:
                value = codebook.of_label(item, system, label, group)
                written = f"{group}/{label}" if group else label
                assert value.label == written
                if value.code and plain(written) in map(plain, codebook.wordings(item, system, value.code)):
                    found.add((system, value.code))
                    used.add(group)
        assert found, f"{label} has no code"
    assert used >= {group for group in groups if group}, "a 大類 that no label needs"


def test_wordings_that_gave_way_are_those_listed():
    found = {
        (system, item, code): list(codebook.wordings(item, system, code)[1:])
        for system in FORMS
        for item, code, _ in every(system)
        if len(codebook.wordings(item, system, code)) > 1
    }
    assert found == FORMER


@pytest.mark.parametrize(
    ("item", "system", "group", "label", "code"),
    [
        (Item.CAUSE, NEW, "駕駛者", "搶(闖)越平交道", "24"),
        (Item.CAUSE, NEW, "非駕駛者", "搶(闖)越平交道", "124"),
        (Item.CAUSE, NEW, "其他", "開啟或關閉車門不當", "40"),
        (Item.CAUSE, NEW, "非駕駛者", "開啟或關閉車門不當", "126"),
        (Item.CAUSE, NEW, "無(車輛駕駛者因素)", "尚未發現肇事因素", "44"),
        (Item.CAUSE, NEW, "無(非車輛駕駛人因素)", "尚未發現肇事因素", "67"),
        (Item.CAUSE, OLD, "無(車輛駕駛人因素)", "尚未發現肇事因素", "44"),
        (Item.CAUSE, NEW, "", "尚未發現肇事因素", None),
        (Item.CAUSE, NEW, "", "闖紅燈直行", "81"),
        (Item.CAUSE, NEW, "其他", "發生事故後,未採取安全措施", "114"),
        (Item.CAUSE, NEW, "駕駛人", "未注意車前狀態", None),
        (Item.WEATHER, NEW, "", "暴雨", "1"),
        (Item.WEATHER, OLD, "", "風", None),
        (Item.PARTY_TYPE, OLD, "小貨車", "自用", "B12"),
        (Item.PARTY_TYPE, NEW, "小客車", "自用", "B03"),
        (Item.PARTY_TYPE, NEW, "大客車", "營業用", None),
        (Item.MEDIAN, OLD, "中央分向島", "寛式(50公分以上)", "01"),
        (Item.SURFACE_DEFECT, OLD, "", "突出(高低)不平", "2"),
        (Item.SURFACE_DEFECT, NEW, "", "突出(高低)不平", "5"),
    ],
)
def test_a_label_means_its_code(item, system, group, label, code):
    assert codebook.of_label(item, system, label, group) == Coded(system, code, f"{group}/{label}" if group else label)


@pytest.mark.parametrize(
    ("item", "system", "text", "expected"),
    [
        (Item.CAUSE, TAICHUNG, "21", Coded(TAICHUNG, "21", "駕駛者/闖紅燈直行")),
        (Item.CAUSE, NEW, "81", Coded(NEW, "81", "駕駛者/闖紅燈直行")),
        (Item.CAUSE, OLD, "25", Coded(OLD, "25", "駕駛人/違反號誌管制或指揮")),
        (Item.WEATHER, TAICHUNG, "7", Coded(TAICHUNG, "7", "晴")),
        (Item.FIRST_IMPACT, TAICHUNG, "16", Coded(TAICHUNG, "16", "其他/無撞擊")),
        (Item.FIRST_IMPACT, NEW, "16", Coded(NEW, "16", "其他/非汽、機及自行車")),
        (Item.FIRST_IMPACT, OLD, "17", Coded(OLD, "17", None)),
        (Item.FIRST_IMPACT, NEW, "1", Coded(NEW, "01", "汽車/前車頭")),
        (Item.PROTECTION, TAICHUNG, "4", Coded(TAICHUNG, "4", "未戴安全帽或未繫安全帶(未使用幼童安全椅)")),
        (Item.ROAD_TYPE, TAICHUNG, "6", Coded(TAICHUNG, "6", None)),  # 市區 or 村里: not known
        (Item.CAUSE, CodeSystem.TAICHUNG_OLD, "7", Coded(CodeSystem.TAICHUNG_OLD, "7", None)),
        (Item.PARTY_TYPE, NEW, "b03", Coded(NEW, "B03", "小客車(含客、貨兩用)/自用")),
        (Item.WEATHER, NEW, "", None),
        (Item.WEATHER, NEW, "00", None),
        (Item.WEATHER, NEW, "手把", Coded(NEW, None, "手把")),
        (Item.WEATHER, None, "8", Coded(None, "8", None)),
    ],
)
def test_a_code_means_its_label(item, system, text, expected):
    assert codebook.of_code(item, system, text) == expected
    assert expected is None or expected.known == (expected.code is not None and expected.label is not None)


def test_a_value_keeps_its_system_and_version():
    assert codebook.of_code(Item.WEATHER, TAICHUNG, "7").line() == {
        "system": "taichung",
        "version": "112",
        "code": "7",
        "label": "晴",
    }
    assert codebook.of_code(Item.WEATHER, None, "7").line() == {
        "system": None,
        "version": None,
        "code": "7",
        "label": None,
    }


# ---- crosswalks


@pytest.mark.parametrize(("source", "target"), [(OLD, NEW), (NEW, OLD)])
def test_what_the_other_form_loses_is_what_is_listed(source, target):
    lost: dict[Item, set[str]] = {}
    for item, code, _ in every(source):
        there = codebook.equivalent(item, source, code, target)
        if there is None:
            lost.setdefault(item, set()).add(code)
        else:
            assert codebook.equivalent(item, target, there, source) == code
    assert lost == {item: set(codes.split()) for item, codes in LOST[source].items()}


@pytest.mark.parametrize("form", FORMS)
def test_the_renumbered_variant_loses_nothing_but_what_it_does_not_have(form):
    for item, code, _ in every(TAICHUNG):
        for match in codebook.crosswalk(item, TAICHUNG, code, form):
            back = codebook.crosswalk(item, form, match.code, TAICHUNG)
            assert code in [one.code for one in back]
        if form == NEW:
            there = codebook.equivalent(item, TAICHUNG, code, form)
            assert codebook.equivalent(item, form, there, TAICHUNG) == code
            assert codebook.codes(item, form)[there] == codebook.codes(item, TAICHUNG)[code]


def test_every_relation_reads_the_other_way_round():
    inverse = {Relation.NARROWER: Relation.BROADER, Relation.BROADER: Relation.NARROWER}
    for item, code, _ in every(OLD):
        for match in codebook.crosswalk(item, OLD, code, NEW):
            assert Match(code, inverse.get(match.relation, match.relation), match.note) in codebook.crosswalk(
                item, NEW, match.code, OLD
            )
            assert match.code in codebook.codes(item, NEW)


@pytest.mark.parametrize(
    ("item", "source", "code", "target", "expected"),
    [
        (Item.CAUSE, NEW, "81", OLD, [("25", Relation.NARROWER)]),
        (Item.CAUSE, TAICHUNG, "21", OLD, [("25", Relation.NARROWER)]),
        (Item.CAUSE, OLD, "25", NEW, [(str(code), Relation.BROADER) for code in (69, 81, 82, 83, 84, 85)]),
        (Item.CAUSE, OLD, "23", NEW, []),
        (Item.CAUSE, OLD, "41", NEW, [("111", Relation.RELATED)]),
        (Item.CAUSE, OLD, "44", TAICHUNG, [("87", Relation.EQUIVALENT)]),
        (Item.PROTECTION, OLD, "1", NEW, [("1", Relation.EQUIVALENT), *((code, Relation.BROADER) for code in "567")]),
        (Item.ROAD_FORM, OLD, "16", NEW, [("18", Relation.EQUIVALENT)]),
        (Item.ALCOHOL, OLD, "3", NEW, [("3", Relation.RELATED)]),
        (Item.FIRST_IMPACT, TAICHUNG, "16", NEW, [("17", Relation.EQUIVALENT)]),
        (Item.FIRST_IMPACT, NEW, "16", TAICHUNG, [("17", Relation.EQUIVALENT)]),
        (Item.FIRST_IMPACT, TAICHUNG, "16", OLD, []),
        (Item.FIRST_IMPACT, OLD, "16", NEW, [("16", Relation.BROADER)]),
        (Item.WEATHER, NEW, "8", NEW, [("8", Relation.EQUIVALENT)]),
        (Item.WEATHER, NEW, "99", OLD, []),
        (Item.WEATHER, NEW, "99", NEW, []),
        (Item.WEATHER, NEW, "8", CodeSystem.TAICHUNG_OLD, []),
    ],
)
def test_a_crosswalk_says_what_it_loses(item, source, code, target, expected):
    assert [(one.code, one.relation) for one in codebook.crosswalk(item, source, code, target)] == expected


@given(
    st.sampled_from(Item),
    st.sampled_from(CodeSystem),
    st.text(max_size=90) | st.text("0123456789/無其他", max_size=5),
    st.text(max_size=12),
)
def test_any_text_is_kept_or_empty(item, system, text, group):
    if system in FORMS:
        value = codebook.of_label(item, system, text, group)
        assert (value is None) == (not text and not group)
        assert value is None or value.label == (f"{group}/{text}" if group else text)
    code = codebook.of_code(item, system, text)
    assert code is None or code.code or code.label == text
