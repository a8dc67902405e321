"""What two senders may both hand over: a certificate or receipt as canonical text, alike in documents and uploads."""

from schemas.normalise import canonical


def part(kind: str, issuer: str, person: str, number: str) -> str:
    """`kind` is certificate or receipt; issuer (institution code), person and the issuer's number make it one thing."""
    return canonical(kind, issuer, person, number)
