"""The motor vehicles and the victims of an accident as a police report tells them. Pure.

It is a first reading: whether a vehicle had a part in a victim's harm, and who cannot be traced in the end, people say.
Vehicles are those of the Act (G0390060 art. 5, 5-1): with an engine and on no rails, micro electric two-wheelers too.
"""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.police.codebook import Item
from adapters.police.report import AccidentReport, ReportParty
from services.motor.owing import Insured, Role, Vehicle, Victim

Register = Callable[[str], tuple[Insured, str]]  # plate → how it stood on the day, company number of its insurer or ""
_KINDS = ("car", "bus", "truck", "motorcycle")
_CLASSES = ("A", "B", "C", "D", "E")  # 當事者區分, the same in every code system: from 大客車 to 特種車
_FURTHER = ("F03", "G01", "G02", "G03", "G04", "G06")  # 微型電動二輪車; of 其他車 those on no rails
_DIED, _INJURED, _NOT_FOUND = ("1", "5"), "2", "4"


@dataclass(frozen=True)
class Harmed:
    """A party who was hurt or died; `order` is 當事者順位."""

    order: int
    victim: Victim
    died: bool


def vehicles(report: AccidentReport, register: Register) -> tuple[Vehicle, ...]:
    """The vehicles, each under its party's order; one without a plate is not known, or fled and not found."""
    found = []
    for party in report.parties:
        if _is_fled(party):
            found.append(Vehicle(str(party.order), Insured.UNTRACEABLE))
        elif _is_motor(party):
            insured, insurer = register(party.plate) if party.plate else (Insured.NOT_KNOWN, "")
            found.append(Vehicle(str(party.order), insured, insurer))
    return tuple(found)


def victims(report: AccidentReport) -> tuple[Harmed, ...]:
    """Who was hurt (item 22). The form does not say in which vehicle a passenger sat, and the answer is the same."""
    found = []
    for party in report.parties:
        injury = party.codes.get(Item.INJURY)
        if injury is None or injury.code not in (*_DIED, _INJURED):
            continue
        if _is_motor(party):
            victim = Victim(Role.DRIVER, str(party.order))
        else:
            victim = Victim(Role.PASSENGER if party.kind == "passenger" else Role.OUTSIDER)
        found.append(Harmed(party.order, victim, injury.code in _DIED))
    return tuple(found)


def _is_fled(party: ReportParty) -> bool:
    """Sex 肇事逃逸尚未查獲, the same code in both forms."""
    sex = party.codes.get(Item.SEX)
    return party.plate is None and sex is not None and sex.code == _NOT_FOUND


def _is_motor(party: ReportParty) -> bool:
    kind = party.codes.get(Item.PARTY_TYPE)
    if kind is None or kind.code is None:
        return party.kind in _KINDS or (party.kind == "other" and party.plate is not None)
    return kind.code.startswith(_CLASSES) or kind.code in _FURTHER
