"""R4's primitive types: JSON kind, grammar, range. A check gives None, or the faults of the value it was given.

R4's own regular expressions (https://hl7.org/fhir/R4/datatypes.html#primitive), and its text where that says more: a
code has single spaces only, a date is a day of the calendar, text has no control characters. Nothing is converted:
"true" is no boolean, 1.0 no integer. Texts that were found right are remembered: systems, codes, units and times come
again and again.
"""

import binascii
import re
from collections.abc import Callable, Collection
from datetime import date
from decimal import Decimal

from adapters.fhir.faults import Fault

# Checks share one form with those of objects, which also get the run they belong to (`engine.py`).
Check = Callable[[object, object], list[Fault] | None]
_Grammar = Callable[[str], str]  # the code of the fault of a text, or nothing

STRING_LENGTH = 1_048_576  # R4: "strings SHALL NOT exceed 1MB (1024*1024 characters) in size"
INTEGER_LIMIT = 2**31  # R4: signed, 32 bits
KNOWN_LIMIT = 4096  # texts remembered a type: more than a large document has systems, codes and units
KNOWN_LENGTH = 128  # longer ones are hardly ever met again

# R4 has years from 0001; those before 1000 are ROC years with leading zeros: no record is so old.
_DAY = r"[1-9][0-9]{3}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_INSTANT = rf"{_DAY}(?<=-[0-9]{{2}}-[0-9]{{2}})T{_CLOCK}{_ZONE}"
_DATES = {"date": _DAY, "dateTime": rf"{_INSTANT}|{_DAY}", "instant": _INSTANT}
_ROC = re.compile(r"(?:中華)?民國|[0-9]{2,3}(?:[-/.年]|$)|0[0-9]{3}|[01]?[0-9]{6}$")
_WORDS = {
    "code": r"\S+(?: \S+)*",
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "oid": r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+",
    "uuid": r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "time": _CLOCK,
    "System.id": r"[A-Za-z0-9\-.]{1,64}",
    **dict.fromkeys(("uri", "url", "canonical", "System.uri", "System.string"), r"\S+"),  # System.string: Element.id
}
_TOKEN = r"[A-Za-z0-9!#$&^_.+-]+"
# BCP 13; R4's own examples have parameters of all kinds, and bare xml, json and ttl for R4's formats.
_MEDIA_TYPE = rf"{_TOKEN}/{_TOKEN}(?: ?; ?\S+(?: \S+)*)?|xml|json|ttl"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # R4: nothing below 32 but tab, line feed, carriage return


def told(code: str, **names: str | int) -> list[Fault]:
    """One fault, at the value itself."""
    return [Fault((), code, names=tuple(names.items()))]


def wrong(value: object, expected: str) -> list[Fault]:
    """The fault of a value that is no JSON of the expected kind."""
    if value is None:
        return told("fhir-null")
    return told("fhir-array") if type(value) is list else told("fhir-type", expected=expected)


def _texts(expected: str, grammar: _Grammar) -> Check:
    """A check of texts by a grammar, which sees no empty or blank one."""
    known: set[str] = set()

    def check(value: object, _: object) -> list[Fault] | None:
        if type(value) is not str:
            return wrong(value, expected)
        if value in known:
            return None
        if not value or value.isspace():
            return told("fhir-empty")
        if code := grammar(value):
            return told(code)
        if len(value) <= KNOWN_LENGTH:
            if len(known) >= KNOWN_LIMIT:
                known.clear()
            known.add(value)
        return None

    return check


def _word(pattern: str) -> _Grammar:
    matches = re.compile(pattern).fullmatch

    def grammar(value: str) -> str:
        return "" if len(value) <= STRING_LENGTH and matches(value) else "fhir-value"

    return grammar


def _prose(value: str) -> str:
    if len(value) > STRING_LENGTH:
        return "fhir-value"
    return "" if value.isprintable() or not _CONTROL.search(value) else "fhir-value"


def _day(pattern: str) -> _Grammar:
    matches = re.compile(pattern).fullmatch

    def grammar(value: str) -> str:
        if matches(value):
            return "" if value[8:10] <= "28" or _on_calendar(value) else "date-impossible"
        return "roc-date" if _ROC.match(value.strip()) else "fhir-date"

    return grammar


def _on_calendar(value: str) -> bool:
    try:
        date.fromisoformat(value[:10])
    except ValueError:
        return False
    return True


def _bytes(value: str) -> str:
    """Whether base64 can be decoded; R4's expression lets white space stand in it."""
    text = "".join(value.split())
    if len(text) % 4 or text.endswith("==="):  # padding to no end, which the decoder ignores
        return "fhir-value"
    try:
        binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return "fhir-value"
    return ""


def _boolean(value: object, _: object) -> list[Fault] | None:
    return None if value is True or value is False else wrong(value, "boolean")


def _decimal(value: object, _: object) -> list[Fault] | None:
    return None if type(value) is Decimal or type(value) is int else wrong(value, "decimal")


def _integer(expected: str, lowest: int) -> Check:
    def check(value: object, _: object) -> list[Fault] | None:
        if type(value) is not int:
            return wrong(value, expected)
        return None if lowest <= value < INTEGER_LIMIT else told("fhir-value")

    return check


def coded(codes: Collection[str], value_set: str) -> Check:
    """A code of a required binding."""
    code = CHECKS["code"]

    def check(value: object, run: object) -> list[Fault] | None:
        if type(value) is str and value in codes:
            return None
        return code(value, run) or told("fhir-code", value_set=value_set)

    return check


CHECKS: dict[str, Check] = {
    "boolean": _boolean,
    "decimal": _decimal,
    "integer": _integer("integer", -INTEGER_LIMIT),
    "unsignedInt": _integer("unsignedInt", 0),
    "positiveInt": _integer("positiveInt", 1),
    "string": _texts("string", _prose),
    "markdown": _texts("markdown", _prose),
    "base64Binary": _texts("base64Binary", _bytes),
    **{name: _texts(name.removeprefix("System."), _word(pattern)) for name, pattern in _WORDS.items()},
    **{name: _texts(name, _day(pattern)) for name, pattern in _DATES.items()},
}
MEDIA_TYPE = _texts("code", _word(_MEDIA_TYPE))
