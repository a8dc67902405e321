"""Reviews and changes of standing: what an operator's word may do. Pure."""

from dataclasses import dataclass

from schemas import normalise
from schemas.records import Kind


@dataclass(frozen=True)
class Words:
    """The catalogue codes of a kind: its review after its withdrawal, and by whom it is about."""

    withdrawn: str
    own: str


WORDS = {
    Kind.AUTHORISATION: Words("authorisation-withdrawn", "reviewer-is-grantor"),
    Kind.MANDATE: Words("mandate-withdrawn", "reviewer-is-party"),
}


@dataclass(frozen=True)
class State:
    """An authorisation or a mandate when the word arrives. `newest`: the record of its latest version; `parties`: the
    grantor, or principal and agent."""

    kind: Kind
    record: str
    newest: str
    parties: tuple[str, ...]
    withdrawn: bool


def review_problem(state: State | None, reviewer: str) -> str | None:
    """The catalogue code that refuses a review, or None. Order: unknown, withdrawn, superseded, own review."""
    if state is None:
        return "record-unknown"
    if state.withdrawn:
        return WORDS[state.kind].withdrawn
    if state.newest != state.record:
        return "review-superseded"
    if normalise.text(reviewer) in state.parties:  # she may have been registered as she writes her number
        return WORDS[state.kind].own
    return None


@dataclass(frozen=True)
class Change:
    """A change of a participant: of the one who asks? does it leave an admitted operator? how many others are there?"""

    own: bool
    stays_operator: bool
    other_operators: int


def standing_problem(change: Change) -> str | None:
    """The catalogue code that refuses a change of standing, or None: nobody may lock everybody out."""
    if change.own and not change.stays_operator:
        return "own-standing"
    if not change.stays_operator and not change.other_operators:
        return "last-operator"
    return None
