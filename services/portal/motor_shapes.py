"""The schema of a motor case as `GET /cases/{number}` tells it. Data."""

from schemas.evidence import Cover
from schemas.integrity import State
from services.interface.words import COUNT, DAY, FLAG, RECORD, SHA256, TEXT, TIME, Schema, closed, listed, maybe, ref
from services.motor.benefits import Item, Need
from services.motor.law import Status
from services.motor.owing import Insured, Role
from services.motor.papers import Claim
from services.portal.motor_words import CLOCKS, STEPS, VEHICLES, WISHES

WORDS = {"text": TEXT, "textEn": TEXT}
PARTY: Schema = {
    "type": "integer",
    "minimum": 1,
    "description": "A party by its order in the police record (當事者順位).",
}
STATUS: Schema = {"enum": [one.value for one in Status], "description": "Whether the text of the law itself says so."}
AMOUNT: Schema = {**COUNT, "description": "Whole TWD."}
ARTICLE: Schema = {"type": "string", "description": "Law code and articles; empty where only a policy's terms ask."}
PERCENT: Schema = {"type": "integer", "minimum": 0, "maximum": 100}
RULE = {"id": TEXT, **WORDS, "articles": listed(closed(WORDS)), "source": TEXT}
PAYER: Schema = {"type": "string", "description": "A company number, or `fund`: the code that each takes part by."}

