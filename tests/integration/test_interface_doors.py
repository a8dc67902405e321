"""The running doors against docs/api/openapi.json: each documented door and answer, good and bad, and no others.

`Running.client` holds every answer to the document (`conformance.py`), here and in all integration tests.
"""

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from adapters.stores import verifications
from schemas.integrity import Answer as Word
from services.intake.signature import sign
from tests.integration import bodies, claims, conformance
from tests.integration.bodies import CLAIMLINK, HOSPITAL, INSURER, OPERATOR, OTHER_HOSPITAL, POLICE, dump, fresh
from tests.integration.conformance import DOCUMENT
from tests.integration.running import Running

ROLES = {"hospital": HOSPITAL, "police": POLICE, "claimlink": CLAIMLINK, "insurer": INSURER, "operator": OPERATOR}
OPERATIONS = [(method.upper(), path) for path, told in DOCUMENT["paths"].items() for method in told]
ANSWERS = [
    (method, path, int(status))
    for method, path in OPERATIONS
    for status in DOCUMENT["paths"][path][method.lower()]["responses"]
]
# Of time, size and load: test_doors_limits.py, with sockets and small limits. 500 is for what nobody foresaw.
ELSEWHERE = {408, 413, 429, 500, 503}
NOTHING = {"id": "0" * 32, "number": "C000000000000", "code": "no_one", "sha256": "0" * 64, "name": "nothing"}
FHIR, JSON, CSV, NDJSON = "application/fhir+json", "application/json", "text/csv", "application/x-ndjson"
WAIT = {"prefer": "wait=30"}
DATA = Path(__file__).parents[1] / "data"
FORMS = [DATA / "conversion" / name for name in ("certificates.csv", "receipts.csv", "receipts-wide.csv")]
SUSPENDED = "1237990044"
PARTIES, OPEN_DATA = DATA / "police" / "parties.csv", "NPA-OPEN"
Asked = dict[str, Any]


def signed(running: Running, body: bytes) -> dict[str, str]:
    """The headers of an application, as Standard Webhooks says."""
    secret, now = running.sandbox.bearers[CLAIMLINK].webhook_secret or "", int(time.time())
    signature = sign(secret, "msg_1", now, body)
    return {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signature}


def sent(body: bytes, media_type: str = JSON, **headers: str) -> Asked:
    return {"content": body, "headers": {"content-type": media_type, **WAIT, **headers}}


def upload(described: bodies.Json, file: bytes) -> Asked:
    return {"files": bodies.upload(described, file), "headers": WAIT}


def wrong(number: int) -> Asked:
    return sent(dump({"wrong": number}))


@dataclass(frozen=True)
class Door:
    """A door that makes records: what it accepts, what is at odds with that, what it rejects; each of a number."""

    path: str
    code: str
    good: Callable[[int], Asked]
    other: Callable[[int], Asked] | None = None
    bad: Callable[[int], Asked] = wrong
    method: str = "POST"


DOORS = (
    Door(
        "/fhir/Bundle",
        HOSPITAL,
        lambda number: sent(bodies.document(number), FHIR),
        lambda number: sent(bodies.document(number, timestamp="2025-12-08T06:00:00Z"), FHIR),
        lambda number: sent(dump({"wrong": number}), FHIR),
    ),
    Door(
        "/police/accidents",
        POLICE,
        lambda number: sent(bodies.accident(number)),
        lambda number: sent(bodies.accident(number, injuries=0)),
    ),
    Door(
        "/papers",
        CLAIMLINK,
        lambda number: upload(bodies.metadata(number), bodies.scan(number)),
        lambda number: upload(bodies.metadata(number, issued="2025-09-04"), bodies.scan(number + 10**6)),
        lambda number: upload({"wrong": number}, b"x"),
    ),
    Door(
        "/claimlink/applications",
        CLAIMLINK,
        lambda number: sent(bodies.application(number)),
        lambda number: sent(bodies.application(number, policeCaseNumber="B1")),
    ),
    Door(
        "/authorisations",
        CLAIMLINK,
        lambda number: sent(bodies.authorisation(number)),
        lambda number: sent(bodies.authorisation(number, uses="single")),
    ),
    Door(
        "/mandates",
        CLAIMLINK,
        lambda number: sent(bodies.mandate(number)),
        lambda number: sent(bodies.mandate(number, scope=["application"])),
    ),
    Door(
        "/disputes",
        CLAIMLINK,
        lambda number: sent(bodies.dispute(number)),
        lambda number: sent(bodies.dispute(number, wish="correction")),
    ),
    Door("/participants/99{number:08}", OPERATOR, lambda number: sent(participant("甲")), method="PUT"),
)


