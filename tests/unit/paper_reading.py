"""Reads drawn papers back, as tests do: what stands in which box, and under which path."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from adapters import json_text
from services.conversion.paper import Paper, Told, view
from services.conversion.paper_fields import Sheet
from services.conversion.paper_page import html
from services.conversion.paper_trace import Field, Line

Json = dict[str, Any]
DATA = Path(__file__).parents[1] / "data/fhir"
EXAMPLE = Path(__file__).parents[2] / "docs/examples/document.json"
OUTPATIENT = DATA / "bundle-songling-outpatient.json"
SUMMARY = DATA / "bundle-songling-summary.json"
SAMPLES = (EXAMPLE, OUTPATIENT, SUMMARY)


def load(path: Path = OUTPATIENT) -> Json:
    """A document that a test may change."""
    return json.loads(path.read_text())


def resource(bundle: Json, kind: str, number: int = 0) -> Json:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind][number]


def paper(bundle: Json, told: Told | None = None) -> Paper:
    """The paper of a document, through the reader that the doors use."""
    value, problems = json_text.read(json.dumps(bundle).encode())
    assert not problems and isinstance(value, dict)
    return view(value, told)


def said(line: Line) -> str:
    """A line as a person reads it."""
    return "".join(part if isinstance(part, str) else part.text for part in line)


def boxes(sheet: Sheet) -> list[Field]:
    issued = [sheet.issued] if sheet.issued else []
    return [*sheet.numbers, *(box for row in (*sheet.rows, *sheet.closing) for box in row), *issued]


def told(sheet: Sheet, label: str) -> list[str]:
    """The lines of the box with this label; empty when the document does not tell."""
    (found,) = (box for box in boxes(sheet) if box.label == label)
    return [said(line) for line in found.lines]


class Page(HTMLParser):
    """A page taken apart: its tags, attributes, words, and by path each value that is drawn from there."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""
        self.values: dict[str, set[str]] = {}
        self._open: list[tuple[str, list[str], str | None, list[str]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}
        given = dict(attributes)
        if tag in ("data", "time", "span"):
            exact = given.get("datetime") or given.get("value")
            self._open.append((tag, (given.get("data-path") or "").split(), exact, []))

    def handle_data(self, data: str) -> None:
        self.words += data
        for _, _, _, parts in self._open:
            parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("data", "time", "span"):
            opened, paths, exact, parts = self._open.pop()
            assert opened == tag
            for path in paths:
                self.values.setdefault(path, set()).add("".join(parts) if exact is None else exact)


def page(bundle: Json, told: Told | None = None) -> Page:
    return Page(html(paper(bundle, told)))
