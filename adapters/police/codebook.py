"""The code tables of the accident report, and the way from one version of the form to the other. Pure.

`codes.json` holds a table an item: the codes of both forms 道路交通事故調查報告表 in printed order by 大類, those that the
form of 112.07.01 keeps for older accidents (`kept`), the renumbering of Taichung's open data as codes of that form, the
wordings of the open data where they are not the form's (`written`, the present one first), and where two codes are not
simply the same thing in both forms (`pairs`: code of 112.07.01, of 96.09.09, relation, why).

Sources: the two forms (facts-police-motor.md 2.3 to 2.5); the wordings measured over the published files (2.1); the
renumbering (2.6): `basis` is `measured` where the facts give the table, else `agreeing`: only codes are listed that mean
the same whether Taichung left the item alone or renumbered it in printed order, as in all four measured tables. Its other
codes are kept without a label. No official crosswalk is published: a code that stayed is the same thing unless a pair
says otherwise; pairs follow the forms' wording, and a retired cause has no equivalent (2.5).
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TypeVar

from adapters.police import labels

NEW_FORM_DAY = date(2023, 7, 1)  # accidents from this day are reported on the form of 112.07.01
WRITINGS_HELD = 4096  # of an item or of items side by side; more than published files have, and no end to invented ones
_CODE = re.compile(r"[0-9A-Z]{1,4}")

Written, Value = TypeVar("Written"), TypeVar("Value")


class CodeSystem(StrEnum):
    """Who numbered the codes, and which version; as `codeSystem` of police JSON has it."""

    FORM_96 = "npa-96.09.09"
    FORM_112 = "npa-112.07.01"
    TAICHUNG = "taichung-112"  # renumbered, with the form of 112.07.01
    TAICHUNG_OLD = "taichung-old"  # before it; no table is known

    @property
    def authority(self) -> str:
        return self.partition("-")[0]

    @property
    def version(self) -> str:
        return self.partition("-")[2]

    @staticmethod
    def of_form(day: date) -> "CodeSystem":
        """The form in force on the day of an accident."""
        return CodeSystem.FORM_112 if day >= NEW_FORM_DAY else CodeSystem.FORM_96


class Item(StrEnum):
    """A coded item of the form, as police JSON names it; its number on the form beside it."""

    WEATHER = "weather"  # 4
    LIGHTING = "lighting"  # 5
    ROAD_TYPE = "roadType"  # 6
    ROAD_FORM = "roadForm"  # 8
    POSITION = "position"  # 9
    PAVEMENT = "pavement"  # 10
    SURFACE_STATE = "surfaceState"
    SURFACE_DEFECT = "surfaceDefect"
    OBSTACLE = "obstacle"  # 11
    SIGHT = "sight"
    SIGNAL_TYPE = "signalType"  # 12
    SIGNAL_ACTION = "signalAction"
    MEDIAN = "median"  # 13
    LANE_LINE = "laneLine"  # 14
    FAST_SLOW_LINE = "fastSlowLine"
    EDGE_LINE = "edgeLine"
    ACCIDENT_TYPE = "accidentType"  # 15
    MAIN_CAUSE = "mainCause"  # 34, 主要
    SEX = "sex"  # 17
    INJURY = "injuryLevel"  # 22
    INJURY_SITE = "injurySite"  # 23
    PROTECTION = "protection"  # 24
    DEVICE = "device"  # 25
    PARTY_TYPE = "partyType"  # 26
    VEHICLE_USE = "vehicleUse"  # 28
    ACTION = "action"  # 29
    LICENCE_STATE = "licenceState"  # 30
    LICENCE_CLASS = "licenceClass"  # 31
    ALCOHOL = "alcohol"  # 32
    FIRST_IMPACT = "firstImpact"  # 33, 最初
    OTHER_IMPACT = "otherImpact"  # 33, 其他
    CAUSE = "cause"  # 34, 個別
    HIT_AND_RUN = "hitAndRun"  # 35
    OCCUPATION = "occupation"  # 36
    TRIP_PURPOSE = "tripPurpose"  # 37, form of 96.09.09 only


SCENE = tuple(Item)[: list(Item).index(Item.SEX)]
PARTY = tuple(Item)[len(SCENE) :]
_TABLES = {Item.MAIN_CAUSE: "cause", Item.FIRST_IMPACT: "impact", Item.OTHER_IMPACT: "impact", Item.INJURY: "injury"}


@dataclass(frozen=True, slots=True)
class Coded:
    """A value of an item. `label` as the source writes it (`大類/子類`, or one part), else that of its code.

    Without `code` the label is in no table of its system; without `label` the code is in none; both are kept as they came.
    `system` is None where a sender names none.
    """

    system: CodeSystem | None
    code: str | None
    label: str | None

    @property
    def known(self) -> bool:
        return self.code is not None and self.label is not None

    def line(self) -> dict[str, str | None]:
        """As JSON: `{system, version, code, label}`."""
        authority, version = (self.system.authority, self.system.version) if self.system else (None, None)
        return {"system": authority, "version": version, "code": self.code, "label": self.label}


class Relation(StrEnum):
    """What a code is to the one that it is translated to; all but the first lose something."""

    EQUIVALENT = "equivalent"
    NARROWER = "narrower"  # than the target, which covers more
    BROADER = "broader"  # than the target: which of several it was, the source does not say
    RELATED = "related"  # they overlap


_INVERSE = {Relation.NARROWER: Relation.BROADER, Relation.BROADER: Relation.NARROWER}


@dataclass(frozen=True, slots=True)
class Match:
    code: str
    relation: Relation
    note: str = ""


class _Table:
    """One table of the file: labels by system and code, codes by written label, and the crosswalk between the forms."""

    def __init__(self, raw: Mapping) -> None:
        new = raw[CodeSystem.FORM_112]
        old = new if raw[CodeSystem.FORM_96] == "=" else raw[CodeSystem.FORM_96]
        self.number, self.name = raw["number"], raw["name"]
        self.kept = frozenset(raw.get("kept", ()))
        self.labels = {CodeSystem.FORM_112: _flat(new), CodeSystem.FORM_96: _flat(old)}
        own = raw.get(CodeSystem.TAICHUNG, {})
        self.renumbered: dict[str, str] = (
            {code: code for code in self.labels[CodeSystem.FORM_112]} if own == "=" else own
        )
        self.labels[CodeSystem.TAICHUNG] = {
            code: self.labels[CodeSystem.FORM_112][form] for code, form in self.renumbered.items()
        }
        self.labels[CodeSystem.TAICHUNG_OLD] = {}
        self.numbers = {system: {_number(code): code for code in table} for system, table in self.labels.items()}
        self.written = {CodeSystem(system): table for system, table in raw.get("written", {}).items()}
        self.codes = {system: dict(self._writings(system)) for system in (CodeSystem.FORM_112, CodeSystem.FORM_96)}
        self.alone = {system: _alone(table) for system, table in self.labels.items()}
        self.pairs = [(new, old, Relation(relation), *note) for new, old, relation, *note in raw.get("pairs", ())]
        stay = self.labels[CodeSystem.FORM_112].keys() & self.labels[CodeSystem.FORM_96].keys()
        told = {(new, old) for new, old, *_ in self.pairs}
        self.pairs += [(code, code, Relation.EQUIVALENT) for code in sorted(stay) if (code, code) not in told]

    def _writings(self, system: CodeSystem) -> Iterator[tuple[str, str]]:
        for code, label in self.labels[system].items():
            yield _plain(label), code
        for code, written in self.written.get(system, {}).items():
            for label in written:
                yield _plain(label), code


def _flat(groups: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {
        code: f"{group}/{label}" if group else label for group, codes in groups.items() for code, label in codes.items()
    }


def _alone(table: Mapping[str, str]) -> dict[str, str]:
    """Codes by 子類, of those that only one 大類 has."""
    found: dict[str, list[str]] = {}
    for code, label in table.items():
        found.setdefault(_plain(label).rpartition("/")[2], []).append(code)
    return {label: codes[0] for label, codes in found.items() if len(codes) == 1}


def _plain(label: str) -> str:
    """A label as labels are compared; the open data write 小貨車(含客、貨兩用) in some years and 小貨車 in others."""
    return "/".join(labels.label(part) for part in label.split("/")).replace("(含客、貨兩用)", "")


def _number(code: str) -> str:
    return code.lstrip("0")


@cache
def _tables() -> dict[Item, _Table]:
    raw = json.loads((files("adapters.police") / "codes.json").read_text(encoding="utf-8"))
    tables = {name: _Table(table) for name, table in raw.items()}
    return {item: tables[_TABLES.get(item, item)] for item in Item}


def name(item: Item) -> tuple[str, str]:
    """An item's number on the form and its name, ("34", "初步分析研判")."""
    table = _tables()[item]
    return table.number, table.name