def participant(name: str) -> bytes:
    return dump({"name": name, "roles": ["hospital"], "status": "admitted"})


class Asking:
    """Asks as those may who are at home at a door, and expects a status."""

    def __init__(self, running: Running) -> None:
        self.running = running

    def __call__(self, status: int, method: str, path: str, code: str | None, **asked: Any) -> httpx.Response:
        if path == "/claimlink/applications":
            asked["headers"] = asked.get("headers", {}) | signed(self.running, asked.get("content", b""))
        with self.running.client(code) as client:
            answer = client.request(method, path, **asked)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def record(self, status: int, method: str, path: str, code: str, asked: Asked) -> str:
        return self(status, method, path, code, **asked).headers["claims-record"]

    def rejected(self, method: str, path: str, code: str, bad: Callable[[int], Asked]) -> None:
        """Rejected; once erased the same is gone; another whose verdict is not waited for; and what makes no record."""
        body = bad(fresh())
        claims.judge(self.running, "erase", self.record(422, method, path, code, body))
        self.record(410, method, path, code, body)
        media_type = body["headers"].get("content-type", "multipart/form-data; boundary=edge")
        self(400, method, path, code, **sent(b"", media_type))
        self(415, method, path, code, **sent(b"{}", "text/plain"))
        body = bad(fresh())
        self.record(202, method, path, code, body | {"headers": {**body["headers"], "prefer": "respond-async"}})


def refused(ask: Asking, method: str, path: str) -> None:
    """What follows from the document: no token, each other role, nothing there, another media type, no body."""
    told = DOCUMENT["paths"][path][method.lower()]
    at = re.sub(r"{(\w+)}", lambda found: NOTHING[found[1]], path)
    own = next((ROLES[role] for role in told["x-roles"]), None)
    if told["security"]:
        ask(401, method, at, None)
        for role in ROLES.keys() - set(told["x-roles"]):
            ask(403, method, at, ROLES[role])
    if "{" in path:
        ask(404, method, at, own)
    elif "requestBody" in told:
        ask(415, method, at, own, **sent(b"{}", "text/plain"))
        for media_type in told["requestBody"]["content"]:
            boundary = "; boundary=edge" if media_type.startswith("multipart") else ""
            ask(400, method, at, own, **sent(b"", media_type + boundary))


def entered(ask: Asking, door: Door) -> None:
    number = fresh()
    path = door.path.format(number=number)
    ask.record(201, door.method, path, door.code, door.good(number))
    ask.record(200, door.method, path, door.code, door.good(number))
    if door.other:
        ask.record(409, door.method, path, door.code, door.other(number))
    ask.rejected(door.method, path, door.code, door.bad)


def governed(ask: Asking) -> None:
    """Judgements; reviews and withdrawals of authorisations and mandates, as they stand before and after."""
    one, two = (claims.upload(ask.running, number, bodies.scan(number)) for number in (fresh(), fresh()))
    said = {"id": f"j-{fresh()}", "version": 1, "judgement": "not-same", "records": [one, two], "reason": "測試"}
    for status, reason in ((201, "測試"), (200, "測試"), (409, "別的")):
        ask.record(status, "POST", "/judgements", OPERATOR, sent(dump(said | {"reason": reason})))
    ask.rejected("POST", "/judgements", OPERATOR, wrong)

    for at, body in (("/authorisations", bodies.authorisation), ("/mandates", bodies.mandate)):
        given(ask, at, body)


