"""Accident records of the sandbox police: one accident as JSON, and open data in the 51 columns of header B
(facts-police-motor 2.1), without persons and plates.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.sandbox.participants import insurer_of
from services.sandbox.persons import Person

HEADER = (
    "發生年度,發生月份,發生日期,發生時間,事故類別名稱,處理單位名稱警局層,發生地點,天候名稱,光線名稱,"
    "道路類別-第1當事者-名稱,速限-第1當事者,道路型態大類別名稱,道路型態子類別名稱,事故位置大類別名稱,事故位置子類別名稱,"
    "路面狀況-路面鋪裝名稱,路面狀況-路面狀態名稱,路面狀況-路面缺陷名稱,道路障礙-障礙物名稱,道路障礙-視距品質名稱,"
    "道路障礙-視距名稱,號誌-號誌種類名稱,號誌-號誌動作名稱,車道劃分設施-分向設施大類別名稱,車道劃分設施-分向設施子類別名稱,"
    "車道劃分設施-分道設施-快車道或一般車道間名稱,車道劃分設施-分道設施-快慢車道間名稱,車道劃分設施-分道設施-路面邊線名稱,"
    "事故類型及型態大類別名稱,事故類型及型態子類別名稱,肇因研判大類別名稱-主要,肇因研判子類別名稱-主要,死亡受傷人數,"
    "當事者順位,當事者區分-類別-大類別名稱-車種,當事者區分-類別-子類別名稱-車種,當事者屬-性-別名稱,當事者事故發生時年齡,"
    "保護裝備名稱,行動電話或電腦或其他相類功能裝置名稱,當事者行動狀態大類別名稱,當事者行動狀態子類別名稱,"
    "車輛撞擊部位大類別名稱-最初,車輛撞擊部位子類別名稱-最初,車輛撞擊部位大類別名稱-其他,車輛撞擊部位子類別名稱-其他,"
    "肇因研判大類別名稱-個別,肇因研判子類別名稱-個別,肇事逃逸類別名稱-是否肇逃,經度,緯度"
)
COLUMNS = HEADER.count(",") + 1  # 51
DUMMY = "無或物(動物、堆置物)"  # the second party of a crash that has only one
_SCENE = (
    "晴,有照明且開啟,市區道路,50,交岔路,四岔路,交叉路口,交叉路口內,柏油,乾燥,無缺陷,無障礙物,無遮蔽物,良好,"
    "行車管制號誌,正常,行車分向線,無標記,車道線(無標記),未繪設快慢車道分隔線,有,車與車,側撞,"
    "駕駛者,有號誌路口，轉彎車未讓直行車先行"
)
_VEHICLES = {  # coarse kind: 大類, 子類, protection, impact 大類 and 子類
    "car": ("小客車(含客、貨兩用)", "自用", "繫安全帶(使用幼童安全椅)", "汽車", "前車頭"),
    "motorcycle": ("機車", "普通重型", "戴半罩式安全帽", "機車與自行車", "前車頭"),
    "bicycle": ("慢車", "腳踏自行車", "未戴安全帽", "機車與自行車", "前車頭"),
    "pedestrian": ("人", "行人", "其他(無需使用保護裝備之人)", "非汽、機及自行車", "非汽、機及自行車"),
    "other": ("其他車", "農耕用車(或機械)", "不明", "汽車", "前車頭"),
    "passenger": ("人", "乘客", "戴半罩式安全帽", "非汽、機及自行車", "非汽、機及自行車"),
}


@dataclass(frozen=True)
class Participant:
    """A party: coarse kind, role, plate and person as far as known, whether injured, whether it fled and was not found.
    `standing`: what the unit found of the vehicle's cover that no register tells; a vehicle of the kind `other` is a farm's."""

    kind: str
    role: str  # driver | passenger | pedestrian
    person: Person | None = None
    plate: str | None = None
    injured: bool = False
    fled: bool = False
    standing: str | None = None

    @property
    def stood(self) -> str:
        """Of a driver: how his vehicle stood, as G0390060 art. 40 I has it."""
        if self.fled:
            return "untraceable"
        return self.standing or ("insured" if insurer_of(self.plate or "") else "uninsured")


@dataclass(frozen=True)
class Occurrence:
    """An accident as the police know it. `coordinates`: longitude, latitude; None when only the place is written."""

    moment: datetime
    place: str
    coordinates: tuple[float, float] | None
    unit: tuple[str, str]
    parties: tuple[Participant, ...]

    @property
    def injuries(self) -> int:
        return sum(party.injured for party in self.parties)


def record(
    seen: Occurrence, identifier: str, *, version: int = 1, number: str, weather: str = "8", named: bool = True
) -> dict[str, Any]:
    """The accident as the police door takes it. `named` False: without persons, as another unit's file has it."""
    place: dict[str, Any] = {"text": seen.place}
    if seen.coordinates:
        place |= {"longitude": seen.coordinates[0], "latitude": seen.coordinates[1]}
    parties = []
    for order, party in enumerate(seen.parties, start=1):
        made: dict[str, Any] = {"order": order, "kind": party.kind, "role": party.role}
        if party.plate:
            made["plate"] = party.plate
        if party.person and named:
            made["person"] = {"identifier": party.person.identifier, "name": party.person.name}
        made["injury"] = "injured" if party.injured else "none"
        if party.fled:
            made["sex"] = "4"  # 肇事逃逸尚未查獲
        if party.standing:
            made["vehicleStanding"] = party.standing
        if party.kind == "other":
            made["partyType"] = "G02"  # 農耕用車(或機械)
        parties.append(made)
    return {
        "id": identifier,
        "version": version,
        "caseNumber": number,
        "unit": {"code": seen.unit[0], "name": seen.unit[1]},
        "occurredAt": seen.moment.isoformat(),
        "place": place,
        "severity": "A2" if seen.injuries else "A3",
        "deaths": 0,
        "injuries": seen.injuries,
        "codeSystem": "npa-112.07.01",
        "weather": weather,
        "roadType": "5",  # 市區道路
        "parties": parties,
    }


