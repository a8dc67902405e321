"""Taipei's open data: a line a party, codes of the form in force on the day. Pure.

facts-police-motor.md 2.2 (data.gov.tw/dataset/130110): Big5, A1 and A2. Column names differ by year: with and without the
form's item numbers, 光線 or 道路照明設備, 保護裝置 or 安全帽. No case number: lines are grouped by time, place, coordinates.
肇因碼-主要 may be blank throughout, as may everything else but time, class and order.
"""

from adapters.police import export_table
from adapters.police.codebook import CodeSystem, Item
from adapters.police.export_columns import ITEMS, WHEN, Field, Key, Layout
from adapters.police.export_table import Front
from adapters.police.report import PoliceFile, Source

COLUMNS: dict[str, Key] = {
    **dict.fromkeys(("發生年度", "發生年"), Field.YEAR),
    "發生月": Field.MONTH,
    "發生日": Field.DAY,
    **dict.fromkeys(("發生時-Hours", "發生時"), Field.HOUR),
    "發生分": Field.MINUTE,
    **dict.fromkeys(("處理別-編號", "處理別"), Field.CLASS),
    "區序": Field.DISTRICT,
    "肇事地點": Field.PLACE,
    "死亡人數": Field.DEATHS,
    "2-30日死亡人數": Field.DEATHS_LATER,
    "受傷人數": Field.INJURIES,
    **dict.fromkeys(("當事人序號", "當事人序"), Field.ORDER),
    "車種": Item.PARTY_TYPE,
    **ITEMS,
    "座標-X": Field.LONGITUDE,
    "座標-Y": Field.LATITUDE,
}
LAYOUT = Layout(
    source=Source.TAIPEI,
    columns=COLUMNS,
    needed=frozenset((*WHEN, Field.CLASS, Field.DISTRICT, Field.PLACE, Field.ORDER, Item.PARTY_TYPE)),
    identity=(*WHEN, Field.DISTRICT, Field.PLACE, Field.LONGITUDE, Field.LATITUDE),
    system=CodeSystem.of_form,
)


def read(data: bytes) -> PoliceFile | None:
    """None when it is not Taipei's."""
    return export_table.read(LAYOUT, data)


def front(header: bytes) -> Front | None:
    """What names the accident of a line; None when the header is not of this layout."""
    return export_table.front(LAYOUT, header)
