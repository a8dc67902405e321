"""THE parsing module: FHIR JSON values into checked structure. The only importer of fhir.resources (R4B; for the claim
types its shapes agree with R4 4.0.1, docs/facts-fhir-taiwan.md 12.1), whose errors end here as problems with a place.

Two readings over the plain value: the shape walk (names, kinds, empties, nulls, required, choices, dates), then the
models for the grammar of every primitive, resource by resource. No input raises.
"""

import datetime
import types
import typing
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

from fhir.resources.R4B import get_fhir_model_class
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from pydantic import ValidationError

from adapters.fhir.faults import LIMIT, Faults, Place
from adapters.fhir.shape import Field, Kind, Table, Walk

_ABSTRACT = frozenset({"Resource", "DomainResource"})
# Of pydantic's error types those that name another fault than the grammar of a value.
_CODES = {
    "missing": "fhir-required",
    "model_field_validation.missing": "fhir-required",
    "extra_forbidden": "fhir-unknown-element",
}
# What a model may let out besides ValidationError (facts 12.3); anything else is a defect of ours.
_ESCAPES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True)
class Parsed:
    """What the walk gathered: (place, reference) and (place, Identifier, type of the resource it sits in)."""

    references: tuple[tuple[Place, str], ...]
    identifiers: tuple[tuple[Place, dict[str, object], str], ...]


def parse(value: dict[str, object], faults: Faults) -> Parsed:
    """Checks the structure of a resource (of a Bundle: each of its entries) and puts what is wrong into `faults`."""
    walk = Walk(_table_of, faults)
    walk.resource(value, ())
    if not faults.full and () not in walk.unreadable:
        known = faults.places()
        unreadable = {place[:2] for place in walk.unreadable}
        for place, part in _parts(value):
            if place[:2] not in unreadable:
                _validate(part, place, faults, known)
    return Parsed(tuple(walk.references), tuple(walk.identifiers))


def _parts(value: dict[str, object]) -> list[tuple[Place, dict[str, object]]]:
    """A Bundle without its entries' resources, then each of these; any other resource as it is."""
    entries = value.get("entry")
    if value.get("resourceType") != "Bundle" or type(entries) is not list:
        return [((), value)]
    bare = [
        {key: child for key, child in entry.items() if key != "resource"} if type(entry) is dict else entry
        for entry in entries
    ]
    parts: list[tuple[Place, dict[str, object]]] = [((), {**value, "entry": bare})]
    for index, entry in enumerate(entries):
        resource = entry.get("resource") if type(entry) is dict else None
        if type(resource) is dict:
            parts.append((("entry", index, "resource"), resource))
    return parts


def _validate(value: dict[str, object], place: Place, faults: Faults, known: set[Place]) -> None:
    model = _model(value["resourceType"])  # type: ignore[arg-type]
    assert model is not None
    try:
        model.model_validate(value)
    except ValidationError as error:
        if error.error_count() > 2 * LIMIT:  # to build each of them would take longer than to send the content again
            faults.add("fhir-structure", place)
            return
        for fault in error.errors(include_url=False, include_context=False, include_input=False):
            tokens = tuple(token for token in fault["loc"] if token != "root")
            where = (*place, *tokens)
            if not _told(where, known):
                faults.add(_CODES.get(fault["type"], "fhir-value"), where)
    except _ESCAPES:
        if not _told(place, known):
            faults.add("fhir-structure", place)


def _told(where: Place, known: set[Place]) -> bool:
    """Whether the walk told of a fault at this place, above it or below it: then the model only repeats it."""
    return any(where[: len(one)] == one or one[: len(where)] == where for one in known)


@lru_cache(maxsize=256)
def _model(name: str) -> type[FHIRAbstractModel] | None:
    """The model of a concrete resource type."""
    try:
        model = get_fhir_model_class(name)
    except (AttributeError, LookupError, ImportError, ValueError):
        return None
    return model if name not in _ABSTRACT and model.has_resource_base() else None


def _table_of(name: str) -> Table | None:
    model = _model(name)
    return None if model is None else _table(model)


@cache
def _table(model: type[FHIRAbstractModel]) -> Table:
    """The shape of a model: JSON keys as R4 writes them, never Python's names."""
    fields: dict[str, Field] = {}
    required: list[str] = []
    choices: dict[str, tuple[set[str], bool]] = {}
    for name, info in model.model_fields.items():
        key = info.alias or name
        if key == "fhir_comments":
            continue
        fields[key] = _field(info.annotation)
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        if "one_of_many" in extra:
            keys, _ = choices.setdefault(f"{extra['one_of_many']}[x]", (set(), bool(extra["one_of_many_required"])))
            keys.add(key)
        elif info.is_required() or extra.get("element_required"):
            required.append(key)
    if model.has_resource_base():
        fields["resourceType"] = Field(Kind.STRING, many=False)
    return Table(
        model.get_resource_type(),
        fields,
        tuple(required),
        tuple((element, frozenset(keys), needed) for element, (keys, needed) in choices.items()),
    )


def _field(annotation: object) -> Field:
    many = False
    visit = ""
    while origin := typing.get_origin(annotation):
        inner = [one for one in typing.get_args(annotation) if one is not type(None)]
        if origin in (typing.Union, types.UnionType):
            annotation = inner[0]
        elif origin is list:
            many, annotation = True, inner[0]
        else:  # Annotated
            annotation = inner[0]
            visit = next((one.__visit_name__ for one in inner[1:] if hasattr(one, "__visit_name__")), visit)
    if hasattr(annotation, "get_model_klass"):
        model = annotation.get_model_klass()
        if model.__name__ == "Resource":
            return Field(Kind.RESOURCE, many)
        return Field(Kind.OBJECT, many, lambda: _table(model))
    return Field(_kind(annotation, visit), many)


def _kind(python_type: object, visit: str) -> Kind:
    if python_type is bool:
        return Kind.BOOLEAN
    if python_type is int:
        return Kind.INTEGER
    if python_type is Decimal:
        return Kind.DECIMAL
    if python_type is datetime.date:
        return Kind.DATE
    if python_type is datetime.datetime:
        return Kind.INSTANT if visit == "instant" else Kind.DATE_TIME
    return Kind.ID if visit == "id" else Kind.STRING
