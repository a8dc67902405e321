"""Which papers a motor claim needs, by which article, which of them are missing and who issues them. Pure.

The Act leaves the list to an announcement (G0390060 art. 25 II) whose text is not in the data: most lines of the compulsory
cover are `unconfirmed`, and all of the voluntary covers, where the policy's terms rule.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from schemas.evidence import Cover
from services.motor.law import Line, Status, on


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
    """What makes a further paper necessary: an applicant says so (`stated.py`), a paper that is there shows it (`SHOWN_BY`), a
    receipt holds such a cost, or who owes does."""

    TRANSPORT = "transport"
    NURSING = "nursing"
    HOME_NURSING = "home-nursing"
    MATERIALS = "materials"
    LOST_WAGES = "lost-wages"
    HEIRS = "heirs"  # she died before what was hers was paid: her heirs claim it, G0390062 art. 19 ⑥
    FUNERAL_PAYER = "funeral-payer"  # no survivor of G0390060 art. 11 I ②: who paid the funeral claims, art. 11 III
    FUND = "fund"  # claimed from the special compensation fund
    UNTRACEABLE = "untraceable"  # because a vehicle cannot be traced
    DIRECT_BILLING = "direct-billing"  # the repair shop bills the insurer


SHOWN_BY = {
    "transport-receipt": Circumstance.TRANSPORT,
    "nursing-receipt": Circumstance.NURSING,
    "home-nursing-certificate": Circumstance.HOME_NURSING,
    "materials-statement": Circumstance.MATERIALS,
    "wage-certificate": Circumstance.LOST_WAGES,
    "funeral-receipt": Circumstance.FUNERAL_PAYER,
    "direct-billing": Circumstance.DIRECT_BILLING,
}


@dataclass(frozen=True)
class PaperLine:
    """One paper: `kinds`: any one of them does, and who issues each. `each`: every claimant hands in his own. `article` is
    empty where only the terms of the policy ask for it. `by`: the papers that do, by SHA-256; `denied`: those that do not, for
    their issuer says that they are not real; `may_have`: whether the reader could be given such a paper, so that what is not
    present is missing and not unknown."""

    kinds: Mapping[str, str]
    each: bool
    present: bool
    article: str
    status: Status
    source: str
    by: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    may_have: bool = True


def papers(
    cover: Cover,
    claim: Claim,
    accident: date,
    circumstances: Collection[Circumstance],
    present: Collection[str],
    claimants: Sequence[Collection[str]] | None = None,
) -> tuple[PaperLine, ...] | None:
    """What a claim needs. `present`: kinds and data classes of the papers that are there; `claimants`: of each claimant those
    that are about him, None: there is one, and all of it is. None when no list of that cover, claim and day is in the data."""
    own = [present] if claimants is None else claimants
    lines: dict[tuple[str, ...], Line] = {}
    for line in on("papers", accident):
        if (line.values["cover"], line.values["claim"]) == (cover, claim) and (
            "when" not in line.values or line.values["when"] in circumstances
        ):
            lines.setdefault(tuple(line.values["kinds"]), line)  # what two circumstances ask for is asked for once
    return (
        tuple(
            PaperLine(
                kinds=line.values["kinds"],
                each=(each := line.values.get("each", False)),
                present=bool(own) and all(not set(one).isdisjoint(line.values["kinds"]) for one in own)
                if each
                else not set(present).isdisjoint(line.values["kinds"]),
                article=line.article,
                status=line.status,
                source=line.source,
            )
            for line in lines.values()
        )
        or None
    )
