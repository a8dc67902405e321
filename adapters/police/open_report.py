"""Accident reports of the open data: labels to codes of the form that was in force on the day. Pure.

Columns and wordings: facts-police-motor.md 2.1. The labels changed with the form, on 2023-07-01, in every file.
"""

from datetime import date
from functools import lru_cache

from adapters.police import accident_table, codebook, labels, open_data, party_table
from adapters.police.codebook import Coded, CodeSystem, Item, Writings
from adapters.police.open_accident import Line, OpenAccident, OpenParty
from adapters.police.open_data import Entry
from adapters.police.report import AccidentReport, PoliceFile, ReportEntry, ReportParty, Source, Unknown, unknown
from schemas.problems import errors

_AT = {name: column for column, name in enumerate(party_table.HEADER)}
# Item, column of 大類 (None where there is only one label), column of 子類.
_Column = tuple[Item, int | None, int]
SCENE: tuple[_Column, ...] = tuple(
    (item, _AT[major] if major else None, _AT[minor])
    for item, major, minor in (
        (Item.WEATHER, None, "天候名稱"),
        (Item.LIGHTING, None, "光線名稱"),
        (Item.ROAD_TYPE, None, "道路類別-第1當事者-名稱"),
        (Item.ROAD_FORM, "道路型態大類別名稱", "道路型態子類別名稱"),
        (Item.POSITION, "事故位置大類別名稱", "事故位置子類別名稱"),
        (Item.PAVEMENT, None, "路面狀況-路面鋪裝名稱"),
        (Item.SURFACE_STATE, None, "路面狀況-路面狀態名稱"),
        (Item.SURFACE_DEFECT, None, "路面狀況-路面缺陷名稱"),
        (Item.OBSTACLE, None, "道路障礙-障礙物名稱"),
        (Item.SIGHT, "道路障礙-視距品質名稱", "道路障礙-視距名稱"),
        (Item.SIGNAL_TYPE, None, "號誌-號誌種類名稱"),
        (Item.SIGNAL_ACTION, None, "號誌-號誌動作名稱"),
        (Item.MEDIAN, "車道劃分設施-分向設施大類別名稱", "車道劃分設施-分向設施子類別名稱"),
        (Item.LANE_LINE, None, "車道劃分設施-分道設施-快車道或一般車道間名稱"),
        (Item.FAST_SLOW_LINE, None, "車道劃分設施-分道設施-快慢車道間名稱"),
        (Item.EDGE_LINE, None, "車道劃分設施-分道設施-路面邊線名稱"),
        (Item.ACCIDENT_TYPE, "事故類型及型態大類別名稱", "事故類型及型態子類別名稱"),
        (Item.MAIN_CAUSE, "肇因研判大類別名稱-主要", "肇因研判子類別名稱-主要"),
    )
)
PARTY: tuple[_Column, ...] = tuple(
    (item, _AT[major] if major else None, _AT[minor])
    for item, major, minor in (
        (Item.PARTY_TYPE, "當事者區分-類別-大類別名稱-車種", "當事者區分-類別-子類別名稱-車種"),
        (Item.SEX, None, "當事者屬-性-別名稱"),
        (Item.PROTECTION, None, "保護裝備名稱"),
        (Item.DEVICE, None, "行動電話或電腦或其他相類功能裝置名稱"),
        (Item.ACTION, "當事者行動狀態大類別名稱", "當事者行動狀態子類別名稱"),
        (Item.FIRST_IMPACT, "車輛撞擊部位大類別名稱-最初", "車輛撞擊部位子類別名稱-最初"),
        (Item.OTHER_IMPACT, "車輛撞擊部位大類別名稱-其他", "車輛撞擊部位子類別名稱-其他"),
        (Item.CAUSE, "肇因研判大類別名稱-個別", "肇因研判子類別名稱-個別"),
        (Item.HIT_AND_RUN, None, "肇事逃逸類別名稱-是否肇逃"),
    )
)

# Columns side by side are read together: what they say together returns nearly as often as what each says.
_Values = tuple[dict[Item, Coded], tuple[tuple[int, Coded], ...]]  # by item, and the column of each that is not known
_Reading = tuple[tuple[slice, Writings[tuple[str, ...], _Values]], ...]
_WIDTH = 4  # columns


def _reading(columns: tuple[_Column, ...]) -> dict[CodeSystem, _Reading]:
    parts: list[list[_Column]] = []
    for column in columns:
        start = parts[-1][0][1] or parts[-1][0][2] if parts else 0
        if parts and column[2] - start < _WIDTH:
            parts[-1].append(column)
        else:
            parts.append([column])
    return {
        system: tuple(_together(part, system) for part in parts) for system in (CodeSystem.FORM_96, CodeSystem.FORM_112)
    }


