"""The scene drawn from the record: well-formed, nothing from elsewhere, nothing personal, and the accident it was."""

import dataclasses
import math
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from adapters.police import codebook, sources
from adapters.police.codebook import CodeSystem, Item
from services.motor import scene_glyphs, scene_road
from services.motor.scene import STYLE, draw
from services.motor.scene_meeting import ACROSS, QUEUE, aside, meeting, queue
from services.motor.scene_tracks import IMPACTS, Meeting, Mover, Road
from tests.unit.test_fault import ANY_REPORT, party, report

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared/data")) / "police/npa-open-data"
FILES = [*(ROOT / "tests/data/police" / name for name in ("parties.csv", "taipei_112.csv", "internal_109.csv")),
         *sorted(SHARED.glob("a2_20*.csv"))]  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "style", "rect", "path", "circle", "ellipse", "g", "text"}
ATTRIBUTES = {
    "class", "viewBox", "role", "lang", "width", "height", "x", "y", "rx", "ry", "cx", "cy", "r", "d", "transform", "opacity",
    "stroke", "stroke-width", "stroke-dasharray", "text-anchor",
}  # fmt: skip
ROAD = Road(lanes=1, slow=False, arms=0)
CROSSING = Road(lanes=1, slow=False, arms=4)


def checked(svg: str) -> ElementTree.Element:
    """An SVG that draws and nothing else: known elements and attributes only, so no script, link, image or handler."""
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ELEMENTS, element.tag
        assert set(element.attrib) <= ATTRIBUTES, element.attrib
    assert "url(" not in svg and svg.count("http") == 1  # the namespace
    assert root.find(f"{SVG}style").text == STYLE
    return root


def texts(svg: str) -> str:
    return "\n".join(element.text or "" for element in checked(svg).iter(f"{SVG}text"))


def marks(svg: str, kind: str) -> int:
    return sum(kind in element.get("class", "").split() for element in checked(svg).iter())


# ---- the drawing as a document


def test_a_drawing_tells_what_it_is_to_those_who_do_not_see_it():
    svg = draw(
        report("roadForm 04 accidentType 16", "partyType B03 action 05 firstImpact 02", "partyType C03 action 09")
    )
    root = checked(svg)
    assert root.get("role") == "img" and root.get("lang") == "zh-TW" and root.get("viewBox").startswith("0 0 720 ")
    assert root[0].tag == f"{SVG}title" and "示意圖" in root[0].text
    assert root[1].tag == f"{SVG}desc"
    for part in ("四岔路", "側撞", "第1當事者 小客車・自用 | 左轉彎 | 最初撞擊：右側車身", "第2當事者 機車・普通重型"):
        assert part in root[1].text
    assert "非警方現場圖" in texts(svg)


def test_what_the_record_does_not_say_is_listed():
    lines = texts(draw(report("", "", "action 09 firstImpact 15"))).replace("\n", "")
    for part in (
        "方位",
        "車道數",
        "道路型態",
        "號誌種類",
        "分向設施",
        "事故類型及型態",
        "第1當事者行動狀態",
        "第2當事者撞擊部位",
    ):
        assert part in lines
    told = "roadForm 14 position 09 signalType 4 median 10 accidentType 13"
    full = texts(draw(report(told, "action 09 firstImpact 01 partyType B03", "action 09 firstImpact 03 partyType B03")))
    assert "未載明（以中性或示意方式表示，不得推論）：方位、車道數\n" in full


def test_parties_that_are_not_drawn_are_named():
    told = report("accidentType 16", "action 05", "action 09", "action 09", party(4, "action 21", "passenger"))
    lines = texts(draw(told)).replace("\n", "")
    assert "第3當事者位置（繪於圖框）" in lines and "乘客 | 不明 | 最初撞擊：未載明 | 未另繪" in lines
    assert "第1當事者以外之當事者" in texts(draw(report("", "", whole=False))).replace("\n", "")


