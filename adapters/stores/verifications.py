"""Questions to issuers whether a paper is real: one for all who may be given the paper, asked by one worker at a time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from adapters.stores.dialect import among, insert
from adapters.stores.records import IS_HELD, stamp
from adapters.stores.tables import records, verification_askers, verifications
from schemas.integrity import Answer
from schemas.records import Kind

_OVER = (
    select(verifications)
    .where(among(verifications.c.sha256), verifications.c.next_try.is_(None))
    .order_by(verifications.c.asked)
)
_OF_PAPER = select(verifications).where(
    verifications.c.sha256 == bindparam("which"), verifications.c.issuer == bindparam("whose")
)
_UPLOADS = select(records).where(
    records.c.sha256 == bindparam("which"), records.c.kind == Kind.PAPER.value, records.c.erased == 0, IS_HELD
)
# A row that another worker is at is passed over, not waited for.
_FALLEN = (
    select(verifications)
    .where(verifications.c.next_try <= bindparam("now"))
    .order_by(verifications.c.next_try)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_ANY = select(verifications.c.id).where(verifications.c.next_try <= bindparam("now")).limit(1)
_TRY = (
    update(verifications)
    .where(verifications.c.id == bindparam("which"))
    .values(next_try=bindparam("until"), tries=verifications.c.tries + 1)
)


def answered(tx: Connection, hashes: Iterable[str]) -> Sequence[Row]:
    """The questions about these bytes that are over, the latest of a paper last."""
    return tx.execute(_OVER, {"given": list(hashes)}).all()


def of_paper(tx: Connection, sha256: str, issuer: str) -> Sequence[Row]:
    """Every question about this paper, in the order in which they were asked."""
    rows = tx.execute(_OF_PAPER, {"which": sha256, "whose": issuer}).all()
    return sorted(rows, key=lambda row: row.asked)


def uploads(tx: Connection, sha256: str) -> Sequence[Row]:
    """The uploads of these bytes that stand, in the order of receipt."""
    return sorted(tx.execute(_UPLOADS, {"which": sha256}).all(), key=lambda row: row.seq)


def drop_unheld(tx: Connection, sha256: str) -> None:
    """Forgets every question about these bytes, and who asked it, once the last upload of them is erased."""
    if uploads(tx, sha256):
        return
    gone = select(verifications.c.id).where(verifications.c.sha256 == sha256)
    tx.execute(delete(verification_askers).where(verification_askers.c.verification.in_(gone)))
    tx.execute(delete(verifications).where(verifications.c.sha256 == sha256))


def ask(tx: Connection, id: str, paper: tuple[str, str], record: str, now: datetime, deadline: datetime) -> None:
    """Puts a question (`paper`: SHA-256 and issuer) before the workers, who find it at once."""
    at = stamp(now)
    tx.execute(
        insert(verifications).values(
            id=id, sha256=paper[0], issuer=paper[1], record=record, state=Answer.ASKED.value,
            asked=at, deadline=stamp(deadline), next_try=at, tries=0,
        )
    )  # fmt: skip


def put_answer(tx: Connection, row: Mapping[str, str], at: str) -> bool:
    """Brings back what a unit said (`row`: id, sha256, issuer, record, asked, deadline, state, answer); whether the store
    did not have it."""
    over = {"state": row["state"], "answer": row["answer"], "answered": at, "next_try": None, "fault": None}
    stood = get(tx, row["id"])
    if stood is not None and stood.next_try is None:
        return False
    new = insert(verifications).values({**row, **over, "tries": 0})
    tx.execute(new.on_conflict_do_update(index_elements=["id"], set_=over))
    return True


def get(tx: Connection, id: str) -> Row | None:
    return tx.execute(select(verifications).where(verifications.c.id == id)).first()


def asked_as(tx: Connection, asker: str, identity: str) -> str | None:
    """The question that an asker has put under an id of its own."""
    return tx.execute(
        select(verification_askers.c.verification).where(
            verification_askers.c.asker == asker, verification_askers.c.identity == identity
        )
    ).scalar()


def note_asker(tx: Connection, asker: str, identity: str, verification: str) -> None:
    tx.execute(
        insert(verification_askers)
        .values(asker=asker, identity=identity, verification=verification)
        .on_conflict_do_nothing()
    )


def has_asked(tx: Connection, asker: str, verification: str) -> bool:
    found = select(verification_askers.c.asker).where(
        verification_askers.c.verification == verification, verification_askers.c.asker == asker
    )
    return tx.execute(found.limit(1)).first() is not None


def waiting(tx: Connection, now: datetime) -> bool:
    """Whether some question's time has come."""
    return tx.execute(_ANY, {"now": stamp(now)}).first() is not None


def open_by_issuer(tx: Connection) -> dict[str, int]:
    """How many questions to each issuer are not over."""
    counted = select(verifications.c.issuer, func.count().label("number")).where(verifications.c.next_try.is_not(None))
    return {row.issuer: row.number for row in tx.execute(counted.group_by(verifications.c.issuer))}


def fallen(tx: Connection, now: datetime, most: int) -> Sequence[Row]:
    """Questions whose time has come, that no other worker is at."""
    return tx.execute(_FALLEN, {"now": stamp(now), "most": most}).all()


def begin_try(tx: Connection, id: str, until: datetime) -> None:
    """A worker has it in hand `until` then: if nothing is heard by that time it is tried again, by whoever looks."""
    tx.execute(_TRY, {"which": id, "until": stamp(until)})


def failed_try(tx: Connection, id: str, fault: str, again: datetime) -> None:
    tx.execute(
        update(verifications)
        .where(verifications.c.id == id, verifications.c.next_try.is_not(None))
        .values(fault=fault, next_try=stamp(again))
    )


def close(tx: Connection, id: str, state: Answer, answer: str | None, now: datetime) -> bool:
    """Ends a question; whether it was still open: of two answers to one question the first counts."""
    values: dict[str, object] = {"state": state.value, "answered": stamp(now), "answer": answer, "next_try": None}
    if answer:
        values["fault"] = None
    done = tx.execute(
        update(verifications).where(verifications.c.id == id, verifications.c.next_try.is_not(None)).values(**values)
    )
    return done.rowcount == 1
