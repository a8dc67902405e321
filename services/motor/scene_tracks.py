"""The ways of the parties of an accident over the road: shapes, and where each manoeuvre (item 29) leads. Pure geometry.

Points are complex numbers, x to the right and y down, in units of the drawing (a lane is LANE wide). A heading is in degrees,
0 up and clockwise. Taiwan drives on the right.
"""

import cmath
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapters.police.codebook import Item

LANE = 34.0
STANDING = ("13", "14", "17", "19")
LEFT, RIGHT, U_TURN = "05", "06", "11"
_STEP = 12.0  # between the points of a track

# Item 33, 最初: the direction that the part of a vehicle faces, in degrees from its front.
IMPACTS = {
    "01": 0, "05": 45, "02": 90, "06": 135, "03": 180, "07": 225, "04": 270, "08": 315,
    "11": 0, "12": 90, "13": 180, "14": 270,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Road:
    """The carriageway as coded: `lanes` each way, `slow` lane beside them, arms of a junction (empty on a road)."""

    lanes: int
    slow: bool
    arms: int

    @property
    def half(self) -> float:
        return LANE * self.lanes + (LANE * 0.6 if self.slow else 0)

    @property
    def lane(self) -> float:
        """Middle of the outer lane."""
        return LANE * (self.lanes - 0.5)

    @property
    def kerb(self) -> float:
        return self.half - 9


@dataclass(frozen=True, slots=True)
class Mover:
    """A party to be drawn: its codes in the form of 112.07.01, its coarse kind, its outline's length and width."""

    order: int
    codes: Mapping[Item, str]
    kind: str
    length: float
    width: float
    on_foot: bool = False

    @property
    def action(self) -> str:
        return self.codes.get(Item.ACTION, "")

    @property
    def impact(self) -> int | None:
        return IMPACTS.get(self.codes.get(Item.FIRST_IMPACT, ""))

    def outline(self, degrees: float) -> complex:
        """The point of the outline that faces a direction from its front, before it is turned."""
        across, along = round(math.sin(math.radians(degrees)), 6), -round(math.cos(math.radians(degrees)), 6)
        return (
            complex((across > 0) - (across < 0), 0) * self.width / 2
            + 1j * ((along > 0) - (along < 0)) * self.length / 2
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """A party where it was hit: its middle, heading, the way before and after (empty of what stood), and what was assumed."""

    mover: Mover
    at: complex
    heading: float
    before: tuple[complex, ...]
    after: tuple[complex, ...]
    assumed: bool

    @property
    def hit(self) -> complex | None:
        """The first impact on the outline."""
        if self.mover.impact is None or self.mover.on_foot:
            return None
        return self.at + self.mover.outline(self.mover.impact) * turned(self.heading)


@dataclass(frozen=True, slots=True)
class Meeting:
    placed: tuple[Placed, ...]
    contact: complex | None
    arms: tuple[str, ...]  # of a junction: first those that the parties came by, then those that they made for


def turned(degrees: float) -> complex:
    """What a point is multiplied by to turn it clockwise."""
    return cmath.exp(1j * math.radians(degrees))


def _curve(start: complex, corner: complex, end: complex) -> Iterator[complex]:
    for step in range(1, 13):
        t = step / 12
        yield (1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t * t * end


def shifted(start: complex, end: complex) -> Iterator[complex]:
    """From one lane into another, upwards."""
    for step in range(1, 13):
        t = step / 12
        yield complex(
            start.real + (end.real - start.real) * (3 - 2 * t) * t * t, start.imag + (end.imag - start.imag) * t
        )


def _corners(action: str, road: Road, x: float, reach: float) -> list[complex]:
    """The way of one who comes from below at `x`: its points, before they are made dense."""
    half, below, above = road.half, complex(x, reach), complex(x, -reach)
    into = min(x, LANE / 2)  # of a crossing road: the lane next to its middle
    match action:
        case "05":
            return [
                below,
                complex(x, half),
                *_curve(complex(x, half), complex(x, -into), complex(-half, -into)),
                -reach - into * 1j,
            ]
        case "06":
            side = road.lane
            return [
                below,
                complex(x, half),
                *_curve(complex(x, half), complex(x, side), complex(half, side)),
                reach + side * 1j,
            ]
        case "11":
            bend = [x * cmath.exp(-1j * math.pi * step / 12) for step in range(13)]
            return [below, *bend, complex(-x, reach)]
        case "07" | "10":
            return [below, complex(x, 45), *shifted(complex(x, 45), complex(x - LANE, -45)), complex(x - LANE, -reach)]
        case "04":
            return [below, complex(x, 80), *shifted(complex(x, 80), complex(x - LANE, 10)), complex(x - LANE, -reach)]
        case "08":
            return [
                complex(x - LANE, reach),
                complex(x - LANE, 45),
                *shifted(complex(x - LANE, 45), complex(x, -45)),
                above,
            ]
        case "01":
            return [complex(road.kerb, 70), *shifted(complex(road.kerb, 70), complex(x, -25)), above]
        case "03":
            return [below, complex(x, 50), *shifted(complex(x, 50), complex(road.kerb, -25)), complex(road.kerb, -45)]
        case "02":
            return [complex(x, -80), complex(x, 80)]
        case "13":
            return [complex(road.kerb, 0)]
        case "14" | "17" | "19":
            return [complex(x, 0)]
    return [below, above]


def track(action: str, road: Road, way: int, x: float, reach: float) -> tuple[complex, ...]:
    """The way of a party that comes from `way`, dense enough to compare."""
    corners = _corners(action, road, x, reach)
    points = [corners[0]]
    for end in corners[1:]:
        start = points[-1]
        parts = max(1, round(abs(end - start) / _STEP))
        points += [start + (end - start) * part / parts for part in range(1, parts + 1)]
    return tuple(point * turned(way) for point in points)


def heading_at(points: Sequence[complex], at: int, way: int, action: str) -> float:
    """Of the body: backwards of the way when it reverses; as it came when it stands."""
    if len(points) == 1:
        return way
    ahead, behind = points[min(at + 1, len(points) - 1)], points[max(at - 1, 0)]
    heading = math.degrees(cmath.phase((ahead - behind) * 1j))
    return heading + 180 if action == "02" else heading
