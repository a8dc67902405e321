"""How well records of one accident find each other, on a small world: red when a threshold or a weight moves wrongly.

The figures that count are `python -m bench.matching`'s, on many more links and other seeds (docs/matching.md).
"""

from dataclasses import replace

import pytest

from bench.accidents import invented
from bench.matching import Report, _count, lower, measure, told
from schemas.records import Kind
from services.hub import linking
from services.hub.assemble import Component
from services.hub.grading import WEIGHTS, Sign
from services.portal.signs import SIGNS
from tests.unit.building import accident, filing, node

ACCIDENTS, SEED = 700, 3


@pytest.fixture(scope="module")
def report() -> Report:
    return measure(invented(SEED, ACCIDENTS), SEED)


def test_a_small_world(report: Report) -> None:
    assert report.true > 2_500
    assert report.joined - report.right <= report.joined // 500, [
        (one.evidence.paper, other.evidence.paper) for one, other in report.wrong
    ]
    assert report.right >= 0.965 * report.true
    assert report.asked < ACCIDENTS, "more questions than accidents"
    assert report.missed < 0.02 * report.true


@pytest.mark.parametrize(("automatic", "better"), [(12, "recall"), (26, "precision")])
def test_a_threshold_moved_is_seen(
    report: Report, monkeypatch: pytest.MonkeyPatch, automatic: int, better: str
) -> None:
    monkeypatch.setattr(linking, "AUTOMATIC", automatic)
    moved = measure(invented(SEED, ACCIDENTS // 2), SEED)
    if better == "recall":
        assert moved.joined - moved.right > moved.joined // 500
    else:
        assert moved.right < 0.965 * moved.true


def test_a_wrong_pair_of_one_kind_counts_against_precision() -> None:
    """Two police records of two accidents, alone in one case; and a third accident, rightly joined."""
    police = [node(name, Kind.ACCIDENT, accident()) for name in ("p1", "p2", "p3")]
    filed = node("f3", Kind.APPLICATION, filing())
    truth = {"p1": "one", "p2": "two", "p3": "three", "f3": "three"}
    report = Report()
    _count(report, [Component(tuple(police[:2]), ()), Component((police[2], filed), ())], [], truth)
    assert (report.right, report.joined, report.true, report.mixed) == (1, 2, 1, 1)
    assert [{one.lineage, other.lineage} for one, other in report.wrong] == [{"p1", "p2"}]
    assert "1 of 2 (0.50000" in told("two", replace(report, accidents=3)).splitlines()[1]
    many = replace(report, right=30_000, true=30_500, wrong=[])
    assert many.good and not replace(many, wrong=report.wrong * 30).good, "the gate"


def test_every_sign_has_a_weight_and_words() -> None:
    assert WEIGHTS.keys() == SIGNS.keys() == set(Sign)


def test_wilsons_bound() -> None:
    assert lower(0, 0) == 0
    assert lower(5_000, 5_000) == pytest.approx(0.99923, abs=1e-5)
    assert lower(97, 100) == pytest.approx(0.91548, abs=1e-4)
