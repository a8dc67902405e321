"""What a question says, when it is asked again, and what an answer means. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas.evidence import Evidence, NumberType
from schemas.ids import derive
from schemas.integrity import Answer

QUESTION, ANSWER = "claims-question+jwt", "claims-answer+jwt"  # `typ`: neither passes for the other, nor for a receipt
ANSWERS = (Answer.CONFIRMED, Answer.DENIED, Answer.UNKNOWN, Answer.REFUSED)
DEADLINE = timedelta(days=3)  # a unit's clerk answers on a working day; a week end lies between
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=15)  # a unit that was down for a night is found a quarter of an hour after it is back
SKEW = timedelta(minutes=1)  # that a unit's clock may be off ours
# Nothing else: an answer rests unsealed, it must hold nobody's data.
CLAIMS = {"jti": str, "iss": str, "sha256": str, "answer": str, "iat": int}


@dataclass(frozen=True)
class Question:
    """`issuer` is asked about the bytes of this SHA-256, by the numbers that it gave the case. `deadline` in UTC."""

    id: str
    sha256: str
    issuer: str
    kind: str
    numbers: Mapping[str, str]
    asked: datetime
    deadline: datetime

    def claims(self, sender: str) -> dict[str, Any]:
        """The claims of the question (RFC 7519): the same each time that it is asked. No person, no plate."""
        return {
            "jti": self.id,
            "iss": sender,
            "aud": self.issuer,
            "iat": int(self.asked.timestamp()),
            "exp": int(self.deadline.timestamp()),
            "sha256": self.sha256,
            "kind": self.kind,
            **self.numbers,
        }


class BadAnswer(Exception):
    """An answer that does not count; `fault` says why, in a word for operators."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


def question_id(sha256: str, issuer: str, before: int) -> str:
    """The same paper gives the same question; a new one only after `before` others that nobody answered."""
    return derive("verification", sha256, issuer, before)


def numbers_of(evidence: Evidence) -> dict[str, str]:
    """The number under which the unit itself knows the case."""
    found = (one.value for one in evidence.numbers if one.type == NumberType.POLICE_CASE)
    return {"policeCase": number} if (number := next(found, None)) else {}


def reopens(state: Answer) -> bool:
    """Whether a question that ended so may be put again; any word of the unit stands for all who ask later."""
    return state == Answer.NO_ANSWER


def next_try(now: datetime, tries: int, deadline: datetime, after: timedelta | None = None) -> datetime:
    """When to ask again after `tries` that failed: twice as late each time, or when the unit said (`after`)."""
    pause = min(FIRST_PAUSE * 2 ** min(tries - 1, 30), LONGEST_PAUSE)
    if after is not None:
        pause = max(pause, min(after, LONGEST_PAUSE))
    return min(now + pause, deadline)


def read(claims: Mapping[str, Any], question: Question, now: datetime) -> Answer:
    """The word of an answer whose signature was checked; BadAnswer when it is none to this question, given since it was put."""
    if claims.keys() != CLAIMS.keys() or any(type(claims[name]) is not kind for name, kind in CLAIMS.items()):
        raise BadAnswer("form")
    if claims.get("jti") != question.id or claims.get("sha256") != question.sha256:
        raise BadAnswer("of-another-question")
    if claims.get("iss") != question.issuer:
        raise BadAnswer("of-another-unit")
    skew = SKEW.total_seconds()
    if not int(question.asked.timestamp()) - skew <= claims["iat"] <= now.timestamp() + skew:
        raise BadAnswer("of-another-time")
    if claims["answer"] not in [one.value for one in ANSWERS]:
        raise BadAnswer("form")
    return Answer(claims["answer"])


def current(rows: Iterable[Any]) -> Any | None:
    """Of the questions about one paper the one that counts: the latest."""
    return max(rows, key=lambda row: row.asked, default=None)
