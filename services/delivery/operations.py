"""The insurers' doors as operations, with the schema of a page. Data; the events are in `schemas/json`."""

from schemas.records import FUND, Role
from services.delivery.paging import LARGEST, LIMIT, LONGEST_WAIT
from services.interface.words import (
    ANYTHING,
    FHIR,
    JSON,
    PROBLEM,
    SHA256,
    Answer,
    Operation,
    Schema,
    closed,
    listed,
    ref,
)

_NUMBER: Schema = {"type": "integer", "minimum": 0, "maximum": LARGEST}
# What an upload may be, and the records that are papers themselves.
SCANS = ("application/pdf", "image/jpeg", "image/png")
PAPERS = (*SCANS, FHIR, JSON, "text/csv")
_CODE: Schema = {
    "type": "string",
    "pattern": f"^([0-9]{{8}}|{FUND})$",
    "description": f"The own company number; `{FUND}`: the special compensation fund.",
}

SHAPES: dict[str, Schema] = {
    "Offers": closed(
        {
            "events": listed({"oneOf": [ref("offer"), ref("offer-withdrawn")]}, maxItems=LIMIT),
            "next": {
                **_NUMBER,
                "description": "`after` of the next page: the last number in this one, else `after`.",
            },
            "last": {
                **_NUMBER,
                "description": "The last number of the feed. Below `after`, the reader asks past its end: its count is wrong.",
            },
        }
    )
}

PREVIEW = (
    Answer(
        200,
        "The rendition, of the paper's media type.",
        dict.fromkeys(SCANS, ANYTHING),
        ("Content-Disposition", "Content-Security-Policy"),
    ),
    Answer(422, "No preview can be made of it.", {PROBLEM: ref("ProblemDetails")}),
)

OPERATIONS = (
    Operation(
        "GET",
        "/insurers/{code}/offers",
        "The own feed after a number, in pages, with long poll",
        (Role.INSURER,),
        (Answer(200, "CloudEvents, numbered without gaps.", {JSON: ref("Offers")}),),
        query={
            "after": {**_NUMBER, "default": 0},
            "limit": {"type": "integer", "minimum": 1, "maximum": LIMIT, "default": LIMIT},
            "wait": {
                "type": "integer",
                "minimum": 0,
                "maximum": LONGEST_WAIT,
                "default": 0,
                "description": "Seconds to wait for something new.",
            },
        },
        path_schemas={"code": _CODE},
        refuses=(400,),
    ),
    Operation(
        "GET",
        "/insurers/{code}/papers/{sha256}",
        "A paper that a standing offer names; judged again, and recorded",
        (Role.INSURER,),
        (
            Answer(
                200,
                "The bytes, of the media type in the offer.",
                dict.fromkeys(PAPERS, ANYTHING),
                ("Content-Disposition", "Content-Security-Policy"),
            ),
        ),
        path_schemas={"code": _CODE, "sha256": SHA256},
    ),
    Operation(
        "GET",
        "/insurers/{code}/papers/{sha256}/preview",
        "What a paper shows, without metadata and anything that acts; judged and recorded as the paper itself",
        (Role.INSURER,),
        PREVIEW,
        path_schemas={"code": _CODE, "sha256": SHA256},
    ),
)
