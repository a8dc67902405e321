"""Boxes that several forms share: who the patient is, which visit, which hospital, which doctor (facts 9.1, 9.2, 11)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from adapters.fhir.document import INSTITUTION_SYSTEMS, codes, system, word
from services.conversion.paper_trace import Field, Line, Node, Trace, concept, field, joined, merged, silent
from services.conversion.paper_words import DAYS, GENDER, PAYER, PLAIN, STATUS, VISIT, clock

Row = tuple[Field, ...]

IDENTITY = "https://claim.cgh.org.tw/iclaim/StructureDefinition/cathay-medicalidentity"
OCCUPATION = "https://claim.cgh.org.tw/iclaim/StructureDefinition/cathay-occupation"
_PERSONAL = (  # label, system, type code (facts 4)
    ("身分證字號", frozenset({"www.moi.gov.tw"}), "NNxxx"),
    ("居留證號碼", frozenset({"www.immigration.gov.tw"}), "PRC"),
    ("護照號碼", frozenset({"hl7.org/fhir/sid/passport-twn", "www.boca.gov.tw"}), "PPN"),
)
VISITS = 200  # visits, coverages or diagnoses in one form; what is beyond is listed at the end of the paper
_ADDRESS = ("postalCode", "state", "district", "city")


@dataclass(frozen=True)
class Sheet:
    """One form, a page or more of its own. `kind`: certificate, receipt or summary; `table`: the receipt's lines."""

    kind: str
    title: Line
    issuer: Line
    numbers: tuple[Field, ...]
    rows: tuple[Row, ...]
    closing: tuple[Row, ...] = ()
    issued: Field | None = None
    sentence: str = ""
    remark: Line = ()
    table: object = None


def subject(trace: Trace, *owners: Node, element: str = "subject") -> Node:
    """The Patient that the owners name; else the document's own, else the only one."""
    for target in (*(one.target(element) for one in owners), trace.composition.target("subject")):
        if target.type == "Patient":
            return target
    return _only(trace, "Patient")


def visits(trace: Trace, named: Iterable[Node]) -> list[Node]:
    """Of the resources named, the Encounters, each once; else the document's own, else the only one."""
    found = {one.place: one for one in named if one.type == "Encounter"}
    if not found:
        own = trace.composition.target("encounter")
        one = own if own.type == "Encounter" else _only(trace, "Encounter")
        found = {one.place: one} if one else {}
    return list(found.values())


def issuer(trace: Trace, *first: Node) -> Node:
    """The hospital: of what is given, of the authors, then of the keeper, the first Organization."""
    composition = trace.composition
    authors = [one.target() for one in composition.each("author")]
    for one in (*first, *authors, composition.target("custodian")):
        if one.type == "Organization":
            return one
    return trace.nothing


def _only(trace: Trace, kind: str) -> Node:
    found = trace.typed(kind)
    return found[0] if len(found) == 1 else trace.nothing


def person_rows(person: Node) -> list[Row]:
    """Name, gender, birth, numbers, address, occupation."""
    numbers = person.each("identifier")
    records = [value for one in numbers if "MR" in codes(one.value, "type") for value in one.say("value")]
    known = [
        (label, values)
        for label, systems, code in _PERSONAL
        for one in numbers
        if "MR" not in codes(one.value, "type") and (system(one.value) in systems or code in codes(one.value, "type"))
        if (values := one.say("value"))
    ]
    occupations = [concept(one.at("valueCodeableConcept")) for one in _extensions(person, OCCUPATION)]
    labelled = [field(label, values, span=6) for label, values in known]
    rows: list[Row] = [
        (
            field("姓名", name(person), span=5, expected=person.at("name")),
            field("性別", person.say("gender", words=GENDER), span=2, expected=person.at("gender")),
            field("出生日期", person.day("birthDate"), span=5, expected=person.at("birthDate")),
        ),
        (
            *(labelled or [field("身分證字號", span=6, expected=person.at("identifier"))]),
            field(
                "病歷號碼",
                joined(records),
                span=6 if len(labelled) % 2 or not labelled else 12,
                expected=person.at("identifier"),
            ),
        ),
        (field("住址", address(person), expected=person.at("address")),),
    ]
    return [*rows, *([(field("職業", *occupations),)] if any(occupations) else [])]


def name(person: Node) -> Line:
    """The official name, else the usual, else the first; its text, else its parts."""
    order = {"official": 0, "usual": 1}
    names = sorted(person.each("name"), key=lambda one: order.get(word(one.value, "use"), 2))
    for one in names:
        if text := one.say("text"):
            return text
        if parts := (*one.say("family"), *one.words("given")):
            return joined(parts, " ")
    return ()


