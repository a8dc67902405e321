"""Consent's doors as operations, with the schema of what they answer. Data."""

from schemas.records import Role
from services.intake.shapes import JUDGED
from services.interface.words import JSON, RECORD, TEXT, TIME, Answer, Operation, Schema, closed, listed, maybe, ref


def _state(name: str) -> Schema:
    """What is told of an authorisation or a mandate: its state, versions, withdrawal, and what was handed in."""
    return closed(
        {
            "record": RECORD,
            "state": {
                "enum": [
                    "received", "rejected", "waiting for review", "approved", "refused", "superseded", "withdrawn",
                ]
            },
            "problems": JUDGED["problems"],
            "versions": listed(
                closed(
                    {
                        "record": RECORD,
                        "version": {"type": "integer", "minimum": 1},
                        "review": maybe(
                            closed({"decision": {"enum": ["approve", "refuse"]}, "reviewer": TEXT, "time": TIME})
                        ),
                    }
                )
            ),
            "withdrawn": maybe(closed({"record": RECORD, "time": TIME})),
            name: maybe(ref(name)),
        }
    )  # fmt: skip


SHAPES = {"AuthorisationState": _state("authorisation"), "MandateState": _state("mandate")}

OPERATIONS = (
    Operation(
        "GET",
        "/authorisations/{id}",
        "An authorisation as it stands: its review, versions and withdrawal",
        (Role.CLAIMLINK, Role.OPERATOR),
        (Answer(200, "The authorisation.", {JSON: ref("AuthorisationState")}),),
        refuses=(410,),
    ),
    Operation(
        "GET",
        "/mandates/{id}",
        "A mandate as it stands: its review, versions and withdrawal",
        (Role.CLAIMLINK, Role.OPERATOR),
        (Answer(200, "The mandate.", {JSON: ref("MandateState")}),),
        refuses=(410,),
    ),
)