def rows(rng: random.Random, seen: Occurrence) -> list[str]:
    """The rows of one accident: one a party, and the dummy when there is only one."""
    assert seen.coordinates is not None
    moment = seen.moment
    case = [
        str(moment.year),
        str(moment.month),
        f"{moment:%Y%m%d}",
        f"{moment:%H%M%S}",
        "A2",
        seen.unit[1],
        seen.place,
        _SCENE,
        f"死亡0;受傷{max(seen.injuries, 1)}",
    ]
    longitude, latitude = (f"{degrees:.6f}" for degrees in seen.coordinates)
    made = []
    for order, party in enumerate(seen.parties, start=1):
        group, kind, worn, part, side = _VEHICLES[party.kind]
        own = [group, kind, rng.choice("男女"), str(rng.randrange(19, 78)), worn, "未使用", "車的狀態", "向前直行中"]
        own += [part, side, "", "", "駕駛者", "其他不當駕車行為", "否"]
        made.append(",".join([*case, str(order), *own, longitude, latitude]))
    if len(seen.parties) == 1:
        nothing = ["", "", DUMMY, "-1", *[""] * 8, "無(非車輛駕駛人因素)", "尚未發現肇事因素", "否"]
        made.append(",".join([*case, "2", *nothing, longitude, latitude]))
    return made


def file(accidents: Sequence[Sequence[str]], supplied: str) -> tuple[bytes, list[tuple[int, bytes]]]:
    """An open-data file of these accidents' rows, and of each its first line and its own bytes.

    UTF-8 with BOM, CRLF, two footers. An accident's bytes are the header and its lines as the file has them.
    `supplied`: 資料提供日期 as the footer writes it, for example 115年03月16日.
    """
    head = "\ufeff" + HEADER + "\r\n"
    pieces, split, line = [head], [], 2
    for own in accidents:
        text = "".join(row + "\r\n" for row in own)
        split.append((line, (head + text).encode()))
        pieces.append(text)
        line += len(own)
    comma = "," * (COLUMNS - 1)
    pieces.append(f"資料提供日期：{supplied}{comma}\r\n事故類別：A2類{comma}\r\n")
    return "".join(pieces).encode(), split
