"""Rows of a form read: each field's value with its cell, and of a receipt its lines. Nothing missing is made up."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any

from adapters.forms.sheet import Row
from services.conversion.findings import Findings
from services.conversion.mapping import (
    NHI,
    PATIENT,
    RECEIPT,
    SUM,
    Fee,
    Field,
    Meaning,
    compact,
    fee_of,
    mapping,
    no_line,
)
from services.conversion.sheets import Table
from services.conversion.source import Cell, Number, Text, cells
from services.conversion.texts import Unreadable, clean
from services.conversion.values import READINGS

Facts = dict[str, Any]  # field key → Text, Number, or a tuple of them
EXACT = Context(prec=60)  # products and sums of amounts of 21 digits
Why = tuple[str, str]  # in Chinese, in English
_SPLIT_BY_PAYER = ("未轉入:此項依付費者拆分", "not carried: the line is split by payer")
_BESIDE_SPLIT = ("未轉入:與各付費者的金額核對", "not carried: compared with the amounts by payer")
ZERO = ("金額為零者不列為明細", "amounts of zero are no lines")
_COMPARED = ("合計列,已與明細核對", "a row of totals, compared with the lines")
_SPLIT = (("points", NHI), ("ownShare", PATIENT), ("selfPay", PATIENT))  # amount columns that say who pays


@dataclass(frozen=True)
class Line:
    """A line of a receipt. `payer`: patient or nhi; `net` in TWD or points; `codes`: field key → code."""

    fee: Fee | None
    text: Text
    payer: Text
    net: Number
    cell: Cell
    quantity: tuple[Number, Text] | None = None
    price: Number | None = None
    day: Text | None = None
    codes: tuple[tuple[str, Text], ...] = ()


@dataclass
class Entry:
    """One row. `unread`: fields whose cell holds something that cannot be read, which was told.
    `left`: cells that go nowhere, each with the reason."""

    table: Table
    row: int
    facts: Facts = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    left: dict[Cell, Why] = field(default_factory=dict)

    @property
    def cell(self) -> Cell:
        return self.table.cell(self.row)

    def place(self, key: str) -> Cell:
        """Where a field of this row stands or should stand; the row when it has no column."""
        return self.table.cell(self.row, self.table.column(key))

    def leave(self, keys: Iterable[str], why: Why) -> None:
        self.left |= {self.place(key): why for key in keys if key in self.facts}


def read(table: Table, findings: Findings) -> list[Entry]:
    """Every row that holds anything known."""
    entries = [_entry(table, row, findings) for row in table.rows]
    return [one for one in entries if one.facts or one.lines or one.unread]


def _entry(table: Table, row: Row, findings: Findings) -> Entry:
    entry = Entry(table, row.number)
    fees: list[tuple[Meaning, Number]] = []
    ranked: list[tuple[int, str, object]] = []
    for column, (known, content) in enumerate(zip(table.meanings, row.cells, strict=False), start=1):
        if known is None or known.idle:
            continue
        cell = table.cell(row.number, column)
        key = known.field.key if known.field else known.label
        try:
            text = clean(content)
            if not text:
                continue
            if known.fee:
                fees.append((known, Number(READINGS["amount"](text), (cell,))))  # type: ignore[arg-type]
            else:
                ranked.append((known.rank, key, _told(READINGS[known.field.read](text), cell)))  # type: ignore[union-attr]
        except Unreadable as error:
            entry.unread.add(key)
            _unreadable(findings, table, cell, known, error)
    for _, key, value in sorted(ranked, key=lambda one: one[0]):
        if mapping().fields[key].many:
            entry.facts[key] = (*entry.facts.get(key, ()), *value)  # type: ignore[misc]
        else:
            entry.facts.setdefault(key, value)
    if table.form == RECEIPT:
        entry.lines = _wide(entry, fees, findings) if table.wide else _long(entry, findings)
    return entry


def _unreadable(findings: Findings, table: Table, cell: Cell, known: Meaning, error: Unreadable) -> None:
    one: Field | None = known.field
    path = f"{table.form}.{one.key if one else known.fee.code}"  # type: ignore[union-attr]
    names = {"field": known.label, "field_en": one.en if one else known.label}
    findings.add("convert-value", cell, path, **names, expected=error.expected, expected_en=error.expected_en)


def _told(value: object, cell: Cell) -> object:
    """The value with its cell, also inside pairs and lists."""
    if isinstance(value, str):
        return Text(value, (cell,))
    if isinstance(value, Decimal):
        return Number(value, (cell,))
    return tuple(_told(one, cell) for one in value)  # type: ignore[attr-defined]


def _wide(entry: Entry, fees: list[tuple[Meaning, Number]], findings: Findings) -> list[Line]:
    """A receipt a row: each fee column that is not zero is a line."""
    lines = []
    for known, amount in fees:
        fee = known.fee
        assert fee is not None
        if not amount:
            continue
        payer = _payer(entry, fee, known.payer, amount.cells[0], findings, fee.label)
        if payer is not None:
            lines.append(
                Line(
                    fee,
                    Text(fee.label, amount.cells),
                    payer,
                    _signed(fee, amount),
                    amount.cells[0],
                    day=entry.facts.get("serviceDate"),
                )
            )
    return lines


def _long(entry: Entry, findings: Findings) -> list[Line]:
    """A line a row, but for sums and payments. Its amount stands beside who pays it, or in columns of their own for points,
    copayment and self-pay: then each that is not zero is a line."""
    facts = entry.facts
    name: Text | None = facts.get("item")
    split = [(key, who, facts[key]) for key, who in _SPLIT if facts.get(key)]
    amount: Number | None = facts.get("amount")
    if name is None:
        if (split or amount is not None) and "item" not in entry.unread:
            _missing(entry, "item", findings)
        return []
    if known := no_line(name):
        _left_out(entry, known, findings)
        return []
    _contradicted(entry, [key for key, _, _ in split], findings)
    if split and amount is not None and _sum(one for _, _, one in split) != amount:
        findings.add("convert-sum", entry.place("amount"), f"{RECEIPT}.amount", field="金額", field_en="amount")
    if split:
        entry.leave(("amount",), _BESIDE_SPLIT)
    entry.leave([key for key, _ in _SPLIT if not facts.get(key)], ZERO)
    fee = fee_of(name)
    if fee is None:
        findings.add("convert-fee-unknown", entry.place("item"), f"{RECEIPT}.item")
    if not split:
        if amount is None:
            amount = _product(facts)
        if amount is None:
            if not ({"amount", "quantity", "unitPrice"} & entry.unread) and not any(key in facts for key, _ in _SPLIT):
                _missing(entry, "amount", findings)
            return []
        who = facts.get("payer")
        split = [("amount", who, amount)]
    if len(split) > 1:
        entry.leave(("quantity", "unitPrice"), _SPLIT_BY_PAYER)
    return [made for one in split if (made := _line(entry, fee, *one, alone=len(split) == 1, findings=findings))]


def _line(
    entry: Entry, fee: Fee | None, key: str, who: str | None, net: Number, *, alone: bool, findings: Findings
) -> Line | None:
    facts, name = entry.facts, entry.facts["item"]
    cell = net.cells[0]
    payer = who if isinstance(who, Text) else _payer(entry, fee, who, cell, findings, "金額")
    if payer is None:
        return None
    if key == "ownShare" and (fee is None or fee.code != "PART"):
        fee = mapping().fee_names[compact("部分負擔")]
        name = Text(f"{name}(部分負擔)", name.cells)
    codes = tuple((one, facts[one]) for one in ("orderCode", "drugCode") if one in facts)
    quantity, price = (facts.get("quantity"), facts.get("unitPrice")) if alone else (None, None)
    return Line(fee, name, payer, _signed(fee, net), cell, quantity, price, facts.get("serviceDate"), codes)


def _payer(entry: Entry, fee: Fee | None, named: str | None, cell: Cell, findings: Findings, label: str) -> Text | None:
    """Who pays: as the column says; as the law has it for this fee; of a self-pay patient the patient. Else unknown."""
    who = named or (fee.payer if fee else None)
    if who:
        said = entry.facts.get("payer")
        return Text(who, (cell, *cells(said if said == who else None)))
    identity = entry.facts.get("payerIdentity")
    if identity == PATIENT:
        return Text(PATIENT, (cell, *cells(identity)))
    if "payer" not in entry.unread and "payerIdentity" not in entry.unread:
        findings.add("convert-payer", cell, f"{RECEIPT}.payer", field=label)
    entry.unread.add("payer")
    return None


def _signed(fee: Fee | None, amount: Number) -> Number:
    """What lowers the total is printed with and without a minus."""
    return Number(-abs(amount), amount.cells) if fee and fee.sign < 0 else amount


def _product(facts: Facts) -> Number | None:
    """Quantity times unit price, when the amount itself is not printed."""
    if "quantity" not in facts or "unitPrice" not in facts:
        return None
    (quantity, _), price = facts["quantity"], facts["unitPrice"]
    return Number(EXACT.multiply(quantity, price), cells(price, quantity))


def _sum(amounts: Any) -> Decimal:
    total = Decimal(0)
    for one in amounts:
        total = EXACT.add(total, one)
    return total


def _contradicted(entry: Entry, split: list[str], findings: Findings) -> None:
    """付費別 beside an amount in a column of the other payer's; a copayment stands beside lines of either."""
    said = entry.facts.get("payer")
    for key, who in _SPLIT:
        if said and key in split and key != "ownShare" and who != said:
            one, other = mapping().fields["payer"], mapping().fields[key]
            names = {"field": one.label, "field_en": one.en, "other": other.label, "other_en": other.en}
            findings.add("convert-payer-differs", entry.place("payer"), f"{RECEIPT}.payer", **names)