def given(ask: Asking, at: str, body: Callable[[], bytes]) -> None:
    new = lambda: ask.record(201, "POST", at, CLAIMLINK, sent(body()))  # noqa: E731
    granted = new()
    for status in (201, 200):
        ask.record(status, "POST", f"{at}/{granted}/review", OPERATOR, sent(bodies.review()))
    ask.rejected("POST", f"{at}/{granted}/review", OPERATOR, wrong)
    ask(200, "GET", f"{at}/{granted}", CLAIMLINK)
    ask(200, "DELETE", f"{at}/{granted}", CLAIMLINK, headers=WAIT)
    ask(200, "GET", f"{at}/{granted}", OPERATOR)
    ask.record(409, "POST", f"{at}/{granted}/review", OPERATOR, sent(bodies.review("refuse")))
    ask(202, "DELETE", f"{at}/{new()}", CLAIMLINK, headers={"prefer": "respond-async"})
    never = ask.record(422, "POST", at, CLAIMLINK, wrong(fresh()))
    claims.judge(ask.running, "erase", ask.record(422, "DELETE", f"{at}/{never}", CLAIMLINK, {"headers": WAIT}))
    ask(410, "DELETE", f"{at}/{never}", CLAIMLINK, headers=WAIT)
    ask(415, "DELETE", f"{at}/{never}", CLAIMLINK, **sent(b"x", "text/plain"))
    gone = new()
    claims.judge(ask.running, "erase", gone)
    ask(410, "GET", f"{at}/{gone}", CLAIMLINK)


def looked_at(ask: Asking) -> None:
    """Every door that only reads, or stores nothing."""
    claim = claims.claim(ask.running)
    case, document = claims.case_of(ask.running, claim.paper), bodies.document()
    record = ask.record(201, "POST", "/fhir/Bundle", HOSPITAL, sent(document, FHIR))
    accident = ask.record(201, "POST", "/police/accidents", POLICE, sent(bodies.accident()))
    crash = claims.case_of(ask.running, accident, POLICE)
    no_document = ask.record(422, "POST", "/fhir/Bundle", HOSPITAL, sent(dump([fresh()]), FHIR))
    for path, code in (
        *(("/records", code) for code in ROLES.values()),
        *((f"/cases/{case}", code) for code in (CLAIMLINK, INSURER, OPERATOR)),
        *((f"/cases/{crash}/scene.svg", POLICE), (f"/cases/{crash}", OPERATOR)),
        *((f"/trace/{id}", OPERATOR) for id in (case, claim.paper, claim.authorisation, record, no_document)),
        (f"/records/{record}", HOSPITAL),
        (f"/fhir/Bundle/{record}", HOSPITAL),
        (f"/fhir/Bundle/{no_document}", HOSPITAL),
        (f"/fhir/Bundle/{record}/paper", HOSPITAL),
        (f"/insurers/{INSURER}/offers", INSURER),
        (f"/insurers/{INSURER}/papers/{hashlib.sha256(claim.file).hexdigest()}", INSURER),
        (f"/participants/{HOSPITAL}", OPERATOR),
        *((path, OPERATOR) for path in ("/reconciliation", "/metrics", "/portal/live", "/worklist")),
        *((path, None) for path in ("/", "/portal/static/live.js", "/portal/static/mark.svg", "/convert", "/healthz")),
        *((path, None) for path in ("/convert/static/convert.css", "/convert/templates/receipt.xlsx", "/readyz")),
        *((path, None) for path in ("/schemas", "/schemas/offer", "/fhir/metadata", "/.well-known/jwks.json")),
        *((path, None) for path in ("/openapi.json", "/asyncapi.json")),
    ):
        ask(200, "GET", path, code)
        ask(200, "HEAD", path, code)
    ask(303, "GET", "/fhir/$convert", None)
    ask(400, "GET", "/records", HOSPITAL, params={"limit": 0})
    ask(400, "GET", f"/insurers/{INSURER}/offers", INSURER, params={"wait": "x"})
    ask(400, "GET", "/worklist", OPERATOR, params={"limit": 0})
    ask(401, "GET", f"/fhir/Bundle/{record}/paper", None, headers={"accept": "text/html"})
    ask(401, "GET", f"/cases/{crash}", None, headers={"accept": "text/html"})
    ask(200, "GET", f"/cases/{crash}", OPERATOR, headers={"accept": "text/html"})
    ask(422, "GET", f"/fhir/Bundle/{no_document}/paper", HOSPITAL)
    for body in (document, b"[]"):
        ask(200, "POST", "/fhir/Bundle/$validate", HOSPITAL, **sent(body, FHIR))
    ask(200, "POST", "/fhir/$render", HOSPITAL, **sent(document, FHIR))
    ask(422, "POST", "/fhir/$render", HOSPITAL, **sent(b"[]", FHIR))
    files = [("file", ("x", path.read_bytes())) for path in FORMS]
    for query in ({}, {"view": "clerk"}):
        ask(200, "POST", "/fhir/$convert", HOSPITAL, files=files, params=query)
        ask(422, "POST", "/fhir/$convert", HOSPITAL, files=[("file", ("x", b"a,b\n1,2\n"))], params=query)
    claims.set_status(ask.running, SUSPENDED, "suspended")
    for path in ("/records", f"/records/{record}", f"/cases/{case}", f"/cases/{crash}/scene.svg"):
        ask(403, "GET", path, SUSPENDED)
    claims.judge(ask.running, "erase", record)
    ask(410, "GET", f"/fhir/Bundle/{record}", HOSPITAL)
    ask(410, "GET", f"/fhir/Bundle/{record}/paper", HOSPITAL)


