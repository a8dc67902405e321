"""How sure an upload of a case is: its origin, its issuer's signature, what its issuer said of these bytes. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas import normalise
from schemas.evidence import Evidence
from schemas.integrity import Answer, Integrity, Origin, State
from services.hub.linking import Node

Paper = tuple[str, str]  # (SHA-256, issuer)


@dataclass(frozen=True)
class Attested:
    """What the records alone do not tell. `signed`: by lineage, whether the signature of an upload is its issuer's by the keys
    registered now; `answers`: the issuer's word with its time, of the questions that are over."""

    signed: Mapping[str, bool] = field(default_factory=dict)
    answers: Mapping[Paper, tuple[Answer, str]] = field(default_factory=dict)


def published(nodes: Iterable[Node]) -> frozenset[Paper]:
    """The papers that their issuers vouch for with records of their own: handed in by themselves, or named by SHA-256."""
    found = set()
    for node in nodes:
        upload = node.evidence.upload
        if upload and upload.origin == Origin.ISSUER:
            found.add((upload.sha256, node.evidence.issuer))
        found |= {(sha256, normalise.text(node.sender)) for sha256 in node.evidence.published}
    return frozenset(found)


def integrity(lineage: str, evidence: Evidence, own_word: frozenset[Paper], attested: Attested) -> Integrity | None:
    """Of one upload; None of anything else. `own_word`: what `published` gives of its case."""
    upload = evidence.upload
    if upload is None:
        return None
    paper = (upload.sha256, evidence.issuer)
    answer, answered = attested.answers.get(paper, (None, None))
    signed = attested.signed.get(lineage)
    if answer == Answer.DENIED:
        state = State.DENIED
    elif upload.origin == Origin.ISSUER:
        state = State.ISSUED
    elif signed:
        state = State.SIGNED
    elif answer == Answer.CONFIRMED or paper in own_word:
        state = State.MATCHED
    else:
        state = State.UNVERIFIED
    return Integrity(
        origin=upload.origin,
        state=state,
        signature=None if signed is None else "valid" if signed else "invalid",
        answer=answer,
        answered=answered,
    )
