"""Problems as an R4 OperationOutcome: the answer of the FHIR door."""

from collections.abc import Sequence

from schemas.problems import Problem

PROBLEM_SYSTEM = "https://claims.example/CodeSystem/problems"  # our catalogue's codes
_LINE = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line"
_COLUMN = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col"
_TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"

# R4 IssueType of our codes; what is not here broke a rule of the claims business.
_ISSUE_TYPES = {
    "structure": (
        "json-invalid", "json-duplicate-key", "json-too-deep", "not-utf8", "fhir-not-a-bundle", "fhir-resource-type",
        "fhir-unknown-element", "fhir-array", "fhir-type", "fhir-empty", "fhir-null", "fhir-sibling",
        "profile-type", "profile-forbidden", "profile-many", "iclaim-once",
    ),
    "required": (
        "fhir-required", "iclaim-required", "document-identifier", "document-timestamp", "full-url-missing",
        "author-missing", "resource-without-id", "identifier-without-system", "coverage-member", "receipt-currency",
        "profile-required", "profile-few", "profile-slice",
    ),
    "value": (
        "fhir-value", "fhir-reference", "fhir-date", "roc-date", "date-impossible", "document-status", "identifier-national-id",
        "identifier-permit", "identifier-company", "identifier-institution", "version-in-future", "version-far-in-future",
        "date-other-zone", "profile-value", "profile-reference", "iclaim-value",
    ),
    "invariant": ("fhir-choice", "profile-rule", "fhir-extension", "document-type", "composition-first", "full-url-relative"),
    "not-found": ("composition-reference", "reference-unresolved", "reference-by-id", "record-unknown"),
    "duplicate": ("full-url-duplicate",),
    "code-invalid": ("fhir-code", "profile-code", "icd-system", "icd-code", "icd-9"),
    "not-supported": ("profile-unknown",),
    "too-long": ("too-many-entries", "too-many-problems"),
    "forbidden": ("foreign-author",),
    "conflict": ("identity-conflict", "review-superseded"),
}  # fmt: skip
_TYPE_OF = {code: issue_type for issue_type, listed in _ISSUE_TYPES.items() for code in listed}


def operation_outcome(problems: Sequence[Problem], extra_text: str | None = None) -> dict[str, object]:
    """The OperationOutcome of an attempt; `extra_text` (the original's record id, say) is an informational issue.

    Without problems one informational issue says that the record was accepted, for R4 wants at least one.
    """
    issues = [_issue(found) for found in problems]
    if not issues:
        issues = [_information("已接受", "accepted", extra_text)]
    elif extra_text:
        issues.append({"severity": "information", "code": "informational", "diagnostics": extra_text})
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(found: Problem) -> dict[str, object]:
    issue: dict[str, object] = {}
    positions = ((_LINE, found.line), (_COLUMN, found.column))
    if extensions := [{"url": url, "valueInteger": number} for url, number in positions if number is not None]:
        issue["extension"] = extensions
    issue |= {
        "severity": found.severity.value,
        "code": _TYPE_OF.get(found.code, "business-rule"),
        "details": {
            "coding": [{"system": PROBLEM_SYSTEM, "code": found.code}],
            **_texts(found.text, found.textEn),
        },
        "diagnostics": f"{found.fix} ({found.pointer})" if found.pointer else found.fix,
    }
    if found.path:
        issue["expression"] = [found.path]
    return issue


def _information(text: str, english: str, extra_text: str | None) -> dict[str, object]:
    issue: dict[str, object] = {
        "severity": "information",
        "code": "informational",
        "details": _texts(text, english),
    }
    if extra_text:
        issue["diagnostics"] = extra_text
    return issue


def _texts(text: str, english: str) -> dict[str, object]:
    parts = [{"url": "lang", "valueCode": "en"}, {"url": "content", "valueString": english}]
    return {"text": text, "_text": {"extension": [{"url": _TRANSLATION, "extension": parts}]}}


_REFUSAL_TYPES = {401: "login", 403: "forbidden", 404: "not-found", 410: "deleted", 413: "too-long", 429: "throttled"}


def refusal_outcome(status: int, code: str, detail: str) -> dict[str, object]:
    """A refusal that made no record: HTTP status, machine code, what to do."""
    issue_type = _REFUSAL_TYPES.get(status, "transient" if status >= 500 else "processing")
    coding = [{"system": PROBLEM_SYSTEM, "code": code}]
    details = {"coding": coding, "text": detail}
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": issue_type, "details": details, "diagnostics": detail}],
    }
