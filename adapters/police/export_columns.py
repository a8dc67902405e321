"""The columns of the coded exports by name: which item of the form, or what else, stands in each. Pure.

Names are compared in NFKC, without the form's item number before them (`4天候`, `33_1主要車損`; one year of Taipei's files has
the numbers too); columns that no layout names are left alone. Sources: facts-police-motor.md 2.2 and 2.3; columns that the
facts shorten are those of the published files as third parties list them.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from adapters.police.codebook import CodeSystem, Item
from adapters.police.open_data import fields
from adapters.police.report import Source

ENCODINGS = ("utf-8", "cp950")  # the second is the Big5 that the agencies' systems write
_NUMBERED = re.compile(r"^\d+(?:_\d+)?(?=[一-鿿])")


class Field(StrEnum):
    """What a column holds when it is no coded item."""

    CASE = "case"
    SERIAL = "serial"
    UNIT = "unit"
    MOMENT = "moment"
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    CLASS = "class"
    CITY = "city"
    DISTRICT = "district"
    PLACE = "place"
    DEATHS = "deaths"
    DEATHS_LATER = "deaths-later"
    INJURIES = "injuries"
    ORDER = "order"
    AGE = "age"
    SPEED = "speed"
    LONGITUDE = "longitude"
    LATITUDE = "latitude"
    PLATE = "plate"
    PERSON = "person"
    NAME = "name"


Key = Field | Item
WHEN = (Field.YEAR, Field.MONTH, Field.DAY, Field.HOUR, Field.MINUTE)  # or MOMENT

# The form's items as the exports name them, of either form.
ITEMS: Mapping[str, Key] = {
    "天候": Item.WEATHER,
    **dict.fromkeys(("光線", "道路照明設備"), Item.LIGHTING),
    "道路類別": Item.ROAD_TYPE,
    **dict.fromkeys(("速限", "速限-速度限制", "道路速限"), Field.SPEED),
    "道路型態": Item.ROAD_FORM,
    "事故位置": Item.POSITION,
    **dict.fromkeys(("路面狀況1", "路面鋪裝"), Item.PAVEMENT),
    **dict.fromkeys(("路面狀況2", "路面狀態"), Item.SURFACE_STATE),
    **dict.fromkeys(("路面狀況3", "路面缺陷"), Item.SURFACE_DEFECT),
    **dict.fromkeys(("道路障礙1", "障礙物"), Item.OBSTACLE),
    **dict.fromkeys(("道路障礙2", "視距"), Item.SIGHT),
    **dict.fromkeys(("號誌1", "號誌種類"), Item.SIGNAL_TYPE),
    **dict.fromkeys(("號誌2", "號誌動作"), Item.SIGNAL_ACTION),
    **dict.fromkeys(("車道劃分-分向", "分向設施"), Item.MEDIAN),
    **dict.fromkeys(("車道劃分-分道1", "快車道或一般車道間"), Item.LANE_LINE),
    **dict.fromkeys(("車道劃分-分道2", "快慢車道間"), Item.FAST_SLOW_LINE),
    **dict.fromkeys(("車道劃分-分道3", "路面邊線"), Item.EDGE_LINE),
    "事故類型及型態": Item.ACCIDENT_TYPE,
    **dict.fromkeys(("性別", "屬(性)別"), Item.SEX),
    "年齡": Field.AGE,
    "受傷程度": Item.INJURY,
    "主要傷處": Item.INJURY_SITE,
    **dict.fromkeys(("保護裝備", "保護裝置", "安全帽"), Item.PROTECTION),
    "行動電話": Item.DEVICE,
    "車輛用途": Item.VEHICLE_USE,
    "當事者行動狀態": Item.ACTION,
    **dict.fromkeys(("駕駛資格情形", "駕照狀態"), Item.LICENCE_STATE),
    **dict.fromkeys(("駕駛執照種類", "駕照種類"), Item.LICENCE_CLASS),
    "飲酒情形": Item.ALCOHOL,
    **dict.fromkeys(("車輛撞擊部位1", "車輛撞擊部位最初", "主要車損"), Item.FIRST_IMPACT),
    **dict.fromkeys(("車輛撞擊部位2", "車輛撞擊部位其他", "其他車損"), Item.OTHER_IMPACT),
    **dict.fromkeys(("肇因碼-個別", "肇事因素個別"), Item.CAUSE),
    **dict.fromkeys(("肇因碼-主要", "肇事因素主要"), Item.MAIN_CAUSE),
    **dict.fromkeys(("個人肇逃否", "肇事逃逸"), Item.HIT_AND_RUN),
    "職業": Item.OCCUPATION,
    "旅次目的": Item.TRIP_PURPOSE,
}


@dataclass(frozen=True)
class Layout:
    """How one source writes an accident. `needed`: what a header must hold; `identity`: what names an accident."""

    source: Source
    columns: Mapping[str, Key]
    needed: frozenset[Key]
    identity: tuple[Field, ...]
    system: Callable[[date], CodeSystem]
    one_line: bool = False  # a line is an accident, told by its first party


def column_name(text: str) -> str:
    """A column's name as layouts have it."""
    return _NUMBERED.sub("", unicodedata.normalize("NFKC", text).strip(), count=1)


def header(layout: Layout, raw: bytes) -> tuple[str, tuple[str, ...], dict[Key, int]] | None:
    """(encoding, names, where each thing stands) when a first line is of this layout."""
    for encoding in ENCODINGS:
        names = fields(raw, encoding)
        at: dict[Key, int] = {}
        for column, name in enumerate(names):
            key = layout.columns.get(column_name(name))
            if key is not None:
                at.setdefault(key, column)
        if layout.needed <= at.keys() and (Field.MOMENT in at or set(WHEN) <= at.keys()):
            return encoding, names, at
    return None
