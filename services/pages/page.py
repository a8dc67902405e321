"""How a page is made from the templates of a service, and how its policy names what it may use. Pure."""

import base64
import hashlib

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment(service: str) -> Environment:
    """The templates of a service (`services.motor`), in its folder `templates`: texts are escaped, what is not given fails."""
    return Environment(
        loader=PackageLoader(service, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def source(text: str) -> str:
    """How a policy names a style or a script by its content (Content Security Policy Level 3, hash-source)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
