"""The motor vehicles and the victims of an accident as a police report tells them. Pure.

A code counts only where its own system has it; else the record's plain word stands. Where the two contradict (a problem says so
when the record comes in), no vehicle and no victim is lost: either is enough.

It is a first reading: whether a vehicle had a part in a victim's harm, and who cannot be traced in the end, people say.
Vehicles are those of the Act (G0390060 art. 5, 5-1): with an engine and on no rails, micro electric two-wheelers too.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.police.codebook import Item
from adapters.police.report import AccidentReport, ReportParty
from schemas.evidence import VehicleStanding
from schemas.normalise import plate
from services.motor.owing import Insured, Role, Vehicle, Victim, stood

Register = Callable[[str], tuple[Insured, str]]  # plate → how it stood on the day, company number of its insurer or ""
_KINDS = ("car", "bus", "truck", "motorcycle")
_WITHOUT = ("bicycle", "pedestrian", "passenger")
_CLASSES = ("A", "B", "C", "D", "E")  # 當事者區分, the same in every code system: from 大客車 to 特種車
_PLATE = re.compile(r"(?=.*[A-Z])(?=.*\d).{4,}")
_NOT_FOUND, _MICRO = "4", "F03"
_FURTHER = (_MICRO, "G01", "G02", "G03", "G04", "G06")  # 微型電動二輪車; of 其他車 those on no rails
_HARM = {"1": "death", "2": "injured", "3": "none", "5": "death"}  # item 22; 4 不明 says nothing


@dataclass(frozen=True)
class Harmed:
    """A party who was hurt or died; `order` is 當事者順位."""

    order: int
    victim: Victim
    died: bool


def vehicles(report: AccidentReport, register: Register) -> tuple[Vehicle, ...]:
    """The vehicles, each under its party's order; one without a plate is not known, or fled and not found."""
    found, first = [], _first_by_plate(report)
    for party in report.parties:
        if not _is_first(party, first):
            continue
        said = standing(party)
        if said is None and party.order in first.values():
            said = _told(party)  # a passenger's, whose driver stands nowhere
        if said:
            insured, insurer = stood(said, *(register(party.plate) if party.plate else (Insured.NOT_KNOWN, "")))
            if insured == Insured.NO and _is_micro(party):
                insured = Insured.NOT_KNOWN  # was it ever insured (G0390060 art. 5-1 III)? The register tells one day
            found.append(Vehicle(str(party.order), insured, insurer))
    return tuple(found)


def standing(party: ReportParty) -> VehicleStanding | None:
    """How a party's vehicle stood by the record's own word; None: it has none that the Act is about."""
    if _is_fled(party):
        return VehicleStanding.UNTRACEABLE
    if not _is_motor(party):
        return None
    return _told(party)


def standing_without_report(party: ReportParty) -> VehicleStanding | None:
    """The same for who will have this word alone: None also of a micro electric two-wheeler of which only the register could
    tell more, for the one day that it tells is too little."""
    said = standing(party)
    return None if said == VehicleStanding.REGISTER and _is_micro(party) else said


def victims(report: AccidentReport) -> tuple[Harmed, ...]:
    """Who was hurt, by item 22 and our JSON's own word.

    The form does not say in which vehicle a passenger sat, and the answer is the same.
    """
    found, first = [], _first_by_plate(report)
    for party in report.parties:
        harm = _harm(party)
        if harm is None:
            continue
        own = _is_first(party, first)
        if _is_motor(party) and own:
            victim = Victim(Role.DRIVER, str(party.order))
        elif party.kind == "passenger" or not own:
            victim = Victim(Role.PASSENGER)
        else:
            victim = Victim(Role.OUTSIDER)
        found.append(Harmed(party.order, victim, harm == "death"))
    return tuple(found)


def contradicted(party: ReportParty) -> list[Item]:
    """The items whose code says otherwise than the plain word beside it: who has a vehicle of the Act, who was hurt."""
    found = []
    if {True, False} == {_motor_by_kind(party), _motor_by_code(party)} and not _is_micro(party):
        found.append(Item.PARTY_TYPE)
    if len(_harms(party)) > 1:
        found.append(Item.INJURY)
    return found


def _told(party: ReportParty) -> VehicleStanding:
    """What the unit found, else what the register says."""
    return VehicleStanding(party.standing) if party.standing else VehicleStanding.REGISTER


def _first_by_plate(report: AccidentReport) -> dict[str, int]:
    """The party that stands for a plate, by its order: the first with a vehicle. The others with that plate were aboard, for the
    vehicle is one. A passenger stands for hers where no driver does, nor can be the one without a plate."""
    first: dict[str, int] = {}
    for party in report.parties:
        if _is_motor(party) and _number(party):
            first.setdefault(_number(party), party.order)
    if all(_number(party) for party in report.parties if standing(party)):
        for party in report.parties:
            if party.kind == "passenger" and _number(party):
                first.setdefault(_number(party), party.order)
    return first


def _is_first(party: ReportParty, first: Mapping[str, int]) -> bool:
    return not _is_motor(party) and party.kind != "passenger" or first.get(_number(party), party.order) == party.order


def _number(party: ReportParty) -> str:
    """A plate that can be of one vehicle alone; "" of what stands there instead of one (N/A, 0000)."""
    number = plate(party.plate or "")
    return number if _PLATE.fullmatch(number) else ""


def _is_fled(party: ReportParty) -> bool:
    """Sex 肇事逃逸尚未查獲, the same code in both forms; what fled on foot or on a bicycle is no vehicle."""
    found = party.plate is not None or party.kind in _WITHOUT
    return not found and _code(party, Item.SEX) == _NOT_FOUND


def _harms(party: ReportParty) -> set[str]:
    """What code and word say of the harm, as far as they say anything."""
    told = {_HARM.get(_code(party, Item.INJURY) or ""), party.injury}
    return {one for one in told if one and one != "unknown"}


def _harm(party: ReportParty) -> str | None:
    """The graver of the two; None: unhurt, or not told."""
    return next((one for one in ("death", "injured") if one in _harms(party)), None)


def _is_motor(party: ReportParty) -> bool:
    said = {_motor_by_kind(party), _motor_by_code(party)}
    return True in said or (said == {None} and party.kind == "other" and party.plate is not None)


def _motor_by_kind(party: ReportParty) -> bool | None:
    """None: the kind says nothing of it."""
    return True if party.kind in _KINDS else False if party.kind in _WITHOUT else None


def _motor_by_code(party: ReportParty) -> bool | None:
    code = _code(party, Item.PARTY_TYPE)
    return None if code is None else code.startswith(_CLASSES) or code in _FURTHER


def _is_micro(party: ReportParty) -> bool:
    """The form counts it among 慢車, as bicycles are; the Act does not."""
    return _code(party, Item.PARTY_TYPE) == _MICRO


def _code(party: ReportParty, item: Item) -> str | None:
    """An item's code, where its own code system has it."""
    coded = party.codes.get(item)
    return coded.code if coded and coded.known else None
