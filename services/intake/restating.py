"""Words that set a state: a review, a change of a participant.

The same bytes make the same record, so "approve", "refuse", "approve" would end in "refused". Said again after another
word has taken its place, a word is therefore a record of its own: the path that its id is made of counts how often.
"""

from collections.abc import Callable
from itertools import count

from sqlalchemy import Connection, Row

from adapters.stores import consents, participants, records
from schemas.ids import record_id
from schemas.records import Kind, Outcome
from services.delivery.rights import still_reads


def path_of(
    tx: Connection, sender: str, method: str, path: str, sha256: str, in_force: Callable[[Connection, Row], bool]
) -> str:
    """`path`, or `path?again=n` for the first n whose record is not an accepted word that another has replaced."""
    for number in count():
        candidate = f"{path}?again={number}" if number else path
        id = record_id(sender, method, candidate, sha256)
        row = records.by_ids(tx, [id]).get(id)
        if row is None or row.outcome != Outcome.ACCEPTED or in_force(tx, row):
            return candidate
    raise AssertionError("count has no end")


def review_in_force(tx: Connection, review: Row) -> bool:
    """Whether it is the latest word on its authorisation or mandate, and no withdrawal came after it."""
    target = records.by_ids(tx, [review.target])[review.target]
    if consents.withdrawn(tx, [target.lineage]):
        return False
    latest = consents.review_of(tx, review.target)
    return latest is not None and (latest.reviewer, latest.reviewed) == (review.sender, review.judged_at)


def withdrawing(tx: Connection, change: Row) -> bool:
    """Whether the change in force took the right to read away, and the brokers still grant it."""
    if change.kind != Kind.PARTICIPANT or not change_in_force(tx, change):
        return False
    found = participants.get(tx, change.target)
    return found is not None and still_reads(found, participants.reading(tx))


def change_in_force(tx: Connection, change: Row) -> bool:
    return participants.changed_by(tx, change.target) == change.record