SHAPES: dict[str, Schema] = {
    "Motor": closed(
        {
            "accident": {
                **maybe(
                    closed(
                        {
                            "date": TEXT,
                            "time": maybe(TEXT),
                            "severity": maybe(TEXT),
                            "deaths": maybe(COUNT),
                            "injuries": maybe(COUNT),
                            "unit": maybe(TEXT),
                        }
                    )
                ),
                "description": "The police record in its minimum view; null when the reader may have none.",
            },
            "vehicles": listed(ref("MotorVehicle")),
            "victims": listed(ref("MotorVictim")),
            "required": listed(ref("MotorRequired")),
            "limits": listed(ref("MotorLimit")),
            "clocks": listed(ref("MotorClock")),
            "workingDaysUntil": {
                **DAY,
                "description": "The last day of the published calendars: later days are not reckoned.",
            },
            "papers": listed(ref("MotorPaper")),
            "unreadPapers": {**COUNT, "description": "Of the papers, those that were too much to read for one answer."},
            "disputes": listed(ref("MotorDispute")),
        },
        {"fault": ref("MotorFault")},
        description="What is reckoned from the papers that the reader may have (docs/motor-claims.md). It decides nothing.",
    ),
    "MotorVehicle": closed(
        {
            "party": PARTY,
            "kind": {"enum": [*VEHICLES]},
            **WORDS,
            "insured": {
                "enum": [*(one.value for one in Insured), None],
                "description": "null: this insurer is not concerned with the compulsory cover.",
            },
            "insuredText": maybe(TEXT),
            "insuredTextEn": maybe(TEXT),
            "insurers": listed(closed({"insurer": TEXT, "cover": {"enum": [one.value for one in Cover]}})),
        }
    ),
    "MotorVictim": closed(
        {
            "party": PARTY,
            "role": {"enum": [one.value for one in Role]},
            **WORDS,
            "died": FLAG,
            "owed": maybe(ref("MotorOwed")),
            "required": listed(ref("MotorRequired")),
            "claimants": listed(ref("MotorClaimant")),
            "clocks": listed(ref("MotorClock")),
        },
        {"claimed": maybe(ref("MotorClaimed")), "disability": maybe(ref("MotorDisability"))},
    ),
    "MotorOwed": closed(
        {
            "debtors": listed(closed({"payer": PAYER, "party": PARTY, "article": TEXT, "provisional": FLAG})),
            "joint": {**FLAG, "description": "Several owe the whole each."},
            "shares": {
                **maybe(
                    listed(closed({"payer": PAYER, "share": {"type": "string", "pattern": "^1$|^[0-9]+/[0-9]+$"}}))
                ),
                "description": "Exact fractions, by the number of vehicles; null while a cover is not known.",
            },
            "unanswered": listed(PARTY, description="Vehicles whose cover is not known."),
            "articles": listed(TEXT),
            "status": STATUS,
        },
        description="Who owes the compulsory cover.",
    ),
    "MotorClaimant": closed(
        {
            "claimant": {"type": "integer", "minimum": 1, "description": "His number among those of one victim."},
            "filed": {**FLAG, "description": "He has claimed for her death himself."},
            "papers": listed(ref("MotorRequiredPaper"), description="Those that every claimant hands in."),
            "clocks": listed(ref("MotorClock")),
        },
        description="A survivor of a victim who died, as papers name him; each claims for himself (G0390060 art. 11 I).",
    ),
    "MotorRequired": closed(
        {
            "cover": {"enum": [one.value for one in Cover]},
            "claim": {"enum": [one.value for one in Claim]},
            **WORDS,
            "papers": maybe(listed(ref("MotorRequiredPaper"))),
        },
        description="The papers of one claim; null: no list of that day is in the data.",
    ),
    "MotorRequiredPaper": closed(
        {
            "anyOf": listed(
                closed(
                    {
                        "kind": TEXT,
                        **WORDS,
                        "issuer": TEXT,
                        "issuerText": TEXT,
                        "issuerTextEn": TEXT,
                        "from": {**maybe(DAY), "description": "The day it can exist from, if known."},
                    }
                ),
                minItems=1,
                description="Any one of these does.",
            ),
            "each": {**FLAG, "description": "Every claimant hands in his own; present once all known have."},
            "present": {**FLAG, "description": "Among the papers that the reader may have."},
            "mayHave": {
                **FLAG,
                "description": "As law and consents stand, the reader could be given one: what is not present is missing. Else "
                "nothing is told of whether it exists.",
            },
            "by": listed(
                closed({"sha256": SHA256, "heldBy": listed(TEXT)}),
                description="The papers of `papers` that do, and the insurers that have fetched each.",
            ),
            "denied": listed(
                SHA256, description="Those of `papers` that do not: their issuer says that they are not real."
            ),
            "article": ARTICLE,
            "status": STATUS,
            "source": TEXT,
        }
    ),
    "MotorLimit": closed(
        {
            "item": TEXT,
            **WORDS,
            "limit": AMOUNT,
            "unit": maybe(TEXT),
            "unitText": maybe(TEXT),
            "unitTextEn": maybe(TEXT),
            "most": {**maybe(COUNT), "description": "Of how many units at most."},
            "article": ARTICLE,
            "status": STATUS,
            "source": TEXT,
        },
        description="A line of the benefit standard of the accident's day.",
    ),
    "MotorClaimed": closed(
        {
            "lines": listed(
                closed(
                    {
                        "paper": SHA256,
                        "line": TEXT,
                        "item": {"enum": [one.value for one in Item]},
                        **WORDS,
                        "amount": AMOUNT,
                        "claimable": AMOUNT,
                        "pending": AMOUNT,
                        "over": AMOUNT,
                        "needs": listed(closed({"need": {"enum": [one.value for one in Need]}, **WORDS})),
                        "article": ARTICLE,
                        "status": STATUS,
                    }
                )
            ),
            "unreadLines": {**COUNT, "description": "Lines whose code says too little: a person reads them."},
            "unreadAmount": {"type": "string", "description": "What they come to, TWD."},
            "medical": AMOUNT,
            "pending": AMOUNT,
            "death": AMOUNT,
            "interim": AMOUNT,
            "total": AMOUNT,
            "nhiRemainder": {
                **maybe(AMOUNT),
                "description": "What of the medical limit is left for the NHI's recourse; null where the fund alone pays.",
            },
            "interest": maybe(ref("MotorInterest")),
            "parts": maybe(listed(closed({"payer": PAYER, "amount": AMOUNT}))),
            "status": STATUS,
        },
        description="What her receipts can claim, and where limits cut. Insurers only.",
    ),
    "MotorInterest": closed(
        {
            "amount": AMOUNT,
            "percent": {**PERCENT, "description": "A year."},
            "since": DAY,
            "days": COUNT,
            "article": ARTICLE,
            "status": STATUS,
        },
        description="To today, on what could be claimed when the papers were complete: if nothing has been paid, and through "
        "the insurer's own fault. Nobody tells here whether it has.",
    ),
    "MotorDisability": closed(
        {
            "levels": listed({"type": "integer", "minimum": 1, "maximum": 15}),
            "earlierLevel": maybe({"type": "integer", "minimum": 1, "maximum": 15}),
            "level": {"type": "integer", "minimum": 1, "maximum": 15, "description": "What they come to together."},
            "amount": AMOUNT,
            "interim": {**AMOUNT, "description": "What may be asked before the rest, of what is assessed."},
            "certified": {**FLAG, "description": "A certificate of her disability is there, whatever it says."},
            "article": ARTICLE,
            "status": STATUS,
        },
        description="Disability as the application claims it, in no total: a level is a doctor's word. Insurers only.",
    ),
    "MotorClock": closed(
        {
            "clock": {"enum": [*CLOCKS]},
            **WORDS,
            "start": DAY,
            "due": {**maybe(DAY), "description": "The last day; null when none is known, or it stands still."},
            "extended": {**maybe(DAY), "description": "The working day in its place when it is one of rest."},
            "running": FLAG,
            "article": ARTICLE,
            "status": STATUS,
        }
    ),
    "MotorFault": closed(
        {
            **WORDS,
            "final": {"const": False},
            "cannotTell": maybe(TEXT),
            "shares": listed(closed({"party": PARTY, "low": PERCENT, "high": PERCENT})),
            "rule": maybe(closed(RULE)),
            "cited": listed(closed({"party": maybe(PARTY), **WORDS})),
            "modifiers": listed(closed({"party": PARTY, "points": {"type": "integer"}, **RULE})),
            "clamped": FLAG,
            "assessments": listed(
                closed(
                    {
                        "sha256": SHA256,
                        "state": {"enum": [one.value for one in State]},
                        "used": {**FLAG, "description": "Whether its words outrank the record: only if vouched for."},
                        "unresolved": {
                            **listed(TEXT),
                            "description": "Words of which it cannot be told whom they mean; no share is drawn from it.",
                        },
                    }
                )
            ),
        },
        description="Fault assistance (docs/fault-assistance.md): ranges that the police record supports. Insurers only.",
    ),
    "MotorDispute": closed(
        {
            "record": RECORD,
            "party": maybe(PARTY),
            "notParty": {
                **FLAG,
                "description": "The police record that the reader has names every party, and not this one.",
            },
            "late": {**FLAG, "description": "An application came after its last day: any of `steps` is late."},
            "wish": {"enum": [*WISHES]},
            **WORDS,
            "received": TIME,
            "steps": listed(
                closed(
                    {
                        "step": {"enum": [*STEPS]},
                        **WORDS,
                        "due": {**maybe(DAY), "description": "The last day; null until it can be counted."},
                        "extended": {
                            **maybe(DAY),
                            "description": "The working day in its place when it is one of rest.",
                        },
                        "latest": {**maybe(DAY), "description": "The last day once prolonged."},
                        "late": {
                            **FLAG,
                            "description": "Applied for after the last day, and the working day in its place.",
                        },
                        "done": {**maybe(DAY), "description": "When it was taken, as the dispute tells."},
                        "asked": {
                            **maybe(DAY),
                            "description": "Of the step that the dispute wishes for: when it first came in. `late` is judged by "
                            "it while `done` is null.",
                        },
                        "fee": AMOUNT,
                        "feeStatus": STATUS,
                        "feeSource": {**TEXT, "description": "Why the fee is unconfirmed."},
                        "note": {**maybe(TEXT), "description": "What bars or changes the step."},
                        "noteEn": maybe(TEXT),
                        "article": ARTICLE,
                        "status": STATUS,
                    }
                )
            ),
        },
        {"statement": {**TEXT, "description": "In the party's own words; for the insurers that it was filed with."}},
        description="A party's dispute of the fault, and the way of the assessment.",
    ),
    "MotorPaper": closed(
        {
            "sha256": SHA256,
            "kind": TEXT,
            **WORDS,
            "sender": TEXT,
            "received": TIME,
            "heldBy": listed(
                TEXT,
                description="Insurers that fetched it; to an insurer itself, and those whose compulsory cover of a vehicle in "
                "the accident it is told of.",
            ),
        },
        {"issuer": TEXT, "handedOver": {**maybe(TIME), "description": "When this insurer first fetched it."}},
    ),
}
