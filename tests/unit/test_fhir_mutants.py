"""Single faults in right resources: at least 99 of 100 are refused, where they are, and the rest is explained.

`python -m tests.mutation` runs as many as one likes, over the shared examples too.
"""

from collections import Counter

import pytest

from adapters import json_text
from schemas.problems import Severity
from services.validation.resource import check
from tests.mutation.harness import MUTATORS, explained, mutants, placed, refusals, survivors
from tests.mutation.subjects import TYPES, subjects
from tests.mutation.walk import Walk

SEED = 7
EACH = 350  # of each of the fifteen types: 5,250
SHARE = 0.99


@pytest.mark.parametrize("kind", TYPES)
def test_faults_are_refused_where_they_are(kind: str) -> None:
    made, refused, well = 0, 0, 0
    unexplained = Counter[tuple[str, str]]()
    for mutant in mutants(SEED, EACH, types=[kind]):
        told = refusals(mutant)
        made += 1
        refused += bool(told)
        well += placed(mutant, told)
        if not told and explained(mutant) is None:
            unexplained[mutant.fault, mutant.path] += 1
    assert unexplained == Counter()
    assert made == EACH and refused >= SHARE * made and well >= SHARE * made


@pytest.mark.parametrize("fault", MUTATORS)
def test_every_fault_has_its_mutants(fault: str) -> None:
    """A fault that fits nowhere would prove nothing; nor would one that changes nothing."""
    some = list(mutants(SEED, 4, faults=[fault]))
    assert some
    for mutant in some:
        assert mutant.body != json_text.write(mutant.subject.root())


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_mutated_is_right_and_known(kind: str) -> None:
    """Without its fault no subject is refused, and no element of one is outside the table of the mutators."""
    for subject in subjects(shared=False)[kind]:
        assert [one for one in check(subject.body) if one.severity == Severity.ERROR] == []
        walk = Walk(subject.root(), subject.place)
        known = {(spot.node.place, spot.element.key) for spot in walk.spots}
        for node in walk.nodes:
            for key in node.value:
                assert key == "resourceType" or key.startswith("_") or (node.place, key) in known, (subject.name, key)


def test_no_survivor_is_listed_that_is_refused() -> None:
    """Each line of the list explains mutants that there are."""
    for line in survivors():
        some = mutants(SEED, 200, shared=False, faults=[line.fault])
        assert any(explained(one) is line and not refusals(one) for one in some), line
