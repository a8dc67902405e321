"""The shape of FHIR JSON: names, arrays, JSON kinds, nulls, empties, required and choice elements, dates as text.

The walk is driven by tables (`bundle.py` makes them from the models) and catches what the models let through:
Python field names as keys, `fhir_comments`, "150" for a number, empty arrays and objects, nulls, a resource
without its type. On the way it gathers the references and identifiers that the document rules look at.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import StrEnum

from adapters.fhir.faults import Faults, Place
from adapters.json_text import is_name

RESOURCE_ID_LENGTH = 64  # R4, data type id
FIRST_YEAR = 1850  # nobody in a claim was born earlier; smaller years are ROC years written as Gregorian ones

_DAY = r"(?:18[5-9][0-9]|19[0-9]{2}|[2-9][0-9]{3})(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?"
_CLOCK = r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATE = re.compile(_DAY)
_DATE_TIME = re.compile(rf"{_DAY}(?:(?<=-[0-9]{{2}}-[0-9]{{2}}){_CLOCK}{_ZONE})?")
_INSTANT = re.compile(rf"{_DAY}(?<=-[0-9]{{2}}-[0-9]{{2}}){_CLOCK}{_ZONE}")
_ROC = re.compile(r"(?:中華)?民國|[0-9]{2,3}(?:[-/.年]|$)|0[0-9]{3}|1[0-7][0-9]{2}-|18[0-4][0-9]-|[01]?[0-9]{6}$")
_TYPE_NAME = re.compile(r"[A-Z][A-Za-z]{1,60}")


class Kind(StrEnum):
    """What stands in the JSON for an element."""

    OBJECT = "object"
    RESOURCE = "resource"
    STRING = "string"
    ID = "id"
    DATE = "date"
    DATE_TIME = "dateTime"
    INSTANT = "instant"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"


_DATES = {Kind.DATE: _DATE, Kind.DATE_TIME: _DATE_TIME, Kind.INSTANT: _INSTANT}


class Field:
    """One element: array or not, JSON kind, and the table of what is inside (found when first needed)."""

    __slots__ = ("_inside", "_of", "kind", "many")

    def __init__(self, kind: Kind, many: bool, of: Callable[[], "Table"] | None = None) -> None:
        self.kind = kind
        self.many = many
        self._of = of
        self._inside: Table | None = None

    @property
    def inside(self) -> "Table":
        if self._inside is None:
            assert self._of is not None
            self._inside = self._of()
        return self._inside


class Table:
    """One type: its elements by JSON key, the required ones, and choices as (element, keys, required)."""

    __slots__ = ("choices", "fields", "name", "required")

    def __init__(
        self,
        name: str,
        fields: dict[str, Field],
        required: tuple[str, ...],
        choices: tuple[tuple[str, frozenset[str], bool], ...],
    ) -> None:
        self.name = name
        self.fields = fields
        self.required = required
        self.choices = choices


class Walk:
    """One walk over a content. `of_type` gives the table of a resource type, or None when R4 has no such type."""

    def __init__(self, of_type: Callable[[str], Table | None], faults: Faults) -> None:
        self._of_type = of_type
        self._faults = faults
        self.references: list[tuple[Place, str]] = []
        self.identifiers: list[tuple[Place, dict[str, object], str]] = []  # place, Identifier, type of its resource
        self.unreadable: list[Place] = []  # resources whose type is missing or unknown

    def resource(self, value: object, place: Place) -> None:
        """A resource and all inside it."""
        if type(value) is not dict:
            self._wrong(place, Kind.OBJECT)
            return
        name = value.get("resourceType")
        table = self._of_type(name) if type(name) is str and _TYPE_NAME.fullmatch(name) else None
        if table is None:
            self._faults.add("fhir-resource-type", place)
            self.unreadable.append(place)
            return
        self._object(value, table, place, table.name)

    def _object(self, value: dict[str, object], table: Table, place: Place, owner: str) -> None:
        if not value:
            self._faults.add("fhir-empty", place)
            return
        if self._faults.full:
            return
        if table.name == "Reference":
            if type(value.get("reference")) is str:
                self.references.append((place, value["reference"]))  # type: ignore[arg-type]
        elif table.name == "Identifier":
            self.identifiers.append((place, value, owner))
        fields = table.fields
        for key, child in value.items():
            field = fields.get(key)
            if field is None:
                self._unknown(key, place)
            elif not field.many:
                self._one(child, field, place, key, owner)
            elif type(child) is not list:
                self._faults.add("fhir-array", (*place, key))
            elif not child:
                self._faults.add("fhir-empty", (*place, key))
            else:
                self._list(child, field, (*place, key), owner, value, key)
        for key in table.required:
            if key not in value and f"_{key}" not in value:
                self._faults.add("fhir-required", place, missing=key)
        for element, keys, required in table.choices:
            count = len(keys & value.keys())
            if count > 1:
                self._faults.add("fhir-choice", place, missing=element)
            elif required and not count and not any(f"_{key}" in value for key in keys):
                self._faults.add("fhir-required", place, missing=element)

    def _one(self, child: object, field: Field, place: Place, key: str | int, owner: str) -> None:
        """One value of a field. Written for speed: the right cases return before a place is built."""
        kind = field.kind
        if type(child) is str:
            if kind is Kind.STRING:
                if child and not child.isspace():
                    return
                self._faults.add("fhir-empty", (*place, key))
            elif pattern := _DATES.get(kind):
                self._date(child, pattern, (*place, key))
            elif kind is Kind.ID:
                if len(child) > RESOURCE_ID_LENGTH or not child:
                    self._faults.add("fhir-value", (*place, key))
            else:
                self._wrong((*place, key), kind)
        elif type(child) is dict:
            if kind is Kind.OBJECT:
                self._object(child, field.inside, (*place, key), owner)
            elif kind is Kind.RESOURCE:
                self.resource(child, (*place, key))
            else:
                self._wrong((*place, key), kind)
        elif type(child) is bool:
            if kind is not Kind.BOOLEAN:
                self._wrong((*place, key), kind)
        elif type(child) is int:
            if kind is not Kind.INTEGER and kind is not Kind.DECIMAL:
                self._wrong((*place, key), kind)
        elif type(child) is Decimal:
            if kind is not Kind.DECIMAL:
                self._wrong((*place, key), kind)
        elif child is None:
            self._faults.add("fhir-null", (*place, key))
        else:
            self._faults.add("fhir-array", (*place, key))

    def _list(
        self, items: list[object], field: Field, place: Place, owner: str, parent: dict[str, object], key: str
    ) -> None:
        """A list; nulls only fill up where the sibling (`given`, `_given`) has something at the same index."""
        sibling = parent.get(key[1:] if key.startswith("_") else f"_{key}")
        beside = sibling if type(sibling) is list else None
        if beside is not None and len(beside) != len(items) and not key.startswith("_"):
            self._faults.add("fhir-sibling", place)
        for index, item in enumerate(items):
            if index % 256 == 255 and self._faults.full:
                return
            if item is None and beside is not None and index < len(beside) and beside[index] is not None:
                continue
            self._one(item, field, place, index, owner)

    def _unknown(self, key: str, place: Place) -> None:
        """A key that is no element; it is named only if it looks like an element's name and not like data."""
        self._faults.add("fhir-unknown-element", (*place, key) if is_name(key) else place)

    def _wrong(self, place: Place, kind: Kind) -> None:
        self._faults.add("fhir-type", place, expected=kind.value)

    def _date(self, value: str, pattern: re.Pattern[str], place: Place) -> None:
        if pattern.fullmatch(value):
            if value[8:10] <= "28" or _on_calendar(value):
                return
            self._faults.add("date-impossible", place)
        elif _ROC.match(value.strip()):
            self._faults.add("roc-date", place)
        else:
            self._faults.add("fhir-date", place)


def _on_calendar(value: str) -> bool:
    try:
        date.fromisoformat(value[:10])
    except ValueError:
        return False
    return True