def test_a_way_that_was_assumed_is_dashed_and_said():
    sure = draw(
        report("roadForm 04 accidentType 15", "action 09 firstImpact 02", "action 09 firstImpact 11 partyType C03")
    )
    open_ = draw(report("roadForm 04 accidentType 15", "action 09", "action 09"))
    assert (marks(sure, "scene-guess"), marks(open_, "scene-guess")) == (0, 2)  # and its casing
    assert "第2當事者來向" in texts(open_) and "第2當事者來向" not in texts(sure)


def test_colours_follow_the_reader():
    assert "@media(prefers-color-scheme:dark)" in STYLE
    used = set()
    for form in ("04", "06", "08", "01", "11", "12", "13", "14", "18", "21"):
        svg = draw(report(f"roadForm {form} median 02 signalType 1 accidentType 38 edgeLine 1", "action 14"))
        used |= {name for element in checked(svg).iter() for name in element.get("class", "").split()}
    assert all(f".{name}" in STYLE for name in used)


def test_what_did_not_touch_has_no_star():
    scene = "roadForm 14 accidentType 17"
    assert marks(draw(report(scene, "action 09 firstImpact 17", "action 09 firstImpact 01")), "scene-star") == 0
    assert marks(draw(report(scene, "action 09 firstImpact 01", "action 09 firstImpact 01")), "scene-star") == 1
    lines = texts(draw(report(scene, "action 09 firstImpact 17", "action 09 firstImpact 16")))
    assert "第1當事者撞擊部位" not in lines and "第2當事者撞擊部位" in lines.replace("\n", "")


def test_how_they_met_is_not_guessed():
    svg = draw(report("roadForm 14", "partyType B03 action 09 firstImpact 01", "partyType C03 action 09"))
    assert (marks(svg, "scene-star"), marks(svg, "scene-way"), marks(svg, "scene-hit")) == (0, 0, 1)
    assert numbers(svg) == ["1", "2"]
    assert "第1當事者位置（繪於圖框）、第2當事者位置（繪於圖框）" in texts(svg).replace("\n", "")


def numbers(svg: str) -> list[str]:
    """Those of the parties that the map shows."""
    return [
        one.text or ""
        for one in checked(svg).find(f"{SVG}svg").iter(f"{SVG}text")
        if "scene-number" in one.get("class")
    ]


def test_a_third_party_is_drawn_and_nobody_takes_it_to_stand_there():
    two = ("partyType B03 action 05 firstImpact 02", "partyType C03 action 09 firstImpact 01")
    third = "partyType A11 action 13 firstImpact 04"
    both, all_ = (draw(report("roadForm 04 accidentType 16", *told)) for told in (two, (*two, third)))
    assert (numbers(both), numbers(all_)) == (["1", "2"], ["1", "2", "3"])
    assert (texts(both).count("位置未載明"), texts(all_).count("位置未載明")) == (0, 1)
    assert (marks(both, "scene-hit"), marks(all_, "scene-hit")) == (2, 3)
    assert (marks(both, "scene-way"), marks(all_, "scene-way")) == (4, 4)
    assert "第3當事者位置（繪於圖框）" in texts(all_).replace("\n", "") and "靜止" in texts(all_)


def test_those_aside_are_side_by_side_within_their_frame():
    lengths = (46, 34, 110, 18, 96, 34, 34)
    placed = aside([car(order, "", length) for order, length in enumerate(lengths, 3)], 236, 146)
    assert [one.mover.order for one in placed] == [3, 4, 5, 6]  # 46 and 34, 110, 18; the 96 would begin a fourth row
    assert {one.at.imag for one in placed} == {46, 86, 126}
    for one in placed:
        assert one.at.real - one.mover.length / 2 - 16 >= 236 - ACROSS and one.at.real + one.mover.length / 2 <= 236
    first, second = placed[:2]
    assert second.at.real - 17 - 16 >= first.at.real + 23 and first.at.imag == second.at.imag


def test_more_than_the_frame_holds_are_named():
    svg = draw(report("accidentType 16", *["action 09 partyType C03"] * 12))
    assert numbers(svg) == [str(order) for order in range(1, 9)]
    lines = texts(svg).replace("\n", "")
    assert [order for order in range(1, 13) if f"第{order}當事者位置（未繪）" in lines] == [9, 10, 11, 12]


