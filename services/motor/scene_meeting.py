"""How the parties of an accident met, as far as the record carries it. Pure geometry, in the terms of `scene_tracks`.

The form tells no directions. The first party is drawn coming from below; the type of accident (item 15, page 2 of the form)
leaves one to four ways in which the second can have come, and of these the one is taken in which the two first impacts
(item 33) face each other. What stays open is marked `assumed`, and the drawing says so.
"""

import cmath
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from adapters.police.codebook import Item
from services.motor.scene_tracks import (
    IMPACTS,
    LANE,
    LEFT,
    RIGHT,
    STANDING,
    U_TURN,
    Meeting,
    Mover,
    Placed,
    Road,
    heading_at,
    shifted,
    track,
    turned,
)

ROWS, ROW, ACROSS = 3, 40.0, 146.0  # of those aside: how many rows, and how high and long one is
QUEUE = 290.0  # length of vehicles one behind the other that the drawing holds
_GAP = 5.0
_UNSURE = 25.0  # degrees: ways whose impacts face each other about as well as the best are not told apart
_NEAR = 170.0  # of the middle: no two meet farther away
_SQUARE = 30.0  # degrees within which impacts face each other well enough
_PER_DEGREE = 0.25  # what a degree of not facing each other weighs against a unit of distance

# Item 15: from where the second party can have come, seen from the first; the likeliest first.
_WAYS = {"10": (180,), "11": (180,), "12": (0,), "13": (0,), "14": (0, 180, 90, 270), "15": (90, 270)}
_WAYS |= dict.fromkeys(("30", "31", "32", "33", "34"), (90, 270))  # a train's, on a level crossing
_ANYWHERE = (180, 0, 90, 270)
_TURN = {LEFT: -90, RIGHT: 90, U_TURN: 180}
_ARMS = {0: "N", 90: "E", 180: "S", 270: "W"}


