"""Rules that need the whole: contained resources, entries of a Bundle, and what references lead to.

Sources: https://hl7.org/fhir/R4/references.html#contained (dom-2 to dom-5, ref-1), bundle.html (fullUrl, bdl-7, bdl-8,
how references resolve, what each type of Bundle holds), documents.html (what a Composition refers to is inside, and
nothing else is). What R4 leaves to the reader is a warning.

Of a Bundle that is meant to be complete, a document or message, every reference is followed. Others may refer to what
stands elsewhere: there only urn: references, which lead nowhere else, are told when they resolve to nothing. References
by type and id alone are not R4's, but what published iClaim instances have (docs/facts-fhir-taiwan.md 1.9): a warning.

Linear in what was gathered; places are looked up only where something is told.
"""

import re
from collections.abc import Iterable

from adapters.fhir import definitions
from adapters.fhir.document import Json, child, is_absolute, objects, word
from adapters.fhir.faults import Fault, Place
from adapters.fhir.parsed import Parsed, Standing
from schemas.problems import Severity

# What R4 has to be inside when the Composition names it (documents.html); relatesTo names other documents.
NAMED = frozenset({"subject", "encounter", "author", "attester", "custodian", "event", "section"})
_COMPLETE = frozenset({"document", "message"})
_IDENTIFIED = _COMPLETE | {"collection", "searchset", "history"}  # entries have a fullUrl
_OF_RESOURCES = _COMPLETE | {"collection", "searchset"}  # entries hold a resource
_BODIES = {  # methods whose entry holds the resource that is sent
    "batch": ("POST", "PUT", "PATCH"),
    "transaction": ("POST", "PUT", "PATCH"),
    "history": ("POST", "PUT"),
}
_PAGING = frozenset({"self", "first", "previous", "prev", "next", "last"})
_VERSION = re.compile(r"/_history/([A-Za-z0-9\-.]{1,64})$")
_TYPE_AND_ID = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_WARNING = Severity.WARNING


def check(parsed: Parsed) -> list[Fault] | None:
    """The faults of the whole content, with places from its root; None when there are none."""
    found: list[Fault] = []
    bundles: dict[int, _Bundle] = {}
    for standing in parsed.resources:
        around = bundles.get(id(standing.bundle)) if standing.bundle is not None else None
        if standing.contained:
            found += _contained(standing, parsed, around)
        if standing.value["resourceType"] == "Bundle":
            bundle = bundles[id(standing.value)] = _Bundle(standing.value, _place(standing, parsed, around))
            found += bundle.found
        if standing.references:
            told = _follow(standing, around)
            if told:
                found += _located(told, standing, _place(standing, parsed, around), around)
    for bundle in bundles.values():
        if bundle.kind == "document":
            found += bundle.unreached()
    return found or None


def _place(standing: Standing, parsed: Parsed, around: "_Bundle | None") -> Place:
    if standing.value is parsed.root:
        return ()
    index = around.index_of.get(id(standing.value)) if around is not None else None
    if around is None or index is None:
        return parsed.place_of(standing.value)
    return (*around.place, "entry", index, "resource")


# --- contained resources ---


def _contained(standing: Standing, parsed: Parsed, around: "_Bundle | None") -> list[Fault]:
    wanted = {reference.get("reference") for reference, _ in standing.references if _is_local(reference)}
    found: list[Fault] = []
    seen: set[str] = set()
    fragments: set[str] | None = None
    for index, inner in objects(standing.value, "contained"):
        place = ("contained", index)
        identity = word(inner, "id")
        if not identity:
            found.append(Fault(place, "contained-id-missing"))
        elif identity in seen:
            found.append(Fault(place, "contained-id-duplicate"))
        seen.add(identity)
        if f"#{identity}" not in wanted:
            fragments = standing.fragments() if fragments is None else fragments
            if f"#{identity}" not in fragments and "#" not in Standing(inner).fragments():
                found.append(Fault(place, "contained-unreferenced"))
        if "contained" in inner:
            found.append(Fault(place, "contained-nested"))
        meta = inner.get("meta")
        if type(meta) is dict:
            if "versionId" in meta or "lastUpdated" in meta:
                found.append(Fault(place, "contained-version"))
            if "security" in meta:
                found.append(Fault(place, "contained-security"))
    if not found:
        return found
    prefix = _place(standing, parsed, around)
    return [Fault(prefix + fault.place, fault.code) for fault in found]


def _is_local(reference: Json) -> bool:
    written = reference.get("reference")
    return type(written) is str and written[:1] == "#"


# --- Bundles ---


