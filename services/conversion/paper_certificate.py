"""The diagnosis certificate (診斷證明書) as hospitals print it (facts 9.1), from Condition, Encounter and roles (1.6).

No regulation prescribes the form; its boxes are those in use. A Condition outside an insurance document certifies
nothing, whatever number it bears: then there is a summary, without the sentence that certifies.
"""

from adapters.fhir.document import codes, names_iclaim, word
from adapters.fhir.faults import Place
from services.conversion import paper_fields
from services.conversion.paper_fields import Row, Sheet, doctor, period, sequence, told
from services.conversion.paper_trace import Field, Line, Node, Trace, concept, field, joined, merged

INSURANCE_FORM = "64291-8"  # LOINC, the type of a document for an insurer (facts 1.4)
SENTENCE = "以上病人經本院醫師診斷屬實，特予證明。"
HEAD, LICENCE = "院長", "開業執照"
ENTRIES = 500  # lines of one box; a certificate has a handful, what is beyond is listed at the end of the paper
_DOUBTS = frozenset({"entered-in-error", "refuted", "unconfirmed", "provisional", "differential"})

# Of each Condition the visits that name it among their diagnoses, each with that element.
_Namings = dict[Place, list[tuple[Node, Node]]]


def certificates(trace: Trace, limit: int) -> tuple[list[Sheet], int]:
    """A sheet for each certificate number and person, up to the limit, and how many there are. None in a document that
    is not for an insurer."""
    groups = list(_groups(trace).values())
    namings = _namings(trace)
    return [_certificate(trace, one, namings, len(groups) == 1) for one in groups[:limit]], len(groups)


def summary(trace: Trace) -> Sheet:
    """Person, visits, diagnoses and operations of a document that is neither certificate nor receipt."""
    composition = trace.composition
    conditions = trace.typed("Condition")
    person = paper_fields.subject(trace, composition)
    hospital = paper_fields.issuer(trace)
    rows: list[Row] = [
        *paper_fields.person_rows(person),
        *paper_fields.visit_rows(trace.typed("Encounter")[: paper_fields.VISITS]),
    ]
    if conditions:
        rows.append((_diagnoses(conditions, _namings(trace)),))
    if operations := _operations(trace.typed("Procedure")):
        rows.append((operations,))
    return Sheet(
        kind="summary",
        title=composition.say("title") or ("文件",),
        issuer=hospital.say("name"),
        numbers=(),
        rows=tuple(rows),
        closing=tuple(paper_fields.hospital_rows(hospital)),
        issued=field("文件日期", composition.day("date"), expected=composition.at("date")),
    )


def _groups(trace: Trace) -> dict[tuple[object, ...], list[Node]]:
    """Conditions by certificate number and person; those without a number by visit."""
    document = trace.document
    iclaim = names_iclaim(document.bundle) or any(entry.of_iclaim for entry in document.entries)
    if not (iclaim or INSURANCE_FORM in codes(document.composition, "type")):
        return {}
    all_of = trace.typed("Condition")
    groups: dict[tuple[object, ...], list[Node]] = {}
    for one in [one for one in all_of if names_iclaim(one.value)] or all_of:  # type: ignore[arg-type]
        numbers = tuple(sorted({word(number.value, "value") for number in one.each("identifier")} - {""}))
        visit = () if numbers else one.target("encounter").place
        groups.setdefault((numbers, one.target("subject").place, visit), []).append(one)
    return groups


def _namings(trace: Trace) -> _Namings:
    found: _Namings = {}
    for visit in trace.typed("Encounter"):
        for diagnosis in visit.each("diagnosis"):
            if place := diagnosis.target("condition").place:
                found.setdefault(place, []).append((visit, diagnosis))
    return found


