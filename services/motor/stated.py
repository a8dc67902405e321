"""What an applicant says that he claims beside treatment: it tells which further papers are needed, and nothing else. Pure.

`claimed` and `injured[].disability` of the application (schema `application`). A level of disability is a doctor's word: the
applicant's own is shown as his.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from adapters import json_text
from services.motor.papers import Circumstance, Claim
from services.validation.person import normal

_COSTS = {
    "transport": Circumstance.TRANSPORT,
    "nursing": Circumstance.NURSING,
    "home-nursing": Circumstance.HOME_NURSING,
    "materials": Circumstance.MATERIALS,
    "lost-wages": Circumstance.LOST_WAGES,
    "funeral": Circumstance.FUNERAL_PAYER,
}


@dataclass(frozen=True)
class Levels:
    """A level (1 to 15) for each item of the disability table, and what the part was before the accident."""

    levels: tuple[int, ...]
    earlier: int | None = None


@dataclass(frozen=True)
class Stated:
    """Of one application. `vehicle`: what is claimed for the own one; `disability`: by person."""

    circumstances: frozenset[Circumstance]
    vehicle: Claim | None
    disability: Mapping[str, Levels]


def stated(body: bytes) -> Stated:
    """What an accepted application says."""
    value, _ = json_text.read(body)
    told = value.get("claimed", {}) if isinstance(value, dict) else {}
    found = {_COSTS[one] for one in told.get("costs", ())}
    if told.get("directBilling"):
        found.add(Circumstance.DIRECT_BILLING)
    hurt = value.get("injured", ()) if isinstance(value, dict) else ()
    return Stated(
        circumstances=frozenset(found),
        vehicle=Claim(told["vehicle"]) if "vehicle" in told else None,
        disability={normal(one["identifier"]): _levels(one["disability"]) for one in hurt if "disability" in one},
    )


def _levels(told: Mapping) -> Levels:
    earlier = told.get("earlierLevel")
    return Levels(tuple(int(one) for one in told["levels"]), int(earlier) if earlier is not None else None)
