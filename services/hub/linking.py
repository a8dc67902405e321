"""Which two records are about one loss, how surely, and why.

A record is looked up by keyed hashes (`keys`); two that share one are judged (`judge`). Date of loss is no key:
hospitals do not know it. A key that too many records share links nothing by itself (a fleet's plate, a busy junction).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from adapters.police.place import cell, neighbours
from schemas.evidence import Accident, Evidence, NumberType
from schemas.ids import derive
from schemas.records import Kind

CROWDED = 64  # records of one key; a chemotherapy patient has some 40 documents a year, a taxi fleet's plate hundreds
INJURY_DAYS = 180  # how long after an accident an injury is still treated as of it
UNCODED_DAYS = 30  # the same for a document without a coded diagnosis
DATE_SLACK_DAYS = 1  # a night accident is filed under either day
ROAD_SLACK_MINUTES = 15  # two accidents told by one common road only
APPLICANT_SLACK_MINUTES = 180  # an applicant remembers the hour, not the minute
TIME_SLACK_MINUTES = 60  # two police records of one accident differ by less

Lookup = Callable[[str], str]


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
    PERSON = "person"
    PLACE = "day and place"


@dataclass(frozen=True)
class Node:
    """A document, accident, filing or authorisation as it is shown now: the current version of one lineage.

    `own` are the keys it stands under, `near` further hashes it is found by (neighbouring cells of its place).
    """

    lineage: str
    record: str
    kind: Kind
    sender: str
    order: int
    evidence: Evidence
    own: dict[str, Key]
    near: frozenset[str] = frozenset()
    about: frozenset[str] = frozenset()  # persons of its copies, in whatever case they stand

    @property
    def opens(self) -> bool:
        """Whether it opens a case of its own when it joins none."""
        return self.kind in (Kind.APPLICATION, Kind.DOCUMENT, Kind.PAPER) or (
            self.kind == Kind.ACCIDENT and not self.evidence.open_data
        )


@dataclass(frozen=True, order=True)
class Link:
    """An edge between two nodes. Sorts strongest first, then by gap (days or minutes), then by ids."""

    weakness: int
    gap: int
    one: str
    other: str
    reason: str = field(compare=False)


def case_number(record: str) -> str:
    """The number of the case that a record founds."""
    return "C" + derive("case", record)[:12].upper()


def keys(evidence: Evidence, records: Iterable[str], lookup: Lookup) -> dict[str, Key]:
    """The hashes a node stands under. `records`: every record of its lineage, for the case numbers they may found."""
    found = {lookup(f"case|{case_number(record)}"): Key.CASE for record in records}
    for number in evidence.numbers:
        match number.type:
            case NumberType.POLICE_CASE:
                found[lookup(f"police-case|{number.value}")] = Key.POLICE_CASE
            case NumberType.CLAIM:
                found[lookup(f"claim|{number.issuer}|{number.value}")] = Key.CLAIM
            case NumberType.DOCUMENT:
                found[lookup(f"document|{number.issuer}|{number.value}")] = Key.DOCUMENT
            case NumberType.ENCOUNTER:
                found[lookup(f"encounter|{number.issuer}|{number.value}")] = Key.ENCOUNTER
            case NumberType.CASE:
                found[lookup(f"case|{number.value}")] = Key.CASE
    if loss := evidence.loss:
        if loss.case:
            found[lookup(f"case|{loss.case}")] = Key.CASE
        if loss.document:
            found[lookup(f"document|{loss.hospital}|{loss.document}")] = Key.DOCUMENT
    found |= {lookup(f"part|{part}"): Key.FILE if is_file(part) else Key.PART for part in evidence.parts}
    found |= {lookup(f"plate|{plate}"): Key.PLATE for plate in evidence.plates}
    found |= {lookup(f"person|{person}"): Key.PERSON for person in evidence.persons}
    return found | {lookup(place): Key.PLACE for place in _places(evidence)}


def is_file(part: str) -> bool:
    """Whether a part stands for the bytes of an upload, and for no certificate or receipt in it."""
    return part.startswith('["FILE",')


def near(evidence: Evidence, lookup: Lookup) -> frozenset[str]:
    """Hashes of the neighbouring cells: two records on either side of a cell's border still find each other."""
    accident = evidence.accident
    if not accident or accident.longitude is None or accident.latitude is None:
        return frozenset()
    around = neighbours(cell(accident.longitude, accident.latitude))
    return frozenset(lookup(f"place|{accident.date}|{one}") for one in around)


