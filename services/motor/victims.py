"""The motor vehicles and the victims of an accident as a police report tells them. Pure.

A code counts only where its own system has it; else the record's plain word stands. Where the two contradict (a problem says so
when the record comes in), no vehicle and no victim is lost: either is enough.

It is a first reading: whether a vehicle had a part in a victim's harm, and who cannot be traced in the end, people say.
Vehicles are those of the Act (G0390060 art. 5, 5-1): with an engine and on no rails, micro electric two-wheelers too.
"""

from collections.abc import Callable
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
    found = []
    aboard = _aboard(report)
    for party in report.parties:
        if party.order not in aboard and (said := standing(party)):
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
    return VehicleStanding(party.standing) if party.standing else VehicleStanding.REGISTER


def standing_without_report(party: ReportParty) -> VehicleStanding | None:
    """The same for who will have this word alone: None also of a micro electric two-wheeler of which only the register could
    tell more, for the one day that it tells is too little."""
    said = standing(party)
    return None if said == VehicleStanding.REGISTER and _is_micro(party) else said


def victims(report: AccidentReport) -> tuple[Harmed, ...]:
    """Who was hurt, by item 22 and our JSON's own word.

    The form does not say in which vehicle a passenger sat, and the answer is the same.
    """
    found, aboard = [], _aboard(report)
    for party in report.parties:
        harm = _harm(party)
        if harm is None:
            continue
        if _is_motor(party) and party.order not in aboard:
            victim = Victim(Role.DRIVER, str(party.order))
        elif party.kind == "passenger" or party.order in aboard:
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


def _aboard(report: AccidentReport) -> set[int]:
    """The orders of those who share a plate with a party before them: the vehicle is one, and that party drove it."""
    drivers: dict[str, int] = {}
    found = set()
    for party in report.parties:
        number = plate(party.plate) if party.plate and _is_motor(party) else ""
        if number and drivers.setdefault(number, party.order) != party.order:
            found.add(party.order)
    return found


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
