"""What participants sign: JSON Web Signatures (RFC 7515) by one of their registered keys, EdDSA or ES256."""

import base64
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

# Every JOSE library of today reads and writes the name EdDSA; RFC 9864 renames it.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", module="joserfc")
ALGORITHMS = ["EdDSA", "ES256"]
SIGNING = "sig"  # `use` of a key that signs


class BadSignature(Exception):
    """Not signed by one of these keys, or changed since, or no JWS at all."""


def signing_keys(keys: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Those of a participant's registered keys that it signs with."""
    return [dict(one) for one in keys if one.get("use") == SIGNING]


def signs(signature: str, payload: bytes, keys: Sequence[Mapping[str, str]]) -> bool:
    """Whether a detached JWS (`header..signature`) over `payload` is by one of the signing keys, the one that it names."""
    try:
        header, middle, end = signature.split(".")
        if middle:
            return False
        _opened(f"{header}.{base64.urlsafe_b64encode(payload).rstrip(b'=').decode()}.{end}", keys)
    except (BadSignature, ValueError):
        return False
    return True


def claims(compact: str, type: str, keys: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The claims of a compact JWS of this `typ` by one of the signing keys; BadSignature otherwise."""
    opened = _opened(compact, keys)
    if opened.headers().get("typ") != type:
        raise BadSignature("typ")
    try:
        found = json.loads(opened.payload)
    except ValueError:
        raise BadSignature("payload") from None
    if not isinstance(found, dict):
        raise BadSignature("payload")
    return found


def _opened(compact: str, keys: Sequence[Mapping[str, str]]) -> jws.CompactSignature:
    """The key must be named: a signature by an unnamed one would be tried against all."""
    try:
        named = jws.extract_compact(compact.encode("ascii")).headers().get("kid")
        chosen = [one for one in signing_keys(keys) if one["kid"] == named]
        if not chosen:
            raise BadSignature("kid")
        known = KeySet.import_key_set({"keys": chosen})  # type: ignore[arg-type,typeddict-item]
        return jws.deserialize_compact(compact.encode("ascii"), known, algorithms=ALGORITHMS)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadSignature(type(error).__name__) from None
