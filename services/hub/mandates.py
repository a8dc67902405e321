"""What the filings of a case rest on: the mandates of those who act for others; and what rests on a mandate."""

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import Connection

from adapters.stores import consents, mandates
from adapters.stores.archive import Archive
from schemas.evidence import Act, Acting, Content, Evidence, Mandate
from services.consent.entitlement import filing
from services.consent.mandate import Power, empowered
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
    return _powers(tx, archive, {pair for node in nodes if (pair := pair_of(node.evidence, lookup))})


def unmandated(tx: Connection, archive: Archive, lookup: Lookup, views: Mapping[str, Content]) -> set[str]:
    """Of these records the applications and disputes that an agent filed without a mandate. They are nobody's
    until he has one: they take no other version's place, and join no case."""
    filed = {
        record: view
        for record, view in views.items()
        if isinstance(view, Evidence) and view.acting and view.acting.act != Act.AUTHORISATION
    }
    given = _powers(tx, archive, {pair for view in filed.values() if (pair := pair_of(view, lookup))})
    return {record for record, view in filed.items() if filing(view.acting, given) is None}


def unempowered(tx: Connection, archive: Archive, lookup: Lookup, views: Mapping[str, Content]) -> set[str]:
    """Of these records the authorisations by an agent whom no mandate of the subject empowers: they tie no papers together.
    Whether what they give may go today, `entitlement` says."""
    given = {
        record: view.acting
        for record, view in views.items()
        if isinstance(view, Evidence) and view.acting and view.acting.act == Act.AUTHORISATION
    }
    pairs = {pair for record in given if (pair := pair_of(views[record], lookup))}
    held = _powers(tx, archive, pairs)
    return {record for record, one in given.items() if not empowered(one.act, one.agent, one.principal, held)}


def _powers(tx: Connection, archive: Archive, pairs: Iterable[str]) -> tuple[Power, ...]:
    given = mandates.mandates_of(tx, pairs)
    if not given:
        return ()
    standing, views = consents.standing(tx, given), archive.views(tx, given)
    return tuple(
        Power(record, view, record in standing)
        for record in sorted(given)
        if isinstance(view := views.get(record), Mandate)
    )
