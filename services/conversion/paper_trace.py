"""A document read for drawing: every value keeps the place it comes from.

So the paper can say of each word where the machine reads it, and can list at the end what no form has a place for.
Works on any JSON value; what is absent or of the wrong kind reads as nothing.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal

from adapters.fhir.document import Document, Entry, Json, objects, word
from adapters.fhir.faults import Place, expression
from services.conversion import paper_words

TEXT_LIMIT = 4_000  # characters of one value; a doctor's advice has some hundreds, an attachment has millions
SHORT_LIMIT = 100  # … once the paper has `TOTAL_LIMIT` characters: what stands on every form could multiply
TOTAL_LIMIT = 2_000_000
_NO_WORDS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Value:
    """One value on the paper. `text`: as drawn (nothing where the form says it by itself, as a column does); `raw`: as
    the document writes it; `places`: where, all of them; `moment`: a date or time; `note`: what must be said beside."""

    text: str
    raw: str
    places: tuple[Place, ...]
    moment: bool = False
    note: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """FHIRPath of each place."""
        return tuple(expression("Bundle", place) for place in self.places)


Line = tuple[Value | str, ...]  # values, and the form's own words between them


@dataclass(frozen=True)
class Field:
    """A box of a form. Without lines it says that the document does not tell; `path`: where it would be told."""

    label: str
    lines: tuple[Line, ...]
    span: int = 12  # of the form's twelve columns
    path: str = ""


class Trace:
    """The document, and how much of it was read for drawing."""

    def __init__(self, bundle: Json) -> None:
        self.document = Document.of(bundle)
        self.characters = 0
        self.root = Node(self, bundle, ())
        self.entries = {entry.index: entry for entry in self.document.entries}

    def typed(self, *types: str) -> list["Node"]:
        return [self.of(entry) for entry in self.document.typed(*types)]

    def of(self, entry: Entry) -> "Node":
        return Node(self, entry.resource, entry.place)

    @property
    def room(self) -> int:
        """How many characters of one more value are drawn."""
        return TEXT_LIMIT if self.characters < TOTAL_LIMIT else SHORT_LIMIT

    @property
    def composition(self) -> "Node":
        """The Composition, when it stands first."""
        found = self.document.composition
        return self.of(self.document.entries[0]) if found else self.nothing

    @property
    def nothing(self) -> "Node":
        return Node(self, None, None)


class Node:
    """A JSON value in its place, or nothing in the place where it would stand (None: nobody knows where)."""

    __slots__ = ("_trace", "place", "value")

    def __init__(self, trace: Trace, value: object, place: Place | None) -> None:
        self._trace, self.value, self.place = trace, value, place

    def __bool__(self) -> bool:
        return self.value is not None

    @property
    def path(self) -> str:
        """FHIRPath; empty for what stands nowhere."""
        return "" if self.place is None else expression("Bundle", self.place)

    @property
    def type(self) -> str:
        return word(self.value, "resourceType")

    def at(self, *keys: str) -> "Node":
        """The value under the keys."""
        value, place = self.value, self.place
        for key in keys:
            value = value.get(key) if type(value) is dict else None
            place = None if place is None else (*place, key)
        return Node(self._trace, value, place)

    def each(self, key: str) -> list["Node"]:
        """The objects of an array."""
        place = self.place or ()
        return [Node(self._trace, item, (*place, key, index)) for index, item in objects(self.value, key)]

    def words(self, key: str) -> tuple[Value, ...]:
        """The texts of an array."""
        items = self.value.get(key) if type(self.value) is dict else None
        if type(items) is not list:
            return ()
        place = self.place or ()
        nodes = (Node(self._trace, item, (*place, key, index)) for index, item in enumerate(items))
        return tuple(value for node in nodes for value in node.say())

    def say(self, *keys: str, words: Mapping[str, str] = _NO_WORDS) -> tuple[Value, ...]:
        """The text or number under the keys: one value or none. `words`: what codes are called."""
        node = self.at(*keys)
        raw = plain(node.value)
        if not raw or node.place is None:
            return ()
        room = self._trace.room
        text = words.get(raw) or visible(raw, room)
        self._trace.characters += len(text)
        return (Value(text, raw if len(raw) <= room else "", (node.place,)),)

    def day(self, *keys: str, short: bool = False) -> tuple[Value, ...]:
        """The date or time under the keys, as forms print it, or `short` as their tables do."""
        drawn = self.say(*keys)
        if not drawn or not drawn[0].raw:
            return drawn
        text, note = paper_words.written(drawn[0].raw, short)
        unreadable = note == paper_words.UNREADABLE
        return (replace(drawn[0], text=visible(text), moment=not unreadable, note=note),)

    def amount(self, *keys: str) -> tuple[Value, ...]:
        """The number under the keys with its thousands apart."""
        value = self.at(*keys).value
        drawn = self.say(*keys)
        if drawn and type(value) in (int, Decimal):
            return (replace(drawn[0], text=f"{value:,}"),)
        return drawn

    def target(self, *keys: str) -> "Node":
        """The resource that the Reference under the keys leads to, an entry or contained; else nothing."""
        reference = word(self.at(*keys).value, "reference")
        index = self.place[1] if self.place and len(self.place) > 1 else None
        source = self._trace.entries.get(index) if isinstance(index, int) else None
        if reference.startswith("#") and source is not None:
            for inner in self._trace.of(source).each("contained"):
                if word(inner.value, "id") == reference[1:]:
                    return inner
        found, _ = self._trace.document.find(reference, source) if reference else (None, False)
        return self._trace.nothing if found is None else self._trace.of(found)


def plain(value: object) -> str:
    """A JSON string, number or boolean as text; empty for everything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float | Decimal) else ""


