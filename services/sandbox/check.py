"""What a run lost, doubled or leaked, against the truth of its scenario. Pure: what was observed is an argument."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from services.sandbox.truth import Truth

GOT_IN = ("accepted", "duplicate")


@dataclass(frozen=True)
class Observed:
    """`verdicts`: outcome by file, of every record that was acknowledged with a verdict. `views`: of each insurer the
    SHA-256 of every paper that it holds now, over all its cases, repeats kept (`papers_now` makes it from a feed).
    `handed`: of each insurer every SHA-256 that was ever offered or handed over to it."""

    verdicts: Mapping[str, str]
    views: Mapping[str, Sequence[str]]
    handed: Mapping[str, Set[str]] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Fault:
    """One thing gone wrong. `insurer` is "" where no insurer is concerned, `file` where the paper is nobody's."""

    insurer: str
    file: str
    sha256: str
    why: str


@dataclass(frozen=True)
class Report:
    lost: tuple[Fault, ...]
    doubled: tuple[Fault, ...]
    leaked: tuple[Fault, ...]
    verdicts: tuple[Fault, ...]  # accepted though it should be refused, or the other way round

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.leaked)


def papers_now(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """The SHA-256 of the papers that an insurer holds after its feed: each offer is its whole view of a case, a number
    taken back replays without content, a withdrawal names the numbers that it takes back."""
    holding: dict[str, tuple[int, list[str]]] = {}
    for event in events:
        data, number = event["data"], event["offernumber"]
        if event["type"] == "claims.offer.withdrawn":
            gone = set(data["withdraws"])
            holding = {case: held for case, held in holding.items() if held[0] not in gone}
        else:
            holding[data["case"]] = (number, [paper["sha256"] for paper in data.get("papers", ())])
    return [sha256 for _, papers in holding.values() for sha256 in papers]


class _Known:
    """The truth as the checks ask for it.

    `groups`: of each file those that stand for the same thing now, itself among them: a record and its duplicates,
    without superseded versions; which of them is shown may differ with the order of arrival.
    """

    def __init__(self, truths: Iterable[Truth]) -> None:
        self.lines = {truth.file: truth for truth in truths}
        self.files: dict[str, list[str]] = {}
        for truth in self.lines.values():
            self.files.setdefault(truth.sha256, []).append(truth.file)
        self.superseded = {truth.supersedes for truth in self.lines.values() if truth.supersedes}
        self.families = self._joined("duplicate_of", "supersedes")
        same = self._joined("duplicate_of")
        self.groups: dict[str, list[str]] = {}
        for file, root in same.items():
            if file not in self.superseded:
                self.groups.setdefault(root, []).append(file)
        self.group_of = {file: self.groups.get(root, [file]) for file, root in same.items()}

    def _joined(self, *links: str) -> dict[str, str]:
        """Of each file the name of its family: what the links join."""
        root = {file: file for file in self.lines}

        def find(file: str) -> str:
            while root[file] != file:
                file = root[file]
            return file

        for truth in self.lines.values():
            for link in links:
                if other := getattr(truth, link):
                    first, second = sorted((find(truth.file), find(other)))
                    root[second] = first
        return {file: find(file) for file in self.lines}

    def entitled(self, file: str) -> set[str]:
        """Who must hold this, or what stands for the same thing."""
        if file in self.superseded:
            return set()
        return {insurer for other in self.group_of[file] for insurer in self.lines[other].insurers}


def check(truths: Iterable[Truth], observed: Observed) -> Report:
    """Everything that differs, sorted."""
    known = _Known(truths)
    return Report(
        lost=tuple(sorted(_lost(known, observed))),
        doubled=tuple(sorted({*_doubled(known, observed), *_counted_twice(known, observed)})),
        leaked=tuple(sorted({*_leaked(known, observed), *_handed_astray(known, observed)})),
        verdicts=tuple(sorted(_misjudged(known, observed))),
    )


def _lost(known: _Known, observed: Observed) -> Iterable[Fault]:
    for truth in known.lines.values():
        outcome = observed.verdicts.get(truth.file)
        if outcome is None:
            continue
        for insurer in truth.insurers:
            held = set(observed.views.get(insurer, ()))
            if not any(known.lines[file].sha256 in held for file in known.group_of[truth.file]):
                why = "not in its view" if outcome in GOT_IN else f"the record is {outcome}"
                yield Fault(insurer, truth.file, truth.sha256, why)


def _doubled(known: _Known, observed: Observed) -> Iterable[Fault]:
    for insurer, view in observed.views.items():
        families: Counter[str] = Counter()
        for sha256, times in Counter(view).items():
            files = known.files.get(sha256, [])
            if times > 1:
                yield Fault(insurer, files[0] if files else "", sha256, f"{times} times in its view")
            families.update({known.families[file] for file in files})
        for family, count in families.items():
            if count > 1:
                yield Fault(insurer, family, known.lines[family].sha256, "twice in its view under other bytes")


def _counted_twice(known: _Known, observed: Observed) -> Iterable[Fault]:
    """A record and its duplicate both accepted. Of a record with versions both may be, when a version came early."""
    for truth in known.lines.values():
        first = truth.duplicate_of
        if not first or first in known.superseded or known.lines[first].supersedes:
            continue
        if observed.verdicts.get(truth.file) == observed.verdicts.get(first) == "accepted":
            yield Fault("", truth.file, truth.sha256, "accepted beside the record that it repeats")


def _leaked(known: _Known, observed: Observed) -> Iterable[Fault]:
    for insurer, view in observed.views.items():
        for sha256 in set(view):
            files = known.files.get(sha256, [])
            if not any(insurer in known.entitled(file) for file in files):
                yield Fault(insurer, files[0] if files else "", sha256, "in its view without a right")


def _handed_astray(known: _Known, observed: Observed) -> Iterable[Fault]:
    for insurer, handed in observed.handed.items():
        for sha256 in handed:
            files = known.files.get(sha256, [])
            if not any(insurer in known.lines[file].allowed_ever for file in files):
                yield Fault(insurer, files[0] if files else "", sha256, "handed over, and never allowed")


def _misjudged(known: _Known, observed: Observed) -> Iterable[Fault]:
    for file, outcome in observed.verdicts.items():
        truth = known.lines.get(file)
        if truth and (truth.expected in GOT_IN) != (outcome in GOT_IN):
            yield Fault("", file, truth.sha256, f"{outcome}, expected {truth.expected}")
