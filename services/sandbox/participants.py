"""Who takes part in every sandbox: codes, names and the policy register. All invented, but for one hospital that the
TW Core example document names (it only sends that example; the scenario makes no paper of it).

Company numbers pass the checksum of 2023; one of them passes no older rule.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from schemas.evidence import Cover
from schemas.records import FUND, Participant, Role

REGISTER_SEED = 1140101  # fixed: the register is the same in every sandbox
PLATES = 3_000
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # I and O are not given out
POLICY_START, POLICY_END = "2024-01-01", "2027-12-31"
UNCOVERED = 1_000  # more plates whose only policy is over, and of vehicles that need none
LAPSED_START, LAPSED_END = "2023-01-01", "2023-12-31"  # before any loss of a scenario


@dataclass(frozen=True)
class Hospital:
    """A sandbox hospital. `system`: its own identifier system; `prefix` begins its document numbers."""

    code: str
    name: str
    system: str
    prefix: str
    city: str
    district: str


HOSPITALS = (
    Hospital("1131990017", "晴川綜合醫院", "https://www.qingchuan-hospital.example", "QC", "新北市", "晴川區"),
    Hospital("1136990026", "雲澤紀念醫院", "https://his.yunze-memorial.example", "YZ", "臺中市", "雲澤區"),
    Hospital("1537990035", "曜谷醫院", "https://www.yaogu-hospital.example", "YG", "彰化縣", "曜谷鎮"),
    Hospital("1141990058", "松嶺醫院", "https://www.songling-hospital.example", "SL", "臺南市", "松嶺區"),
    Hospital("1237990044", "海灣醫院", "https://www.haiwan-hospital.example", "HW", "屏東縣", "海灣鎮"),
)
TWCORE_HOSPITAL = "0131060029"  # the institution of TW Core's example document

OPEN_DATA = "NPA-OPEN"
POLICE = (("387130000C", "雲澤市警察局"), ("379130000C", "晴川市警察局"))
CLAIMLINK = (("CL01", "安途車險代辦"), ("CL02", "澄路理賠代辦"))
NON_LIFE = (("82916473", "海岳產物保險"), ("81924865", "霽嶺產物保險"), ("95753514", "松瀾產物保險"))
COMPENSATION_FUND = (FUND, "晴雲補償基金")
LIFE = (("74643675", "澄光人壽保險"), ("66316960", "南嶼人壽保險"), ("37643310", "晨汐人壽保險"))
OPERATORS = (("operator-1", "值班人員一"), ("operator-2", "值班人員二"))


def _of(role: Role, *named: tuple[str, str]) -> tuple[Participant, ...]:
    return tuple(Participant(code=code, name=name, roles=(role,)) for code, name in named)


PARTICIPANTS: tuple[Participant, ...] = (
    *_of(Role.HOSPITAL, *((one.code, one.name) for one in HOSPITALS), (TWCORE_HOSPITAL, "衛生福利部臺北醫院")),
    *_of(Role.POLICE, (OPEN_DATA, "警政署開放資料"), *POLICE),
    *_of(Role.CLAIMLINK, *CLAIMLINK),
    *_of(Role.INSURER, *NON_LIFE, *LIFE, COMPENSATION_FUND),
    *_of(Role.OPERATOR, *OPERATORS),
)


def insurer_name(code: str) -> str:
    """The company's full name."""
    return dict((*NON_LIFE, *LIFE))[code] + "股份有限公司"


@dataclass(frozen=True)
class Policy:
    """A line of the register: who covers a plate, from and to a day (both included)."""

    plate: str
    start: str
    end: str
    insurer: str
    cover: Cover

    def line(self) -> dict[str, str]:
        """As `sandbox.json` has it: `{plate, from, to, insurer, cover}`."""
        return {
            "plate": self.plate,
            "from": self.start,
            "to": self.end,
            "insurer": self.insurer,
            "cover": self.cover.value,
        }


@cache
def policies() -> tuple[Policy, ...]:
    """The sandbox register: 3,000 plates, each with compulsory cover, a third also with third-party cover; and 1,000 whose
    compulsory cover is over."""
    rng = random.Random(REGISTER_SEED)
    found: list[Policy] = []
    for plate in _plates(rng):
        insurer = rng.choice(NON_LIFE)[0]
        found.append(Policy(plate, POLICY_START, POLICY_END, insurer, Cover.MOTOR_COMPULSORY))
        if rng.random() < 1 / 3:
            # Most owners buy both from one company; some do not.
            other = insurer if rng.random() < 0.7 else rng.choice(NON_LIFE)[0]
            found.append(Policy(plate, POLICY_START, POLICY_END, other, Cover.MOTOR_THIRD_PARTY))
    covered = {policy.plate for policy in found}
    found += [
        Policy(plate, LAPSED_START, LAPSED_END, NON_LIFE[number % len(NON_LIFE)][0], Cover.MOTOR_COMPULSORY)
        for number, plate in enumerate(_uncovered(covered)[:UNCOVERED])
    ]
    return tuple(found)


def _plates(rng: random.Random, count: int = PLATES) -> list[str]:
    plates: dict[str, None] = {}
    while len(plates) < count:
        plates["".join(rng.choices(LETTERS, k=3)) + f"-{rng.randrange(1, 10_000):04d}"] = None
    return list(plates)


def _uncovered(covered: Collection[str]) -> list[str]:
    """Plates that nobody covers: 1,000 that once were, 2,000 that need not be."""
    drawn = _plates(random.Random(REGISTER_SEED + 1), 3 * UNCOVERED + PLATES)
    return [plate for plate in drawn if plate not in covered][: 3 * UNCOVERED]


@cache
def plates() -> tuple[str, ...]:
    """Every plate of the register that is covered on all days of every scenario, in its order."""
    return tuple(dict.fromkeys(plate for plate, _ in _covers()))


@cache
def uninsured_plates() -> tuple[str, ...]:
    """Those of the register whose cover is over: bound to be insured, and they are not."""
    return tuple(policy.plate for policy in policies() if policy.end == LAPSED_END)


@cache
def exempt_plates() -> tuple[tuple[str, str], ...]:
    """Plates of vehicles that need not be insured, in twos; the register knows none of them."""
    drawn = _uncovered(plates())[UNCOVERED:]
    return tuple(zip(drawn[::2], drawn[1::2], strict=True))


@cache
def _covers() -> dict[tuple[str, Cover], str]:
    return {(policy.plate, policy.cover): policy.insurer for policy in policies() if policy.end == POLICY_END}


def insurer_of(plate: str, cover: Cover = Cover.MOTOR_COMPULSORY) -> str | None:
    """The insurer that covers a plate of the register; its policies run over all days of every scenario."""
    return _covers().get((plate, cover))
