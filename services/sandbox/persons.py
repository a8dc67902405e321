"""Invented persons with valid national ids and residence-permit numbers, derived from a seed and a case number.

Within a scenario no two persons share a number; across seeds practically none do.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from schemas.ids import derive

_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # in the order of their values, 10 to 35
_VALUES = {letter: number for number, letter in enumerate(_LETTERS, start=10)}
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 1)
_SERIALS = 10**7  # seven free digits; the eighth is the check digit
_SPACE = len(_LETTERS) * 2 * _SERIALS
_STEP = 387_420_489  # 3^18, coprime to the space: neighbouring slots look unlike each other
SLOTS = 16  # persons that a case may have
_SURNAMES = "沈汪洪葉紀顧倪柯尹喬陶岑祝詹藍童龔鄺沐嵇"
_FIRST = "沐若婧之文品季映書以語晴予思亦芮昀知允星禾岳"
_SECOND = "禾蘅遙衡謙言川青毓安彤曜澄寧柔澤霖恩睿嵐溪硯"


@dataclass(frozen=True)
class Person:
    """An invented person. `identifier` is in upper case; `birth` YYYY-MM-DD; `permit`: a residence-permit number."""

    identifier: str
    name: str
    gender: str  # male | female
    birth: str
    phone: str
    record_number: str
    permit: bool = False


def national_id(serial: int, permit: str = "") -> str:
    """The valid number with this serial (0 … 520 million).

    `permit`: "" citizen, "new" residence permit since 2021 (second digit 8, 9), "old" (second letter A to D).
    """
    serial %= _SPACE
    letter = _LETTERS[serial % len(_LETTERS)]
    female, digits = divmod(serial // len(_LETTERS), _SERIALS)
    second = {"": "12", "new": "89", "old": "CD"}[permit][female]
    return checked(f"{letter}{second}{digits:07d}")


def checked(stem: str) -> str:
    """The nine characters with their check digit."""
    tens, units = divmod(_VALUES[stem[0]], 10)
    second = _VALUES[stem[1]] % 10 if stem[1].isalpha() else int(stem[1])
    digits = (second, *(int(digit) for digit in stem[2:]))
    total = tens + units * 9 + sum(weight * digit for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return f"{stem}{-total % 10}"


def wrong(identifier: str) -> str:
    """The number with one digit mistyped, as a clerk would: its checksum no longer holds."""
    return identifier[:-1] + str((int(identifier[-1]) + 3) % 10)


def person(seed: int, case: int, slot: int, *, on: date, youngest: int = 19, oldest: int = 78) -> Person:
    """The person in a slot of a case, of an age between the two on the day given."""
    if not 0 <= slot < SLOTS:
        raise ValueError("a case has 16 slots for persons")
    start = int(derive("scenario-persons", seed)[:12], 16)
    serial = (start + _STEP * (case * SLOTS + slot)) % _SPACE
    rng = random.Random(f"person {seed} {case} {slot}")
    permit = rng.choices(("", "new", "old"), weights=(95, 4, 1))[0]
    identifier = national_id(serial, permit)
    birth = on - timedelta(days=rng.randrange(youngest * 366, oldest * 365))
    return Person(
        identifier=identifier,
        name=rng.choice(_SURNAMES) + rng.choice(_FIRST) + rng.choice(_SECOND),
        gender="male" if identifier[1] in "18AC" else "female",
        birth=birth.isoformat(),
        phone=f"0900{rng.randrange(10**6):06d}",
        record_number=f"{rng.randrange(10**7):07d}",
        permit=bool(permit),
    )
