"""Invariants of TW Core's profiles as plain functions (facts 3.3; https://twcore.mohw.gov.tw/ig/twcore).

Each says of a value whether the rule holds. What is of the wrong kind is told by the engine and breaks no rule here.
`vs-1`, `vs-2`, `vs-3` and `sdcqr-2` come into TW Core from HL7's vital signs and questionnaires.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from adapters.fhir.document import Json, child, codings, objects, word
from adapters.fhir.faults import Fault
from schemas.problems import Severity

_ID_CARD = re.compile(r"[A-Za-z][0-9]{9}")
_UCUM = "http://unitsofmeasure.org"
_V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
_CODED = frozenset({"72166-2", "11367-0"})
_COUNTED = frozenset({"401201003", "782516008"})
_FOR_THEMSELVES = frozenset({"Organization", "Patient", "PractitionerRole", "RelatedPerson"})  # as agents
_VALUES = frozenset(
    {"Quantity", "CodeableConcept", "String", "Boolean", "Integer", "Range", "Ratio", "SampledData", "Time", "DateTime",
     "Period"}
)  # fmt: skip
_VALUE = frozenset({f"{mark}value{kind}" for kind in _VALUES for mark in ("", "_")})


# `Run.judge`: the faults of a Reference that leads, or says that it leads, to none of these types.
Judge = Callable[[Json, frozenset[str]], list[Fault] | None]


class Rule(NamedTuple):
    """A rule, in words of zh-TW and English; `severity` None is that of the catalogue, an error."""

    holds: Callable[[Json], bool] | Callable[[Json, Judge], bool]
    label: str
    label_en: str
    severity: Severity | None = None
    judges: bool = False  # `holds` asks what a reference leads to


def _id_card(identifier: Json) -> bool:
    value = identifier.get("value")
    return type(value) is not str or _ID_CARD.fullmatch(value) is not None


def _named(name: Json) -> bool:
    return "text" in name or "family" in name or "_text" in name or "_family" in name


def _valued(item: Json) -> bool:
    """A component: `dataAbsentReason`, or a value of any type."""
    return "dataAbsentReason" in item or not _VALUE.isdisjoint(item)


def _observed(observation: Json) -> bool:
    return "component" in observation or "hasMember" in observation or _valued(observation)


def _to_the_day(observation: Json) -> bool:
    value = observation.get("effectiveDateTime")
    return type(value) is not str or len(value) >= 10


def _ucum(observation: Json) -> bool:
    quantity = observation.get("valueQuantity")
    return type(quantity) is not dict or quantity.get("system", _UCUM) == _UCUM


def _smoking_coded(observation: Json) -> bool:
    return "valueCodeableConcept" in observation or not _coded(observation, "code", _CODED)


def _smoking_counted(observation: Json) -> bool:
    return "valueQuantity" in observation or not _coded(observation, "code", _COUNTED)


def _coded(value: Json, key: str, codes: frozenset[str]) -> bool:
    return any(word(coding, "code") in codes for coding in codings(value, key))


def _member(coverage: Json) -> bool:
    return "subscriberId" in coverage or any(
        word(coding, "system") == _V2_0203 and word(coding, "code") == "MB"
        for _, identifier in objects(coverage, "identifier")
        for coding in codings(identifier, "type")
    )


def _drug_code(immunization: Json) -> bool:
    systems = {word(coding, "system") for coding in codings(immunization, "vaccineCode")}
    return "http://hl7.org/fhir/sid/cvx" not in systems or "http://hl7.org/fhir/sid/ndc" in systems


def _on_behalf(agent: Json, judge: Judge) -> bool:
    return "onBehalfOf" in agent or not astray(child(agent, "who"), _FOR_THEMSELVES, judge)


def _answered_once(response: Json) -> bool:
    """In each list of items a question is answered in one item; groups may repeat."""
    waiting: list[object] = [response]
    while waiting:
        holder = waiting.pop()
        items = [item for _, item in objects(holder, "item")]
        waiting += items
        answered = []
        for item in items:
            answers = [answer for _, answer in objects(item, "answer")]
            waiting += answers
            if any(key.startswith("value") for answer in answers for key in answer):
                answered.append(word(item, "linkId"))
        if len(set(answered)) < len(answered):
            return False
    return True


_DAY = ("檢驗檢查日期時間至少須到日", "the date and time must be given at least to the day")
_REASON = ("沒有值時須有 dataAbsentReason", "without a value there must be a dataAbsentReason")

RULES: dict[str, Rule] = {
    "id-card-number": Rule(
        _id_card, "身分證字號為一個英文字母及九個數字", "a national id is one letter and nine digits"
    ),
    "tw-core-1": Rule(_named, "姓名須有 text 或 family", "a name must have text or family"),
    "tw-core-2": Rule(_valued, *_REASON),
    "tw-core-3": Rule(_to_the_day, *_DAY),
    "tw-core-4": Rule(_observed, *_REASON),
    "tw-core-5": Rule(_ucum, "單位代碼須用 UCUM", "coded units must be of UCUM"),
    "tw-core-7": Rule(
        _smoking_coded, "吸菸狀態須以 valueCodeableConcept 表示", "smoking status must be a valueCodeableConcept"
    ),
    "tw-core-8": Rule(
        _smoking_counted, "吸菸量應以 valueQuantity 表示", "pack-years should be a valueQuantity", Severity.WARNING
    ),
    "tw-core-9": Rule(
        _member, "須有會員編號(MB)或 subscriberId", "a member number (type MB) or subscriberId must be present"
    ),
    "tw-core-10": Rule(
        _drug_code, "CVX 疫苗代碼應附 NDC 代碼", "a CVX code should have an NDC translation", Severity.WARNING
    ),
    "provenance-1": Rule(
        _on_behalf,
        "who 為醫事人員或設備時須有 onBehalfOf",
        "onBehalfOf must be present when who is a Practitioner or Device",
        judges=True,
    ),
    "vs-1": Rule(_to_the_day, *_DAY),
    "vs-2": Rule(_observed, *_REASON),
    "vs-3": Rule(_valued, *_REASON),
    "sdcqr-2": Rule(
        _answered_once, "同一題只能有一個作答項目", "a question is answered in one item, with several answers"
    ),
}


def astray(reference: Json, types: frozenset[str], judge: Judge) -> bool:
    """Whether a Reference leads to another type than these; what is no reference at all is told by the engine."""
    found = judge(reference, types)
    return found is not None and found[0].code == "reference-target"
