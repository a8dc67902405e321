"""Invented requests at every documented door, right and wrong: each answer is one that the document has, and none is a 5xx."""

from urllib.parse import unquote, urlsplit

import requests
import schemathesis
from hypothesis import HealthCheck, settings
from requests.auth import AuthBase
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import ignored_auth, unsupported_method
from schemathesis.transport import SerializationContext

from tests.integration import conformance
from tests.integration.bodies import OPERATOR
from tests.integration.running import Running
from tests.integration.test_interface_doors import ROLES, signed

EXAMPLES = 20  # of each door, beside those that the bounds of its parameters give
CHECKS = [ignored_auth, unsupported_method]  # the others are `conformance.check`
# The bounds of a body give many hundreds of records, each to be validated: tests/unit asks the schemas themselves.
TELLING = {"include-method": ["POST", "PUT"], "phases": {"coverage": {"enabled": False}}}
CONFIG = {"seed": 5, "request-timeout": 60, "operations": [TELLING]}

schema = schemathesis.openapi.from_dict(conformance.DOCUMENT, config=SchemathesisConfig.from_dict(CONFIG))


@schemathesis.serializer("text/csv", "application/x-ndjson")
def text(_: SerializationContext, value: object) -> bytes:
    return str(value).encode("utf-8", "replace")


class Signed(AuthBase):
    """Signs what is sent, as Standard Webhooks says, beside the token."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        request.headers.update(signed(self._running, body if isinstance(body, bytes) else body.encode()))
        return request


@schema.parametrize()
@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_invented_requests_are_answered_as_documented(case: schemathesis.Case, running: Running) -> None:
    if str(case.query.get("wait", "")).isdigit():
        case.query["wait"] = "0"  # a long poll that nobody rings is only long
    roles = conformance.DOCUMENT["paths"][case.path].get(case.method.lower(), {"x-roles": []})["x-roles"]
    headers = {"Authorization": f"Bearer {running.token(ROLES[roles[0]])}"} if roles else {}
    auth = {"auth": Signed(running)} if case.path == "/claimlink/applications" else {}
    answer = case.call_and_validate(base_url=running.base_url, headers=headers, checks=CHECKS, **auth)
    assert answer.status_code < 500, answer.text
    path = unquote(urlsplit(answer.request.url).path)
    told_headers = {name: ", ".join(values) for name, values in answer.headers.items()}
    conformance.check(answer.request.method, path, answer.status_code, told_headers, answer.content)


def test_none_of_them_was_a_failure_of_ours(running: Running) -> None:
    """What fails behind the doors is answered as delayed: no letter is dead, no record either, and everything agrees."""
    running.settle()
    with running.client(OPERATOR) as client:
        board, report = client.get("/portal/live").json(), client.get("/reconciliation").json()
    assert board["records"] and board["deadLetters"] == 0
    assert not [one for one in board["senders"] if "dead" in one["verdicts"]]
    assert report["ok"], report["differences"][:3]