def _apart(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


def meeting(movers: Sequence[Mover], kind: str, road: Road, focus: complex, reach: float) -> Meeting:
    """One party alone, or the first two as they met; `kind` is the code of item 15, `focus` where on the road.

    Where a pedestrian is one of two, the vehicle must come first.
    """
    first = movers[0]
    if len(movers) == 1:
        return _alone(first, kind, road, focus, reach)
    second = movers[1]
    if not kind:
        return Meeting((), None, ("S", "N"))  # how they met is not told
    if second.on_foot:
        return _on_foot(first, second, kind, road, focus, reach)
    ways = _WAYS.get(kind, _ANYWHERE if road.arms else (0, 180))
    if second.action in STANDING and 0 in ways:
        ways = (0, *(way for way in ways if way != 0))
    tried = [_meet(first, second, way, road, focus, reach) for way in ways]
    costs = [_cost(found, road) + 6 * place for place, found in enumerate(tried)]
    best = costs.index(min(costs))
    told = first.impact is not None and second.impact is not None
    unsure = len(ways) > 1 and (not told or sum(cost < costs[best] + _UNSURE for cost in costs) > 1)
    found = tried[best]
    a, b = found.placed
    b = _clear(a, replace(b, assumed=unsure), found.contact)
    return _inside(replace(found, placed=(a, b)), road)


def _inside(found: Meeting, road: Road) -> Meeting:
    """Moved towards the middle as far as one of them would be off a road that is no junction."""
    if road.arms:
        return found
    far = max(found.placed, key=lambda one: abs(one.at.real) + one.mover.width / 2)
    off = abs(far.at.real) + far.mover.width / 2 - road.half
    if off <= 0 or abs(far.heading % 180 - 90) < 45:
        return found
    shift = -math.copysign(off, far.at.real)
    return replace(
        found,
        placed=tuple(replace(one, at=one.at + shift) for one in found.placed),
        contact=found.contact + shift,
    )


def aside(movers: Iterable[Mover], right: float, bottom: float) -> tuple[Placed, ...]:
    """Those whose place the record does not tell, who were not of the two that met: in rows that end at a corner of the drawing,
    the last row lowest, without a way. Of more than ROWS hold the last are left out."""
    rows: list[list[Mover]] = [[]]
    for mover in movers:
        if sum(map(_cell, (*rows[-1], mover))) > ACROSS:
            rows.append([])
        rows[-1].append(mover)
    del rows[ROWS:]
    placed = []
    for number, row in enumerate(rows):
        x = right - ACROSS
        for mover in row:
            at = complex(x + _cell(mover) - mover.length / 2 - _GAP, bottom - ROW * (len(rows) - number - 0.5))
            placed.append(Placed(mover, at, 90.0, (), (), assumed=True))
            x += _cell(mover)
    return tuple(placed)


def _cell(mover: Mover) -> float:
    """The length of a party and of its number beside it."""
    return mover.length + 26


def _x(mover: Mover, other: Mover, way: int, road: Road) -> float:
    """How far right of the middle a party drives."""
    if mover.codes.get(Item.PARTY_TYPE) in ("G05", "G07"):
        return 0  # on its track
    against = mover.codes.get(Item.CAUSE) in ("04", "05")
    x = road.lane
    if mover.action in (LEFT, U_TURN) and not against:
        x = LANE / 2
    if way == 0 and mover.action not in _TURN:
        # Beside one that turns: on the side to which it turns.
        # So is one into whose lane the other changes.
        beside = {RIGHT: road.lane + 0.55 * LANE, LEFT: 0.1 * LANE, U_TURN: LANE / 2}
        x = (beside | dict.fromkeys(("07", "10"), road.lane - LANE)).get(other.action, x)
    return -x if against else x


def _meet(first: Mover, second: Mover, way: int, road: Road, focus: complex, reach: float) -> Meeting:
    one = track(first.action, road, 0, _x(first, second, way, road), reach)
    other = track(second.action, road, way, _x(second, first, way, road), reach)
    towards = one[len(one) // 2] if first.action in _TURN else focus
    faces, others = _faces(first, one, 0), _faces(second, other, way)
    slack = (first.width + second.width) / 2
    beside = slack if {first.impact, second.impact} <= {90, 270} else 0.0
    _, i, j = min(
        (
            0.3 * abs(abs(a - b) - beside)
            + max(0.0, abs(a - b) - slack)
            + 0.05 * abs((a + b) / 2 - towards)
            # Of points about as near each other, those where the first impacts face each other.
            + (_PER_DEGREE * max(0.0, _apart(faces[i], others[j] + 180) - _SQUARE) if faces and others else 0.0),
            i,
            j,
        )
        for i, a in enumerate(one)
        if abs(a) < _NEAR or len(one) == 1
        for j, b in enumerate(other)
        if abs(b) < _NEAR or len(other) == 1
    )
    contact = (one[i] + other[j]) / 2
    placed = tuple(
        _place(mover, points, at, from_, contact)
        for mover, points, at, from_ in ((first, one, i, 0), (second, other, j, way))
    )
    came, made_for = (_ARMS[180], _ARMS[(way + 180) % 360]), (*_made_for(first, 0), *_made_for(second, way))
    return Meeting(placed, contact, tuple(dict.fromkeys((*came, *made_for))))


def _faces(mover: Mover, points: Sequence[complex], way: int) -> list[float]:
    """Where the first impact looks at each point of a way; empty when it is not told."""
    if mover.impact is None:
        return []
    return [heading_at(points, at, way, mover.action) + mover.impact for at in range(len(points))]


def _made_for(mover: Mover, way: int) -> Iterator[str]:
    if mover.action not in STANDING:
        yield _ARMS[(way + _TURN.get(mover.action, 0)) % 360]


def _place(mover: Mover, points: Sequence[complex], at: int, way: int, contact: complex) -> Placed:
    """So that the first impact is at the contact; of one whose impact is not told, the front."""
    heading = heading_at(points, at, way, mover.action)
    spot = contact - mover.outline(mover.impact or 0) * turned(heading)
    before, after = tuple(points[: at + 1]), tuple(points[at:])
    return Placed(
        mover, spot, heading, before if len(points) > 1 else (), after if len(points) > 1 else (), assumed=False
    )


def _cost(found: Meeting, road: Road) -> float:
    """Degrees by which the impacts fail to face each other, and a price for arms that the junction has not."""
    a, b = found.placed
    missing = max(0, len(found.arms) - (road.arms or 4)) * 60
    if a.mover.impact is None or b.mover.impact is None:
        return missing
    return missing + _apart(a.heading + a.mover.impact, b.heading + b.mover.impact + 180)


def _clear(a: Placed, b: Placed, contact: complex) -> Placed:
    """The second party beside the first: impacts that do not face each other would lay one over the other."""
    out = turned(a.heading + (a.mover.impact or 0)) * -1j
    if a.mover.impact is not None and b.mover.impact is not None:
        if _apart(a.heading + a.mover.impact, b.heading + b.mover.impact + 180) <= 75:
            return b
    facing = math.degrees(cmath.phase(out * 1j)) + 180 - b.heading
    return replace(b, at=contact - b.mover.outline(round(facing / 45) * 45) * turned(b.heading))


def queue(movers: Sequence[Mover], road: Road) -> Meeting:
    """A rear-end collision of three and more, one behind the other: hit at the rear only, at both ends, at the front only.

    The record does not say who hit whom, so all places are assumed; of more than the drawing holds some in the middle are
    left out.
    """

    def ends(mover: Mover) -> tuple[bool, bool]:
        hit = {IMPACTS.get(mover.codes.get(item, "")) for item in (Item.FIRST_IMPACT, Item.OTHER_IMPACT)}
        return bool(hit & {0, 45, 315}), bool(hit & {180, 135, 225})

    row = sorted(movers, key=lambda mover: {(False, True): 0, (True, False): 2}.get(ends(mover), 1))
    while sum(mover.length + _GAP for mover in row) > QUEUE:
        row.pop(len(row) // 2)
    placed, y = [], -sum(mover.length + _GAP for mover in row) / 2
    for mover in row:
        at = complex(road.lane, y + mover.length / 2)
        placed.append(Placed(mover, at, 0.0, (), (), assumed=True))
        y += mover.length + _GAP
    last = placed[-1]
    placed[-1] = replace(last, before=(last.at + 110j, last.at + 60j, last.at))
    return Meeting(tuple(placed), None, ("S", "N"))


def _on_foot(vehicle: Mover, walker: Mover, kind: str, road: Road, focus: complex, reach: float) -> Meeting:
    """A person on foot crosses the vehicle's way (03, 06, 07), or goes or stands beside the road (01, 02, 05, 08)."""
    turning = vehicle.action in _TURN
    along = kind in ("01", "02", "05", "08")
    x = road.half - 12 if along and not turning else LANE / 2 if vehicle.action in (LEFT, U_TURN) else road.lane
    way = track(vehicle.action, road, 0, x, reach)
    if turning and road.arms:
        at = min(
            range(len(way)), key=lambda i: abs(abs(way[i].real) - road.half - 18) + (200 if i < len(way) // 3 else 0)
        )
    else:
        at = min(range(len(way)), key=lambda i: abs(way[i] - complex(x, focus.imag)))
    contact = way[at]
    placed = _place(vehicle, way, at, 0, contact)
    impact = vehicle.impact or 0
    # One comes into the way from the side that was hit; in front it could have been either.
    side = -1 if 0 < impact < 180 else 1
    walking = placed.heading + {"01": 180, "02": 0}.get(kind, 90 * side)
    step = turned(walking) * -1j
    spot = contact + turned(placed.heading + impact) * -1j * (walker.width / 2)
    stands = walker.action in STANDING or kind in ("05", "08")
    before = () if stands else (spot - step * 62, spot)
    after = () if stands else (spot, spot + step * 40)
    unsure = not along and not stands and impact in (0, 180)
    person = Placed(walker, spot, walking, before, after, assumed=unsure)
    return Meeting((placed, person), contact, ("S", *_made_for(vehicle, 0)))


def _alone(mover: Mover, kind: str, road: Road, focus: complex, reach: float) -> Meeting:
    """One party off its way: to the island in the middle (23), else to the right, which the record does not say."""
    aside = {"18": road.lane, "23": 0.0, "24": road.lane, "27": road.lane, "28": road.lane}.get(kind, road.half + 16)
    if mover.on_foot or mover.action in STANDING:
        aside = road.lane
    start = complex(road.lane, focus.imag + 70)
    points = (complex(road.lane, reach), start, *shifted(start, complex(aside, focus.imag - 30)))
    contact = points[-1]
    placed = _place(mover, points, len(points) - 1, 0, contact)
    return Meeting((replace(placed, assumed=aside > road.half, after=()),), contact, ("S", *_made_for(mover, 0)))