def visible(text: str, limit: int = TEXT_LIMIT) -> str:
    """The text with every character that draws nothing, or that turns the direction of writing, told by its number:
    what is signed and what is read must be the same. Long texts are cut, and say so."""
    cut = f"{text[:limit]}…（以下略，共 {len(text)} 字）" if len(text) > limit else text
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(
        f"‹U+{ord(one):04X}›" if unicodedata.category(one) in ("Cc", "Cf") and one not in "\n\t" else one for one in cut
    )


def merged(values: Iterable[Value]) -> tuple[Value, ...]:
    """Equal values once, with all their places."""
    found: dict[tuple[str, str], list[Value]] = {}
    for one in values:
        found.setdefault((one.text, one.raw), []).append(one)
    return tuple(
        replace(same[0], places=tuple(dict.fromkeys(place for one in same for place in one.places)))
        for same in found.values()
    )


def silent(values: Iterable[Value]) -> tuple[Value, ...]:
    """Values that the form says by itself."""
    return tuple(replace(one, text="") for one in values)


def drawn(thing: object) -> Iterator[Place]:
    """The places of all values in forms, boxes and lines."""
    if isinstance(thing, Value):
        yield from thing.places
    elif isinstance(thing, tuple | list):
        for one in thing:
            yield from drawn(one)
    elif is_dataclass(thing):
        for part in fields(thing):
            yield from drawn(getattr(thing, part.name))


def joined(values: Iterable[Value], between: str = "、") -> Line:
    """Values with a mark between them."""
    line: list[Value | str] = []
    for value in values:
        line += [between, value] if line else [value]
    return tuple(line)


def concept(node: Node, words: Mapping[str, str] = _NO_WORDS) -> Line:
    """What a CodeableConcept or Coding says: its text or names, then its codes in brackets, ICD with its edition."""
    codings = node.each("coding") or ([node] if node.at("code") else [])
    names = merged([*node.say("text"), *(name for coding in codings for name in coding.say("display"))])
    codes: dict[str, tuple[Value, ...]] = {}  # by edition of ICD
    editions: dict[str, tuple[Value, ...]] = {}
    for coding in codings:
        edition = paper_words.classification(word(coding.value, "system"))
        named = coding.say("system", words={word(coding.value, "system"): edition}) if edition else ()
        codes[edition] = merged([*codes.get(edition, ()), *coding.say("code", words=words)])
        editions[edition] = merged([*editions.get(edition, ()), *named])
    told = [(*editions[one], *(" " if editions[one] else ""), *joined(codes[one])) for one in codes if codes[one]]
    inside = tuple(part for number, one in enumerate(told) for part in (("；", *one) if number else one))
    if not (names and inside):
        return joined(names, " / ") or inside
    return (*joined(names, " / "), "（", *inside, "）")


def field(label: str, *lines: Line, span: int = 12, expected: Node | None = None) -> Field:
    """A box with those of the lines that say something."""
    return Field(label, tuple(line for line in lines if line), span, expected.path if expected is not None else "")
