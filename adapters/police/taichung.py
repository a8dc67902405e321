"""Taichung's open data: a line an accident, told by its first party, codes renumbered. Pure.

facts-police-motor.md 2.2 and 2.6. Classes A1 to A4; of A3 and A4 most of the scene is blank. The place is a district and
coordinates. An older layout has some columns more; what its codes were before the form of 112.07.01 is not known.
"""

from datetime import date

from adapters.police import codebook, export_table
from adapters.police.codebook import CodeSystem, Item
from adapters.police.export_columns import ITEMS, WHEN, Field, Key, Layout
from adapters.police.export_table import Front
from adapters.police.report import PoliceFile, Source


def system(day: date) -> CodeSystem:
    return CodeSystem.TAICHUNG if day >= codebook.NEW_FORM_DAY else CodeSystem.TAICHUNG_OLD


COLUMNS: dict[str, Key] = {
    "序號": Field.SERIAL,
    "機關代碼": Field.UNIT,
    "年": Field.YEAR,
    "月": Field.MONTH,
    "日": Field.DAY,
    "時": Field.HOUR,
    "分": Field.MINUTE,
    "縣市": Field.CITY,
    "區": Field.DISTRICT,
    "死亡數量": Field.DEATHS,
    "受傷數量": Field.INJURIES,
    "2-30": Field.DEATHS_LATER,
    **dict.fromkeys(("當事者區分(類別)", "當事者區分"), Item.PARTY_TYPE),
    **ITEMS,
    "GPS座標X": Field.LONGITUDE,
    "GPS座標Y": Field.LATITUDE,
    "事故類別": Field.CLASS,
}
LAYOUT = Layout(
    source=Source.TAICHUNG,
    columns=COLUMNS,
    needed=frozenset((*WHEN, Field.SERIAL, Field.DISTRICT, Field.CLASS, Item.PARTY_TYPE)),
    identity=(*WHEN, Field.SERIAL, Field.DISTRICT, Field.LONGITUDE, Field.LATITUDE),
    system=system,
    one_line=True,
)


def read(data: bytes) -> PoliceFile | None:
    """None when it is not Taichung's."""
    return export_table.read(LAYOUT, data)


def front(header: bytes) -> Front | None:
    """What names the accident of a line; None when the header is not of this layout."""
    return export_table.front(LAYOUT, header)
