"""A page that asks for a token and then shows what stands at its own address: a browser sends none by itself. Pure.

The page that comes is written in its place, so it must do with the policy of this one: `policy` widens its own by what the
sign-in needs.
"""

from dataclasses import dataclass
from importlib.resources import files

from services.pages.page import environment, source

_SCRIPT = (files("services.pages") / "templates/sign-in.js").read_text("utf-8")
_template = environment("services.pages").get_template("sign-in.html")


@dataclass(frozen=True)
class SignIn:
    """Texts are Chinese and English. `token`: whose is asked for; `missing`: said where there is nothing for this caller."""

    title: str
    heading: tuple[str, str]
    token: tuple[str, str]
    missing: tuple[str, str]

    def html(self, style: str) -> str:
        """`style`: that of the page that comes."""
        return _template.render(page=self, style=style, script=_SCRIPT)


def policy(of_page: str) -> str:
    return f"{of_page}; script-src {source(_SCRIPT)}; connect-src 'self'"
