"""R4's invariants: a right and a broken value for each, every key of R4 accounted for, and no value that makes one raise."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.fhir import definitions
from adapters.fhir.faults import Fault, Faults
from adapters.fhir.invariants import HELD, NOT_HELD, RULES, SHAPES, VALUES
from schemas.problems import catalogue

UCUM = "http://unitsofmeasure.org"
ONE, EXACTLY, BOTH, PAIR = "fhir-one-of", "fhir-exactly-one", "fhir-not-together", "fhir-together"
NEEDS, NEEDED, BARRED, EXPECTED = "fhir-needs", "fhir-needed-where", "fhir-not-where", "fhir-expected"
ORDER, DISTINCT, RULE = "fhir-order", "fhir-distinct", "fhir-invariant"


def concept(system: str, code: str) -> dict[str, object]:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def status(code: str) -> dict[str, object]:
    return concept("condition-clinical", code)


ERROR = concept("condition-ver-status", "entered-in-error")
ALLERGY_ERROR = concept("allergyintolerance-verification", "entered-in-error")
CODE = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}
OTHER = {"coding": [{"system": "http://loinc.org", "code": "8462-4"}]}
PERCENT = {"value": 5, "code": "%", "system": UCUM}


def kinds(*names: str) -> dict[str, object]:
    return dict.fromkeys(names, "x")


def elements(*given: dict[str, object], **more: object) -> dict[str, object]:
    """A StructureDefinition with one snapshot."""
    whole = [{"id": "1", "path": "X", "definition": "x", "min": 0, "max": "1", "base": {}}, *given]
    return {"type": "X", "kind": "resource", "snapshot": {"element": whole}, **more}


INSIDE = {"id": "2", "path": "X.y", "definition": "x", "min": 0, "max": "1", "base": {}}


def changed(**more: object) -> dict[str, object]:
    """A StructureDefinition with one differential."""
    return {"type": "X", "kind": "resource", "differential": {"element": [{"id": "1", "path": "X", **more}]}}


# type path, key, a right value, a broken one, the code, its place
CASES: list[tuple[str, str, dict[str, object], dict[str, object], str, tuple[str | int, ...]]] = [
    (path, key, right, broken, code, place[0] if place else ())  # type: ignore[misc]
    for path, key, right, broken, code, *place in [
        ("Age", "age-1", {"value": 3, "code": "a", "system": UCUM}, {"value": 3}, NEEDS),
        ("Age", "age-1", {"value": Decimal("0.1"), "code": "a"}, {"value": 0, "code": "a"}, EXPECTED),
        ("Age", "age-1", {"code": "a", "system": UCUM}, {"code": "a", "system": "x"}, EXPECTED),
        ("AllergyIntolerance", "ait-1", {"verificationStatus": ALLERGY_ERROR}, {}, NEEDED),
        ("AllergyIntolerance", "ait-2", {"clinicalStatus": {}},
         {"clinicalStatus": {}, "verificationStatus": ALLERGY_ERROR}, BARRED),
        ("Appointment", "app-2", kinds("start", "end"), kinds("start"), PAIR),
        ("Appointment", "app-3", {"status": "waitlist"}, {"status": "booked"}, NEEDED),
        ("Appointment", "app-4", {"status": "cancelled", "cancelationReason": {}},
         {"status": "proposed", "cancelationReason": {}}, BARRED),
        ("Appointment.participant", "app-1", kinds("actor"), {"status": "x"}, ONE),
        ("AppointmentResponse", "apr-1", kinds("participantType"), {}, ONE),
        ("Attachment", "att-1", kinds("data", "contentType"), kinds("data"), NEEDS),
        ("AuditEvent.entity", "sev-1", kinds("name"), kinds("name", "query"), BOTH),
        ("Bundle", "bdl-1", {"type": "history", "total": 1}, {"type": "batch", "total": 1}, BARRED),
        ("Bundle", "bdl-2", {"type": "searchset", "entry": [{"search": {}}]},
         {"type": "collection", "entry": [{}, {"search": {}}]}, BARRED, ("entry", 1)),
        ("Bundle", "bdl-3", {"type": "history", "entry": [{"request": {}, "response": {}}]},
         {"type": "batch", "entry": [{"request": {}}, {}]}, NEEDED, ("entry", 1)),
        ("Bundle", "bdl-3", {"type": "document", "entry": [{}]},
         {"type": "document", "entry": [{"request": {}}]}, BARRED, ("entry", 0)),
        ("Bundle", "bdl-4", {"type": "batch-response", "entry": [{"response": {}}]},
         {"type": "transaction-response", "entry": [{}]}, NEEDED, ("entry", 0)),
        ("Bundle", "bdl-4", {"type": "message", "entry": [{}]},
         {"type": "message", "entry": [{"response": {}}]}, BARRED, ("entry", 0)),
        ("Bundle", "bdl-9", {"type": "collection"}, {"type": "document", "identifier": {"system": "x"}},
         "document-identifier"),
        ("Bundle", "bdl-10", {"type": "message"}, {"type": "document"}, "document-timestamp"),
        ("Bundle", "bdl-11", {"type": "collection"},
         {"type": "document", "entry": [{"resource": {"resourceType": "Patient"}}]}, "composition-first", ("entry",)),
        ("Bundle", "bdl-12", {"type": "message", "entry": [{"resource": {"resourceType": "MessageHeader"}}]},
         {"type": "message", "entry": [{}]}, "message-first", ("entry",)),
        ("Bundle.entry", "bdl-5", kinds("response"), kinds("fullUrl"), ONE),
        ("CapabilityStatement", "cpb-1", kinds("rest", "software"), kinds("software"), ONE),
        ("CapabilityStatement", "cpb-2", kinds("rest", "description"), kinds("rest"), ONE),
        ("CapabilityStatement", "cpb-3", {"kind": "instance", "messaging": [{"endpoint": []}]},
         {"kind": "requirements", "messaging": [{"endpoint": []}]}, RULE),
        ("CapabilityStatement", "cpb-7", {"document": [{"profile": "a", "mode": "x"}, {"profile": "a", "mode": "y"}]},
         {"document": [{"profile": "a", "mode": "x"}, {"profile": "a", "mode": "x"}]}, DISTINCT),
        ("CapabilityStatement", "cpb-14", {"kind": "instance", "implementation": {}}, {"kind": "instance"}, NEEDED),
        ("CapabilityStatement", "cpb-15", {"kind": "capability", "software": {}},
         {"kind": "capability", "software": {}, "implementation": {}}, BARRED),
        ("CapabilityStatement", "cpb-16", {"kind": "requirements"}, {"kind": "requirements", "software": {}}, BARRED),
        ("CapabilityStatement.rest", "cpb-9", {"resource": [{"type": "a"}, {"type": "b"}]},
         {"resource": [{"type": "a"}, {"type": "a"}]}, DISTINCT),
        ("CapabilityStatement.rest.resource", "cpb-12", {"searchParam": [{"name": "a"}, {"name": "b"}]},
         {"searchParam": [{"name": "a"}, {"name": "a"}]}, DISTINCT),
        ("CarePlan.activity", "cpl-3", kinds("detail"), kinds("detail", "reference"), BOTH),
        ("CareTeam.participant", "ctm-1", {"onBehalfOf": {}, "member": {"reference": "Practitioner/1"}},
         {"onBehalfOf": {}, "member": {"reference": "https://x.example/Organization/1"}}, NEEDS),
        ("CodeSystem", "csd-1", {"concept": [{"code": "a", "concept": [{"code": "b"}]}]},
         {"concept": [{"code": "a", "concept": [{"code": "a"}]}]}, DISTINCT),
        ("Composition.section", "cmp-1", kinds("section"), kinds("title"), ONE),
        ("Composition.section", "cmp-2", kinds("text", "emptyReason"), kinds("entry", "emptyReason"), BOTH),
        ("ConceptMap.group.element.target", "cmd-1", {"equivalence": "equal"}, {"equivalence": "narrower"}, NEEDED),
        ("ConceptMap.group.unmapped", "cmd-2", {"mode": "fixed", "code": "a"}, {"mode": "fixed"}, NEEDED),
        ("ConceptMap.group.unmapped", "cmd-3", {"mode": "other-map", "url": "a"}, {"mode": "other-map"}, NEEDED),
        ("Condition", "con-4", {"abatementDateTime": "2025", "clinicalStatus": status("resolved")},
         {"_abatementString": {}, "clinicalStatus": status("active")}, NEEDS),
        ("Condition", "con-5", {"verificationStatus": ERROR},
         {"verificationStatus": ERROR, "clinicalStatus": status("active")}, BARRED),
        ("Condition.evidence", "con-2", kinds("detail"), {}, ONE),
        ("Condition.stage", "con-1", kinds("assessment"), kinds("type"), ONE),
        ("Consent", "ppc-1", kinds("policyRule"), kinds("status"), ONE),
        ("ContactPoint", "cpt-2", kinds("value", "system"), kinds("_value"), NEEDS),
        ("Count", "cnt-3", {"value": 3, "code": "1"}, {"value": Decimal("3.0"), "code": "1"}, EXPECTED),
        ("Count", "cnt-3", {"code": "1"}, {"value": 3, "code": "2"}, EXPECTED),
        ("Count", "cnt-3", {"value": 3, "_code": {}}, {"value": 3}, NEEDS),
        ("Count", "cnt-3", {"system": UCUM}, {"system": "x"}, EXPECTED),
        ("CoverageEligibilityResponse.insurance.item", "ces-1", kinds("category"),
         kinds("category", "productOrService"), EXACTLY),
        ("DataRequirement.codeFilter", "drq-1", kinds("path"), {}, EXACTLY),
        ("DataRequirement.dateFilter", "drq-2", kinds("searchParam"), kinds("path", "searchParam"), EXACTLY),
        ("Distance", "dis-1", {"value": 1, "code": "m"}, {"value": 1}, NEEDS),
        ("Distance", "dis-1", {"system": UCUM}, {"system": "x"}, EXPECTED),
        ("Duration", "drt-1", {"value": 1, "code": "d", "system": UCUM}, {"code": "d", "system": UCUM}, NEEDS),
        ("Duration", "drt-1", {"system": "x"}, {"value": 1, "code": "d", "system": "x"}, EXPECTED),
        ("ElementDefinition", "eld-2", {"min": 1, "max": "*"}, {"min": 2, "max": "1"}, RULE),
        ("ElementDefinition", "eld-3", {"max": "0"}, {"max": "many"}, RULE),
        *(
            ("ElementDefinition", "eld-5", kinds("contentReference", "path"), kinds("contentReference", name), BOTH)
            for name in ("type", "defaultValueCode", "fixedCode", "patternCode", "example", "minValueDate",
                         "maxValueDate", "maxLength", "binding")
        ),
        ("ElementDefinition", "eld-6", {"fixedCode": "a", "type": [{}]}, {"fixedCode": "a", "type": [{}, {}]}, RULE),
        ("ElementDefinition", "eld-7", {"patternCode": "", "type": [{}]}, {"patternCode": "", "type": [{}, {}]}, RULE),
        ("ElementDefinition", "eld-8", kinds("patternCode"), kinds("patternCode", "fixedString"), BOTH),
        ("ElementDefinition", "eld-11", {"binding": {}, "type": [{"code": "uri"}]},
         {"binding": {}, "type": [{"code": "date"}]}, RULE),
        ("ElementDefinition", "eld-13", {"type": [{"code": "a"}, {"code": "b"}]},
         {"type": [{"code": "a"}, {"code": "a"}]}, DISTINCT),
        ("ElementDefinition", "eld-14", {"constraint": [{"key": "a"}, {"key": "b"}]},
         {"constraint": [{"key": "a"}, {"key": "a"}]}, DISTINCT),
        ("ElementDefinition", "eld-15", kinds("defaultValueCode"), kinds("defaultValueCode", "meaningWhenMissing"), BOTH),
        ("ElementDefinition", "eld-16", {"sliceName": "a/b-c"}, {"sliceName": "a b"}, RULE),
        ("ElementDefinition", "eld-18", {"isModifier": False}, {"isModifier": True}, RULE),
        ("ElementDefinition", "eld-19", {"path": "A.b[x].c"}, {"path": "A b"}, RULE),
        ("ElementDefinition", "eld-22", kinds("sliceIsConstraining", "sliceName"), kinds("sliceIsConstraining"), NEEDS),
        ("ElementDefinition.binding", "eld-12", {"valueSet": "urn:a"}, {"valueSet": "a"}, RULE),
        ("ElementDefinition.slicing", "eld-1", kinds("discriminator"), kinds("rules"), ONE),
        ("ElementDefinition.type", "eld-4", {"code": "Reference", "aggregation": []},
         {"code": "code", "aggregation": []}, BARRED),
        ("ElementDefinition.type", "eld-17", {"code": "canonical", "targetProfile": []},
         {"code": "code", "targetProfile": []}, BARRED),
        ("Expression", "exp-1", kinds("reference"), kinds("language"), ONE),
        ("FamilyMemberHistory", "fhs-1", kinds("ageAge"), kinds("ageAge", "bornDate"), BOTH),
        ("FamilyMemberHistory", "fhs-2", kinds("estimatedAge", "ageString"), kinds("estimatedAge"), NEEDS),
        ("Goal.target", "gol-1", kinds("detailString", "measure"), kinds("detailString"), NEEDS),
        ("Group", "grp-1", {"actual": True, "member": []}, {"actual": False, "member": []}, BARRED),
        ("Immunization.education", "imm-1", kinds("reference"), {}, ONE),
        ("ImmunizationRecommendation.recommendation", "imr-1", kinds("targetDisease"), {}, ONE),
        ("ImplementationGuide", "ig-2", {"fhirVersion": ["4.0.1"], "definition": {"resource": [{}]}},
         {"fhirVersion": ["4.0.1"], "definition": {"resource": [{"fhirVersion": ["5.0.0"]}]}}, RULE),
        ("ImplementationGuide.definition", "ig-1", {"grouping": [{"id": "a"}], "resource": [{"groupingId": "a"}]},
         {"grouping": [{"id": "a"}], "resource": [{"groupingId": "b"}]}, RULE),
        ("InsurancePlan", "ipn-1", kinds("name"), {}, ONE),
        ("Linkage", "lnk-1", {"item": [{}, {}]}, {"item": [{}]}, EXPECTED),
        ("List", "lst-1", kinds("entry"), kinds("entry", "emptyReason"), BOTH),
        ("List", "lst-2", {"mode": "changes", "entry": [{"deleted": True}]},
         {"mode": "working", "entry": [{}, {"deleted": True}]}, BARRED, ("entry", 1)),
        ("List", "lst-3", {"mode": "working", "entry": [{"date": "2025"}]},
         {"mode": "snapshot", "entry": [{"date": "2025"}]}, BARRED, ("entry", 0)),
        ("Measure.group.stratifier", "mea-1", kinds("component"), {}, ONE),
        *(
            ("Measure.group.stratifier", "mea-1", kinds("code", "criteria"), kinds(name, "component"), BOTH)
            for name in ("code", "description", "criteria")
        ),
        ("MeasureReport", "mrp-1", {"type": "summary", "group": []}, {"type": "data-collection", "group": []}, BARRED),
        ("MeasureReport.group.stratifier.stratum", "mrp-2", kinds("value"), kinds("value", "component"), EXACTLY),
        ("MedicationAdministration.dosage", "mad-1", kinds("rateRatio"), kinds("text"), ONE),
        ("MedicationDispense", "mdd-1", {"whenPrepared": "2025-01-01", "whenHandedOver": "2025-01-01"},
         {"whenPrepared": "2025-01-02", "whenHandedOver": "2025-01-01"}, ORDER),
        ("MessageDefinition.focus", "md-1", {"max": "*"}, {"max": "0"}, RULE),
        ("MolecularSequence", "msq-3", {"coordinateSystem": 0}, {"coordinateSystem": 2}, EXPECTED),
        ("MolecularSequence.referenceSeq", "msq-5", kinds("chromosome", "genomeBuild"), kinds("genomeBuild"), PAIR),
        ("MolecularSequence.referenceSeq", "msq-6", kinds("referenceSeqId"), {}, EXACTLY),
        ("NamingSystem", "nsd-1", {"kind": "root", "uniqueId": [{"type": "oid"}]},
         {"kind": "root", "uniqueId": [{"type": "uuid"}]}, RULE),
        ("NamingSystem", "nsd-2", {"uniqueId": [{"type": "oid", "preferred": True}, {"type": "oid"}]},
         {"uniqueId": [{"type": "oid", "preferred": True}] * 2}, RULE),
        ("Observation", "obs-6", kinds("valueString"), kinds("valueString", "dataAbsentReason"), BOTH),
        ("Observation", "obs-7", {"code": CODE, "valueString": "1", "component": [{"code": OTHER}]},
         {"code": CODE, "valueString": "1", "component": [{"code": OTHER}, {"code": CODE}]}, BOTH),
        ("Observation", "obs-7", {"code": CODE, "component": [{"code": CODE}]},
         {"code": CODE, "valueString": "1", "component": [{"code": CODE}]}, BOTH),
        ("Observation.referenceRange", "obs-3", kinds("text"), kinds("type"), ONE),
        ("OperationDefinition.parameter", "opd-1", kinds("part"), {}, ONE),
        ("OperationDefinition.parameter", "opd-2", {"type": "string", "searchType": "x"},
         {"type": "code", "searchType": "x"}, BARRED),
        ("OperationDefinition.parameter", "opd-3", {"type": "canonical", "targetProfile": []},
         {"type": "code", "targetProfile": []}, BARRED),
        ("Organization", "org-1", kinds("name"), kinds("type"), ONE),
        ("Organization", "org-2", {"name": "x", "address": [{"use": "work"}]},
         {"name": "x", "address": [{"use": "work"}, {"use": "home"}]}, BARRED, ("address", 1)),
        ("Organization", "org-3", {"name": "x", "telecom": [{"use": "work"}]},
         {"name": "x", "telecom": [{"use": "home"}]}, BARRED, ("telecom", 0)),
        ("Parameters.parameter", "inv-1", kinds("valueBoolean"), kinds("valueBoolean", "resource"), EXACTLY),
        ("Patient.contact", "pat-1", kinds("organization"), kinds("gender"), ONE),
        ("Period", "per-1", {"start": "2025", "end": "2025-01-01"}, {"start": "2025-02", "end": "2025-01-31"}, ORDER),
        ("Quantity", "qty-3", kinds("code", "system"), kinds("code"), NEEDS),
        ("Questionnaire", "que-2", {"item": [{"linkId": "a", "item": [{"linkId": "b"}]}]},
         {"item": [{"linkId": "a", "item": [{"linkId": "a"}]}]}, DISTINCT),
        ("Questionnaire.item", "que-1", {"type": "group", "item": []}, {"type": "group"}, NEEDED),
        ("Questionnaire.item", "que-1", {"type": "display"}, {"type": "display", "item": []}, BARRED),
        ("Questionnaire.item", "que-3", {"type": "string", "code": []}, {"type": "display", "code": []}, BARRED),
        ("Questionnaire.item", "que-4", kinds("answerOption"), kinds("answerOption", "answerValueSet"), BOTH),
        ("Questionnaire.item", "que-5", {"type": "choice", "answerOption": []}, {"type": "boolean", "answerOption": []},
         BARRED),
        ("Questionnaire.item", "que-6", {"type": "string", "required": True}, {"type": "display", "required": True},
         BARRED),
        ("Questionnaire.item", "que-8", {"type": "string", "initial": [{}]},
         {"type": "group", "item": [], "initial": [{}]}, BARRED),
        ("Questionnaire.item", "que-9", {"type": "string", "readOnly": True}, {"type": "display", "readOnly": True},
         BARRED),
        ("Questionnaire.item", "que-10", {"type": "string", "maxLength": 1}, {"type": "date", "maxLength": 1}, BARRED),
        ("Questionnaire.item", "que-11", kinds("initial"), kinds("initial", "answerOption"), BOTH),
        ("Questionnaire.item", "que-12", {"enableWhen": [{}]}, {"enableWhen": [{}, {}]}, RULE),
        ("Questionnaire.item", "que-13", {"repeats": True, "initial": [{}, {}]}, {"initial": [{}, {}]}, RULE),
        ("Questionnaire.item.enableWhen", "que-7", {"operator": "exists", "answerBoolean": True},
         {"operator": "exists", "answerCoding": {}}, NEEDED),
        ("QuestionnaireResponse.item", "qrs-1", kinds("answer"), kinds("answer", "item"), BOTH),
        ("Range", "rng-2", {"low": {"value": 1}, "high": {"value": 1}}, {"low": {"value": 2}, "high": {"value": 1}},
         ORDER),
        ("Ratio", "rat-1", kinds("numerator", "denominator"), kinds("numerator"), PAIR),
        ("Ratio", "rat-1", kinds("extension"), {}, ONE),
        ("RequestGroup.action", "rqg-1", kinds("action"), {}, EXACTLY),
        ("RiskAssessment.prediction", "ras-1", {"probabilityRange": {"low": PERCENT, "high": PERCENT}},
         {"probabilityRange": {"low": PERCENT, "high": {"value": 5}}}, EXPECTED),
        ("RiskAssessment.prediction", "ras-2", {"probabilityDecimal": 100}, {"probabilityDecimal": Decimal("100.1")},
         EXPECTED),
        ("SearchParameter", "spd-1", kinds("xpath", "xpathUsage"), kinds("xpath"), NEEDS),
        ("SearchParameter", "spd-2", {"type": "reference", "chain": []}, {"type": "token", "chain": []}, BARRED),
        ("ServiceRequest", "prr-1", kinds("orderDetail", "code"), kinds("orderDetail"), NEEDS),
        ("StructureDefinition", "sdf-1", elements(INSIDE), elements(INSIDE, {**INSIDE, "id": "3"}), RULE),
        ("StructureDefinition", "sdf-3", elements(INSIDE), elements({"id": "2", "path": "X.y", "base": {}}), RULE),
        ("StructureDefinition", "sdf-4", elements(abstract=True), elements(abstract=False), RULE),
        ("StructureDefinition", "sdf-5", changed(), {**changed(), "type": "Extension"}, RULE),
        ("StructureDefinition", "sdf-6", kinds("differential"), {}, ONE),
        ("StructureDefinition", "sdf-8b", elements(INSIDE),
         elements({key: each for key, each in INSIDE.items() if key != "base"}), RULE),
        ("StructureDefinition", "sdf-9", elements({**INSIDE, "label": "x"}), changed(label="x"), RULE),
        ("StructureDefinition", "sdf-10", elements({**INSIDE, "binding": {"valueSet": "x"}}),
         elements({**INSIDE, "binding": {"strength": "x"}}), RULE),
        ("StructureDefinition", "sdf-11", elements(kind="logical", type="Y"), elements(type="Y"), RULE),
        ("StructureDefinition", "sdf-14", elements(INSIDE),
         elements({key: each for key, each in INSIDE.items() if key != "id"}), RULE),
        ("StructureDefinition", "sdf-15", elements({**INSIDE, "type": []}),
         {"type": "X", "snapshot": {"element": [{**INSIDE, "path": "X", "type": []}]}}, RULE),
        ("StructureDefinition", "sdf-15a", changed(), changed(type=[]), RULE),
        ("StructureDefinition", "sdf-16", elements(INSIDE), elements(INSIDE, {**INSIDE, "path": "X.z"}), RULE),
        ("StructureDefinition", "sdf-17", {"differential": {"element": [{"id": "1", "path": "X.y"}]}},
         {"differential": {"element": [{"id": "1", "path": "X.y"}] * 2}}, RULE),
        ("StructureDefinition", "sdf-18", {**changed(), "type": "Extension", "context": [], "contextInvariant": []},
         {**changed(), "contextInvariant": []}, RULE),
        ("StructureDefinition", "sdf-20", {"differential": {"element": [{"id": "1", "path": "X.y", "slicing": {}}]}},
         changed(slicing={}), RULE),
        ("StructureDefinition", "sdf-21", {**changed(defaultValueCode="x"), "derivation": "specialization"},
         changed(defaultValueCode="x"), RULE),
        ("StructureDefinition", "sdf-23", elements({**INSIDE, "sliceName": "x"}), changed(sliceName="x"), RULE),
        ("StructureDefinition.mapping", "sdf-2", kinds("uri"), kinds("identity"), ONE),
        ("StructureMap.group.rule.target", "smp-1", kinds("element", "context", "contextType"), kinds("element"), NEEDS),
        ("StructureMap.group.rule.target", "smp-2", kinds("context", "contextType"), kinds("context"), NEEDS),
        ("Task", "inv-1", {"authoredOn": "2025-01-01", "lastModified": "2025-01-01T10:00:00+08:00"},
         {"authoredOn": "2025-01-03", "lastModified": "2025-01-01T10:00:00+08:00"}, ORDER),
        ("TerminologyCapabilities", "tcp-2", kinds("description"), {}, ONE),
        ("TerminologyCapabilities", "tcp-3", {"kind": "instance", "implementation": {}}, {"kind": "instance"}, NEEDED),
        ("TerminologyCapabilities", "tcp-4", {"kind": "capability", "software": {}}, {"kind": "capability"}, NEEDED),
        ("TerminologyCapabilities", "tcp-5", {"kind": "requirements", "description": "x"},
         {"kind": "requirements", "implementation": {}}, BARRED),
        ("TerminologyCapabilities.codeSystem", "tcp-1", {"version": [{}]}, {"version": [{"code": "x"}, {}]}, RULE),
        ("TestReport.setup.action", "inv-1", kinds("assert"), {}, EXACTLY),
        ("TestReport.test.action", "inv-2", kinds("operation"), kinds("operation", "assert"), EXACTLY),
        ("TestScript.setup.action", "tst-1", kinds("assert"), {}, EXACTLY),
        ("TestScript.setup.action.assert", "tst-5", kinds("path"), kinds("path", "response"), BOTH),
        ("TestScript.setup.action.assert", "tst-5", kinds("path", "response", "extension"), kinds("path", "resource"),
         BOTH),
        ("TestScript.setup.action.assert", "tst-10", kinds("compareToSourceId", "compareToSourcePath"),
         kinds("compareToSourceId"), NEEDS),
        ("TestScript.setup.action.assert", "tst-10", {}, kinds("compareToSourceExpression"), NEEDS),
        ("TestScript.setup.action.assert", "tst-12", {"direction": "response", "response": "x"},
         {"direction": "request", "response": "x"}, BARRED),
        ("TestScript.setup.action.operation", "tst-7", kinds("targetId"), kinds("targetId", "url"), RULE),
        ("TestScript.setup.action.operation", "tst-7", {"type": {"code": "search"}}, {"type": {"code": "read"}}, RULE),
        ("TestScript.test.action", "tst-2", kinds("operation"), {}, EXACTLY),
        ("TestScript.variable", "tst-3", kinds("expression", "path"), kinds("expression", "headerField", "path"), BOTH),
        ("Timing.repeat", "tim-1", kinds("duration", "durationUnit"), kinds("duration"), NEEDS),
        ("Timing.repeat", "tim-2", kinds("period", "periodUnit"), kinds("period"), NEEDS),
        ("Timing.repeat", "tim-4", {"duration": 0, "durationUnit": "d"}, {"duration": -1, "durationUnit": "d"}, EXPECTED),
        ("Timing.repeat", "tim-5", {"period": 0, "periodUnit": "d"}, {"period": -1, "periodUnit": "d"}, EXPECTED),
        ("Timing.repeat", "tim-6", kinds("periodMax", "period", "periodUnit"), kinds("periodMax"), NEEDS),
        ("Timing.repeat", "tim-7", kinds("durationMax", "duration", "durationUnit"), kinds("durationMax"), NEEDS),
        ("Timing.repeat", "tim-8", kinds("countMax", "count"), kinds("countMax"), NEEDS),
        ("Timing.repeat", "tim-9", {"offset": 1, "when": ["ACM", "AC"]}, {"offset": 1}, NEEDS),
        ("Timing.repeat", "tim-9", {"when": ["C"]}, {"offset": 1, "when": ["AC", "C"]}, BARRED),
        ("Timing.repeat", "tim-10", kinds("when"), kinds("when", "timeOfDay"), BOTH),
        ("TriggerDefinition", "trd-1", kinds("timingDate"), kinds("timingDate", "data"), BOTH),
        ("TriggerDefinition", "trd-2", kinds("condition", "data"), kinds("condition"), NEEDS),
        ("TriggerDefinition", "trd-3", {"type": "named-event", "name": "x"}, {"type": "named-event"}, NEEDED),
        ("TriggerDefinition", "trd-3", {"type": "periodic", "timingDate": "x"}, {"type": "periodic"}, NEEDED),
        ("TriggerDefinition", "trd-3", {"type": "data-added", "data": []}, {"type": "data-added"}, NEEDED),
        ("ValueSet.compose.include", "vsd-1", kinds("valueSet"), {}, ONE),
        ("ValueSet.compose.include", "vsd-2", kinds("concept", "system"), kinds("concept", "valueSet"), NEEDS),
        ("ValueSet.compose.include", "vsd-2", kinds("filter", "system"), kinds("filter", "valueSet"), NEEDS),
        ("ValueSet.compose.include", "vsd-3", kinds("filter", "system"), kinds("filter", "concept", "system"), BOTH),
        ("ValueSet.expansion.contains", "vsd-6", {"abstract": True, "display": "x"}, {"abstract": True}, ONE),
        ("ValueSet.expansion.contains", "vsd-9", {"abstract": True, "display": "x"}, {"display": "x"}, RULE),
        ("ValueSet.expansion.contains", "vsd-10", kinds("code", "system"), kinds("code"), NEEDS),
    ]
]  # fmt: skip

ALSO_RIGHT: list[tuple[str, str, dict[str, object]]] = [
    ("Bundle", "bdl-2", {"type": "searchset", "entry": [{}]}),
    ("Bundle", "bdl-3", {"type": "document", "entry": [5]}),
    ("ElementDefinition", "eld-2", {"min": 1, "max": "1"}),
    ("ElementDefinition", "eld-3", {"max": "*"}),
    ("ElementDefinition", "eld-3", {"min": 0}),
    ("ElementDefinition", "eld-11", {"binding": {}}),
    ("ElementDefinition", "eld-11", {"type": [{"code": "date"}]}),
    (
        "ImplementationGuide",
        "ig-2",
        {"fhirVersion": ["4.0.1"], "definition": {"resource": [{"fhirVersion": ["4.0.1"]}]}},
    ),
    ("MessageDefinition.focus", "md-1", {"max": "2"}),
    ("MessageDefinition.focus", "md-1", {"min": 1}),
    ("Questionnaire.item", "que-13", {"initial": [{}]}),
    ("RiskAssessment.prediction", "ras-1", {"probabilityDecimal": 1}),
    ("StructureDefinition", "sdf-5", {"type": "Extension", "context": []}),
    ("StructureDefinition", "sdf-5", {"type": "Extension", "derivation": "specialization"}),
    ("StructureDefinition", "sdf-11", {"type": "X", "kind": "resource"}),
    ("StructureDefinition", "sdf-11", elements(INSIDE)),
    ("StructureDefinition", "sdf-15a", {**changed(type=[]), "kind": "logical"}),
    ("StructureDefinition", "sdf-15a", {"differential": {"element": [{"id": "1", "path": "X.y", "type": []}]}}),
    ("TerminologyCapabilities.codeSystem", "tcp-1", {"version": [{"code": "x"}, {"code": "y"}]}),
    ("TestScript.setup.action.operation", "tst-7", kinds("sourceId")),
]
ALSO_BROKEN: list[tuple[str, str, dict[str, object]]] = [
    ("Bundle", "bdl-11", {"type": "document", "entry": []}),
    ("MessageDefinition.focus", "md-1", {"max": "x"}),
    ("RiskAssessment.prediction", "ras-1", {"probabilityRange": {"low": {"code": "%", "system": "x"}}}),
    ("RiskAssessment.prediction", "ras-1", {"probabilityRange": {"high": {"code": "1", "system": UCUM}}}),
    *(
        ("StructureDefinition", "sdf-3", elements({key: each for key, each in INSIDE.items() if key != gone}))
        for gone in ("definition", "min", "max")
    ),
]

# Every error-severity key of R4 4.0.1's data types and resources (its StructureDefinitions, 205 keys).
R4_KEYS = """
age-1 ait-1 ait-2 app-1 app-2 app-3 app-4 apr-1 att-1 bdl-1 bdl-2 bdl-3 bdl-4 bdl-5 bdl-7 bdl-8 bdl-9 bdl-10 bdl-11
bdl-12 ces-1 cmd-1 cmd-2 cmd-3 cmp-1 cmp-2 cnt-3 con-1 con-2 con-4 con-5 cpb-1 cpb-2 cpb-3 cpb-7 cpb-9 cpb-12 cpb-14
cpb-15 cpb-16 cpl-3 cpt-2 csd-1 ctm-1 dis-1 dom-2 dom-3 dom-4 dom-5 drq-1 drq-2 drt-1 eld-1 eld-2 eld-3 eld-4 eld-5
eld-6 eld-7 eld-8 eld-11 eld-12 eld-13 eld-14 eld-15 eld-16 eld-17 eld-18 eld-19 eld-22 ele-1 exp-1 ext-1 fhs-1 fhs-2
gol-1 grp-1 ig-1 ig-2 imm-1 imr-1 inv-1 inv-2 ipn-1 lnk-1 lst-1 lst-2 lst-3 mad-1 md-1 mdd-1 mea-1 mqty-1 mrp-1 mrp-2
msq-3 msq-5 msq-6 nsd-1 nsd-2 obs-3 obs-6 obs-7 opd-1 opd-2 opd-3 org-1 org-2 org-3 pat-1 per-1 ppc-1 ppc-2 ppc-3 ppc-4
ppc-5 prr-1 qrs-1 qty-3 que-1 que-2 que-3 que-4 que-5 que-6 que-7 que-8 que-9 que-10 que-11 que-12 que-13 ras-1 ras-2
rat-1 ref-1 rng-2 rqg-1 sdf-1 sdf-2 sdf-3 sdf-4 sdf-5 sdf-6 sdf-8 sdf-8a sdf-8b sdf-9 sdf-10 sdf-11 sdf-14 sdf-15
sdf-15a sdf-16 sdf-17 sdf-18 sdf-19 sdf-20 sdf-21 sdf-22 sdf-23 sev-1 smp-1 smp-2 spd-1 spd-2 sqty-1 tcp-1 tcp-2 tcp-3
tcp-4 tcp-5 tim-1 tim-2 tim-4 tim-5 tim-6 tim-7 tim-8 tim-9 tim-10 trd-1 trd-2 trd-3 tst-1 tst-2 tst-3 tst-4 tst-5
tst-6 tst-7 tst-8 tst-9 tst-10 tst-11 tst-12 tst-13 txt-1 txt-2 vsd-1 vsd-2 vsd-3 vsd-6 vsd-9 vsd-10
"""
ELSEWHERE = {
    "ele-1",
    "ext-1",
    "sqty-1",
    "txt-1",
    "txt-2",
    "dom-2",
    "dom-3",
    "dom-4",
    "dom-5",
    "ref-1",
    "bdl-7",
    "bdl-8",
}
# Constraints of elements that R4 defines by reference to another: they are that one's.
SAME_AS = {"tst-6": "tst-5", "tst-8": "tst-7", "tst-9": "tst-7", "tst-11": "tst-10", "tst-13": "tst-12"}

WITHOUT_KEY = {  # codes of the catalogue that say it without R4's key
    "bdl-9": "document-identifier",
    "bdl-10": "document-timestamp",
    "bdl-11": "composition-first",
    "bdl-12": "message-first",
}


def told(path: str, value: dict[str, object]) -> list[Fault]:
    return [fault for rule in RULES[path] for fault in rule(value) or ()]


def of_key(found: list[Fault], key: str) -> list[Fault]:
    code = WITHOUT_KEY.get(key)
    return [one for one in found if one.code == code or dict(one.names).get("rule") == key]


@pytest.mark.parametrize(("path", "key", "right", "broken", "code", "place"), CASES)
def test_invariant(
    path: str, key: str, right: dict[str, object], broken: dict[str, object], code: str, place: tuple[str | int, ...]
) -> None:
    assert of_key(told(path, right), key) == []
    found = of_key(told(path, broken), key)
    assert (code, place) in [(one.code, one.place) for one in found]
    assert len({(one.code, one.place) for one in found}) == 1, "one constraint is told once"


@pytest.mark.parametrize(("path", "key", "value"), ALSO_RIGHT)
def test_also_right(path: str, key: str, value: dict[str, object]) -> None:
    assert of_key(told(path, value), key) == []


@pytest.mark.parametrize(("path", "key", "value"), ALSO_BROKEN)
def test_also_broken(path: str, key: str, value: dict[str, object]) -> None:
    assert len(of_key(told(path, value), key)) == 1


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("Group", {"actual": False, "member": []}, "member is not allowed where actual ≠ true (R4 grp-1)"),
        ("Bundle", {"type": "batch", "entry": [{}]}, "request is needed where type = batch (R4 bdl-3)"),
        ("Bundle", {"type": "collection", "entry": [{"search": {}}]},
         "search is not allowed where type ≠ searchset (R4 bdl-2)"),
        ("ConceptMap.group.unmapped", {"mode": "fixed"}, "code is needed where mode = fixed (R4 cmd-2)"),
        ("Period", {"start": "2025", "end": "2024"}, "end lies before or below start (R4 per-1)"),
        ("Composition.section", {"title": "x"}, "At least one of text, entry, section is needed (R4 cmp-1)"),
    ],
)  # fmt: skip
def test_text(path: str, value: dict[str, object], text: str) -> None:
    faults = Faults("X")
    faults.take(told(path, value))
    assert [one.textEn for one in faults.problems()] == [text]


def test_every_rule_has_a_case() -> None:
    assert {(path, key) for path, key, *_ in CASES} == HELD


def test_every_key_of_r4_is_accounted_for() -> None:
    held = {key for _, key in HELD}
    assert set(R4_KEYS.split()) == held | NOT_HELD.keys() | ELSEWHERE | SAME_AS.keys()
    assert not held & (NOT_HELD.keys() | ELSEWHERE | SAME_AS.keys())
    assert set(SAME_AS.values()) <= held


def test_every_type_is_one_of_r4() -> None:
    assert set(RULES) <= set(definitions.names())
    assert {path for path, _ in HELD} == set(RULES)


PERIODS = [  # start, end, whether the end certainly lies before the start
    ("2025-03-01", "2025-03-01", False),
    ("2025-03-02", "2025-03-01", True),
    ("2025", "2025-03-01", False),
    ("2025-03", "2025", False),
    ("2025-04", "2025-03-31", True),
    ("2026", "2025", True),
    ("2025-03-01T10:00:00+08:00", "2025-03-01T10:00:00+08:00", False),
    ("2025-03-01T10:00:01+08:00", "2025-03-01T10:00:00+08:00", True),
    ("2025-03-01T10:00:00+08:00", "2025-03-01T03:00:00Z", False),
    ("2025-03-01T10:00:00+08:00", "2025-03-01T01:59:59Z", True),
    ("2025-03-01T23:00:00-05:00", "2025-03-02T11:00:00+08:00", True),
    ("2025-03-01T10:00:00.5Z", "2025-03-01T10:00:00Z", True),
    ("2025-03-01T10:00:00Z", "2025-03-01T10:00:00.5Z", False),
    ("2025-03-01T10:00:00.25Z", "2025-03-01T10:00:00.5Z", False),
    ("2025-03-01T10:00:00+08:00", "2025-03-01T02:00:00Z", False),
    ("2025-03-31", "2025-03", False),
    ("2025-03-02", "2025-03-01T10:00:00Z", False),
    ("2025-03-02T11:59:59Z", "2025-03-01", False),
    ("2025-03-01T10:00:00Z", "2025-03-01T09:00:00", False),
    ("2026-03-01", "2025-03-01T09:00:00", False),
    ("2026-03-01T09:00:00", "2025-03-01", False),
    ("2025-03-02", "2025-03-01T12:00:00+08:00", True),  # wherever the day began, it had not
    ("2025-03-02", "2025-03-01T20:00:00+08:00", False),  # in the first zone it had
    ("2025-03-02T12:00:00+08:00", "2025-03-01", False),
    ("2025-03-02T20:00:01+08:00", "2025-03-01", True),  # in the last zone the day was over
    ("2025-03-01", "2025-03-01T06:20:00Z", False),
    ("0001-01-01T00:00:00+14:00", "0001-01-01", False),
    ("9999-12-31", "9999-12-31T23:59:59Z", False),
    ("2025-13-01", "2025-01-01", False),  # no date: told elsewhere
    ("yesterday", "2025-01-01", False),
    ("2025-03-01T10:00:00", "2025-03-01T09:00:00Z", False),
    ("", "2025", False),
]


@pytest.mark.parametrize(("start", "end", "wrong"), PERIODS)
def test_period(start: str, end: str, wrong: bool) -> None:
    found = told("Period", {"start": start, "end": end})
    assert bool(found) is wrong


@pytest.mark.parametrize(
    ("low", "high", "wrong"),
    [
        ({"value": 2, "unit": "mg"}, {"value": 1, "unit": "mg"}, True),
        ({"value": Decimal("1.10"), "code": "mg", "system": UCUM}, {"value": Decimal("1.1"), "code": "mg"}, False),
        ({"value": 2, "unit": "g"}, {"value": 1, "unit": "kg"}, False),
        ({"value": 2}, {"value": "1"}, False),
        ({"value": True}, {"value": 0}, False),
        ([], {"value": 0}, False),
    ],
)
def test_range(low: object, high: object, wrong: bool) -> None:
    assert bool(told("Range", {"low": low, "high": high})) is wrong


NAMES = sorted(
    {key for _, _, right, broken, *_ in CASES for value in (right, broken) for key in value}
    | {"search", "deleted", "reference", "coding", "use", "item", "resourceType", "abatementAge", "_value", "profile"}
)
WORDS = st.sampled_from(
    ["document", "message", "batch", "2025", "2025-01-02", "2025-01-01T00:00:00Z", "%", UCUM, "home", "C", "", "1"]
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | WORDS | st.text()
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6)


def rendered(found: list[Fault]) -> None:
    """Every name that a text of the catalogue wants is there."""
    faults = Faults("Bundle")
    faults.take(found)
    faults.problems()


@settings(max_examples=300, deadline=None)
@given(OBJECTS)
def test_no_value_makes_a_rule_raise(value: dict[str, object]) -> None:
    for path, rules in RULES.items():
        for rule in rules:
            found = rule(value)
            assert found is None or found, f"{path}: an empty list of faults"
            rendered(found or [])


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([case for case in CASES if case[0] in VALUES]), JSON)
def test_a_rule_reads_any_kind_of_value(case: tuple[object, ...], strange: object) -> None:
    path, _, right, broken, *_ = case
    for value in (right, broken):
        assert isinstance(value, dict)
        for key in value:
            told(str(path), {**value, key: strange})


@settings(max_examples=100, deadline=None)
@given(OBJECTS)
def test_shapes_look_at_keys_only(value: dict[str, object]) -> None:
    for rules in SHAPES.values():
        for rule in rules:
            assert rule(value) == rule(dict.fromkeys(value))


def test_every_code_is_in_the_catalogue() -> None:
    for path, _, _, broken, *_ in CASES:
        found = told(path, broken)
        assert {one.code for one in found} <= catalogue().keys()
        rendered(found)
