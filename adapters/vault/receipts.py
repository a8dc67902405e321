"""Receipts: a compact JWS (RFC 7515, EdDSA per RFC 8037) over record, sha256, sender and time of receipt."""

import base64
import hashlib
import json
import warnings

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

# The contract names the algorithm EdDSA, as every JOSE library reads it today; RFC 9864 renames it.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", module="joserfc")


class BadReceipt(Exception):
    """The receipt was not signed by this interchange, or was changed."""


class Receipts:
    def __init__(self, signing: Ed25519PrivateKey) -> None:
        raw = signing.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        public = signing.public_key().public_bytes_raw()
        self._kid = hashlib.sha256(public).hexdigest()[:16]
        encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode()  # noqa: E731
        self._key = OKPKey.import_key(
            {"kty": "OKP", "crv": "Ed25519", "x": encode(public), "d": encode(raw), "kid": self._kid, "use": "sig"}
        )

    def sign(self, record: str, sha256: str, sender: str, iat: int) -> str:
        """The same arguments give the same receipt (Ed25519 is deterministic). `iat` in seconds since 1970."""
        claims = {"record": record, "sha256": sha256, "sender": sender, "iat": iat}
        body = json.dumps(claims, separators=(",", ":")).encode()
        return jws.serialize_compact({"alg": "EdDSA", "kid": self._kid}, body, self._key, algorithms=["EdDSA"])

    def jwks(self) -> dict[str, object]:
        return {"keys": [{**self._key.as_dict(private=False), "alg": "EdDSA"}]}


def verify(receipt: str, jwks: dict[str, object]) -> dict[str, object]:
    """The claims of a receipt signed by one of these public keys; BadReceipt otherwise."""
    try:
        keys = KeySet.import_key_set(jwks)  # type: ignore[arg-type]
        return json.loads(jws.deserialize_compact(receipt, keys, algorithms=["EdDSA"]).payload)
    except (JoseError, ValueError) as error:
        raise BadReceipt(type(error).__name__) from None
