"""Which two records are about one loss, how surely, and why.

A record is looked up by keyed hashes (`keys`); two that share one are judged (`judge`). Date of loss is no key:
hospitals do not know it. A key that too many records share links nothing by itself (a fleet's plate, a busy junction);
one of an accident (`OF_AN_ACCIDENT`) leads to the accident alone, for a bus has sixty passengers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from adapters.police.place import cell, neighbours
from schemas.evidence import Accident, Evidence, NumberType
from schemas.ids import derive
from schemas.records import Kind
from services.hub.grading import (
    APPLICANT_SLACK_MINUTES,
    AUTOMATIC,
    DATE_SLACK_DAYS,
    INJURY_DAYS,
    INJURY_REVIEW_DAYS,
    REVIEW,
    TRANSFER_DAYS,
    UNCODED_DAYS,
    UNCODED_REVIEW_DAYS,
    Key,
    Sign,
    Told,
    at_night,
    beside,
    by_police,
    legacy,
    loss_day,
    minutes_apart,
    moment,
    near_plates,
    placeholder,
    police_cases,
    same_police_case,
    shortened,
    times_agree,
)

CROWDED = 64  # records of one key; a chemotherapy patient has some 40 documents a year, a taxi fleet's plate hundreds
VAST = 512  # records of one accident; what more of them share is a placeholder ("0" for a police case number)
OF_AN_ACCIDENT = {Key.POLICE_CASE, Key.PLATE_DAY}  # keys that many records share when the accident is large

Lookup = Callable[[str], str]


@dataclass(frozen=True)
class Node:
    """A document, accident, filing or authorisation as it is shown now: the current version of one lineage.

    `own` are the keys it stands under, `near` further ones it is found by: neighbouring cells of its place, and at night the
    same of the day before or after; its plates on both.
    """

    lineage: str
    record: str
    kind: Kind
    sender: str
    order: int
    evidence: Evidence
    own: dict[str, Key]
    near: dict[str, Key] = field(default_factory=dict)
    about: frozenset[str] = frozenset()  # persons of its copies, in whatever case they stand

    @property
    def opens(self) -> bool:
        """Whether it opens a case of its own when it joins none."""
        return self.kind in (Kind.APPLICATION, Kind.DOCUMENT, Kind.PAPER) or (
            self.kind == Kind.ACCIDENT and not self.evidence.open_data
        )


@dataclass(frozen=True, order=True)
class Link:
    """An edge between two nodes. Sorts strongest first, then by gap (days or minutes), then by ids.

    `score` is the sum of the signs' weights, below `AUTOMATIC` whatever the signs when the days or times of loss differ.
    """

    weakness: int
    gap: int
    one: str
    other: str
    reason: str = field(compare=False)
    score: int = field(compare=False, default=AUTOMATIC)
    signs: tuple[Told, ...] = field(compare=False, default=())

    @property
    def automatic(self) -> bool:
        return self.score >= AUTOMATIC


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
                if number.issuer:
                    found[lookup(f"police-case|{number.issuer}|{number.value}")] = Key.POLICE_CASE
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
    # By this one those are found that were taken in before plates were looked up by day.
    found |= {lookup(f"plate|{plate}"): Key.PLATE for plate in evidence.plates}
    found |= {lookup(f"person|{person}"): Key.PERSON for person in evidence.persons}
    if day := loss_day(evidence):
        found |= {lookup(one): key for one, key in _of_day(evidence, day)}
    return found


@dataclass(frozen=True)
class Crowds:
    """Keys that many records share: `closed` link nothing; under `starred` each is judged with the accident alone."""

    closed: frozenset[str] = frozenset()
    starred: frozenset[str] = frozenset()

    def __or__(self, other: "Crowds") -> "Crowds":
        return Crowds(self.closed | other.closed, self.starred | other.starred)


def crowds(under: Mapping[str, Key], counts: Mapping[str, int]) -> Crowds:
    """Of these keys, those that many records share. `counts`: of the records that stand under each."""
    many = {hash for hash, count in counts.items() if count > CROWDED}
    starred = {hash for hash in many if under[hash] in OF_AN_ACCIDENT and counts[hash] <= VAST}
    return Crowds(frozenset(many - starred), frozenset(starred))


def is_file(part: str) -> bool:
    """Whether a part stands for the bytes of an upload, and for no certificate or receipt in it."""
    return part.startswith('["FILE",')


def near(evidence: Evidence, lookup: Lookup) -> dict[str, Key]:
    """Hashes of the neighbouring cells: two records on either side of a cell's border still find each other; and of the plates
    on the day before and after. Of an accident at night also what it would stand under on the other day, cells and
    neighbours, roads and plates."""
    day, when = loss_day(evidence), moment(evidence)
    if day is None:
        return {}
    found = {lookup(one): Key.PLACE for one in _around(evidence, day)}
    for other in (day - timedelta(days=DATE_SLACK_DAYS), day + timedelta(days=DATE_SLACK_DAYS)):
        found |= {lookup(one): Key.PLATE_DAY for one in _plates(evidence, other)}
    if when and at_night(when):
        other = day + timedelta(days=1 if when.hour >= 12 else -1)
        found |= {lookup(one): key for one, key in _of_day(evidence, other)}
        found |= {lookup(one): Key.PLACE for one in _around(evidence, other)}
    return found


def _of_day(evidence: Evidence, day: date) -> Iterator[tuple[str, Key]]:
    """What is looked for on one day only: the place, the plates, and every plate with one of its characters left out, under
    which a mistyped plate is found. By day, so that plates like each other do not crowd."""
    yield from ((one, Key.PLATE_DAY) for one in _plates(evidence, day))
    for plate in evidence.plates:
        yield from ((f"slip|{day}|{one}", Key.NEAR_PLATE) for one in sorted({plate, *shortened(plate)}))
    if accident := evidence.accident:
        yield from ((f"place|{day}|{road}", Key.PLACE) for road in accident.roads)
        if here := _cell(accident):
            yield f"place|{day}|{here}", Key.PLACE


def _plates(evidence: Evidence, day: date) -> Iterator[str]:
    yield from (f"plate|{day}|{plate}" for plate in evidence.plates if not placeholder(plate))


def _around(evidence: Evidence, day: date) -> Iterator[str]:
    if evidence.accident and (here := _cell(evidence.accident)):
        yield from (f"place|{day}|{one}" for one in neighbours(here))


def _cell(accident: Accident) -> str | None:
    if accident.longitude is None or accident.latitude is None:
        return None
    return cell(accident.longitude, accident.latitude)


def judge(one: Node, other: Node, shared: set[Key]) -> Link | None:
    """What the shared keys, the dates and everything beside them come to: a link that joins by itself, one that a person
    decides (`Link.automatic`), or None."""
    first, second = one.evidence, other.evidence
    found = [told for rule in (_by_number, _by_plate, _by_person, _by_place) if (told := rule(first, second, shared))]
    if not found:
        return None
    weakness, gap, reason, _ = min(found)
    signs = (*(told for lead in found for told in lead[3]), *beside(first, second))
    by = {told.sign for told in signs}
    if Sign.POLICE_CASE in by and by & CONTRADICTIONS and not by & SUPPORT:
        signs += (Told(Sign.UNSUPPORTED),)
    score = sum(told.weight for told in signs)
    if Told(Sign.UNSUPPORTED) in signs or (min(found)[0] > COPY and _days_differ(first, second)):
        score = min(score, AUTOMATIC - 1)  # whatever else agrees, a person is asked
    if score < REVIEW or (score < AUTOMATIC and _told_apart(first, second)):
        return None
    here, there = sorted((one.lineage, other.lineage))
    return Link(weakness, gap, here, there, reason, score, signs)


COPY = 0  # the weakness of a link between copies of one thing
CONTRADICTIONS = {Sign.OTHER_PLATES, Sign.OTHER_PERSONS, Sign.OTHER_ROADS, Sign.FAR}
SUPPORT = {Sign.PLATE, Sign.LEGACY_PLATE, Sign.PLATE_DAY_APART, Sign.PERSON, Sign.PERSON_DAY_APART}
Lead = tuple[int, int, str, tuple[Told, ...]]  # weakness, gap, reason, and the signs of it


def _by_number(one: Evidence, other: Evidence, shared: set[Key]) -> Lead | None:
    if Key.PART in shared:
        what = "copies of one thing: the same certificate, receipt, accident or application"
        return COPY, 0, what, (Told(Sign.PART),)
    if Key.CASE in shared:
        return 5, 0, "names the case by its number", (Told(Sign.CASE),)
    if Key.POLICE_CASE in shared and same_police_case(one, other):
        return 10, 0, "same police case number", (Told(Sign.POLICE_CASE),)
    if Key.CLAIM in shared:
        return 12, 0, "same claim number at the same insurer", (Told(Sign.CLAIM),)
    if Key.DOCUMENT in shared and Key.PERSON in shared:
        return 15, 0, "names the hospital's document by its number, same person", (Told(Sign.DOCUMENT),)
    if Key.ENCOUNTER in shared and Key.PERSON in shared:
        return 18, 0, "same encounter at the same hospital, same person", (Told(Sign.ENCOUNTER),)
    return None


def _by_plate(one: Evidence, other: Evidence, shared: set[Key]) -> Lead | None:
    first, second = loss_day(one), loss_day(other)
    if not first or not second or (gap := abs((first - second).days)) > DATE_SLACK_DAYS:
        return None
    common = {plate for plate in set(one.plates) & set(other.plates) if not placeholder(plate)}
    if shared & {Key.PLATE, Key.PLATE_DAY} and common:
        if gap:
            return 20, gap, "same plate, a day apart", (Told(_apart(one, other, Sign.PLATE), gap),)
        sign = Sign.LEGACY_PLATE if all(legacy(plate) for plate in common) else Sign.PLATE
        return 20, gap, "same plate, same day", (Told(sign),)
    if Key.NEAR_PLATE in shared and near_plates(one, other):
        return 30, gap, "nearly the same plate, same day", (Told(Sign.NEAR_PLATE, gap),)
    return None


def _apart(one: Evidence, other: Evidence, sign: Sign) -> Sign:
    """A day apart is no difference around midnight: whether by both times, or by the time of the one that tells it."""
    if minutes_apart(one, other) is not None:
        near_midnight = times_agree(one, other)
    else:
        near_midnight = _other_night(one, other) or _other_night(other, one)
    return sign if near_midnight else {Sign.PLATE: Sign.PLATE_DAY_APART, Sign.PERSON: Sign.PERSON_DAY_APART}[sign]


def _other_night(one: Evidence, other: Evidence) -> bool:
    """Whether the day that the other tells is the other day of this accident's night."""
    when = moment(one)
    if when is None or not at_night(when):
        return False
    return loss_day(other) == when.date() + timedelta(days=1 if when.hour >= 12 else -1)


