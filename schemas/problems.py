"""A problem: one fault in a record. Texts come from the catalogue; a problem never quotes what the sender wrote."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from schemas.shape import Shape


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Problem(Shape):
    """`path`: FHIRPath expression or dotted path; `pointer`: RFC 6901; line and column from 1, where the JSON is broken."""

    code: str
    severity: Severity
    path: str = ""
    pointer: str = ""
    line: int | None = None
    column: int | None = None
    text: str
    textEn: str
    fix: str


@dataclass(frozen=True)
class Entry:
    """A catalogue line. `{names}` in the texts are filled from structure (element names, limits), never from values."""

    code: str
    text: str
    text_en: str
    fix: str
    severity: Severity = Severity.ERROR


@cache
def catalogue() -> dict[str, Entry]:
    """Every problem the interchange can name, by code."""
    from schemas.catalogue import ENTRIES

    table = {entry.code: entry for entry in ENTRIES}
    assert len(table) == len(ENTRIES), "a code stands twice in the catalogue"
    return table


def problem(
    code: str,
    path: str = "",
    pointer: str = "",
    *,
    line: int | None = None,
    column: int | None = None,
    severity: Severity | None = None,
    **names: str | int,
) -> Problem:
    """The catalogue's problem at a place. `names` fill the texts; `severity` overrides the catalogue's (profile rules)."""
    entry = catalogue()[code]
    return Problem(
        code=code,
        severity=severity or entry.severity,
        path=path,
        pointer=pointer,
        line=line,
        column=column,
        text=entry.text.format(**names),
        textEn=entry.text_en.format(**names),
        fix=entry.fix.format(**names),
    )


def errors(problems: tuple[Problem, ...] | list[Problem]) -> bool:
    """Whether any of them refuses the record."""
    return any(found.severity == Severity.ERROR for found in problems)
