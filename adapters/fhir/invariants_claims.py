"""R4's invariants that look at values: data types, the claim types and what travels with them.

Each rule of the table answers None when the constraint holds or cannot be decided, else its fault at the object to which
R4 attaches the constraint. No value makes one raise: what has the wrong kind is told elsewhere.
"""

from collections.abc import Iterable
from decimal import Decimal

from adapters.fhir import moments
from adapters.fhir.document import Json, child, objects, word
from adapters.fhir.faults import Fault
from adapters.fhir.invariants_presence import Family, Rule, present, told

UCUM = "http://unitsofmeasure.org"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_ABATEMENT = frozenset(
    mark + name
    for name in ("abatementDateTime", "abatementAge", "abatementPeriod", "abatementRange", "abatementString")
    for mark in ("", "_")
)


def number(value: object) -> int | Decimal | None:
    return value if type(value) is int or type(value) is Decimal else None  # type: ignore[return-value]


def coded(value: Json, element: str, system: str, *codes: str) -> bool:
    """Whether a CodeableConcept has one of the codes."""
    concept = child(value, element)
    return any(word(one, "system") == system and word(one, "code") in codes for _, one in objects(concept, "coding"))


def where(
    element: str, *values: str | bool, equal: bool = True, needed: Iterable[str] = (), without: Iterable[str] = ()
) -> Family:
    """Where a code is (or is not) one of these, the needed elements exist and the others do not."""
    wanted = [(name, present(name)) for name in needed]
    barred = [(name, present(name)) for name in without]
    listed = " | ".join("true" if one is True else str(one) for one in values)
    condition = f"{element} {'=' if equal else '≠'} {listed}"
    kinds = {type(one) for one in values}

    def family(rule: str) -> Rule:
        def check(value: Json) -> list[Fault] | None:
            found = value.get(element)
            if type(found) not in kinds or (found in values) is not equal:
                return None
            for name, exists in wanted:
                if not exists(value):
                    return told(rule, "fhir-needed-where", needed=name, where=condition)
            for name, exists in barred:
                if exists(value):
                    return told(rule, "fhir-not-where", element=name, where=condition)
            return None

        return check

    return family


def ordered(first: str, second: str) -> Family:
    """The first time does not lie after the second."""

    def family(rule: str) -> Rule:
        faults = told(rule, "fhir-order", first=first, second=second)

        def check(value: Json) -> list[Fault] | None:
            begin, end = value.get(first), value.get(second)
            if type(begin) is not str or type(end) is not str:
                return None
            if begin[19:] == end[19:] and begin <= end:  # the same fraction and zone: the text decides
                return None
            return faults[:] if _before(end, begin) else None

        return check

    return family


def _before(end: str, begin: str) -> bool:
    """Whether the end lies before the begin whatever is left open: a date's zone, a month's or year's day."""
    if len(end) > 10 and len(begin) > 10:
        last, first = moments.instant(end), moments.instant(begin)
        return last is not None and first is not None and last < first
    last_day, first_day = moments.last_day(end), moments.first_day(begin)
    if last_day is None or first_day is None:
        return False
    if len(end) <= 10 and len(begin) <= 10:
        return last_day < first_day
    # The last zone in which a day ends, the first in which it begins.
    last = moments.instant(end if len(end) > 10 else f"{last_day}T23:59:59-12:00")
    first = moments.instant(begin if len(begin) > 10 else f"{first_day}T00:00:00+14:00")
    return last is not None and first is not None and last < first


def expected(
    element: str, what: str, *, above: int | None = None, least: int | None = None, most: int | None = None
) -> Family:
    """A number within bounds."""

    def family(rule: str) -> Rule:
        faults = told(rule, "fhir-expected", element=element, expected=what)

        def check(value: Json) -> list[Fault] | None:
            found = number(value.get(element))
            if found is None:
                return None
            low = (above is not None and found <= above) or (least is not None and found < least)
            return faults[:] if low or (most is not None and found > most) else None

        return check

    return family


def _ucum(rule: str) -> Rule:
    """The system, when given, is UCUM."""
    faults = told(rule, "fhir-expected", element="system", expected=UCUM)
    return lambda value: faults[:] if type(value.get("system")) is str and value["system"] != UCUM else None


def _ucum_code(rule: str) -> Rule:
    """The system is UCUM where there is a code."""
    check = _ucum(rule)
    return lambda value: check(value) if "code" in value else None


def _whole(rule: str) -> Rule:
    """cnt-3: a whole number whose code is 1."""

    def check(value: Json) -> list[Fault] | None:
        if word(value, "code") not in ("", "1"):
            return told(rule, "fhir-expected", element="code", expected="1")
        if "." in str(number(value.get("value"))):
            return told(rule, "fhir-expected", element="value", expected="1, 2, 3 …")
        return None

    return check


