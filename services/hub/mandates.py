"""What the filings of a case rest on: the mandates of those who act for others; and what rests on a mandate."""

from collections.abc import Callable, Iterable

from sqlalchemy import Connection

from adapters.stores import consents, mandates
from adapters.stores.archive import Archive
from schemas.evidence import Acting, Content, Evidence, Mandate
from services.consent.mandate import Power
from services.hub.linking import Node

Lookup = Callable[[str], str]


def pair_of(content: Content, lookup: Lookup) -> str | None:
    """The keyed hash of principal and agent that a mandate or a filing under one stands under; None of others."""
    match content:
        case Mandate(principal=principal, agent=agent) | Evidence(acting=Acting(principal=principal, agent=agent)):
            return lookup(f"mandate|{principal}|{agent}")
    return None


def powers(tx: Connection, archive: Archive, lookup: Lookup, nodes: Iterable[Node]) -> tuple[Power, ...]:
    """The mandates of those who act for others in these nodes, as they stand."""
    pairs = {pair for node in nodes if (pair := pair_of(node.evidence, lookup))}
    given = mandates.mandates_of(tx, pairs)
    if not given:
        return ()
    standing, views = consents.standing(tx, given), archive.views(tx, given)
    return tuple(
        Power(record, view, record in standing)
        for record in sorted(given)
        if isinstance(view := views.get(record), Mandate)
    )
