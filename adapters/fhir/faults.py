"""The faults of one FHIR content while it is read: places as tokens from the root, rendered once at the end.

A place is ("entry", 3, "resource", "period", "start"); it becomes the FHIRPath `Bundle.entry[3].resource.period.start`
and the JSON pointer `/entry/3/resource/period/start`.
"""

from adapters.json_text import is_name, pointer
from schemas.problems import Problem, Severity, catalogue, errors, problem

Place = tuple[str | int, ...]
_Fault = tuple[Place, Place, str, tuple[tuple[str, str | int], ...]]  # place, path of what is missing, code, names

LIMIT = 500  # problems told at once: more than anyone reads, and less than would make the answer a burden


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
    """Collects faults; `full` says that enough errors were found, so that a reader may stop looking for more.

    Errors and warnings have a limit each: no number of warnings may hide an error.
    """

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
        path = tuple(missing.removesuffix("[x]").split(".")) if missing else ()
        weight = severity or catalogue()[code].severity
        fault = (place, path, code, tuple(sorted(names.items())))
        if self._counts[weight] < 2 * LIMIT and fault not in self._found:
            self._found[fault] = weight
            self._counts[weight] += 1

    @property
    def full(self) -> bool:
        return self._counts[Severity.ERROR] >= 2 * LIMIT

    def places(self) -> set[Place]:
        """Where something was found, missing elements as places of their own."""
        return {place + path for place, path, _, _ in self._found}

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
    return (tuple((0, token, "") if isinstance(token, int) else (1, 0, token) for token in place + path), code, names)