def test_an_accident_before_a_wide_junction_is_in_sight():
    scene = "roadForm 03 position 02 laneLine 3 fastSlowLine 4 median 01 accidentType 12"
    root = checked(draw(report(scene, "action 09 firstImpact 02", "action 09 firstImpact 14 partyType C03")))
    inner = root.find(f"{SVG}svg")
    top, high = (float(number) for number in inner.get("viewBox").split()[1::2])
    star = next(one for one in inner if one.get("class") == "scene-star")
    assert top + 60 < float(star.get("transform").removeprefix("translate(").rstrip(")").split()[1]) < top + high - 60


# ---- the road


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        ("roadForm 04 signalType 1", {"scene-stop": 4, "scene-red": 1, "scene-zebra": 0}),
        ("roadForm 03 signalType 4", {"scene-stop": 3, "scene-red": 0}),
        ("roadForm 05", {"scene-stop": 5}),
        ("roadForm 14 median 04", {"scene-stop": 0, "scene-yellow": 2}),
        ("roadForm 14 median 08", {"scene-yellow": 1}),
        ("roadForm 14 median 10", {"scene-yellow": 0, "scene-island": 0}),
        ("roadForm 14 median 01 laneLine 3 edgeLine 1", {"scene-island": 1, "scene-white": 4}),
        ("roadForm 14 median 02", {"scene-island": 1, "scene-fence": 1}),
        ("roadForm 14 fastSlowLine 1", {"scene-island": 2}),
        ("roadForm 14 fastSlowLine 4", {"scene-white": 2}),
        ("roadForm 06", {"scene-wall": 2, "scene-arch": 2}),
        ("roadForm 08", {"scene-water": 1, "scene-rail": 2}),
        ("roadForm 10", {"scene-below": 1, "scene-rail": 2}),
        ("roadForm 11 median 04", {"scene-bend": 1, "scene-yellow": 2}),
        ("roadForm 11 median 01 laneLine 3 fastSlowLine 4 edgeLine 1", {"scene-island-line": 1, "scene-white": 6}),
        ("roadForm 12", {"scene-faint": 4}),
        ("roadForm 13", {"scene-building": 6}),
        ("roadForm 18", {"scene-kerb": 1}),
        ("roadForm 01", {"scene-sleeper": 1, "scene-gate": 1}),
        ("roadForm 02", {"scene-sleeper": 1, "scene-gate": 0}),
        ("roadForm 21", {"scene-rail": 4}),
        ("roadForm 04 signalType 1 signalAction 3", {"scene-red": 0, "scene-box": 1}),
        ("roadForm 04 signalType 3 signalAction 1", {"scene-red": 1, "scene-amber": 1, "scene-green": 0}),
    ],
)
def test_the_road_is_as_coded(scene, expected):
    svg = draw(report(scene, party(1, "partyType H01 action 17", "pedestrian")))
    assert {kind: marks(svg, kind) for kind in expected} == expected


def test_a_crosswalk_is_drawn_only_where_one_is_told():
    walker = party(2, "partyType H01 action 16", "pedestrian")
    for scene, drawn in (
        ("roadForm 04 signalType 2", True),
        ("roadForm 04 position 18", True),
        ("roadForm 14 position 18", True),
        ("roadForm 14 signalType 2", True),
        ("roadForm 14 position 09", False),
        ("roadForm 04 signalType 1", False),
    ):
        assert bool(marks(draw(report(f"{scene} accidentType 03", "action 09", walker)), "scene-zebra")) == drawn


@pytest.mark.parametrize("code", sorted(scene_glyphs.OBSTACLES))
def test_what_was_run_into_is_drawn(code):
    alone = report(f"roadForm 14 accidentType {code}", "action 09 firstImpact 01", party(2, "sex 3", None))
    assert scene_glyphs.OBSTACLES[code][1] in draw(alone)
    assert scene_glyphs.OBSTACLES[code][1] not in draw(report(f"accidentType {code}", "action 09", "action 09"))


# ---- the parties