def _range(rule: str) -> Rule:
    """rng-2: low does not exceed high; quantities in other units are not compared."""
    faults = told(rule, "fhir-order", first="low", second="high")

    def check(value: Json) -> list[Fault] | None:
        low, high = value.get("low"), value.get("high")
        if type(low) is not dict or type(high) is not dict:
            return None
        least, most = number(low.get("value")), number(high.get("value"))
        if least is None or most is None or least <= most:
            return None
        return faults[:] if all(low.get(key) == high.get(key) for key in ("system", "code", "unit")) else None

    return check


def _meal(rule: str) -> Rule:
    """tim-9: an offset is from an event, and a meal itself is none."""
    faults = told(rule, "fhir-not-where", element="offset", where="when = C | CM | CD | CV")

    def check(value: Json) -> list[Fault] | None:
        if "offset" not in value:
            return None
        events = value.get("when")
        return faults[:] if type(events) is list and any(one in ("C", "CM", "CD", "CV") for one in events) else None

    return check


def _percentage(rule: str) -> Rule:
    """ras-1: the ends of a range of probability are percentages."""
    faults = told(rule, "fhir-expected", element="probabilityRange", expected=f"% ({UCUM})")

    def check(value: Json) -> list[Fault] | None:
        for end in ("low", "high"):
            quantity = child(value, "probabilityRange", end)
            if quantity and (word(quantity, "code") != "%" or word(quantity, "system") != UCUM):
                return faults[:]
        return None

    return check


def _entries(element: str, types: tuple[str, ...], *, always: bool = True) -> Family:
    """bdl-2, 3, 4: what stands in every entry of these Bundles (or may stand), and in no others."""

    def family(rule: str) -> Rule:
        def check(value: Json) -> list[Fault] | None:
            kind = value.get("type")
            entries = value.get("entry")
            if type(kind) is not str or type(entries) is not list:
                return None
            wanted = kind in types
            if wanted and not always:
                return None
            wrong = [index for index, one in enumerate(entries) if type(one) is dict and (element in one) is not wanted]
            code = "fhir-needed-where" if wanted else "fhir-not-where"
            condition = f"type = {kind}" if wanted else f"type ≠ {' | '.join(types)}"
            names = (("needed" if wanted else "element", element), ("rule", rule), ("where", condition))
            return [Fault(("entry", index), code, names=names) for index in wrong] or None

        return check

    return family


def _document(rule: str) -> Rule:
    """bdl-9, bdl-10, bdl-11."""

    def check(value: Json) -> list[Fault] | None:
        if value.get("type") != "document":
            return None
        found = []
        identifier = child(value, "identifier")
        if not (word(identifier, "system").strip() and word(identifier, "value").strip()):
            found.append(Fault((), "document-identifier", missing="identifier"))
        if not word(value, "timestamp"):
            found.append(Fault((), "document-timestamp", missing="timestamp"))
        if _first(value) != "Composition":
            found.append(Fault(("entry",), "composition-first"))
        return found or None

    return check


def _message(rule: str) -> Rule:
    """bdl-12."""
    faults = [Fault(("entry",), "message-first")]
    return lambda value: faults[:] if value.get("type") == "message" and _first(value) != "MessageHeader" else None


def _first(bundle: Json) -> str:
    """The type of the resource in the first entry."""
    entries = bundle.get("entry")
    return word(entries[0], "resource", "resourceType") if type(entries) is list and entries else ""


def _abated(rule: str) -> Rule:
    """con-4."""
    ended = " | ".join(states := ("inactive", "resolved", "remission"))
    faults = told(rule, "fhir-needs", element="abatement[x]", needed=f"clinicalStatus = {ended}")

    def check(value: Json) -> list[Fault] | None:
        if _ABATEMENT.isdisjoint(value):
            return None
        return None if coded(value, "clinicalStatus", _TERMINOLOGY + "condition-clinical", *states) else faults[:]

    return check


def _entered_in_error(system: str, *, status: bool) -> Family:
    """con-5, ait-2: what was entered in error has no clinical status; ait-1: everything else has one."""
    wrong = "verificationStatus = entered-in-error"

    def family(rule: str) -> Rule:
        if status:
            faults = told(rule, "fhir-needed-where", needed="clinicalStatus", where=wrong.replace("=", "≠"))
        else:
            faults = told(rule, "fhir-not-where", element="clinicalStatus", where=wrong)

        def check(value: Json) -> list[Fault] | None:
            if ("clinicalStatus" in value) is status:
                return None
            error = coded(value, "verificationStatus", _TERMINOLOGY + system, "entered-in-error")
            return None if error is status else faults[:]

        return check

    return family


def _component_repeats(rule: str) -> Rule:
    """obs-7: where the Observation has a value, no component repeats its code."""
    faults = told(rule, "fhir-not-together", elements="value[x], component.code = code")
    valued = present("value[x]")

    def check(value: Json) -> list[Fault] | None:
        if "component" not in value or not valued(value):
            return None
        own = {_coding(one) for _, one in objects(child(value, "code"), "coding")}
        for _, component in objects(value, "component"):
            for _, one in objects(child(component, "code"), "coding"):
                if _coding(one) in own:
                    return faults[:]
        return None

    return check


