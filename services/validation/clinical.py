"""What a clerk sees at once in a hospital's document: sex against the id, diagnosis and operation codes, the language.

All are warnings: a hospital must not be refused for what a code list or a registry may know better than we do.
"""

import re

from adapters.fhir.document import Entry, Json, codes, codings, objects, system, word
from adapters.fhir.faults import Place
from schemas import normalise
from services.validation import iclaim
from services.validation.reading import Reading

_PEOPLE = ("Patient", "Practitioner", "RelatedPerson", "Person")
_SEX = {"1": "male", "2": "female"}  # second character of a national id (facts 3.3, patient-gender-match)
_NATIONAL_ID = re.compile(r"[A-Z][12][0-9]{8}")

_TWCORE = "twcore.mohw.gov.tw/ig/twcore/codesystem/"
# Codes carry the dot (facts 5). ICD-9-CM: diagnoses, V and E codes, and procedures with two digits before the dot.
_ICD_10_CM = re.compile(r"[A-Z][0-9][0-9AB](?:\.[0-9A-Z]{1,4})?")
_ICD_10_PCS = re.compile(r"[0-9A-HJ-NP-Z]{7}")  # without I and O
_ICD_9_CM = re.compile(r"(?:[0-9]{3}|V[0-9]{2}|[0-9]{2})(?:\.[0-9]{1,2})?|E[0-9]{3}(?:\.[0-9])?")
_SHAPES = {
    **{f"{_TWCORE}icd-10-cm-{year}-tw": _ICD_10_CM for year in (2014, 2021, 2023)},
    **{f"{_TWCORE}icd-10-pcs-{year}-tw": _ICD_10_PCS for year in (2014, 2021, 2023)},
    f"{_TWCORE}icd-9-cm-2001-tw": _ICD_9_CM,
}
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def check(reading: Reading) -> None:
    """All rules of this module."""
    for entry in reading.document.entries:
        if entry.type in _PEOPLE:
            _sex(reading, entry.place, entry.resource)
        if "contained" in entry.resource:
            for index, inner in objects(entry.resource, "contained"):
                if word(inner, "resourceType") in _PEOPLE:
                    _sex(reading, (*entry.place, "contained", index), inner)
        _coded(reading, entry)
    if reading.iclaim:
        for entry in iclaim.certificates(reading):
            _in_chinese(reading, entry)


def _sex(reading: Reading, place: Place, person: Json) -> None:
    gender = word(person, "gender")
    if gender not in _SEX.values():
        return
    for _, identifier in objects(person, "identifier"):
        if system(identifier) == "www.moi.gov.tw" or "NNxxx" in codes(identifier, "type"):
            value = normalise.text(word(identifier, "value"))
            if _NATIONAL_ID.fullmatch(value) and _SEX[value[1]] != gender:
                reading.faults.add("gender-contradicts-id", (*place, "gender"))


def _coded(reading: Reading, entry: Entry) -> None:
    """Where an ICD code may stand: a diagnosis, an operation, and both as a Claim repeats them."""
    if entry.type in ("Condition", "Procedure"):
        _concept(reading, (*entry.place, "code"), entry.resource, "code")
    elif entry.type == "Claim":
        for element, concept in (("diagnosis", "diagnosisCodeableConcept"), ("procedure", "procedureCodeableConcept")):
            for index, item in objects(entry.resource, element):
                _concept(reading, (*entry.place, element, index, concept), item, concept)


def _concept(reading: Reading, place: Place, value: Json, key: str) -> None:
    for index, coding in objects(value.get(key), "coding"):
        name = system(coding)
        if shape := _SHAPES.get(name):
            if not shape.fullmatch(word(coding, "code")):
                reading.faults.add("icd-code", (*place, "coding", index, "code"))
        elif "icd" in name:
            reading.faults.add("icd-system", (*place, "coding", index, "system"))


def _in_chinese(reading: Reading, entry: Entry) -> None:
    """醫療法 §76: a certificate for an insurance claim is written in Chinese; its disease name is what counts here."""
    named = [word(entry.resource, "code", "text"), *(word(one, "display") for one in codings(entry.resource, "code"))]
    if any(named) and not any(_HAN.search(name) for name in named):
        reading.faults.add("certificate-not-chinese", (*entry.place, "code"))
