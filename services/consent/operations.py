"""Consent's door as an operation, with the schema of what it answers. Data."""

from schemas.records import Role
from services.intake.shapes import JUDGED
from services.interface.words import JSON, RECORD, TEXT, TIME, Answer, Operation, Schema, closed, listed, maybe, ref

SHAPES: dict[str, Schema] = {
    "AuthorisationState": closed(
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
            "authorisation": maybe(ref("authorisation")),
        }
    )
}  # fmt: skip

OPERATIONS = (
    Operation(
        "GET",
        "/authorisations/{id}",
        "An authorisation as it stands: its review, versions and withdrawal",
        (Role.CLAIMLINK, Role.OPERATOR),
        (Answer(200, "The authorisation.", {JSON: ref("AuthorisationState")}),),
        refuses=(410,),
    ),
)
