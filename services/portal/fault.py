"""What is said of the fault in a case: the proposal, the disputes of it, the scene. Pure; nothing of it is ever final."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from adapters.police.report import AccidentReport, ReportParty
from schemas import normalise
from schemas.evidence import Evidence, PartyVerdict
from schemas.integrity import State
from services.motor import fault
from services.motor.assessment import Step, steps
from services.motor.fault import Word
from services.motor.proposal import Proposal, Rule, article
from services.portal import motor_words as say
from services.validation.dispute import STAGES
from services.validation.person import normal

Json = dict[str, Any]
ASSESSMENT = "assessment-verdict"
VOUCHED = (State.ISSUED, State.SIGNED, State.MATCHED)


@dataclass(frozen=True)
class Assessment:
    """An assessment of the accident, and how sure it is that its unit made it."""

    sha256: str
    evidence: Evidence
    state: State


def proposal(report: AccidentReport, assessments: Iterable[Assessment]) -> Json:
    """The range of each party's share that the record supports, or why it cannot be told. The latest assessment that its
    unit vouches for and that has words outranks the record; where one of them fits no single party it cannot be told.

    `assessments` in the order in which they were issued; each is told of, the one used and those that are not."""
    told = list(assessments)
    used = next((one for one in reversed(told) if one.state in VOUCHED and one.evidence.verdict), None)
    words, unresolved = words_of(used.evidence.verdict, report) if used else (None, [])
    found: Proposal = fault.propose(report, {} if unresolved else words)
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
        "assessments": [
            {
                "sha256": one.sha256,
                "state": one.state.value,
                "used": one is used,
                "unresolved": unresolved if one is used else [],
            }
            for one in told
        ],
    }


def words_of(verdict: Iterable[PartyVerdict], report: AccidentReport) -> tuple[dict[int, Word], list[str]]:
    """What an assessment says of each party of the report, by its order; and the words of which it cannot be told whom they
    mean: nobody fits, several do, or one party is given two."""
    words: dict[int, Word] = {}
    unresolved = []
    for said in verdict:
        word = Word(said.word.value)
        fits = [party.order for party in report.parties if _fits(party, said)]
        if len(fits) == 1 and words.setdefault(fits[0], word) == word:
            continue
        unresolved.append(word.value)
    return words, unresolved


def _fits(party: ReportParty, said: PartyVerdict) -> bool:
    """Whether this party is meant. What the report does not tell of it speaks against it only where its order is not given.
    A plate is its driver's, never a passenger's."""
    own_plate = normalise.plate(party.plate) if party.plate and party.kind != "passenger" else None
    own_person = normal(party.person.identifier) if party.person else None
    if said.order is not None:
        agrees = (said.plate is None or party.plate is None or normalise.plate(party.plate) == said.plate) and (
            said.person is None or own_person in (None, said.person)
        )
        return party.order == said.order and agrees
    return said.plate in (None, own_plate) and said.person in (None, own_person)


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
    record: str,
    told: Evidence,
    received: str,
    filed: date,
    day: date | None,
    report: AccidentReport | None,
    statement: str | None,
) -> Json:
    """A party's dispute beside the proposal. `filed`: when it first came in, in whatever version; `day`: of the accident;
    `statement`: for those who were given the paper."""
    wish = str(told.facts["wish"])
    party = _party(report, told.persons)
    days = [date.fromisoformat(str(told.facts[name])) if name in told.facts else None for name in STAGES]
    way = steps(day, *days, wish=wish, filed=filed) if day else ()
    found: Json = {
        "record": record,
        "party": party,
        "notParty": party is None and _names_all(report),
        "late": any(one.late for one in way),
        "wish": wish,
        **_texts(say.WISHES[wish]),
        "received": received,
        "steps": [_step(one) for one in way],
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


def _names_all(report: AccidentReport | None) -> bool:
    """Whether the police record says of every party who it is."""
    parties = [one for one in report.parties if one.kind is not None] if report and report.whole else []
    return bool(parties) and all(one.person for one in parties)


def _step(step: Step) -> Json:
    note = say.STEP_NOTES.get(step.name)
    return {
        "step": step.name,
        **_texts(say.STEPS[step.name]),
        "due": step.due.isoformat() if step.due else None,
        "extended": step.extended.isoformat() if step.extended else None,
        "late": step.late,
        "latest": step.latest.isoformat() if step.latest else None,
        "done": step.done.isoformat() if step.done else None,
        "asked": step.asked.isoformat() if step.asked else None,
        "fee": step.fee,
        "feeStatus": step.fee_status.value,
        "feeSource": step.fee_source,
        "note": note[0] if note else None,
        "noteEn": note[1] if note else None,
        "article": step.article,
        "status": step.status.value,
    }