def _places(evidence: Evidence) -> list[str]:
    accident = evidence.accident
    if not accident:
        return []
    places = [f"place|{accident.date}|{road}" for road in accident.roads]
    if accident.longitude is not None and accident.latitude is not None:
        places.append(f"place|{accident.date}|{cell(accident.longitude, accident.latitude)}")
    return places


def judge(one: Node, other: Node, shared: set[Key]) -> Link | None:
    """The strongest link that the shared keys and the dates allow, or None."""
    candidates = [
        found
        for rule in (_by_number, _by_plate, _by_person, _by_place)
        if (found := rule(one.evidence, other.evidence, shared))
    ]
    if not candidates:
        return None
    weakness, gap, reason = min(candidates)
    first, second = sorted((one.lineage, other.lineage))
    return Link(weakness, gap, first, second, reason)


Candidate = tuple[int, int, str]  # weakness, gap, reason


def _by_number(one: Evidence, other: Evidence, shared: set[Key]) -> Candidate | None:
    if Key.PART in shared:
        return 0, 0, "copies of one thing: the same certificate, receipt, accident or application"
    if Key.CASE in shared:
        return 5, 0, "names the case by its number"
    if Key.POLICE_CASE in shared and _same_police_case(one, other):
        return 10, 0, "same police case number"
    if Key.CLAIM in shared:
        return 12, 0, "same claim number at the same insurer"
    if Key.DOCUMENT in shared and Key.PERSON in shared:
        return 15, 0, "names the hospital's document by its number, same person"
    if Key.ENCOUNTER in shared and Key.PERSON in shared:
        return 18, 0, "same encounter at the same hospital, same person"
    return None


def _by_plate(one: Evidence, other: Evidence, shared: set[Key]) -> Candidate | None:
    first, second = loss_day(one), loss_day(other)
    if Key.PLATE not in shared or not first or not second:
        return None
    gap = abs((first - second).days)
    if gap > DATE_SLACK_DAYS or not _times_agree(one, other):
        return None
    return 20, gap, "same plate, same day" if gap == 0 else "same plate, a day apart"


def _by_person(one: Evidence, other: Evidence, shared: set[Key]) -> Candidate | None:
    if Key.PERSON not in shared:
        return None
    first, second = loss_day(one), loss_day(other)
    if first and second:
        gap = abs((first - second).days)
        if gap <= DATE_SLACK_DAYS and _times_agree(one, other):
            return 25, gap, "same person, same day of loss" if gap == 0 else "same person, a day apart"
        return None
    return _by_visit(one, other) or _by_visit(other, one)


def _by_visit(one: Evidence, other: Evidence) -> Candidate | None:
    """`one` knows a day; `other` is a hospital's service, or a filing that names one."""
    service, loss = other.service, one.loss
    if loss and loss.kind == "medical" and loss.date:
        named = date.fromisoformat(loss.date)
        if service and service.hospital == loss.hospital:
            start, end = date.fromisoformat(service.start), date.fromisoformat(service.end)
            if (start - named).days <= DATE_SLACK_DAYS and (named - end).days <= DATE_SLACK_DAYS:
                return 22, 0, "same person, the hospital and the day that the filing names"
        second = other.loss
        if second and second.kind == "medical" and second.date and second.hospital == loss.hospital:
            gap = abs((date.fromisoformat(second.date) - named).days)
            if gap <= DATE_SLACK_DAYS:
                return 24, gap, "same person, both name the same hospital and day"
        return None
    day = loss_day(one)
    if day and service and not service.accident_date and service.injury is not False:
        gap = (date.fromisoformat(service.start) - day).days
        if 0 <= gap <= (INJURY_DAYS if service.injury else UNCODED_DAYS):
            return 40, gap, f"same person, injury treated {gap} days after the loss"
    return None


