"""The target of `make fuzz`, without the fuzzer: it takes every seed, and inputs made from them."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.target import changed, run, seeds


@pytest.mark.parametrize("seed", seeds())
def test_seeds(seed: bytes) -> None:
    run(seed)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(seeds()), st.integers(0, 2**32))
def test_changed_seeds(seed: bytes, number: int) -> None:
    run(changed(seed, random.Random(number), cut))
