"""A bundle that keeps its worker busy for seconds keeps nobody else waiting, and is judged all the same."""

import json

from tests.integration.running import Running

CODES = 150_000  # wrong codings in one resource: some seconds of a worker's time, below every limit of the door


def slow_bundle() -> bytes:
    coding = [{"system": "x", "code": " "}] * CODES
    resource = {"resourceType": "Condition", "subject": {"reference": "urn:uuid:a"}, "code": {"coding": coding}}
    return json.dumps({"resourceType": "Bundle", "type": "document", "entry": [{"resource": resource}]}).encode()


def test_a_slow_bundle_stands_in_nobodys_way(fresh: Running) -> None:
    slow = slow_bundle()
    assert 1 << 20 < len(slow) < 10_000_000
    headers = {"content-type": "application/fhir+json"}
    with fresh.client("1537990035") as client, open("docs/examples/document.json", "rb") as example:
        first = client.post("/fhir/Bundle", content=slow, headers={**headers, "prefer": "respond-async"})
        assert first.status_code == 202
        second = client.post("/fhir/Bundle", content=slow + b" ", headers={**headers, "prefer": "respond-async"})
        quick = client.post("/fhir/Bundle", content=example.read(), headers={**headers, "prefer": "wait=30"})
        assert quick.status_code == 201
        waiting = client.get(f"/records/{second.headers['claims-record']}").json()
        assert waiting["state"] == "received", "the slow ones were done first: they are not slow enough to tell"
        fresh.settle()
        judged = client.get(f"/records/{first.headers['claims-record']}").json()
    assert (judged["verdict"], judged["record"]) == ("rejected", first.headers["claims-record"])
