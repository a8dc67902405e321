"""Checksums of Taiwan's identifiers: published cases, and every single-digit slip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.identifiers import company_number, institution_code, national_id, residence_permit

TABLE = [
    (national_id, "A123456789", True),
    (national_id, "A123456788", False),
    (national_id, "B123456789", False),
    (national_id, "A323456789", False),  # the first digit is 1 or 2
    (national_id, "a123456789", False),  # texts come in normalised
    (national_id, "A12345678", False),
    (national_id, "A1234567890", False),
    (national_id, "A12345678９", False),
    (national_id, "P277305915", True),
    (national_id, "", False),
    (residence_permit, "AC01234567", True),  # the old form
    (residence_permit, "AD01234567", False),
    (residence_permit, "AE01234567", False),  # the second letter is A to D
    (residence_permit, "HD51273906", True),
    (residence_permit, "F800937155", True),  # the form since 2021
    (residence_permit, "F800937156", False),
    (residence_permit, "A123456789", False),  # a national id is no permit
    (national_id, "F800937155", False),
    (company_number, "04595252", True),  # sums to 35: valid only since April 2023
    (company_number, "03374707", True),
    (company_number, "82916473", True),  # seventh digit 7
    (company_number, "04595253", False),
    (company_number, "0459525", False),
    (company_number, "045952522", False),
    (company_number, "0459525a", False),
    # Seventh digit 7: 28 counts as 10, so the sum or the sum + 1 may divide by 5.
    (company_number, "39512773", True),
    (company_number, "39512774", True),
    (company_number, "39512775", False),
    (company_number, "39512721", True),
    (company_number, "39512720", False),  # the same sum + 1, but the seventh digit is not 7
    (institution_code, "1131990017", True),
    (institution_code, "113199001", False),
    (institution_code, "113199001A", False),
]


@pytest.mark.parametrize(("rule", "value", "valid"), TABLE, ids=lambda one: getattr(one, "__name__", str(one)))
def test_table(rule, value, valid) -> None:
    assert rule(value) is valid


@given(st.integers(1, 9), st.integers(1, 9))
def test_a_slip_in_one_digit_of_a_national_id_is_seen(position: int, shift: int) -> None:
    """Weights 1, 3, 7, 9 see every slip; even ones and 5 cannot see a shift by 5 or by an even number."""
    weight = (8, 7, 6, 5, 4, 3, 2, 1, 1)[position - 1]
    digits = "A123456789"
    slipped = digits[:position] + str((int(digits[position]) + shift) % 10) + digits[position + 1 :]
    difference = int(slipped[position]) - int(digits[position])
    in_form = slipped[1] in "12"
    assert national_id(slipped) is (in_form and weight * difference % 10 == 0)


@given(st.text(max_size=12))
def test_no_text_raises(text: str) -> None:
    for rule in (national_id, residence_permit, company_number, institution_code):
        assert rule(text) in (True, False)
