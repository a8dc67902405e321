"""Receipt arithmetic (facts 1.5): lines are quantity times unit price, the total is what the patient pays.

NHI lines (modifier PUBLICPOL) are points, not money, and never enter the total.
"""

from decimal import Context, Decimal

from adapters.fhir.document import Entry, Json, codes, number, objects
from services.validation.iclaim import NHI, PAY
from services.validation.reading import Reading

# Exact for every number that the reader lets through (400 digits and powers of ten each, three factors, sums).
_EXACT = Context(prec=5000)


def check(reading: Reading) -> None:
    """Every Claim of the document."""
    for entry in reading.document.typed("Claim"):
        for index, item in objects(entry.resource, "item"):
            _line(reading, entry, index, item)
        _total(reading, entry)


def payer(item: Json) -> str:
    """Who pays a line: `pay`, `PUBLICPOL`, or nothing when it does not say exactly one."""
    named = {PAY, NHI} & codes(item, "modifier")
    return named.pop() if len(named) == 1 else ""


def _line(reading: Reading, entry: Entry, index: int, item: Json) -> None:
    quantity, price, net = (
        number(item, "quantity", "value"),
        number(item, "unitPrice", "value"),
        number(item, "net", "value"),
    )
    if quantity is None or price is None or net is None:
        return
    factor = number(item, "factor")
    product = _EXACT.multiply(_EXACT.multiply(quantity, price), Decimal(1) if factor is None else factor)
    if _EXACT.compare(product, net):
        reading.faults.add("receipt-line", (*entry.place, "item", index, "net"), severity=reading.severity)


def _total(reading: Reading, entry: Entry) -> None:
    total = number(entry.resource, "total", "value")
    items = [item for _, item in objects(entry.resource, "item")]
    payers = [payer(item) for item in items]
    if total is None or not items:
        return
    # A claim that nowhere says who pays is summed whole; one that says it somewhere counts the patient's lines.
    counted = [item for item, who in zip(items, payers, strict=True) if who == PAY] if any(payers) else items
    amounts = [number(item, "net", "value") for item in counted]
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts):
        return
    total_of_lines = Decimal(0)
    for amount in known:
        total_of_lines = _EXACT.add(total_of_lines, amount)
    if _EXACT.compare(total_of_lines, total):
        reading.faults.add("receipt-total", (*entry.place, "total"), severity=reading.severity)
