"""What a victim's receipts and certificates can claim from the compulsory cover, and where its limits cut. Pure.

強制汽車責任保險給付標準 (G0390067): medical costs (art. 2), disability (art. 3 to 5), death (art. 6), all together (art. 7). The
standard is that of the day of the accident (G0390060 art. 27 III). Amounts are whole TWD. This reckons limits: whether
a cost was necessary and reasonable, and what is paid, the insurer decides.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.motor.law import Line, Status, by_key, status


class Item(StrEnum):
    """What a cost is, in the words of G0390067 art. 2."""

    FIRST_AID = "first-aid"  # 急救費用
    CARE = "care"  # 診療: what NHI leaves to the patient, 掛號費, 診斷證明書費
    CARE_OUTSIDE_NHI = "care-outside-nhi"  # 非以全民健康保險之被保險人診療
    WARD = "ward"  # 病房費差額
    MEALS = "meals"  # 膳食費
    PROSTHESIS = "prosthesis"  # 義肢
    DENTURE = "denture"  # 義齒
    ARTIFICIAL_EYE = "artificial-eye"  # 義眼
    MATERIALS = "materials"  # 其他醫療材料, 輔助器材, 裝具
    TRANSPORT = "transport"  # 接送費用
    NURSING = "nursing"  # 看護, in hospital
    HOME_NURSING = "home-nursing"  # 居家看護


class Need(StrEnum):
    """What must be known before an amount can be told."""

    UNITS = "units"  # how many days, limbs, teeth or eyes the line is for
    STAY = "stay"  # a certificate of that many days in hospital
    HOME_NURSING = "home-nursing"  # a doctor's certificate that nursing at home is needed
    NECESSITY = "necessity"  # a doctor's word that the material is needed for the treatment
    AVERAGE_COST = "average-cost"  # the NHI's average costs of the quarter: no figure is in the data


# What a hospital's fee code (services/conversion/mapping.json) is here, of lines that the patient paid. A code that is not
# here says too little: what is neither NHI's nor named by art. 2 II ②(1) is no cost of the cover at all.
ITEM_OF_FEE = {
    "REGISTRATION": Item.CARE,
    "CERTIFICATE": Item.CARE,
    "PART": Item.CARE,
    "ROOMDIFF": Item.WARD,
    "BOARD": Item.MEALS,
    "METR": Item.MATERIALS,
}


@dataclass(frozen=True)
class ReceiptLine:
    """A cost as receipted: `amount` really paid, TWD, not negative. `units`: the days, limbs, teeth or eyes it is for;
    two lines of one item are never for the same day."""

    id: str
    item: Item
    amount: int
    units: int | None = None


@dataclass(frozen=True)
class Certified:
    """What the certificates say of one victim.

    `disability`: a level (1 to 15) for each item of the disability table that she fulfils. `earlier_level`: what the
    part was before the accident. `disability_paid`: TWD already had for the disability from this accident.
    """

    days_in_hospital: int = 0
    days_of_home_nursing: int = 0
    materials_needed: bool = False
    disability: tuple[int, ...] = ()
    earlier_level: int | None = None
    disability_paid: int = 0
    died: bool = False


@dataclass(frozen=True)
class Claimable:
    """What a receipt line can claim: `claimable`, `pending` (at most, once `needs` is known) and `over` are its amount.

    `limit` is the line's own, TWD, after the lines before it; None where only the limit of all medical costs holds, or
    where it cannot be told.
    """

    line: ReceiptLine
    claimable: int
    pending: int
    over: int
    limit: int | None
    needs: tuple[Need, ...]
    article: str
    status: Status


@dataclass(frozen=True)
class Benefit:
    """Disability or death. `level` as raised by art. 4; `interim`: what may be asked before the rest (G0390060 art. 35)."""

    amount: int
    interim: int
    level: int | None
    article: str
    status: Status


@dataclass(frozen=True)
class Reckoning:
    """`nhi_remainder`: what is left of the medical limit, to which NHI may have recourse (art. 2 VI); never from the fund.
    `total` cannot pass `person_limit` (art. 7): that is the medical limit and the highest benefit, and what was had before
    is deducted from the benefit."""

    medical: tuple[Claimable, ...]
    medical_limit: int
    nhi_remainder: int
    disability: Benefit | None
    death: Benefit | None
    person_limit: int
    total: int
    status: Status


def reckon(accident: date, lines: Sequence[ReceiptLine], certified: Certified) -> Reckoning | None:
    """The claims of one victim of one accident. None when the standard of that day is not in the data."""
    table = by_key("benefits", accident)
    if not table:
        return None
    medical = _medical(lines, certified, table)
    disability = _disability(certified, table) if certified.disability else None
    death = _death(certified, disability, table) if certified.died else None
    limit, person = table["medical"].values["limit"], table["person"].values["limit"]
    claimed = sum(one.claimable for one in medical)
    benefits = sum(one.amount for one in (disability, death) if one)
    return Reckoning(
        medical=medical,
        medical_limit=limit,
        nhi_remainder=limit - claimed,
        disability=disability,
        death=death,
        person_limit=person,
        total=claimed + benefits,
        status=status(table.values()),
    )


def _medical(lines: Sequence[ReceiptLine], certified: Certified, table: dict[str, Line]) -> tuple[Claimable, ...]:
    """Line by line in the given order; only what is claimable uses a limit up."""
    rules = {item: line for line in table.values() for item in line.values.get("items", ())}
    left = table["medical"].values["limit"]
    used: Counter[Line | Item] = Counter()  # TWD or units of a rule, certified days of an item
    found = []
    for line in lines:
        rule = rules[line.item]
        limit, ceiling, proven, needs = _own_limit(line, rule, certified, used)
        claimable = min(proven, left)
        pending = min(ceiling, left) - claimable
        left -= claimable
        found.append(
            Claimable(
                line=line,
                claimable=claimable,
                pending=pending,
                over=line.amount - claimable - pending,
                limit=limit,
                needs=needs if pending else (),
                article=rule.article,
                status=rule.status,
            )
        )
    return tuple(found)


def _own_limit(
    line: ReceiptLine, rule: Line, certified: Certified, used: Counter[Line | Item]
) -> tuple[int | None, int, int, tuple[Need, ...]]:
    """The line's own limit, what it lets claim at most, what of that is proven, what is needed for the rest."""
    rate, unit = rule.values["limit"], rule.values.get("unit")
    match unit:
        case None:
            return None, line.amount, line.amount, ()
        case "average cost":
            return None, line.amount, 0, (Need.AVERAGE_COST,)
        case "victim":
            limit = rate - used[rule]
            ceiling = min(line.amount, limit)
            if line.item == Item.MATERIALS and not certified.materials_needed:
                return limit, ceiling, 0, (Need.NECESSITY,)
            used[rule] += ceiling
            return limit, ceiling, ceiling, ()
    if line.units is None:
        return None, line.amount, 0, (Need.UNITS,)
    most = rule.values.get("most")
    units = line.units if most is None else min(line.units, most - used[rule])
    need, days = _proof(line.item, certified)
    shown = min(units, days - used[line.item]) if need else units
    used[rule] += shown
    used[line.item] += shown
    ceiling, proven = min(line.amount, rate * units), min(line.amount, rate * shown)
    return rate * units, ceiling, proven, (need,) if need and proven < ceiling else ()


