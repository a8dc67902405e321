"""Single faults put into valid resources: which of them the validator refuses, and where it says the fault is."""

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from adapters import json_text
from adapters.fhir.faults import expression
from schemas.problems import Problem, Severity
from services.validation.resource import check
from tests.mutation import bundles, rules, structure, texts, values
from tests.mutation.subjects import TYPES, Subject, subjects
from tests.mutation.walk import Place, Walk

BARREN = 15  # rounds over all faults and types without a new mutant; then there are no more to find
TRIES = 40  # subjects in which a fault may find no place, before it is left out this round

Mutator = Callable[[Walk, random.Random], Any]
MUTATORS: dict[str, Mutator] = {
    **{one.__name__.replace("_", "-"): one for module in (structure, values, rules, bundles) for one in module.FAULTS},
    **values.NAMED,
    **rules.NAMED,
    **{one.__name__.replace("_", "-"): one for one in texts.FAULTS},
    **texts.NAMED,
}


class Mutant(NamedTuple):
    """`place`: of the fault, None in broken JSON; `path`: the same as FHIRPath from the mutated resource, no numbers."""

    fault: str
    type: str
    subject: Subject
    place: Place | None
    path: str
    body: bytes


class Survivor(NamedTuple):
    """A class of mutants that are taken, and why: `path` is a pattern."""

    fault: str
    path: str
    why: str


def mutants(
    seed: int, count: int, shared: bool = False, faults: Sequence[str] = tuple(MUTATORS), types: Sequence[str] = TYPES
) -> Iterator[Mutant]:
    """So many different mutants, spread evenly over faults and types; the same for the same seed and examples."""
    found: set[bytes] = set()
    cells = [(fault, kind) for fault in faults for kind in types]
    number, last = 0, 0  # the round, and the last one that gave anything
    while number - last <= BARREN:
        for fault, kind in cells:
            chance = random.Random(f"{seed}/{number}/{fault}/{kind}")
            mutant = _mutant(fault, kind, subjects(shared)[kind], chance)
            if mutant is not None and mutant.body not in found:
                found.add(mutant.body)
                yield mutant
                last = number
                if len(found) == count:
                    return
        number += 1


def _mutant(fault: str, kind: str, some: Sequence[Subject], chance: random.Random) -> Mutant | None:
    for subject in chance.sample(some, min(TRIES, len(some))):
        walk = Walk(subject.root(), subject.place)
        try:
            result = MUTATORS[fault](walk, chance)
        except LookupError:
            continue
        if isinstance(result, bytes):
            return Mutant(fault, kind, subject, None, kind, result)
        path = re.sub(r"\[\d+\]", "", expression(kind, result[len(subject.place) :]))
        return Mutant(fault, kind, subject, result, path, json_text.write(walk.root))
    return None


def refusals(mutant: Mutant) -> list[Problem]:
    """The errors that the validator tells of a mutant."""
    return [one for one in check(mutant.body) if one.severity == Severity.ERROR]


def placed(mutant: Mutant, told: Sequence[Problem]) -> bool:
    """Whether an error stands at the fault or above it; in broken JSON: whether it has line and column."""
    if mutant.place is None:
        return any(one.line for one in told)
    fault = "".join(f"/{token}" for token in mutant.place)
    # `_given` is the element given.
    return any(f"{fault}/".replace("/_", "/").startswith(f"{one.pointer}/".replace("/_", "/")) for one in told)


@cache
def survivors() -> tuple[Survivor, ...]:
    """The committed list of what survives."""
    listed = json.loads((Path(__file__).parent / "survivors.json").read_text())
    return tuple(Survivor(**one) for one in listed)


def explained(mutant: Mutant) -> Survivor | None:
    """The line of the list that a survivor falls under."""
    for one in survivors():
        if one.fault == mutant.fault and re.fullmatch(one.path, mutant.path):
            return one
    return None