def address(owner: Node) -> Line:
    """The first address: its text, else its parts as they stand."""
    for one in owner.each("address"):
        if text := one.say("text"):
            return text
        parts = [value for key in _ADDRESS for value in one.say(key)]
        if parts := [*parts, *one.words("line")]:
            return joined(parts, " ")
    return ()


def visit_rows(found: list[Node], label: str | None = None) -> list[Row]:
    """Department, kind and number of each visit, then its days. Without a visit, the same boxes empty."""
    rows: list[Row] = []
    for visit in found or [None]:  # type: ignore[list-item]
        if visit is None:
            empty = [("應診科別", 4), ("就醫類別", 3), ("就醫號", 5)]
            rows += [tuple(field(name, span=span) for name, span in empty), (field(label or "應診日期"),)]
            continue
        inpatient = word(visit.value, "class", "code") == "IMP"
        numbers = joined([value for one in visit.each("identifier") for value in one.say("value")])
        days = label or ("住院期間" if inpatient else "應診日期")
        rows += [
            (
                field("應診科別", concept(visit.at("serviceType")), span=4, expected=visit.at("serviceType")),
                field(
                    "就醫類別", (*concept(visit.at("class"), VISIT), *told(visit)), span=3, expected=visit.at("class")
                ),
                field("住院號" if inpatient else "就醫號", numbers, span=5, expected=visit.at("identifier")),
            ),
            (field(days, (*period(visit.at("period")), *_length(visit)), expected=visit.at("period")),),
        ]
    return rows


def identity(found: list[Node]) -> list[Line]:
    """Who pays for the visit, as the visit says: NHI or the patient."""
    return [concept(one.at("valueCodeableConcept"), PAYER) for visit in found for one in _extensions(visit, IDENTITY)]


def _extensions(owner: Node, url: str) -> list[Node]:
    return [one for one in owner.each("extension") if word(one.value, "url") == url]


def sequence(*parts: Line) -> Line:
    """Those of the parts that say something, one after another."""
    return tuple(piece for part in parts if part for piece in ("，", *part))[1:]


def period(node: Node, short: bool = False) -> Line:
    """From … to …; one day once, and of a day's end only the hour."""
    start, end = node.day("start", short=short), node.day("end", short=short)
    if not (start and end):
        return (*start, " 起") if start else (("至 ", *end) if end else ())
    first, last = start[0], end[0]
    if first.raw == last.raw:
        return merged([first, last])
    between = "–" if short else " 至 "
    if first.raw[:10] == last.raw[:10] and clock(first.raw) and clock(last.raw):
        last = replace(last, text=clock(last.raw))
    elif short and first.raw[:4] == last.raw[:4] and first.moment and last.moment:
        last = replace(last, text=last.text.partition("/")[2] or last.text)
    return (first, between, last)


def _length(visit: Node) -> Line:
    length = visit.at("length")
    units = (*length.say("unit", words=DAYS), *length.say("code", words=DAYS))
    if not (value := length.say("value")):
        return ()
    return ("，共 ", *value, " ", *units[:1], *silent(one for one in units[1:] if one.text == units[0].text))


def told(node: Node, *keys: str) -> Line:
    """The status, where it says that the paper is not what it seems."""
    status = word(node.value, *(keys or ("status",)))
    if not status or status in PLAIN:
        return ()
    return (" 【", *node.say(*(keys or ("status",)), words=STATUS), "】")


def hospital_rows(hospital: Node) -> list[Row]:
    """Name, code, telephone and address of the hospital."""
    numbers = [
        value
        for one in hospital.each("identifier")
        if system(one.value) in INSTITUTION_SYSTEMS or "PRN" in codes(one.value, "type")
        for value in one.say("value")
    ]
    phones = [value for one in hospital.each("telecom") for value in one.say("value")]
    return [
        (
            field("院所名稱", hospital.say("name"), span=7, expected=hospital.at("name")),
            field("醫事機構代碼", joined(numbers), span=5, expected=hospital.at("identifier")),
        ),
        (
            field("院所地址", address(hospital), span=7, expected=hospital.at("address")),
            field("院所電話", joined(phones), span=5, expected=hospital.at("telecom")),
        ),
    ]


def doctor(reference: Node) -> tuple[Line, Line]:
    """(name, licence number) of the person that a Reference leads to, through her role."""
    person = reference.target()
    if person.type == "PractitionerRole":
        role = person.at("practitioner")
        person = role.target()
        named = name(person) or role.say("display")
    else:
        named = name(person) or reference.say("display")
    licences = [
        value for one in person.each("identifier") if "MD" in codes(one.value, "type") for value in one.say("value")
    ]
    return named, joined(licences)
