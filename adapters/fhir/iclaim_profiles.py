"""iClaim's profiles, as far as their elements are known (docs/facts-fhir-taiwan.md 1.3-1.9, 11).

國泰金控 does not publish the definitions: what stands here is its ClaimFormModel (facts 1.7) at the paths of the published
instances. A missing element keeps its label, for a clerk knows the form and not FHIR. Of Composition, Practitioner,
PractitionerRole, Observation and DiagnosticReport no more is known than the names of the profiles.

Bundle.identifier, timestamp and fullUrl are not told here: a document needs them anyway (bdl-9, bdl-10, R4 documents).
"""

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from adapters.fhir.document import ICLAIM, Json, child, number, profiles, system, word
from adapters.fhir.faults import ENOUGH, Fault
from adapters.fhir.profile_rules import Judge, astray

Check = Callable[[Json, Judge], list[Fault] | None]

_BASE = f"{ICLAIM}/StructureDefinition/"
_PERSON_TYPES = frozenset({"NNxxx", "PRC", "PPN"})
_PERSON_SYSTEMS = frozenset({"www.moi.gov.tw", "www.immigration.gov.tw"})
_INSURER = frozenset({"Organization"})


class Need(NamedTuple):
    """An element that must be there, what tells that it is, and what the form calls it."""

    element: str
    present: Callable[[Json], object]
    label: str
    label_en: str


def _objects(value: Json, key: str) -> list[Json]:
    items = value.get(key)
    return [one for one in items if type(one) is dict] if type(items) is list else []


def _valued(resource: Json) -> list[Json]:
    """The identifiers that have a value."""
    return [one for one in _objects(resource, "identifier") if word(one, "value").strip()]


def _types(identifier: Json) -> set[str]:
    return {word(one, "code") for one in _objects(child(identifier, "type"), "coding")}


def _personal(patient: Json) -> bool:
    return any(system(one) in _PERSON_SYSTEMS or _types(one) & _PERSON_TYPES for one in _valued(patient))


def _charted(patient: Json) -> bool:
    return any("MR" in _types(one) for one in _valued(patient))


def _named(patient: Json) -> bool:
    return any(word(one, "text") or word(one, "family") for one in _objects(patient, "name"))


def _told(concept: Json) -> bool:
    """Whether it says in words what it is."""
    return bool(word(concept, "text")) or any(word(one, "display") for one in _objects(concept, "coding"))


def _coded(concept: Json) -> bool:
    """Whether it has a code; of what is not told in words at all, that is told already."""
    return any(word(one, "code") for one in _objects(concept, "coding")) or not _told(concept)


_PATIENT = (
    Need("identifier", _personal, "身分證字號(或居留證、護照號碼)", "the patient's identifier"),
    Need("identifier", _charted, "病歷號碼(類型 MR)", "the medical record number (type MR)"),
    Need("name", _named, "病人姓名", "the patient's name"),
    Need("gender", lambda patient: word(patient, "gender"), "性別", "gender"),
    Need("birthDate", lambda patient: word(patient, "birthDate"), "出生日期", "date of birth"),
)
_ENCOUNTER = (
    Need("identifier", _valued, "住院號或就醫號", "the admission number"),
    Need("serviceType", lambda visit: _told(child(visit, "serviceType")), "科別名稱", "the department's name"),
    Need(
        "serviceType.coding",
        lambda visit: _coded(child(visit, "serviceType")),
        "科別代碼",
        "the department's code",
    ),
    Need(
        "period.start",
        lambda visit: word(visit, "period", "start"),
        "應診或住院起日",
        "the first day of examination",
    ),
    Need("period.end", lambda visit: word(visit, "period", "end"), "應診或住院迄日", "the last day of examination"),
)
_CONDITION = (
    Need("identifier", _valued, "診斷證明書序號", "the certificate number"),
    Need("clinicalStatus", lambda diagnosis: "clinicalStatus" in diagnosis, "診斷狀態", "the clinical status"),
    Need("category", lambda diagnosis: "category" in diagnosis, "診斷類別", "the category of the diagnosis"),
    Need("code", lambda diagnosis: _told(child(diagnosis, "code")), "診斷病名", "the diagnosis"),
    Need(
        "code.coding",
        lambda diagnosis: _coded(child(diagnosis, "code")),
        "診斷代碼",
        "the diagnosis code",
    ),
    Need("recordedDate", lambda diagnosis: word(diagnosis, "recordedDate"), "開立日期", "the date of issue"),
)
_CLAIM = (
    Need("identifier", _valued, "案件編號", "the case number"),
    Need("total", lambda claim: number(claim, "total", "value") is not None, "總額", "the total"),
    Need("item", lambda claim: _objects(claim, "item"), "收據明細", "the receipt lines"),
)
_COVERAGE = (Need("payor", lambda coverage: _objects(coverage, "payor"), "保險人", "the insurer"),)

