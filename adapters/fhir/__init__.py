"""FHIR R4: JSON into checked structure and a document to read; problems and capabilities back out as resources."""