def shown_and_asked_about(ask: Asking) -> None:
    """Previews, and questions whether a paper is real; the issuer has a door at which nobody answers."""
    body = {"name": "晴川綜合醫院", "roles": ["hospital"], "status": "admitted", "endpoints": ["http://127.0.0.1:9/"]}
    ask(201, "PUT", f"/participants/{OTHER_HOSPITAL}", OPERATOR, **sent(dump(body)))
    number = fresh()
    papers = [bodies.scan(number), bodies.scan(number).replace(b"[3 0 R]", b"[2 0 R]")]  # the second has no page
    records = [
        claims.upload(ask.running, number, file, id=f"p{n}-{number}", numbers={"certificate": f"P{n}-{number}"})
        for n, file in enumerate(papers)
    ]
    claims.review(ask.running, claims.post(ask.running, "/authorisations", bodies.authorisation(number)))
    ask.running.settle()
    hashes = [hashlib.sha256(file).hexdigest() for file in papers]
    for status, record, sha256 in zip((200, 422), records, hashes, strict=True):
        ask(status, "GET", f"/papers/{record}/preview", CLAIMLINK)
        ask(status, "GET", f"/insurers/{INSURER}/papers/{sha256}/preview", INSURER)
    at, question = "/papers/verifications", {"id": f"q-{number}", "paper": hashes[0], "issuer": OTHER_HOSPITAL}
    id = ask(202, "POST", at, INSURER, **sent(dump(question))).json()["verification"]
    ask(200, "GET", f"{at}/{id}", INSURER)
    for status, change in (
        (404, {"paper": "0" * 64}),
        (409, {"paper": hashes[1]}),
        (422, {"issuer": HOSPITAL}),
        (422, {"id": 1}),
    ):
        ask(status, "POST", at, INSURER, **sent(dump(question | change)))
    system = ask.running.system
    told = lambda tx: verifications.close(tx, id, Word.CONFIRMED, None, system.clock())  # noqa: E731
    ask.running.call(lambda: system.write(told))
    ask(200, "POST", at, INSURER, **sent(dump(question)))
    claims.judge(ask.running, "erase", records[0])
    ask(410, "GET", f"/papers/{records[0]}/preview", CLAIMLINK)


