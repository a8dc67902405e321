"""A change of a participant: what the schema cannot say of its role, keys and endpoints. Pure."""

import base64
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from schemas.evidence import ParticipantChange
from schemas.problems import Problem
from schemas.records import FUND, Record, Role
from services.validation.schema import at

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_ANY = X25519PrivateKey.from_private_bytes(bytes(31) + b"\x01")


def faults(value: dict, record: Record) -> list[Problem]:
    keys = [
        at("filing-key-unusable", "keys", number) for number, key in enumerate(value.get("keys", ())) if not usable(key)
    ]
    role = value["roles"] != [Role.INSURER] and record.target == FUND
    return [
        *([at("filing-fund-role", "roles")] if role else ()),
        *keys,
        *(
            at("filing-endpoint-unusable", "endpoints", number)
            for number, url in enumerate(value.get("endpoints", ()))
            if not reachable(url)
        ),
    ]


def reachable(url: str) -> bool:
    """An absolute https URL without user or fragment; http only where it cannot leave the machine."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 — raises when it is no number
        (parts.hostname or "").encode("idna")  # and this of an empty label, or one too long (RFC 5890)
    except ValueError:
        return False
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    return bool(
        (parts.scheme == "https" or plain)
        and parts.hostname
        and "@" not in parts.netloc
        and not parts.fragment
        and url.isascii()
        and url.isprintable()
        and " " not in url
    )


def usable(key: dict[str, str]) -> bool:
    """Whether it is a point of its curve, and of those that values are sealed to none of the few whose secret everybody knows."""
    x = _bytes(key["x"])
    try:
        if key["crv"] == "X25519":
            _ANY.exchange(X25519PublicKey.from_public_bytes(x))
        elif key["crv"] == "Ed25519":
            Ed25519PublicKey.from_public_bytes(x)
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
