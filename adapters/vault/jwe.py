"""Values sealed to a recipient's public key: JWE compact (RFC 7516), ECDH-ES+A256KW and A256GCM."""

from collections.abc import Callable

from joserfc import jwe
from joserfc.jwk import import_key

ALGORITHMS = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}


def sealer_to(key: dict[str, str]) -> Callable[[bytes], bytes]:
    """Seals JSON to a public JWK; the header names the key by its `kid`. ValueError when the key is none of its curve."""
    public = import_key(key)
    header = {**ALGORITHMS, "kid": key["kid"], "cty": "json"}
    return lambda value: jwe.encrypt_compact(header, value, public, algorithms=list(ALGORITHMS.values())).encode()
