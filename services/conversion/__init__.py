"""Conversion: what hospitals have becomes FHIR documents, and documents become papers that people read."""
