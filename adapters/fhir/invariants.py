"""R4 4.0.1's error-severity invariants as plain functions, by type path: `RULES["Period"]`, `RULES["Claim.item"]`.

A rule takes the object and gives None when the constraint holds or cannot be decided (FHIRPath's empty: dates of other
precision, quantities in other units), else faults relative to the object. It raises for no JSON value. A type inherits
the rules of the types it is derived from (Age those of Quantity); an element defined by reference to another has that
one's path (`Composition.section.section` is a `Composition.section`).

`SHAPES` are those that the keys of an object decide alone: the same keys, the same answer. `VALUES` are the others.

Elsewhere: ele-1, ext-1 and sqty-1 (a cardinality of 0) in the engine's shapes; txt-1 and txt-2 in `narrative`; dom-2 to
dom-5, ref-1, bdl-7 and bdl-8 in `references`. Not held, each with its reason: `NOT_HELD`.
"""

from collections.abc import Iterable, Mapping

from adapters.fhir import invariants_claims, invariants_definitions, invariants_presence
from adapters.fhir.invariants_presence import Family, Rule

NOT_HELD = {
    "mqty-1": "no element of R4 is a MoneyQuantity",
    "ppc-2": "compares with the placeholder system 'something': never broken",
    "ppc-3": "as ppc-2",
    "ppc-4": "as ppc-2",
    "ppc-5": "as ppc-2",
    "sdf-8": "how HL7 writes paths in definitions of types; nobody claims with a StructureDefinition",
    "sdf-8a": "as sdf-8",
    "sdf-19": "binds HL7's own definitions only",
    "sdf-22": "binds HL7's own definitions only",
    "tst-4": "required and validated are 1..1: what breaks it is told as missing",
}

_Table = Mapping[str, Iterable[tuple[str, Family]]]


def _rules(*tables: _Table) -> dict[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {}
    for table in tables:
        for path, rows in table.items():
            found[path] = (*found.get(path, ()), *(family(key) for key, family in rows))
    return found


def _keys(*tables: _Table) -> frozenset[tuple[str, str]]:
    return frozenset(
        (path, key) for table in tables for path, rows in table.items() for keys, _ in rows for key in keys.split()
    )


SHAPES: Mapping[str, tuple[Rule, ...]] = _rules(invariants_presence.TABLE)
VALUES: Mapping[str, tuple[Rule, ...]] = _rules(invariants_claims.TABLE, invariants_definitions.TABLE)
RULES: Mapping[str, tuple[Rule, ...]] = {
    path: (*SHAPES.get(path, ()), *VALUES.get(path, ())) for path in sorted({*SHAPES, *VALUES})
}
HELD: frozenset[tuple[str, str]] = _keys(
    invariants_presence.TABLE, invariants_claims.TABLE, invariants_definitions.TABLE
)
