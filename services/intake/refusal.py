"""Refusals that make no record: RFC 9457 problem details, or an OperationOutcome on the FHIR door."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.fhir.outcome import refusal_outcome

FHIR_JSON = "application/fhir+json"
PROBLEM_JSON = "application/problem+json"
TYPE = "urn:claims-interchange:problem:"


class Refusal(Exception):
    """Raised anywhere in a door; `code` names it for machines, `detail` says what to do. Holds nothing personal."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.detail, self.headers = status, code, detail, dict(headers or {})


TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    410: "Gone",
    411: "Length required",
    413: "Too large",
    415: "Unsupported media type",
    422: "Refused",
    429: "Too many requests",
    500: "Our failure",
    503: "Overloaded",
}


def respond(request: Request, refusal: Refusal) -> Response:
    """The refusal in the form of the door that it happened at."""
    if request.scope["path"].startswith("/fhir"):
        body, media_type = refusal_outcome(refusal.status, refusal.code, refusal.detail), FHIR_JSON
    else:
        body, media_type = problem_details(refusal.status, refusal.code, refusal.detail), PROBLEM_JSON
    return JSONResponse(body, refusal.status, headers=refusal.headers, media_type=media_type)


def problem_details(status: int, code: str, detail: str, **more: object) -> dict[str, object]:
    """RFC 9457."""
    return {"type": TYPE + code, "title": TITLES.get(status, "Error"), "status": status, "detail": detail, **more}
