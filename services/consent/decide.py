"""Reviews and withdrawals: what an operator's or a person's word does to an authorisation. Pure."""

from dataclasses import dataclass


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
    if state.grantor == reviewer:
        return "reviewer-is-grantor"
    return None
