"""What a backup says of itself: `manifest.json`, written last, so that a folder without it is no backup. Pure.

{"format": 1, "holds": "store" | "keys", "database": "sqlite" | "postgresql" | null, "made": RFC 3339 UTC,
 "revision": of the tables, "numbers": {insurer: highest}, "journal": entries by then, "keys": whose keys they are,
 "files": {path: SHA-256}}
"""

import json
from dataclasses import asdict, dataclass, field

FORMAT = 1  # of the folder; a newer one is refused
NAME = "manifest.json"
STORE, KEYS = "store", "keys"


class BadManifest(ValueError):
    """The folder is no backup that can be restored; the text says why."""


@dataclass(frozen=True)
class Manifest:
    holds: str
    made: str
    keys: str
    files: dict[str, str]
    database: str | None = None
    revision: str | None = None
    numbers: dict[str, int] = field(default_factory=dict)
    journal: int = 0
    format: int = FORMAT

    def text(self) -> str:
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


def read(text: str) -> Manifest:
    try:
        content = json.loads(text)
        newer = int(content["format"]) > FORMAT
        if not newer:
            return Manifest(**content)
    except (ValueError, TypeError, KeyError):
        raise BadManifest(f"{NAME} cannot be read: this is no backup, or it was changed.") from None
    raise BadManifest(f"A newer version made this backup (format {content['format']}). Restore it with that version.")


def compare(manifest: Manifest, found: dict[str, str]) -> None:
    """`found`: SHA-256 of every file of the folder by its path. BadManifest when one is missing, changed or too many."""
    for what, paths in (
        ("is missing", manifest.files.keys() - found.keys()),
        ("is not of it", found.keys() - manifest.files.keys()),
        ("was changed", {path for path, sha256 in found.items() if manifest.files.get(path, sha256) != sha256}),
    ):
        if paths:
            raise BadManifest(f"The backup is damaged: {min(paths)} {what}.")