def codes(item: Item, system: CodeSystem) -> Mapping[str, str]:
    """The known codes of an item with their labels (`大類/子類` where the form has groups), in printed order."""
    return _tables()[item].labels[system]


def kept(item: Item) -> frozenset[str]:
    """Codes on the form of 112.07.01 for accidents before it."""
    return _tables()[item].kept


class Writings(dict[Written, Value]):
    """What each writing stands for, read once: a table has the same few on a hundred thousand lines."""

    def __init__(self, read: Callable[[Written], Value]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, written: Written) -> Value:
        if len(self) >= WRITINGS_HELD:
            self.clear()
        self[written] = value = self._read(written)
        return value


@cache
def _labelled(item: Item, system: CodeSystem) -> Writings[tuple[str, str], Coded | None]:
    """The values of an item by 子類 and 大類 (empty where there is only one label)."""
    return Writings(lambda written: _of_label(item, system, *written))


@cache
def coded(item: Item, system: CodeSystem | None) -> Writings[str, Coded | None]:
    """The values of an item by code, as exports write it (one ends some codes with a grave accent)."""
    return Writings(lambda written: _of_code(item, system, written.rstrip("`")))


def of_label(item: Item, system: CodeSystem, label: str, group: str = "") -> Coded | None:
    """The value that a label stands for, by 大類 (`group`) and 子類; None of an empty one.

    A 子類 under a 大類 that the form does not give it is still its code if no other has that 子類. A label of no table is
    kept without code.
    """
    return _labelled(item, system)[label, group]


