"""May this person act for that one? A mandate (委託) is the authorisation to act for another. Deny by default, pure.

It is reviewed and withdrawn like an authorisation: the latest version counts once it is approved, and one that was
withdrawn stays withdrawn. Who acts for herself needs none; an agent cannot pass on what he was given.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.evidence import Act, Mandate


@dataclass(frozen=True)
class Power:
    """A mandate as it stands. `live`: its latest version, approved in review, the mandate not withdrawn."""

    record: str
    mandate: Mandate
    live: bool


def empowered(act: Act, agent: str, principal: str, powers: Iterable[Power]) -> bool:
    """Whether he may, may yet or might once do this for a principal: by a mandate as it stands, whatever its period."""
    return any(
        one.live and (one.mandate.principal, one.mandate.agent) == (principal, agent) and act in one.mandate.scope
        for one in powers
    )


def mandate_for(act: Act, agent: str, principal: str, powers: Iterable[Power], day: str) -> str | None:
    """The record of the mandate by which an agent may do this for a principal on a day (YYYY-MM-DD), or None: he may not."""
    return min(
        (
            one.record
            for one in powers
            if one.live
            and (one.mandate.principal, one.mandate.agent) == (principal, agent)
            and act in one.mandate.scope
            and one.mandate.start <= day
            and (one.mandate.end is None or day <= one.mandate.end)
        ),
        default=None,
    )
