"""Holds every answer to docs/api/openapi.json: status, headers, media type and body. Nothing undocumented passes."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).parents[2] / "docs" / "api"
DOCUMENT = json.loads((FOLDER / "openapi.json").read_bytes())
ROOT = "urn:openapi"
# What HTTP itself puts on a message; the rest is ours to document.
HTTP = {"connection", "content-length", "content-type", "date", "transfer-encoding"}
SEEN: set[tuple[str, str, int]] = set()  # (method, path template, status) of every answer held so far

_REGISTRY: Registry = Registry().with_resource(ROOT, Resource(contents=DOCUMENT, specification=DRAFT202012))
# A parameter is no operation of FHIR's: those begin with `$`.
_PATHS = {path: re.compile(re.sub(r"\\{\w+\\}", "[^/$][^/]*", re.escape(path))) for path in DOCUMENT["paths"]}


def held(answer: httpx.Response) -> None:
    """AssertionError when the document does not say that this request is answered so. An event hook of httpx."""
    answer.read()
    request = answer.request
    check(request.method, request.url.path, answer.status_code, dict(answer.headers), answer.content)


def check(method: str, path: str, status: int, headers: dict[str, str], body: bytes) -> None:
    headers = {name.lower(): value for name, value in headers.items()}
    at = f"{method} {path} {status}"
    here = templates(path)
    known = "get" if method == "HEAD" else method.lower()
    doors = [template for template in here if known in DOCUMENT["paths"][template]]
    if not doors:
        assert status == (405 if here else 404), f"{at}: not documented"
        headers.pop("allow", None)
        told = resolved({"$ref": f"#/components/responses/{'Fhir' if path.startswith('/fhir') else ''}404"})
    else:
        template = min(doors, key=lambda one: one.count("{"))  # the literal path stands before the one with a parameter
        responses = DOCUMENT["paths"][template][known]["responses"]
        assert str(status) in responses, f"{at}: status not documented, of {sorted(responses)}"
        SEEN.add((known.upper(), template, status))
        told = resolved(responses[str(status)])
    _headers(at, told["headers"], headers)
    _body(at, told.get("content", {}), headers.get("content-type"), body, method == "HEAD")


def templates(path: str) -> list[str]:
    """The documented paths that a path may be of."""
    return [template for template, pattern in _PATHS.items() if pattern.fullmatch(path)]


def _headers(at: str, documented: dict[str, Any], headers: dict[str, str]) -> None:
    known = {name.lower(): resolved(one) for name, one in documented.items()}
    assert not headers.keys() - known.keys() - HTTP, f"{at}: headers not documented"
    missing = {name for name, one in known.items() if one.get("required")} - headers.keys()
    assert not missing, f"{at}: without {missing}"
    for name in known.keys() & headers.keys():
        schema = known[name]["schema"]
        value = int(headers[name]) if schema.get("type") == "integer" else headers[name]
        assert validator(json.dumps(schema)).is_valid(value), f"{at}: {name}: {value}"


def _body(at: str, documented: dict[str, Any], content_type: str | None, body: bytes, head: bool) -> None:
    if not documented:
        assert not body and content_type is None, f"{at}: a body is not documented"
        return
    assert content_type, f"{at}: without a media type"
    media_type = content_type.partition(";")[0]
    assert media_type in documented or "*/*" in documented, f"{at}: {media_type} is not documented"
    schema = documented.get(media_type, {}).get("schema")
    if not schema or head or not media_type.endswith("json"):
        return
    faults = validator(json.dumps(schema)).iter_errors(json.loads(body))
    told = [f"{fault.json_path}: {fault.message[:300]}" for fault in faults]
    assert not told, f"{at}: " + "; ".join(told[:5])


@cache
def validator(schema: str) -> Draft202012Validator:
    """Of a schema in the document, as JSON text."""
    absolute = json.loads(schema.replace('"#/', f'"{ROOT}#/'))
    return Draft202012Validator(absolute, registry=_REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER)


def resolved(value: dict[str, Any]) -> dict[str, Any]:
    """The same, or what it refers to."""
    while reference := value.get("$ref"):
        value = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            value = value[part]
    return value