# Slices of the Bundle: type, profile, at most one, label. Of the visit only its admission number is known to be asked.
_SLICES = (
    ("Composition", "composition-iclaim", True, "文件首頁", "the Composition"),
    ("Claim", "claim-iclaim", True, "理賠申請書(收據)", "the Claim with the receipt (slice IClaim 1..1)"),
    ("Patient", "patient-iclaim", True, "病人", "the patient"),
    ("Encounter", "encounter-iclaim", False, "就醫紀錄(住院號/就醫號)", "the encounter with its admission number"),
)
# What is told of a Bundle that has none of a kind.
ABSENT = {
    kind: Fault(("entry",), "iclaim-required", names=(("element", kind), ("label", label), ("label_en", label_en)))
    for kind, _, _, label, label_en in _SLICES
}


def _required(needs: tuple[Need, ...]) -> Check:
    told = [
        (
            one.present,
            Fault((), "iclaim-required", one.element, names=(("label", one.label), ("label_en", one.label_en))),
        )
        for one in needs
    ]

    def check(resource: Json, _: Judge) -> list[Fault] | None:
        return [missing for present, missing in told if not present(resource)]

    return check


def _claim(claim: Json, judge: Judge) -> list[Fault]:
    names = (("label", "金額"), ("label_en", "the amount"))
    items = claim.get("item")
    bare = (
        index
        for index, item in enumerate(items if type(items) is list else ())
        if type(item) is dict and number(item, "net", "value") is None
    )
    return (_CLAIM_NEEDS(claim, judge) or []) + [
        Fault(("item", index), "iclaim-required", "net", names=names) for index in islice(bare, ENOUGH)
    ]


def _coverage(coverage: Json, judge: Judge) -> list[Fault]:
    """Coverage iClaim adds one thing: payor 1..1, a company (facts 1.8)."""
    faults = _COVERAGE_NEEDS(coverage, judge) or []
    names = (("expected", "Organization"), ("profile", "coverage-iclaim"))
    payors = coverage.get("payor")
    for index, payor in enumerate(payors[:ENOUGH] if type(payors) is list else ()):
        if type(payor) is dict and astray(payor, _INSURER, judge):
            faults.append(Fault(("payor", index), "profile-reference", names=names))
        if index == 1:
            faults.append(Fault(("payor", index), "iclaim-once", names=(("element", "payor"),)))
    return faults


def _bundle(bundle: Json, judge: Judge) -> list[Fault]:
    faults = []
    if word(bundle, "type") not in ("", "document"):
        faults.append(Fault(("type",), "iclaim-value", names=(("expected", "document"),)))
    held: dict[str, list[tuple[int, Json]]] = {kind: [] for kind, *_ in _SLICES}
    entries = bundle.get("entry")
    for index, entry in enumerate(entries if type(entries) is list else ()):
        resource = entry.get("resource") if type(entry) is dict else None
        if type(resource) is dict and (kind := word(resource, "resourceType")) in held:
            held[kind].append((index, resource))
    for kind, name, once, *_ in _SLICES:
        naming = [index for index, resource in held[kind] if _names(resource, _BASE + name)]
        if not held[kind]:
            faults.append(ABSENT[kind])
        elif not naming:
            faults += _nearest(held[kind], PROFILES[name][1], judge)
        elif once and len(naming) > 1:
            faults.append(Fault(("entry", naming[1]), "iclaim-once", names=(("element", kind),)))
    return faults


def _names(resource: Json, canonical: str) -> bool:
    named = profiles(resource)
    return canonical in named or any(one.partition("|")[0] == canonical for one in named)


def _nearest(entries: list[tuple[int, Json]], check: Check, judge: Judge) -> list[Fault]:
    """Of entries that do not name the slice's profile one must conform to it; otherwise the faults of the first."""
    found = [(index, check(resource, judge)) for index, resource in entries]
    index, faults = found[0]
    if not all(each for _, each in found):
        return []
    return [Fault(("entry", index, "resource", *one.place), *one[1:]) for one in faults or ()]


def _known(_: Json, __: Judge) -> None:
    """A profile of which nothing more is known."""


_CLAIM_NEEDS, _COVERAGE_NEEDS = _required(_CLAIM), _required(_COVERAGE)

PROFILES: dict[str, tuple[str, Check]] = {
    "bundle-iclaim": ("Bundle", _bundle),
    "claim-iclaim": ("Claim", _claim),
    "composition-iclaim": ("Composition", _known),
    "condition-iclaim": ("Condition", _required(_CONDITION)),
    "coverage-iclaim": ("Coverage", _coverage),
    "diagnosticreport-iclaim": ("DiagnosticReport", _known),
    "encounter-iclaim": ("Encounter", _required(_ENCOUNTER)),
    "observation-iclaim": ("Observation", _known),
    "patient-iclaim": ("Patient", _required(_PATIENT)),
    "practitioner-iclaim": ("Practitioner", _known),
    "practitionerrole-iclaim": ("PractitionerRole", _known),
}
# What a document that names iClaim anywhere is held to, by type of the resource.
HELD = {
    kind: PROFILES[f"{kind.lower()}-iclaim"][1] for kind in ("Patient", "Encounter", "Condition", "Claim", "Coverage")
}
