"""The validator beside fhir.resources R4B: `python -m tests.mutation.oracle --mutants 5000`, for docs/fhir-validator.md.

Where the two disagree, by folder of examples and by fault.
"""

import argparse
from collections import Counter, defaultdict
from pathlib import Path

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from adapters import json_text
from schemas.problems import errors
from services.validation.resource import check
from tests.mutation.harness import mutants
from tests.mutation.subjects import OWN, SHARED

FOLDERS = (
    OWN,
    OWN / "resources",
    OWN / "invalid",
    SHARED / "fhir-test-cases" / "valid",
    SHARED / "fhir-test-cases" / "invalid",
    SHARED / "hl7-r4-examples" / "valid",
    SHARED / "twcore-0.3.1-examples",
    SHARED / "iclaim",
    SHARED / "iclaim" / "assembled",
    SHARED / "inferno-pas" / "agreed-valid",
    SHARED / "inferno-pas" / "invalid",
)


def takes(body: bytes, kind: str) -> bool:
    """Whether the model of a type takes the text; what it lets out instead of its own error refuses too."""
    try:
        get_fhir_model_class(kind).model_validate_json(body)
    except (ValidationError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return False
    return True


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--mutants", type=int, default=5000)
    chosen = options.parse_args()
    for folder in FOLDERS:
        verdicts = Counter[tuple[bool, bool]]()
        apart = []
        for path in sorted(folder.glob("*.json")):
            body = path.read_bytes()
            pair = not errors(check(body)), takes(body, _kind(path, body))
            verdicts[pair] += 1
            if pair[0] != pair[1]:
                apart.append(f"{path.stem} ({'only we take it' if pair[0] else 'only the models take it'})")
        print(
            f"{folder.parent.name}/{folder.name}: both take {verdicts[True, True]}, both refuse {verdicts[False, False]}"
        )
        print("".join(f"    {one}\n" for one in apart), end="")
    made, ours, theirs, alone = Counter[str](), Counter[str](), Counter[str](), defaultdict[str, int](int)
    for mutant in mutants(chosen.seed, chosen.mutants, shared=True):
        refused = errors(check(mutant.body))
        model = not takes(mutant.body, mutant.subject.root()["resourceType"])
        for name in (mutant.fault, "all"):
            made[name] += 1
            ours[name] += refused
            theirs[name] += model
            alone[name] += model and not refused
    print(f"\n{'fault':32}{'mutants':>9}{'ours':>8}{'models':>8}   refused by the models alone")
    for name in made:
        shares = f"{100 * ours[name] / made[name]:7.1f}%{100 * theirs[name] / made[name]:7.1f}%"
        print(f"{name:32}{made[name]:9}{shares}{alone[name]:8}")


def _kind(path: Path, body: bytes) -> str:
    value, _ = json_text.read(body.removeprefix(b"\xef\xbb\xbf"))
    return value["resourceType"] if isinstance(value, dict) else "Patient"


if __name__ == "__main__":
    main()