@pytest.mark.parametrize("system", [CodeSystem.FORM_112, CodeSystem.FORM_96])
def test_every_kind_of_party_has_its_shape(system):
    for code, label in codebook.codes(Item.PARTY_TYPE, system).items():
        drawn = scene_glyphs.shape(code, "")
        assert drawn != scene_glyphs.OTHER or label.partition("/")[0] in ("慢車", "其他車"), label
        svg = draw(report("", party(1, f"partyType {code}", "other", system), system=system))
        assert drawn.body in svg and label.rpartition("/")[2] in texts(svg)


def test_shapes_are_not_mixed_up():
    codes = (
        "A01",
        "A05",
        "A11",
        "A21",
        "A31",
        "B01",
        "B03",
        "B12",
        "C03",
        "D01",
        "D03",
        "E02",
        "F01",
        "F07",
        "G05",
        "H01",
        "H04",
    )
    names = [scene_glyphs.shape(code, "").name for code in codes]
    assert " ".join(names) == (
        "大客車 大客車 貨車 聯結車 聯結車 汽車 汽車 貨車 機車 大客車 汽車 貨車 慢車(自行車) 行人 軌道車輛 行人 行人"
    )


@pytest.mark.parametrize("kind", sorted(scene_glyphs.KINDS))
def test_a_coarse_kind_is_drawn_too(kind):
    assert scene_glyphs.KINDS[kind].body in draw(report("", party(1, "", kind)))
    assert scene_glyphs.KINDS[kind].name in texts(draw(report("", party(1, "", kind))))


def car(order: int, codes: str, length: float = 46, width: float = 22, on_foot: bool = False) -> Mover:
    words = codes.split()
    told = {Item(item): code for item, code in zip(words[::2], words[1::2], strict=True)}
    return Mover(order, told, "car", length, width, on_foot)


def met(kind: str, *codes: str, road: Road = CROSSING) -> Meeting:
    return meeting([car(order, told) for order, told in enumerate(codes, 1)], kind, road, 0j, 360)


def comes_from(found: Meeting, which: int) -> str:
    start = found.placed[which].before[0]
    if abs(start.imag) > abs(start.real):
        return "S" if start.imag > 0 else "N"
    return "E" if start.real > 0 else "W"


@pytest.mark.parametrize(
    ("kind", "a", "b", "ways"),
    [
        ("16", "action 05 firstImpact 02", "action 09 firstImpact 01", "SN"),  # left turn, oncoming
        ("16", "action 06 firstImpact 02", "action 09 firstImpact 11", "SS"),  # right turn, motorcycle at its right
        ("15", "action 09 firstImpact 02", "action 09 firstImpact 01", "SE"),
        ("15", "action 09 firstImpact 04", "action 09 firstImpact 01", "SW"),
        ("15", "action 09 firstImpact 01", "action 09 firstImpact 02", "SW"),
        ("15", "action 09 firstImpact 01", "action 09 firstImpact 04", "SE"),
        ("10", "action 09 firstImpact 01", "action 09 firstImpact 01", "SN"),
        ("13", "action 09 firstImpact 01", "action 09 firstImpact 03", "SS"),
    ],
)
def test_impacts_tell_where_the_other_came_from(kind, a, b, ways):
    found = met(kind, a, b)
    assert comes_from(found, 0) + comes_from(found, 1) == ways
    assert not found.placed[1].assumed
    one, other = found.placed
    assert abs(one.hit - found.contact) < 0.01 and abs(other.hit - found.contact) < 0.01


def test_on_a_road_a_turn_is_met_from_ahead_or_behind():
    """At a junction a left turn hit at its left may have been overtaken, or met by one from the left: it stays open."""
    ahead = met("16", "action 11 firstImpact 02", "action 09 firstImpact 01", road=ROAD)
    behind = met("16", "action 05 firstImpact 04", "action 09 firstImpact 01", road=ROAD)
    assert [(comes_from(one, 1), one.placed[1].assumed) for one in (ahead, behind)] == [("N", False), ("S", False)]
    assert met("16", "action 05 firstImpact 04", "action 09 firstImpact 01").placed[1].assumed


def test_impacts_that_are_not_told_leave_it_open():
    assert met("15", "action 09", "action 09").placed[1].assumed
    assert not met("10", "action 09", "action 09").placed[1].assumed  # the type alone says it
    assert met("15", "action 09 firstImpact 09", "action 09 firstImpact 01").placed[1].assumed


