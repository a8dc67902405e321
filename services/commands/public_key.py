"""Public keys as the command takes them from a file, and pairs as it makes them."""

import json
import os
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, import_key

from services.commands.options import Failed

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}  # RFC 7518: members that only an owner may hold
ENCRYPT, SIGN = "enc", "sig"  # RFC 7517 section 4.2
CURVES = {ENCRYPT: "X25519", SIGN: "Ed25519"}  # of kty OKP; P-256 serves both
ALGORITHMS = {ENCRYPT: ("ECDH-ES+A256KW",), SIGN: ("EdDSA", "ES256")}
WANTED = (
    "A public JWK (kty OKP with crv X25519, or Ed25519 to sign with; or kty EC with crv P-256), or a JWK set of them, "
    "is wanted."
)


def public_keys(text: str, use: str = ENCRYPT) -> list[dict[str, str]]:
    """The keys of a JWK or a JWK set for this use, in its order; Failed when there is none, or a private one among them."""
    if "PRIVATE KEY" in text:
        raise _private()
    try:
        found = json.loads(text)
    except ValueError:
        raise Failed(f"The file is no JSON. {WANTED}") from None
    keys = found.get("keys", [found]) if isinstance(found, dict) else []
    if not isinstance(keys, list) or not keys or not all(isinstance(one, dict) for one in keys):
        raise Failed(WANTED)
    if any(PRIVATE & one.keys() for one in keys):
        raise _private()
    usable = [one for one in keys if one.get("use", use) == use]
    if not usable:
        raise Failed(
            f"No key of the file is for {'encryption' if use == ENCRYPT else 'signing'} (use: {use}). {WANTED}"
        )
    return [_public(one, use) for one in usable]


def make_pair(out: Path, use: str = ENCRYPT) -> dict[str, str]:
    """The public part of a new X25519 key (Ed25519 to sign with), whose private JWK is in the file `out`, for its owner's eyes
    alone."""
    key = OKPKey.generate_key(CURVES[use], {"use": use})  # type: ignore[arg-type]
    private = {**key.as_dict(private=True), "kid": key.thumbprint()}
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(private, file)
    except OSError as error:
        raise Failed(
            f"Cannot write {out}: {error.strerror}. A private key is never written over another file."
        ) from None
    return _public({name: value for name, value in private.items() if name != "d"}, use)


def _public(jwk: dict[str, str], use: str) -> dict[str, str]:
    if (jwk.get("kty"), jwk.get("crv")) not in {("OKP", CURVES[use]), ("EC", "P-256")}:
        raise Failed(f"A key of this sort is not taken. {WANTED}")
    if jwk.get("alg", ALGORITHMS[use][0]) not in ALGORITHMS[use]:
        what = "Values are sealed" if use == ENCRYPT else "Papers and answers are signed"
        raise Failed(f"{what} by {' or '.join(ALGORITHMS[use])}; the key names another algorithm.")
    try:
        key = import_key(jwk)
        assert isinstance(key, OKPKey | ECKey)
        told = {name: str(key.as_dict(private=False)[name]) for name in ("kty", "crv", "x", "y") if name in jwk}
    except (JoseError, ValueError, TypeError):
        raise Failed(f"The key cannot be read: it is no point of its curve. {WANTED}") from None
    return {**told, "kid": str(jwk.get("kid") or key.thumbprint()), "use": use}


def _private() -> Failed:
    return Failed("This is a private key. Give the public one, and keep this one to yourself.")
