"""Receipt arithmetic (facts 1.5): lines are quantity times unit price, the total is what the patient pays.

NHI lines (modifier PUBLICPOL) are points, not money, and never enter the total. Amounts of several currencies have no sum.
"""

from collections.abc import Iterable
from decimal import Context, Decimal

from adapters.fhir.document import Entry, Json, number, word
from services.validation.lines import PAY
from services.validation.reading import Reading

# Exact for every number that the reader lets through (400 digits and powers of ten each, three factors, sums).
_EXACT = Context(prec=5000)


def check(reading: Reading) -> None:
    """Every Claim of the document."""
    for entry in reading.document.typed("Claim"):
        for line in reading.lines[entry.index]:
            if not adds_up(line.item):
                place = (*entry.place, "item", line.index, "net")
                reading.faults.add("receipt-line", place, severity=reading.severity)
        _total(reading, entry)


def currencies(items: Iterable[Json]) -> set[str]:
    """The currencies that the lines' nets name."""
    return {word(item.get("net"), "currency") for item in items} - {""}


def adds_up(item: Json) -> bool:
    """Whether a line's net is quantity times unit price times factor; True when one of them is not told."""
    quantity, price, net = _amount(item, "quantity"), _amount(item, "unitPrice"), _amount(item, "net")
    if quantity is None or price is None or net is None:
        return True
    product = _EXACT.multiply(quantity, price)
    factor = number(item, "factor")
    return net == (product if factor is None else _EXACT.multiply(product, factor))


def _amount(item: Json, key: str) -> Decimal | int | None:
    """The value of a Quantity or Money."""
    held = item.get(key)
    value = held.get("value") if type(held) is dict else None
    return value if type(value) is Decimal or type(value) is int else None


def sum_of(items: Iterable[Json]) -> Decimal | None:
    """The exact sum of the lines' nets; None when one has none."""
    total = Decimal(0)
    for item in items:
        net = _amount(item, "net")
        if net is None:
            return None
        total = _EXACT.add(total, net)
    return total


def _total(reading: Reading, entry: Entry) -> None:
    total = number(entry.resource, "total", "value")
    lines = reading.lines[entry.index]
    if total is None or not lines:
        return
    # A claim that nowhere says who pays is summed whole; one that says it somewhere counts the patient's lines.
    told = any(line.payer for line in lines)
    counted = [line.item for line in lines if line.payer == PAY or not told]
    reckoned = sum_of(counted)
    mixed = len(currencies(counted) | ({word(entry.resource, "total", "currency")} - {""})) > 1
    if mixed or (reckoned is not None and reckoned != total):
        reading.faults.add("receipt-total", (*entry.place, "total"), severity=reading.severity)
