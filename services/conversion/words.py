"""The vocabulary of the documents that are built: systems, profiles, and the small shapes every resource is made of."""

import hashlib
from typing import Any

Json = dict[str, Any]

ICLAIM = "https://claim.cgh.org.tw/iclaim"
TWCORE = "https://twcore.mohw.gov.tw/ig/twcore"
HL7 = "http://terminology.hl7.org/CodeSystem"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
PERSON_SYSTEMS = {  # type code → system (facts 4)
    "NNxxx": "http://www.moi.gov.tw",
    "PRC": "http://www.immigration.gov.tw",
    "PPN": "http://hl7.org/fhir/sid/passport-TWN",
}
COPAY_CODES = "https://nhicore.nhi.gov.tw/empd/CodeSystem/PartCode-cs"
ORDER_CODES = {
    "orderCode": f"{TWCORE}/CodeSystem/medical-service-payment-tw",
    "drugCode": f"{TWCORE}/CodeSystem/medication-nhi-tw",
}
FEES = "https://claims.example/CodeSystem/fee-item"  # the codes of our mapping, for iClaim publishes but one
REGISTRATION = "REGISTRATION"  # the one
CHARGES = f"{ICLAIM}/CodeSystem/cathay-chargeitemcode-values"
PAYERS = {"patient": (f"{HL7}/coverage-selfpay", "pay"), "nhi": (f"{HL7}/v3-ActCode", "PUBLICPOL")}
NHI_ADMINISTRATION = ("A21030000I", "衛生福利部中央健康保險署")
_NAMESPACE = bytes.fromhex("8d7b1c2e5f0a5c3b9e64a1d0c7f3b258")  # of the ids of converted entries; any UUID would do


def coded(system: str, code: str | None, text: str | None = None, display: str | None = None) -> Json | None:
    """A CodeableConcept; nothing without code and text."""
    coding = [{"system": system, "code": code, "display": display}] if code else None
    return {"coding": coding, "text": text} if coding or text else None


def profile(*names: str) -> Json:
    """meta.profile, each of the guide that its name says."""
    guides = ((ICLAIM if name.endswith("-iclaim") else TWCORE, name) for name in names)
    return {"profile": [f"{guide}/StructureDefinition/{name}" for guide, name in guides]}


def named(system: str, part: str) -> str:
    """A system inside the hospital's own: for certificates, receipts."""
    return f"{system}:{part}" if system.startswith("urn:") else f"{system}/{part}"


def uuid(*name: str) -> str:
    """A UUID that follows from its name (RFC 9562, version 5): the same on every machine and at any time."""
    digest = bytearray(hashlib.sha1(_NAMESPACE + "\x1f".join(name).encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
