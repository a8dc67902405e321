"""Bearer tokens (RFC 6750). Only their hashes are held; a look-up by hash leaks no timing of the token."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.records import Role


@dataclass(frozen=True)
class Caller:
    code: str
    role: Role


class Tokens:
    """Made from the sandbox file's lists: token → who bears it; code → the secret (`whsec_…`) that it signs with."""

    def __init__(self, bearers: Mapping[str, Caller], secrets: Mapping[str, str] | None = None) -> None:
        self._bearers = {_hash(token): caller for token, caller in bearers.items()}
        self._secrets = dict(secrets or {})

    def caller(self, authorization: str | None) -> Caller | None:
        """Who an `Authorization` header's value stands for, or None."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return None
        return self._bearers.get(_hash(token.strip()))

    def secret(self, code: str) -> str | None:
        """The signing secret of a participant, or None when it has none."""
        return self._secrets.get(code)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
