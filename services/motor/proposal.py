"""What fault assistance answers: ranges with their reasons, or why it cannot be told; and the table that it rests on. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from adapters.police.codebook import Relation

_RELATIONS = {Relation.NARROWER: "原代碼較細", Relation.BROADER: "原代碼較粗", Relation.RELATED: "與原代碼相關而不相同"}


@cache
def rules() -> Mapping[str, Any]:
    """`fault_rules.json`; ranges and points are percent of the whole damage."""
    return json.loads((files("services.motor") / "fault_rules.json").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Cited:
    """A field that the proposal rests on. `party` by its order, None of the accident; `number` and `name` of the form's item.

    `label` is the table's, never the source's own text. `relation` and `read` say what the code became in the form of
    112.07.01 where that is not simply the same thing.
    """

    party: int | None
    number: str
    name: str
    system: str
    version: str
    code: str
    label: str
    relation: Relation | None = None
    read: tuple[str, ...] = ()
    note: str = ""

    @property
    def text(self) -> tuple[str, str]:
        whose = (
            (f"第{self.party}當事者", f"party {self.party}") if self.party is not None else ("本事故", "the accident")
        )
        read = "/".join(self.read)
        loses = (
            (
                f"，對照112.07.01版為{read}，{_RELATIONS[self.relation]}",
                f", read as {read} of 112.07.01: {self.relation}",
            )
            if self.relation
            else ("", "")
        )
        return (
            f"{whose[0]}第{self.number}項{self.name}：{self.code} {self.label}（{self.system} {self.version}{loses[0]}）",
            f"{whose[1]}, item {self.number} {self.name}: {self.code} {self.label} ({self.system} {self.version}{loses[1]})",
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """What a proposal applied: `words` zh-TW and English, `articles` `law:article.paragraph.item`, `source` as in the table."""

    id: str
    words: tuple[str, str]
    articles: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Modifier:
    """Points that a range was moved by, to the burden of `party`."""

    rule: Rule
    party: int
    points: int


@dataclass(frozen=True, slots=True)
class Share:
    """Percent, from `low` to `high`, both included."""

    party: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """Ranges of which some choice adds up to 100, or none and the reason why it cannot be told. It decides nothing.

    Parties that nothing is asked of (passengers without a cause, the dummy, whom a verdict does not name) have no range.
    """

    shares: tuple[Share, ...] = ()
    rule: Rule | None = None
    cited: tuple[Cited, ...] = ()
    modifiers: tuple[Modifier, ...] = ()
    clamped: bool = False
    cannot_tell: str = ""  # key of `cannotTell` in the table

    @property
    def text(self) -> tuple[str, str]:
        """The proposal in zh-TW and English, beginning with what it is not."""
        zh, en = rules()["notice"]
        texts = [one.text for one in self.cited]
        fields = (
            (f"；所據欄位：{'、'.join(zh for zh, _ in texts)}", f"; fields: {'; '.join(en for _, en in texts)}")
            if texts
            else ("", "")
        )
        if self.rule is None:
            why = rules()["cannotTell"][self.cannot_tell]
            return f"{zh}無法判定：{why[0]}{fields[0]}。", f"{en} Cannot tell: {why[1]}{fields[1]}."
        told = [(one.party, f"{one.low}" if one.low == one.high else f"{one.low}–{one.high}") for one in self.shares]
        shares = (
            "、".join(f"第{party}當事者 {span}%" for party, span in told),
            ", ".join(f"party {party}: {span} %" for party, span in told),
        )
        moved_zh = "".join(f"；第{one.party}當事者{one.rule.words[0]}加重{one.points}%" for one in self.modifiers)
        moved_en = "".join(f"; party {one.party} {one.rule.words[1]} +{one.points}" for one in self.modifiers)
        if self.clamped:
            moved_zh, moved_en = f"{moved_zh}（已受上下限限制）", f"{moved_en} (clamped)"
        articles = [article(one) for one in self.rule.articles]
        return (
            f"{zh}{shares[0]}。規則：{self.rule.words[0]}（{'、'.join(one[0] for one in articles)}）{moved_zh}{fields[0]}。",
            f"{en} {shares[1]}. Rule: {self.rule.words[1]} ({', '.join(one[1] for one in articles)}){moved_en}{fields[1]}.",
        )


def article(reference: str) -> tuple[str, str]:
    """`K0040013:102.1.7` as 道路交通安全規則第102條第1項第7款 and as Road Traffic Safety Rules art. 102 I ⑦.

    An article of one paragraph leaves that out: `K0040013:106..2`.
    """
    law, _, place = reference.partition(":")
    zh, en = rules()["laws"][law]
    for number, unit, sign in zip(place.split("."), "條項款", (str, _roman, _circled), strict=False):
        if number:
            zh += f"第{number}{unit}"
            en += f" {'art. ' if unit == '條' else ''}{sign(number)}"
    return zh, en


def _roman(number: str) -> str:
    return ("I", "II", "III", "IV", "V", "VI")[int(number) - 1]


def _circled(number: str) -> str:
    return chr(ord("①") + int(number) - 1)
