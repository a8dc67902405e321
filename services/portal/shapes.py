"""The schemas of what the portal's doors answer. Data."""

from schemas.evidence import Act, Cover, DataClass, Standing, SubjectRole, Uses
from schemas.integrity import Answer
from schemas.records import Kind, Role
from services.consent.law import Recipient
from services.hub.calendar import Presence
from services.intake.shapes import CASE, LINES
from services.interface.words import (
    COUNT,
    DAY,
    FLAG,
    RECORD,
    SHA256,
    TEXT,
    TIME,
    Schema,
    closed,
    listed,
    maybe,
    ref,
)
from services.portal import motor_shapes, watch_shapes
from services.portal.watch_shapes import NAME, OUTCOME
from services.portal.words import EVENTS

NUMBER: Schema = {"type": "integer", "minimum": 1, "description": "A number in an insurer's feed."}
STANDING: Schema = {"enum": [*(one.value for one in Standing), None]}
EVIDENCE = {
    "presence": {"enum": [one.value for one in Presence]},
    "presenceText": TEXT,
    "from": {**maybe(DAY), "description": "The day it can exist from, where that is known."},
    "dated": {**maybe(DAY), "description": "The first day of what is there."},
}
HEAD = {"case": CASE, "asked": {"type": "string", "description": "The number asked for; it may lead here."}}
MOTOR_OR_MEDICAL: dict[str, Schema] = {"kind": {"enum": ["motor", "medical"]}}
MOTOR: dict[str, Schema] = {"motor": ref("Motor")}
COVERS = listed({"enum": [one.value for one in Cover]})
CLASSES = listed({"enum": [one.value for one in DataClass]})
PAIR = listed(TEXT, minItems=2, maxItems=2)
DEAD = listed(closed({"step": TEXT, "record": TEXT, "reason": TEXT, "time": TIME}))
EVERYBODYS = {
    "records": listed(ref("CaseRecord")),
    "evidence": listed(ref("Evidence")),
    "missing": listed(ref("Missing")),
    "timeline": listed(ref("CaseEvent")),
}
BASIS: Schema = {
    "oneOf": [
        closed({"law": TEXT, "article": TEXT, "recipient": {"enum": [one.value for one in Recipient]}}),
        closed({"person": {"type": "integer", "minimum": 1}, "authorisation": RECORD}),
        closed({"mandate": RECORD}, {"person": {"type": "integer", "minimum": 1}}),
    ]
}

REVIEW: dict[str, Schema] = {
    "state": {"enum": ["withdrawn", "not reviewed", "approved", "refused"]},
    "reviewer": maybe(TEXT),
    "reviewed": maybe(TIME),
    "withdrawn": maybe(TIME),
}

_CASES: dict[str, Schema] = {
    "CaseRecord": closed(
        {
            "record": RECORD,
            **NAME,
            "kind": {"enum": [one.value for one in Kind]},
            "sender": TEXT,
            "time": TIME,
            "verdict": maybe(OUTCOME),
            "shown": FLAG,
            "standing": STANDING,
            "erased": FLAG,
        },
        {"integrity": ref("Integrity")},
    ),
    "Evidence": closed({**NAME, **EVIDENCE}),
    "Missing": closed({**NAME, "from": EVIDENCE["from"]}),
    "CaseEvent": closed(
        {
            "time": {"type": "string", "description": "A moment (RFC 3339), or a day in Taiwan."},
            "what": {"enum": [*EVENTS]},
            "text": TEXT,
            "textEn": TEXT,
        },
        {"record": RECORD},
    ),
    "Link": closed({"records": PAIR, "reason": TEXT}),
    "RefusedLink": closed({"records": PAIR, "reason": TEXT, "refused": TEXT}),
    "CaseForSender": closed(
        {**HEAD, **EVERYBODYS},
        MOTOR_OR_MEDICAL | {"disputes": listed(ref("MotorDispute"))},
        description="The own records, and of others' which kinds are there.",
    ),
    "CaseForInsurer": closed(
        {
            **HEAD,
            "covers": COVERS,
            "offers": listed(
                closed(
                    {
                        "offernumber": NUMBER,
                        "time": TIME,
                        "papers": listed(
                            closed(
                                {"sha256": SHA256, "kind": maybe(TEXT), "current": FLAG},
                                {"integrity": ref("Integrity")},
                            )
                        ),
                    }
                )
            ),
            "missing": EVERYBODYS["missing"],
            "timeline": EVERYBODYS["timeline"],
        },
        MOTOR,
        description="What its standing offers show, by reference.",
    ),
    "CaseForOperator": closed(
        {
            **HEAD,
            **EVERYBODYS,
            "mergedNumbers": listed(CASE),
            "opened": maybe(TIME),
            "closed": FLAG,
            "links": listed(ref("Link")),
            "refusedLinks": listed(ref("RefusedLink")),
            "insurers": listed(closed({"insurer": TEXT, "covers": COVERS, "offers": listed(NUMBER)})),
        },
        MOTOR_OR_MEDICAL | MOTOR,
        description="Everything but contents.",
    ),
}