def _by_person(one: Evidence, other: Evidence, shared: set[Key]) -> Lead | None:
    if Key.PERSON not in shared:
        return None
    first, second = loss_day(one), loss_day(other)
    if first and second:
        gap = abs((first - second).days)
        if gap == 0:
            return 25, gap, "same person, same day of loss", (Told(Sign.PERSON),)
        if gap <= DATE_SLACK_DAYS:
            signs = [Told(_apart(one, other, Sign.PERSON), gap)]
            if _began(one) == second or _began(other) == first:
                signs.append(Told(Sign.TREATED_AT_ONCE))
            return 25, gap, "same person, a day apart", tuple(signs)
        return None
    found = [lead for lead in (_by_visit(one, other), _by_visit(other, one), _by_injury(one, other)) if lead]
    return max(found, key=lambda lead: (lead[3][0].weight, -lead[0], -lead[1]), default=None)


def _began(one: Evidence) -> date | None:
    return date.fromisoformat(one.service.start) if one.service else None


def _by_visit(one: Evidence, other: Evidence) -> Lead | None:
    """`one` knows a day; `other` is a hospital's service, or a filing that names one."""
    service, loss = other.service, one.loss
    visit = (Told(Sign.VISIT),)
    if loss and loss.kind == "medical" and loss.date:
        named = date.fromisoformat(loss.date)
        if service and service.hospital == loss.hospital:
            start, end = date.fromisoformat(service.start), date.fromisoformat(service.end)
            if (start - named).days <= DATE_SLACK_DAYS and (named - end).days <= DATE_SLACK_DAYS:
                return 22, 0, "same person, the hospital and the day that the filing names", visit
        second = other.loss
        if second and second.kind == "medical" and second.date and second.hospital == loss.hospital:
            gap = abs((date.fromisoformat(second.date) - named).days)
            if gap <= DATE_SLACK_DAYS:
                return 24, gap, "same person, both name the same hospital and day", visit
        return None
    day = loss_day(one)
    if day and service and not service.accident_date and service.injury is not False:
        gap = (date.fromisoformat(service.start) - day).days
        soon, long = (INJURY_DAYS, INJURY_REVIEW_DAYS) if service.injury else (UNCODED_DAYS, UNCODED_REVIEW_DAYS)
        if 0 <= gap <= long:
            sign = Told(Sign.TREATED if gap <= soon else Sign.TREATED_LATE, gap)
            return 40, gap, f"same person, injury treated {gap} days after the loss", (sign,)
    return None


