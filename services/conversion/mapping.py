"""The mapping as data: which header is which field, fee or department. The tables are in `mapping.json`.

`fields`: `key`, `label` and `en` (how it is called), `of` (certificate, receipt, both), `read` (the reading in
`values.py`), `to` (FHIR paths), `variants` (headers that hospitals print), `many` (may be numbered: 病名1, 病名2),
`line` (only in receipts of one row a line). `fees`: `code` (NHI column names where there is one), `points` (the column of
NHI claims, whose amounts are points), `payer` (where the law leaves no choice: NHI Act art. 51), `sign` (-1: lowers the
total). `notCarried`: headers, and names of rows under 項目, known to have no place in iClaim, each with its reason.
"""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

CERTIFICATE, RECEIPT = "certificate", "receipt"
FORMS = (CERTIFICATE, RECEIPT)
PATIENT, NHI = "patient", "nhi"  # who pays
_NOTE = re.compile(
    r"\((?:必填|選填|元|點|新?臺幣|NT\$?|TWD|民國年?|西元年?|註\d*|年月日|Y+[/.-]?M+[/.-]?D+|起迄)?\)", re.IGNORECASE
)
_FOLDED = str.maketrans("份台証", "分臺證")  # written either way on forms
_NUMBERED = re.compile(r"(?P<order>主要?|次要?)?(?P<name>.*?)(?P<number>[1-9]\d?)?")
_SUMS = ("小計", "合計", "總計", "總額", "共計", "累計")  # what the name of a row of sums ends with
_TOTALS = frozenset({"total", "pointsTotal", "copayTotal"})
_PAYER_TITLES = {NHI: "(健保)", PATIENT: "(自費)"}
_PAYERS = {
    NHI: ("健保申報點數", "健保申請點數", "健保申報", "健保申請", "健保給付", "健保點數", "健保金額", "健保"),
    PATIENT: ("自費金額", "自付金額", "病人自付", "自費", "自付"),
}


@dataclass(frozen=True)
class Field:
    key: str
    label: str
    en: str
    of: str
    read: str
    to: tuple[str, ...]
    variants: tuple[str, ...]
    many: bool = False
    line: bool = False

    def stands_in(self, form: str) -> bool:
        return self.of in (form, "both")


@dataclass(frozen=True)
class Fee:
    """A kind of charge; `code` is its code in the fee-item code system."""

    code: str
    label: str
    variants: tuple[str, ...]
    payer: str | None = None
    sign: int = 1
    points: str = ""


@dataclass(frozen=True)
class Idle:
    """A header that is known and has no place in iClaim."""

    label: str
    why: str
    why_en: str


SUM = Idle("小計", "各項之和,不是費用", "a sum of lines, not a charge")


@dataclass(frozen=True)
class Meaning:
    """What a header means: one of field, fee, idle. `rank` orders numbered columns; `payer`: as the header says."""

    field: Field | None = None
    fee: Fee | None = None
    idle: Idle | None = None
    rank: int = 0
    payer: str | None = None

    @property
    def label(self) -> str:
        """Our own name of it, never the header as sent."""
        known = self.field or self.fee or self.idle
        assert known is not None
        return known.label

    @property
    def title(self) -> str:
        """The label with what tells it from others like it: 病名 2, 診察費(健保)."""
        number = f" {self.rank + 1}" if self.rank else ""
        return f"{self.label}{number}{_PAYER_TITLES.get(self.payer or '', '')}"


@dataclass(frozen=True)
class Mapping:
    """`headers`: form → header in normal form → meaning."""

    fields: dict[str, Field]
    fees: tuple[Fee, ...]
    headers: dict[str, dict[str, Meaning]] = field(repr=False)
    fee_names: dict[str, Fee] = field(repr=False)
    idle: tuple[tuple[Idle, tuple[str, ...]], ...] = field(repr=False)
    departments: tuple[tuple[str, dict[str, str]], ...]
    department_names: dict[str, str] = field(repr=False)


@cache
def mapping() -> Mapping:
    """The tables, read once."""
    raw = json.loads((files(__package__) / "mapping.json").read_text(encoding="utf-8"))
    fields = {
        one["key"]: Field(**{**one, "to": tuple(one["to"]), "variants": tuple(one["variants"])})
        for one in raw["fields"]
    }
    fees = tuple(Fee(**{**one, "variants": tuple(one["variants"])}) for one in raw["fees"])
    idle = tuple((Idle(one["label"], one["why"], one["whyEn"]), tuple(one["variants"])) for one in raw["notCarried"])
    departments = tuple((one["system"], one["codes"]) for one in raw["departments"])
    names = {name: code for _, codes in reversed(departments) for code, name in codes.items()}
    return Mapping(
        fields=fields,
        fees=fees,
        headers={form: _headers(form, fields, fees, idle) for form in FORMS},
        fee_names={name: fee for fee in fees for name in _names(fee.label, *fee.variants)},
        idle=idle,
        departments=departments,
        department_names={compact(name): code for name, code in {**names, **raw["departmentNames"]}.items()},
    )


