"""What a played scenario came to, against its known truth. Pure: everything observed is an argument."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.sandbox.check import Observed, Report, check
from services.sandbox.observer import Seen
from services.sandbox.player import Sent
from services.sandbox.truth import Truth

REVIEW = "/authorisations/{id}/review"
APPLICATION = "/claimlink/applications"


@dataclass(frozen=True)
class Outcome:
    """`latencies`: seconds from POST to offer, of papers that nothing else was waited for. `found`, `known`: doubles
    that the system named, and those of the truth."""

    senders: Mapping[str, Counter[str]]  # code → verdict → records
    report: Report
    feed_faults: tuple[str, ...]
    found: frozenset[str]
    known: frozenset[str]
    copies: int
    copies_held_back: int
    unjudged: tuple[str, ...]
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
        latencies=tuple(sorted(latencies(sent, seen.values()))),
        seconds=max(one.ended for one in sent) - min((one.started for one in sent if one.status), default=0.0),
        records=len(sent),
    )


def _held_back(copy: Truth, views: Mapping[str, Sequence[str]]) -> bool:
    """Nobody holds the copy but those who may have no better one."""
    return {insurer for insurer, view in views.items() if copy.sha256 in view} <= set(copy.insurers)


def latencies(sent: Sequence[Sent], seen: Iterable[Seen]) -> list[float]:
    """Seconds from the start of a paper's POST to the moment when its offer was read, for papers that were sent last of
    all that their offer rests on: the consent was reviewed, or the application filed, before them."""
    papers: dict[str, Sent] = {}
    reviewed: dict[str, float] = defaultdict(float)  # authorisation's record → start of its last review
    applied: dict[str | None, float] = defaultdict(float)  # case → start of its last application
    records = {one.item.n: one.record for one in sent}
    for one in sent:
        papers.setdefault(one.item.truths[0].sha256, one)
        if one.item.path == REVIEW:
            target = records.get(one.item.of or 0) or ""
            reviewed[target] = max(reviewed[target], one.started)
        elif one.item.path == APPLICATION:
            case = one.item.truths[0].case
            applied[case] = max(applied[case], one.started)
    times = []
    for feed in seen:
        for sha256, at in feed.papers.items():
            paper = papers.get(sha256)
            if paper is None:
                continue
            needed = [
                reviewed[basis["authorisation"]] if "authorisation" in basis else applied[paper.item.truths[0].case]
                for basis in feed.basis[sha256]
            ]
            if all(start <= paper.started for start in needed):
                times.append(at - paper.started)
    return times


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed (nearest rank); NaN of none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
