"""The road of an accident as SVG, from the items 8, 9, 12, 13 and 14 of the form. Pure.

Around 0, 0 in the middle of the road or junction, x to the right and y down; WIDE and HIGH are half the drawing's.
"""

import cmath
import math
from collections.abc import Mapping

from adapters.police.codebook import Item
from services.motor.scene_glyphs import SIGNALS
from services.motor.scene_tracks import LANE, Road

WIDE, HIGH = 240.0, 150.0
PAN = 100.0  # how far down the drawing may look at a junction, to what happened before it
_TURNS = {"S": 0, "W": 90, "N": 180, "E": 270, "NE": 225}  # of an arm that is drawn downwards
_FILL = ("S", "N", "E", "W")
JUNCTIONS = {"03": 3, "04": 4, "05": 5}
LEVEL_CROSSINGS, ROUNDABOUT, CURVE, SLOPE, ALLEY = ("01", "02"), ("18", "16"), "11", "12", "13"
_WALLED, _RAILED = ("06", "07", "09"), ("08", "10")  # tunnel, underpass, culvert; bridge, elevated road
_RING, _OUTER, _INNER = 48.0, 88.0, 36.0  # of a roundabout: how far its middle is above 0, 0; its radii


def road(codes: Mapping[Item, str], *, changes_lane: bool) -> Road:
    """How many lanes the form does not say: lane lines, and a change of lane, mean more than one each way."""
    lines = codes.get(Item.LANE_LINE) in ("1", "2", "3", "4")
    slow = codes.get(Item.FAST_SLOW_LINE) in ("1", "2", "3", "4")
    form = codes.get(Item.ROAD_FORM, "")
    arms = JUNCTIONS.get(form, 4 if form in ROUNDABOUT else 0)
    return Road(lanes=2 if (lines or changes_lane) and form != ALLEY else 1, slow=slow and form != ALLEY, arms=arms)


def draw(codes: Mapping[Item, str], road: Road, used: tuple[str, ...]) -> str:
    form = codes.get(Item.ROAD_FORM, "")
    if form in ROUNDABOUT:
        return _roundabout(codes, road) + _signal(codes, road)
    if road.arms:
        return _junction(codes, road, used) + _signal(codes, road)
    if form == CURVE:
        return _curve(codes, road) + _signal(codes, road)
    return _around(form, road) + _straight(codes, road) + _over(form, road) + _signal(codes, road)


# ---- a road


def _straight(codes: Mapping[Item, str], road: Road) -> str:
    half = road.half
    surface = f'<rect class="scene-road" x="{-half:g}" y="{-HIGH:g}" width="{2 * half:g}" height="{2 * HIGH:g}"/>'
    return surface + _lines(codes, road, -HIGH, HIGH)


def _lines(codes: Mapping[Item, str], road: Road, top: float, bottom: float) -> str:
    """Markings of a carriageway that runs upwards, between two heights."""
    drawn = _median(codes.get(Item.MEDIAN, ""), top, bottom)
    for lane in range(1, road.lanes):
        solid = codes.get(Item.LANE_LINE) in ("1", "2")
        drawn += "".join(_mark(side * lane * LANE, top, bottom, solid=solid) for side in (-1, 1))
    if road.slow:
        island = codes.get(Item.FAST_SLOW_LINE) in ("1", "2", "3")
        for side in (-1, 1):
            x = side * road.lanes * LANE
            drawn += _island(x, 7, top, bottom) if island else _mark(x, top, bottom, solid=True)
    if codes.get(Item.EDGE_LINE) == "1":
        drawn += "".join(_mark(side * (road.half - 4), top, bottom, solid=True) for side in (-1, 1))
    return drawn


def _mark(x: float, top: float, bottom: float, *, solid: bool, kind: str = "scene-white") -> str:
    dashes = "" if solid else ' stroke-dasharray="14 14"'
    return f'<path class="{kind}"{dashes} d="M{x:g} {top:g}V{bottom:g}"/>'


def _island(x: float, width: float, top: float, bottom: float) -> str:
    return f'<rect class="scene-island" x="{x - width / 2:g}" y="{top:g}" width="{width:g}" height="{bottom - top:g}" rx="3"/>'