def _headers(form: str, fields: dict[str, Field], fees: tuple[Fee, ...], idle: Any) -> dict[str, Meaning]:
    """Fields win over fees of the same name; `fee_column` takes the fee, where no column names the line."""
    found: dict[str, Meaning] = {}
    for known, variants in idle:
        found |= {name: Meaning(idle=known) for name in _names(known.label, *variants)}
    if form == RECEIPT:
        for fee in fees:
            found |= {name: Meaning(fee=fee) for name in _names(fee.label, *fee.variants)}
            if fee.points:
                found[compact(fee.points)] = Meaning(fee=fee, payer=NHI)
    for one in fields.values():
        if one.stands_in(form):
            found |= {name: Meaning(field=one) for name in _names(one.key, one.label, *one.variants)}
    return found


def _names(*names: str) -> list[str]:
    return [compact(name) for name in names]


def compact(header: str) -> str:
    """A header's normal form: NFKC, upper case, without notes in brackets, white space and punctuation."""
    plain = unicodedata.normalize("NFKC", header).translate(_FOLDED)
    return "".join(letter for letter in _NOTE.sub("", plain) if letter.isalnum()).upper()


def meaning(header: str, form: str) -> Meaning | None:
    """What a header of this form means; None when it is not known."""
    name = compact(header)
    known = mapping().headers[form]
    if found := known.get(name):
        return found
    if found := _numbered(name, known):
        return found
    return _by_payer(name) if form == RECEIPT else None


def fee_column(header: str) -> Meaning | None:
    """What a header means in a receipt of one row, where the fees are columns."""
    name = compact(header)
    if fee := mapping().fee_names.get(name):
        return Meaning(fee=fee)
    found = meaning(header, RECEIPT)
    return found if found and not (found.field and found.field.line) else None


def _numbered(name: str, known: dict[str, Meaning]) -> Meaning | None:
    """病名2, 次診斷1, 主診斷: of fields that may stand several times. The principal one comes first."""
    parts = _NUMBERED.fullmatch(name)
    found = known.get(parts["name"]) if parts else None
    if found is None or found.field is None or not found.field.many:
        return None
    number = int(parts["number"] or 1)  # type: ignore[index]
    return Meaning(field=found.field, rank=number + (parts["order"] or "").startswith("次") - 1)  # type: ignore[index]


def _by_payer(name: str) -> Meaning | None:
    """健保診察費, 診察費(自費): a fee and who pays it."""
    for payer, words in _PAYERS.items():
        for word in words:
            for rest in (name.removeprefix(word), name.removesuffix(word)):
                if rest != name and (fee := mapping().fee_names.get(rest)):
                    return Meaning(fee=fee, payer=payer)
    return None


def fee_of(name: str) -> Fee | None:
    """The fee that a receipt line names: 診察費, 診察費(健保), 特殊材料費（輕質護具）."""
    plain = unicodedata.normalize("NFKC", name)
    known = mapping().fee_names
    for one in (plain, plain.partition("(")[0]):
        stripped = compact(one)
        if stripped in known:
            return known[stripped]
        if found := _by_payer(stripped):
            return found.fee
    return None


def no_line(name: str) -> Meaning | None:
    """What a row of this name is when it is no charge: a total (field), or what has no place (idle)."""
    plain = unicodedata.normalize("NFKC", name)
    whole, base = compact(plain), compact(plain.partition("(")[0])
    for one in (whole, base):
        found = mapping().headers[RECEIPT].get(one)
        if found and found.field and found.field.key == "total" and whole.removeprefix(base).startswith("健保"):
            return Meaning(field=mapping().fields["pointsTotal"])
        if found and (found.idle or (found.field and found.field.key in _TOTALS)):
            return found
    return Meaning(idle=SUM) if whole.endswith(_SUMS) or base.endswith(_SUMS) else None


def departments(code: str) -> list[tuple[str, str]]:
    """(code system, its name of the department) of every TW Core code system that has this code."""
    return [(system, codes[code]) for system, codes in mapping().departments if code in codes]
