"""The doors of the descriptions themselves, as operations. Data."""

from services.interface.words import JSON, Answer, Operation, Schema, ref

SHAPES: dict[str, Schema] = {
    "OpenApi": {"type": "object", "required": ["openapi", "info", "paths", "components"]},
    "AsyncApi": {"type": "object", "required": ["asyncapi", "info", "channels", "operations", "components"]},
}

OPERATIONS = (
    Operation("GET", "/openapi.json", "The doors", (), (Answer(200, "OpenAPI 3.1.", {JSON: ref("OpenApi")}),)),
    Operation("GET", "/asyncapi.json", "The topics", (), (Answer(200, "AsyncAPI 3.0.", {JSON: ref("AsyncApi")}),)),
)