class _Bundle:
    """A Bundle's entries by fullUrl and by type and id; `found`: what is wrong with the entries themselves."""

    def __init__(self, value: Json, place: Place) -> None:
        self.value = value
        self.place = place
        self.kind = word(value, "type")
        self.found: list[Fault] = []
        self.index_of: dict[int, int] = {}  # by the identity of the entry's resource
        self.edges: list[tuple[int, int]] = []  # which entry refers to which
        self.urls: dict[str, int] = {}  # the first entry with that fullUrl
        self.twins: dict[str, dict[str, int]] = {}  # where there are more, the first of each version
        self._provenances: set[int] = set()
        self._ids: dict[str, int] = {}  # Type/id: its entry, or minus one when several have it
        entries = value.get("entry")
        self._entries: list[object] = entries if type(entries) is list else []
        for index, entry in enumerate(self._entries):
            if type(entry) is dict:
                self._read(index, entry)
        if "link" in value:
            self._links()

    def _tell(self, code: str, *place: str | int, missing: str = "", severity: Severity | None = None) -> None:
        self.found.append(Fault((*self.place, "entry", *place), code, missing, severity))

    def _read(self, index: int, entry: Json) -> None:
        url, resource = entry.get("fullUrl"), entry.get("resource")
        name: object = None
        identity: object = None
        if type(resource) is dict:
            self.index_of[id(resource)] = index
            name, identity = resource.get("resourceType"), resource.get("id")
        else:
            self._without_resource(index, entry)
        if type(url) is str and url:
            if not is_absolute(url):
                self._tell("full-url-relative", index)
            elif url.startswith("http") and type(identity) is str and not _agree(url, name, identity):
                # R4 forbids it, and HL7's own message and collection examples have it.
                self._tell("full-url-id", index, severity=None if self.kind == "document" else _WARNING)
            if self.urls.setdefault(url, index) != index:
                self._repeated(url, index)
        elif "fullUrl" not in entry and "_fullUrl" not in entry and self.kind in _IDENTIFIED:
            self._without_url(index, entry)
        if name == "Provenance":
            self._provenances.add(index)
        if type(name) is str and type(identity) is str:
            key = f"{name}/{identity}"
            if self._ids.setdefault(key, index) != index:
                self._ids[key] = -1
                if self.kind in _COMPLETE and not (type(url) is str and url in self.twins):
                    self._tell("resource-id-duplicate", index, "resource")
        if self.kind == "searchset" and type(resource) is dict:
            self._search_result(index, entry, resource)

    def _repeated(self, url: str, index: int) -> None:
        """bdl-7: only another version of a resource has the same fullUrl."""
        first = self.urls[url]
        versions = self.twins.setdefault(url, {self._version(first): first})
        if versions.setdefault(self._version(index), index) != index and self.kind != "history":
            self._tell("full-url-duplicate", index, "fullUrl")

    def _version(self, index: int) -> str:
        return word(self._entries[index], "resource", "meta", "versionId")

    def _without_url(self, index: int, entry: Json) -> None:
        if self.kind in _COMPLETE:
            self._tell("full-url-missing", index, missing="fullUrl")
        elif "resource" in entry and word(entry, "search", "mode") != "outcome":
            # Results of an operation may be resources without identity.
            self._tell("full-url-missing", index, missing="fullUrl", severity=_WARNING)

    def _without_resource(self, index: int, entry: Json) -> None:
        """Entries without anything are bdl-5's."""
        if "resource" in entry or not ("request" in entry or "response" in entry):
            return
        request = child(entry, "request")
        url, method = word(request, "url"), word(request, "method")
        operation = "$" in url or "_search" in url  # its parameters may all be in the URL
        if self.kind in _OF_RESOURCES or (method in _BODIES.get(self.kind, ()) and not operation):
            self._tell("entry-without-resource", index)

    def _search_result(self, index: int, entry: Json, resource: Json) -> None:
        outcome = resource.get("resourceType") == "OperationOutcome"
        mode = word(entry, "search", "mode")
        if mode and (mode == "outcome") is not outcome:
            self._tell("search-mode", index, "resource")
        if "id" not in resource and not outcome:
            self._tell("search-id", index, "resource")

    def _links(self) -> None:
        seen: set[str] = set()
        for index, link in objects(self.value, "link"):
            relation = word(link, "relation")
            if relation in seen:
                self.found.append(Fault((*self.place, "link", index), "link-duplicate"))
            elif relation in _PAGING:
                seen.add(relation)
            elif relation == "stylesheet":  # documents.html#css: part of the document though nothing refers to it
                target, _ = self.resolve(word(link, "url"), 0)
                if target is not None:
                    self.edges.append((0, target))

    def resolve(self, reference: str, source: int | None) -> tuple[int | None, str]:
        """The entry that a reference in an entry leads to; and how: `` as R4 says, `id`, `ambiguous`, or `nowhere`."""
        plain, version = reference.partition("#")[0], ""
        if found := _VERSION.search(plain):
            plain, version = plain[: found.start()], found[1]
        url = plain
        relative = _TYPE_AND_ID.fullmatch(plain) is not None
        if relative and source is not None:
            url = _root(word(self._entries[source], "fullUrl")) + plain
        if url in self.urls:
            return self._of_version(url, version)
        if relative and (target := self._ids.get(plain)) is not None:
            return (None, "ambiguous") if target < 0 else (target, "id")
        return None, "nowhere"

    def _of_version(self, url: str, version: str) -> tuple[int | None, str]:
        """Of the entries with one fullUrl the one that is meant. An entry that says no version may be any."""
        first = self.urls[url]
        versions = self.twins.get(url) or {self._version(first): first}
        if version:
            found = versions.get(version, versions.get(""))
            return (None, "nowhere") if found is None else (found, "")
        return (first, "") if len(versions) == 1 or self.kind == "history" else (None, "ambiguous")

    def unreached(self) -> Iterable[Fault]:
        """Entries of a document to which no chain of references leads; a Provenance is reached from what it is about."""
        if word(self._entries[0] if self._entries else None, "resource", "resourceType") != "Composition":
            return []
        onward: list[list[int]] = [[] for _ in self._entries]
        for source, target in self.edges:
            onward[source].append(target)
            if source in self._provenances:
                onward[target].append(source)
        reached = {0}
        waiting = [0]
        while waiting:
            for target in onward[waiting.pop()]:
                if target not in reached:
                    reached.add(target)
                    waiting.append(target)
        rest = set(self.index_of.values()) - reached
        return [Fault((*self.place, "entry", index), "entry-unreachable") for index in rest]


