"""The decision, in order of precedence: same bytes, identity, fingerprint (architecture, "Identity and correction").

Pure: what is held is an argument. Deciding the same arrival again on what the first decision wrote gives the first
answer (`held` then contains the arrival itself).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from schemas.evidence import Standing
from schemas.ids import derive
from schemas.records import Kind, Outcome


@dataclass(frozen=True)
class Held:
    """An accepted or duplicate record of the same sender and kind, not erased. `order`: of acceptance."""

    record: str
    identity: str
    content: str | None
    version: str
    standing: Standing
    sha256: str
    lineage: str
    order: int
    outcome: Outcome = Outcome.ACCEPTED
    original: str | None = None


@dataclass(frozen=True)
class Arrival:
    record: str
    kind: Kind
    identity: str
    content: str | None
    version: str
    standing: Standing
    sha256: str


class Why(StrEnum):
    """Why the outcome is what it is, for the trace."""

    EXISTS = "decided before"
    SAME_BYTES = "same bytes as an earlier record"
    NEW = "first of its identity"
    SAME_CONTENT = "same content under another identity"
    CORRECTION = "a later version"
    LATE = "an earlier version that came late"
    CONFLICT = "same identity and time or version, other content"
    NOT_A_CORRECTION = "a later version that does not say it corrects"


@dataclass(frozen=True)
class Decision:
    """`lineage`: the one document that the record is a version of; `joins`: lineages that turn out to be the same one."""

    outcome: Outcome
    why: Why
    lineage: str | None = None
    original: str | None = None
    joins: tuple[str, ...] = ()


def decide(arrival: Arrival, held: Sequence[Held]) -> Decision:
    """The verdict on one arrival, given every held record that shares its identity or its fingerprint."""
    for other in held:
        if other.record == arrival.record:
            return Decision(other.outcome, Why.EXISTS, other.lineage, other.original)
    versions = sorted((one for one in held if one.identity == arrival.identity), key=lambda one: one.version)
    alike = sorted(
        (
            one
            for one in held
            if arrival.content and one.content == arrival.content and one.identity != arrival.identity
        ),
        key=lambda one: one.order,
    )
    if versions:
        return _version(arrival, versions, alike)
    if alike:
        root, joins = _join([one.lineage for one in alike])
        return Decision(Outcome.DUPLICATE, Why.SAME_CONTENT, root, alike[0].record, joins)
    return Decision(Outcome.ACCEPTED, Why.NEW, derive("lineage", arrival.identity))


def _version(arrival: Arrival, versions: list[Held], alike: list[Held]) -> Decision:
    for one in versions:
        if one.version == arrival.version:
            if one.sha256 == arrival.sha256:
                return Decision(Outcome.DUPLICATE, Why.SAME_BYTES, one.lineage, one.record)
            return Decision(Outcome.REJECTED, Why.CONFLICT, original=one.record)
    earlier = [one for one in versions if one.version < arrival.version]
    later = [one for one in versions if one.version > arrival.version]
    if arrival.kind == Kind.DOCUMENT:
        # Each version but the earliest says that it corrects, or follows a preliminary one; so must the next after it.
        if earlier and not _may_follow(arrival.standing, earlier[-1].standing):
            return Decision(Outcome.REJECTED, Why.NOT_A_CORRECTION, original=earlier[-1].record)
        if later and not _may_follow(later[0].standing, arrival.standing):
            return Decision(Outcome.REJECTED, Why.NOT_A_CORRECTION, original=later[0].record)
    root, joins = _join([versions[0].lineage, *(one.lineage for one in alike)])
    return Decision(Outcome.ACCEPTED, Why.LATE if later else Why.CORRECTION, root, joins=joins)


def _may_follow(standing: Standing, before: Standing) -> bool:
    return standing in (Standing.AMENDED, Standing.WITHDRAWN) or before == Standing.PRELIMINARY


def _join(lineages: list[str]) -> tuple[str, tuple[str, ...]]:
    """One name for lineages that are one: the smallest, whatever the order of arrival."""
    root = min(lineages)
    return root, tuple(sorted({one for one in lineages if one != root}))
