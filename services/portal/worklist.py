"""The work list: pairs of records that may be of one loss, side by side, for an operator to judge. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.evidence import Evidence
from services.delivery.paging import BadAsk, number
from services.hub.grading import AUTOMATIC, REVIEW
from services.hub.linking import Link
from services.portal import side_by_side, signs, words

SHOWN = 50  # pairs in one answer: each is loaded and graded again
POSITION = "^[0-9]{1,6}-[0-9a-f]{32}-[0-9a-f]{32}$"  # score and lineages of the last pair looked at

Json = dict[str, Any]
Position = tuple[int, str, str]  # in the list, which goes down by it


@dataclass(frozen=True)
class Ask:
    """A page: what comes after a position, at most so many pairs."""

    after: Position | None = None
    limit: int = SHOWN


def ask(query: Mapping[str, str]) -> Ask:
    """`after` the beginning and `limit` 50 unless given. BadAsk for what is no position, or no such number."""
    return Ask(_position(query.get("after")), number(query, "limit", SHOWN, 1, SHOWN))


def _position(text: str | None) -> Position | None:
    if text is None:
        return None
    if not re.fullmatch(POSITION, text):
        raise BadAsk("Send after as the `next` of the page before.")
    score, one, other = text.split("-")
    return int(score), one, other


@dataclass(frozen=True)
class Side:
    """A record of a pair, what it tells, and what stands in its case: kinds of its records in order of arrival; `case` None
    in none."""

    record: str
    kind: str
    sender: str
    name: str
    received: str
    case: str | None
    beside: tuple[str, ...]
    evidence: Evidence


def listed(waiting: int, pairs: Sequence[tuple[Link, Side, Side]], following: Position | None) -> Json:
    """The answer: how many wait, and a page of them, the surest first. `waiting` counts questions, one for two cases;
    `following` is the position of the page's last where more come after it."""
    return {
        "waiting": waiting,
        "automatic": AUTOMATIC,
        "review": REVIEW,
        "pairs": [
            {
                "score": link.score,
                "reason": link.reason,
                "signs": [_sign(told) for told in sorted(link.signs, key=lambda told: (-told.weight, told))],
                "sides": [_side(one), _side(other)],
                "rows": side_by_side.rows(one.evidence, other.evidence),
            }
            for link, one, other in pairs
        ],
        "next": "-".join(map(str, following)) if following else None,
    }


def _sign(told: signs.Told) -> Json:
    zh, en = signs.words(told)
    return {"sign": told.sign.value, "weight": told.weight, "text": zh, "textEn": en}


def _side(side: Side) -> Json:
    zh, en = words.kind(side.kind)
    return {
        "record": side.record,
        "kind": side.kind,
        "text": zh,
        "textEn": en,
        "sender": side.sender,
        "name": side.name,
        "received": side.received,
        "case": side.case,
        "beside": [{"kind": kind, "text": words.kind(kind)[0], "textEn": words.kind(kind)[1]} for kind in side.beside],
    }
