"""sandbox.json: tokens are made once, kept, and for their owner's eyes."""

import json
import stat
from pathlib import Path

import pytest

from schemas.evidence import Cover
from schemas.records import Participant, Role
from services.sandbox.participants import PARTICIPANTS, policies
from services.sandbox.setup import (
    BadSandboxFile,
    SandboxTokens,
    new_bearer,
    prepare,
    read,
    register,
    write,
)

LINES = [policy.line() for policy in policies()[:3]]


def made(path: Path, url: str = "http://127.0.0.1:1"):
    return prepare(path, PARTICIPANTS, LINES, url)


def test_the_file_has_what_the_contract_promises(tmp_path: Path) -> None:
    made(tmp_path / "sandbox.json")
    content = json.loads((tmp_path / "sandbox.json").read_text())
    assert content["base_url"] == "http://127.0.0.1:1"
    for name in ("hospitals", "police", "claimlink", "insurers", "operators"):
        assert content[name], name
        assert all({"code", "name", "token"} <= set(one) for one in content[name])
    assert all(one["webhook_secret"].startswith("whsec_") for one in content["claimlink"])
    assert "0131060029" in {one["code"] for one in content["hospitals"]}
    assert set(content["policies"][0]) == {"plate", "from", "to", "insurer", "cover"}


def test_tokens_differ_and_nobody_else_reads_them(tmp_path: Path) -> None:
    sandbox = made(tmp_path / "sandbox.json")
    tokens = [one.token for one in sandbox.bearers.values()]
    assert len(set(tokens)) == len(tokens) == len(PARTICIPANTS)
    assert all(len(token) >= 32 for token in tokens)
    assert stat.S_IMODE((tmp_path / "sandbox.json").stat().st_mode) == 0o600


def test_a_restart_keeps_tokens_and_register_and_tells_the_new_address(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    first = made(path)
    content = json.loads(path.read_text())
    content["policies"] = content["policies"][:1]
    path.write_text(json.dumps(content))
    again = made(path, "http://127.0.0.1:2")
    assert again.bearers == first.bearers
    assert list(again.policies) == LINES[:1]
    assert read(path).base_url == "http://127.0.0.1:2"


def test_a_new_participant_gets_a_token_the_others_keep_theirs(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    first = made(path)
    more = Participant(code="CL09", name="測試", roles=(Role.CLAIMLINK,))
    again = prepare(path, [*PARTICIPANTS, more], LINES, "http://127.0.0.1:1")
    assert again.bearers["CL09"].webhook_secret
    assert {code: again.bearers[code] for code in first.bearers} == first.bearers


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"base_url": "x", "hospitals": [{"code": "1"}]}', "7"])
def test_a_file_that_is_none_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sandbox.json"
    path.write_text(text)
    with pytest.raises(BadSandboxFile, match="sandbox.json"):
        read(path)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadSandboxFile, match="claims up --sandbox"):
        read(tmp_path / "sandbox.json")


def test_a_running_system_hears_of_a_new_token(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    sandbox = made(path)
    tokens = SandboxTokens(path)
    bearer = new_bearer("CL09", "測試", Role.CLAIMLINK)
    assert tokens.caller(f"Bearer {bearer.token}") is None
    write(path, sandbox.with_bearer(bearer))
    assert tokens.caller(f"Bearer {bearer.token}").code == "CL09"
    assert tokens.secret("CL09") == bearer.webhook_secret
    assert tokens.caller(f"Bearer {sandbox.bearers['CL01'].token}").role == Role.CLAIMLINK


def test_a_file_that_breaks_takes_nobodys_token_away(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    sandbox = made(path)
    tokens = SandboxTokens(path)
    path.write_text("{")
    assert tokens.caller(f"Bearer {sandbox.bearers['CL01'].token}").code == "CL01"
    path.unlink()
    assert tokens.caller(f"Bearer {sandbox.bearers['CL01'].token}").code == "CL01"


@pytest.mark.parametrize(
    ("plate", "day", "covers"),
    [
        ("abc－1234", "2025-01-01", [("82916473", Cover.MOTOR_COMPULSORY)]),
        ("ABC-1234", "2025-12-31", [("82916473", Cover.MOTOR_COMPULSORY)]),
        ("ABC-1234", "2026-01-01", []),
        ("ABC-1234", "2024-12-31", []),
        ("ABC-1235", "2025-06-01", None),
    ],
)
def test_the_register_covers_from_and_to_both_included(plate: str, day: str, covers: list) -> None:
    line = {
        "plate": "ABC-1234",
        "from": "2025-01-01",
        "to": "2025-12-31",
        "insurer": "82916473",
        "cover": "motor-compulsory",
    }
    assert register([line])(plate, day) == covers
