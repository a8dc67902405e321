"""What stands on the road, as SVG: vehicles and people by item 26 of the form, obstacles by item 15, signals by item 12. Pure.

Each shape is drawn around 0, 0 heading up; whoever places it turns it. Colours are classes of `scene.STYLE`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """`name` zh-TW; `length` and `width` of the outline; `body` in the party's colour, `detail` upon it."""

    name: str
    length: float
    width: float
    body: str
    detail: str
    on_foot: bool = False


def _box(width: float, length: float, round_: float, at: float = 0) -> str:
    return f'<rect x="{-width / 2:g}" y="{at - length / 2:g}" width="{width:g}" height="{length:g}" rx="{round_:g}"/>'


def _wheel(y: float, length: float) -> str:
    return f'<rect class="scene-dark" x="-2" y="{y - length / 2:g}" width="4" height="{length:g}" rx="2"/>'


CAR = Shape(
    "汽車",
    46,
    22,
    _box(22, 46, 7),
    '<path class="scene-glass" d="M-8-8Q0-14 8-8L7-2H-7ZM-7 13H7L8 17Q0 20-8 17Z"/>'
    '<path class="scene-lamp" d="M-9-21h5v3h-6zM9-21h-5v3h6z"/>',
)
TRUCK = Shape(
    "貨車",
    66,
    25,
    _box(25, 66, 3),
    '<path class="scene-glass" d="M-10-26H10L9-20H-9Z"/><path class="scene-line" d="M-12.5-15H12.5"/>'
    '<path class="scene-lamp" d="M-11-33h6v3h-6zM11-33h-6v3h6z"/>',
)
BUS = Shape(
    "大客車",
    76,
    26,
    _box(26, 76, 5),
    '<path class="scene-glass" d="M-11-34H11V-28H-11ZM-12-22h3v48h-3zM12-22h-3v48h3z"/>'
    '<path class="scene-lamp" d="M-11-38h6v3h-6zM11-38h-6v3h6z"/>',
)
TRACTOR = Shape(
    "聯結車",
    96,
    26,
    _box(24, 26, 4, -35) + _box(26, 66, 2, 15),
    '<path class="scene-glass" d="M-10-42H10L9-36H-9Z"/><path class="scene-lamp" d="M-11-48h6v3h-6zM11-48h-6v3h6z"/>',
)
MOTORCYCLE = Shape(
    "機車",
    34,
    13,
    '<path d="M-3.5-11Q0-15 3.5-11L6 0Q6 10 3 12H-3Q-6 10-6 0Z"/><path class="scene-bar" d="M-9-8Q0-12 9-8"/>',
    _wheel(-13, 9) + _wheel(13, 9),
)
BICYCLE = Shape(
    "慢車(自行車)",
    32,
    10,
    '<circle cx="0" cy="1" r="5.5"/><path class="scene-bar" d="M-7-7H7"/>',
    '<rect class="scene-dark" x="-1" y="-16" width="2" height="11"/>'
    '<rect class="scene-dark" x="-1" y="6" width="2" height="10"/>',
)
WALKER = Shape(
    "行人",
    18,
    26,
    '<ellipse cx="0" cy="1" rx="13" ry="6.5"/><circle cx="0" cy="-1" r="7.5"/>',
    '<path class="scene-line" d="M-6 8v6M6-7v-6"/>',
    on_foot=True,
)
TRAIN = Shape(
    "軌道車輛",
    110,
    30,
    _box(30, 110, 8),
    '<path class="scene-glass" d="M-11-48H11V-40H-11Z"/><path class="scene-line" d="M0-30V50"/>',
)
OTHER = Shape("其他車", 46, 24, _box(24, 46, 2), '<path class="scene-line" d="M-7-13L0-20 7-13"/>')

# Item 26 by its code's beginning; the longest that fits.
SHAPES = {
    "A0": BUS, "A1": TRUCK, "A2": TRACTOR, "A3": TRACTOR, "A4": TRACTOR, "B0": CAR, "B1": TRUCK, "C": MOTORCYCLE,
    "D01": BUS, "D02": TRUCK, "D03": CAR, "E": TRUCK, "E03": CAR, "F": OTHER, "F01": BICYCLE, "F02": BICYCLE, "F03": BICYCLE,
    "F07": WALKER, "G": OTHER, "G05": TRAIN, "G07": TRAIN, "H": WALKER,
}  # fmt: skip
# Where item 26 is not told in codes: the coarse kind.
KINDS = {"car": CAR, "bus": BUS, "truck": TRUCK, "motorcycle": MOTORCYCLE, "bicycle": BICYCLE, "pedestrian": WALKER}


def shape(code: str, kind: str) -> Shape:
    fits = max((start for start in SHAPES if code.startswith(start)), key=len, default=None)
    return SHAPES[fits] if fits else KINDS.get(kind, OTHER)


# Item 15, single vehicle: what was run into. Drawn upright; 0, 0 is where the vehicle touches it.
_POLE = '<circle class="scene-object" r="6"/><path class="scene-line" d="M-3 0h6M0-3v6"/>'
_TREE = '<circle class="scene-tree" r="17"/><circle class="scene-trunk" r="4"/>'
_WALL = '<path class="scene-object" d="M-26-20h52v40h-52z"/><path class="scene-line" d="M-26-20l52 40M26-20l-52 40"/>'
_RAIL = '<path class="scene-rail" d="M0-70V60"/><path class="scene-line" d="M-4-60h8M-4-40h8M-4-20h8M-4 0h8M-4 20h8M-4 40h8"/>'
_CONES = '<path class="scene-warn" d="M-14 6l5-14 5 14zM4 6l5-14 5 14z"/>'
_ANIMAL = '<ellipse class="scene-object" rx="11" ry="6"/><circle class="scene-object" cx="11" cy="-4" r="4.5"/>'
OBSTACLES = {
    "20": ("護欄(樁)", _RAIL), "21": ("號誌、標誌桿", _POLE), "22": ("收費亭", _WALL), "24": ("非固定設施", _CONES),
    "25": ("橋樑、建築物", _WALL), "26": ("路樹、電桿", _TREE), "27": ("動物", _ANIMAL), "28": ("工程施工", _CONES),
    "35": ("橋樑(橋墩)", _WALL), "36": ("建築物", _WALL), "37": ("路樹", _TREE), "38": ("電桿", _POLE),
}  # fmt: skip

_LAMPS = '<rect class="scene-box" x="-8" y="-20" width="16" height="40" rx="5"/>'
_DEAD = '<circle class="scene-object" cy="{y}" r="4.5"/>'
# Item 12: a working signal shows no particular light, for the record tells none.
SIGNALS = {
    "1": _LAMPS + '<circle class="scene-red" cy="-12" r="4.5"/><circle class="scene-amber" r="4.5"/>'
    '<circle class="scene-green" cy="12" r="4.5"/>',
    "3": _LAMPS + '<circle class="scene-red" cy="-9" r="5"/><circle class="scene-amber" cy="9" r="5"/>'
    '<path class="scene-tick" d="M-14-9h-4M14-9h4M-14 9h-4M14 9h4"/>',
    "off": _LAMPS + "".join(_DEAD.format(y=y) for y in (-12, 0, 12)),
}  # fmt: skip
STAR = "M0-22L5-10 16-15 11-4 23 0 11 4 16 15 5 10 0 22-5 10-16 15-11 4-23 0-11-4-16-15-5-10Z"