def test_who_ran_into_whom_is_in_front():
    for striker, other in ((0, 1), (1, 0)):
        codes = ["action 09 firstImpact 03", "action 09 firstImpact 03"]
        codes[striker] = "action 09 firstImpact 01"
        found = met("13", *codes, road=ROAD)
        assert found.placed[striker].at.imag > found.placed[other].at.imag + 40


@pytest.mark.parametrize("impact", ["01", "03", "05", "11"])
def test_vehicles_do_not_lie_over_each_other(impact):
    """Both front in one direction, as some records have it."""
    found = met("13", f"action 09 firstImpact {impact}", f"action 09 firstImpact {impact}", road=ROAD)
    assert abs(found.placed[0].at - found.placed[1].at) > 20


def test_a_turn_goes_where_traffic_on_the_right_goes():
    left = met("16", "action 05 firstImpact 02", "action 09 firstImpact 01").placed[0].after[-1]
    right = met("16", "action 06 firstImpact 02", "action 09 firstImpact 01").placed[0].after[-1]
    back = met("16", "action 11 firstImpact 02", "action 09 firstImpact 01").placed[0].after[-1]
    assert left.real < -300 and left.imag < 0  # away to the left, on the upper half
    assert right.real > 300 and right.imag > 0
    assert back.real < 0 and back.imag > 300
    assert met("10", "action 09", "action 09").placed[1].before[0].real < 0


def test_one_against_the_traffic_is_on_the_other_side():
    assert met("10", "action 09 cause 04 firstImpact 01", "action 09 firstImpact 01").placed[0].before[0].real < 0


def test_vehicles_stay_on_the_road():
    found = met("10", "action 09 cause 04 firstImpact 08", "action 09 firstImpact 08", road=ROAD)
    assert all(abs(one.at.real) + one.mover.width / 2 <= ROAD.half + 0.01 for one in found.placed)
    assert all(abs(one.hit - found.contact) < 0.01 for one in found.placed)


def test_reversing_moves_backwards_and_standing_does_not_move():
    found = met("14", "action 02 firstImpact 03", "action 14 firstImpact 01", road=ROAD)
    reversing, standing = found.placed
    assert reversing.before[0].imag < reversing.before[-1].imag and abs(reversing.heading % 360) < 1
    assert standing.before == standing.after == () and standing.at.imag > reversing.at.imag


def test_a_junction_has_the_arms_that_were_used():
    used = met("15", "action 09 firstImpact 04", "action 05 firstImpact 01").arms
    assert set(used[:2]) == {"S", "W"} and {"S", "N", "W"} <= set(used)
    assert scene_road.arms(Road(1, False, 3), ("S", "W", "N", "E")) == ("S", "W", "N")  # ways in come first
    assert set(scene_road.arms(Road(1, False, 3), ("S", "W"))) == set("SWN")
    assert scene_road.arms(Road(1, False, 5), ("S", "N"))[-1] == "NE"


def test_on_a_roundabout_ways_follow_the_ring():
    def ways(*impacts: str):
        told = report("roadForm 18 accidentType 15", *(f"action 09 firstImpact {code}" for code in impacts))
        root = checked(draw(told))
        drawn = [one.get("d") for one in root.iter() if "scene-way" in one.get("class", "")]
        assert marks(draw(told), "scene-on") == 0
        return [len(way.split("L")) for way in drawn]

    straight, ring = ways("01", "02")
    assert ring == 23 and straight < ring
    assert len(ways("01", "04")) == 1  # against the ring: no way is drawn
    ring = [abs(point - complex(0, -48)) for point in scene_road.along_ring(20 + 15j)]
    assert max(ring) - min(ring) < 0.01 and 36 < ring[0] < 88  # between its island and its edge
    start, *_, end = scene_road.along_ring(20 + 15j)
    assert start.real < -50 and abs(end - (20 + 15j)) < 0.01


