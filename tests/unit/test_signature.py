"""Standard Webhooks signatures: what verifies, and what does not."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.limits import SIGNATURE_SECONDS
from services.intake.signature import BadSignature, Signature, key_of, sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2021, 8, 11, 12, 0, tzinfo=UTC)
SENT = int(NOW.timestamp())


def headers(body: bytes, id: str = "msg_1", sent: int = SENT, secret: str = SECRET) -> dict[str, str]:
    return {"webhook-id": id, "webhook-timestamp": str(sent), "webhook-signature": sign(secret, id, sent, body)}


def holds(given: dict[str, str], *chunks: bytes) -> bool:
    try:
        signature = Signature(SECRET, given, NOW)
        for chunk in chunks:
            signature.update(chunk)
        signature.verify()
    except BadSignature:
        return False
    return True


def test_the_example_of_the_specification() -> None:
    """Message, secret and signature as the reference libraries' tests have them."""
    given = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    signature = Signature(SECRET, given, datetime.fromtimestamp(1614265330, UTC))
    signature.update(b'{"test": 2432232314}')
    signature.verify()


@given(body=st.binary(max_size=200), cut=st.integers(0, 200))
def test_however_the_body_is_cut(body: bytes, cut: int) -> None:
    assert holds(headers(body), body[:cut], body[cut:])


@given(body=st.binary(max_size=50), at=st.integers(0, 49))
def test_a_changed_byte_does_not_verify(body: bytes, at: int) -> None:
    changed = bytearray(body or b"x")
    changed[at % len(changed)] ^= 1
    assert not holds(headers(body), bytes(changed))


@pytest.mark.parametrize(
    "given",
    [
        {},
        headers(b"x") | {"webhook-id": ""},
        headers(b"x") | {"webhook-id": "other"},
        headers(b"x", id="i" * 201),
        headers(b"x") | {"webhook-timestamp": str(SENT + 1)},
        headers(b"x") | {"webhook-timestamp": "-1"},
        headers(b"x") | {"webhook-timestamp": "9" * 13},
        headers(b"x") | {"webhook-signature": ""},
        headers(b"x") | {"webhook-signature": headers(b"x")["webhook-signature"].replace("v1,", "v2,")},
        headers(b"x") | {"webhook-signature": "v1,é"},
        headers(b"x", secret="whsec_AAAA"),
    ],
    ids=lambda given: str(sorted(given.items()))[-40:],
)
def test_what_does_not_verify(given: dict[str, str]) -> None:
    assert not holds(given, b"x")


@pytest.mark.parametrize("off", [-1, 1])
def test_the_tolerance_goes_both_ways(off: int) -> None:
    assert holds(headers(b"x", sent=SENT + off * SIGNATURE_SECONDS), b"x")
    assert not holds(headers(b"x", sent=SENT + off * (SIGNATURE_SECONDS + 1)), b"x")


def test_one_of_several_is_enough() -> None:
    given = headers(b"x")
    assert holds(given | {"webhook-signature": f"v1,AAAA {given['webhook-signature']}"}, b"x")


def test_a_secret_that_is_none() -> None:
    with pytest.raises(ValueError):
        key_of("whsec_!")
