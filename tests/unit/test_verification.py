"""What a question says, when it is asked again, what an answer means; and what vouches for an upload."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jws as jose
from joserfc.jwk import ECKey, OKPKey

from adapters.vault.jws import BadSignature, claims, signs
from schemas.evidence import NumberType, Upload
from schemas.integrity import Answer, Integrity, Origin, State
from schemas.records import Kind
from services.hub.integrity import Attested, integrity, published
from services.verification.decide import (
    ANSWER,
    ANSWERS,
    DEADLINE,
    LONGEST_PAUSE,
    QUESTION,
    SKEW,
    BadAnswer,
    Question,
    next_try,
    numbers_of,
    question_id,
    read,
    reopens,
)
from tests.unit.building import accident, evidence, node, number

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
SHA, OTHER_SHA, UNIT = "ab" * 32, "cd" * 32, "387130000C"
ASKED = Question("q1", SHA, UNIT, "registration-slip", {"policeCase": "A1"}, NOW, NOW + DEADLINE)
SAID = {"jti": "q1", "iss": UNIT, "sha256": SHA, "answer": "confirmed", "iat": int(NOW.timestamp()) + 5}
ANSWERED = NOW + timedelta(seconds=6)


def test_a_question_says_the_same_each_time() -> None:
    said = ASKED.claims("claims-interchange")
    assert (
        said
        == ASKED.claims("claims-interchange")
        == {
            "jti": "q1",
            "iss": "claims-interchange",
            "aud": UNIT,
            "iat": int(NOW.timestamp()),
            "exp": int((NOW + DEADLINE).timestamp()),
            "sha256": SHA,
            "kind": "registration-slip",
            "policeCase": "A1",
        }
    )
    told = evidence("registration-slip", numbers=(number(NumberType.CLAIM, "9"), number(NumberType.POLICE_CASE, "A1")))
    assert numbers_of(told) == {"policeCase": "A1"} and numbers_of(evidence()) == {}


def test_one_paper_is_one_question() -> None:
    assert question_id(SHA, UNIT, 0) == question_id(SHA, UNIT, 0)
    assert len({question_id(SHA, UNIT, 0), question_id(SHA, UNIT, 1), question_id(OTHER_SHA, UNIT, 0)}) == 3
    assert [one for one in Answer if reopens(one)] == [Answer.NO_ANSWER]


@pytest.mark.parametrize(
    ("tries", "after", "seconds"),
    [
        (1, None, 2),
        (2, None, 4),
        (9, None, 512),
        (10, None, 900),
        (400, None, 900),
        (1, 60, 60),
        (1, 9_999, 900),
        (5, 1, 32),
    ],
)
def test_it_is_asked_again_later_and_later(tries: int, after: int | None, seconds: int) -> None:
    wanted = timedelta(seconds=after) if after else None
    assert next_try(NOW, tries, NOW + DEADLINE, wanted) == NOW + timedelta(seconds=seconds)
    assert next_try(NOW, tries, NOW + timedelta(seconds=1), wanted) == NOW + timedelta(seconds=1)
    assert LONGEST_PAUSE.total_seconds() == 900


@pytest.mark.parametrize("word", ANSWERS)
def test_the_words_of_a_unit(word: Answer) -> None:
    assert read(SAID | {"answer": word.value}, ASKED, ANSWERED) == word


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"answer": "asked"}, "form"),
        ({"answer": "no-answer"}, "form"),
        ({"answer": None}, "form"),
        ({"answer": True}, "form"),
        ({"iat": {"name": "王小明"}}, "form"),
        ({"iat": "王小明"}, "form"),
        ({"iat": True}, "form"),
        ({"iat": None}, "form"),
        ({"jti": ["q1"]}, "form"),
        ({"sha256": None}, "form"),
        ({"iss": {"name": UNIT}}, "form"),
        ({"name": "A123456789"}, "form"),  # nothing else may come in: an answer rests in clear
        ({"jti": "q2"}, "of-another-question"),
        ({"sha256": OTHER_SHA}, "of-another-question"),
        ({"iss": "379130000C"}, "of-another-unit"),
    ],
)
def test_an_answer_to_something_else_does_not_count(change: dict[str, object], fault: str) -> None:
    with pytest.raises(BadAnswer, match=fault):
        read(SAID | change, ASKED, ANSWERED)


@pytest.mark.parametrize(
    ("signed", "good"),
    [
        (NOW, True),
        (NOW - SKEW, True),  # the unit's clock is behind
        (NOW - SKEW - timedelta(seconds=1), False),  # of before it was asked
        (datetime(1970, 1, 1, tzinfo=UTC), False),
        (ANSWERED + SKEW, True),
        (ANSWERED + SKEW + timedelta(seconds=1), False),
        (datetime(9999, 1, 1, tzinfo=UTC), False),
    ],
)
def test_an_answer_was_given_after_the_question_and_before_now(signed: datetime, good: bool) -> None:
    said = SAID | {"iat": int(signed.timestamp())}
    if good:
        assert read(said, ASKED, ANSWERED) == Answer.CONFIRMED
    else:
        with pytest.raises(BadAnswer, match="of-another-time"):
            read(said, ASKED, ANSWERED)


def test_no_second_stands_for_any_time() -> None:
    for far in (10**30, -(10**30)):
        with pytest.raises(BadAnswer, match="of-another-time"):
            read(SAID | {"iat": far}, ASKED, ANSWERED)
    late = replace(ASKED, asked=NOW + timedelta(milliseconds=900))
    assert read(SAID | {"iat": int((NOW - SKEW).timestamp())}, late, ANSWERED) == Answer.CONFIRMED, "whole seconds"


ED = OKPKey.generate_key("Ed25519", {"use": "sig", "kid": "ed"})
ES = ECKey.generate_key("P-256", {"use": "sig", "kid": "es"})
KEYS = [key.as_dict(private=False) for key in (ED, ES)]


def signed(key: OKPKey | ECKey, payload: bytes, type: str | None = ANSWER, **header: str) -> str:
    head = {"alg": "EdDSA" if key is ED else "ES256", "kid": key.kid} | ({"typ": type} if type else {}) | header
    return jose.serialize_compact(head, payload, key, algorithms=["EdDSA", "ES256"])


def detached(compact: str) -> str:
    header, _, end = compact.split(".")
    return f"{header}..{end}"


@pytest.mark.parametrize("key", [ED, ES], ids=["EdDSA", "ES256"])
def test_what_a_unit_signed(key: OKPKey | ECKey) -> None:
    compact = signed(key, json.dumps(SAID).encode())
    assert claims(compact, ANSWER, KEYS) == SAID
    good = detached(signed(key, SHA.encode(), None))
    assert signs(good, SHA.encode(), KEYS) and not signs(good, OTHER_SHA.encode(), KEYS)
    assert not signs(signed(key, SHA.encode(), None), SHA.encode(), KEYS), "it brings its own payload"
    others = [one for one in KEYS if one["kid"] != key.kid]
    assert not signs(good, SHA.encode(), others) and not signs(good, SHA.encode(), [])
    sealing = [{**one, "use": "enc"} for one in KEYS]
    assert not signs(good, SHA.encode(), sealing), "a key to seal to signs nothing"
    for type in (QUESTION, None):
        with pytest.raises(BadSignature):
            claims(signed(key, json.dumps(SAID).encode(), type), ANSWER, KEYS)


@pytest.mark.parametrize(
    "text", ["", "..", "a.b.c", "e30..c2ln", "\x00.\x00.\x00", "é..é", "eyJhbGciOiJub25lIiwia2lkIjoiZWQifQ.."]
)
def test_what_is_no_signature(text: str) -> None:
    assert not signs(text, SHA.encode(), KEYS)
    with pytest.raises(BadSignature):
        claims(text, ANSWER, KEYS)


@pytest.mark.parametrize("payload", [b"[]", b"1", b"{", b"\xff"])
def test_signed_words_that_are_no_claims(payload: bytes) -> None:
    with pytest.raises(BadSignature):
        claims(signed(ED, payload), ANSWER, KEYS)


def test_an_answer_brings_nothing_beside_its_claims() -> None:
    payload = json.dumps(SAID).encode()
    with pytest.raises(BadSignature, match="header"):
        claims(signed(ED, payload, cty="A123456789"), ANSWER, KEYS)
    twice = b'{"iat": {"name": "A123456789"}, ' + payload[1:]
    with pytest.raises(BadSignature, match="payload"):
        claims(signed(ED, twice), ANSWER, KEYS)
    header, middle, end = signed(ED, payload).split(".")
    with pytest.raises(BadSignature, match="form"):
        claims(f"{header}.{middle}.{end}!name!", ANSWER, KEYS)


def upload(
    lineage: str = "u", origin: Origin = Origin.PARTY, sha256: str = SHA, issuer: str = UNIT, sender: str = "CL01"
):  # type: ignore[no-untyped-def]
    told = evidence("scene-diagram", issuer=issuer, upload=Upload(sha256=sha256, origin=origin))
    return node(lineage, Kind.PAPER, told, sender=sender)


def state(
    *beside, signature: bool | None = None, answer: Answer | None = None, origin: Origin = Origin.PARTY
) -> Integrity:  # type: ignore[no-untyped-def]
    """Of an upload among these others of its case."""
    mine = upload(origin=origin)
    told = Attested(
        signed={} if signature is None else {"u": signature},
        answers={(SHA, UNIT): (answer, "2026-11-21T04:00:00.000000Z")} if answer else {},
    )
    found = integrity("u", mine.evidence, published([mine, *beside]), told)
    assert found is not None
    return found


def test_the_strongest_that_is_known_counts_and_a_denial_above_all() -> None:
    assert state() == Integrity(origin=Origin.PARTY, state=State.UNVERIFIED)
    assert state(origin=Origin.ISSUER).state == State.ISSUED
    assert (state(signature=True).state, state(signature=True).signature) == (State.SIGNED, "valid")
    assert (state(signature=False).state, state(signature=False).signature) == (State.UNVERIFIED, "invalid")
    assert state(answer=Answer.CONFIRMED).state == State.MATCHED
    assert state(answer=Answer.DENIED, signature=True).state == State.DENIED
    assert state(answer=Answer.DENIED, origin=Origin.ISSUER).state == State.DENIED
    for word in (Answer.UNKNOWN, Answer.REFUSED, Answer.NO_ANSWER):
        assert (state(answer=word).state, state(answer=word).answer) == (State.UNVERIFIED, word)
        assert state(answer=word, signature=True).state == State.SIGNED


def test_a_unit_vouches_for_its_own_papers_alone() -> None:
    own = upload("own", Origin.ISSUER, sender=UNIT)
    assert state(own).state == State.MATCHED
    named = node("a", Kind.ACCIDENT, accident(published=(SHA,)), sender=UNIT)
    assert state(named).state == State.MATCHED
    strangers = node("a", Kind.ACCIDENT, accident(published=(SHA,)), sender="379130000C")
    assert state(strangers).state == State.UNVERIFIED
    others = (upload("o", Origin.PARTY, sender="CL02"), upload("o", Origin.ISSUER, OTHER_SHA, sender=UNIT),
              upload("o", Origin.ISSUER, issuer="379130000C", sender="379130000C"))  # fmt: skip
    assert all(state(other).state == State.UNVERIFIED for other in others)
    assert integrity("d", evidence(), frozenset(), Attested()) is None