_TRACES: dict[str, Schema] = {
    "Trace": {
        "description": "A record or a case end to end: every step and why. No name, identifier, plate or content is in it.",
        "oneOf": [ref("TraceOfCase"), ref("TraceOfRecord")],
    },
    "TraceOfCase": closed({"id": TEXT, "is": {"const": "case"}, "case": ref("TracedCase")}),
    "TraceOfRecord": closed(
        {
            "id": RECORD,
            "is": {"const": "record"},
            "record": ref("TracedRecord"),
            "verdict": maybe(ref("TracedVerdict")),
            "lineage": maybe(ref("Lineage")),
            "keys": listed(closed({"by": TEXT, "keys": COUNT})),
            "deadLetters": DEAD,
            "case": {"anyOf": [ref("NoCase"), ref("TracedCase")]},
        },
        {
            "children": listed(closed({"record": RECORD, "outcome": maybe(OUTCOME), "lines": LINES})),
            "mandate": ref("TracedMandate"),
            "questions": listed(ref("TracedQuestion"), description="Whether an upload is real."),
        },
    ),
    "TracedQuestion": closed(
        {
            "verification": RECORD,
            "issuer": TEXT,
            "state": {"enum": [one.value for one in Answer]},
            "asked": TIME,
            "deadline": TIME,
            "tries": COUNT,
            "fault": {**maybe(TEXT), "description": "Why the latest try brought no answer that counts."},
            "answered": maybe(TIME),
            "askers": listed(TEXT),
        }
    ),
    "NoCase": closed({"case": {"type": "null"}, "why": TEXT}),
    "TracedRecord": closed(
        {
            "record": RECORD,
            "kind": {"enum": [one.value for one in Kind]},
            "sender": TEXT,
            "role": {"enum": [one.value for one in Role]},
            "method": TEXT,
            "path": TEXT,
            "sha256": SHA256,
            "size": COUNT,
            "mediaType": TEXT,
            "received": TIME,
            "attempt": {"type": "integer", "minimum": 0},
            "judged": COUNT,
            "target": maybe(TEXT),
            "parent": maybe(RECORD),
            "lines": maybe(LINES),
            "erased": FLAG,
            "trace": {**RECORD, "description": "The id of its OpenTelemetry trace, where traces are collected."},
        }
    ),
    "TracedVerdict": closed(
        {
            "outcome": OUTCOME,
            "at": TIME,
            "why": TEXT,
            "original": maybe(RECORD),
            "problems": listed(
                closed(
                    dict.fromkeys(("code", "path", "pointer", "text", "textEn"), TEXT)
                    | {"severity": {"enum": ["error", "warning"]}}
                )
            ),
        }
    ),
    "Lineage": closed(
        {
            "id": TEXT,
            "shown": maybe(RECORD),
            "versions": listed(
                closed(
                    {
                        "record": RECORD,
                        "outcome": maybe(OUTCOME),
                        "version": maybe(TEXT),
                        "standing": STANDING,
                        "received": TIME,
                        "shown": FLAG,
                        "erased": FLAG,
                    }
                )
            ),
        }
    ),
    "TracedCase": closed(
        {
            "case": maybe(CASE),
            "mergedNumbers": listed(CASE),
            "opened": maybe(TIME),
            "records": listed(closed({"record": RECORD, "kind": TEXT, "sender": TEXT, "standing": STANDING})),
            "links": listed(ref("Link")),
            "refusedLinks": listed(ref("RefusedLink")),
            "judgements": listed(
                closed(
                    {
                        "judgement": RECORD,
                        "operator": TEXT,
                        "time": TIME,
                        "says": TEXT,
                        "records": PAIR,
                        "withdrawn": FLAG,
                    }
                )
            ),
            "evidence": listed(ref("Evidence")),
            "consents": listed(ref("TracedConsent")),
            "insurers": listed(ref("TracedInsurer")),
            "deadLetters": DEAD,
        },
        {"why": {"type": "string", "description": "Why a record stands in no case."}},
    ),
    "TracedConsent": closed(
        {
            "record": RECORD,
            "this": FLAG,
            **REVIEW,
            "purpose": {"enum": [one.value for one in Cover]},
            "subjectRole": {"enum": [one.value for one in SubjectRole]},
            "recipients": listed(TEXT),
            "classes": CLASSES,
            "start": DAY,
            "end": maybe(DAY),
            "uses": {"enum": [one.value for one in Uses]},
        },
        {"mandate": {**maybe(RECORD), "description": "Of an agent's; null while he has none in force."}},
    ),
    "TracedMandate": closed(
        {
            **REVIEW,
            "scope": listed({"enum": [one.value for one in Act]}),
            "start": DAY,
            "end": maybe(DAY),
            "filings": listed(closed({"record": RECORD, "kind": TEXT, "sender": TEXT})),
            "offers": listed(
                closed(
                    {
                        "insurer": TEXT,
                        "number": NUMBER,
                        "case": CASE,
                        "time": TIME,
                        "takenBackBy": maybe(NUMBER),
                        "records": listed(RECORD),
                    }
                )
            ),
            "handovers": listed(
                closed(
                    {
                        "insurer": TEXT,
                        "number": NUMBER,
                        "time": TIME,
                        "sha256": maybe(SHA256),
                        "record": maybe(RECORD),
                    }
                )
            ),
        },
        description="What its agent filed, and what went by it.",
    ),
    "TracedInsurer": closed(
        {
            "insurer": TEXT,
            "admitted": FLAG,
            "covers": COVERS,
            "party": listed(TEXT),
            "papers": listed(
                closed(
                    {
                        "record": RECORD,
                        "kind": TEXT,
                        "classes": CLASSES,
                        "entitled": FLAG,
                        "shown": FLAG,
                        "basis": listed(BASIS),
                        "refusals": listed(
                            closed(
                                {"code": TEXT, "text": TEXT},
                                {"person": {"type": "integer", "minimum": 1}, "authorisation": RECORD},
                            )
                        ),
                    }
                )
            ),
            "offers": listed(
                closed(
                    {
                        "number": NUMBER,
                        "type": {"enum": ["claims.offer", "claims.offer.withdrawn"]},
                        "case": CASE,
                        "time": TIME,
                        "takenBackBy": maybe(NUMBER),
                        "records": listed(RECORD),
                    }
                )
            ),
            "handovers": listed(
                closed(
                    {
                        "number": NUMBER,
                        "time": TIME,
                        "basis": listed(TEXT),
                        "sha256": maybe(SHA256),
                        "record": maybe(RECORD),
                    }
                )
            ),
        }
    ),
}

SHAPES = _CASES | motor_shapes.SHAPES | _TRACES | watch_shapes.SHAPES