def _left_out(entry: Entry, known: Meaning, findings: Findings) -> None:
    """A row that is no charge. The amounts of totals are compared with the lines, unless the row says another total;
    what is not compared is named."""
    lines = [key for key, one in mapping().fields.items() if one.line]
    amounts = {key for key in ("amount", "points", "ownShare", "selfPay") if entry.facts.get(key)}
    idle = known.idle or SUM
    entry.leave(lines, (idle.why, idle.why_en))
    if known.field:
        nhi = known.field.key == "total" and entry.facts.get("payer") == NHI
        totals = {
            "points": "pointsTotal",
            "ownShare": "copayTotal",
            "amount": "pointsTotal" if nhi else known.field.key,
        }
        compared = {key for key, of in totals.items() if _is(entry, of, key)}
        if compared:
            entry.leave(compared | (set(lines) - amounts), _COMPARED)
        if amounts <= compared:
            return
    findings.add("convert-row-left", entry.place("item"), f"{RECEIPT}.item", why=idle.why, why_en=idle.why_en)


def _is(entry: Entry, total: str, key: str) -> bool:
    """Whether this amount of a row of totals is its total."""
    return key in entry.facts and entry.facts.setdefault(total, entry.facts[key]) == entry.facts[key]


def _missing(entry: Entry, key: str, findings: Findings) -> None:
    one = mapping().fields[key]
    findings.add("convert-missing", entry.place(key), f"{RECEIPT}.{key}", field=one.label, field_en=one.en)
    entry.unread.add(key)
