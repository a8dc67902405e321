"""The schemas of what the portal tells of the system as a whole: reconciliation, health, work list, live page. Data."""

from schemas.records import Kind, Outcome
from services.hub.grading import Sign
from services.intake.shapes import CASE
from services.interface.words import (
    COUNT,
    DAY,
    FLAG,
    RECORD,
    TEXT,
    TIME,
    Schema,
    closed,
    counts,
    listed,
    maybe,
    ref,
)
from services.portal.reconciliation import WHAT
from services.portal.side_by_side import Comparison
from services.portal.words import ROWS
from services.portal.worklist import POSITION, SHOWN

NAME = {"kind": TEXT, "text": TEXT, "textEn": TEXT}
OUTCOME: Schema = {"enum": [one.value for one in Outcome]}

AFTER: Schema = {
    "type": "string",
    "pattern": POSITION,
    "description": "A place in the work list: the `next` of a page.",
}

SHAPES: dict[str, Schema] = {
    "Reconciliation": closed(
        {
            "ok": FLAG,
            "at": TIME,
            "logDays": listed(DAY),
            "lag": counts(),
            "counts": counts(),
            "differences": listed(
                closed(
                    {
                        "what": {"enum": [*WHAT]},
                        "text": TEXT,
                        "record": maybe(TEXT),
                        "insurer": maybe(TEXT),
                        "case": maybe(TEXT),
                        "detail": TEXT,
                    }
                )
            ),
            "more": listed({"enum": [*WHAT]}, description="Sorts of difference of which not all are listed."),
        }
    ),
    "Liveness": closed({"status": {"const": "alive"}}),
    "Readiness": closed(
        {
            "status": {"enum": ["ready", "not ready"]},
            "database": {"enum": ["writable", "busy"]},
            "lagging": FLAG,
            "stuck": listed(TEXT, description="Steps that do not move."),
        }
    ),
    "Worklist": closed(
        {
            "waiting": {**COUNT, "description": "Questions that wait, one for two cases."},
            "automatic": {"type": "integer", "description": "Bits from which two records join by themselves."},
            "review": {"type": "integer", "description": "Bits from which a person is asked."},
            "pairs": listed(ref("Pair"), maxItems=SHOWN),
            "next": {**maybe(AFTER), "description": "`after` of the next page; null on the last."},
        }
    ),
    "Pair": closed(
        {
            "score": {
                "type": "integer",
                "description": "The sum of the signs' weights in bits; `automatic` or more when other records of one of the "
                "two speak as strongly for another loss.",
            },
            "reason": TEXT,
            "signs": listed(
                closed(
                    {
                        "sign": {"enum": [one.value for one in Sign]},
                        "weight": {"type": "integer"},
                        "text": TEXT,
                        "textEn": TEXT,
                    }
                )
            ),
            "sides": listed(ref("Side"), minItems=2, maxItems=2),
            "rows": listed(ref("PairRow")),
        },
        description="Two records that may be of one loss. `signs` tell how their values compare, `rows` what both tell.",
    ),
    "PairRow": closed(
        {
            "row": {"enum": list(ROWS)},
            "text": TEXT,
            "textEn": TEXT,
            "values": listed(maybe(closed({"text": TEXT, "textEn": TEXT})), minItems=2, maxItems=2),
            "comparison": {"enum": [one.value for one in Comparison]},
        },
        description="What the sides tell, in their order; null where one is silent. Compared before plates are masked. Of "
        "plates and numbers `same` is to have one in common, of treatments a day.",
    ),
    "Side": closed(
        {
            "record": RECORD,
            **NAME,
            "sender": TEXT,
            "name": TEXT,
            "received": TIME,
            "case": maybe(CASE),
            "beside": {**listed(closed(NAME)), "description": "The other records of its case."},
        }
    ),
    "Live": closed(
        {
            "time": TIME,
            "records": COUNT,
            "cases": COUNT,
            "worklist": {**COUNT, "description": "Questions that wait for an operator's word."},
            "senders": listed(closed({"sender": TEXT, "name": TEXT, "verdicts": counts()})),
            "offers": listed(closed({"insurer": TEXT, "name": TEXT, "offers": COUNT})),
            "lag": counts(),
            "oldestWaitingSeconds": {"type": "number", "minimum": 0},
            "perSecond": counts({"type": "number", "minimum": 0}),
            "deadLetters": COUNT,
            "recent": listed(
                closed(
                    {
                        "record": RECORD,
                        "kind": {"enum": [one.value for one in Kind]},
                        "sender": TEXT,
                        "verdict": OUTCOME,
                        "problems": listed(TEXT),
                        "time": TIME,
                    }
                )
            ),
        }
    ),
}
