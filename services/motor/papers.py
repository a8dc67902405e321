"""Which papers a motor claim needs, by which article, which of them are missing and who issues them. Pure.

The Act leaves the list to an announcement (G0390060 art. 25 II) whose text is not in the data: most lines of the compulsory
cover are `unconfirmed`, and all of the voluntary covers, where the policy's terms rule.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from schemas.evidence import Cover
from services.motor.law import Status, on


class Claim(StrEnum):
    """What is claimed. Of the compulsory cover the first four."""

    INJURY = "injury"
    DISABILITY = "disability"
    DEATH = "death"
    INTERIM_DEATH = "interim-death"  # one half before the rest, G0390060 art. 35 I
    PROPERTY = "property"  # a third party's
    DAMAGE = "damage"  # to the own vehicle
    THEFT = "theft"
    TOTAL_LOSS = "total-loss"


class Circumstance(StrEnum):
    """What makes a further paper necessary."""

    TRANSPORT = "transport"
    NURSING = "nursing"
    HOME_NURSING = "home-nursing"
    MATERIALS = "materials"
    RECORDS_ASKED = "records-asked"  # the insurer asks for medical records
    LOST_WAGES = "lost-wages"
    FUND = "fund"  # claimed from the special compensation fund
    UNTRACEABLE = "untraceable"  # because a vehicle cannot be traced
    DIRECT_BILLING = "direct-billing"  # the repair shop bills the insurer


@dataclass(frozen=True)
class PaperLine:
    """One paper: `kinds`: any one of them does, and who issues each. `article` is empty where only the terms of the
    policy ask for it."""

    kinds: Mapping[str, str]
    present: bool
    article: str
    status: Status
    source: str


def papers(
    cover: Cover, claim: Claim, accident: date, circumstances: Collection[Circumstance], present: Collection[str]
) -> tuple[PaperLine, ...] | None:
    """What a claim needs. `present`: kinds and data classes of the papers that are there. None when no list of that cover,
    claim and day is in the data."""
    lines = [
        line
        for line in on("papers", accident)
        if (line.values["cover"], line.values["claim"]) == (cover, claim)
        and ("when" not in line.values or line.values["when"] in circumstances)
    ]
    return (
        tuple(
            PaperLine(
                kinds=line.values["kinds"],
                present=not set(present).isdisjoint(line.values["kinds"]),
                article=line.article,
                status=line.status,
                source=line.source,
            )
            for line in lines
        )
        or None
    )
