"""`python -m tests.mutation --seed 7 --mutants 5000`: what is refused, by fault and by type, and what survives."""

import argparse
from collections import Counter, defaultdict

from tests.mutation.harness import MUTATORS, Mutant, explained, mutants, placed, refusals
from tests.mutation.subjects import TYPES


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--mutants", type=int, default=5000)
    options.add_argument("--fault", action="append", choices=list(MUTATORS), help="only this one")
    options.add_argument("--type", action="append", choices=TYPES, help="only this one")
    options.add_argument("--own", action="store_true", help="only our own examples, as the tests do")
    chosen = options.parse_args()
    made, refused, well = Counter[str](), Counter[str](), Counter[str]()
    survived: dict[tuple[str, str], list[Mutant]] = defaultdict(list)
    for mutant in mutants(
        chosen.seed, chosen.mutants, not chosen.own, chosen.fault or list(MUTATORS), chosen.type or TYPES
    ):
        told = refusals(mutant)
        for name in (mutant.fault, mutant.type, "all"):
            made[name] += 1
            refused[name] += bool(told)
            well[name] += placed(mutant, told)
        if not told:
            survived[mutant.fault, mutant.path].append(mutant)
    print(f"{'':32}{'mutants':>9}{'refused':>9}{'':>8}{'at the place':>14}")
    for name in made:
        share = 100 * refused[name] / made[name]
        print(f"{name:32}{made[name]:9}{refused[name]:9}{share:7.1f}%{100 * well[name] / made[name]:13.1f}%")
    print("\nsurvivors:" if survived else "\nno survivors")
    for (fault, path), some in sorted(survived.items()):
        line = explained(some[0])
        print(f"{len(some):5} {fault:28} {path:60} {some[0].subject.name}: {line.why if line else 'NOT EXPLAINED'}")


if __name__ == "__main__":
    main()
