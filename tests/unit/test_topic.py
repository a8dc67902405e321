"""What is missing on an insurer's topic, and what is no fault of it."""

import pytest

from services.delivery.topic import Held, faults, repeated


@pytest.mark.parametrize(
    ("held", "before", "after", "told"),
    [
        (Held([1, 2, 3], True), 3, 3, []),
        (Held([], True), 0, 0, []),
        (Held([1, 2, 1, 2, 3], True), 3, 3, []),
        (Held([1, 2, 3], True), 2, 3, []),  # one more was published meanwhile
        (Held([1, 2], True), 2, 5, []),  # after it was read
        (Held([7, 8], False), 8, 8, []),  # the retention took the first
        (Held([], False), 8, 8, []),
        (Held([1, 3], True), 3, 3, ["after 1 comes 3"]),
        (Held([1, 3, 2], True), 3, 3, ["after 1 comes 3"]),
        (Held([2, 3], True), 3, 3, ["after 0 comes 2"]),
        (Held([7, 9], False), 9, 9, ["after 7 comes 9"]),
        (Held([1], True), 3, 3, ["it ends with 1, and 3 was published"]),
        (Held([], True), 3, 3, ["it ends with 0, and 3 was published"]),
        (Held([1, 2, 3], True), 1, 1, ["it ends with 3, and the store tells of no more than 1"]),
        (Held([1, None, 2], True), 2, 2, ["1 records are not ours"]),
    ],
)
def test_what_a_reader_would_miss_is_told(held: Held, before: int, after: int, told: list[str]) -> None:
    assert faults(held, before, after) == told


def test_what_comes_again_is_counted() -> None:
    assert repeated(Held([1, 2, 1, None, 2, 3], True)) == 2
