"""Verification's doors as operations, with the schema of what they answer. Data."""

from schemas.integrity import Answer as Word
from schemas.integrity import Origin, State
from schemas.records import Role
from services.interface.words import (
    JSON,
    PROBLEM,
    RECORD,
    SHA256,
    TEXT,
    TIME,
    Answer,
    Operation,
    Schema,
    closed,
    maybe,
    ref,
)

ASKERS = (Role.INSURER, Role.CLAIMLINK)
SHAPES: dict[str, Schema] = {
    "Integrity": closed(
        {"origin": {"enum": [one.value for one in Origin]}, "state": {"enum": [one.value for one in State]}},
        {
            "signature": {"enum": ["valid", "invalid"]},
            "answer": {"enum": [one.value for one in Word]},
            "answered": TIME,
        },
        description="Of an upload: who handed it in, and who vouches for its bytes.",
    ),
    "VerificationState": closed(
        {
            "verification": {**RECORD, "description": "The question's id; the issuer knows it by the same."},
            "paper": SHA256,
            "issuer": TEXT,
            "state": {"enum": [one.value for one in Word]},
            "asked": TIME,
            "deadline": TIME,
            "answered": maybe(TIME),
            "answer": {**maybe(TEXT), "description": "What the issuer signed: a compact JWS by a key of its own."},
        }
    ),
}

OPERATIONS = (
    Operation(
        "POST",
        "/papers/verifications",
        "Ask whether a paper is real; asked once, whoever asks",
        ASKERS,
        (
            Answer(200, "It was asked before, and this came of it.", {JSON: ref("VerificationState")}),
            Answer(202, "The issuer is asked.", {JSON: ref("VerificationState")}, ("Content-Location",)),
            Answer(409, "Under this id another paper was asked about.", {PROBLEM: ref("ProblemDetails")}),
            Answer(422, "No such question, or the issuer cannot be asked here.", {PROBLEM: ref("ProblemDetails")}),
        ),
        takes={JSON: ref("verification")},
        refuses=(404,),
    ),
    Operation(
        "GET",
        "/papers/verifications/{id}",
        "What came of a question that the caller asked",
        ASKERS,
        (Answer(200, "The question.", {JSON: ref("VerificationState")}),),
    ),
)
