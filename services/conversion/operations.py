"""The converter's and the renderer's doors as operations, with the schemas of what they answer. Data."""

from schemas.records import Role
from services.intake.shapes import DETAILS
from services.interface.words import (
    ANYTHING,
    COUNT,
    FHIR,
    HTML,
    JSON,
    PROBLEM,
    TEXT,
    Answer,
    Operation,
    Schema,
    closed,
    listed,
    ref,
)

HOSPITAL = (Role.HOSPITAL,)
PAGE = ("Content-Security-Policy", "Referrer-Policy", "X-Frame-Options")
PAPER = (*PAGE, "Cross-Origin-Resource-Policy")
NAME: Schema = {"type": "string", "minLength": 1}
PLACE = {"file": COUNT, "sheet": COUNT}
FORM: Schema = {"enum": ["certificate", "receipt", ""]}
# Python's table of media types and the system's differ about scripts.
FILES = dict.fromkeys(("text/css", "text/javascript", "application/javascript", HTML), ANYTHING)
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DONE = {
    "bundles": listed({"anyOf": [ref("Bundle"), TEXT]}, description="Documents; for the clerk's page each as a text."),
    "report": listed(ref("CarriedColumn")),
    "problems": listed(ref("CellProblem")),
}
CLERK = {
    "cases": listed(closed({"case": TEXT, "rows": listed(listed(COUNT, minItems=3, maxItems=3))})),
    "sheets": listed(
        closed(
            {
                **PLACE,
                "form": FORM,
                "header": COUNT,
                "titles": listed(TEXT),
                "fields": listed(TEXT),
                "rows": listed(closed({"row": COUNT, "cells": listed(TEXT)})),
                "left": COUNT,
            }
        )
    ),
}
_ROWS = listed(ref("Row"))

SHAPES: dict[str, Schema] = {
    "Conversion": closed(DONE, CLERK),
    "NotConverted": closed(DETAILS | DONE, CLERK, description="RFC 9457."),
    "CarriedColumn": closed(
        {
            **PLACE,
            "form": FORM,
            "column": COUNT,
            "header": TEXT,
            "field": TEXT,
            "values": COUNT,
            "carried": COUNT,
            "to": listed(TEXT),
            "why": TEXT,
            "whyEn": TEXT,
        },
        description="Where a column went; `to` are FHIR paths.",
    ),
    "CellProblem": closed(
        {
            **PLACE,
            "case": TEXT,
            **dict.fromkeys(("code", "path", "pointer", "text", "textEn", "fix"), TEXT),
            "severity": {"enum": ["error", "warning"]},
            "line": {"type": ["integer", "null"]},
            "column": {"type": ["integer", "null"]},
        },
        description="A problem; line and column are those of the sheet.",
    ),
    "Row": {"type": "object", "additionalProperties": {"type": ["string", "number", "null", "boolean"]}},
    "Forms": {
        "description": "Rows by the headers of their columns (docs/conversion.md).",
        "oneOf": [
            closed({}, {"certificates": _ROWS, "receipts": _ROWS}, minProperties=1),
            _ROWS,
        ],
    },
    "Files": closed(
        {"file": listed({"type": "string", "contentMediaType": "application/octet-stream"}, minItems=1, maxItems=20)}
    ),
}

OPERATIONS = (
    Operation(
        "POST", "/fhir/$convert", "Certificates and receipts as CSV, Excel or JSON into documents; nothing is stored",
        HOSPITAL,
        (
            Answer(200, "Documents, a report of every column, every problem.", {JSON: ref("Conversion")}),
            Answer(422, "No document could be made.", {PROBLEM: ref("NotConverted")}),
        ),
        takes={"multipart/form-data": ref("Files"), JSON: ref("Forms")},
        query={
            "timestamp": {
                "type": "string",
                "format": "date-time",
                "description": "When the data were written out; without it, now.",
            },
            "view": {"enum": ["clerk"], "description": "As the page needs it: with rows."},
        },
    ),
    Operation(
        "GET", "/fhir/$convert", "Leads to the page", (), (Answer(303, "To the page.", headers=("Location",)),),
    ),
    Operation("GET", "/convert", "The clerk's page", (), (Answer(200, "A page.", {HTML: TEXT}, PAGE),)),
    Operation(
        "GET", "/convert/static/{name}", "A file of the page", (), (Answer(200, "The file.", FILES, PAGE),),
        path_schemas={"name": NAME},
    ),
    Operation(
        "GET", "/convert/templates/{name}", "An empty form", (),
        (Answer(200, "The form.", {"text/csv": ANYTHING, WORKBOOK: ANYTHING}, ("Content-Disposition",)),),
        path_schemas={"name": NAME},
    ),
    Operation(
        "GET", "/fhir/Bundle/{id}/paper", "The own document as the paper that people know", HOSPITAL,
        (
            Answer(200, "A page that prints.", {HTML: TEXT}, PAPER),
            Answer(401, "A browser is asked for its token.", {HTML: TEXT}, ("WWW-Authenticate",), PAPER),
            Answer(422, "The record is no document.", {FHIR: ref("OperationOutcome")}),
        ),
        refuses=(410,),
    ),
    Operation(
        "POST", "/fhir/$render", "Any document as a paper; nothing is stored", HOSPITAL,
        (
            Answer(200, "A page that prints.", {HTML: TEXT}, PAPER),
            Answer(422, "These bytes are no document.", {FHIR: ref("OperationOutcome")}),
        ),
        takes={FHIR: ref("Bundle")},
    ),
)  # fmt: skip
