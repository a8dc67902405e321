"""Where and when a case happens: a day, a place and plates of its own, so that the truth is never in doubt.

No two cases of a scenario share a plate within days, or a place within an hour of a day.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cache

from schemas.ids import derive
from services.sandbox.participants import POLICE, exempt_plates, insurer_of, plates, uninsured_plates

TAIPEI = timezone(timedelta(hours=8))
FIRST_DAY = date(2025, 5, 1)  # losses fall on 300 days from here, their papers up to four months later: all past
DAYS = 300
PLATES_A_CASE = 3
_ROUND = 1_000  # cases until plates come again, on other days
_COLUMNS, _ROWS = 160, 240  # 0.01 degrees each, about 1.1 km
_CELL_STEP, _ROAD_STEP, _MINUTE_STEP = 14_741, 2_693, 797
_WEST, _SOUTH = 120_200_000, 22_600_000  # micro-degrees; open data's own accidents lie further south
_SPARE_SOUTH = 22_000_000
_FIRST = "松鏡澄雲曜霽晴嵐翠碧楓柏槐桐榆梧菊蘭荷桂梅櫻茉薇芷蓮葵菱蓉蕙竹葦蘆萱茵蔓艾芝芹荻藤葛菖蒲棠棣杏桃李棗"
_SECOND = "濤月湖澤谷嶺汐瀾泉溪渚汀洲淵潭瀑灣浦岬岑巒峰崗坡原野疇壟畦圃苑庭榭軒閣樓亭台橋梁渡津埠塘堰圳渠泊沚泓"
_KINDS = ("路", "街")
_TOWNS = (("雲澤市", "澄湖區"), ("雲澤市", "北嶺區"), ("晴川市", "望汐區"), ("晴川市", "南渚區"))


@dataclass(frozen=True)
class Setting:
    """A case's day, time, place and plates, also of an uninsured vehicle and of two that need not be insured. Coordinates in
    micro-degrees WGS84."""

    day: date
    minute: int  # of the day
    town: int
    roads: tuple[str, str]
    longitude: int
    latitude: int
    plates: tuple[str, ...]
    uninsured: str = ""
    exempt: tuple[str, str] = ("", "")

    @property
    def moment(self) -> datetime:
        """Taiwan time."""
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=TAIPEI) + timedelta(minutes=self.minute)

    @property
    def place(self) -> str:
        city, district = _TOWNS[self.town]
        return f"{city}{district}{self.roads[0]} / {city}{district}{self.roads[1]}"

    @property
    def unit(self) -> tuple[str, str]:
        """The police unit in charge: (code, name)."""
        return POLICE[0 if self.town < 2 else 1]

    @property
    def other_unit(self) -> tuple[str, str]:
        return POLICE[1 if self.town < 2 else 0]

    @property
    def coordinates(self) -> tuple[float, float]:
        return self.longitude / 1e6, self.latitude / 1e6


def setting(seed: int, case: int) -> Setting:
    """The setting of a case, from the seed and its number alone."""
    shift = _shift(seed)
    days = (case * 7 + case // _ROUND * 11 + shift) % DAYS
    cell = (case * _CELL_STEP + shift) % (_COLUMNS * _ROWS)
    jitter = shift % 40 * 100 + 23  # ends in 23 millionths, so that rounding to four places is the same from five
    return Setting(
        day=FIRST_DAY + timedelta(days=days),
        minute=(case * _MINUTE_STEP + shift) % 1_380 + 20,
        town=(case + shift) % len(_TOWNS),
        roads=_roads(case, shift),
        longitude=_WEST + cell % _COLUMNS * 10_000 + jitter,
        latitude=_SOUTH + cell // _COLUMNS * 10_000 + jitter,
        plates=_plates(seed, case),
        uninsured=uninsured_plates()[(case + shift) % _ROUND],
        exempt=exempt_plates()[(case + shift) % _ROUND],
    )


def elsewhere(seed: int, number: int) -> Setting:
    """A setting that no case has: open data's own accidents, south of all cases, on roads of their own."""
    found = setting(seed, number)
    longitude = _WEST + number % _COLUMNS * 10_000 + 23
    latitude = _SPARE_SOUTH + number // _COLUMNS % 50 * 10_000 + 23
    first, second = (f"{road[:2]}新{road[2:]}" for road in _roads(number, _shift(seed)))
    return Setting(found.day, found.minute, found.town, (first, second), longitude, latitude, ())


@cache
def _shift(seed: int) -> int:
    return int(derive("scenario-places", seed)[:8], 16)


def _roads(case: int, shift: int) -> tuple[str, str]:
    total = len(_FIRST) * len(_SECOND) * len(_KINDS)
    names = []
    for which in (0, 1):
        number = ((2 * case + which) * _ROAD_STEP + shift) % total
        number, kind = divmod(number, len(_KINDS))
        first, second = divmod(number, len(_SECOND))
        names.append(_FIRST[first] + _SECOND[second] + _KINDS[kind])
    return names[0], names[1]


def _plates(seed: int, case: int) -> tuple[str, ...]:
    """Two plates of the case, insured with different companies where its share of the register allows it."""
    register = plates()
    start = (case % _ROUND) * PLATES_A_CASE + _shift(seed)
    share = [register[(start + offset) % len(register)] for offset in range(PLATES_A_CASE)]
    first = share[0]
    others = sorted(share[1:], key=lambda plate: insurer_of(plate) == insurer_of(first))
    return first, others[0]
