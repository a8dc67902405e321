"""What the engine gathers while it validates: resources, their references and identifiers, as the JSON objects they are.

Objects, not places: a place is looked up (`place_of`) only when something is told of it.
"""

from adapters.fhir.faults import Place

Json = dict[str, object]
_Above = dict[int, tuple[object, str | int]]


class Standing:
    """A resource that stands by itself (the root, an entry's, a parameter's), with what it contains.

    `bundle`: the Bundle that it stands in, None outside Bundles. `contained`: its contained resources that are objects.
    `references` and `identifiers`: each Reference and Identifier object in it or in what it contains, with the resource
    in which it stands (`value`, or one of `contained`). What stands in a resource of its own (an entry of a Bundle)
    belongs to that.
    """

    __slots__ = ("bundle", "contained", "identifiers", "references", "value")

    def __init__(self, value: Json, bundle: Json | None = None) -> None:
        self.value = value
        self.bundle = bundle
        self.contained: list[Json] = []
        self.references: list[tuple[Json, Json]] = []
        self.identifiers: list[tuple[Json, Json]] = []

    def fragments(self) -> set[str]:
        """Every text in it that begins with #: references, uri, url and canonical may lead to what is contained."""
        return {one for one in _texts(self.value) if one.startswith("#")}


class Parsed:
    """What was gathered from `root`: every standing resource, an outer one before those inside it."""

    __slots__ = ("_above", "_entries", "resources", "root")

    def __init__(self, root: Json) -> None:
        self.root = root
        self.resources: list[Standing] = []
        self._above: dict[int, _Above] = {}
        self._entries: dict[int, Place] | None = None

    def place_of(self, value: object, standing: Standing | None = None) -> Place:
        """The place of an object or array of this content, from the root; known by identity, not by equality.

        Of what stands in a known resource, only that is searched.
        """
        top = self.root if standing is None else standing.value
        if id(top) not in self._above:
            self._above[id(top)] = _index(top)
        above = self._above[id(top)]
        tokens: list[str | int] = []
        while value is not top:
            value, token = above[id(value)]
            tokens.append(token)
        return (*self._resource(top), *reversed(tokens))

    def _resource(self, resource: Json) -> Place:
        if resource is self.root:
            return ()
        if self._entries is None:
            entries = self.root.get("entry")
            listed = enumerate(entries) if type(entries) is list else ()
            held = ((index, entry.get("resource")) for index, entry in listed if type(entry) is dict)
            self._entries = {id(one): ("entry", index, "resource") for index, one in held if type(one) is dict}
        return self._entries.get(id(resource)) or self.place_of(resource)


def _index(root: Json) -> _Above:
    """What each object and array stands in, and under which key or number."""
    above: _Above = {}
    waiting: list[object] = [root]
    while waiting:
        outer = waiting.pop()
        for token, inner in outer.items() if type(outer) is dict else enumerate(outer):  # type: ignore[arg-type]
            if type(inner) is dict or type(inner) is list:
                above[id(inner)] = (outer, token)
                waiting.append(inner)
    return above


def _texts(root: Json) -> list[str]:
    found: list[str] = []
    waiting: list[object] = [root]
    while waiting:
        outer = waiting.pop()
        for inner in outer.values() if type(outer) is dict else outer:  # type: ignore[attr-defined]
            if type(inner) is str:
                found.append(inner)
            elif type(inner) is dict or type(inner) is list:
                waiting.append(inner)
    return found
