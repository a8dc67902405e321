"""Previews at their doors: judged and recorded as the paper itself; the sender's own."""

import hashlib
import io

from pypdf import PdfReader
from sqlalchemy import func, select

from adapters.stores.tables import handovers
from services.sandbox.filings import png
from tests.integration import bodies, claims
from tests.integration.bodies import CLAIMLINK, HOSPITAL, INSURER, OTHER_CLAIMLINK
from tests.integration.running import Running

OTHER_INSURER = "95753514"


def handed(running: Running, sha256: str) -> int:
    """How often this paper is recorded as handed over."""
    counted = select(func.count()).where(handovers.c.insurer == INSURER, handovers.c.sha256 == sha256)
    return int(running.read(lambda tx: tx.execute(counted).scalar_one()))


def test_a_preview_is_a_hand_over(running: Running) -> None:
    claim = claims.claim(running)
    sha256 = hashlib.sha256(claim.file).hexdigest()
    with running.client(INSURER) as client:
        answer = client.get(f"/insurers/{INSURER}/papers/{sha256}/preview")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/pdf" and answer.content.startswith(b"%PDF-")
        assert answer.headers["content-disposition"].startswith("attachment")
        (page,) = PdfReader(io.BytesIO(answer.content)).pages
        assert page.extract_text().strip() == f"scan {claim.number}" and answer.content != claim.file
        assert handed(running, sha256) == 1
        assert client.get(f"/insurers/{INSURER}/papers/{sha256}").content == claim.file
        assert handed(running, sha256) == 2
        claims.withdraw(running, claim.authorisation)
        assert client.get(f"/insurers/{INSURER}/papers/{sha256}/preview").status_code == 404
    assert handed(running, sha256) == 2


def test_who_may_not_have_the_paper_gets_no_preview(running: Running) -> None:
    claim = claims.claim(running)
    sha256 = hashlib.sha256(claim.file).hexdigest()
    with running.client(OTHER_INSURER) as client:
        refused = client.get(f"/insurers/{OTHER_INSURER}/papers/{sha256}/preview")
        unheard_of = client.get(f"/insurers/{OTHER_INSURER}/papers/{'0' * 64}/preview")
        assert refused.status_code == unheard_of.status_code == 404 and refused.json() == unheard_of.json()
        assert client.get(f"/insurers/{INSURER}/papers/{sha256}/preview").status_code == 404
    assert handed(running, sha256) == 0


def test_the_own_paper_without_its_words(running: Running) -> None:
    file, number = png("A123456789"), bodies.fresh()
    with running.client(CLAIMLINK) as client:
        described = bodies.metadata(number)
        answer = client.post(
            "/papers", files=bodies.upload(described, file, "image/png"), headers={"prefer": "wait=30"}
        )
        assert answer.status_code == 201, answer.text
        record = answer.json()["record"]
        shown = client.get(f"/papers/{record}/preview")
        assert shown.status_code == 200 and shown.headers["content-type"] == "image/png"
        assert b"A123456789" in file and b"A123456789" not in shown.content
        assert client.get(f"/papers/{'0' * 32}/preview").status_code == 404
    for code in (OTHER_CLAIMLINK, HOSPITAL):
        with running.client(code) as client:
            assert client.get(f"/papers/{record}/preview").status_code == 404
    claims.judge(running, "erase", record)
    with running.client(CLAIMLINK) as client:
        assert client.get(f"/papers/{record}/preview").status_code == 410


def test_what_shows_nothing_is_said(running: Running) -> None:
    whole = bodies.scan()
    broken = whole.replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")
    with running.client(CLAIMLINK) as client:
        answer = client.post("/papers", files=bodies.upload(bodies.metadata(), broken), headers={"prefer": "wait=30"})
        assert answer.status_code == 201, answer.text
        refused = client.get(f"/papers/{answer.json()['record']}/preview")
        assert refused.status_code == 422 and refused.json()["type"].endswith("no-preview")
