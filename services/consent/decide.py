"""Reviews and changes of standing: what an operator's word may do. Pure."""

from dataclasses import dataclass

from schemas import normalise


@dataclass(frozen=True)
class State:
    """An authorisation when the word arrives. `newest`: the record of its latest version."""

    record: str
    newest: str
    grantor: str
    withdrawn: bool


def review_problem(state: State | None, reviewer: str) -> str | None:
    """The catalogue code that refuses a review, or None. Order: unknown, withdrawn, superseded, own review."""
    if state is None:
        return "record-unknown"
    if state.withdrawn:
        return "authorisation-withdrawn"
    if state.newest != state.record:
        return "review-superseded"
    if state.grantor == normalise.text(reviewer):  # she may have been registered as she writes her number
        return "reviewer-is-grantor"
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
