"""A document as papers: certificates, receipts, laboratory results, and the rest of it, as plain data to be drawn.

What a person reads is what the machine reads: every value comes from the Bundle and names its place. What a form asks
for and the document does not tell is said to be missing; nothing is invented, nothing hidden.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.fhir.document import Json, word
from schemas.problems import Problem, Severity
from services.conversion import paper_certificate, paper_receipt, paper_rest
from services.conversion.paper_fields import Row, Sheet, doctor, name, sequence
from services.conversion.paper_rest import Group, Inside, Report
from services.conversion.paper_trace import Line, Node, Trace, concept, drawn, field, joined, merged
from services.conversion.paper_words import STATUS

SHEETS = 50  # certificates, and receipts, that are drawn; a document has one or two
_STATES = {  # of the Composition: watermark, what is said
    "entered-in-error": ("作廢", "本文件已標記為輸入錯誤（entered-in-error），不得使用。"),
    "preliminary": ("初步", "本文件為初步版本（preliminary），內容可能變更。"),
    "amended": ("", "本文件為更正後版本（amended），取代先前版本。"),
}


@dataclass(frozen=True)
class Told:
    """What the caller knows beside the document. `problems`: of its validation, None when it was not validated;
    `successor`: the record that took its place."""

    sha256: str = ""
    record: str = ""
    successor: str = ""
    problems: tuple[Problem, ...] | None = None


@dataclass(frozen=True)
class Banner:
    """Said at the head of every sheet; `mark`: written across it, when it must not be overlooked."""

    text: str
    mark: str = ""


@dataclass(frozen=True)
class Paper:
    """All that is drawn, in order."""

    title: str
    told: Told
    banners: tuple[Banner, ...]
    sheets: tuple[Sheet, ...]
    reports: tuple[Report, ...]
    about: tuple[Row, ...]
    signatures: tuple[Line, ...]
    number: Line
    rest: tuple[Group, ...]
    beyond: tuple[tuple[str, int], ...]
    inside: Inside


def is_document(value: object) -> bool:
    """Whether there is anything to draw: a Bundle of type document."""
    return word(value, "resourceType") == "Bundle" and word(value, "type") == "document"


def view(value: Json, told: Told | None = None) -> Paper:
    """The papers of a document Bundle. Never raises, however wrong the Bundle is; it then shows what is there."""
    told = told or Told()
    trace = Trace(value)
    certificates, certified = paper_certificate.certificates(trace, SHEETS)
    receipts, received = paper_receipt.receipts(trace, SHEETS)
    sheets = [*certificates, *receipts] or [paper_certificate.summary(trace)]
    number = _case(trace)
    reports = tuple(paper_rest.reports(trace))
    signatures = tuple(_signatures(trace))
    about = tuple(_about(trace))
    inside = paper_rest.inside(trace)
    forms = set(drawn((sheets, reports, about, signatures)))
    groups, beyond = paper_rest.rest(trace, forms, inside)
    left = max(0, certified - SHEETS) + max(0, received - SHEETS)
    return Paper(
        title="・".join(dict.fromkeys(_titles(sheets))),
        told=told,
        banners=(*_states(trace), *_verdict(told), *_left(left)),
        sheets=tuple(sheets),
        reports=reports,
        about=about,
        signatures=signatures,
        number=number,
        rest=tuple(groups),
        beyond=tuple(beyond),
        inside=inside,
    )


def _titles(sheets: Sequence[Sheet]) -> list[str]:
    """Names of forms only: a window's title stays in histories."""
    names = {"certificate": "診斷證明書", "receipt": "醫療費用收據", "summary": "醫療文件"}
    return [names[sheet.kind] for sheet in sheets]


def _states(trace: Trace) -> list[Banner]:
    status = word(trace.composition.value, "status")
    if status in _STATES:
        mark, text = _STATES[status]
        return [Banner(text, mark)]
    return [] if status == "final" else [Banner("文件狀態未載明或無法辨識。")]


def _verdict(told: Told) -> list[Banner]:
    found = []
    if told.successor:
        found.append(Banner(f"本文件已被較新的版本取代（紀錄 {told.successor}）。", "已被取代"))
    if told.problems is None:
        return found
    errors = sum(one.severity == Severity.ERROR for one in told.problems)
    warnings = len(told.problems) - errors
    if errors:
        found.append(Banner(f"未通過驗證：{errors} 項錯誤、{warnings} 項提醒，列於文末。", "未通過驗證"))
    elif warnings:
        found.append(Banner(f"通過驗證，有 {warnings} 項提醒，列於文末。"))
    return found


def _left(sheets: int) -> list[Banner]:
    return [Banner(f"另有 {sheets} 張證明書或收據未繪出。")] if sheets else []


def _signatures(trace: Trace) -> list[Line]:
    """Each signature that is attached. It is told, not verified."""
    nodes = [trace.root.at("signature")]
    nodes += [one for provenance in trace.typed("Provenance") for one in provenance.each("signature")]
    lines = []
    for one in nodes:
        if type(one.value) is dict:
            who = doctor(one.at("who"))[0] or one.target("who").say("name")
            kinds = [part for kind in one.each("type") for part in concept(kind)]
            parts = (who, one.day("when"), tuple(kinds))
            lines.append(sequence(*parts))
    return lines


def _about(trace: Trace) -> list[Row]:
    """The document itself: title, kind, state, dates, who wrote, keeps and attests it."""
    own = trace.composition
    authors = [_who(one) for one in own.each("author")]
    attesters = []
    for one in own.each("attester"):
        party = _who(one.at("party"))
        parts = (party, one.say("mode"), one.day("time"))
        attesters.append(sequence(*parts))
    sections = [value for one in _sections(own) for value in one.say("title")]
    return [
        (
            field("文件標題", own.say("title"), span=8, expected=own.at("title")),
            field("狀態", own.say("status", words=STATUS), span=4, expected=own.at("status")),
        ),
        (
            field("文件類別", concept(own.at("type")), span=4, expected=own.at("type")),
            field("案件編號", _case(trace), span=8, expected=trace.root.at("identifier")),
        ),
        (
            field("文件日期", own.day("date"), span=6, expected=own.at("date")),
            field("彙整時間", trace.root.day("timestamp"), span=6, expected=trace.root.at("timestamp")),
        ),
        (
            field("作成者", *authors, span=6, expected=own.at("author")),
            field("保管者", _who(own.at("custodian")), span=6, expected=own.at("custodian")),
        ),
        *([(field("簽核", *attesters),)] if any(attesters) else []),
        *([(field("章節", joined(sections)),)] if sections else []),
    ]


def _case(trace: Trace) -> Line:
    """The case number: of the Bundle, and of the Composition, once when they are the same."""
    own = (one.at("identifier").say("value") for one in (trace.root, trace.composition))
    return joined(merged(value for values in own for value in values))


def _who(reference: Node) -> Line:
    """The organisation or person that a Reference leads to."""
    target = reference.target()
    if target.type == "Organization":
        return target.say("name")
    return doctor(reference)[0] or name(target)


def _sections(node: Node) -> list[Node]:
    """Sections of all depths, in order."""
    found: list[Node] = []
    stack = node.each("section")[::-1]
    while stack:
        one = stack.pop()
        found.append(one)
        stack += one.each("section")[::-1]
    return found
