"""R4's invariants about which elements stand together: what the keys of an object alone decide.

Such a rule never looks at a value, so a caller may judge each distinct set of keys once and remember the answer. The
families below make a rule from its R4 key; the table lists every error-severity constraint of R4 4.0.1 of this kind.
"""

import re
from collections.abc import Callable

from adapters.fhir.faults import Fault

Rule = Callable[[dict[str, object]], list[Fault] | None]
Family = Callable[[str], Rule]  # from the key of R4's constraint
_Present = Callable[[dict[str, object]], bool]


def present(name: str) -> _Present:
    """Whether an element exists, by its value or its extensions (`_name`); `value[x]`: in any of its types."""
    if name.endswith("[x]"):
        named = re.compile(rf"_?{name.removesuffix('[x]')}[A-Z]").match
        return lambda value: any(map(named, value))
    below = f"_{name}"
    return lambda value: name in value or below in value


def told(rule: str, code: str, **names: str) -> list[Fault]:
    """One fault at the object to which R4 attaches the constraint."""
    return [Fault((), code, names=(*names.items(), ("rule", rule)))]


def one_of(*names: str) -> Family:
    """At least one of them."""
    return _counted("fhir-one-of", names, lambda count: count >= 1)


def exactly_one(*names: str) -> Family:
    return _counted("fhir-exactly-one", names, lambda count: count == 1)


def at_most_one(*names: str) -> Family:
    return _counted("fhir-not-together", names, lambda count: count <= 1)


def not_all(*names: str) -> Family:
    """Not all of them at once."""
    return _counted("fhir-not-together", names, lambda count: count < len(names))


def together(*names: str) -> Family:
    """All of them or none."""
    return _counted("fhir-together", names, lambda count: count in (0, len(names)))


def _counted(code: str, names: tuple[str, ...], right: Callable[[int], bool]) -> Family:
    checks = [present(name) for name in names]

    def family(rule: str) -> Rule:
        faults = told(rule, code, elements=", ".join(names))
        return lambda value: None if right(sum(check(value) for check in checks)) else faults[:]

    return family


def needs(element: str, *needed: str) -> Family:
    """Where the first is, one of the others is."""
    given, wanted = present(element), [present(name) for name in needed]

    def family(rule: str) -> Rule:
        faults = told(rule, "fhir-needs", element=element, needed=" | ".join(needed))
        return lambda value: faults[:] if given(value) and not any(check(value) for check in wanted) else None

    return family


_ASSERTIONS = (
    "contentType", "expression", "headerField", "minimumId", "navigationLinks", "path", "requestMethod", "resource",
    "responseCode", "response", "validateProfileId",
)  # fmt: skip


def _single_assertion(rule: str) -> Rule:
    """tst-5: one assertion, unless an extension says what is asserted."""
    single = at_most_one(*_ASSERTIONS)(rule)
    return lambda value: None if "extension" in value else single(value)


def _compared(rule: str) -> Rule:
    """tst-10: a source to compare with, and what in it."""
    whole, part = needs("compareToSourceId", "compareToSourceExpression", "compareToSourcePath"), "compareToSourceId"
    families = (whole, needs("compareToSourceExpression", part), needs("compareToSourcePath", part))
    rules = [family(rule) for family in families]
    return lambda value: next((found for one in rules if (found := one(value))), None)


_ALONE = (  # what an ElementDefinition with a contentReference may not have (eld-5)
    "type", "defaultValue[x]", "fixed[x]", "pattern[x]", "example", "minValue[x]", "maxValue[x]", "maxLength",
    "binding",
)  # fmt: skip
_ACTION = exactly_one("operation", "assert")