def test_a_person_on_foot_comes_from_the_side_that_was_hit():
    def walks(impact: str, kind: str = "03", action: str = "16"):
        person = car(2, f"action {action}", 16, 22, on_foot=True)
        return meeting([car(1, f"action 09 firstImpact {impact}"), person], kind, ROAD, 0j, 360).placed[1]

    assert walks("05").before[0].real > walks("05").at.real and not walks("05").assumed
    assert walks("08").before[0].real < walks("08").at.real
    assert walks("01").assumed
    assert walks("05", "02").before[0].imag > walks("05", "02").at.imag  # the same way
    assert walks("05", "01").before[0].imag < walks("05", "01").at.imag
    assert walks("05", "08").before == () == walks("05", "03", "17").before


def test_a_queue_is_ordered_by_its_impacts():
    last, first, middle = (
        car(1, "firstImpact 01"),
        car(2, "firstImpact 03"),
        car(3, "firstImpact 03 otherImpact 01"),
    )
    found = queue([last, first, middle], ROAD)
    assert [one.mover.order for one in found.placed] == [2, 3, 1]
    heights = [one.at.imag for one in found.placed]
    assert heights == sorted(heights) and all(one.assumed for one in found.placed)
    many = queue([last] * 9, ROAD).placed
    assert 4 < len(many) < 9 and sum(one.mover.length for one in many) <= QUEUE


def test_one_alone_leaves_the_road_or_meets_the_island():
    assert meeting([car(1, "action 09 firstImpact 01")], "38", ROAD, 0j, 360).contact.real > ROAD.half
    assert meeting([car(1, "action 09 firstImpact 01")], "23", ROAD, 0j, 360).contact.real == 0
    assert not meeting([car(1, "action 09 firstImpact 12")], "18", ROAD, 0j, 360).placed[0].assumed


def test_every_impact_of_a_vehicle_is_on_its_outline():
    vehicle = car(1, "")
    for code in (*(f"{number:02}" for number in range(1, 9)), "11", "12", "13", "14"):
        spot = vehicle.outline(IMPACTS[code])
        assert abs(spot.real) == 11 or abs(spot.imag) == 23
        facing = math.degrees(math.atan2(spot.real, -spot.imag)) % 360
        assert abs((facing - IMPACTS[code] + 180) % 360 - 180) < 46
    assert codebook.codes(Item.FIRST_IMPACT, CodeSystem.FORM_112).keys() - IMPACTS.keys() == {
        "09",
        "10",
        "15",
        "16",
        "17",
    }


def test_taichungs_impacts_are_not_swapped():
    """Its 16 is no impact, its 17 a person's: neither is marked."""
    for code in ("16", "17"):
        told = report("", party(1, f"firstImpact {code}", system=CodeSystem.TAICHUNG), system=CodeSystem.TAICHUNG)
        assert marks(draw(told), "scene-hit") == 0


# ---- any record


@settings(max_examples=300)
@given(ANY_REPORT)
def test_any_report_is_drawn(told):
    named = dataclasses.replace(told, place="<script>王小明</script> ABC-1234", unit="王小明", case_number="A123456789")
    svg = draw(named)
    checked(svg)
    for personal in ("王小明", "ABC-1234", "A123456789", "script"):
        assert personal not in svg
    assert "nan" not in svg and "inf" not in svg.replace("inline", "")


def test_a_label_of_the_source_is_not_repeated():
    written = codebook.Coded(CodeSystem.FORM_112, "05", "車的狀態/王小明<b>")
    vehicle = codebook.Coded(CodeSystem.FORM_112, None, "王小明的車")
    told = report("", "")
    sly = dataclasses.replace(
        told.parties[0], codes={Item.CAUSE: written, Item.PARTY_TYPE: vehicle, Item.ACTION: written}
    )
    assert "王小明" not in draw(
        dataclasses.replace(told, parties=(sly,), codes={Item.WEATHER: vehicle, Item.ROAD_FORM: vehicle})
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_published_accident_is_drawn(path):
    for entry in sources.read(path.read_bytes()).entries:
        svg = draw(entry.report)
        checked(svg)
        assert len(svg) < 30_000
        drawn = [one for one in entry.report.parties if one.kind not in (None, "passenger")]
        told = "\n".join(numbers(svg))
        assert len(numbers(svg)) + texts(svg).replace("\n", "").count("（未繪）") == len(drawn), told
