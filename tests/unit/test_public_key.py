"""Which public keys are taken: by the command from a file, and by validation from whatever came through the door."""

import base64
import itertools
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from adapters.vault.jwe import sealer_to
from schemas.records import Participant, Role
from services.commands.options import Failed
from services.commands.public_key import SIGN, make_pair, public_keys
from services.delivery.rights import sealing_key
from tests.unit.test_filing import check, example

Jwk = dict[str, Any]


def pair(curve: str = "X25519", **more: str) -> tuple[Jwk, Jwk]:
    """A public JWK and its private one."""
    key = OKPKey.generate_key(curve) if curve.startswith(("X", "Ed")) else ECKey.generate_key(curve)
    return key.as_dict(private=False) | more, key.as_dict(private=True) | more


@pytest.mark.parametrize("curve", ["X25519", "P-256"])
def test_a_public_key_is_taken_with_its_name(curve: str) -> None:
    public, _ = pair(curve, kid="2026-11", alg="ECDH-ES+A256KW", use="enc", x5t="whatever")
    (taken,) = public_keys(json.dumps(public))
    wanted = {"kty", "crv", "x", "kid", "use"} | ({"y"} if curve == "P-256" else set())
    assert taken.keys() == wanted and taken["kid"] == "2026-11" and taken["x"] == public["x"]


def test_a_key_without_a_name_bears_its_thumbprint() -> None:
    public, _ = pair()
    (taken,) = public_keys(json.dumps(public))
    assert taken["kid"] == import_key(public).thumbprint()


def test_of_a_set_those_for_encryption_are_taken_in_order() -> None:
    first, second, signing = pair(kid="1")[0], pair("P-256", kid="2")[0], pair("P-256", kid="s", use="sig")[0]
    assert [one["kid"] for one in public_keys(json.dumps({"keys": [signing, first, second]}))] == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (json.dumps(pair()[1]), "private key"),
        (json.dumps({"keys": [pair()[0], pair("P-256")[1]]}), "private key"),
        (json.dumps({"kty": "oct", "k": "c2VjcmV0"}), "private key"),
        ("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----\n", "private key"),
        ("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n", "no JSON"),
        (json.dumps(RSAKey.generate_key(2048).as_dict(private=False)), "of this sort"),
        (json.dumps(pair("P-384")[0]), "of this sort"),
        (json.dumps(pair("Ed25519")[0]), "of this sort"),
        (json.dumps(pair(use="sig")[0]), "for encryption"),
        (json.dumps(pair(alg="ECDH-ES")[0]), "another algorithm"),
        (json.dumps({**pair("P-256")[0], "y": "A" * 43}), "no point"),
        ("[]", "is wanted"),
        ('{"keys": []}', "is wanted"),
        ("", "no JSON"),
    ],
    ids=itertools.count(),  # not by the keys, which are made anew in every process
)
def test_what_is_no_public_key_for_encryption_is_refused(text: str, told: str) -> None:
    with pytest.raises(Failed, match=told):
        public_keys(text)


def test_a_pair_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    out = tmp_path / "private.jwk"
    public = make_pair(out)
    private = json.loads(out.read_text())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "d" in private and "d" not in public and private["kid"] == public["kid"]
    assert sealer_to(public)(b"{}").count(b".") == 4
    with pytest.raises(Failed, match="never written over"):
        make_pair(out)
    assert json.loads(out.read_text()) == private


def found(*keys: object) -> list[tuple[str, str]]:
    finding = check("participant", example("participant") | {"keys": list(keys)})
    assert bool(finding.problems) == (finding.content is None)
    return [(one.code, one.path) for one in finding.problems]


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def test_the_door_takes_both_sorts() -> None:
    assert found(pair(kid="a")[0], pair("P-256", kid="b", use="enc")[0]) == []


@pytest.mark.parametrize(
    ("key", "code", "path"),
    [
        (pair(kid="a")[1], "schema", "keys[0]"),
        (pair()[0], "schema", "keys[0].kid"),
        (pair("P-384", kid="a")[0], "schema", "keys[0]"),
        (pair(kid="a", use="sig")[0], "schema", "keys[0].use"),
        (pair(kid="王小明")[0], "schema", "keys[0].kid"),
        ("a text", "schema", "keys[0]"),
        ({**pair(kid="a")[0], "x": b64(bytes(32))}, "filing-key-unusable", "keys[0]"),  # of low order
        ({**pair(kid="a")[0], "x": b64(bytes(31))}, "schema", "keys[0].x"),
        ({**pair("P-256", kid="a")[0], "y": b64(bytes(32))}, "filing-key-unusable", "keys[0]"),
    ],
    ids=itertools.count(),
)
def test_what_the_door_refuses(key: object, code: str, path: str) -> None:
    assert found(key) == [(code, path)]


def test_the_door_takes_keys_to_sign_with() -> None:
    ed = pair("Ed25519", kid="s", use="sig")[0]
    assert found(ed, pair("P-256", kid="t", use="sig")[0], pair(kid="a")[0]) == []
    assert found({name: one for name, one in ed.items() if name != "use"}) == [("schema", "keys[0]")]
    assert found({**ed, "use": "enc"}) == [("schema", "keys[0]")]


def test_a_pair_to_sign_with(tmp_path: Path) -> None:
    public = make_pair(tmp_path / "private.jwk", SIGN)
    assert (public["crv"], public["use"]) == ("Ed25519", "sig") and found(public) == []
    text = json.dumps({"keys": [public, pair(kid="a", use="enc")[0]]})
    assert [one["kid"] for one in public_keys(text, SIGN)] == [public["kid"]]
    with pytest.raises(Failed, match="sort"):
        public_keys(json.dumps(pair(kid="a")[0]), SIGN)


def test_values_are_sealed_to_the_first_key_that_is_for_it() -> None:
    sealing = pair("P-256", kid="e")[0]
    insurer = Participant(
        code="1", name="1", roles=(Role.INSURER,), keys=(pair("P-256", kid="s", use="sig")[0], sealing)
    )
    assert sealing_key(insurer) == sealing
    assert sealing_key(insurer.model_copy(update={"keys": insurer.keys[:1]})) is None


@pytest.mark.parametrize(
    ("url", "usable"),
    [
        ("https://verify.police.example/claims", True),
        ("https://verify.police.example:8443/", True),
        ("http://127.0.0.1:8000/verifications", True),
        ("http://verify.police.example/", False),
        ("https://user:secret@police.example/", False),
        ("https://police.example/#x", False),
        ("https://verify..police.example/", False),
        (f"https://{64 * 'a'}.example/", False),
        ("https://police.example:port/", False),
        ("https://", False),
        ("ftp://police.example/", False),
        ("police.example", False),
        ("https://police.example/a b", False),
    ],
)
def test_endpoints_that_can_be_asked(url: str, usable: bool) -> None:
    finding = check("participant", example("participant") | {"endpoints": [url]})
    told = [(one.code, one.path) for one in finding.problems]
    assert told == ([] if usable else [("filing-endpoint-unusable", "endpoints[0]")])
