"""What the FHIR door can do, as FHIR itself says it: CapabilityStatement (R4)."""

CAPABILITY: dict[str, object] = {
    "resourceType": "CapabilityStatement",
    "status": "active",
    "date": "2026-01-01",
    "kind": "instance",
    "implementation": {"description": "Claims interchange: hospital documents in, verdicts out"},
    "fhirVersion": "4.0.1",
    "format": ["application/fhir+json"],
    "rest": [
        {
            "mode": "server",
            "security": {"description": "Bearer token (RFC 6750) of the hospital; every document is its author's own."},
            "resource": [
                {
                    "type": "Bundle",
                    "documentation": "Documents only (Bundle.type document). Bytes are kept and handed back as sent.",
                    "interaction": [{"code": "create"}, {"code": "read"}],
                    "versioning": "no-version",
                    "operation": [
                        {
                            "name": "validate",
                            "definition": "http://hl7.org/fhir/OperationDefinition/Resource-validate",
                        }
                    ],
                }
            ],
        }
    ],
}
