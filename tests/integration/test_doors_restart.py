"""What a start finds: everything acknowledged, and nothing of what a crash left half written."""

from pathlib import Path

from adapters.vault.receipts import verify
from tests.integration import bodies
from tests.integration.bodies import HOSPITAL
from tests.integration.running import start

FHIR = {"content-type": "application/fhir+json", "prefer": "wait=30"}


def test_a_restart(tmp_path: Path) -> None:
    padding = b" " * 1_000_000
    body = bodies.document() + padding
    with start(tmp_path / "data") as first, first.client(HOSPITAL) as client:
        answer = client.post("/fhir/Bundle", content=body, headers=FHIR)
        assert answer.status_code == 201, answer.text
        record, receipt = answer.headers["claims-record"], answer.headers["claims-receipt"]
        key = first.system.archive.blob_key("1" * 32)
        first.system.archive.blobs.write("1" * 32, key, b"written, but the crash came before the record")
    blobs = tmp_path / "data" / "blobs"
    (blobs / "spool.00.1.new").write_bytes(b"half")
    with start(tmp_path / "data") as second, second.client(HOSPITAL) as client:
        assert [path.name for path in blobs.iterdir()] == [record]
        assert not second.system.keys.get(["blob:" + "1" * 32])
        assert client.get(f"/fhir/Bundle/{record}").content == body
        assert verify(receipt, client.get("/.well-known/jwks.json").json())["record"] == record
        again = client.post("/fhir/Bundle", content=body, headers=FHIR)
        assert (again.status_code, again.headers["claims-receipt"]) == (200, receipt)
