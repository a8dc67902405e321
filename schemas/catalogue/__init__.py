"""The problem catalogue, by family. One tuple a module, so that rule, text and test travel together."""

from schemas.catalogue import conversion, document, fhir, fhir_profiles, fhir_rules, filing, general, police

ENTRIES = (
    *general.ENTRIES,
    *fhir.ENTRIES,
    *fhir_rules.ENTRIES,
    *fhir_profiles.ENTRIES,
    *document.ENTRIES,
    *police.ENTRIES,
    *conversion.ENTRIES,
    *filing.ENTRIES,
)
