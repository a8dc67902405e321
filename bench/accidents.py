"""Accidents as they happened, with nothing written wrong: an invented region of busy and quiet crossings, or the rows of
published files with invented vehicles and persons. What is then written of them: `bench.noise`."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from adapters.police import open_data
from services.sandbox.persons import national_id

FIRST_DAY = datetime(2025, 3, 1)
CROSSINGS = 600
A_DAY = 150  # accidents of the region
BUSY_CROSSINGS, BUSY_SHARE = 30, 0.4  # so that each of them sees two accidents a day
FLEETS, FLEET_SIZE, FLEET_SHARE = 5, 60, 0.03  # vehicles whose plates are numbers in a row
AGAIN = (
    0.005  # accidents whose first vehicle had another one within the seven days before, half of them with its driver
)
PAUSE = timedelta(hours=4)  # nobody drives on at once after an accident
PLATES = (("LLLDDDD", 0.72), ("LLDDDD", 0.08), ("DDDDLL", 0.06), ("LLLDDD", 0.14))
LETTERS, DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ", "0123456789"  # I and O are on no plate
INJURIES = tuple(f"S{region}{kind}" for region in range(10) for kind in (0, 1, 2, 3, 6))
HOSPITALS = 30
WITHIN_MINUTES = 1440
_FIRST, _SECOND = "松鏡澄雲曜霽晴嵐翠碧楓柏槐桐榆梧菊蘭荷桂", "濤月湖澤谷嶺汐瀾泉溪渚汀洲淵潭瀑灣浦岬岑"
_TOWNS = (("雲澤市", "澄湖區"), ("雲澤市", "北嶺區"), ("晴川市", "望汐區"), ("晴川市", "南渚區"))
_KINDS = (("car", "motorcycle"), ("car", "motorcycle"), ("car", "car"), ("motorcycle", "motorcycle"),
          ("car", "pedestrian"), ("motorcycle",), ("car", "bicycle"), ("car", "motorcycle", "car"))  # fmt: skip
ON_PLATES = ("car", "motorcycle")


@dataclass(frozen=True)
class Rider:
    """A party: its vehicle's plate as a normal form if it has one, its person, and what was hurt (ICD-10 categories)."""

    kind: str
    plate: str | None
    person: str
    hurt: tuple[str, ...]


@dataclass(frozen=True)
class Happened:
    """An accident. `number`: of the police unit's own count; `place`: as the police write it."""

    moment: datetime
    place: str
    longitude: float | None
    latitude: float | None
    unit: str
    number: str
    riders: tuple[Rider, ...]
    hospital: int

    @property
    def injured(self) -> tuple[Rider, ...]:
        return tuple(rider for rider in self.riders if rider.hurt)


class World:
    """Draws persons, plates and case numbers, each accident's its own."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(f"accidents {seed}")
        self._serial = self.rng.randrange(10**8)
        self._counts: dict[str, int] = {}
        self._lately: list[tuple[datetime, Rider]] = []

    def person(self) -> str:
        self._serial += self.rng.randrange(1, 40)
        return national_id(self._serial)

    def plate(self) -> str:
        rng = self.rng
        if rng.random() < FLEET_SHARE:
            return f"RA{LETTERS[rng.randrange(FLEETS)]}{1200 + rng.randrange(FLEET_SIZE)}"
        form = rng.choices([form for form, _ in PLATES], [share for _, share in PLATES])[0]
        return "".join(rng.choice(LETTERS if sign == "L" else DIGITS) for sign in form)

    def number(self, unit: str, moment: datetime) -> str:
        """Units count up: the next number is the next accident."""
        day = f"{unit} {moment:%Y%m%d}"
        self._counts[day] = self._counts.get(day, 0) + 1
        return f"{moment:%Y%m%d}A{self._counts[day]:04d}"

    def riders(self, moment: datetime, kinds: Iterable[str]) -> tuple[Rider, ...]:
        rng = self.rng
        made = [self._rider(kind, rng.random() < (0.25 if kind == "car" else 0.75)) for kind in kinds]
        self._lately = [one for one in self._lately if moment - one[0] < timedelta(days=7)]
        free = [rider for when, rider in self._lately if moment - when >= PAUSE]
        if made and made[0].plate and free and rng.random() < AGAIN:
            before = rng.choice(free)
            driver = before.person if rng.random() < 0.5 else made[0].person
            made[0] = Rider(before.kind, before.plate, driver, made[0].hurt)
        if not any(rider.hurt for rider in made) and made:
            made[-1] = Rider(made[-1].kind, made[-1].plate, made[-1].person, self.hurt())
        self._lately += [(moment, rider) for rider in made if rider.plate]
        return tuple(made)

    def _rider(self, kind: str, hurt: bool) -> Rider:
        return Rider(kind, self.plate() if kind in ON_PLATES else None, self.person(), self.hurt() if hurt else ())

    def hurt(self) -> tuple[str, ...]:
        return tuple(sorted(self.rng.sample(INJURIES, self.rng.choice((1, 1, 2)))))


def invented(seed: int, count: int) -> Iterator[Happened]:
    """Accidents of the region in order of time."""
    world = World(seed)
    rng = world.rng
    crossings = [_crossing(rng, index) for index in range(CROSSINGS)]
    for index in range(count):
        moment = FIRST_DAY + timedelta(days=index // A_DAY, minutes=index % A_DAY * WITHIN_MINUTES // A_DAY)
        moment += timedelta(minutes=rng.randrange(WITHIN_MINUTES // A_DAY))
        busy = rng.random() < BUSY_SHARE
        place, longitude, latitude, unit = crossings[rng.randrange(BUSY_CROSSINGS if busy else CROSSINGS)]
        riders = world.riders(moment, rng.choice(_KINDS))
        number = world.number(unit, moment)
        yield Happened(moment, place, longitude, latitude, unit, number, riders, rng.randrange(HOSPITALS))


def _crossing(rng: random.Random, index: int) -> tuple[str, float, float, str]:
    """Roads run through the region: neighbours on one road have it in common."""
    city, district = _TOWNS[index % len(_TOWNS)]
    row, column = divmod(index // len(_TOWNS), len(_SECOND))
    first = f"{_FIRST[row % len(_FIRST)]}{_SECOND[row % len(_SECOND)]}路"
    second = f"{_SECOND[column]}{_FIRST[column % len(_FIRST)]}街"
    longitude = 120.20 + 0.05 * (index % len(_TOWNS)) + column * 0.0021 + rng.uniform(-2e-4, 2e-4)
    latitude = 23.10 + row * 0.0023 + rng.uniform(-2e-4, 2e-4)
    return f"{city}{district}{first} / {city}{district}{second}", longitude, latitude, f"U{index % len(_TOWNS)}"


def published(seed: int, files: Iterable[Path]) -> Iterator[Happened]:
    """The accidents of the police agency's files, in order of time; their vehicles and persons are invented."""
    world = World(seed)
    entries = [entry.accident for path in files for entry in open_data.read(path.read_bytes()).entries]
    for found in sorted((one for one in entries if one), key=lambda one: (one.date, one.time, one.place)):
        moment = datetime.fromisoformat(f"{found.date}T{found.time}")
        yield Happened(
            moment,
            found.place,
            found.longitude,
            found.latitude,
            found.unit or "unit",
            world.number(found.unit, moment),
            world.riders(moment, found.kinds),
            world.rng.randrange(HOSPITALS),
        )