def _median(code: str, top: float, bottom: float) -> str:
    """Item 13. What is not told, or 無, has no line."""

    def yellow(x: float, solid: bool) -> str:
        return _mark(x, top, bottom, solid=solid, kind="scene-yellow")

    match code:
        case "01":
            return _island(0, 14, top, bottom)
        case "02":
            fence = f'<path class="scene-fence" stroke-dasharray="3 7" d="M0 {top:g}V{bottom:g}"/>'
            return _island(0, 8, top, bottom) + fence
        case "03":
            return _island(0, 8, top, bottom)
        case "04" | "05":
            return yellow(-2.5, solid=True) + yellow(2.5, solid=True)
        case "06" | "07":
            return yellow(-2.5, solid=False) + yellow(2.5, solid=True)
        case "08" | "09":
            return yellow(0, solid=False)
    return ""


def _around(form: str, road: Road) -> str:
    half = road.half
    if form in _RAILED:
        water = "scene-water" if form == "08" else "scene-below"
        under = f'<rect class="{water}" x="{-WIDE:g}" y="{-HIGH:g}" width="{2 * WIDE:g}" height="{2 * HIGH:g}"/>'
        waves = "".join(
            f'<path class="scene-wave" d="M{x:g} {y:g}q8-7 16 0t16 0t16 0"/>'
            for y in range(-125, 150, 50)
            for x in (-215, -150, 110, 180)
        )
        deck = f'<rect class="scene-island" x="{-half - 10:g}" y="{-HIGH:g}" width="{2 * half + 20:g}" height="{2 * HIGH:g}"/>'
        return under + (waves if form == "08" else "") + deck
    if form == ALLEY:
        return "".join(
            f'<rect class="scene-building" x="{x:g}" y="{y:g}" width="120" height="96"/>'
            for x in (-half - 134, half + 14)
            for y in (-160, -52, 56)
        )
    return ""


def _over(form: str, road: Road) -> str:
    half = road.half
    if form in _RAILED:
        return "".join(f'<path class="scene-rail" d="M{x:g} {-HIGH:g}V{HIGH:g}"/>' for x in (-half - 6, half + 6))
    if form in _WALLED:
        walls = "".join(
            f'<rect class="scene-wall" x="{x:g}" y="{-HIGH:g}" width="26" height="{2 * HIGH:g}"/>'
            for x in (-half - 26, half)
        )
        arches = "".join(
            f'<path class="scene-arch" d="M{-half - 13:g} {y:g}Q0 {y - 34:g} {half + 13:g} {y:g}"/>'
            for y in (-110, 145)
        )
        shade = f'<rect class="scene-shade" x="{-half:g}" y="{-HIGH:g}" width="{2 * half:g}" height="{2 * HIGH:g}"/>'
        return shade + walls + arches
    if form == SLOPE:
        return "".join(
            f'<path class="scene-faint" d="M{x - 9:g} {y + 9:g}l9-9 9 9"/>'
            for x in (-half / 2, half / 2)
            for y in (-125, 115)
        )
    if form in LEVEL_CROSSINGS:
        rails = "".join(f'<path class="scene-rail" d="M{-WIDE:g} {y:g}H{WIDE:g}"/>' for y in (-11, 11))
        sleepers = f'<path class="scene-sleeper" stroke-dasharray="6 10" d="M{-WIDE:g} 0H{WIDE:g}"/>'
        gates = f'<path class="scene-gate" stroke-dasharray="10 6" d="M{half:g} 34H4M{-half:g}-34H-4"/>'
        return sleepers + rails + (gates if form == "01" else "")
    if form == "21":
        return "".join(f'<path class="scene-rail" d="M{x:g} {-HIGH:g}V{HIGH:g}"/>' for x in (-25, -9, 9, 25))
    return ""


def _curve(codes: Mapping[Item, str], road: Road) -> str:
    """A bend to the left, so that its outside is where one who leaves the road is drawn; upwards in its middle."""
    radius = 260.0

    def arc(x: float, kind: str, extra: str = "") -> str:
        r = radius + x
        return f'<path class="{kind}"{extra} d="M{-radius:g} {-r:g}A{r:g} {r:g} 0 0 1 {-radius:g} {r:g}"/>'

    half = road.half
    surface = arc(0, "scene-bend", f' stroke-width="{2 * half:g}"')
    code = codes.get(Item.MEDIAN, "")
    solid = code in ("04", "05", "06", "07")
    middle = arc(0, "scene-island-line") if code in ("01", "02", "03") else ""
    if code in ("04", "05", "06", "07", "08", "09"):
        middle = "".join(
            arc(x, "scene-yellow", "" if solid else ' stroke-dasharray="14 14"')
            for x in ((-2.5, 2.5) if solid else (0,))
        )
    lanes = "".join(
        arc(side * lane * LANE, "scene-white", ' stroke-dasharray="14 14"')
        for lane in range(1, road.lanes)
        for side in (-1, 1)
    )
    slow = "".join(arc(side * road.lanes * LANE, "scene-white") for side in (-1, 1)) if road.slow else ""
    edges = (
        "".join(arc(side * (half - 4), "scene-white") for side in (-1, 1)) if codes.get(Item.EDGE_LINE) == "1" else ""
    )
    return surface + middle + lanes + slow + edges


