"""Token buckets: tables and properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.rate import Buckets


def test_a_burst_of_one_second_passes_and_no_more() -> None:
    buckets = Buckets(5)
    assert [buckets.take("A", 10.0) for _ in range(5)] == [0.0] * 5
    assert buckets.take("A", 10.0) == pytest.approx(0.2)
    assert buckets.take("B", 10.0) == 0.0


def test_after_the_wait_there_is_a_token() -> None:
    buckets = Buckets(4)
    for _ in range(4):
        buckets.take("A", 0.0)
    wait = buckets.take("A", 0.0)
    assert buckets.take("A", wait) == 0.0
    assert buckets.take("A", wait) > 0.0


def test_a_rate_below_one_still_lets_one_pass() -> None:
    buckets = Buckets(0.5)
    assert buckets.take("A", 0.0) == 0.0
    assert buckets.take("A", 0.0) == pytest.approx(2.0)


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    buckets = Buckets(1)
    assert buckets.take("A", 100.0) == 0.0
    assert buckets.take("A", 50.0) > 0.0


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_is_above_nothing(rate: float) -> None:
    with pytest.raises(ValueError):
        Buckets(rate)


@given(
    rate=st.floats(0.5, 500),
    steps=st.lists(st.floats(0, 3, allow_subnormal=False), min_size=1, max_size=200),
)
def test_over_any_time_no_more_than_the_rate_and_one_burst(rate: float, steps: list[float]) -> None:
    buckets, now, passed = Buckets(rate), 0.0, 0
    for step in steps:
        now += step
        passed += buckets.take("A", now) == 0.0
    assert passed <= rate * now + max(rate, 1.0) + 1e-6


@given(rate=st.floats(0.5, 500), steps=st.lists(st.floats(0, 3, allow_subnormal=False), min_size=1, max_size=50))
def test_the_wait_told_is_enough(rate: float, steps: list[float]) -> None:
    buckets, now = Buckets(rate), 0.0
    for step in steps:
        now += step
        if wait := buckets.take("A", now):
            now += wait + 1e-6
            assert buckets.take("A", now) == 0.0
