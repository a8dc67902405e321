"""THE typed view: resources that our code builds, held against the R4B models of fhir.resources, whose only importer this
module is. For the claim types their shapes agree with R4 4.0.1 (docs/facts-fhir-taiwan.md 12.1).

It is for builders: an element that R4 does not have, a missing one, a single value where a list belongs fails at once, in
the builder's own tests. What was received is judged by the engine, and bytes never come from a model (facts 12.4).
"""

from functools import cache

from fhir.resources.R4B import get_fhir_model_class
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from pydantic import ValidationError

Json = dict[str, object]


# A model is asked once about a shape (which elements, nested how, of which kind of value); it takes fifty times as long as
# to see that the shape is known. Whether each value is right is for the engine.
SHAPES = 4_096
_SEEN: set[object] = set()


class Mistyped(ValueError):
    """Names the elements that the model refuses; holds no value."""


def resource(value: Json) -> Json:
    """The resource without what is absent (None, and objects and lists that hold nothing), in the order given."""
    made = present(value)
    shape = _shape(made)
    if shape in _SEEN:
        return made
    try:
        _model(str(made["resourceType"])).model_validate(made)
    except ValidationError as error:
        places = (".".join(map(str, one["loc"])) for one in error.errors(include_input=False, include_context=False))
        raise Mistyped(f"{made['resourceType']}: {', '.join(places)}") from None
    if len(_SEEN) == SHAPES:
        _SEEN.clear()
    _SEEN.add(shape)
    return made


def present(value: Json) -> Json:
    """The same without what is absent; it may still lack what R4 demands."""
    made = _present(value)
    return made if type(made) is dict else {}


@cache
def _model(name: str) -> type[FHIRAbstractModel]:
    return get_fhir_model_class(name)


def _shape(value: object) -> object:
    if type(value) is dict:
        name = value.get("resourceType")
        return (name, *((key, _shape(child)) for key, child in value.items()))
    if type(value) is list:
        return frozenset(map(_shape, value))
    return type(value)


def _present(value: object) -> object:
    if type(value) is dict:
        inner = {key: _present(child) for key, child in value.items()}
        return {key: child for key, child in inner.items() if child is not None} or None
    if type(value) is list:
        return [child for child in map(_present, value) if child is not None] or None
    return value