def _coding(value: Json) -> tuple[str, ...]:
    return tuple(word(value, key) for key in ("system", "version", "code", "display"))


def _not_at_home(element: str) -> Family:
    """org-2, org-3: an Organization has no home."""

    def family(rule: str) -> Rule:
        names = (("element", "use = home"), ("rule", rule), ("where", f"Organization.{element}"))

        def check(value: Json) -> list[Fault] | None:
            if element not in value:
                return None
            wrong = [index for index, one in objects(value, element) if one.get("use") == "home"]
            return [Fault((element, index), "fhir-not-where", names=names) for index in wrong] or None

        return check

    return family


def _on_behalf(rule: str) -> Rule:
    """ctm-1, as far as the reference itself says what the member is."""
    faults = told(rule, "fhir-needs", element="onBehalfOf", needed="member = Practitioner")
    others = ("Patient", "RelatedPerson", "PractitionerRole", "Organization", "CareTeam")

    def check(value: Json) -> list[Fault] | None:
        if "onBehalfOf" not in value:
            return None
        return faults[:] if word(value, "member", "reference").split("/")[-2:-1] in [[one] for one in others] else None

    return check


def _listed(mode: str, element: str) -> Family:
    """lst-2, lst-3: what entries say only in a List of this mode."""

    def family(rule: str) -> Rule:
        names = (("element", element), ("rule", rule), ("where", f"mode ≠ {mode}"))

        def check(value: Json) -> list[Fault] | None:
            if type(value.get("mode")) is not str or value["mode"] == mode:
                return None
            wrong = [index for index, one in objects(value, "entry") if element in one]
            return [Fault(("entry", index), "fhir-not-where", names=names) for index in wrong] or None

        return check

    return family


def _linked(rule: str) -> Rule:
    faults = told(rule, "fhir-expected", element="item", expected="2 …")
    return lambda value: faults[:] if type(value.get("item")) is list and len(value["item"]) < 2 else None  # type: ignore[arg-type]


_REQUEST = ("batch", "transaction", "history")
_RESPONSE = ("batch-response", "transaction-response", "history")

TABLE: dict[str, tuple[tuple[str, Family], ...]] = {
    "Age": (("age-1", _ucum), ("age-1", expected("value", "> 0", above=0))),
    "AllergyIntolerance": (
        ("ait-1", _entered_in_error("allergyintolerance-verification", status=True)),
        ("ait-2", _entered_in_error("allergyintolerance-verification", status=False)),
    ),
    "Appointment": (
        ("app-3", where("status", "proposed", "cancelled", "waitlist", equal=False, needed=("start", "end"))),
        ("app-4", where("status", "no-show", "cancelled", equal=False, without=("cancelationReason",))),
    ),
    "Bundle": (
        ("bdl-1", where("type", "searchset", "history", equal=False, without=("total",))),
        ("bdl-2", _entries("search", ("searchset",), always=False)),
        ("bdl-3", _entries("request", _REQUEST)),
        ("bdl-4", _entries("response", _RESPONSE)),
        ("bdl-9 bdl-10 bdl-11", _document),
        ("bdl-12", _message),
    ),
    "CareTeam.participant": (("ctm-1", _on_behalf),),
    "Condition": (("con-4", _abated), ("con-5", _entered_in_error("condition-ver-status", status=False))),
    "Count": (("cnt-3", _ucum), ("cnt-3", _whole)),
    "Distance": (("dis-1", _ucum),),
    "Duration": (("drt-1", _ucum_code),),
    "Group": (("grp-1", where("actual", True, equal=False, without=("member",))),),
    "Linkage": (("lnk-1", _linked),),
    "List": (("lst-2", _listed("changes", "deleted")), ("lst-3", _listed("working", "date"))),
    "MeasureReport": (("mrp-1", where("type", "data-collection", without=("group",))),),
    "MedicationDispense": (("mdd-1", ordered("whenPrepared", "whenHandedOver")),),
    "MolecularSequence": (("msq-3", expected("coordinateSystem", "0 | 1", least=0, most=1)),),
    "Observation": (("obs-7", _component_repeats),),
    "Organization": (("org-2", _not_at_home("address")), ("org-3", _not_at_home("telecom"))),
    "Period": (("per-1", ordered("start", "end")),),
    "Range": (("rng-2", _range),),
    "RiskAssessment.prediction": (("ras-1", _percentage), ("ras-2", expected("probabilityDecimal", "≤ 100", most=100))),
    "Task": (("inv-1", ordered("authoredOn", "lastModified")),),
    "Timing.repeat": (
        ("tim-4", expected("duration", "≥ 0", least=0)),
        ("tim-5", expected("period", "≥ 0", least=0)),
        ("tim-9", _meal),
    ),
}
