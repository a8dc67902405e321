"""Judges offers again: is every basis they were numbered under still in force? Reads the state; `consent` decides."""

import json
from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Connection, Row

from adapters.stores import consents
from adapters.stores.archive import Archive
from schemas.evidence import Content, Evidence, Grant, Mandate
from services.consent.entitlement import FILED_PREFIX, LAW_PREFIX, MANDATE_PREFIX, granted
from services.consent.law import LAW


def names(bases: Iterable[str]) -> list[str]:
    """What to lock before these bases are judged: as long as it is held, no review and no withdrawal of them is answered."""
    return [f"authorisation:{one}" for one in authorisations(bases)]


def authorisations(bases: Iterable[str]) -> set[str]:
    """The records of authorisations and mandates among these bases; the others are lines of the law table."""
    return {record for one in bases if (record := granted(one))}


def in_force(tx: Connection, archive: Archive, bases: Iterable[str], today: date) -> set[str]:
    """Those of these bases (authorisation records, mandates, law-table lines) that hold today."""
    day = today.isoformat()
    named = {one: granted(one) for one in set(bases)}
    held = {one for one, record in named.items() if record is None and _law_holds(one, day)}
    if not (given := {record for record in named.values() if record}):
        return held
    views = archive.views(tx, consents.standing(tx, given))
    return held | {one for one, record in named.items() if record in views and _period_holds(one, views[record], day)}


def basis_of(row: Row) -> list[tuple[int, str]]:
    """The basis column of an offered paper: (position of the person in the paper, or -1 for the law; basis)."""
    return [(position, basis) for position, basis in json.loads(row.basis)]


def allowed(rows: Sequence[Row], held: set[str]) -> bool:
    """Whether every paper of an offer may still go: not erased, and every basis in force. No basis is no right."""
    return all(not row.erased and bool(basis := basis_of(row)) and all(one in held for _, one in basis) for row in rows)


def _law_holds(basis: str, day: str) -> bool:
    line = LAW.get(basis.removeprefix(LAW_PREFIX))
    return line is not None and line.since <= day and (line.until is None or day < line.until)


def _period_holds(basis: str, view: Content, day: str) -> bool:
    match view:
        case Mandate() if basis.startswith(FILED_PREFIX):
            return True  # of the day of filing, which stays what it was
        case Mandate() as period if basis.startswith(MANDATE_PREFIX):
            pass
        case Evidence(grant=Grant() as period):
            pass
        case _:
            return False
    return period.start <= day and (period.end is None or day <= period.end)
