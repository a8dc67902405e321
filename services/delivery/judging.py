"""Judges offers again: is every basis they were numbered under still in force? Reads the state; `consent` decides."""

import json
from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Connection, Row

from adapters.stores import consents, records
from adapters.stores.archive import Archive
from schemas.evidence import Evidence
from services.consent.entitlement import LAW_PREFIX
from services.consent.law import LAW


def names(bases: Iterable[str]) -> list[str]:
    """What to lock before these bases are judged: as long as it is held, no review and no withdrawal of them is answered."""
    return [f"authorisation:{one}" for one in authorisations(bases)]


def authorisations(bases: Iterable[str]) -> set[str]:
    """The records among these bases; the others are lines of the law table."""
    return {one for one in bases if not one.startswith(LAW_PREFIX)}


def in_force(tx: Connection, archive: Archive, bases: Iterable[str], today: date) -> set[str]:
    """Those of these bases (authorisation records, law-table lines) that hold today."""
    bases = set(bases)
    day = today.isoformat()
    lawful = {one for one in bases if one.startswith(LAW_PREFIX) and _law_holds(one, day)}
    granted = authorisations(bases)
    if not granted:
        return lawful
    approved = consents.approved(tx, granted)
    lineage = {record: row.lineage for record, row in records.by_ids(tx, approved).items()}
    withdrawn = consents.withdrawn(tx, lineage.values())
    newest = consents.newest_versions(tx, lineage.values())
    views = archive.views(tx, approved)
    return lawful | {
        record
        for record in approved & newest
        if lineage[record] not in withdrawn and _period_holds(views.get(record), day)
    }


def basis_of(row: Row) -> list[tuple[int, str]]:
    """The basis column of an offered paper: (position of the person in the paper, or -1 for the law; basis)."""
    return [(position, basis) for position, basis in json.loads(row.basis)]


def allowed(rows: Sequence[Row], held: set[str]) -> bool:
    """Whether every paper of an offer may still go: not erased, and every basis in force. No basis is no right."""
    return all(not row.erased and bool(basis := basis_of(row)) and all(one in held for _, one in basis) for row in rows)


def _law_holds(basis: str, day: str) -> bool:
    line = LAW.get(basis.removeprefix(LAW_PREFIX))
    return line is not None and line.since <= day and (line.until is None or day < line.until)


def _period_holds(view: object, day: str) -> bool:
    if not isinstance(view, Evidence) or view.grant is None:
        return False
    return view.grant.start <= day and (view.grant.end is None or day <= view.grant.end)
