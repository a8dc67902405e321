"""Identifiers of persons as filings and police records give them. Pure."""

import re

from adapters import identifiers
from schemas import normalise

_DOMESTIC = re.compile(r"[A-Z][0-9A-D][0-9]{8}")  # national id, residence permit of either form, or a slip in one
_PASSPORT = re.compile(r"[A-Z0-9]{6,20}")


def normal(identifier: str) -> str:
    """An identifier for comparison: half-width, upper case, without white space and hyphens."""
    return normalise.text(identifier).replace("-", "")


def domestic(identifier: str) -> bool:
    """Whether a normal identifier has the form of one that carries a checksum."""
    return _DOMESTIC.fullmatch(identifier) is not None


def checksum(identifier: str) -> bool:
    """Whether a domestic identifier is right."""
    return identifiers.national_id(identifier) or identifiers.residence_permit(identifier)


def sound(identifier: str) -> bool:
    """Whether a normal identifier can be a person's: a right domestic one, or any passport number."""
    return checksum(identifier) if domestic(identifier) else _PASSPORT.fullmatch(identifier) is not None