def _root(full_url: str) -> str:
    """What a RESTful fullUrl has before type and id; nothing of any other."""
    parts = full_url.rsplit("/", 2)
    if len(parts) == 3 and full_url.startswith("http") and _TYPE_AND_ID.fullmatch(f"{parts[1]}/{parts[2]}"):
        return f"{parts[0]}/"
    return ""


def _agree(url: str, name: object, identity: str) -> bool:
    """Whether a fullUrl ends with the id, and with the type before it where it names a type of R4."""
    parts = url.rsplit("/", 2)
    if parts[-1] != identity:
        return False
    return parts[-2] == name or parts[-2] not in definitions.resources()


# --- what references lead to ---


def _follow(standing: Standing, around: _Bundle | None) -> dict[int, str]:
    """By the identity of its Reference object what is wrong with a reference."""
    told: dict[int, str] = {}
    value = standing.value
    source = around.index_of.get(id(value)) if around is not None else None
    local: set[str] | None = None
    for reference, _ in standing.references:
        written = reference.get("reference")
        if type(written) is not str or not written:
            continue
        if written[0] == "#":
            if local is None:
                local = {f"#{word(inner, 'id')}" for inner in standing.contained}
            if written != "#" and written not in local:
                told[id(reference)] = "reference-contained"
        elif around is not None:
            target, how = around.urls.get(written), ""
            if target is None or written in around.twins:
                target, how = around.resolve(written, source)
                if how and _is_told(how, around.kind, written):
                    told[id(reference)] = how
            if target is not None and source is not None:
                around.edges.append((source, target))
    return told


def _is_told(how: str, kind: str, written: str) -> bool:
    return how == "ambiguous" or kind in _COMPLETE or (how == "nowhere" and written.startswith("urn:"))


_CODES = {"nowhere": "reference-unresolved", "id": "reference-by-id"}


def _located(told: dict[int, str], standing: Standing, place: Place, around: _Bundle | None) -> list[Fault]:
    """The faults of references, each at its Reference object."""
    value = standing.value
    first = around is not None and around.kind == "document" and around.index_of.get(id(value)) == 0
    composition = first and value["resourceType"] == "Composition"
    found = []
    for inside, reference in _objects_in(value, told):
        how = told[id(reference)]
        # What the Composition itself refers to has to be there; its extensions and contained resources may go further.
        named = composition and inside[0] in NAMED and "extension" not in inside
        code, severity = _CODES.get(how, how), None
        if how == "nowhere" and named:
            code = "composition-reference"
        elif how == "ambiguous":
            code, severity = "reference-ambiguous", None if named else _WARNING
        found.append(Fault(place + inside, code, severity=severity))
    return found


def _objects_in(root: Json, wanted: dict[int, str]) -> list[tuple[Place, Json]]:
    """The wanted objects in a resource, with their places; not those in the resources that a Bundle holds."""
    found: list[tuple[Place, Json]] = []
    waiting: list[tuple[Place, object]] = [((), root)]
    while waiting:
        place, outer = waiting.pop()
        if type(outer) is dict and id(outer) in wanted:
            found.append((place, outer))
        for token, inner in outer.items() if type(outer) is dict else enumerate(outer):  # type: ignore[arg-type]
            if type(inner) is dict or type(inner) is list:
                waiting.append(((*place, token), inner))
    return found
