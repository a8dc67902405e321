"""Participants: their roles and standing."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Row, case, select, update

from adapters.stores.dialect import among, insert, lock
from adapters.stores.tables import feeds, participants
from schemas.records import Participant, Reads, Role, Status

_ADMITTED = select(participants.c.code).where(
    among(participants.c.code), participants.c.status == Status.ADMITTED.value
)
_IS_ADMITTED = participants.c.status == Status.ADMITTED.value
# What it was given while it was not admitted waits from its first case on, whenever it is admitted.
_CAUGHT_UP_TO = case((_IS_ADMITTED, participants.c.caught_up_to), else_="")
_CATCHING_UP = (
    select(participants.c.code, participants.c.changed_by, participants.c.caught_up_to)
    .where(participants.c.caught_up_to.is_not(None), _IS_ADMITTED)
    .order_by(participants.c.code)
    .with_for_update(skip_locked=True)
)


def put(tx: Connection, participant: Participant, changed_by: str | None) -> None:
    values = {
        "name": participant.name,
        "roles": json.dumps([role.value for role in participant.roles]),
        "status": participant.status.value,
        "keys": json.dumps(participant.keys),
        "endpoints": json.dumps(participant.endpoints),
        "changed_by": changed_by,
    }
    waits = None if changed_by is None else ""  # whom operators add may have cases that named it before
    statement = insert(participants).values(code=participant.code, caught_up_to=waits, **values)
    again = values | {"caught_up_to": _CAUGHT_UP_TO}
    tx.execute(statement.on_conflict_do_update(index_elements=["code"], set_=again))


def admit_new(tx: Connection, everyone: Iterable[Participant]) -> None:
    """Adds those that are not here; leaves the others as operators have made them."""
    lock(tx, ["participants"])
    known = set(tx.execute(select(participants.c.code)).scalars())
    for participant in everyone:
        if participant.code not in known:
            put(tx, participant, None)


def get(tx: Connection, code: str) -> Participant | None:
    row = tx.execute(select(participants).where(participants.c.code == code)).first()
    return None if row is None else _participant(row)


def changed_by(tx: Connection, code: str) -> str | None:
    """The record of the change that made the participant as it is."""
    return tx.execute(select(participants.c.changed_by).where(participants.c.code == code)).scalar()


def everyone(tx: Connection) -> list[Participant]:
    return [_participant(row) for row in tx.execute(select(participants).order_by(participants.c.code))]


def insurers(tx: Connection) -> list[Participant]:
    """Those in that role, and those that were: whoever has a feed, or was known to the brokers."""
    was = participants.c.code.in_(select(feeds.c.insurer)) | participants.c.reads.is_not(None)
    rows = tx.execute(
        select(participants)
        .where(participants.c.roles.contains(f'"{Role.INSURER}"') | was)
        .order_by(participants.c.code)
    )
    return [_participant(row) for row in rows]


def reading(tx: Connection) -> dict[str, Reads]:
    """Code → whether the brokers let it read its own topic; without those that the brokers were not told of."""
    told = select(participants.c.code, participants.c.reads).where(participants.c.reads.is_not(None))
    return {row.code: Reads(row.reads) for row in tx.execute(told)}


def note_reading(tx: Connection, codes: Iterable[str], reads: Reads | None) -> None:
    """None: the brokers ask nobody who reads."""
    value = None if reads is None else reads.value
    tx.execute(update(participants).where(participants.c.code.in_(list(codes))).values(reads=value))


def doubt_reading(tx: Connection) -> None:
    """After a restore: what the brokers were told since the backup stands nowhere."""
    tx.execute(update(participants).where(participants.c.reads.is_not(None)).values(reads=Reads.PERHAPS.value))


def catching_up(tx: Connection) -> Sequence[Row]:
    """Code, changed_by and caught_up_to of those whose cases are still to be folded again, that no other clock is at."""
    return tx.execute(_CATCHING_UP).all()


def caught_up(tx: Connection, code: str, to: str | None) -> None:
    """`to`: the last of its cases that was named; None when it was the last of all."""
    tx.execute(update(participants).where(participants.c.code == code).values(caught_up_to=to))


def admitted(tx: Connection, codes: Iterable[str]) -> set[str]:
    return set(tx.execute(_ADMITTED, {"given": list(codes)}).scalars().all())


def _participant(row: Row) -> Participant:
    return Participant(
        code=row.code,
        name=row.name,
        roles=tuple(Role(role) for role in json.loads(row.roles)),
        status=Status(row.status),
        keys=tuple(json.loads(row.keys)),
        endpoints=tuple(json.loads(row.endpoints)),
    )
