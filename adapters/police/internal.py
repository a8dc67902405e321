"""A police unit's own export: a line a party, form item numbers in the column names, the unit's case number. Pure.

facts-police-motor.md 2.2: seen in third-party code, 4天候 to 37旅次目的. Plate and person are not among the columns seen;
where a unit adds them under the form's names (27車輛牌照號碼, 18身分證字號, 16當事者姓名) they are read. 肇逃, 抽血, 重大車損,
事後報案 are columns of the unit's own procedure and are left alone.
"""

from adapters.police import export_table, taipei
from adapters.police.codebook import CodeSystem, Item
from adapters.police.export_columns import Field, Key, Layout
from adapters.police.export_table import Front
from adapters.police.report import PoliceFile, Source

COLUMNS: dict[str, Key] = {
    **taipei.COLUMNS,
    "案號": Field.CASE,
    "發生時間": Field.MOMENT,
    "X": Field.LONGITUDE,
    "Y": Field.LATITUDE,
    "車輛牌照號碼": Field.PLATE,
    "身分證字號": Field.PERSON,
    **dict.fromkeys(("當事者姓名", "姓名"), Field.NAME),
}
LAYOUT = Layout(
    source=Source.INTERNAL,
    columns=COLUMNS,
    needed=frozenset((Field.CASE, Field.CLASS, Field.PLACE, Field.ORDER, Item.PARTY_TYPE)),
    identity=(Field.CASE,),
    system=CodeSystem.of_form,
)


def read(data: bytes) -> PoliceFile | None:
    """None when it is no such export."""
    return export_table.read(LAYOUT, data)


def front(header: bytes) -> Front | None:
    """What names the accident of a line; None when the header is not of this layout."""
    return export_table.front(LAYOUT, header)
