"""The scene of an accident as SVG, drawn from the coded record alone. Pure.

A sketch to recognise an accident by, no scale drawing and not the police's scene diagram (D0080090 art. 13). It has no
script, no resource from elsewhere, and no personal data: parties are numbers, labels are the code tables' own, never what a
source wrote. What the record does not say is drawn plainly and listed beneath.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from xml.sax.saxutils import escape

from adapters.police import codebook
from adapters.police.codebook import Coded, CodeSystem, Item
from adapters.police.report import AccidentReport, ReportParty
from services.motor import scene_road
from services.motor.scene_glyphs import OBSTACLES, STAR, shape
from services.motor.scene_meeting import ACROSS, ROW, aside, meeting, queue
from services.motor.scene_road import HIGH, PAN, WIDE
from services.motor.scene_tracks import Meeting, Mover, Placed, Road, turned

_WIDTH, _HEIGHT, _TOP, _LINE, _ACROSS = (
    720,
    450,
    44,
    24,
    43,
)  # of the drawing; of its heading; a line of text, and its full-width characters
_TITLE = "道路交通事故現場示意圖（依編碼紀錄繪製）"
_CAUTION = "本圖非警方現場圖，比例、距離、車道數與方位均不可量測。"
_NEEDED = (Item.ROAD_FORM, Item.POSITION, Item.SIGNAL_TYPE, Item.MEDIAN, Item.ACCIDENT_TYPE)
_TAGS = {"02": "倒車", "12": "急煞", "13": "靜止", "14": "停等", "17": "站立", "19": "上下車"}
_NO_IMPACT = "17"  # item 33
_REAR_END = "13"  # item 15
_ALONG, _MEANT = 90.0, 80.0  # how far a way is drawn along a bend; after the impact

# Its text never changes: a page that shows the drawing inline may allow it by hash.
STYLE = (
    ".scene{--scene-ground:#e4ebe2;--scene-panel:#fbfcfb;--scene-ink:#1b211d;--scene-soft:#56605a;--scene-road:#717a75;"
    "--scene-rail:#3b4540}"
    "@media(prefers-color-scheme:dark){.scene{--scene-ground:#2a332d;--scene-panel:#1b211d;--scene-ink:#e8ede9;"
    "--scene-soft:#a7b2ab;--scene-road:#59615c;--scene-rail:#a7b2ab}}"
    '.scene text{font-family:system-ui,"Noto Sans TC","Noto Sans CJK TC","PingFang TC","Microsoft JhengHei",sans-serif;'
    "fill:var(--scene-ink);font-size:16px}"
    ".scene .scene-soft{fill:var(--scene-soft);font-size:14px}.scene .scene-title{font-weight:600}"
    ".scene-panel{fill:var(--scene-panel)}.scene-ground{fill:var(--scene-ground)}.scene-road{fill:var(--scene-road)}"
    ".scene-bend{fill:none;stroke:var(--scene-road)}.scene-island{fill:#a9b5a4}"
    ".scene-island-line{fill:none;stroke:#a9b5a4;stroke-width:10}.scene-kerb{stroke:#c9d2c6;stroke-width:3}"
    ".scene-white{fill:none;stroke:#fff;stroke-width:2}.scene-yellow{fill:none;stroke:#ffd43b;stroke-width:2.5}"
    ".scene-stop{stroke:#fff;stroke-width:5}.scene-zebra{fill:#fff}.scene-faint{fill:none;stroke:#d5dbd7;stroke-width:3}"
    ".scene-rail{fill:none;stroke:var(--scene-rail);stroke-width:4}.scene-sleeper{stroke:#8a6d4b;stroke-width:34}"
    ".scene-fence{stroke:#3b4540;stroke-width:4}.scene-gate{stroke:#d6336c;stroke-width:6}.scene-water{fill:#7fb3d5}.scene-wave{fill:none;stroke:#e7f3fb;stroke-width:2}"
    ".scene-below{fill:#b9c2bb}.scene-building{fill:#c8b8a4;stroke:#9a8a76;stroke-width:2}.scene-wall{fill:#4a4f4c}"
    ".scene-shade{fill:#000;opacity:.25}.scene-arch{fill:none;stroke:#4a4f4c;stroke-width:14}"
    ".scene-tick{fill:none;stroke:var(--scene-ink);stroke-width:2}.scene-box{fill:#22282a;stroke:#ced4da;stroke-width:1.5}"
    ".scene-dark{fill:#22282a}.scene-glass{fill:#dbe9f4}.scene-lamp{fill:#fff3bf}.scene-line{fill:none;stroke:#22282a;stroke-width:2}"
    ".scene-bar{fill:none;stroke:#22282a;stroke-width:3;stroke-linecap:round}.scene-object{fill:#adb5bd;stroke:#495057}"
    ".scene-tree{fill:#69a35f}.scene-trunk{fill:#7a5a3a}.scene-warn{fill:#f76707;stroke:#fff}"
    ".scene-red{fill:#fa5252}.scene-amber{fill:#fcc419}.scene-green{fill:#51cf66}"
    ".scene-star{fill:#ffe066;stroke:#e03131;stroke-width:2}.scene-hit{fill:#e03131;stroke:#fff;stroke-width:1.5}"
    ".scene-way,.scene-case{fill:none;stroke-width:4;stroke-linejoin:round}.scene-case{stroke:#fff;stroke-width:6.5}"
    ".scene-guess{stroke-dasharray:4 7}.scene-on{stroke-width:2.5;stroke-dasharray:7 6}.scene-case.scene-on{stroke-width:5}"
    ".scene .scene-number{fill:#fff;font-size:13px;font-weight:700;text-anchor:middle}"
    ".scene svg .scene-number{font-size:9px}"
    ".scene .scene-tag{fill:#22282a;stroke:#fff;stroke-width:3;paint-order:stroke;font-size:10px}"
    ".scene .scene-small{font-size:10px;text-anchor:middle}"
    + "".join(
        f".scene-f{number}{{fill:{colour}}}.scene-s{number}{{stroke:{colour}}}"
        for number, colour in enumerate(("#1864ab", "#c2410c", "#2b6e37", "#7b2d91", "#0b7285", "#6b4f1d"))
    )
)


def draw(report: AccidentReport) -> str:
    """An SVG document; its width is 720 units, its height follows what is listed beneath."""
    codes = _codes(report.codes)
    parties = sorted(report.parties, key=lambda party: (party.order, party.kind or ""))
    movers = [_mover(party) for party in parties if party.kind not in (None, "passenger")]
    road = scene_road.road(codes, changes_lane=any(mover.action in ("07", "08", "10") for mover in movers))
    found = _meeting(movers, codes, road)
    pan = max(0.0, min(PAN, found.contact.imag - 50)) if road.arms and found.contact is not None else 0.0
    drawn = {id(one.mover) for one in found.placed}
    others = aside((mover for mover in movers if id(mover) not in drawn), WIDE - 4, pan + HIGH - 4)
    listed = [*_listed(report, codes, movers, found, others)]
    lines = [*_wrapped("未載明（以中性或示意方式表示，不得推論）：" + "、".join(listed)), *_wrapped(_CAUTION)]
    rows = [(party, row) for party in parties if party.kind for row in [_row(party)]]
    legend, bottom = [], _TOP + _HEIGHT + 16
    for party, row in rows:
        for number, line in enumerate(_wrapped(row, _ACROSS - 3)):
            badge = _badge(party.order, 24, bottom + 10, 10) if number == 0 else ""
            legend.append(f'{badge}<text x="46" y="{bottom + 16:g}">{escape(line)}</text>')
            bottom += _LINE
    for line in lines:
        legend.append(f'<text class="scene-soft" x="14" y="{bottom + 16:g}">{escape(line)}</text>')
        bottom += _LINE
    facts = "・".join(_facts(report))
    described = escape("。".join([facts, *(f"第{party.order}當事者 {row}" for party, row in rows), *lines]))
    middle = f"{-WIDE:g} {pan - HIGH:g} {2 * WIDE:g} {2 * HIGH:g}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="scene" viewBox="0 0 {_WIDTH} {bottom + 8:g}"'
        ' role="img" lang="zh-TW">'
        f"<title>{escape(_TITLE)}</title><desc>{described}</desc><style>{STYLE}</style>"
        f'<rect class="scene-panel" width="{_WIDTH}" height="{bottom + 8:g}"/>'
        f'<text class="scene-title" x="14" y="19">{escape(_TITLE)}</text>'
        f'<text class="scene-soft" x="14" y="37">{escape(_wrapped(facts, 49)[0])}</text>'
        f'<svg y="{_TOP}" width="{_WIDTH}" height="{_HEIGHT}" viewBox="{middle}">{_map(codes, road, found, pan, others)}</svg>'
        f"{''.join(legend)}</svg>\n"
    )


# ---- what the record says


def _codes(coded: Mapping[Item, Coded]) -> dict[Item, str]:
    """As codes of the form of 112.07.01, of those that stand for one of them."""
    read = {
        item: codebook.crosswalk(item, value.system, value.code, CodeSystem.FORM_112)
        for item, value in coded.items()
        if value.system and value.code
    }
    return {item: matches[0].code for item, matches in read.items() if len(matches) == 1}


def _label(coded: Mapping[Item, Coded], item: Item) -> str:
    """The table's label; a source's own text could be anything."""
    value = coded.get(item)
    if value is None or value.system is None or value.code is None:
        return ""
    return codebook.codes(item, value.system).get(value.code, "")


def _mover(party: ReportParty) -> Mover:
    codes = _codes(party.codes)
    drawn = shape(codes.get(Item.PARTY_TYPE, ""), party.kind or "")
    return Mover(party.order, codes, party.kind or "", drawn.length, drawn.width, drawn.on_foot)


def _meeting(movers: list[Mover], codes: Mapping[Item, str], road: Road) -> Meeting:
    kind, position, form = (
        codes.get(Item.ACCIDENT_TYPE, ""),
        codes.get(Item.POSITION, ""),
        codes.get(Item.ROAD_FORM, ""),
    )
    ahead = (
        road.half + 62
        if road.arms and position == "02"
        else road.half + 22
        if road.arms and position in ("18", "19")
        else 0
    )
    if not movers:
        return Meeting((), None, ())
    if kind == _REAR_END and len(movers) > 2 and not any(mover.on_foot for mover in movers):
        return queue(movers, road)
    pair = movers[:2]
    if pair[0].on_foot and len(pair) == 2 and not pair[1].on_foot:
        pair.reverse()
    found = meeting(pair, kind, road, complex(0, ahead), _ALONG if form == scene_road.CURVE else WIDE)
    if form in scene_road.ROUNDABOUT:
        return replace(found, placed=tuple(map(_on_ring, found.placed)))
    if road.arms:
        arms = scene_road.arms(road, found.arms)
        return replace(
            found, placed=tuple(one if _arm(one) in arms else replace(one, after=()) for one in found.placed)
        )
    return found


def _arm(one: Placed) -> str:
    """The arm of a junction that a party made for."""
    end = one.after[-1] if one.after else 0j
    if abs(end.imag) > abs(end.real):
        return "S" if end.imag > 0 else "N"
    return "E" if end.real > 0 else "W"


def _on_ring(one: Placed) -> Placed:
    """Around a ring: from below straight into it, from the left along it; what else the way was would be a guess."""
    start = one.before[0] if one.before else 0j
    if abs(start.imag) > abs(start.real):
        return replace(one, before=one.before if start.imag > 0 else (), after=())
    return replace(one, before=scene_road.along_ring(one.before[-1]) if start.real < 0 else (), after=())


def _facts(report: AccidentReport) -> Iterator[str]:
    for item in (Item.ROAD_FORM, Item.POSITION, Item.ACCIDENT_TYPE, Item.SIGNAL_TYPE, Item.MEDIAN):
        if label := _label(report.codes, item):
            yield label.replace("/", "").replace("無無", "無") if item == Item.MEDIAN else label.rpartition("/")[2]
    if report.speed_limit:
        yield f"速限{report.speed_limit}"
    for item in (Item.WEATHER, Item.SURFACE_STATE):
        if label := _label(report.codes, item):
            yield label.rpartition("/")[2]


def _row(party: ReportParty) -> str:
    group, _, kind = _label(party.codes, Item.PARTY_TYPE).partition("/")
    group = group.partition("(")[0]
    coarse = {"passenger": "乘客", "other": "其他"}.get(party.kind or "") or shape("", party.kind or "").name
    who = kind if group == "人" else f"{group}・{kind}" if group and kind else coarse
    action = _label(party.codes, Item.ACTION).rpartition("/")[2]
    impact = _label(party.codes, Item.FIRST_IMPACT).rpartition("/")[2]
    told = [who, action or "行動狀態未載明", f"最初撞擊：{impact or '未載明'}"]
    return " | ".join([*told, "未另繪"] if party.kind == "passenger" else told)


def _listed(
    report: AccidentReport, codes: Mapping[Item, str], movers: list[Mover], found: Meeting, others: Sequence[Placed]
) -> Iterator[str]:
    yield from ("方位", "車道數")
    for item in _NEEDED:
        if item not in codes:
            yield codebook.name(item)[1]
    if not report.whole:
        yield "第1當事者以外之當事者"
    for mover in movers:
        for item, name in ((Item.ACTION, "行動狀態"), (Item.FIRST_IMPACT, "撞擊部位")):
            if item not in mover.codes or (item == Item.FIRST_IMPACT and _unknown_impact(mover)):
                yield f"第{mover.order}當事者{name}"
    assumed = [one.mover.order for one in found.placed if one.assumed]
    if len(assumed) > 2:
        yield "追撞先後（依撞擊部位排列）"
    else:
        yield from (f"第{order}當事者來向或位置" for order in sorted(assumed))
    drawn, beside = ({id(one.mover) for one in placed} for placed in (found.placed, others))
    for mover in movers:
        if id(mover) not in drawn:
            yield f"第{mover.order}當事者位置（{'繪於圖框' if id(mover) in beside else '未繪'}）"


def _unknown_impact(mover: Mover) -> bool:
    """不明; and of a vehicle also 非汽、機及自行車, which the form of 96.09.09 has for bicycles."""
    return mover.codes.get(Item.FIRST_IMPACT) in (("15",) if mover.on_foot else ("15", "16"))


# ---- the drawing


def _map(codes: Mapping[Item, str], road: Road, found: Meeting, pan: float, others: Sequence[Placed]) -> str:
    parts = [
        f'<rect class="scene-ground" x="{-WIDE:g}" y="{-HIGH:g}" width="{2 * WIDE:g}" height="{2 * HIGH + PAN:g}"/>',
        scene_road.draw(codes, road, found.arms),
    ]
    walks = any(one.mover.on_foot for one in found.placed)
    if (
        not road.arms
        and found.contact is not None
        and (codes.get(Item.POSITION) == "18" or (walks and codes.get(Item.SIGNAL_TYPE) == "2"))
    ):
        parts.append(scene_road.crosswalk(road, found.contact.imag))
    kind = codes.get(Item.ACCIDENT_TYPE, "")
    parts += [_ways(one) for one in found.placed]
    if found.contact is not None:
        if all(one.mover.codes.get(Item.FIRST_IMPACT) != _NO_IMPACT for one in found.placed):
            parts.append(f'<path class="scene-star" transform="translate({_at(found.contact)})" d="{STAR}"/>')
        if len(found.placed) == 1 and kind in OBSTACLES:
            (one,) = found.placed
            beyond = found.contact + turned(one.heading + (one.mover.impact or 0)) * -8j
            parts.append(f'<g transform="translate({_at(beyond)})">{OBSTACLES[kind][1]}</g>')
    if others:
        parts.append(_frame(others))
    parts += [_body(one) for one in (*found.placed, *others)]
    parts += [
        f'<circle class="scene-hit" cx="{one.hit.real:.1f}" cy="{one.hit.imag:.1f}" r="4.5"/>'
        for one in (*found.placed, *others)
        if one.hit
    ]
    parts += [_number(one, found.contact) for one in found.placed]
    parts += [
        _badge(one.mover.order, one.at.real - one.mover.length / 2 - 9, one.at.imag, 7) + _tag(one) for one in others
    ]
    return "".join([*parts, _COMPASS.format(y=pan - HIGH + 28)])


_COMPASS = (
    f'<g transform="translate({WIDE - 34:g} {{y:g}})"><circle class="scene-panel" r="17" opacity=".85"/>'
    '<path class="scene-tick" d="M0-17v5M0 17v-5M-17 0h5M17 0h-5"/><text class="scene-small" y="4">?</text>'
    '<text class="scene-small" y="30">方位未載明</text></g>'
)


def _at(point: complex) -> str:
    return f"{point.real:.1f} {point.imag:.1f}"


def _colour(order: int) -> int:
    return (order - 1) % 6


def _badge(order: int, x: float, y: float, radius: int) -> str:
    return (
        f'<circle class="scene-f{_colour(order)}" cx="{x:g}" cy="{y:g}" r="{radius}"/>'
        f'<text class="scene-number" x="{x:g}" y="{y + radius * 0.46:g}">{order}</text>'
    )


def _ways(one: Placed) -> str:
    """The way before the impact, with its direction; thin what was meant to follow."""
    drawn = ""
    if len(one.before) > 1:
        drawn += _way(one, one.before, "scene-guess" if one.assumed else "") + _head(
            one, one.before, len(one.before) // 2
        )
    if len(one.after) > 1:
        far = accumulate(abs(b - a) for a, b in pairwise(one.after))
        meant = one.after[: 2 + sum(length < _MEANT for length in far)]
        drawn += _way(one, meant, "scene-on") + _head(one, meant, len(meant) - 1)
    return drawn


def _way(one: Placed, points: Sequence[complex], kind: str) -> str:
    line = f'd="M{"L".join(map(_at, points))}"'
    colour = f"scene-way scene-s{_colour(one.mover.order)}"
    return "".join(f'<path class="{f"{layer} {kind}".strip()}" {line}/>' for layer in ("scene-case", colour))


def _head(one: Placed, points: Sequence[complex], at: int) -> str:
    step = points[at] - points[at - 1]
    turn = math.degrees(math.atan2(step.imag, step.real)) + 90
    return (
        f'<path class="scene-f{_colour(one.mover.order)}" stroke="#fff" d="M-7 5L0-8 7 5Z" '
        f'transform="translate({_at(points[at])}) rotate({turn:.0f})"/>'
    )


def _body(one: Placed) -> str:
    drawn = shape(one.mover.codes.get(Item.PARTY_TYPE, ""), one.mover.kind)
    return (
        f'<g transform="translate({_at(one.at)}) rotate({one.heading:.0f})">'
        f'<g class="scene-f{_colour(one.mover.order)}" stroke="#fff" stroke-width="1.5">{drawn.body}</g>{drawn.detail}</g>'
    )


def _frame(others: Sequence[Placed]) -> str:
    """Around those whose place is not told, so that nobody takes them to stand there."""
    left, top = WIDE - 4 - ACROSS, others[0].at.imag - ROW / 2 - 16
    size = f'width="{ACROSS:g}" height="{others[-1].at.imag + ROW / 2 - top:g}"'
    return (
        f'<rect class="scene-panel" x="{left:g}" y="{top:g}" {size} rx="4" opacity=".9"/>'
        f'<text class="scene-small" x="{left + ACROSS / 2:g}" y="{top + 13:g}">位置未載明</text>'
    )


def _tag(one: Placed) -> str:
    tag = _TAGS.get(one.mover.action)
    if not tag:
        return ""
    return f'<text class="scene-tag" x="{one.at.real + 16:.1f}" y="{one.at.imag + 20:.1f}">{tag}</text>'


def _number(one: Placed, contact: complex | None) -> str:
    """Upon a vehicle; of what is too small for it, on the side away from the contact."""
    away = one.at - contact if contact is not None else 0
    spot = one.at
    if one.mover.width < 20 or one.mover.on_foot:
        spot += away / abs(away) * (one.mover.length / 2 + 9) if abs(away) > 1 else -20
    return _badge(one.mover.order, round(spot.real, 1), round(spot.imag, 1), 7) + _tag(one)


def _wrapped(text: str, across: int = _ACROSS + 5) -> list[str]:
    """Lines of at most so many full-width characters; a narrow one is half of one."""
    lines, width = [""], 0.0
    for sign in text:
        wide = 0.55 if sign < "\u2000" else 1
        if width + wide > across:
            lines.append("")
            width = 0.0
        lines[-1] += sign
        width += wide
    return lines
