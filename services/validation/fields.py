"""Fields that JSON bodies share: days, persons, insurers, versions, standing. Pure."""

from datetime import datetime

from adapters import identifiers
from schemas.evidence import Cover, Standing
from schemas.problems import Problem
from schemas.records import FUND, Record
from services.validation import moments, person
from services.validation.schema import at

VERSION_DIGITS = 12


def day_faults(text: str, *path: str | int) -> list[Problem]:
    """A day that the schema let pass: a year before ROC 1 is a ROC year with zeros before it."""
    found = moments.day(text)
    return [] if found and found.year >= moments.FIRST_YEAR else [at("filing-roc-date", *path)]


def person_faults(identifier: str, *path: str | int) -> list[Problem]:
    return [] if person.sound(person.normal(identifier)) else [at("filing-person-identifier", *path)]


def insurer_faults(code: str, cover: str | None, *path: str | int) -> list[Problem]:
    """Of an insurer named by its company number, or of the fund, for a cover; None: for none in particular."""
    if code == FUND:
        return [] if cover in (None, Cover.MOTOR_COMPULSORY) else [at("filing-fund-cover", *path)]
    return [] if identifiers.company_number(code) else [at("filing-company-number", *path)]


def period_faults(period: dict) -> list[Problem]:
    """Of `{start, end}`, both days included."""
    found = [fault for name in period for fault in day_faults(period[name], "period", name)]
    if "end" in period and period["end"] < period["start"]:
        found.append(at("filing-period-reversed", "period"))
    return found


def standing(value: dict) -> Standing:
    return Standing.WITHDRAWN if value.get("status") == Standing.WITHDRAWN else Standing.CURRENT


def version(value: dict) -> str:
    """An integer version as a text that sorts."""
    return str(int(value["version"])).zfill(VERSION_DIGITS)


def received(record: Record) -> str:
    """The time of receipt as `Evidence.issued`."""
    return moments.stamp(datetime.fromisoformat(record.received))