# ---- a junction


def arms(road: Road, used: tuple[str, ...]) -> tuple[str, ...]:
    """Those that the parties used, filled up to the number that the road form names."""
    return tuple(dict.fromkeys((*used, *_FILL, "NE")))[: road.arms]


def _junction(codes: Mapping[Item, str], road: Road, used: tuple[str, ...]) -> str:
    half = road.half
    drawn, marks = "", ""
    for arm in arms(road, used):
        turn = _TURNS[arm]
        reach = WIDE if arm in ("E", "W") else HIGH + PAN
        length = 320 if arm == "NE" else reach
        start = half + (62 if arm == "NE" else 0)
        box = f'x="{-half:g}" y="0" width="{2 * half:g}" height="{length:g}"'
        drawn += f'<rect class="scene-road" transform="rotate({turn})" {box}/>'
        zebra = _zebra(road, start) if _crosswalks(codes) else ""
        line = start + (36 if zebra else 22)
        stop = f'<path class="scene-stop" d="M2 {line:g}H{half - 3:g}"/>'
        lines = _lines(codes, road, line, length)
        marks += f'<g transform="rotate({turn})">{lines}{stop}{zebra}</g>'
    return (
        drawn
        + f'<rect class="scene-road" x="{-half:g}" y="{-half:g}" width="{2 * half:g}" height="{2 * half:g}"/>'
        + marks
    )


def _crosswalks(codes: Mapping[Item, str]) -> bool:
    """A crosswalk is told by the place of the accident (18, 19) or by a signal for pedestrians."""
    return codes.get(Item.POSITION) in ("18", "19") or codes.get(Item.SIGNAL_TYPE) == "2"


def _zebra(road: Road, start: float) -> str:
    return "".join(
        f'<rect class="scene-zebra" x="{x:g}" y="{start + 8:g}" width="6" height="20"/>'
        for x in _every(-road.half + 5, road.half - 8, 12)
    )


def _every(start: float, end: float, step: float) -> list[float]:
    return [start + step * number for number in range(int((end - start) // step) + 1)]


def crosswalk(road: Road, y: float) -> str:
    """Across a road that is no junction."""
    return f'<g transform="translate(0 {y - 18:g})">{_zebra(road, 0)}</g>'


def _roundabout(codes: Mapping[Item, str], road: Road) -> str:
    """The parties meet where the road from below joins the ring, so the ring's lowest lane runs through 0, 0."""
    half = road.half
    middle = -_RING
    roads = "".join(
        f'<rect class="scene-road" x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}"/>'
        for x, y, wide, high in (
            (-half, 0.0, 2 * half, HIGH),
            (-half, -HIGH, 2 * half, HIGH - _RING),
            (-WIDE, middle - half, 2 * WIDE, 2 * half),
        )
    )
    ring = f'<circle class="scene-road" cx="0" cy="{middle:g}" r="{_OUTER:g}"/>'
    island = f'<circle class="scene-ground scene-kerb" cx="0" cy="{middle:g}" r="{_INNER:g}"/>'
    turn = f'<path class="scene-faint" d="M44 {middle - 44:g}A62 62 0 0 0-44 {middle - 44:g}m1-13l-1 13 13-1"/>'
    return roads + ring + island + turn + _lines(codes, road, _OUTER - _RING, HIGH)


def along_ring(end: complex) -> tuple[complex, ...]:
    """The way on a ring, against the clock, to a point on its lower right or left."""
    middle = complex(0, -_RING)
    radius, angle = abs(end - middle), cmath.phase(end - middle)
    return tuple(middle + cmath.rect(radius, angle + math.radians(back)) for back in range(110, -1, -5))


def _signal(codes: Mapping[Item, str], road: Road) -> str:
    """Item 12, at the far right of whoever comes from below."""
    kind, works = codes.get(Item.SIGNAL_TYPE, ""), codes.get(Item.SIGNAL_ACTION, "")
    if kind not in ("1", "2", "3"):
        return ""
    lamps = SIGNALS["off"] if works in ("2", "3") else SIGNALS["3" if kind == "3" else "1"]
    y = -road.half - 34 if road.arms else -100
    return f'<g transform="translate({road.half + 24:g} {y:g})">{lamps}</g>'
