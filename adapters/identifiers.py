"""Checksums of Taiwan's identifiers. Texts come in normalised (schemas.normalise.text); each function says yes or no.

Sources: docs/facts-police-motor.md section 6 (weights, letter values, the company-number rule of April 2023).
"""

import re

_LETTER_VALUES = {letter: number for number, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO", start=10)}
_PERSON_WEIGHTS = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)  # over tens and units of the letter, then the nine digits
_NATIONAL = re.compile(r"[A-Z][12][0-9]{8}")
_PERMIT = re.compile(r"[A-Z][89][0-9]{8}")  # 統一證號 since 2021-01-02
_OLD_PERMIT = re.compile(r"[A-Z][A-D][0-9]{8}")
_COMPANY = re.compile(r"[0-9]{8}")
_COMPANY_WEIGHTS = (1, 2, 1, 2, 1, 2, 4, 1)
_INSTITUTION = re.compile(r"[0-9]{10}")


def national_id(value: str) -> bool:
    """身分證字號: a letter, 1 or 2, eight digits, checksum."""
    return _NATIONAL.fullmatch(value) is not None and _person_checksum(value)


def residence_permit(value: str) -> bool:
    """居留證統一證號: the form since 2021 (letter, 8 or 9) and the old one (two letters); both remain in claims."""
    if _PERMIT.fullmatch(value):
        return _person_checksum(value)
    if _OLD_PERMIT.fullmatch(value):
        # The second letter counts with the units of its value only.
        return _person_checksum(value[0] + str(_LETTER_VALUES[value[1]] % 10) + value[2:])
    return False


def company_number(value: str) -> bool:
    """統一編號: eight digits; the sum of the digits of each product divides by 5 (until April 2023 by 10).

    A seventh digit 7 makes the product 28, whose digits sum to 10: it may count as 1 or as 0, so either sum may pass.
    """
    if not _COMPANY.fullmatch(value):
        return False
    total = sum(sum(divmod(int(digit) * weight, 10)) for digit, weight in zip(value, _COMPANY_WEIGHTS, strict=True))
    return total % 5 == 0 or (value[6] == "7" and (total + 1) % 5 == 0)


def institution_code(value: str) -> bool:
    """醫事機構代碼: ten digits; no checksum is published."""
    return _INSTITUTION.fullmatch(value) is not None


def _person_checksum(value: str) -> bool:
    letter = _LETTER_VALUES[value[0]]
    digits = (letter // 10, letter % 10, *(int(digit) for digit in value[1:]))
    return sum(digit * weight for digit, weight in zip(digits, _PERSON_WEIGHTS, strict=True)) % 10 == 0
