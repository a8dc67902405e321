"""What a played scenario came to, against its known truth. Pure: everything observed is an argument."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from services.sandbox.check import Observed, Report, check
from services.sandbox.observer import Seen
from services.sandbox.player import Sent
from services.sandbox.truth import Acting, Truth

REVIEW = {"authorisation": "/authorisations/{id}/review", "mandate": "/mandates/{id}/review"}
APPLICATION, ACCIDENT = "/claimlink/applications", "/police/accidents"
OWN_FILING = "own-filing"  # the line of the law table that an application itself goes under


@dataclass(frozen=True)
class Outcome:
    """`latencies`: seconds from POST to offer, of papers that nothing else was waited for. `found`, `known`: doubles
    that the system named, and those of the truth; `acting`: of the applications that agents filed, by how their mandates
    stand: how many, how many ever offered to an insurer, how many held by one now."""

    senders: Mapping[str, Counter[str]]  # code → verdict → records
    report: Report
    feed_faults: tuple[str, ...]
    found: frozenset[str]
    known: frozenset[str]
    copies: int
    copies_held_back: int
    unjudged: tuple[str, ...]
    acting: Mapping[Acting, tuple[int, int, int]]
    latencies: tuple[float, ...]
    seconds: float
    records: int

    @property
    def lost(self) -> int:
        return len(self.report.lost) + len(self.unjudged)

    @property
    def clean(self) -> bool:
        return self.report.clean and not self.unjudged and not self.feed_faults


def outcome(sent: Sequence[Sent], seen: Mapping[str, Seen], views: Mapping[str, Sequence[str]]) -> Outcome:
    """`views`: of each insurer the SHA-256 of the papers that it holds in the end."""
    truths = [truth for one in sent for truth in one.item.truths]
    verdicts = {file: verdict for one in sent for file, verdict in one.verdicts().items()}
    handed = {insurer: one.handed() for insurer, one in seen.items()}
    senders: dict[str, Counter[str]] = defaultdict(Counter)
    for one in sent:
        senders[one.item.sender][one.outcome] += 1
    copies = [truth for truth in truths if truth.copy_of]
    return Outcome(
        senders=senders,
        report=check(truths, Observed(verdicts, views, handed)),
        feed_faults=tuple(f"{insurer}: {fault}" for insurer, one in seen.items() for fault in one.faults),
        found=frozenset(file for file, verdict in verdicts.items() if verdict == "duplicate"),
        known=frozenset(truth.file for truth in truths if truth.expected == "duplicate"),
        copies=len(copies),
        copies_held_back=sum(_held_back(truth, views) for truth in copies),
        unjudged=tuple(one.item.file for one in sent if one.item.file not in verdicts),
        acting={how: _acting(truths, how, handed, views) for how in Acting},
        latencies=tuple(sorted(latencies(sent, seen.values()))),
        seconds=max(one.ended for one in sent) - min((one.started for one in sent if one.status), default=0.0),
        records=len(sent),
    )


def _held_back(copy: Truth, views: Mapping[str, Sequence[str]]) -> bool:
    """Nobody holds the copy but those who may have no better one."""
    return {insurer for insurer, view in views.items() if copy.sha256 in view} <= set(copy.insurers)


def _acting(
    truths: Iterable[Truth], how: Acting, handed: Mapping[str, Set[str]], views: Mapping[str, Sequence[str]]
) -> tuple[int, int, int]:
    filed = [truth.sha256 for truth in truths if truth.acting == how]
    ever, now = ({sha256 for seen in told.values() for sha256 in seen} for told in (handed, views))
    return len(filed), sum(one in ever for one in filed), sum(one in now for one in filed)


def latencies(sent: Sequence[Sent], seen: Iterable[Seen]) -> list[float]:
    """Seconds from the start of a paper's POST to the moment when its offer was read, for papers that were sent last of
    all that their offer rests on: the consent was reviewed before them; what goes by law had its application and its
    accident record there."""
    papers: dict[str, Sent] = {}
    last: dict[tuple[str, str | None], float] = defaultdict(
        float
    )  # (path, record or case) → start of the last such post
    records = {one.item.n: one.record for one in sent}
    for one in sent:
        papers.setdefault(one.item.truths[0].sha256, one)
        about = records.get(one.item.of or 0) if one.item.path in REVIEW.values() else one.item.truths[0].case
        last[one.item.path, about] = max(last[one.item.path, about], one.started)
    times = []
    for feed in seen:
        for sha256, at in feed.papers.items():
            if paper := papers.get(sha256):
                needed = _needed(feed.basis[sha256], paper.item.truths[0].case)
                if all(last[one] <= paper.started for one in needed):
                    times.append(at - paper.started)
    return times


def _needed(basis: Iterable[Mapping[str, str]], case: str | None) -> Iterator[tuple[str, str | None]]:
    """The posts that a paper waits for: (path, record of what is reviewed, or case)."""
    for one in basis:
        yield from ((REVIEW[what], record) for what, record in one.items() if what in REVIEW)
        if one.get("law", OWN_FILING) != OWN_FILING:
            yield from ((APPLICATION, case), (ACCIDENT, case))


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed (nearest rank); NaN of none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
