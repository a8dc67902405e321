"""The faults of one FHIR content while it is read: places as tokens from the root, rendered once at the end.

A place is ("entry", 3, "resource", "period", "start"); it becomes the FHIRPath `Bundle.entry[3].resource.period.start`
and the JSON pointer `/entry/3/resource/period/start`.
"""

from collections.abc import Iterable
from typing import NamedTuple

from adapters.json_text import is_name, pointer
from schemas.problems import Problem, Severity, catalogue, errors, problem

Place = tuple[str | int, ...]


class Fault(NamedTuple):
    """One fault, its place relative to the value that was checked; `missing` names what should stand there."""

    place: Place
    code: str
    missing: str = ""
    severity: Severity | None = None  # None: the catalogue's
    names: tuple[tuple[str, str | int], ...] = ()


_Fault = tuple[Place, Place, str, tuple[tuple[str, str | int], ...]]  # place, path of what is missing, code, names

LIMIT = 500  # problems told at once: more than anyone reads, and less than would make the answer a burden
ENOUGH = 2 * LIMIT  # errors, and warnings, after which nobody looks for more
FULL = 4 * ENOUGH  # faults on their way up that are worth cutting down to the first


def first(faults: list[Fault]) -> tuple[list[Fault], bool]:
    """The first `ENOUGH` errors and as many warnings in published order, and whether the errors are enough.

    So what is told of a hostile content depends neither on the order of its keys nor on how much there is of it.
    """
    kept: dict[Severity, list[Fault]] = {severity: [] for severity in Severity}
    for fault in sorted(faults, key=_position):
        of_weight = kept[fault.severity or catalogue()[fault.code].severity]
        if len(of_weight) < ENOUGH:
            of_weight.append(fault)
    return [fault for found in kept.values() for fault in found], len(kept[Severity.ERROR]) == ENOUGH


def _path(missing: str) -> Place:
    return tuple(missing.removesuffix("[x]").split(".")) if missing else ()


def _position(fault: Fault) -> tuple[object, ...]:
    return (_ordered(fault.place + _path(fault.missing)), fault.code, tuple(sorted(fault.names)))


def _ordered(place: Place) -> tuple[tuple[int, int, str], ...]:
    """A place for comparison: numbers as numbers, before names."""
    return tuple((0, token, "") if isinstance(token, int) else (1, 0, token) for token in place)


def expression(root: str, place: Place) -> str:
    """FHIRPath of a place. `_birthDate` is the element birthDate; a key that is no element name ends the path."""
    out = [root]
    for token in place:
        if isinstance(token, int):
            out.append(f"[{token}]")
        elif is_name(token):
            out.append(f".{token.removeprefix('_')}")
        else:
            break
    return "".join(out)


class Faults:
    """Collects faults. Errors and warnings have a limit each: no number of warnings may hide an error."""

    def __init__(self, root: str = "Bundle") -> None:
        self.root = root
        self._found: dict[_Fault, Severity] = {}
        self._counts = dict.fromkeys(Severity, 0)

    def add(
        self, code: str, place: Place, *, missing: str = "", severity: Severity | None = None, **names: str | int
    ) -> None:
        """A fault at a place; `missing` names the element (dotted when deeper) that should stand there."""
        if missing:
            names = {"element": missing, **names}
        path = _path(missing)
        weight = severity or catalogue()[code].severity
        fault = (place, path, code, tuple(sorted(names.items())))
        if self._counts[weight] < ENOUGH and fault not in self._found:
            self._found[fault] = weight
            self._counts[weight] += 1

    def take(self, faults: Iterable[Fault], prefix: Place = ()) -> None:
        """Faults found relative to the value at `prefix`."""
        for one in faults:
            self.add(one.code, prefix + one.place, missing=one.missing, severity=one.severity, **dict(one.names))

    def problems(self) -> tuple[Problem, ...]:
        """In published order: by place (numbers as numbers, whatever the order of keys), then code.

        A missing element's pointer is that of its parent, for nothing else exists. Past the limit the first errors
        stay, then the first warnings, and a last problem says that there are more.
        """
        rendered = [
            problem(code, expression(self.root, place + path), pointer(place), severity=severity, **dict(names))
            for (place, path, code, names), severity in sorted(self._found.items(), key=_order)
        ]
        if len(rendered) <= LIMIT:
            return tuple(rendered)
        kept = [one for one in rendered if one.severity == Severity.ERROR][:LIMIT]
        kept += [one for one in rendered if one.severity != Severity.ERROR][: LIMIT - len(kept)]
        rest = Severity.ERROR if errors(kept) else Severity.WARNING
        return (*kept, problem("too-many-problems", self.root, severity=rest, limit=LIMIT))


def _order(item: tuple[_Fault, Severity]) -> tuple[object, ...]:
    (place, path, code, names), _ = item
    return (_ordered(place + path), code, names)