def _certificate(trace: Trace, conditions: list[Node], namings: _Namings, alone: bool) -> Sheet:
    naming = [visit for one in conditions for visit, _ in namings.get(one.place, ())]
    visits = paper_fields.visits(trace, [*(one.target("encounter") for one in conditions), *naming])
    ranked = sorted(conditions, key=lambda one: _rank(one, namings))[:ENTRIES]
    hospital = paper_fields.issuer(trace)
    numbers = merged(value for one in conditions for number in one.each("identifier") for value in number.say("value"))
    rows = [
        *paper_fields.person_rows(paper_fields.subject(trace, *conditions)),
        *paper_fields.visit_rows(visits[: paper_fields.VISITS]),
        (_diagnoses(ranked, namings),),
    ]
    about = {one.place for one in (*conditions, *visits)}
    own = [one for one in trace.typed("Procedure") if alone or _belongs(one, about)]
    if operations := _operations(own[:ENTRIES]):
        rows.append((operations,))
    notes = [note.say("text") for one in ranked for note in one.each("note")[:ENTRIES]]
    rows.append((field("醫師囑言", *notes, expected=ranked[0].at("note")),))
    issued = merged(value for one in conditions for value in one.day("recordedDate"))
    return Sheet(
        kind="certificate",
        title=("診斷證明書",),
        issuer=hospital.say("name"),
        numbers=(field("字號", joined(numbers), expected=conditions[0].at("identifier")),),
        rows=tuple(rows),
        closing=(*_signers(trace, ranked, visits, hospital), *paper_fields.hospital_rows(hospital)),
        issued=field("開立日期", joined(issued), expected=conditions[0].at("recordedDate")),
        sentence=SENTENCE,
    )


def _rank(condition: Node, namings: _Namings) -> int:
    """1 is the principal diagnosis; what has no rank comes last, in document order."""
    ranks = [one.at("rank").value for _, one in namings.get(condition.place, ())]
    return min((rank for rank in ranks if type(rank) is int), default=1 << 30)


def _diagnoses(conditions: list[Node], namings: _Namings) -> Field:
    lines: list[Line] = []
    for number, one in enumerate(conditions[:ENTRIES], start=1):
        rank = merged(value for _, diagnosis in namings.get(one.place, ()) for value in diagnosis.say("rank"))
        start: Line = (*rank[:1], ". ") if rank else (f"{number}. ",)
        if said := concept(one.at("code")):
            lines.append((*start, *said, *_doubt(one)))
    return field("病名", *lines, expected=conditions[0].at("code") if conditions else None)


def _doubt(condition: Node) -> Line:
    """What makes a diagnosis less than certain: a verification status that is not `confirmed`."""
    codings = condition.at("verificationStatus").each("coding")
    return tuple(part for one in codings if word(one.value, "code") in _DOUBTS for part in told(one, "code"))


def _operations(procedures: list[Node]) -> Field | None:
    lines = []
    for one in procedures:
        days = one.day("performedDateTime") or period(one.at("performedPeriod")) or one.say("performedString")
        said = (*concept(one.at("code")), *told(one))
        lines.append(sequence(days, said))
    return field("手術/處置", *lines) if any(lines) else None


def _belongs(procedure: Node, about: set[Place]) -> bool:
    """Whether the operation was for one of these conditions or in one of these visits."""
    return any(
        one.place in about for one in (procedure.target("encounter"), *map(_target, procedure.each("reasonReference")))
    )


def _target(reference: Node) -> Node:
    return reference.target()


def _signers(trace: Trace, conditions: list[Node], visits: list[Node], hospital: Node) -> list[Row]:
    """Head of the hospital, doctor, and their numbers; each asked of what names it, never guessed."""
    references = [one.at(key) for one in conditions for key in ("asserter", "recorder")]
    doctors = [found for reference in references if any(found := doctor(reference))]
    if not doctors:
        doctors = [doctor(one.at("individual")) for visit in visits for one in visit.each("participant")]
    heads = [
        doctor(one.at("practitioner"))[0]
        for one in trace.typed("PractitionerRole")
        if any(HEAD in (word(code.value, "text"), *_displays(code)) for code in one.each("code"))
    ]
    licences = [one.say("value") for one in hospital.each("identifier") if LICENCE in word(one.value, "type", "text")]
    return [
        (
            field(
                "診治（主治）醫師", *_once(name for name, _ in doctors), span=7, expected=conditions[0].at("asserter")
            ),
            field("醫師證書字號", *_once(number for _, number in doctors), span=5),
        ),
        (
            field(HEAD, *_once(heads), span=7),
            field("開業執照字號", *_once(licences), span=5, expected=hospital.at("identifier")),
        ),
    ]


def _displays(concept_node: Node) -> list[str]:
    return [word(one.value, "display") for one in concept_node.each("coding")]


def _once(lines: object) -> list[Line]:
    return list(dict.fromkeys(lines))  # type: ignore[call-overload]
