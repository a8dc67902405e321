"""The work list: pairs of records that may be of one loss, for an operator to judge. Pure; how values compare, no values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.hub.grading import AUTOMATIC, REVIEW
from services.hub.linking import Link
from services.portal import signs, words

SHOWN = 50  # pairs in one answer

Json = dict[str, Any]


@dataclass(frozen=True)
class Side:
    """A record of a pair, and what stands in its case: kinds of its records in order of arrival; `case` None in none."""

    record: str
    kind: str
    sender: str
    name: str
    received: str
    case: str | None
    beside: tuple[str, ...]


def listed(waiting: int, pairs: Sequence[tuple[Link, Side, Side]]) -> Json:
    """The answer: how many wait, and the surest of them. `waiting` counts questions, one for two cases."""
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
            }
            for link, one, other in pairs
        ],
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