def _by_injury(one: Evidence, other: Evidence) -> Lead | None:
    """Two documents of a person about one injury: the hospital that treated it sees the patient again."""
    first, second = one.service, other.service
    if not first or not second or not set(first.injuries) & set(second.injuries):
        return None
    gap = abs((date.fromisoformat(first.start) - date.fromisoformat(second.start)).days)
    if gap > INJURY_REVIEW_DAYS:
        return None
    if first.hospital == second.hospital:
        return 42, gap, f"same person, hospital and injury, {gap} days apart", (Told(Sign.FOLLOW_UP, gap),)
    sign = Sign.TRANSFER if gap <= TRANSFER_DAYS else Sign.TRANSFER_LATE
    return 44, gap, f"same person and injury, another hospital, {gap} days apart", (Told(sign, gap),)


def _by_place(one: Evidence, other: Evidence, shared: set[Key]) -> Lead | None:
    first, second = one.accident, other.accident
    if Key.PLACE not in shared or not first or not second or _told_apart(one, other):
        return None
    gap = minutes_apart(one, other)
    if (
        (first.date != second.date and gap is None)
        or (gap or 0) > APPLICANT_SLACK_MINUTES
        or not times_agree(one, other)
    ):
        return None
    if gap is None:
        return 50, 0, "same day, same place", ()
    return 45, gap, f"same day, same place, {gap} minutes apart", ()


def _days_differ(one: Evidence, other: Evidence) -> bool:
    first, second = loss_day(one), loss_day(other)
    return bool(first and second) and (abs((first - second).days) > DATE_SLACK_DAYS or not times_agree(one, other))  # type: ignore[operator]


def disagreement(one: Evidence, other: Evidence) -> str | None:
    """Why two records cannot stand in one case, or None."""
    if _days_differ(one, other):
        return "their days or times of loss differ"
    if _told_apart(one, other):
        return "the police tell them apart: other vehicles, or another number of the same unit"
    return None


def _told_apart(one: Evidence, other: Evidence) -> bool:
    """Two police records of different accidents: at a busy crossing day, place and hour are not enough."""
    if one.open_data and other.open_data and one.issuer == other.issuer:
        return not set(one.parts) & set(other.parts)  # an agency publishes an accident once
    if not (by_police(one) and by_police(other)):
        return False
    if one.plates and other.plates and not set(one.plates) & set(other.plates) and not near_plates(one, other):
        return True
    first, second = police_cases(one), police_cases(other)
    units = {unit for unit, _ in first} & {unit for unit, _ in second} - {""}
    return any({n for unit, n in first if unit == at}.isdisjoint(n for unit, n in second if unit == at) for at in units)
