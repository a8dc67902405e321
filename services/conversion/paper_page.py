"""Papers as one HTML page that prints on A4: no script, no file of others, every text escaped.

The page carries its own style, and a policy that lets in that style and nothing else: `POLICY` for the header of an
answer, the same in the page for whoever opens the file. A page that shows papers inside it needs `STYLE_SOURCE`.
"""

import hashlib
from collections.abc import Iterable
from importlib.resources import files

from adapters import json_text
from schemas.problems import Problem, problem
from services.conversion.paper import Paper, Told, is_document, view
from services.pages import sign_in
from services.pages.page import environment, source
from services.validation import resource

STYLE = (files("services.conversion") / "templates/paper.css").read_text("utf-8")
STYLE_SOURCE = source(STYLE)
_ONLY_STYLE = f"default-src 'none'; style-src {STYLE_SOURCE}; base-uri 'none'; form-action 'none'"
POLICY = f"{_ONLY_STYLE}; frame-ancestors 'none'"
SIGN_IN_POLICY = sign_in.policy(POLICY)
SIGN_IN = sign_in.SignIn(
    title="診斷證明書・醫療費用收據",
    heading=("檢視醫療文件", "View a document"),
    token=("貴院的權杖", "Hospital's token"),
    missing=("貴院沒有這份文件。", "There is no such document of yours."),
).html(STYLE)
PROBLEMS = 200  # problems listed; more than anyone reads

_environment = environment("services.conversion")


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