def police_file(ask: Asking) -> None:
    """An open-data file: its accidents, the same again, and one without a good row."""
    for _ in range(2):
        ask(200, "POST", "/police/accidents", OPEN_DATA, **sent(PARTIES.read_bytes(), CSV))
    none = PARTIES.read_bytes().replace(b",201801", b",201813")  # no such month
    ask(422, "POST", "/police/accidents", OPEN_DATA, **sent(none, CSV))


def police_batch(ask: Asking) -> None:
    """Some accidents at once, waited for and not."""
    lines = b"\n".join([bodies.accident(), b"{}"])
    ask(200, "POST", "/police/accidents/batch", POLICE, **sent(lines, NDJSON))
    ask(202, "POST", "/police/accidents/batch", POLICE, **sent(bodies.accident(), NDJSON, prefer="respond-async"))


@pytest.fixture(scope="module")
def answered(running: Running) -> set[tuple[str, str, int]]:
    """(method, path, status) of everything that was answered, each held to the document."""
    ask = Asking(running)
    for method, path in OPERATIONS:
        refused(ask, method, path)
    for door in DOORS:
        entered(ask, door)
    governed(ask)
    looked_at(ask)
    shown_and_asked_about(ask)
    police_file(ask)
    police_batch(ask)
    return set(conformance.SEEN)


@pytest.mark.parametrize(("method", "path", "status"), [one for one in ANSWERS if one[2] not in ELSEWHERE])
def test_what_is_documented_is_answered(
    answered: set[tuple[str, str, int]], method: str, path: str, status: int
) -> None:
    assert (method, path, status) in answered


def test_every_route_is_documented_and_nothing_else(running: Running) -> None:
    routes = running.app.routes
    assert all(type(route) is Route for route in routes), "a mount hides routes: walk it here too"
    there = {(method, route.path_format) for route in routes for method in route.methods} - {
        ("HEAD", route.path_format) for route in routes
    }
    assert there == set(OPERATIONS)


@pytest.mark.parametrize("path", sorted(DOCUMENT["paths"]))
def test_another_method_names_those_there_are(running: Running, path: str) -> None:
    at = re.sub(r"{(\w+)}", lambda found: NOTHING[found[1]], path)
    with running.client() as client:
        answer = client.patch(at)
        assert answer.status_code == 405
        there = {method for template in conformance.templates(at) for method in DOCUMENT["paths"][template]}
        allowed = {one.strip().lower() for one in answer.headers["allow"].split(",")}
        assert allowed - {"head"} == there and ("head" in allowed) == ("get" in there)


def test_what_is_served_is_what_is_committed(running: Running) -> None:
    with running.client() as client:
        for name in ("openapi.json", "asyncapi.json"):
            answer = client.get(f"/{name}")
            assert answer.content == (conformance.FOLDER / name).read_bytes()
            assert answer.headers["content-type"] == "application/json"


USUAL = {"content-type": JSON, "cache-control": "no-store", "x-content-type-options": "nosniff"}
ALIVE = b'{"status":"alive"}'


def test_what_is_documented_passes() -> None:
    conformance.check("GET", "/healthz", 200, USUAL, ALIVE)


@pytest.mark.parametrize(
    ("path", "status", "headers", "body"),
    [
        ("/gossip", 200, USUAL, ALIVE),
        ("/healthz", 202, USUAL, ALIVE),
        ("/healthz", 200, USUAL | {"x-powered-by": "us"}, ALIVE),
        ("/healthz", 200, {name: USUAL[name] for name in ("content-type", "cache-control")}, ALIVE),
        ("/healthz", 200, USUAL | {"x-content-type-options": "sniff"}, ALIVE),
        ("/healthz", 200, USUAL | {"content-type": "text/html"}, ALIVE),
        ("/healthz", 200, USUAL, b'{"status":"alive","since":1}'),
        ("/healthz", 200, USUAL, b'{"status":"well"}'),
        ("/fhir/$convert", 303, USUAL | {"location": "/convert"}, ALIVE),
    ],
)
def test_what_is_not_documented_is_found(path: str, status: int, headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(AssertionError):
        conformance.check("GET", path, status, headers, body)
