"""The CapabilityStatement of the FHIR door (R4 4.0.1)."""

from adapters.fhir.document import ICLAIM

_TW_CORE = "https://twcore.mohw.gov.tw/ig/twcore/StructureDefinition"
_VALIDATE = "http://hl7.org/fhir/OperationDefinition/Resource-validate"


def capability_statement(base_url: str, date: str) -> dict[str, object]:
    """What the door does: Bundle create and read, $validate. `date` is a FHIR dateTime, when the statement was made."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "publisher": "Claims interchange",
        "kind": "instance",
        "software": {"name": "Claims interchange"},
        "implementation": {"description": "理賠資料交換平台", "url": f"{base_url.rstrip('/')}/fhir"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "implementationGuide": [ICLAIM, "https://twcore.mohw.gov.tw/ig/twcore"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Hospitals hand over claim documents; a document is kept byte for byte as received.",
                "security": {"description": "Authorization: Bearer, the token of the participant."},
                "resource": [
                    {
                        "type": "Bundle",
                        "supportedProfile": [
                            f"{_TW_CORE}/Bundle-document-twcore",
                            f"{ICLAIM}/StructureDefinition/bundle-iclaim",
                        ],
                        "documentation": "Documents (type document) only; the sender reads back its own.",
                        "interaction": [{"code": "create"}, {"code": "read"}],
                        "versioning": "no-version",
                        "readHistory": False,
                        "updateCreate": False,
                        "conditionalCreate": False,
                        "operation": [{"name": "validate", "definition": _VALIDATE}],
                    }
                ],
            }
        ],
    }
