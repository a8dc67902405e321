"""What is said of the fault in a case: the proposal, the disputes of it, the scene. Pure; nothing of it is ever final."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from adapters.police.report import AccidentReport
from schemas.evidence import Evidence
from services.motor import fault
from services.motor.assessment import Step, steps
from services.motor.fault import Word
from services.motor.proposal import Proposal, Rule, article
from services.portal import motor_words as say
from services.validation.dispute import STAGES
from services.validation.person import normal

Json = dict[str, Any]
ASSESSMENT = "assessment-verdict"


def proposal(report: AccidentReport, verdict: Mapping[int, Word] | None) -> Json:
    """The range of each party's share that the record supports, or why it cannot be told; a verdict outranks it."""
    found: Proposal = fault.propose(report, verdict)
    zh, en = found.text
    return {
        "text": zh,
        "textEn": en,
        "final": False,
        "cannotTell": found.cannot_tell or None,
        "shares": [{"party": one.party, "low": one.low, "high": one.high} for one in found.shares],
        "rule": _rule(found.rule) if found.rule else None,
        "cited": [{"party": one.party, **_texts(one.text)} for one in found.cited],
        "modifiers": [{"party": one.party, "points": one.points, **_rule(one.rule)} for one in found.modifiers],
        "clamped": found.clamped,
    }


def words_of(papers: Iterable[Evidence]) -> dict[int, Word] | None:
    """What the latest assessment among these says of each party; None without one, or where it names none by its order.

    Its view tells it as `verdict`: "1 肇事主因", the party's order before the word."""
    told = [paper for paper in papers if paper.paper == ASSESSMENT]
    said = max(told, key=lambda paper: paper.issued).facts.get("verdict") if told else None
    pairs = [one.split(" ", 1) for one in said if " " in one] if isinstance(said, list) else []
    return {int(order): Word(word) for order, word in pairs} or None


def _rule(rule: Rule) -> Json:
    return {
        "id": rule.id,
        **_texts(rule.words),
        "articles": [_texts(article(one)) for one in rule.articles],
        "source": rule.source,
    }


def _texts(words: tuple[str, str]) -> Json:
    return {"text": words[0], "textEn": words[1]}


def dispute(
    record: str, told: Evidence, received: str, day: date | None, report: AccidentReport | None, statement: str | None
) -> Json:
    """A party's dispute beside the proposal. `day`: of the accident; `statement`: for those who were given the paper."""
    wish = str(told.facts["wish"])
    days = [date.fromisoformat(str(told.facts[name])) if name in told.facts else None for name in STAGES]
    found: Json = {
        "record": record,
        "party": _party(report, told.persons),
        "wish": wish,
        **_texts(say.WISHES[wish]),
        "received": received,
        "steps": [_step(one) for one in (steps(day, *days) if day else ())],
    }
    return found if statement is None else found | {"statement": statement}


def _party(report: AccidentReport | None, persons: Iterable[str]) -> int | None:
    """The order of the party who disputes, where the reader's police record tells of her."""
    known = set(persons)
    return next(
        (
            one.order
            for one in (report.parties if report else ())
            if one.person and normal(one.person.identifier) in known
        ),
        None,
    )


def _step(step: Step) -> Json:
    return {
        "step": step.name,
        **_texts(say.STEPS[step.name]),
        "due": step.due.isoformat() if step.due else None,
        "latest": step.latest.isoformat() if step.latest else None,
        "done": step.done.isoformat() if step.done else None,
        "fee": step.fee,
        "article": step.article,
        "status": step.status.value,
    }
