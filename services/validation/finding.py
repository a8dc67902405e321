"""What validating one record gives."""

from dataclasses import dataclass

from schemas.evidence import Content, Evidence
from schemas.problems import Problem
from schemas.records import Record


@dataclass(frozen=True)
class Child:
    """A record split from a file: its envelope, its bytes, its own problems and view."""

    record: Record
    body: bytes
    problems: tuple[Problem, ...]
    content: Evidence | None


@dataclass(frozen=True)
class Finding:
    """Every problem of a record in published order; `content` is None exactly when one of them is an error."""

    problems: tuple[Problem, ...]
    content: Content | None
    children: tuple[Child, ...] = ()