def _by_place(one: Evidence, other: Evidence, shared: set[Key]) -> Candidate | None:
    first, second = one.accident, other.accident
    if Key.PLACE not in shared or not first or not second or first.date != second.date or _told_apart(one, other):
        return None
    gap = minutes_apart(one, other)
    slack = _place_slack(first, second)
    if slack is None or (gap is not None and gap > slack):
        return None
    if gap is None:
        return 50, TIME_SLACK_MINUTES, "same day, same place"
    return 45, gap, f"same day, same place, {gap} minutes apart"


def _place_slack(one: Accident, other: Accident) -> int | None:
    """How many minutes apart two accidents of one day may be at these places; None when the places differ."""
    if None not in (one.longitude, one.latitude, other.longitude, other.latitude):
        here = cell(one.longitude, one.latitude)  # type: ignore[arg-type]
        there = cell(other.longitude, other.latitude)  # type: ignore[arg-type]
        return TIME_SLACK_MINUTES if there == here or there in neighbours(here) else None
    common = set(one.roads) & set(other.roads)
    if len(common) >= 2:
        return TIME_SLACK_MINUTES  # the same crossing
    # One road in common may be the same spot or two kilometres away: only near in time.
    return ROAD_SLACK_MINUTES if common and not (len(one.roads) >= 2 and len(other.roads) >= 2) else None


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
    """Minutes between two accidents whose times are both known."""
    times = []
    for evidence in (one, other):
        accident = evidence.accident
        if not accident or not accident.time:
            return None
        times.append(datetime.fromisoformat(f"{accident.date}T{accident.time}"))
    return abs(int((times[0] - times[1]).total_seconds())) // 60


def _times_agree(one: Evidence, other: Evidence) -> bool:
    gap = minutes_apart(one, other)
    told = one.paper == other.paper == "accident"
    return gap is None or gap <= (TIME_SLACK_MINUTES if told else APPLICANT_SLACK_MINUTES)


def disagreement(one: Evidence, other: Evidence) -> str | None:
    """Why two records cannot stand in one case, or None."""
    first, second = loss_day(one), loss_day(other)
    if first and second:
        if abs((first - second).days) > DATE_SLACK_DAYS or not _times_agree(one, other):
            return "their days or times of loss differ"
    if _told_apart(one, other):
        return "the police tell them apart: other vehicles, or another number of the same unit"
    return None


def _told_apart(one: Evidence, other: Evidence) -> bool:
    """Two police records of different accidents: at a busy crossing day, place and hour are not enough."""
    if not (_by_police(one) and _by_police(other)):
        return False
    if one.plates and other.plates and not set(one.plates) & set(other.plates):
        return True
    first, second = _police_cases(one), _police_cases(other)
    units = {unit for unit, _ in first} & {unit for unit, _ in second} - {""}
    return any({n for unit, n in first if unit == at}.isdisjoint(n for unit, n in second if unit == at) for at in units)


def _by_police(evidence: Evidence) -> bool:
    return evidence.paper == "accident" and not evidence.open_data


def _same_police_case(one: Evidence, other: Evidence) -> bool:
    """Units count each for itself: the same number of two units is two cases. Who names no unit means any."""
    return any(
        number == same and (not unit or not by or unit == by)
        for unit, number in _police_cases(one)
        for by, same in _police_cases(other)
    )


def _police_cases(evidence: Evidence) -> set[tuple[str, str]]:
    """Pairs of unit ("" when not said) and number."""
    return {(one.issuer, one.value) for one in evidence.numbers if one.type == NumberType.POLICE_CASE}
