"""The lines of a receipt, a Claim's items, and who pays each (facts 1.5)."""

from typing import NamedTuple

from adapters.fhir.document import Json, objects, system, word

PAY, NHI = "pay", "PUBLICPOL"
_PAYERS = {  # a line's modifier: code and its system
    PAY: "terminology.hl7.org/codesystem/coverage-selfpay",
    NHI: "terminology.hl7.org/codesystem/v3-actcode",
}


class Line(NamedTuple):
    """`payer`: `pay`, `PUBLICPOL`, or nothing when the line does not say exactly one."""

    index: int
    item: Json
    payer: str


def lines(claim: Json) -> list[Line]:
    """The lines of a Claim, in its order."""
    return [Line(index, item, payer(item)) for index, item in objects(claim, "item")]


def payer(item: Json) -> str:
    """Who pays a line, as in `Line`."""
    named = ""
    modifiers = item.get("modifier")
    for concept in modifiers if type(modifiers) is list else ():
        coded = concept.get("coding") if type(concept) is dict else None
        for one in coded if type(coded) is list else ():
            code = word(one, "code")
            if code in _PAYERS and code != named and _PAYERS[code] == system(one):
                if named:
                    return ""
                named = code
    return named
