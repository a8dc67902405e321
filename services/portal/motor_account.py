"""What is reckoned of a motor case, as JSON: who owes which share, what is required, limits, amounts, clocks. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from schemas.records import FUND
from services.hub.calendar import MOTOR
from services.motor.account import Claimant, Claimed, Disability
from services.motor.clocks import Clock, Interest
from services.motor.law import Line
from services.motor.owing import Owing
from services.motor.papers import PaperLine
from services.motor.required import Required
from services.portal import motor_words as say
from services.portal import words

Json = dict[str, Any]
Holders = Mapping[str, list[str]]  # who has each paper that the reader may have, by SHA-256


def text(table: dict[str, tuple[str, str]], key: str) -> Json:
    zh, en = table[key]
    return {"text": zh, "textEn": en}


def owed(owed: Owing, parts: dict[str, Fraction] | None) -> Json:
    return {
        "debtors": [
            {
                "payer": debtor.payer,
                "party": int(debtor.vehicle),
                "article": debtor.article,
                "provisional": debtor.provisional,
            }
            for debtor in owed.debtors
        ],
        "joint": owed.joint,
        "shares": None if parts is None else [{"payer": payer, "share": str(part)} for payer, part in parts.items()],
        "unanswered": [int(one) for one in owed.unanswered],
        "articles": list(owed.articles),
        "status": owed.status.value,
    }


def required(one: Required, day: date | None, holders: Holders) -> Json:
    return {
        "cover": one.cover.value,
        "claim": one.claim.value,
        "text": f"{say.COVERS[one.cover][0]}{say.CLAIMS[one.claim][0]}",
        "textEn": f"{say.COVERS[one.cover][1]}: {say.CLAIMS[one.claim][1]}",
        "papers": None if one.papers is None else [required_paper(line, day, holders) for line in one.papers],
    }


def required_paper(line: PaperLine, day: date | None, holders: Holders) -> Json:
    """`anyOf`: any one of these does, from whom, and since when it can exist. `by`: the papers that do, and who has them;
    `denied`: those that do not, for their issuer says that they are not real."""
    days = {expected.kind: expected.days for expected in MOTOR}
    return {
        "anyOf": [
            {
                "kind": kind,
                "text": words.kind(kind)[0],
                "textEn": words.kind(kind)[1],
                "issuer": issuer,
                "issuerText": say.ISSUERS[issuer][0],
                "issuerTextEn": say.ISSUERS[issuer][1],
                "from": (day + timedelta(days=days[kind])).isoformat() if day and kind in days else None,
            }
            for kind, issuer in line.kinds.items()
        ],
        "each": line.each,
        "present": line.present,
        "mayHave": line.may_have,
        "by": [{"sha256": one, "heldBy": holders[one]} for one in line.by if one in holders],
        "denied": [one for one in line.denied if one in holders],
        "article": line.article,
        "status": line.status.value,
        "source": line.source,
    }


def claimant(one: Claimant, number: int, day: date | None, holders: Holders) -> Json:
    """`number`: his own among those of one victim; nothing says who he is."""
    return {
        "claimant": number,
        "filed": one.filed,
        "papers": [required_paper(line, day, holders) for line in one.papers],
        "clocks": [clock(each) for each in one.clocks],
    }


def limit(line: Line) -> Json:
    """A limit of the day's standard, whole TWD; `unit`: of what it is counted, `most`: of how many at most."""
    unit, level = line.values.get("unit"), line.key.removeprefix("disability-")
    known = say.ITEMS.get(line.key) or (f"失能第{level}等級", f"disability level {level}")
    return {
        "item": line.key,
        "text": known[0],
        "textEn": known[1],
        "limit": line.values["limit"],
        "unit": unit,
        "unitText": say.UNITS[unit][0] if unit else None,
        "unitTextEn": say.UNITS[unit][1] if unit else None,
        "most": line.values.get("most"),
        "article": line.article,
        "status": line.status.value,
        "source": line.source,
    }


def claimed(claimed: Claimed) -> Json:
    found = claimed.reckoning
    return {
        "lines": [
            {
                "paper": one.line.id.partition("#")[0],
                "line": one.line.id.partition("#")[2],
                "item": one.line.item.value,
                **text(say.ITEMS, one.line.item),
                "amount": one.line.amount,
                "claimable": one.claimable,
                "pending": one.pending,
                "over": one.over,
                "needs": [{"need": need.value, **text(say.NEEDS, need)} for need in one.needs],
                "article": one.article,
                "status": one.status.value,
            }
            for one in found.medical
        ],
        "unreadLines": claimed.unread,
        "unreadAmount": str(claimed.unread_amount),
        "medical": sum(one.claimable for one in found.medical),
        "pending": sum(one.pending for one in found.medical),
        "death": found.death.amount if found.death else 0,
        "interim": found.death.interim if found.death else 0,
        "total": found.total,
        "nhiRemainder": None if set(claimed.parts or ()) == {FUND} else found.nhi_remainder,
        "interest": late(claimed.interest) if claimed.interest else None,
        "parts": None
        if claimed.parts is None
        else [{"payer": payer, "amount": amount} for payer, amount in claimed.parts.items()],
        "status": found.status.value,
    }


def late(interest: Interest) -> Json:
    return {
        "amount": interest.amount,
        "percent": interest.percent,
        "since": interest.since.isoformat(),
        "days": interest.days,
        "article": interest.article,
        "status": interest.status.value,
    }


def disability(one: Disability) -> Json:
    """`levels`, `earlierLevel`: as claimed; `level`: what they come to."""
    return {
        "levels": list(one.claimed.levels),
        "earlierLevel": one.claimed.earlier,
        "level": one.benefit.level,
        "amount": one.benefit.amount,
        "interim": one.benefit.interim,
        "certified": one.certified,
        "article": one.benefit.article,
        "status": one.benefit.status.value,
    }


def clock(clock: Clock) -> Json:
    return {
        "clock": clock.name,
        **text(say.CLOCKS, clock.name),
        "start": clock.start.isoformat(),
        "due": clock.due.isoformat() if clock.due else None,
        "extended": clock.extended.isoformat() if clock.extended else None,
        "running": clock.running,
        "article": clock.article,
        "status": clock.status.value,
    }
