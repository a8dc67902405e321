"""How well records of one accident find each other, on a small world: red when a threshold or a weight moves wrongly.

The figures that count are `python -m bench.matching`'s, on many more links and other seeds (docs/matching.md).
"""

import pytest

from bench.accidents import invented
from bench.matching import Report, lower, measure
from services.hub import linking
from services.hub.grading import WEIGHTS, Sign
from services.portal.signs import SIGNS

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


def test_every_sign_has_a_weight_and_words() -> None:
    assert WEIGHTS.keys() == SIGNS.keys() == set(Sign)


def test_wilsons_bound() -> None:
    assert lower(0, 0) == 0
    assert lower(5_000, 5_000) == pytest.approx(0.99923, abs=1e-5)
    assert lower(97, 100) == pytest.approx(0.91548, abs=1e-4)
