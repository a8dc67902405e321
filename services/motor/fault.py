"""Fault assistance (肇責判定輔助): a proposed range of shares for each party of an accident, with its reasons. Pure.

The rules are data (`fault_rules.json`; its card: docs/fault-assistance.md). In this order: an assessment verdict's words
(K0040045 art. 8); causes that nobody could establish; the situations that the principles of the non-life association name;
the parties' causes by gravity; only where no cause is told, the manoeuvres. Modifiers move a range, a clamp ends them.
Codes are read as those of the form of 112.07.01; where that loses something, the field cited says so.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import permutations
from typing import Any

from adapters.police import codebook
from adapters.police.codebook import Coded, CodeSystem, Item, Relation
from adapters.police.report import AccidentReport, ReportParty
from services.motor.proposal import Cited, Modifier, Proposal, Rule, Share, rules

FORM = CodeSystem.FORM_112  # the rules name its codes
GRAVEST = 3  # rank of a breach that takes away every right of way: signals, against the traffic, level crossings


class Word(StrEnum):
    """What an assessment says of a party: the words of K0040045 art. 8, which a case's papers have, and the association's four
    graded ones, which none can have (schema `paper`)."""

    NO_FACTOR = "無肇事因素"
    CAUSE = "肇事原因"
    EQUAL = "同為肇事原因"
    MAIN = "肇事主因"
    SECONDARY = "肇事次因"
    NEGLIGENT = "亦有過失"
    AT_FAULT = "亦有疏失"
    CARELESS = "亦有疏忽"
    SLIGHTLY = "稍有疏忽"


def propose(report: AccidentReport, verdict: Mapping[int, Word] | None = None) -> Proposal:
    """What the record supports; a verdict (party's order to its word) outranks every rule."""
    if verdict is not None:
        return _by_verdict(report, verdict)
    if not report.whole:
        return Proposal(cannot_tell="partly-told")
    parties = sorted((party for party in report.parties if _asked(party)), key=lambda party: party.order)
    told = [(party, duty) for party in parties if (duty := _duty(party.codes.get(Item.CAUSE)))]
    if unknown := _not_established(report, told):
        return unknown
    if len(parties) < 2:
        return Proposal(cannot_tell="one-party")
    pair = len(parties) == 2
    if len(told) == len(parties) and not any(duty["rank"] for _, duty in told):
        return _by_duty(report, parties, told)
    if pair and (found := _by_situation(rules()["situations"], report, parties)):
        return found
    if told:
        return _by_duty(report, parties, told)
    return (pair and _by_situation(rules()["manoeuvres"], report, parties)) or Proposal(cannot_tell="untold")


def _not_established(report: AccidentReport, told: Sequence[tuple[ReportParty, Mapping[str, Any]]]) -> Proposal | None:
    """Causes that say of the whole accident that its cause could not be found (118, 119, old 43), of a party or as 主要."""
    main = _duty(report.codes.get(Item.MAIN_CAUSE))
    found = next((duty for duty in [main, *(duty for _, duty in told)] if duty and duty["rank"] < 0), None)
    if found is None:
        return None
    general = [_cited(None, Item.MAIN_CAUSE, report.codes[Item.MAIN_CAUSE])] if found is main else []
    causes = [_cited(party.order, Item.CAUSE, party.codes[Item.CAUSE]) for party, _ in told]
    return Proposal(cannot_tell=found["id"], cited=(*general, *causes))


def _asked(party: ReportParty) -> bool:
    """Drivers and people on foot; a passenger only with a cause of his own (a door, say); never the dummy."""
    if party.kind == "passenger":
        duty = _duty(party.codes.get(Item.CAUSE))
        return duty is not None and duty["rank"] != 0
    return party.kind is not None


# ---- the verdict


def _by_verdict(report: AccidentReport, verdict: Mapping[int, Word]) -> Proposal:
    table = rules()["verdicts"]
    people = sorted((party for party in report.parties if party.kind), key=lambda party: party.order)
    named = [(party.order, verdict[party.order]) for party in people if party.order in verdict]
    words = [word for _, word in named]
    rest = [word for word in words if "rest" in table[word]]
    # Parties of one word share what the word says, or what the other words leave.
    given = {word: tuple(table[word]["share"]) for word in words if "share" in table[word]}
    low, high = (100 - sum(share[end] for share in given.values()) for end in (1, 0))
    sound = (
        {party.order for party in people if _asked(party)} <= verdict.keys() <= {party.order for party in people}
        and len(set(rest)) == 1
        and len(rest) >= table[rest[0]]["rest"]
        and low > 0
        and (rest[0] == Word.MAIN) == any(share[1] for share in given.values())
    )
    if not sound:
        return Proposal(cannot_tell="verdict")
    given[rest[0]] = (low, high)
    kinds = tuple(dict.fromkeys(words))
    said = (f"鑑定意見：{'、'.join(kinds)}", f"assessment: {', '.join(table[word]['words'] for word in kinds)}")
    articles = tuple(dict.fromkeys(table[word]["article"] for word in kinds if table[word]["article"]))
    return Proposal(
        shares=tuple(
            Share(order, *_part(given[word], words.count(word), equal=word == Word.EQUAL)) for order, word in named
        ),
        rule=Rule("verdict", said, articles, table[rest[0]]["source"]),
    )


def _part(share: Sequence[int], holders: int, *, equal: bool) -> tuple[int, int]:
    """One holder's part of what a word says: of several, equal or anything up to the whole."""
    low, high = share
    if holders == 1:
        return low, high
    return (low // holders, -(-high // holders)) if equal else (0, high)


# ---- causes


def _read(item: Item, value: Coded | None) -> tuple[codebook.Match, ...]:
    """What a value can be in the form of 112.07.01; empty of what no table has."""
    if value is None or value.code is None or value.system is None:
        return ()
    return codebook.crosswalk(item, value.system, value.code, FORM)


def _among(codes: Sequence[str], item: Item, told: Mapping[Item, Coded]) -> bool:
    """Whether a field is told and, where its own form is coarser, all that it can be is among the codes."""
    read = _read(item, told.get(item))
    return bool(read) and all(match.code in codes for match in read)


def _duty(cause: Coded | None) -> Mapping[str, Any] | None:
    """The duty that a cause breaches; None when no cause of a table is told.

    The form of 96.09.09 is coarser: its codes name one duty all the same (held by a test), only its article may be open.
    """
    codes = {match.code for match in _read(Item.CAUSE, cause)}
    for duty in rules()["duties"]:
        if codes & duty["causes"].keys():
            return duty
        if cause and cause.system == CodeSystem.FORM_96 and cause.code in duty.get("old", {}):
            return duty
    return None


def _articles(duty: Mapping[str, Any], cause: Coded) -> list[str]:
    codes = [match.code for match in _read(Item.CAUSE, cause)] or [cause.code]
    found = " ".join({**duty["causes"], **duty.get("old", {})}.get(code, "") for code in codes).split()
    return [f"K0040013:{place}" for place in dict.fromkeys(found)]


def _by_duty(
    report: AccidentReport, parties: Sequence[ReportParty], told: Sequence[tuple[ReportParty, Mapping[str, Any]]]
) -> Proposal:
    """By gravity of the duties breached: one party's only, a graver and a lesser, or two of one gravity."""
    cited = tuple(_cited(party.order, Item.CAUSE, party.codes[Item.CAUSE]) for party, _ in told)
    breached = sorted(
        ((party, duty) for party, duty in told if duty["rank"]),
        key=lambda one: (-one[1]["rank"], one[1]["id"], one[0].order),
    )
    if not breached:
        outside = any(duty["id"] == "outside" for _, duty in told)
        return Proposal(cannot_tell="outside" if outside else "none-found", cited=cited)
    (first, gravest), rest = breached[0], breached[1:]
    if rest and len(parties) > 2:
        return Proposal(cannot_tell="several", cited=cited)
    if not rest:
        name = "only" if len(told) == len(parties) else "only-told"
    else:
        name = "graver" if gravest["rank"] > rest[0][1]["rank"] else "equal"
    row = rules()["comparisons"][name]
    duties = [duty["words"] for _, duty in breached]
    articles = dict.fromkeys(place for party, duty in breached for place in _articles(duty, party.codes[Item.CAUSE]))
    rule = Rule(
        f"{name}:{'/'.join(duty['id'] for _, duty in breached)}",
        (
            f"{row['words'][0]}:{'、'.join(zh for zh, _ in duties)}",
            f"{row['words'][1]}: {'; '.join(en for _, en in duties)}",
        ),
        tuple(articles),
        "practice",
    )
    return _ranged(report, rule, row["range"], first, [one for one in parties if one is not first], cited)


# ---- situations


def _by_situation(
    table: Sequence[Mapping[str, Any]], report: AccidentReport, parties: Sequence[ReportParty]
) -> Proposal | None:
    """The first row that fits exactly one way round; what fits both ways says nothing of who is who."""
    for row in table:
        fits = [
            (a, b, cited)
            for a, b in permutations(parties, 2)
            if (cited := next((found for when in row["when"] if (found := _fits(when, report, a, b))), None))
        ]
        if len(fits) == 1:
            a, b, cited = fits[0]
            if _contradicted(row["range"], a, b):
                continue
            words = (
                row["words"]
                if "item" not in row
                else [f"{row['words'][0]}（第{row['item']}點）", f"{row['words'][1]} (item {row['item']})"]
            )
            articles = tuple(f"K0040013:{place}" for place in row["article"].split())
            rule = Rule(row["id"], (words[0], words[1]), articles, row["source"])
            return _ranged(report, rule, row["range"], a, [b], cited)
    return None


def _contradicted(span: Sequence[int], a: ReportParty, b: ReportParty) -> bool:
    """Whether the causes told speak against a row: it would spare the only one of two that disobeyed a signal or drove
    against the traffic, or burden one of whom no factor was found with more than such a party bears opposite a cause."""
    most = 100 - rules()["comparisons"]["only"]["range"][0]
    duties = [_duty(party.codes.get(Item.CAUSE)) for party in (a, b)]
    ranks = [duty["rank"] if duty else None for duty in duties]
    return any(
        (own == 0 and other is not None and other > 0 and high > most)
        or (own == GRAVEST and other != GRAVEST and high < 50)
        for own, other, high in ((ranks[0], ranks[1], span[1]), (ranks[1], ranks[0], 100 - span[0]))
    )


def _fits(when: Mapping[str, Any], report: AccidentReport, a: ReportParty, b: ReportParty) -> tuple[Cited, ...] | None:
    """The fields by which a condition holds; None when one does not."""
    cited = []
    scene = {item: codes for item, codes in when.items() if item not in ("a", "b")}
    for order, told, wanted in (
        (None, report.codes, scene),
        (a.order, a.codes, when["a"]),
        (b.order, b.codes, when.get("b", {})),
    ):
        for name, codes in wanted.items():
            item = Item(name)
            if not _among(codes, item, told):
                return None
            cited.append(_cited(order, item, told[item]))
    return tuple(cited)


# ---- ranges


def _ranged(
    report: AccidentReport,
    rule: Rule,
    span: Sequence[int],
    first: ReportParty,
    others: Sequence[ReportParty],
    cited: tuple[Cited, ...],
) -> Proposal:
    """The first party's range, moved between two by what else is told of them; the others have what it leaves."""
    clamp = rules()["clamp"]
    applied: list[Modifier] = []
    if len(others) == 1:
        for party in (first, others[0]):
            for row, field in _modifiers(party, cited):
                applied.append(Modifier(_modifying(row), party.order, row["points"]))
                cited += (field,)
    wanted = sum(one.points if one.party == first.order else -one.points for one in applied)
    moved = max(-clamp["moved"], min(clamp["moved"], wanted))
    low, high = (max(clamp["low"], min(clamp["high"], end + moved)) for end in span)
    shares = [
        Share(first.order, low, high),
        *(Share(one.order, 100 - high if len(others) == 1 else 0, 100 - low) for one in others),
    ]
    return Proposal(
        shares=tuple(sorted(shares, key=lambda share: (share.party, share.low))),
        rule=rule,
        cited=cited,
        modifiers=tuple(applied),
        clamped=(low, high) != tuple(end + wanted for end in span),
    )


def _modifying(row: Mapping[str, Any]) -> Rule:
    return Rule(row["id"], tuple(row["words"]), (f"K0040013:{row['article']}",), row["source"])


def _modifiers(party: ReportParty, cited: Sequence[Cited]) -> list[tuple[Mapping[str, Any], Cited]]:
    """The modifiers that hold of a party, with their fields; none by a field that the rule already rests on."""
    found = []
    causes = {match.code for match in _read(Item.CAUSE, party.codes.get(Item.CAUSE))}
    for row in rules()["modifiers"]:
        ((name, codes),) = row["when"].items()
        item = Item(name)
        if not _among(codes, item, party.codes) or causes & set(row.get("unless", ())):
            continue
        field = _cited(party.order, item, party.codes[item])
        if field not in cited:
            found.append((row, field))
    return found


def _cited(party: int | None, item: Item, value: Coded) -> Cited:
    number, name = codebook.name(item)
    system, code = value.system or FORM, value.code or ""
    told = codebook.codes(item, system).get(code, "")
    read = _read(item, value)
    loses = next((match for match in read if match.relation != Relation.EQUIVALENT), None)
    return Cited(
        party=party,
        number=number,
        name=name,
        system=system.authority,
        version=system.version,
        code=code,
        label=told,
        relation=loses.relation if loses else None,
        read=tuple(match.code for match in read) if loses else (),
        note=loses.note if loses else "",
    )
