"""A case as a page: exactly what `GET /cases/{number}` tells its caller as JSON, with the scene. Pure.

No script, nothing from elsewhere, every text escaped. A browser sends no token by itself: `SIGN_IN` asks for one.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from schemas.records import Role
from services.motor import proposal, scene
from services.pages import sign_in
from services.pages.page import environment, source
from services.portal import motor_words
from services.portal.cases import TAIPEI

STYLE = (files("services.portal") / "templates/case.css").read_text("utf-8")
POLICY = (
    f"default-src 'none'; style-src {source(STYLE)} {source(scene.STYLE)}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
SIGN_IN_POLICY = sign_in.policy(POLICY)
SIGN_IN = sign_in.SignIn(
    title="案件",
    heading=("檢視案件", "View a case"),
    token=("權杖", "Your token"),
    missing=("沒有可供您檢視的案件。", "There is no such case for you."),
).html(STYLE)
READERS = {
    Role.OPERATOR: ("營運人員所見：內容以外之全部", "As an operator sees it: all but contents"),
    Role.INSURER: ("保險公司所見：貴公司得取得之文件所載", "As an insurer sees it: from the papers that it may have"),
}
_SENDER = ("傳送者所見：自己的紀錄", "As a sender sees it: its own records")

_environment = environment("services.portal")


def html(view: Mapping[str, Any], role: Role, names: Mapping[str, str], drawing: str | None, now: datetime) -> str:
    """`names`: participants' by code; `drawing`: the scene, for who may have the police record."""
    return _environment.get_template("case.html").render(
        view=view,
        motor=view.get("motor"),
        disputes=view.get("disputes", ()),  # a sender's own
        reader=READERS.get(role, _SENDER),
        names=names,
        scene=Markup(drawing) if drawing else None,  # noqa: S704 — our own SVG
        today=now.astimezone(TAIPEI).date().isoformat(),
        local=_local,
        style=STYLE,
        words=motor_words,
        notice=proposal.rules()["notice"],
    )


def _local(time: str) -> str:
    """A day as it is; a moment in Taiwan, to the minute."""
    return time if len(time) == 10 else datetime.fromisoformat(time).astimezone(TAIPEI).strftime("%Y-%m-%d %H:%M")
