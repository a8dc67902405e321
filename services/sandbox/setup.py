"""`DIR/sandbox.json`: where the sandbox is, who may speak to it and with which token, and its policy register.

Tokens are random, made once, and kept on every restart; the file is for its owner's eyes (mode 0600).
"""

import base64
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapters.identity.tokens import Caller, Tokens
from schemas.evidence import Cover
from schemas.records import Participant, Role
from services.hub.fold import Policies
from services.hub.register import register as policy_register
from services.sandbox.participants import Policy

TOKEN_BYTES = 24  # 192 bits: not to be guessed
SECRET_BYTES = 32  # Standard Webhooks asks for 24 to 64
SECRET_PREFIX = "whsec_"
FILE_NAME = "sandbox.json"
LISTS = {
    Role.HOSPITAL: "hospitals",
    Role.POLICE: "police",
    Role.CLAIMLINK: "claimlink",
    Role.INSURER: "insurers",
    Role.OPERATOR: "operators",
}


class BadSandboxFile(Exception):
    """The file cannot be used; the text says why and what to do, and quotes no token."""


@dataclass(frozen=True)
class Bearer:
    """One who may speak: `webhook_secret` (`whsec_…`) is a ClaimLink operator's, it signs its posts."""

    code: str
    name: str
    role: Role
    token: str
    webhook_secret: str | None = None

    def line(self) -> dict[str, str]:
        line = {"code": self.code, "name": self.name, "token": self.token}
        return {**line, "webhook_secret": self.webhook_secret} if self.webhook_secret else line


@dataclass(frozen=True)
class Sandbox:
    """`policies`: lines of `{plate, from, to, insurer, cover}`, dates YYYY-MM-DD, both included."""

    base_url: str
    bearers: Mapping[str, Bearer]  # by code
    policies: Sequence[Mapping[str, str]]

    def of_role(self, role: Role) -> list[Bearer]:
        return [one for one in self.bearers.values() if one.role == role]

    def with_bearer(self, bearer: Bearer) -> "Sandbox":
        return replace(self, bearers={**self.bearers, bearer.code: bearer})


def new_bearer(code: str, name: str, role: Role) -> Bearer:
    secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    return Bearer(code, name, role, secrets.token_urlsafe(TOKEN_BYTES), secret if role == Role.CLAIMLINK else None)


def prepare(
    path: Path, everyone: Iterable[Participant], policies: Iterable[Mapping[str, str]], base_url: str
) -> Sandbox:
    """Makes the file, or brings an existing one up to date: its tokens and its register stay as they are."""
    known = read(path) if path.exists() else Sandbox(base_url, {}, tuple(policies))
    bearers = dict(known.bearers)
    for one in everyone:
        if one.code not in bearers:
            bearers[one.code] = new_bearer(one.code, one.name, one.roles[0])
    sandbox = Sandbox(base_url, bearers, known.policies)
    write(path, sandbox)
    return sandbox


def write(path: Path, sandbox: Sandbox) -> None:
    """Replaces the file in one step, so that nobody reads half of it."""
    lists: dict[str, list[dict[str, str]]] = {name: [] for name in LISTS.values()}
    for bearer in sandbox.bearers.values():
        lists[LISTS[bearer.role]].append(bearer.line())
    content = {"base_url": sandbox.base_url, **lists, "policies": list(sandbox.policies)}
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".new")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(_text(content))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def read(path: Path) -> Sandbox:
    """BadSandboxFile when it is missing, not JSON, or lacks what the contract promises."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise BadSandboxFile(f"{path} does not exist. Start a system with `claims up --sandbox` first.") from None
    except OSError as error:
        raise BadSandboxFile(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise BadSandboxFile(f"{path} is not JSON. Remove it and start `claims up --sandbox` again.") from None
    try:
        return Sandbox(str(content["base_url"]), _bearers(content), tuple(content["policies"]))
    except (KeyError, TypeError, AttributeError) as error:
        what = str(error) if isinstance(error, KeyError) else "its shape"
        raise BadSandboxFile(f"{path} is not a sandbox file (wrong: {what}).") from None


def _bearers(content: dict[str, Any]) -> dict[str, Bearer]:
    return {
        line["code"]: Bearer(line["code"], line["name"], role, line["token"], line.get("webhook_secret"))
        for role, name in LISTS.items()
        for line in content[name]
    }


def _text(content: dict[str, Any]) -> str:
    """JSON with one line for each entry of a list, so that a person finds a token at a glance."""
    parts = []
    for name, value in content.items():
        if isinstance(value, list):
            entries = ",\n".join("    " + json.dumps(one, ensure_ascii=False) for one in value)
            parts.append(f'  "{name}": [\n{entries}\n  ]' if value else f'  "{name}": []')
        else:
            parts.append(f'  "{name}": {json.dumps(value, ensure_ascii=False)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def register(policies: Iterable[Mapping[str, str]]) -> Policies:
    """The policy register of a sandbox file's lines."""
    return policy_register(
        Policy(line["plate"], line["from"], line["to"], line["insurer"], Cover(line["cover"])) for line in policies
    )


class SandboxTokens(Tokens):
    """The file's tokens, read again when the file changes: a participant added to a running system speaks at once."""

    def __init__(self, path: Path) -> None:
        self._path, self._seen = path, path.stat().st_mtime_ns
        super().__init__(*_known(read(path)))

    def caller(self, authorization: str | None) -> Caller | None:
        """As `Tokens.caller`. A file that cannot be read changes nothing: those who had a token keep it."""
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._seen:
                self._seen = changed
                super().__init__(*_known(read(self._path)))
        except (OSError, BadSandboxFile):
            pass
        return super().caller(authorization)


def _known(sandbox: Sandbox) -> tuple[dict[str, Caller], dict[str, str]]:
    """Who bears which token, and who signs with which secret."""
    everyone = sandbox.bearers.values()
    return (
        {one.token: Caller(one.code, one.role) for one in everyone},
        {one.code: one.webhook_secret for one in everyone if one.webhook_secret},
    )
