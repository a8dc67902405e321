"""What is written of an accident, with the slips of those who write: fixed rates, published in docs/matching.md."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from adapters.police.place import Reading, point, roads
from bench.accidents import DIGITS, HOSPITALS, INJURIES, LETTERS, Happened, Rider
from schemas import normalise
from schemas.evidence import Accident, DataClass, Evidence, Loss, Number, NumberType, Party, Service
from schemas.records import Kind
from services.sandbox.persons import national_id
from services.validation import accident_evidence

RATES = {
    # which records there are
    "police record": 0.95,
    "record of a second unit": 0.04,
    "open data": 0.30,  # of accidents with a police record; alone it joins nothing, for it names nobody
    "application": 0.85,
    "application of a second party": 0.20,
    "document of the first visit": 0.95,  # of each injured person
    "document of a later visit": 0.35,
    "document of another injury, within 180 days": 0.005,
    "first visit one to seven days later": 0.04,
    "document of an illness, within 30 days": 0.10,
    # plates, each time one is written
    "plate with one slip": 0.03,
    "plate missing": 0.05,
    "plate in another form": 0.20,  # full-width, small letters, blanks, other hyphen
    "plate a placeholder": 0.005,  # AAA-0000
    # persons
    "person missing in the police record": 0.02,
    "applicant not in the police record": 0.06,  # the owner, a relative
    "others missing in the application": 0.10,
    "wrong kind of party": 0.05,
    # time and day
    "applicant: minutes off, up to 15": 0.45,
    "applicant: off by one or two hours": 0.13,
    "applicant: half a day off": 0.01,
    "applicant: no time": 0.08,
    "other day around midnight": 0.30,  # of accidents between 23:00 and 01:00; applicants and hospitals
    "wrong day in a document": 0.005,
    "second unit or open data: up to 10 minutes off": 0.15,
    # place
    "police: no coordinates": 0.10,
    "coordinates swapped": 0.005,
    "coordinates a placeholder": 0.01,  # 111, 11
    "applicant gives coordinates": 0.25,
    "address in other words": 0.40,  # abbreviated, without the city, roads the other way round
    "address: one road alone": 0.15,
    "address: a landmark": 0.05,
    # numbers
    "applicant knows the police case number": 0.55,
    "police case number with one wrong digit": 0.03,
    # hospitals
    "document names the day of the accident": 0.70,
    "later visit names it": 0.60,
    "no coded diagnosis": 0.02,
    "later visit at another hospital": 0.05,
    "later visit with another code": 0.05,
}
POLICE_METRES, APPLICANT_METRES = 15, 60  # standard deviation of coordinates
_FULL = {ord(sign): chr(ord(sign) + 0xFEE0) for sign in LETTERS + DIGITS}


@dataclass(frozen=True)
class Written:
    """A record and the accident that it is of; what is of no accident has a truth of its own."""

    kind: Kind
    evidence: Evidence
    truth: str


class Writer:
    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"noise {seed}")
        self._hospital = [f"H{index:02d}" for index in range(HOSPITALS)]

    def records(self, happened: Happened, truth: str) -> Iterator[Written]:
        """Everything written of an accident, and of other things that befell its persons."""
        found = self._police(happened) if self._is("police record") else None
        if found:
            yield Written(Kind.ACCIDENT, found, truth)
            if self._is("record of a second unit"):
                yield Written(Kind.ACCIDENT, self._police(happened, second=True), truth)
            if happened.longitude is not None and self._is("open data"):
                yield Written(Kind.ACCIDENT, self._open(happened), truth)
        filers = [rider for rider in happened.riders if rider.plate] or list(happened.riders)
        if filers and self._is("application"):
            yield Written(Kind.APPLICATION, self._application(happened, filers[-1]), truth)
            if len(filers) > 1 and self._is("application of a second party"):
                yield Written(Kind.APPLICATION, self._application(happened, filers[0]), truth)
        for rider in happened.injured:
            yield from self._documents(happened, rider, truth)

    def _is(self, what: str) -> bool:
        return self._rng.random() < RATES[what]

    def _evidence(self, paper: str, issued: datetime, **fields: object) -> Evidence:
        return Evidence(paper=paper, identity="", version="1", issued=f"{issued:%Y-%m-%dT%H:%M:%S}Z", **fields)  # type: ignore[arg-type]

    def _police(self, happened: Happened, *, second: bool = False) -> Evidence:
        moment = self._drifted(happened.moment) if second else happened.moment
        unit = f"{happened.unit}'" if second else happened.unit
        parties = []
        for rider in happened.riders:
            kind = "other" if self._is("wrong kind of party") else rider.kind
            person = None if self._is("person missing in the police record") else rider.person
            plate = self._plate(rider.plate) if rider.plate else None
            parties.append(Party(person=person, plate=plate, kind=kind, injured=bool(rider.hurt)))
        where = None if self._is("police: no coordinates") else self._point(happened, POLICE_METRES)
        accident = self._accident(moment, moment.time(), happened.place, where, tuple(parties), len(happened.injured))
        persons, plates = accident_evidence.persons_and_plates(parties)
        number = f"{moment:%Y%m%d}B{self._rng.randrange(10**4):04d}" if second else happened.number
        content = accident_evidence.fingerprint(accident)
        return self._evidence(
            "accident", moment, issuer=unit, persons=persons, plates=plates, classes=(DataClass.POLICE,),
            numbers=(Number(type=NumberType.POLICE_CASE, value=number, issuer=unit),), accident=accident,
            open_data=not persons and not plates, content=content, parts=(content,),
        )  # fmt: skip

    def _open(self, happened: Happened) -> Evidence:
        moment = self._drifted(happened.moment)
        parties = tuple(Party(kind=rider.kind) for rider in happened.riders)
        where = (happened.longitude, happened.latitude)
        accident = self._accident(moment, moment.time(), happened.place, where, parties, len(happened.injured))
        content = accident_evidence.fingerprint(accident)
        return self._evidence(
            "accident", moment, issuer="agency", accident=accident, open_data=True, content=content, parts=(content,)
        )

    def _accident(self, day, clock, place, where, parties=(), injuries=None):  # type: ignore[no-untyped-def]
        longitude, latitude = where or (None, None)
        return Accident(
            date=f"{day:%Y-%m-%d}", time=f"{clock:%H:%M}" if clock else None, place=place, roads=roads(place),
            longitude=longitude, latitude=latitude, parties=parties,
            deaths=None if injuries is None else 0, injuries=injuries,
        )  # fmt: skip

    def _drifted(self, moment: datetime) -> datetime:
        if not self._is("second unit or open data: up to 10 minutes off"):
            return moment
        return moment + timedelta(minutes=self._rng.randint(-10, 10))

    def _plate(self, plate: str) -> str | None:
        if self._is("plate missing"):
            return None
        if self._is("plate a placeholder"):
            return "AAA0000"
        if self._is("plate with one slip"):
            plate = self._slip(plate)
        if self._is("plate in another form"):
            parted = (f"{plate[:3]} {plate[3:]}", f"{plate[:3]}－{plate[3:]}")
            plate = self._rng.choice((plate.translate(_FULL), plate.lower(), *parted))
        return normalise.plate(plate) or None

    def _slip(self, plate: str) -> str:
        """Four in five a wrong character; else one missing, one twice, or two exchanged."""
        at = self._rng.randrange(len(plate) - 1)
        kind = self._rng.choices(("wrong", "missing", "twice", "exchanged"), (80, 7, 6, 7))[0]
        if kind == "wrong":
            return plate[:at] + self._rng.choice(DIGITS if plate[at].isdigit() else LETTERS) + plate[at + 1 :]
        if kind == "exchanged":
            return plate[:at] + plate[at + 1] + plate[at] + plate[at + 2 :]
        return plate[:at] + (plate[at + 1 :] if kind == "missing" else plate[at] + plate[at:])

    def _point(self, happened: Happened, metres: int) -> tuple[float, float] | None:
        """As the doors read what was written: a swapped pair is put right, a placeholder is no place."""
        if happened.longitude is None or happened.latitude is None:
            return None
        east, north = self._rng.gauss(0, metres) / 102_000, self._rng.gauss(0, metres) / 110_600
        pair = round(happened.longitude + east, 6), round(happened.latitude + north, 6)
        if self._is("coordinates swapped"):
            pair = pair[1], pair[0]
        if self._is("coordinates a placeholder"):
            pair = 111.0, 11.0
        reading, longitude, latitude = point(*pair)
        return None if reading == Reading.OUTSIDE else (longitude, latitude)

    def _application(self, happened: Happened, filer: Rider) -> Evidence:
        applicant = self._stranger() if self._is("applicant not in the police record") else filer.person
        others = [
            rider.person
            for rider in happened.riders
            if rider is not filer and not self._is("others missing in the application")
        ]
        plates = {made for rider in happened.riders if rider.plate and (made := self._plate(rider.plate))}
        told = self._told(happened.moment)
        clock = None if self._is("applicant: no time") else told.time()
        where = self._point(happened, APPLICANT_METRES) if self._is("applicant gives coordinates") else None
        day = f"{told:%Y-%m-%d}"
        plate = normalise.plate(filer.plate or "") or None
        numbers = []
        if self._is("applicant knows the police case number"):
            number = happened.number
            if self._is("police case number with one wrong digit"):
                at = self._rng.randrange(len(number) - 4, len(number))
                number = number[:at] + self._rng.choice(DIGITS) + number[at + 1 :]
            numbers.append(Number(type=NumberType.POLICE_CASE, value=number))
        return self._evidence(
            "application", happened.moment + timedelta(days=3), persons=tuple(sorted({applicant, *others})),
            plates=tuple(sorted(plates)), classes=(DataClass.APPLICATION,), numbers=tuple(numbers),
            loss=Loss(kind="motor", date=day, plate=plate if plate in plates else None),
            accident=self._accident(told, clock, self._address(happened.place), where),
        )  # fmt: skip

    def _told(self, moment: datetime) -> datetime:
        """When the applicant says that it was."""
        rng = self._rng
        told = moment
        chance = rng.random()
        minutes, hours, half = (
            RATES[f"applicant: {what}"]
            for what in ("minutes off, up to 15", "off by one or two hours", "half a day off")
        )
        if chance < minutes:
            told += timedelta(minutes=rng.randint(-15, 15))
        elif chance < minutes + hours:
            told += timedelta(minutes=rng.choice((-1, 1)) * rng.randint(45, 130))
        elif chance < minutes + hours + half:
            told = told.replace(hour=(told.hour + 12) % 24)
        return told + timedelta(days=self._other_day(moment))

    def _other_day(self, moment: datetime) -> int:
        """A day more or less, as a night is told."""
        late, early = moment.time() >= time(23), moment.time() < time(1)
        if not (late or early) or not self._is("other day around midnight"):
            return 0
        return 1 if late else -1

    def _address(self, place: str) -> str:
        rng = self._rng
        if self._is("address: a landmark"):
            return rng.choice(("全聯福利中心前", "市場旁停車場", "國小校門口", "加油站出口"))
        parts = [part.strip() for part in place.split("/")]
        if self._is("address: one road alone"):
            return rng.choice(parts)
        if not self._is("address in other words"):
            return place
        parts = [part.replace("臺", "台").split("市", 1)[-1] if rng.random() < 0.5 else part for part in parts]
        parts = parts[::-1] if rng.random() < 0.5 else parts
        return rng.choice(("與", "、", "口/")).join(parts) + rng.choice(("口", "路口附近", "", "前"))

    def _documents(self, happened: Happened, rider: Rider, truth: str) -> Iterator[Written]:
        rng, own = self._rng, self._hospital[happened.hospital]
        if self._is("document of the first visit"):
            start = happened.moment + timedelta(minutes=rng.randint(25, 600 if rng.random() < 0.2 else 90))
            if self._is("first visit one to seven days later"):
                start += timedelta(days=rng.randint(1, 7))
            yield self._document(happened, rider, own, start, "document names the day of the accident", truth)
        if self._is("document of a later visit"):
            hospital = rng.choice(self._hospital) if self._is("later visit at another hospital") else own
            hurt = self._hurt() if self._is("later visit with another code") else rider.hurt
            start = happened.moment + timedelta(days=rng.randint(3, 120))
            again = Rider(rider.kind, rider.plate, rider.person, hurt)
            yield self._document(happened, again, hospital, start, "later visit names it", truth)
        if self._is("document of another injury, within 180 days"):
            hospital = own if rng.random() < 0.5 else rng.choice(self._hospital)
            start = happened.moment + timedelta(days=rng.randint(1, 180))
            dated = f"{start:%Y-%m-%d}" if rng.random() < 0.5 else None
            yield self._written(rider.person, hospital, start, self._hurt(), dated, f"{truth} fall {rider.person}")
        if self._is("document of an illness, within 30 days"):
            start = happened.moment + timedelta(days=rng.randint(1, 30))
            yield self._written(rider.person, own, start, (), None, f"{truth} illness {rider.person}")

    def _hurt(self) -> tuple[str, ...]:
        return (self._rng.choice(INJURIES),)

    def _document(self, happened, rider, hospital, start, dates, truth):  # type: ignore[no-untyped-def]
        day = None
        if self._is(dates):
            told = happened.moment + timedelta(days=self._other_day(happened.moment))
            if self._is("wrong day in a document"):
                told += timedelta(days=self._rng.choice((-1, 1)))
            day = f"{told:%Y-%m-%d}"
        return self._written(rider.person, hospital, start, rider.hurt, day, truth)

    def _written(self, person, hospital, start, hurt, day, truth):  # type: ignore[no-untyped-def]
        uncoded = self._is("no coded diagnosis")
        service = Service(
            hospital=hospital, start=f"{start:%Y-%m-%d}", end=f"{start:%Y-%m-%d}", injury=None if uncoded else bool(hurt),
            injuries=() if uncoded else hurt, accident_date=day,
        )  # fmt: skip
        evidence = self._evidence(
            "document", start, issuer=hospital, persons=(person,), service=service, classes=(DataClass.CERTIFICATE,)
        )
        return Written(Kind.DOCUMENT, evidence, truth)

    def _stranger(self) -> str:
        return national_id(self._rng.randrange(3 * 10**8, 5 * 10**8))
