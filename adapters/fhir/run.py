"""One validation under way: where the walk stands, what it has gathered, and what references lead to."""

import re
from collections import Counter

from adapters.fhir import definitions
from adapters.fhir.faults import ENOUGH, Fault, Place
from adapters.fhir.parsed import Json, Parsed, Standing

# https://hl7.org/fhir/R4/references.html#literal
_ID = r"[A-Za-z0-9\-.]{1,64}"
_RELATIVE = re.compile(rf"([A-Z][A-Za-z]+)(?:/{_ID}(?:/_history/{_ID})?|\?\S+)")  # with ?: conditional, in transactions
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_REST = re.compile(rf"/([A-Z][A-Za-z]+)/{_ID}(?:/_history/{_ID})?$")
_REST_LENGTH = 200  # the longest type, two ids and what stands between them

ANY = "*"  # not known from here
_NONE = ""  # what is written is no reference


class Run:
    """`here`: the standing resource that is being checked; `within`: that, or the resource contained in it.

    `ids`: of the elements of `within` so far. `leads`: the type of the resource that a reference leads to, by its text;
    not those by #.
    """

    __slots__ = ("_bundle", "_contained", "here", "ids", "leads", "parsed", "within")

    def __init__(self, root: Json) -> None:
        self.parsed = Parsed(root)
        self.here = Standing(root)
        self.within = root
        self.ids: list[str] = []
        self.leads: dict[str, str] = {}
        self._bundle: Json | None = None
        self._contained: dict[str, str] = {}

    def enter(self, resource: Json) -> tuple[object, ...]:
        """Begins a standing resource; what this gives, `leave` wants back."""
        outer = (self.here, self.within, self.ids, self.leads, self._bundle, self._contained)
        self.here = Standing(resource, self._bundle)
        self.within, self.ids = resource, []
        self.parsed.resources.append(self.here)
        self._contained = {}
        if "contained" in resource:
            self._contained = {f"#{one.get('id')}": _type(one) for one in _objects(resource["contained"])}
        if resource["resourceType"] == "Bundle":
            self._bundle = resource
            self.leads = {}
            for entry in _objects(resource.get("entry")):
                if (
                    type(url := entry.get("fullUrl")) is str
                    and url.strip()
                    and type(inner := entry.get("resource")) is dict
                ):
                    self.leads.setdefault(url, _type(inner))
        return outer

    def leave(self, outer: tuple[object, ...]) -> None:
        """Ends the standing resource that `enter` began."""
        self.here, self.within, self.ids, self.leads, self._bundle, self._contained = outer  # type: ignore[assignment]

    def judge(self, reference: Json, targets: frozenset[str]) -> list[Fault] | None:
        """The faults of a Reference that is none, or leads (or says that it leads) to a type that is not in `targets`.

        Judged by the resource that it leads to when that is contained or an entry; else by the type in its own text.
        """
        written = reference.get("reference")
        actual = self._type(written) if type(written) is str and not written.isspace() else ANY
        if actual == _NONE:
            return [Fault((), "fhir-reference")]
        if targets and actual != ANY and actual not in targets:
            return [Fault((), "reference-target")]
        said = reference.get("type")
        if type(said) is not str or said not in definitions.resources():
            return None
        if targets and said not in targets:
            return [Fault((), "reference-target")]
        return None if actual in (ANY, said) else [Fault((), "reference-type")]

    def _type(self, reference: str) -> str:
        if reference == "#":
            return _type(self.here.value)
        if reference.startswith("#") or not reference:  # an empty one is told as such
            return self._contained.get(reference, ANY)
        known = self.leads.get(reference)
        if known is None:
            known = self.leads[reference] = _written_type(reference)
        return known


def twins(resource: Json, ids: list[str]) -> list[Fault]:
    """A fault at the id of each element that shares it with another element of the resource, in published order."""
    found: list[Fault] = []
    _twins(resource, (), {one for one, count in Counter(ids).items() if count > 1}, found)
    return found


def _twins(outer: object, place: Place, shared: set[str], found: list[Fault]) -> None:
    for token in sorted(outer) if type(outer) is dict else range(len(outer)):  # type: ignore[arg-type]
        inner = outer[token]  # type: ignore[index]
        if len(found) >= ENOUGH:
            return
        if token == "id" and place and type(inner) is str and inner in shared:
            found.append(Fault((*place, "id"), "fhir-id-twice"))
        elif type(inner) is list or (type(inner) is dict and "resourceType" not in inner):
            _twins(inner, (*place, token), shared, found)


def _written_type(reference: str) -> str:
    """The type that the text of a reference names."""
    if found := _RELATIVE.fullmatch(reference):
        return found[1] if found[1] in definitions.resources() else _NONE
    if not _ABSOLUTE.fullmatch(reference):
        return _NONE
    found = _REST.search(reference, max(0, len(reference) - _REST_LENGTH))
    return found[1] if found and found[1] in definitions.resources() else ANY


def _objects(items: object) -> list[Json]:
    return [one for one in items if type(one) is dict] if type(items) is list else []


def _type(resource: Json) -> str:
    name = resource.get("resourceType")
    return name if type(name) is str and name in definitions.resources() else ANY
