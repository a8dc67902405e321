"""Places of accidents made comparable without a geocoder: road tokens out of free text, and cells of a grid.

Free text comes in the styles of the police agency's files (facts-police-motor.md 2.1): an address, a crossing `A / B`,
a highway and kilometre, plain words. Pure.
"""

import re
import unicodedata
from enum import StrEnum

LONGITUDES = (118, 123)  # WGS84 degrees; 金門 and 連江 lie west of 120
LATITUDES = (21, 27)
CELL_MICRODEGREES = 2000  # 0.002 degrees: 220 m by 205 m in Taiwan; two readings of one crossing differ by less
TEXT_MAX = 300  # characters read of a place; the longest published one has 80

_SHARED_NAMES = frozenset(("中正區", "中山區", "信義區", "大安區", "東區", "西區", "南區", "北區"))  # of several cities
_CITY = re.compile(
    "台北市|新北市|桃園市|台中市|台南市|高雄市|基隆市|新竹市|嘉義市|新竹縣|苗栗縣|彰化縣|南投縣|雲林縣|嘉義縣|屏東縣|宜蘭縣|"
    "花蓮縣|台東縣|澎湖縣|金門縣|連江縣|[一-鿿]{2}[縣市](?=[一-鿿]{1,3}區)"  # or any other with districts: a sandbox's
)
_DISTRICT = re.compile(r"[一-鿿]{1,3}?[鄉鎮市區]區?")
# A village before the road. Not "里" of 中里路: a road's own suffix must not follow at once.
_VILLAGE = re.compile(r"[^\d\s路街道線段/|]{1,4}?[村里]里?(?!\d{0,2}(?:路|街|道|大道))(?:\d+鄰)?")
_ASIDE = re.compile(r"[(〈【]([^)〉】]*)[)〉】]?")
_LAMP = re.compile(r"路燈|電線?桿|燈桿")
_JOINT = re.compile(r"\s/\s|[與、,;/]|(?<=[路街段道線巷弄])(?:路)?口|(?<=\d公里處)")
_DIGITS = {numeral: digit for digit, numeral in enumerate("一二三四五六七八九", start=1)}
_NUMERAL = re.compile(
    r"(?<=國道)[一二三四五六七八九十]+|(?<=國)[一二三](?=[東西南北上下])|[一二三四五六七八九十]+(?=[路街段線號巷]|[甲乙丙丁]線|公路)"
)
_KILOMETRE = r"(?:[^\d|]{0,8}?(\d{1,3})(?:\.\d+)?\s*(?:公里|KM?(?![A-Z])))?"
_FREEWAY = re.compile(r"國(?:道)?\s*(\d{1,2})(甲)?號?" + _KILOMETRE)
_PROVINCIAL = re.compile(
    r"台\s*(\d{1,3})([甲乙丙丁戊己庚])?\s*(?:線|省道|公路|(?=\s+\d|[東西南北][上下向]))" + _KILOMETRE
)
_COUNTY = re.compile(
    r"(?<![\d.A-Z])([宜北桃竹苗中彰投雲嘉南高屏花東澎金連基])?(\d{1,3}(?:-\d+)?)([甲乙丙丁])?"
    r"(?:縣?線|公路|[縣市區鄉]道|縣(?=$)|號道路|號線|\s+(?=\d{1,3}公里))" + _KILOMETRE
)
_NAME = r"[^\d\s/|號巷弄鄰段側旁處往約]"
_ROAD = re.compile(rf"({_NAME}{{1,8}}?\d{{0,2}}(?:大道|路|街)|{_NAME}{{2,6}}?橋(?=[前上下|]|$))(\d{{1,2}}段)?")
_NAMELESS = re.compile(r".*產業道路|道路|.?便道路|農路|無名路|.*平面道路|側車道路|.?路")


def roads(text: str) -> tuple[str, ...]:
    """The normalised road tokens of a place, sorted, each once: `district + road` or `highway + kilometre`.

    `桃園市中壢區中榮里中正路南側 / 桃園市中壢區延平路口` → (中壢區中正路, 中壢區延平路); `台11線 67公里40.0公尺處北` →
    (台11線67公里,). House numbers, lanes, distances and directions are left out; a place without a road gives none.
    """
    plain = unicodedata.normalize("NFKC", text[:TEXT_MAX]).upper().replace("臺", "台")
    plain = _NUMERAL.sub(lambda found: _arabic(found.group()), plain)
    tokens: set[str] = set()
    area = ""
    for segment in _JOINT.split(_ASIDE.sub("|", plain)):
        own, rest = _area(segment.strip())
        area = own or area  # the second road of a crossing often leaves the district out
        tokens |= _tokens(area, rest)
    if not tokens:  # 番路鄉江西村江西寮6之1號前(159甲線9公里700公尺處): the road stands aside
        for aside in _ASIDE.findall(plain):
            tokens |= _tokens(area, aside)
    return tuple(sorted(tokens))


