"""Papers as one HTML page that prints on A4: no script, no file of others, every text escaped.

The page carries its own style, and a policy that lets in that style and nothing else: `POLICY` for the header of an
answer, the same in the page for whoever opens the file. A page that shows papers inside it needs `STYLE_SOURCE`.
"""

import base64
import hashlib
from collections.abc import Iterable
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from adapters import json_text
from schemas.problems import Problem, problem
from services.conversion.paper import Paper, Told, is_document, view
from services.validation import resource

_FOLDER = "templates"
STYLE = (files("services.conversion") / _FOLDER / "paper.css").read_text("utf-8")
SCRIPT = (files("services.conversion") / _FOLDER / "sign-in.js").read_text("utf-8")


def _source(text: str) -> str:
    """How a policy names a style or a script by its content."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


STYLE_SOURCE = _source(STYLE)
_ONLY_STYLE = f"default-src 'none'; style-src {STYLE_SOURCE}; base-uri 'none'; form-action 'none'"
POLICY = f"{_ONLY_STYLE}; frame-ancestors 'none'"
SIGN_IN_POLICY = f"{POLICY}; script-src {_source(SCRIPT)}; connect-src 'self'"
PROBLEMS = 200  # problems listed; more than anyone reads

_environment = Environment(
    loader=PackageLoader("services.conversion", _FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html(paper: Paper) -> str:
    """The page, from its doctype to its end."""
    faults = _Faults(paper.told.problems or ())
    return _environment.get_template("paper.html").render(
        paper=paper, style=STYLE, policy=_ONLY_STYLE, fault=faults.at, problems=(paper.told.problems or ())[:PROBLEMS]
    )


def drawn(body: bytes, told: Told | None = None) -> tuple[str, tuple[Problem, ...]]:
    """(the page, what the validation says) of the bytes of a document, valid or not; ("", why) of any other bytes.

    `told`: what is known of the document already; without it, it is validated here.
    """
    value, unreadable = json_text.read(body)
    if unreadable:
        return "", tuple(unreadable)
    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        return "", (problem("fhir-not-a-bundle"),)
    if not is_document(value):
        return "", (problem("document-type", "Bundle.type", "/type"),)
    if told is None:
        told = Told(sha256=hashlib.sha256(body).hexdigest(), problems=resource.check(body))
    return html(view(value, told)), told.problems or ()


def sign_in() -> str:
    """A page that asks for a token and then shows what stands at its own address: a browser sends none by itself."""
    return _environment.get_template("sign-in.html").render(style=STYLE, script=SCRIPT)


class _Faults:
    """Which problems stand at a place, or at the element around it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._texts: dict[str, list[str]] = {}
        for one in problems:
            self._texts.setdefault(one.path, []).append(one.text)

    def at(self, *paths: str) -> str:
        found = [text for path in paths for place in _around(path) for text in self._texts.get(place, ())]
        return "；".join(dict.fromkeys(found))


def _around(path: str) -> Iterable[str]:
    """The path and those above it, down to the element of a resource: a fault of a whole resource marks no value."""
    while path and not path.endswith(".resource"):
        yield path
        cut = max(path.rfind("."), path.rfind("["))
        path = path[:cut] if cut > 0 else ""
