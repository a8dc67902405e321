"""`python -m bench.matching --seed N`: how well records of one accident find each other, on invented accidents and on
published ones, with the noise of `bench.noise`; docs/matching.md has what was seen.

A link is a pair of records of one accident and of different kinds: application, document, police record (open data among
them). Right is a link that is joined; wrong is every joined pair that is not of one accident, of one kind too. Records are
found by the hub's own keys, judged and assembled by its own code;
nothing compares all pairs. Bounds are Wilson's at 95 %, two-sided, of which the lower is told.
"""

import argparse
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import sqrt
from pathlib import Path

from bench.accidents import Happened, invented, published
from bench.noise import Writer
from services.hub.assemble import UNDECIDED, Component, assemble, judged_between
from services.hub.grading import AUTOMATIC, REVIEW
from services.hub.linking import Link, Node, crowds, keys, near

ROOT = Path(__file__).parents[1]
FILES = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared/data")) / "police/npa-open-data"
PRECISION, RECALL = 0.999, 0.97  # that the lower bounds must reach
LINKS_AN_ACCIDENT = 3  # at least so many, on an average
Z = 1.96


@dataclass
class Report:
    """Pairs: `true` the links, `right` those joined automatically, `wrong` all joined that are not of one accident; `asked` of
    a person, `worth` of these; `missed`: links neither joined nor asked of a person, themselves or through others of their
    cases."""

    accidents: int = 0
    records: int = 0
    true: int = 0
    right: int = 0
    asked: int = 0
    worth: int = 0
    missed: int = 0
    cases: int = 0
    mixed: int = 0
    wrong: list[tuple[Node, Node]] = field(default_factory=list)
    split: list[tuple[Node, Node]] = field(default_factory=list)

    @property
    def joined(self) -> int:
        return self.right + len(self.wrong)

    @property
    def precision(self) -> float:
        return lower(self.right, self.joined)

    @property
    def recall(self) -> float:
        return lower(self.right, self.true)

    @property
    def good(self) -> bool:
        return self.precision >= PRECISION and self.recall >= RECALL


def lower(hits: int, total: int) -> float:
    """The lower bound of Wilson's interval for a share."""
    if not total:
        return 0.0
    share = hits / total
    middle = share + Z * Z / (2 * total)
    return (middle - Z * sqrt(share * (1 - share) / total + Z * Z / (4 * total * total))) / (1 + Z * Z / total)


def measure(happened: Iterable[Happened], seed: int) -> Report:
    """Writes down what happened, lets the hub's own code find what belongs together, and compares."""
    writer, report = Writer(seed), Report()
    nodes: list[Node] = []
    truth: dict[str, str] = {}
    for number, accident in enumerate(happened):
        report.accidents += 1
        for one in writer.records(accident, f"{number}"):
            lineage = f"{len(nodes):07d}"
            truth[lineage] = one.truth
            nodes.append(
                Node(lineage, f"r{lineage}", one.kind, one.evidence.issuer, len(nodes), one.evidence,
                     keys(one.evidence, [f"r{lineage}"], str), near(one.evidence, str))
            )  # fmt: skip
    report.records = len(nodes)
    under = {hash: key for node in nodes for hash, key in node.own.items()}
    judged = judged_between(nodes, crowds(under, Counter(hash for node in nodes for hash in node.own)))
    components = list(_assembled(nodes, [link for link in judged if link.automatic]))
    doubts = [link for link in judged if not link.automatic]
    doubts += {link for component in components for link, why in component.refused if why == UNDECIDED}
    _count(report, components, doubts, truth)
    return report


def _assembled(nodes: Sequence[Node], links: Sequence[Link]) -> Iterator[Component]:
    """Block by block of what is linked, as the hub loads it."""
    at = {node.lineage: node for node in nodes}
    around: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        around[link.one].append(link)
        around[link.other].append(link)
    seen: set[str] = set()
    for start in at:
        if start in seen:
            continue
        block, waiting = set(), [start]
        while waiting:
            if (one := waiting.pop()) not in block:
                block.add(one)
                waiting += [other for link in around[one] for other in (link.one, link.other)]
        seen |= block
        yield from assemble([at[one] for one in sorted(block)], {link for one in block for link in around[one]}, [])


def _count(report: Report, components: Sequence[Component], doubts: Sequence[Link], truth: dict[str, str]) -> None:
    case: dict[str, int] = {}
    of: dict[str, list[Node]] = defaultdict(list)
    for index, component in enumerate(components):
        report.cases += len(component.nodes) > 1
        report.mixed += len({truth[node.lineage] for node in component.nodes}) > 1
        for node in component.nodes:
            case[node.lineage] = index
            of[truth[node.lineage]].append(node)
        for one, other in combinations(component.nodes, 2):
            if truth[one.lineage] != truth[other.lineage]:
                report.wrong.append((one, other))
            elif _is_link(one, other):
                report.right += 1
    asked: dict[frozenset[int], bool] = {}
    for doubt in doubts:
        between = frozenset((case[doubt.one], case[doubt.other]))
        if len(between) == 2:  # one question for two cases, whichever of their records raise it
            asked[between] = asked.get(between, False) or truth[doubt.one] == truth[doubt.other]
    report.asked, report.worth = len(asked), sum(asked.values())
    for nodes in of.values():
        for one, other in combinations(nodes, 2):
            if not _is_link(one, other):
                continue
            report.true += 1
            if case[one.lineage] != case[other.lineage]:
                report.split.append((one, other))
                report.missed += frozenset((case[one.lineage], case[other.lineage])) not in asked


def _is_link(one: Node, other: Node) -> bool:
    """Of different kinds: an accident of forty injured would else count for its documents among each other."""
    return one.kind != other.kind


def told(what: str, report: Report) -> str:
    def share(hits: int, total: int) -> str:
        return f"{hits:,} of {total:,} ({hits / total if total else 0:.5f}, at least {lower(hits, total):.5f})"

    return "\n".join(
        (
            f"{what}: {report.accidents:,} accidents, {report.records:,} records, {report.true:,} links",
            f"  precision  {share(report.right, report.joined)} of the pairs joined automatically are of one accident",
            f"  recall     {share(report.right, report.true)} of the links are joined automatically",
            f"  cases      {share(report.cases - report.mixed, report.cases)} of several records hold one accident's",
            f"  to a person {report.asked:,} questions, {report.asked / report.accidents:.3f} an accident; "
            f"{report.worth:,} of them with yes for an answer",
            f"  neither    {report.missed:,} links ({report.missed / max(report.true, 1):.5f}) are not even asked about",
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.matching", description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--links", type=int, default=20_000, help="at least so many, on invented accidents")
    given = parser.parse_args()
    print(f"automatic from {AUTOMATIC} bits, to a person from {REVIEW}; seed {given.seed}")
    reports = [measure(invented(given.seed, given.links // LINKS_AN_ACCIDENT), given.seed)]
    print(told("invented", reports[0]))
    files = sorted(FILES.glob("*.csv"))
    if not files:
        print(f"no published rows at {FILES}: set CLAIMS_SHARED_DATA to the folder that holds police/", file=sys.stderr)
        return 2
    reports.append(measure(published(given.seed, files), given.seed))
    print(told("published rows", reports[1]))
    return 0 if all(report.good for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
