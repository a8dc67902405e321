"""What a new view of a case does to an insurer's feed. Pure: the feed's numbers for that case are an argument."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.events import View


@dataclass(frozen=True)
class Numbered:
    """An offer of (insurer, case) that is not taken back. `lapsed`: a record that it shows was erased, or a basis that it went by
    holds no longer, though another may."""

    number: int
    digest: str
    lineages: frozenset[str]
    lapsed: bool = False


@dataclass(frozen=True)
class Append:
    """What to append, in this order: the numbers taken back (as one `offer.withdrawn`), then the view."""

    take_back: tuple[int, ...] = ()
    offer: bool = False


def sequence(
    view: View, numbered: Sequence[Numbered], digest: str, *, withdrawn: int, still_allowed: bool, admitted: bool
) -> Append:
    """`digest` is of the view's content; `withdrawn` the last number that took others of the case back, 0 when none did.
    `still_allowed`: every paper was judged again and may go.

    A number is taken back when it shows a paper that the insurer may no longer be given, when it has lapsed, or when nothing of
    the case is left for it. A suspended insurer gets no new offer; a view that is no longer allowed is
    dropped, for a newer one that says so is on its way. After numbers were taken back the view is offered again even if an
    earlier number, that still stands, holds the same: to its reader that one was replaced by what is gone now.
    """
    empty = not view.papers and not view.notice
    allowed = set(view.allowed)
    take_back = tuple(one.number for one in numbered if empty or one.lapsed or not one.lineages <= allowed)
    remaining = [one for one in numbered if one.number not in take_back]
    newest = remaining[-1] if remaining and not take_back and remaining[-1].number > withdrawn else None
    unchanged = newest is not None and newest.digest == digest
    return Append(take_back, offer=not empty and still_allowed and admitted and not unchanged)
