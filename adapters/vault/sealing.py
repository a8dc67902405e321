"""AES-256-GCM: one call seals a value, one opens it. A changed byte or a wrong place in the store does not open."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12  # random 96-bit nonces: safe to 2^32 values a key (NIST SP 800-38D); a key here seals far fewer
KEY_BYTES = 32


class CannotOpen(Exception):
    """The key is destroyed, is another one, or the bytes were changed."""


def seal(key: bytes, value: bytes, place: str) -> bytes:
    """`place` names where the value rests (topic and event, table and row): moved elsewhere it does not open."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, value, place.encode())


def open_sealed(key: bytes, sealed: bytes, place: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
    except InvalidTag:
        raise CannotOpen(place) from None