def _of_label(item: Item, system: CodeSystem, label: str, group: str) -> Coded | None:
    written = f"{group}/{label}" if group else label
    if not written:
        return None
    table, plain = _tables()[item], _plain(written)
    code = table.codes[system].get(plain) or table.alone[system].get(plain.rpartition("/")[2])
    return Coded(system, code, written)


def of_code(item: Item, system: CodeSystem | None, text: str) -> Coded | None:
    """The value of a code as exports write it: with or without leading zeros; None of an empty one, or of 0.

    What is no code at all is kept as a label without code.
    """
    return _of_code(item, system, text)


def _of_code(item: Item, system: CodeSystem | None, text: str) -> Coded | None:
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if not plain.strip("0"):
        return None
    if not _CODE.fullmatch(plain):
        return Coded(system, None, text)
    code = _tables()[item].numbers[system].get(_number(plain), plain) if system else plain
    return Coded(system, code, codes(item, system).get(code) if system else None)


def wordings(item: Item, system: CodeSystem, code: str) -> tuple[str, ...]:
    """How the open data write a code of a form, as `大類/子類`: the present wording first. Empty of an unknown code."""
    table = _tables()[item]
    written = table.written.get(system, {}).get(code)
    return tuple(written) if written else tuple(label for label in [table.labels[system].get(code)] if label)


@cache
def crosswalk(item: Item, source: CodeSystem, code: str, target: CodeSystem) -> tuple[Match, ...]:
    """What a code becomes in another system, equivalents first; empty when it has no counterpart there."""
    table = _tables()[item]
    if source == target:
        return (Match(code, Relation.EQUIVALENT),) if code in table.labels[source] else ()
    if source == CodeSystem.TAICHUNG:
        form = table.renumbered.get(code)
        return crosswalk(item, CodeSystem.FORM_112, form, target) if form else ()
    if target == CodeSystem.TAICHUNG:
        back = {form: own for own, form in table.renumbered.items()}
        found = crosswalk(item, source, code, CodeSystem.FORM_112)
        return tuple(Match(back[one.code], one.relation, one.note) for one in found if one.code in back)
    if CodeSystem.TAICHUNG_OLD in (source, target):
        return ()
    matches = []
    for new, old, relation, *note in table.pairs:
        if source == CodeSystem.FORM_112 and new == code:
            matches.append(Match(old, relation, *note))
        elif source == CodeSystem.FORM_96 and old == code:
            matches.append(Match(new, _INVERSE.get(relation, relation), *note))
    return tuple(sorted(matches, key=lambda match: (match.relation != Relation.EQUIVALENT, int(_digits(match.code)))))


def equivalent(item: Item, source: CodeSystem, code: str, target: CodeSystem) -> str | None:
    """The same thing in another system; None when translating would lose or add something."""
    found = [match.code for match in crosswalk(item, source, code, target) if match.relation == Relation.EQUIVALENT]
    return found[0] if len(found) == 1 else None


def _digits(code: str) -> str:
    return "".join(digit for digit in code if digit.isdigit())
