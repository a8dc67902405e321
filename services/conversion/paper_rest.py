"""What the forms have no place for: laboratory results in a table, the hospital's own narrative as plain text, every
other value in a list. Nothing of a document is hidden; past the limits it is counted by kind.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from adapters.fhir.document import child, objects, word
from adapters.fhir.faults import Place, expression
from services.conversion.paper_fields import period, sequence, told
from services.conversion.paper_trace import Line, Node, Trace, Value, concept, joined, merged, plain, visible
from services.conversion.paper_words import ELEMENTS, FLAG, TYPES, written

RESULTS = 1_000  # rows of the laboratory; an intensive stay has some hundreds
VALUES = 3_000  # values in the list of the rest; documents of certificate and receipt have some hundreds
SHORT = 300  # characters of a value in that list: an attachment is named, not printed
NARRATIVE = 20_000  # characters of a narrative, which a hospital wrote to be read
KEY = 60  # characters of an element's name; R4's longest has half of that


@dataclass(frozen=True)
class Result:
    """One row: test, result, range that counts as normal, judgement, day. `part`: a component of the row above."""

    name: Line
    value: Line
    range: Line
    flag: Line
    days: Line
    part: bool = False


@dataclass(frozen=True)
class Report:
    """A report with its results; the results of no report come under an empty title."""

    title: Line
    about: Line
    conclusion: Line
    results: tuple[Result, ...]


@dataclass(frozen=True)
class Rest:
    """An element of a resource: `label` in Chinese where known, `path`, and (key, value) of each value in it."""

    label: str
    path: str
    values: tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Group:
    """The rest of one resource, or of the Bundle itself."""

    title: str
    path: str
    rows: tuple[Rest, ...]


@dataclass(frozen=True)
class Inside:
    """What the document consists of, for machines: (path, type, names) of each entry, code systems and the like, kinds
    (in Chinese, of R4, how many). `names`: all that these tell, so that the list of the rest need not repeat it."""

    entries: tuple[tuple[str, str, tuple[str, ...]], ...]
    systems: tuple[str, ...]
    kinds: tuple[tuple[str, str, int], ...]
    names: frozenset[str]


def reports(trace: Trace) -> list[Report]:
    """Each DiagnosticReport with the Observations that it names, then the other Observations."""
    left = {one.place: one for one in trace.typed("Observation")}
    drawn: list[Report] = []
    room = RESULTS
    for report in trace.typed("DiagnosticReport"):
        own = [left.pop(one.place) for one in map(_target, report.each("result")) if one.place in left][:room]
        room -= len(own)
        drawn.append(_report(report, own))
    if left and room > 0:
        drawn.append(Report((), (), (), tuple(row for one in [*left.values()][:room] for row in _results(one))))
    return drawn


def _target(reference: Node) -> Node:
    return reference.target()


def _report(report: Node, results: list[Node]) -> Report:
    numbers = joined([value for one in report.each("identifier") for value in one.say("value")])
    days = report.day("effectiveDateTime") or period(report.at("effectivePeriod"))
    about = sequence(*(numbers, days))
    rows = tuple(row for one in results for row in _results(one))
    title = (*concept(report.at("code")), *told(report))
    return Report(title or ("檢驗檢查報告",), about, report.say("conclusion"), rows)


def _results(node: Node) -> list[Result]:
    days = node.day("effectiveDateTime", short=True) or period(node.at("effectivePeriod"), short=True)
    rows = [_result(node, (*days, *told(node)), part=False)]
    return rows + [_result(one, (), part=True) for one in node.each("component")[:RESULTS]]


def _result(node: Node, days: Line, part: bool) -> Result:
    ranges = [_range(one) for one in node.each("referenceRange")]
    flags = [value for one in node.each("interpretation") for value in concept(one, FLAG) if isinstance(value, Value)]
    between = tuple(piece for one in ranges if one for piece in ("；", *one))[1:]
    return Result(concept(node.at("code")), _said(node), between, joined(flags), days, part)


def _range(node: Node) -> Line:
    if text := node.say("text"):
        return text
    low, high = _quantity(node.at("low")), _quantity(node.at("high"))
    if low and high:
        return (*low, " – ", *high)
    return ("≥ ", *low) if low else (("≤ ", *high) if high else ())


def _quantity(node: Node) -> Line:
    value, unit, code = node.amount("value"), node.say("unit"), node.say("code")
    if unit and code and unit[0].raw != code[0].raw:
        code = ()  # another writing of the unit, for machines
    shown = merged([*unit, *code])
    return (*node.say("comparator"), *value, *((" ", *shown) if shown else ())) if value else ()


def _said(node: Node) -> Line:
    """The value of a result, of whatever type; else why there is none."""
    coded = concept(node.at("valueCodeableConcept"))
    simple = [value for key in ("valueString", "valueInteger", "valueBoolean") for value in node.say(key)]
    days = [value for key in ("valueDateTime", "valueTime") for value in node.day(key)]
    found = _quantity(node.at("valueQuantity")) or coded or joined([*simple, *days])
    return found or period(node.at("valuePeriod")) or concept(node.at("dataAbsentReason"))


def rest(trace: Trace, forms: set[Place], inside: Inside) -> tuple[list[Group], list[tuple[str, int]]]:
    """(every value that is not in the forms, by resource; kinds and numbers of what is beyond the limit)."""
    groups: dict[Place, dict[Place, list[tuple[str, Value]]]] = {}
    beyond: Counter[str] = Counter()
    room = VALUES
    for place, value in _leaves(trace):
        if place in forms or (_technical(place) and value in inside.names):
            continue
        owner = place[:3] if len(place) > 3 and place[0] == "entry" and place[2] == "resource" else ()
        if room <= 0:
            beyond[_kind(trace, owner)] += 1
            continue
        room -= 1
        inner = place[len(owner) :]
        element = inner[: 2 if len(inner) > 1 and isinstance(inner[1], int) else 1]
        drawn = _value(place, value)
        groups.setdefault(owner, {}).setdefault(owner + element, []).append((_key(inner[len(element) :]), drawn))
    found = [
        Group(
            _title(trace, owner),
            expression("Bundle", owner),
            tuple(
                Rest(_label(place[len(owner)]), _key(place[len(owner) :]), tuple(values))
                for place, values in rows.items()
            ),
        )
        for owner, rows in groups.items()
    ]
    return found, sorted(beyond.items())


def _leaves(trace: Trace) -> Iterator[tuple[Place, object]]:
    """Every text, number and boolean of the document in its order, with its place."""
    stack: list[tuple[Place, object]] = [((), trace.document.bundle)]
    while stack:
        place, value = stack.pop()
        if type(value) is dict:
            stack += [((*place, key), item) for key, item in reversed(value.items())]
        elif type(value) is list:
            stack += [((*place, index), item) for index, item in reversed([*enumerate(value)])]
        elif plain(value):
            yield place, value


_SYSTEMS = ("system", "url", "valueSet", "valueCanonical")


def _technical(place: Place) -> bool:
    """Whether a value only names a resource, a profile or a code system: it says nothing of persons or money."""
    last = next((token for token in reversed(place) if isinstance(token, str)), "")
    if last in ("reference", *_SYSTEMS):
        return True
    if "meta" in place[:4]:
        return last in ("profile", "versionId", "lastUpdated", "source")
    return place in (("resourceType",), ("type",), ("id",)) or (
        place[0] == "entry" and (place[2:] == ("fullUrl",) or place[3:] in (("id",), ("resourceType",)))
    )


def inside(trace: Trace) -> Inside:
    """The contents for machines."""
    bundle = trace.document.bundle
    rows = [("Bundle", "Bundle", (word(bundle, "type"), word(bundle, "id"), *_meta(bundle)))]
    told = {"Bundle"}
    for entry in trace.document.entries[:VALUES]:
        identity, local = word(entry.resource, "id"), f"{entry.type}/{word(entry.resource, 'id')}"
        inner = (f"#{one}" for _, held in objects(entry.resource, "contained") if (one := word(held, "id")))
        own = () if entry.full_url.endswith(identity) else (local,)
        rows.append(
            (expression("Bundle", entry.place), entry.type, (entry.full_url, *own, *inner, *_meta(entry.resource)))
        )
        told |= {entry.type, identity} | ({local} if entry.full_url.endswith(local) else set())
    told |= {name for _, _, names in rows for name in names}
    systems = dict.fromkeys(
        value for place, value in _leaves(trace) if place[-1] in _SYSTEMS and isinstance(value, str) and "://" in value
    )
    shown = tuple(one for one in systems if _plain(one))[:VALUES]
    kinds = Counter(entry.type for entry in trace.document.entries)
    return Inside(
        entries=tuple((path, visible(kind, SHORT), tuple(filter(_plain, names))) for path, kind, names in rows),
        systems=shown,
        kinds=tuple((TYPES.get(kind, ""), visible(kind, KEY), number) for kind, number in sorted(kinds.items())),
        names=frozenset({one for one in told if _plain(one)} | set(shown)),
    )


def _plain(name: str) -> bool:
    """Whether a name can stand in the list of contents as it is."""
    return 0 < len(name) <= SHORT and visible(name) == name


def _meta(resource: object) -> list[str]:
    meta = child(resource, "meta")
    named = meta.get("profile")
    profiles = [one for one in named if type(one) is str] if type(named) is list else []
    return [*profiles, *(word(meta, key) for key in ("versionId", "lastUpdated", "source"))]


def _value(place: Place, value: object) -> Value:
    raw = plain(value)
    if place[-1] == "div" and place[-2:-1] == ("text",):
        return Value(visible(narrative(raw), NARRATIVE), "", (place,))
    text, note = written(raw) if isinstance(value, str) and len(raw) > 9 and raw[:4].isdigit() else (raw, "")
    if text != raw:
        return Value(text, raw, (place,), moment=True, note=note)
    return Value(visible(raw, SHORT), raw if len(raw) <= SHORT else "", (place,))


_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)?[^<>]*>")
_BLOCKS = frozenset({"p", "div", "tr", "li", "br", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "caption"})


def narrative(markup: str) -> str:
    """The words of a narrative, a line for each block. Nothing of it is ever drawn as markup."""
    text = unescape(_TAG.sub(_apart, markup))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _apart(tag: re.Match[str]) -> str:
    name = (tag[2] or "").lower()
    return "\n" if name in _BLOCKS else "  " if name in ("td", "th") else ""


def _title(trace: Trace, owner: Place) -> str:
    kind = _kind(trace, owner)
    return f"{TYPES[kind]} {kind}" if kind in TYPES else kind


def _kind(trace: Trace, owner: Place) -> str:
    if not owner:
        return "Bundle"
    entry = trace.entries.get(owner[1])  # type: ignore[arg-type]
    return visible(entry.type, KEY) if entry is not None and entry.type else "?"


def _label(element: str | int) -> str:
    return ELEMENTS.get(str(element).removeprefix("_"), "")


def _key(tokens: Place) -> str:
    """Element names of a place; not FHIRPath, for a key may be anything."""
    parts = [f"[{token}]" if isinstance(token, int) else f".{visible(token, KEY)}" for token in tokens]
    return "".join(parts).removeprefix(".")
