"""A Bundle read as a document: its entries, what a reference leads to, and small words to read any JSON safely.

Works on the plain JSON value, whatever it is: an element of the wrong kind reads as absent. Faults in the structure
are told elsewhere (`engine.py`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from adapters.fhir.faults import Place
from adapters.identifiers import institution_code as is_institution_code
from schemas import normalise

Json = dict[str, object]

ICLAIM = "https://claim.cgh.org.tw/iclaim"  # canonical base of 國泰金控's guide (facts 1.1)
_OF_ICLAIM = f"{ICLAIM}/"
INSTITUTION_SYSTEMS = frozenset(  # TW Core and iClaim; NHI PAS (facts 4)
    {
        "twcore.mohw.gov.tw/ig/twcore/codesystem/organization-identifier-tw",
        "nhicore.nhi.gov.tw/pas/codesystem/organization-identifier-tw",
    }
)
_REST = re.compile(r"(?P<root>https?://.+/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})")
_VERSION = re.compile(r"/_history/[A-Za-z0-9\-.]+$")
_ABSOLUTE = re.compile(
    r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(?!urn:uuid:)[A-Za-z][A-Za-z0-9+.-]*:\S+"
)


def child(value: object, *keys: str) -> Json:
    """The object under the keys, or an empty one."""
    for key in keys:
        value = value.get(key) if type(value) is dict else None
    return value if type(value) is dict else {}


def word(value: object, key: str, *more: str) -> str:
    """The text under the keys, or an empty one."""
    found = value.get(key) if type(value) is dict else None
    for inner in more:
        found = found.get(inner) if type(found) is dict else None
    return found if type(found) is str else ""


def number(value: object, *keys: str) -> Decimal | None:
    """The number under the keys."""
    for key in keys:
        value = value.get(key) if type(value) is dict else None
    return value if type(value) is Decimal else Decimal(value) if type(value) is int else None


def objects(value: object, key: str) -> list[tuple[int, Json]]:
    """The objects of an array, each with its index."""
    items = value.get(key) if type(value) is dict else None
    if type(items) is not list:
        return []
    return [(index, item) for index, item in enumerate(items) if type(item) is dict]


def codings(value: object, key: str) -> list[Json]:
    """All codings of a CodeableConcept, or of an array of them."""
    concept = value.get(key) if type(value) is dict else None
    concepts = concept if type(concept) is list else [concept]
    return [coding for one in concepts for _, coding in objects(one, "coding")]


def codes(value: object, key: str) -> set[str]:
    """The codes of a CodeableConcept, or of an array of them."""
    concept = value.get(key) if type(value) is dict else None
    found = set()
    for one in concept if type(concept) is list else (concept,):
        coded = one.get("coding") if type(one) is dict else None
        for coding in coded if type(coded) is list else ():
            if type(coding) is dict and type(code := coding.get("code")) is str and code:
                found.add(code)
    return found


def system(value: object) -> str:
    """An identifier's or coding's system for comparison: without scheme and trailing slash, lower case (facts 4)."""
    return _system(word(value, "system"))


@lru_cache(maxsize=1024)  # a document has a few dozen, at every line of its receipt
def _system(written: str) -> str:
    return written.lower().removeprefix("http://").removeprefix("https://").rstrip("/")


def profiles(resource: Json) -> list[str]:
    """What the resource names in meta.profile."""
    meta = resource.get("meta")
    named = meta.get("profile") if type(meta) is dict else None
    return [one for one in named if type(one) is str] if type(named) is list else []


def names_iclaim(resource: Json) -> bool:
    """Whether the resource names a profile of the iClaim guide."""
    return any(one == ICLAIM or one.startswith(_OF_ICLAIM) for one in profiles(resource))


def institution_code(organization: Json) -> str:
    """The institution code of an Organization: of a known system, else a ten-digit PRN number; empty without one."""
    numbered = [
        (
            system(identifier) in INSTITUTION_SYSTEMS,
            normalise.text(word(identifier, "value")),
            codes(identifier, "type"),
        )
        for _, identifier in objects(organization, "identifier")
    ]
    known = [value for is_known, value, _ in numbered if is_known and value]
    typed = [value for _, value, kinds in numbered if "PRN" in kinds and is_institution_code(value)]
    return (known or typed or [""])[0]


class Entry(NamedTuple):
    """One entry of the document; `place` is that of its resource."""

    index: int
    full_url: str
    type: str
    resource: Json
    of_iclaim: bool  # it names a profile of the iClaim guide

    @property
    def place(self) -> Place:
        return ("entry", self.index, "resource")


@dataclass
class Document:
    """The entries of a Bundle that hold a resource, and where references lead."""

    bundle: Json
    entries: list[Entry] = field(default_factory=list)
    _by_type: dict[str, list[Entry]] = field(default_factory=dict)
    _by_url: dict[str, Entry] = field(default_factory=dict)
    _by_id: dict[str, Entry | None] = field(default_factory=dict)  # "Type/id"; None when several share it

    @classmethod
    def of(cls, bundle: Json) -> "Document":
        document = cls(bundle)
        for index, entry in objects(bundle, "entry"):
            resource = child(entry, "resource")
            found = Entry(
                index, word(entry, "fullUrl"), word(resource, "resourceType"), resource, names_iclaim(resource)
            )
            document.entries.append(found)
            document._by_type.setdefault(found.type, []).append(found)
            document._by_url.setdefault(found.full_url, found)
            if identity := word(resource, "id"):
                key = f"{found.type}/{identity}"
                document._by_id[key] = None if key in document._by_id else found
        document._by_url.pop("", None)
        return document

    def typed(self, name: str) -> list[Entry]:
        """The entries of a resource type, in document order."""
        return self._by_type.get(name, [])

    @property
    def composition(self) -> Json:
        """The Composition, when it stands first; otherwise an empty object."""
        first = self.entries[0] if self.entries else None
        return first.resource if first is not None and first.index == 0 and first.type == "Composition" else {}

    def contained(self) -> Iterator[tuple[Entry, Json]]:
        """Every resource contained in an entry's resource."""
        for entry in self.entries:
            for _, inner in objects(entry.resource, "contained"):
                yield entry, inner

    def find(self, reference: str, source: Entry | None) -> tuple[Entry | None, bool]:
        """The entry that a reference in `source` leads to, and whether only its type and id led there.

        R4: an absolute reference equals a fullUrl; a relative one is completed from the fullUrl of its own entry.
        By type and id alone is what published iClaim instances need (facts 1.9); it is told as a warning.
        """
        plain = _VERSION.sub("", reference.partition("#")[0])
        if found := self._by_url.get(plain):
            return found, False
        relative = _REST.fullmatch(plain)
        if relative is None or relative["root"]:
            return None, False
        own = _REST.fullmatch(source.full_url) if source is not None else None
        if own is not None and own["root"]:
            if found := self._by_url.get(own["root"] + plain):
                return found, False
        return self._by_id.get(plain), True

    def resolve(self, reference: object, source: Entry | None) -> Json:
        """The resource behind a Reference, an entry or contained in its source; empty when there is none."""
        target = word(reference, "reference")
        if target.startswith("#") and source is not None:
            inside = (inner for _, inner in objects(source.resource, "contained") if word(inner, "id") == target[1:])
            return next(inside, {})
        found, _ = self.find(target, source) if target else (None, False)
        return found.resource if found is not None else {}


def is_absolute(full_url: str) -> bool:
    """Whether a fullUrl is absolute, a well-formed urn:uuid when it is one, and names no version (bdl-8)."""
    return _ABSOLUTE.fullmatch(full_url) is not None and "/_history/" not in full_url
