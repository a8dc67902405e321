"""The portal's doors as operations. Data; its schemas are in `shapes.py`."""

from schemas.records import Role
from services.interface.words import ANYTHING, EVERYONE, HTML, JSON, TEXT, Answer, Operation, Schema, ref
from services.portal.watch_shapes import AFTER
from services.portal.worklist import SHOWN

OPERATOR = (Role.OPERATOR,)
PAGE = ("Content-Security-Policy", "Referrer-Policy", "X-Frame-Options")
NUMBER: Schema = {"type": "string", "minLength": 1, "description": "A case number."}
# Python's table of media types and the system's differ about scripts.
FILES = dict.fromkeys(("text/css", "text/javascript", "application/javascript", "image/svg+xml", HTML), ANYTHING)

OPERATIONS = (
    Operation(
        "GET", "/cases/{number}", "A case as the caller may see it; foreign and non-existent are the same", EVERYONE,
        (
            Answer(
                200,
                "The case that this number leads to.",
                {JSON: {"anyOf": [ref(f"CaseFor{who}") for who in ("Sender", "Insurer", "Operator")]}, HTML: TEXT},
                may=PAGE,
            ),
            Answer(401, "A browser is asked for its token.", {HTML: TEXT}, ("WWW-Authenticate",), PAGE),
        ),
        path_schemas={"number": NUMBER},
    ),
    Operation(
        "GET", "/cases/{number}/scene.svg", "The scene as the police coded it", EVERYONE,
        (Answer(200, "A drawing, for who may have the police record.", {"image/svg+xml": ANYTHING}, PAGE[:1]),),
        path_schemas={"number": NUMBER},
    ),
    Operation(
        "GET", "/trace/{id}", "A record or case end to end", OPERATOR,
        (Answer(200, "Every step and why.", {JSON: ref("Trace")}),),
        path_schemas={"id": {"type": "string", "minLength": 1, "description": "A record id or a case number."}},
    ),
    Operation(
        "GET", "/reconciliation", "What differs between receipts, log, verdicts, store and feeds", OPERATOR,
        (Answer(200, "The report.", {JSON: ref("Reconciliation")}),),
    ),
    Operation(
        "GET", "/worklist", "Pairs of records that may be of one loss, for a person to judge", OPERATOR,
        (Answer(200, "What waits, the surest first, in pages; to a browser the page that asks for it.",
                {JSON: ref("Worklist"), HTML: TEXT}, PAGE),),
        query={"after": AFTER, "limit": {"type": "integer", "minimum": 1, "maximum": SHOWN, "default": SHOWN}},
        refuses=(400,),
    ),
    Operation("GET", "/healthz", "Liveness", (), (Answer(200, "Alive.", {JSON: ref("Liveness")}),)),
    Operation(
        "GET", "/readyz", "Readiness", (),
        (
            Answer(200, "Ready.", {JSON: ref("Readiness")}),
            Answer(503, "Not ready: the database takes no writer, the doors lag, or a step does not move.",
                   {JSON: ref("Readiness")}),
        ),
    ),
    Operation(
        "GET", "/metrics", "Figures for Prometheus", OPERATOR,
        (Answer(200, "Prometheus' text form.", {"text/plain": TEXT}),),
    ),
    Operation(
        "GET", "/portal/live", "What the live page shows", OPERATOR,
        (Answer(200, "Counts, rates, lag, the newest verdicts.", {JSON: ref("Live")}),),
    ),
    Operation("GET", "/", "The live page", (), (Answer(200, "A page.", {HTML: TEXT}, PAGE),)),
    Operation(
        "GET", "/portal/static/{name}", "A file of the live page", (),
        (Answer(200, "The file.", FILES, PAGE),), path_schemas={"name": {"type": "string", "minLength": 1}},
    ),
)  # fmt: skip
