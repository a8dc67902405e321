"""What a backup says of itself, and what makes it none."""

import json

import pytest

from services.recovery.manifest import FORMAT, BadManifest, Manifest, compare, read

WHOLE = Manifest(
    "store", "2026-11-21T04:00:00.000000Z", "k", {"a": "1", "b/c": "2"}, "sqlite", "0004", {"82916473": 7}, 3
)


def test_it_reads_what_it_wrote() -> None:
    assert read(WHOLE.text()) == WHOLE


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": "x"}', '{"format": 1, "holds": "store"}'])
def test_anything_else_is_no_backup(text: str) -> None:
    with pytest.raises(BadManifest, match="no backup"):
        read(text)


def test_a_newer_format_is_refused_by_name() -> None:
    with pytest.raises(BadManifest, match=f"format {FORMAT + 1}"):
        read(json.dumps(json.loads(WHOLE.text()) | {"format": FORMAT + 1, "unheard": True}))


@pytest.mark.parametrize(
    "found, said",
    [
        ({"a": "1"}, "b/c is missing"),
        ({"a": "9", "b/c": "2"}, "a was changed"),
        ({"a": "1", "b/c": "2", "d": "3"}, "d is not of it"),
    ],
)
def test_every_file_must_be_as_it_says(found: dict[str, str], said: str) -> None:
    with pytest.raises(BadManifest, match=said):
        compare(WHOLE, found)


def test_a_whole_one_passes() -> None:
    compare(WHOLE, dict(WHOLE.files))
