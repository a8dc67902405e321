"""How surely two records are about one loss: a sum of signs, each with its weight and its words. Pure.

A weight is in bits, about log2 of how much oftener the sign is seen on two records of one loss than on two records of
other losses of a day (Fellegi and Sunter, 1969). Signs say how values compare, never the values. docs/matching.md has the
reasons at length, and what the sum is worth.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from math import cos, hypot, radians

from schemas import normalise
from schemas.evidence import Accident, Evidence, NumberType

AUTOMATIC = 20  # bits; from here on two records join by themselves
REVIEW = 10  # from here on a person is asked; below, nothing
INJURY_DAYS = 7  # how long after an accident an injury is taken as of it without asking
INJURY_REVIEW_DAYS = 180  # and how long it may be asked about
TRANSFER_DAYS = 60  # how long after its first treatment an injury is taken on by another hospital without asking
UNCODED_DAYS = 0  # the two for a document without a coded diagnosis: on the next day it is as likely an illness
UNCODED_REVIEW_DAYS = 30
DATE_SLACK_DAYS = 1  # a night accident is filed under either day
APPLICANT_SLACK_MINUTES = 180  # an applicant remembers the hour, not the minute
TIME_SLACK_MINUTES = 60  # two police records of one accident differ by less
HALF_A_DAY_MINUTES, HALF_A_DAY_SLACK = 720, 30  # an applicant writes 08:10 for 20:10
MINUTES_A_DAY = 1440
METRES_A_DEGREE = 111_320
TELLING = 8  # characters of a place without a road; by a market is no address
SHORTEST = 5  # characters; of a shorter plate one slip is too large a part


class Key(StrEnum):
    """What a record is looked up by."""

    PART = "the same certificate, receipt, accident or application"
    FILE = "the same bytes"  # links nothing by itself; whom such papers are about is what all of them say
    CASE = "case number"
    POLICE_CASE = "police case number"
    CLAIM = "claim number"
    DOCUMENT = "document number"
    ENCOUNTER = "encounter number"
    PLATE = "plate"
    PLATE_DAY = "plate and day"
    PERSON = "person"
    PLACE = "day and place"
    NEAR_PLATE = "day and nearly the plate"


class Sign(StrEnum):
    """What two records agree or differ in."""

    PART = "part"
    CASE = "case-number"
    POLICE_CASE = "police-case-number"
    CLAIM = "claim-number"
    DOCUMENT = "document-number"
    ENCOUNTER = "encounter-number"
    VISIT = "hospital-and-day"
    PLATE = "plate"
    LEGACY_PLATE = "legacy-plate"
    PLATE_DAY_APART = "plate-a-day-apart"
    NEAR_PLATE = "plate-one-slip"
    PERSON = "person"
    PERSON_DAY_APART = "person-a-day-apart"
    TREATED = "treated-after"
    TREATED_LATE = "treated-long-after"
    FOLLOW_UP = "same-injury-same-hospital"
    TRANSFER = "same-injury-other-hospital"
    TRANSFER_LATE = "same-injury-other-hospital-long-after"
    TREATED_AT_ONCE = "treated-at-once"
    MINUTE = "same-minute"
    MINUTES_5 = "within-5-minutes"
    MINUTES_15 = "within-15-minutes"
    MINUTES_30 = "within-30-minutes"
    HOUR = "within-an-hour"
    HALF_A_DAY = "half-a-day-apart"
    HOURS = "hours-apart"
    METRES_60 = "within-60-m"
    METRES_250 = "within-250-m"
    METRES_600 = "within-600-m"
    FAR = "kilometres-apart"
    CROSSING = "same-crossing"
    ROAD = "one-road-in-common"
    ADDRESS = "same-address"
    OTHER_ROADS = "other-roads"
    PARTIES = "same-parties"
    OTHER_KINDS = "other-kinds-of-parties"
    OTHER_PARTIES = "other-number-of-parties"
    TOLL = "same-toll"
    OTHER_TOLL = "other-toll"
    OTHER_PLATES = "other-plates"
    OTHER_PERSONS = "other-persons"
    OTHER_NUMBER = "other-police-case-number"
    UNSUPPORTED = "number-unsupported"


WEIGHTS: dict[Sign, int] = {  # bits; why each is what it is: docs/matching.md
    Sign.PART: 60,
    Sign.CASE: 40,
    Sign.POLICE_CASE: 24,
    Sign.CLAIM: 24,
    Sign.DOCUMENT: 30,
    Sign.ENCOUNTER: 30,
    Sign.VISIT: 26,
    Sign.PLATE: 20,  # one of 22 million; twice in a day is a taxi's bad day
    Sign.LEGACY_PLATE: 14,  # AB-1234 and AB1-234 are two vehicles and one normal form
    Sign.PLATE_DAY_APART: 13,  # two accidents of one vehicle on two days running are as likely as a wrong day
    Sign.NEAR_PLATE: 12,  # fleets register numbers in a row
    Sign.PERSON: 22,
    Sign.PERSON_DAY_APART: 12,
    Sign.TREATED: 21,
    Sign.TREATED_LATE: 13,  # people fall at home, too
    Sign.FOLLOW_UP: 21,
    Sign.TRANSFER: 20,
    Sign.TRANSFER_LATE: 14,
    Sign.TREATED_AT_ONCE: 8,
    Sign.MINUTE: 8,
    Sign.MINUTES_5: 6,
    Sign.MINUTES_15: 5,
    Sign.MINUTES_30: 3,
    Sign.HOUR: 2,
    Sign.HALF_A_DAY: -2,
    Sign.HOURS: -10,
    Sign.METRES_60: 13,
    Sign.METRES_250: 12,
    Sign.METRES_600: 5,
    Sign.FAR: -6,
    Sign.CROSSING: 11,
    Sign.ROAD: 5,
    Sign.ADDRESS: 11,
    Sign.OTHER_ROADS: -2,
    Sign.PARTIES: 2,
    Sign.OTHER_KINDS: -2,
    Sign.OTHER_PARTIES: -4,
    Sign.TOLL: 1,
    Sign.OTHER_TOLL: -4,
    Sign.OTHER_PLATES: -6,
    Sign.OTHER_PERSONS: -3,
    Sign.OTHER_NUMBER: -4,
    Sign.UNSUPPORTED: -10,  # a wrong digit is a neighbour's number, and neighbours are near in time as well
}
_METRES = ((60, Sign.METRES_60), (250, Sign.METRES_250), (600, Sign.METRES_600))
_MINUTES = (
    (1, Sign.MINUTE),
    (5, Sign.MINUTES_5),
    (15, Sign.MINUTES_15),
    (30, Sign.MINUTES_30),
    (TIME_SLACK_MINUTES, Sign.HOUR),
)


@dataclass(frozen=True, order=True)
class Told:
    """A sign on a pair of records, and how far apart they are by it (days, minutes, metres; else 0)."""

    sign: Sign
    apart: int = 0

    @property
    def weight(self) -> int:
        return WEIGHTS[self.sign]


def beside(one: Evidence, other: Evidence) -> list[Told]:
    """What speaks for or against two records beside what they were found by: time, place, parties, other numbers."""
    found = [*_time(one, other), *_parties(one.accident, other.accident)]
    if one.accident and other.accident:
        found += _place(one.accident, other.accident)
    if one.plates and other.plates and not set(one.plates) & set(other.plates) and not near_plates(one, other):
        found.append(Told(Sign.OTHER_PLATES))
    told = one.accident and other.accident  # who tells no accident names only those whom his paper is about
    if told and one.persons and other.persons and not set(one.persons) & set(other.persons):
        found.append(Told(Sign.OTHER_PERSONS))
    if _other_number(one, other):
        found.append(Told(Sign.OTHER_NUMBER))
    return found


def _time(one: Evidence, other: Evidence) -> list[Told]:
    gap = minutes_apart(one, other)
    if gap is None:
        return []
    for limit, sign in _MINUTES:
        if gap <= limit:
            return [Told(sign, gap)]
    if _half_a_day(one, other, gap):
        return [Told(Sign.HALF_A_DAY, gap)]
    return [] if times_agree(one, other) else [Told(Sign.HOURS, gap)]


def _half_a_day(one: Evidence, other: Evidence, gap: int) -> bool:
    told = one.paper == other.paper == "accident"
    return not told and abs(gap - HALF_A_DAY_MINUTES) <= HALF_A_DAY_SLACK


def _place(one: Accident, other: Accident) -> list[Told]:
    """Coordinates and words are two readings of one place: when both agree, the better counts."""
    found = [told for told in (_distance(one, other), _words(one, other)) if told]
    if all(told.weight > 0 for told in found):
        return [max(found, key=lambda told: told.weight)] if found else []
    return found


def metres_apart(one: Accident, other: Accident) -> int | None:
    """Metres between two accidents whose coordinates are both known."""
    if one.longitude is None or one.latitude is None or other.longitude is None or other.latitude is None:
        return None
    north = (one.latitude - other.latitude) * METRES_A_DEGREE
    east = (one.longitude - other.longitude) * METRES_A_DEGREE * cos(radians((one.latitude + other.latitude) / 2))
    return round(hypot(north, east))


def _distance(one: Accident, other: Accident) -> Told | None:
    metres = metres_apart(one, other)
    if metres is None:
        return None
    for limit, sign in _METRES:
        if metres <= limit:
            return Told(sign, metres)
    return Told(Sign.FAR, metres) if metres > 2_000 else None


def _words(one: Accident, other: Accident) -> Told | None:
    if not one.place and not one.roads or not other.place and not other.roads:
        return None
    common = set(one.roads) & set(other.roads)
    if len(common) >= 2:
        return Told(Sign.CROSSING)
    text = normalise.text(one.place)
    if text and text == normalise.text(other.place) and (common or len(text) >= TELLING):
        return Told(Sign.ADDRESS)
    if common:
        return Told(Sign.ROAD)
    return Told(Sign.OTHER_ROADS) if one.roads and other.roads else None


def _parties(one: Accident | None, other: Accident | None) -> list[Told]:
    """Of two that list the parties: what the police tell, not applicants."""
    if not one or not other or not one.parties or not other.parties:
        return []
    found = []
    if sorted(party.kind for party in one.parties) == sorted(party.kind for party in other.parties):
        found.append(Told(Sign.PARTIES))
    elif len(one.parties) != len(other.parties):
        found.append(Told(Sign.OTHER_PARTIES, abs(len(one.parties) - len(other.parties))))
    else:
        found.append(Told(Sign.OTHER_KINDS))
    if None not in (one.deaths, one.injuries, other.deaths, other.injuries):
        same = (one.deaths, one.injuries) == (other.deaths, other.injuries)
        found.append(Told(Sign.TOLL if same else Sign.OTHER_TOLL))
    return found


def loss_day(evidence: Evidence) -> date | None:
    """The day of an accident, as far as this record knows it."""
    if evidence.accident:
        return date.fromisoformat(evidence.accident.date)
    if evidence.loss and evidence.loss.kind == "motor" and evidence.loss.date:
        return date.fromisoformat(evidence.loss.date)
    if evidence.service and evidence.service.accident_date:
        return date.fromisoformat(evidence.service.accident_date)
    return None


def minutes_apart(one: Evidence, other: Evidence) -> int | None:
    """Minutes between two accidents whose times are both known. What an applicant tells of a night goes by the clock when the
    days differ by one: ten past midnight is the evening before to many. The police and their open data know the day."""
    first, second = moment(one), moment(other)
    if first is None or second is None:
        return None
    gap = abs(int((first - second).total_seconds())) // 60
    told_by_day = one.paper == other.paper == "accident" or abs((first.date() - second.date()).days) != 1
    if told_by_day or not (at_night(first) and at_night(second)):
        return gap
    return min(gap, abs(gap - MINUTES_A_DAY))


def moment(evidence: Evidence) -> datetime | None:
    """When the accident was, to the minute, in Taiwan."""
    accident = evidence.accident
    return datetime.fromisoformat(f"{accident.date}T{accident.time}") if accident and accident.time else None


def at_night(when: datetime) -> bool:
    """Whether it may be told under either of two days."""
    minute = when.hour * 60 + when.minute
    return min(minute, MINUTES_A_DAY - minute) <= APPLICANT_SLACK_MINUTES


def times_agree(one: Evidence, other: Evidence) -> bool:
    gap = minutes_apart(one, other)
    told = one.paper == other.paper == "accident"
    slack = TIME_SLACK_MINUTES if told else APPLICANT_SLACK_MINUTES
    return gap is None or gap <= slack or _half_a_day(one, other, gap)


def near_plates(one: Evidence, other: Evidence) -> bool:
    """Whether a plate of one is a plate of the other with one slip of the pen."""
    return any(
        one_slip(first, second)
        for first in one.plates
        for second in other.plates
        if not placeholder(first) and not placeholder(second)
    )


def one_slip(one: str, other: str) -> bool:
    """One character wrong, missing, too many, or two neighbours exchanged."""
    if one == other or min(len(one), len(other)) < SHORTEST:
        return False
    short, long = sorted((one, other), key=len)
    if len(short) == len(long):
        wrong = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        swapped = len(wrong) == 2 and wrong[1] == wrong[0] + 1 and one[wrong[0]] == other[wrong[1]]
        return len(wrong) == 1 or (swapped and one[wrong[1]] == other[wrong[0]])
    return len(long) == len(short) + 1 and short in shortened(long)


def shortened(plate: str) -> set[str]:
    """The plate with each of its characters left out: two plates that differ by one slip have one of these in common,
    or one of them is one of these."""
    return {plate[:at] + plate[at + 1 :] for at in range(len(plate))}


def placeholder(plate: str) -> bool:
    """Whether somebody wrote a plate because one was asked for: no number is issued as 0000."""
    return not set(plate) & set("123456789")


def legacy(plate: str) -> bool:
    """Whether the plate, its hyphen taken out, may be that of two vehicles: AB-1234 and AB1-234."""
    return len(plate) == 6 and (plate[2:].isdigit() or plate[:4].isdigit()) and not plate.isdigit()


def by_police(evidence: Evidence) -> bool:
    return evidence.paper == "accident" and not evidence.open_data


def same_police_case(one: Evidence, other: Evidence) -> bool:
    """Units count each for itself: the same number of two units is two cases. Who names no unit means any."""
    return any(
        number == same and (not unit or not by or unit == by)
        for unit, number in police_cases(one)
        for by, same in police_cases(other)
    )


def _other_number(one: Evidence, other: Evidence) -> bool:
    """Whether numbers that may be of one unit differ. Two units number one accident each for itself."""
    units = [(unit, by) for unit, _ in police_cases(one) for by, _ in police_cases(other)]
    comparable = any(not unit or not by or unit == by for unit, by in units)
    return comparable and not same_police_case(one, other)


def police_cases(evidence: Evidence) -> set[tuple[str, str]]:
    """Pairs of unit ("" when not said) and number."""
    return {(one.issuer, one.value) for one in evidence.numbers if one.type == NumberType.POLICE_CASE}
