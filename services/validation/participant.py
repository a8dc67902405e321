"""A change of a participant: what the schema cannot say of its keys. Pure."""

import base64

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from schemas.evidence import ParticipantChange
from schemas.problems import Problem
from schemas.records import Record
from services.validation.schema import at

_ANY = X25519PrivateKey.from_private_bytes(bytes(31) + b"\x01")


def faults(value: dict, record: Record) -> list[Problem]:
    return [
        at("filing-key-unusable", "keys", number) for number, key in enumerate(value.get("keys", ())) if not usable(key)
    ]


def usable(key: dict[str, str]) -> bool:
    """Whether something can be sealed to it: a point of its curve, and none of the few whose secret everybody knows."""
    x = _bytes(key["x"])
    try:
        if key["crv"] == "X25519":
            _ANY.exchange(X25519PublicKey.from_public_bytes(x))
        else:
            EllipticCurvePublicNumbers(
                int.from_bytes(x, "big"), int.from_bytes(_bytes(key["y"]), "big"), SECP256R1()
            ).public_key()
    except ValueError:
        return False
    return True


def _bytes(coordinate: str) -> bytes:
    return base64.urlsafe_b64decode(coordinate + "=")


def evidence(value: dict, record: Record) -> ParticipantChange:
    return ParticipantChange(
        name=value["name"],
        roles=tuple(value["roles"]),
        status=value["status"],
        keys=tuple(value.get("keys", ())),
        endpoints=tuple(value.get("endpoints", ())),
    )
