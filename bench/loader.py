"""Stores many cases at once: the very rows that one case leaves behind, under new ids, keys and hashes.

`python -m bench.loader DIR N`: while nothing runs on DIR.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Table, insert, select

from adapters.stores.archive import RECORD_KEY
from adapters.stores.tables import (
    authorisations,
    bodies,
    cases,
    feeds,
    links,
    offer_papers,
    offers,
    records,
    uses,
    views,
)
from adapters.vault.sealing import open_sealed, seal
from schemas.ids import derive
from services.delivery.worker import offer_key
from services.embedded import Core
from services.hub.register import register
from services.sandbox.participants import PARTICIPANTS, policies

COPIED: tuple[Table, ...] = (records, bodies, links, cases, authorisations, views, offers, offer_papers, uses)
AT_ONCE = 500
HEX32, HEX64, CASE = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{64}"), re.compile(r"C[0-9A-F]{12}")


class Copier:
    """Renames every id of the template's rows by the number of the copy; what is not an id stays."""

    def __init__(self, core: Core) -> None:
        self._core = core
        with core.database.read() as tx:
            self._rows = {table: [dict(row._mapping) for row in tx.execute(select(table))] for table in COPIED}
        self._open = self._opened()

    def _opened(self) -> dict[tuple[str, object], bytes]:
        """The sealed values of the template, in clear, by what they are."""
        found: dict[tuple[str, object], bytes] = {}
        keys = self._core.keys
        for row in self._rows[bodies]:
            for column in ("body", "metadata", "view"):
                if row[column] is not None:
                    key = keys.one(RECORD_KEY + row["record"])
                    found[(column, row["record"])] = open_sealed(key, row[column], f"{column}|{row['record']}")
        for row in self._rows[offers]:
            name = offer_key(row["insurer"], row["number"])
            found[("offer", row["number"])] = open_sealed(keys.one(name), row["content"], name)
        return found

    def rows(self, numbers: range) -> dict[Table, list[dict[str, object]]]:
        made = {table: [self._renamed(table, row, n) for n in numbers for row in self._rows[table]] for table in COPIED}
        self._seal(made, numbers)
        return made

    def _renamed(self, table: Table, row: dict[str, object], number: int) -> dict[str, object]:
        copy = {column: _rename(value, number) for column, value in row.items()}
        copy.pop("seq", None)
        if table in (offers, offer_papers):
            copy["number"] = number + 1
        if copy.get("accepted"):
            copy["accepted"] = row["accepted"] + 10 * number  # type: ignore[operator]
        return copy

    def _seal(self, made: dict[Table, list[dict[str, object]]], numbers: range) -> None:
        names = [RECORD_KEY + row["record"] for row in made[bodies]]  # type: ignore[operator]
        names += [offer_key(row["insurer"], row["number"]) for row in made[offers]]  # type: ignore[arg-type]
        keys = self._core.keys.make(names)
        for row, old in zip(made[bodies], self._rows[bodies] * len(numbers), strict=True):
            for column in ("body", "metadata", "view"):
                if (column, old["record"]) in self._open:
                    value = self._open[(column, old["record"])]
                    row[column] = seal(keys[f"{RECORD_KEY}{row['record']}"], value, f"{column}|{row['record']}")
        for row, old in zip(made[offers], self._rows[offers] * len(numbers), strict=True):
            name = offer_key(row["insurer"], row["number"])  # type: ignore[arg-type]
            row["content"] = seal(keys[name], self._open[("offer", old["number"])], name)


def _rename(value: object, number: int) -> object:
    if not isinstance(value, str):
        return value
    if HEX32.fullmatch(value):
        return derive("bulk", value, number)
    if HEX64.fullmatch(value):
        return derive("bulk", value, number) * 2
    if CASE.fullmatch(value):
        return "C" + derive("bulk", value, number)[:12].upper()
    return value


def copies(core: Core, count: int) -> Iterator[int]:
    """Writes `count` copies of the one case that stands in the database; yields how many are written."""
    copier = Copier(core)
    with core.database.read() as tx:
        insurer = tx.execute(select(feeds.c.insurer)).scalar_one()
    for start in range(1, count + 1, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, count + 1))
        made = copier.rows(numbers)
        with core.database.write() as tx:
            for table, rows in made.items():
                if rows:
                    tx.execute(insert(table), rows)
            tx.execute(feeds.update().where(feeds.c.insurer == insurer).values(last=numbers[-1] + 1))
        yield numbers[-1]


if __name__ == "__main__":
    opened = Core(Path(sys.argv[1]), PARTICIPANTS, register(policies()))
    for done in copies(opened, int(sys.argv[2])):
        if done % 10_000 == 0:
            print(f"{done} cases", file=sys.stderr)
    opened.close()
