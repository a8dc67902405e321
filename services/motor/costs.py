"""What a hospital's document tells of costs: its receipts line by line, and the days in hospital. Pure.

Only what the patient paid counts, in whole TWD, and only lines whose fee code says what they are in the words of G0390067
art. 2 (`ITEM_OF_FEE`). The rest is counted, and left to a person: nothing is guessed from a text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from adapters import json_text
from adapters.fhir import moments
from adapters.fhir.document import Document, Json, child, codes, number, objects, word
from schemas import normalise
from services.motor.benefits import ITEM_OF_FEE, Item, ReceiptLine
from services.validation.lines import PAY, lines

_DAYS = frozenset({"d", "day", "days", "日", "天"})  # how a line says that its quantity counts days
_LONGEST = 400  # days of one stay; the year of a mistyped date is none


@dataclass(frozen=True)
class Receipt:
    """One receipt. `numbers`: how it is known, apart from the document's own; `unread`: lines that a person must read, and
    what they come to (TWD, whatever the sign)."""

    numbers: frozenset[str]
    lines: tuple[ReceiptLine, ...]
    unread: int
    unread_amount: Decimal


@dataclass(frozen=True)
class Costs:
    """Of one document. `stay`: every day in hospital that a visit tells."""

    receipts: tuple[Receipt, ...]
    stay: frozenset[date]


def costs(body: bytes) -> Costs:
    """What a document tells; of bytes that are none, nothing."""
    bundle, _ = json_text.read(body)
    if not isinstance(bundle, dict):
        return Costs((), frozenset())
    document = Document.of(bundle)
    own = normalise.text(word(child(bundle, "identifier"), "value"))
    claims = [entry.resource for entry in document.typed("Claim")]
    visits = [entry.resource for entry in document.typed("Encounter")]
    return Costs(
        receipts=tuple(_receipt(claim, own, at) for at, claim in enumerate(claims, start=1)),
        stay=frozenset(day for visit in visits if word(visit, "class", "code") == "IMP" for day in _days(visit)),
    )


def _receipt(claim: Json, own: str, at: int) -> Receipt:
    found, unread = [], []
    items = lines(claim)
    told = any(line.payer for line in items)  # a claim that nowhere says who pays is the patient's whole
    for line in items:
        if line.payer != PAY and told:
            continue
        paid = number(line.item, "net", "value")
        read = _line(line.item, paid, f"{at}.{line.index + 1}")
        if read:
            found.append(read)
        else:
            unread.append(paid or Decimal(0))
    values = {normalise.text(word(one, "value")) for _, one in objects(claim, "identifier")}
    return Receipt(frozenset(values - {own, ""}), tuple(found), len(unread), sum(unread, Decimal(0)))


def _line(item: Json, paid: Decimal | None, id: str) -> ReceiptLine | None:
    """None where its code says too little, or what was paid is no amount of whole TWD."""
    kinds = {ITEM_OF_FEE[code] for code in codes(item, "productOrService") if code in ITEM_OF_FEE}
    foreign = word(item, "net", "currency") not in ("", "TWD")
    if len(kinds) != 1 or foreign or paid is None or paid < 0 or paid != int(paid):
        return None
    kind = kinds.pop()
    return ReceiptLine(id, kind, int(paid), _units(item) if kind in (Item.WARD, Item.MEALS) else None)


def _units(item: Json) -> int | None:
    """The days that a line is for, where it says days."""
    count = number(item, "quantity", "value")
    unit = normalise.text(word(item, "quantity", "unit") or word(item, "quantity", "code")).lower()
    if unit in _DAYS and count is not None and count == int(count) > 0:
        return int(count)
    return len(set(_span(child(item, "servicedPeriod")))) or None


def _days(visit: Json) -> Iterator[date]:
    return _span(child(visit, "period"))


def _span(period: Json) -> Iterator[date]:
    """Every day of a period that has both ends, in Taiwan."""
    first, last = (moments.taipei_day(word(period, name)) for name in ("start", "end"))
    if first and last:
        start, days = date.fromisoformat(first), (date.fromisoformat(last) - date.fromisoformat(first)).days
        yield from (start + timedelta(days=count) for count in range(days + 1) if days < _LONGEST)
