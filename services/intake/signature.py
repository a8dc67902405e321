"""Standard Webhooks signatures (HMAC-SHA256, version 1): `webhook-id`, `webhook-timestamp`, `webhook-signature`. Pure.

Source: the Standard Webhooks specification, "Webhook metadata" and "Signature scheme".
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from services.intake.limits import SIGNATURE_SECONDS

SECRET_PREFIX = "whsec_"
LONGEST_ID = 200  # of a webhook-id: it goes into the hash, a longer one is not an id


class BadSignature(Exception):
    """The request was not signed by the holder of the secret, or too long ago."""


class Signature:
    """Verifies while the body streams: `update` each chunk, then `verify`."""

    def __init__(self, secret: str, headers: Mapping[str, str], now: datetime) -> None:
        """BadSignature when a header is missing or the time is out of tolerance."""
        id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not 0 < len(id) <= LONGEST_ID or not (sent.isascii() and sent.isdigit() and len(sent) <= 12):
            raise BadSignature
        if abs(now.timestamp() - int(sent)) > SIGNATURE_SECONDS:
            raise BadSignature
        self._given = headers.get("webhook-signature", "").split(" ")
        self._hash = hmac.new(key_of(secret), f"{id}.{sent}.".encode(), hashlib.sha256)

    def update(self, chunk: bytes) -> None:
        self._hash.update(chunk)

    def verify(self) -> None:
        expected = "v1," + base64.b64encode(self._hash.digest()).decode()
        if not any(hmac.compare_digest(expected.encode(), one.encode()) for one in self._given):
            raise BadSignature


def sign(secret: str, id: str, sent: int, body: bytes) -> str:
    """The value of `webhook-signature`; `sent` in seconds since 1970."""
    digest = hmac.new(key_of(secret), f"{id}.{sent}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def key_of(secret: str) -> bytes:
    """The key in a secret `whsec_<base64>`; ValueError when it is not one."""
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a secret is whsec_ and base64") from None