def _proof(item: Item, certified: Certified) -> tuple[Need | None, int]:
    """What must show the days of a cost by the day, and how many are shown."""
    match item:
        case Item.WARD | Item.MEALS | Item.NURSING:
            return Need.STAY, certified.days_in_hospital
        case Item.HOME_NURSING:
            return Need.HOME_NURSING, certified.days_of_home_nursing
        case _:
            return None, 0


def _disability(certified: Certified, table: dict[str, Line]) -> Benefit:
    """G0390067 art. 4: of several items the highest level, raised; never more than the items apart. Art. 5: less what the
    part was before, and what was had for it already."""
    rules = [line for key, line in table.items() if key.startswith("several-")]
    # The narrowest range with two items raises most.
    several = min(
        (rule for rule in rules if sum(level <= rule.values["within"] for level in certified.disability) >= 2),
        key=lambda rule: rule.values["within"],
        default=None,
    )
    level = max(1, min(certified.disability) - (several.values["raise"] if several else 0))
    used = [table[f"disability-{level}"]]
    amount = used[0].values["limit"]
    if several:
        amount = min(amount, sum(table[f"disability-{one}"].values["limit"] for one in certified.disability))
        used += [several, table["apart"]]
    if certified.earlier_level:
        amount -= table[f"disability-{certified.earlier_level}"].values["limit"]
        used.append(table["earlier"])
    amount = max(0, amount - certified.disability_paid)
    if certified.disability_paid:
        used.append(table["paid"])
    return Benefit(amount, amount, level, "; ".join(line.article for line in used), status(used))


def _death(certified: Certified, disability: Benefit | None, table: dict[str, Line]) -> Benefit:
    """G0390067 art. 6, less what is had for the disability from the same accident (art. 5 II)."""
    had = certified.disability_paid + (disability.amount if disability else 0)
    used = [table["death"], table["paid"]] if had else [table["death"]]
    amount = max(0, table["death"].values["limit"] - had)
    return Benefit(amount, amount // 2, None, "; ".join(line.article for line in used), status(used))
