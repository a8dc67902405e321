"""What a file is, by its content: which door it goes to and who sends it."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from adapters.forms.scan import media_type
from schemas.records import Role
from services.commands.options import Failed
from services.sandbox.client import Post
from services.sandbox.participants import OPEN_DATA
from services.sandbox.setup import Sandbox

FHIR_JSON, JSON, CSV = "application/fhir+json", "application/json", "text/csv"
MARK = b"\xef\xbb\xbf"  # the byte order mark that spreadsheets put before a CSV


@dataclass(frozen=True)
class Door:
    path: str
    content_type: str
    roles: tuple[Role, ...]  # who may send to it


BUNDLE = Door("/fhir/Bundle", FHIR_JSON, (Role.HOSPITAL,))
ACCIDENT = Door("/police/accidents", JSON, (Role.POLICE,))
OPEN_FILE = Door("/police/accidents", CSV, (Role.POLICE,))
APPLICATION = Door("/claimlink/applications", JSON, (Role.CLAIMLINK,))
AUTHORISATION = Door("/authorisations", JSON, (Role.CLAIMLINK,))
MANDATE = Door("/mandates", JSON, (Role.CLAIMLINK,))
DISPUTE = Door("/disputes", JSON, (Role.CLAIMLINK, Role.INSURER))
UPLOADERS = (Role.HOSPITAL, Role.POLICE, Role.CLAIMLINK)
# A body's own elements, which no other body has.
ELEMENTS = (
    ("grantor", AUTHORISATION),
    ("principal", MANDATE),
    ("applicant", APPLICATION),
    ("wish", DISPUTE),
    ("severity", ACCIDENT),
    ("parties", ACCIDENT),
)


def recognise(file: Path, sandbox: Sandbox, sender: str | None, metadata: Path | None) -> Post:
    """The post that hands this file over. Failed, with what to do, when file or sender cannot be told."""
    body = _read(file)
    if content_type := media_type(body):
        described = _metadata(file, metadata)
        door = Door("/papers", content_type, UPLOADERS)
        return _post(file, body, door, sender or only_sender(file, sandbox, door, ()), described)
    content = _json(body)
    door = _door(file, body, content)
    return _post(file, body, door, sender or only_sender(file, sandbox, door, _named(content, door)), None)


def _post(file: Path, body: bytes, door: Door, sender: str, metadata: dict[str, Any] | None) -> Post:
    return Post(sender, "POST", door.path, body, door.content_type, metadata, file.name)


def _door(file: Path, body: bytes, content: Any) -> Door:
    if isinstance(content, dict):
        if "resourceType" in content:
            return BUNDLE  # of whatever type: the door says what is wrong with it
        for element, door in ELEMENTS:
            if element in content:
                return door
    head = body.removeprefix(MARK).split(b"\n", 1)[0]
    if file.suffix.lower() == ".csv" and b"," in head:
        return OPEN_FILE
    if file.suffix.lower() == ".json" and content is None:
        return BUNDLE  # broken JSON: the door says where
    raise Failed(
        f"{click.format_filename(file)}: not recognised. A FHIR bundle, an accident (JSON, or the police's CSV), "
        "an application, an authorisation, a mandate, a dispute, a PDF, JPEG or PNG, or a folder with a manifest.jsonl can "
        "be sent."
    )


def _named(content: Any, door: Door) -> set[str]:
    """Codes that the content names where its author or issuer stands."""
    if door is OPEN_FILE:
        return {OPEN_DATA}
    if door is ACCIDENT and isinstance(content.get("unit"), dict):
        return {str(content["unit"].get("code"))}
    return _author_codes(content) if door is BUNDLE and isinstance(content, dict) else set()


def _author_codes(bundle: dict[str, Any]) -> set[str]:
    """Identifier values of the organisations that wrote the document, else of those that keep it."""
    resources = {
        entry.get("fullUrl"): entry.get("resource")
        for entry in _dicts(bundle.get("entry"))
        if isinstance(entry.get("resource"), dict)
    }
    composition = next((one for one in resources.values() if one.get("resourceType") == "Composition"), {})
    authors = [str(one.get("reference")) for one in _dicts(composition.get("author"))]
    keepers = [str(one.get("reference")) for one in _dicts([composition.get("custodian")])]
    for references in (authors, keepers):
        codes = {
            str(identifier.get("value"))
            for url, resource in resources.items()
            if resource.get("resourceType") == "Organization" and _points(references, str(url), resource)
            for identifier in _dicts(resource.get("identifier"))
        }
        if codes:
            return codes
    return set()


def _points(references: Collection[str], url: str, resource: dict[str, Any]) -> bool:
    relative = f"{resource.get('resourceType')}/{resource.get('id')}"
    return any(reference in (url, relative) for reference in references)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def only_sender(file: Path, sandbox: Sandbox, door: Door, named: Collection[str]) -> str:
    """The sender that the content names, or the only one who could be it."""
    able = [one.code for one in sandbox.bearers.values() if one.role in door.roles]
    found = [code for code in able if code in named] or able
    if len(found) == 1:
        return found[0]
    raise Failed(
        f"{click.format_filename(file)}: who sends it? Name the sender with `--as CODE`. "
        f"For this door sandbox.json lists: {', '.join(sorted(able)) or 'nobody'}."
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Failed(f"{click.format_filename(file)}: {error.strerror}.") from None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _metadata(file: Path, metadata: Path | None) -> dict[str, Any]:
    if metadata is None:
        raise Failed(
            f"{click.format_filename(file)}: an upload needs its description. Name it with `--metadata FILE.json`; "
            "GET /schemas/paper has a valid example."
        )
    found = _json(_read(metadata))
    if not isinstance(found, dict):
        raise Failed(f"{click.format_filename(metadata)}: not a JSON object.")
    return found
