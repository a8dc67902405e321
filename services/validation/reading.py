"""A document while it is judged: what the parser read, and where the rules put what they find."""

from dataclasses import dataclass

from adapters.fhir.document import Document, Json, names_iclaim
from adapters.fhir.faults import Faults
from adapters.fhir.parsed import Parsed
from schemas.problems import Severity
from schemas.records import Record


@dataclass(frozen=True)
class Reading:
    """`iclaim`: the Bundle or a resource in it names an iClaim profile; the claims rules are errors then.

    `record`: None when nobody sends the document (`claims validate`).
    """

    record: Record | None
    document: Document
    parsed: Parsed
    faults: Faults
    iclaim: bool

    @classmethod
    def of(cls, record: Record | None, bundle: Json, parsed: Parsed, faults: Faults) -> "Reading":
        document = Document.of(bundle)
        iclaim = names_iclaim(bundle) or any(names_iclaim(entry.resource) for entry in document.entries)
        return cls(record, document, parsed, faults, iclaim)

    @property
    def severity(self) -> Severity:
        """Of the claims rules: a refusal in documents that name iClaim, a hint elsewhere."""
        return Severity.ERROR if self.iclaim else Severity.WARNING