def _arabic(numerals: str) -> str:
    """二 → 2, 十一 → 11; what is no number below 100 stays."""
    tens, ten, units = numerals.rpartition("十")
    if not ten:
        return str(_DIGITS[numerals]) if len(numerals) == 1 else numerals
    if len(tens) > 1 or len(units) > 1 or "十" in tens:
        return numerals
    return str(_DIGITS.get(tens, 1) * 10 + _DIGITS.get(units, 0))


def _area(segment: str) -> tuple[str, str]:
    """The district (with its city only where several cities have one of that name), and what follows the village."""
    city = _CITY.match(segment)
    rest = segment[city.end() :] if city else segment
    found = _DISTRICT.match(rest)
    if city and found and rest[found.end() :].startswith(city.group()):
        return _area(rest[found.end() :])  # 新北市中和區新北市中和區…: said twice
    if not found or not (city or found.group().endswith("區") or len(found.group()) >= 3):
        return "", rest
    district = found.group()
    rest = rest[found.end() :]
    if rest.startswith("村") and district.endswith("區"):
        rest = rest[1:]  # a city's district has no villages; its files carry an empty village's suffix
    village = _VILLAGE.match(rest)
    if village and village.end() < len(rest):
        rest = rest[village.end() :]
    name = (city.group() if city else "") + district if district in _SHARED_NAMES else district
    return name, rest


def _tokens(area: str, text: str) -> set[str]:
    tokens: set[str] = set()

    def highway(name: str, kilometre: str | None) -> str:
        # A kilometre places it in the whole country; without one the road is as long as the country.
        tokens.add(f"{name}{int(kilometre)}公里" if kilometre else f"{area}{name}")
        return "|"

    text = _FREEWAY.sub(lambda at: highway(f"國道{at[1]}{at[2] or ''}號", at[3]), text)
    text = _PROVINCIAL.sub(lambda at: highway(f"台{at[1]}{at[2] or ''}線", at[3]), text)
    text = _COUNTY.sub(lambda at: highway(f"{at[1] or ''}{at[2]}{at[3] or ''}線", at[4]), text)
    text = _LAMP.split(text)[0]
    for found in _ROAD.finditer(text):
        name = found[1]
        if not _NAMELESS.fullmatch(name):
            tokens.add(f"{area}{name}{found[2] or ''}")
    return tokens


def cell(longitude: float, latitude: float) -> str:
    """The grid cell of a point (WGS84 degrees)."""
    return _name(*_index(longitude, latitude))


def neighbours(name: str) -> tuple[str, ...]:
    """The eight cells around a cell, sorted: a point near a border lies in one of them for another reader."""
    x, y = (int(part) for part in name.split(":"))
    around = ((x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy)
    return tuple(sorted(_name(*at) for at in around))


def _index(longitude: float, latitude: float) -> tuple[int, int]:
    return round(longitude * 1_000_000) // CELL_MICRODEGREES, round(latitude * 1_000_000) // CELL_MICRODEGREES


def _name(x: int, y: int) -> str:
    return f"{x}:{y}"


class Reading(StrEnum):
    """How a pair of coordinates was read."""

    RIGHT = "right"
    SWAPPED = "swapped"
    OUTSIDE = "outside"


def point(longitude: float, latitude: float) -> tuple[Reading, float, float]:
    """A point in Taiwan, swapped back if the pair is swapped; `OUTSIDE` (placeholders such as 111, 11) is no place."""
    if _inside(longitude, latitude):
        return Reading.RIGHT, longitude, latitude
    if _inside(latitude, longitude):
        return Reading.SWAPPED, latitude, longitude
    return Reading.OUTSIDE, longitude, latitude


def _inside(longitude: float, latitude: float) -> bool:
    return LONGITUDES[0] <= longitude <= LONGITUDES[1] and LATITUDES[0] <= latitude <= LATITUDES[1]