TABLE: dict[str, tuple[tuple[str, Family], ...]] = {
    "Age": (("age-1", needs("value", "code")),),
    "Appointment": (("app-2", together("start", "end")),),
    "Appointment.participant": (("app-1", one_of("type", "actor")),),
    "AppointmentResponse": (("apr-1", one_of("participantType", "actor")),),
    "Attachment": (("att-1", needs("data", "contentType")),),
    "AuditEvent.entity": (("sev-1", not_all("name", "query")),),
    "Bundle.entry": (("bdl-5", one_of("resource", "request", "response")),),
    "CapabilityStatement": (
        ("cpb-1", one_of("rest", "messaging", "document")),
        ("cpb-2", one_of("description", "software", "implementation")),
    ),
    "CarePlan.activity": (("cpl-3", not_all("detail", "reference")),),
    "Composition.section": (
        ("cmp-1", one_of("text", "entry", "section")),
        ("cmp-2", not_all("emptyReason", "entry")),
    ),
    "Condition.evidence": (("con-2", one_of("code", "detail")),),
    "Condition.stage": (("con-1", one_of("summary", "assessment")),),
    "Consent": (("ppc-1", one_of("policy", "policyRule")),),
    "ContactPoint": (("cpt-2", needs("value", "system")),),
    "Count": (("cnt-3", needs("value", "code")),),
    "CoverageEligibilityResponse.insurance.item": (("ces-1", exactly_one("category", "productOrService")),),
    "DataRequirement.codeFilter": (("drq-1", exactly_one("path", "searchParam")),),
    "DataRequirement.dateFilter": (("drq-2", exactly_one("path", "searchParam")),),
    "Distance": (("dis-1", needs("value", "code")),),
    "Duration": (("drt-1", needs("code", "value")),),
    "ElementDefinition": (
        *(("eld-5", not_all("contentReference", name)) for name in _ALONE),
        ("eld-8", not_all("pattern[x]", "fixed[x]")),
        ("eld-15", not_all("defaultValue[x]", "meaningWhenMissing")),
        ("eld-22", needs("sliceIsConstraining", "sliceName")),
    ),
    "ElementDefinition.slicing": (("eld-1", one_of("discriminator", "description")),),
    "Expression": (("exp-1", one_of("expression", "reference")),),
    "FamilyMemberHistory": (("fhs-1", not_all("age[x]", "born[x]")), ("fhs-2", needs("estimatedAge", "age[x]"))),
    "Goal.target": (("gol-1", needs("detail[x]", "measure")),),
    "Immunization.education": (("imm-1", one_of("documentType", "reference")),),
    "ImmunizationRecommendation.recommendation": (("imr-1", one_of("vaccineCode", "targetDisease")),),
    "InsurancePlan": (("ipn-1", one_of("identifier", "name")),),
    "List": (("lst-1", not_all("emptyReason", "entry")),),
    "Measure.group.stratifier": (
        ("mea-1", one_of("code", "description", "criteria", "component")),
        *(("mea-1", not_all(name, "component")) for name in ("code", "description", "criteria")),
    ),
    "MeasureReport.group.stratifier.stratum": (("mrp-2", exactly_one("value", "component")),),
    "MedicationAdministration.dosage": (("mad-1", one_of("dose", "rate[x]")),),
    "MolecularSequence.referenceSeq": (
        ("msq-5", together("chromosome", "genomeBuild")),
        ("msq-6", exactly_one("genomeBuild", "referenceSeqId", "referenceSeqPointer", "referenceSeqString")),
    ),
    "Observation": (("obs-6", not_all("dataAbsentReason", "value[x]")),),
    "Observation.referenceRange": (("obs-3", one_of("low", "high", "text")),),
    "OperationDefinition.parameter": (("opd-1", one_of("type", "part")),),
    "Organization": (("org-1", one_of("identifier", "name")),),
    "Parameters.parameter": (("inv-1", exactly_one("part", "value[x]", "resource")),),
    "Patient.contact": (("pat-1", one_of("name", "telecom", "address", "organization")),),
    "Quantity": (("qty-3", needs("code", "system")),),
    "Questionnaire.item": (
        ("que-4", not_all("answerOption", "answerValueSet")),
        ("que-11", not_all("answerOption", "initial")),
    ),
    "QuestionnaireResponse.item": (("qrs-1", not_all("answer", "item")),),
    "Ratio": (("rat-1", together("numerator", "denominator")), ("rat-1", one_of("numerator", "extension"))),
    "RequestGroup.action": (("rqg-1", exactly_one("resource", "action")),),
    "SearchParameter": (("spd-1", needs("xpath", "xpathUsage")),),
    "ServiceRequest": (("prr-1", needs("orderDetail", "code")),),
    "StructureDefinition": (("sdf-6", one_of("snapshot", "differential")),),
    "StructureDefinition.mapping": (("sdf-2", one_of("name", "uri")),),
    "StructureMap.group.rule.target": (
        ("smp-1", needs("element", "context")),
        ("smp-2", needs("context", "contextType")),
    ),
    "TerminologyCapabilities": (("tcp-2", one_of("description", "software", "implementation")),),
    "TestReport.setup.action": (("inv-1", _ACTION),),
    "TestReport.test.action": (("inv-2", _ACTION),),
    "TestScript.setup.action": (("tst-1", _ACTION),),
    "TestScript.setup.action.assert": (("tst-5", _single_assertion), ("tst-10", _compared)),
    "TestScript.test.action": (("tst-2", _ACTION),),
    "TestScript.variable": (("tst-3", not_all("expression", "headerField", "path")),),
    "Timing.repeat": (
        ("tim-1", needs("duration", "durationUnit")),
        ("tim-2", needs("period", "periodUnit")),
        ("tim-6", needs("periodMax", "period")),
        ("tim-7", needs("durationMax", "duration")),
        ("tim-8", needs("countMax", "count")),
        ("tim-9", needs("offset", "when")),
        ("tim-10", not_all("timeOfDay", "when")),
    ),
    "TriggerDefinition": (("trd-1", not_all("data", "timing[x]")), ("trd-2", needs("condition", "data"))),
    "ValueSet.compose.include": (
        ("vsd-1", one_of("valueSet", "system")),
        ("vsd-2", needs("concept", "system")),
        ("vsd-2", needs("filter", "system")),
        ("vsd-3", not_all("concept", "filter")),
    ),
    "ValueSet.expansion.contains": (("vsd-6", one_of("code", "display")), ("vsd-10", needs("code", "system"))),
}
