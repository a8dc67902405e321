"""What is wrong with the files, each problem with its cell, in the order of the files."""

from dataclasses import dataclass, replace

from schemas.problems import Problem, Severity, problem
from services.conversion.source import Cell

LIMIT = 1_000  # problems told at once; a column that is wrong in every row is told some hundred times at most


@dataclass(frozen=True)
class Found:
    """A problem and its cell; `case`: its case number, where it is known to belong to one."""

    cell: Cell
    problem: Problem
    case: str = ""

    @property
    def error(self) -> bool:
        return self.problem.severity == Severity.ERROR


class Findings:
    """Collects problems, each once."""

    def __init__(self) -> None:
        self._found: dict[tuple[Cell, str, str], Found] = {}
        self.broken: set[Cell] = set()  # rows with an error

    def add(
        self,
        code: str,
        cell: Cell,
        path: str,
        *,
        case: str = "",
        severity: Severity | None = None,
        **names: str | int,
    ) -> None:
        """A problem of the catalogue at a cell. `path`: form and field as the mapping calls them."""
        place = {"line": cell.row or None, "column": cell.column or None}
        self.put(Found(cell, problem(code, path, severity=severity, **place, **names), case))  # type: ignore[arg-type]

    def put(self, found: Found) -> None:
        self._found.setdefault((found.cell, found.problem.code, found.problem.path), found)
        if found.error:
            self.broken.add(replace(found.cell, column=0))

    def all(self) -> tuple[Found, ...]:
        """In the order of files, rows and columns; past the limit a last one says that there are more."""
        ordered = sorted(self._found.values(), key=lambda one: (one.cell, one.problem.path, one.problem.code))
        if len(ordered) <= LIMIT:
            return tuple(ordered)
        errors = [one for one in ordered if one.error][:LIMIT]
        kept = errors + [one for one in ordered if not one.error][: LIMIT - len(errors)]
        severity = Severity.ERROR if errors else Severity.WARNING
        more = Found(kept[-1].cell, problem("too-many-problems", severity=severity, limit=LIMIT))
        return (*sorted(kept, key=lambda one: (one.cell, one.problem.path, one.problem.code)), more)
