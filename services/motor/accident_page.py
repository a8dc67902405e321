"""Accidents as one HTML page: the scene as the record codes it, and what its record supports of the shares.

No script, no file of others, every text escaped; no name and no plate is drawn.
"""

from collections.abc import Iterable
from importlib.resources import files

from markupsafe import Markup

from adapters.police.report import AccidentReport
from services.motor import fault, proposal, scene
from services.pages.page import environment, source

STYLE = (files("services.motor") / "templates/accidents.css").read_text("utf-8")
_STYLES = f"{source(STYLE)} {source(scene.STYLE)}"  # the page's, and the one that every drawing carries
POLICY = f"default-src 'none'; style-src {_STYLES}; base-uri 'none'; form-action 'none'"

_environment = environment("services.motor")


def page(reports: Iterable[tuple[int, AccidentReport]], left_out: int = 0) -> str:
    """The page of these reports, each with the line where it begins; `left_out`: how many more there are."""
    sections = [(line, one, Markup(scene.draw(one)), fault.propose(one)) for line, one in reports]  # noqa: S704 — our own SVG
    return _environment.get_template("accidents.html").render(
        sections=sections,
        left_out=left_out,
        policy=POLICY,
        style=Markup(STYLE),  # noqa: S704 — a file of ours: the policy names these very bytes
        notice=proposal.rules()["notice"],
        cannot_tell=proposal.rules()["cannotTell"],
        article=proposal.article,
    )