def _together(part: list[_Column], system: CodeSystem) -> tuple[slice, Writings[tuple[str, ...], _Values]]:
    first = part[0][2] if part[0][1] is None else part[0][1]

    def read(written: tuple[str, ...]) -> _Values:
        values = {
            (item, minor): codebook.of_label(
                item, system, written[minor - first], "" if major is None else written[major - first]
            )
            for item, major, minor in part
        }
        told = {one: value for one, value in values.items() if value is not None}
        unknown = tuple((minor, value) for (_, minor), value in told.items() if not value.known)
        return {item: value for (item, _), value in told.items()}, unknown

    return slice(first, part[-1][2] + 1), Writings(read)


_SOURCE = Source.OPEN_DATA
_SCENE, _PARTY = _reading(SCENE), _reading(PARTY)


def read(data: bytes) -> PoliceFile:
    """The reports of an open-data file, made as they are walked."""
    file = open_data.walk(data)
    source = None if errors(file.problems) else Source.OPEN_DATA
    return PoliceFile(source, file.rows, (entry(found, lines) for found, lines in file.entries), file.problems)


def entry(found: Entry, lines: list[Line]) -> ReportEntry:
    """An accident with its codes; what the reading of its other columns found wrong stays as it is."""
    if found.accident is None:
        return ReportEntry(found.lines, None, found.problems)
    missing: list[Unknown] = []
    make = _report if len(lines[0].fields) == len(party_table.HEADER) else _report_of_one_line
    report = make(found.accident, found.identity, lines, missing)
    return ReportEntry(found.lines, report, found.problems, tuple(missing))


@lru_cache(4096)
def _system(day: str) -> CodeSystem:
    return CodeSystem.of_form(date.fromisoformat(day))


def _report(accident: OpenAccident, identity: str, lines: list[Line], missing: list[Unknown]) -> AccidentReport:
    system = _system(accident.date)
    scene = _coded(lines[0], _SCENE[system], missing)
    coded = [_coded(line, _PARTY[system], missing) for line in lines]
    before = 0
    for line in lines:
        order = int(line.fields[party_table.ORDER])
        if order <= before:  # in most files they stand in their order
            places = sorted(range(len(lines)), key=lambda at: _party_key(lines[at].fields))
            coded = [coded[at] for at in places]
            break
        before = order
    parties = tuple(map(_party, accident.parties, coded))
    return _accident(accident, identity, scene, parties)


def _report_of_one_line(
    accident: OpenAccident, identity: str, lines: list[Line], missing: list[Unknown]
) -> AccidentReport:
    """Of the layout before 2018, which tells of the parties what they moved by."""
    parties = []
    for party in accident.parties:
        major, _, minor = party.vehicle.partition("/")
        value = codebook.of_label(Item.PARTY_TYPE, CodeSystem.FORM_96, minor, major)
        if value and not value.known:
            column = accident_table.VEHICLES
            missing.append(unknown(lines[0].number, column, accident_table.HEADER[column], value, labelled=True))
        parties.append(_party(party, {Item.PARTY_TYPE: value} if value else {}))
    return _accident(accident, identity, {}, tuple(parties))


def _accident(
    accident: OpenAccident, identity: str, scene: dict[Item, Coded], parties: tuple[ReportParty, ...]
) -> AccidentReport:
    return AccidentReport(
        source=_SOURCE,
        identity=identity,
        date=accident.date,
        time=accident.time,
        place=accident.place,
        severity=accident.severity,
        deaths=accident.deaths,
        injuries=accident.injuries,
        codes=scene,
        parties=parties,
        longitude=accident.longitude,
        latitude=accident.latitude,
        speed_limit=accident.speed_limit,
        unit=accident.unit,
    )


def _party(party: OpenParty, own: dict[Item, Coded]) -> ReportParty:
    return ReportParty(party.order, party.kind, own, party.age)


def _party_key(fields: tuple[str, ...]) -> tuple[int, str, str]:
    """The order in which `party_table` has the parties."""
    major, minor = labels.label(fields[party_table.VEHICLE]), labels.label(fields[party_table.VEHICLE + 1])
    return int(fields[party_table.ORDER]), f"{major}/{minor}", labels.label(fields[party_table.SEX])


def _coded(line: Line, reading: _Reading, missing: list[Unknown]) -> dict[Item, Coded]:
    fields = line.fields
    found: dict[Item, Coded] = {}
    for columns, written in reading:
        values, odd = written[fields[columns]]
        found |= values
        if odd:
            missing += [unknown(line.number, at, party_table.HEADER[at], value, labelled=True) for at, value in odd]
    return found
