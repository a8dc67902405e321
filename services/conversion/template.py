"""The templates: a header of every field by its own name, and a sheet that explains each. Made from the mapping."""

from adapters.forms import writing
from services.conversion.mapping import CERTIFICATE, FORMS, RECEIPT, Field, mapping
from services.conversion.needs import needed
from services.conversion.sheets import EXPLANATION

SUFFIXES = (".csv", ".xlsx")
NAMES = {CERTIFICATE: "診斷證明書", RECEIPT: "收據明細"}
# In the order of the paper; what is rare stands in the documentation only.
_LEFT_OUT = frozenset(
    {
        "hospitalSystem", "passportNumber", "occupationCode", "nhiCard", "edition", "annotation",
        "pointsTotal", "copayTotal", "points", "ownShare", "selfPay", "orderCode", "drugCode", "visitEnd",
    }
)  # fmt: skip
_KEYS = ("caseNumber", "hospitalCode", "patientName", "chartNumber", "encounterNumber")  # that a receipt repeats


def files() -> dict[str, bytes]:
    """File name → content: `certificate.csv`, `certificate.xlsx`, `receipt.csv`, `receipt.xlsx`."""
    return {name: template(name) for name in (f"{form}{suffix}" for form in FORMS for suffix in SUFFIXES)}


def template(name: str) -> bytes:
    """The template of this file name. KeyError when there is none."""
    form, dot, suffix = name.partition(".")
    if form not in FORMS or f"{dot}{suffix}" not in SUFFIXES:
        raise KeyError(name)
    header = headers(form)
    if suffix == "csv":
        return writing.csv_text([header])
    wide = {"收據(一列一張)": [_wide()]} if form == RECEIPT else {}
    return writing.workbook({NAMES[form]: [header], **wide, "說明": _explained(form)})


def headers(form: str) -> list[str]:
    """The columns of the template, in order."""
    wanted = [
        one
        for one in fields(form)
        if one.key not in _LEFT_OUT and (form == CERTIFICATE or one.of == RECEIPT or one.key in _KEYS)
    ]
    many = [f"{one.label}{number}" for number in (1, 2) for one in wanted if one.many]
    first = next((place for place, one in enumerate(wanted) if one.many), 0)
    single = [one.label for one in wanted if not one.many]
    return [*single[:first], *many, *single[first:]]


def _wide() -> list[str]:
    """The other shape of a receipt: one row, its fees in columns that say who pays."""
    head = [mapping().fields[key].label for key in (*_KEYS, "receiptNumber", "receiptDate", "copayCode")]
    fees = []
    for fee in mapping().fees:
        fees += [fee.label] if fee.payer else [f"{fee.label}(健保)", f"{fee.label}(自費)"]
    return [*head, *fees, mapping().fields["total"].label]


def fields(form: str) -> list[Field]:
    """Every field of a form."""
    return [one for one in mapping().fields.values() if one.stands_in(form)]


def _explained(form: str) -> list[list[str]]:
    rows = [[*EXPLANATION, "說明", "也可以寫成", "轉入 FHIR"]]
    for one in fields(form):
        need = "必填" if one.key in needed(form) else ""
        rows.append([one.label, need, one.en, "、".join(one.variants), "\n".join(one.to) or "與明細核對"])
    return rows
