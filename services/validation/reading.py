"""A document while it is judged: what the parser read, and where the rules put what they find."""

from dataclasses import dataclass
from functools import cached_property

from adapters.fhir.document import Document, Json, names_iclaim
from adapters.fhir.faults import Faults
from adapters.fhir.parsed import Parsed
from schemas.problems import Severity
from schemas.records import Record
from services.validation.lines import Line, lines


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
        iclaim = names_iclaim(bundle) or any(entry.of_iclaim for entry in document.entries)
        return cls(record, document, parsed, faults, iclaim)

    @cached_property
    def lines(self) -> dict[int, list[Line]]:
        """The lines of each Claim, by its entry's index."""
        return {entry.index: lines(entry.resource) for entry in self.document.typed("Claim")}

    @property
    def severity(self) -> Severity:
        """Of the claims rules: a refusal in documents that name iClaim, a hint elsewhere."""
        return Severity.ERROR if self.iclaim else Severity.WARNING
