"""Reads what vouches for the uploads of a case: registered keys for their signatures, answers of their issuers."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from adapters.stores import participants, verifications
from adapters.vault.jws import signs
from schemas.evidence import Evidence
from schemas.integrity import Answer
from schemas.paper_kinds import KIND
from schemas.records import Participant
from services.hub.integrity import Attested
from services.hub.linking import Node


def attested(tx: Connection, nodes: Iterable[Node]) -> Attested:
    uploads = [(node, upload) for node in nodes if (upload := node.evidence.upload)]
    if not uploads:
        return Attested()
    issuers = {node.evidence.issuer for node, upload in uploads if upload.signature}
    known = {code: found for code in sorted(issuers) if (found := participants.get(tx, code))}
    return Attested(
        signed={
            node.lineage: signs(upload.signature, upload.sha256.encode(), _keys(node.evidence, known))
            for node, upload in uploads
            if upload.signature
        },
        answers={
            (row.sha256, row.issuer): (Answer(row.state), row.answered)
            for row in verifications.answered(tx, {upload.sha256 for _, upload in uploads})
        },
    )


def _keys(evidence: Evidence, known: Mapping[str, Participant]) -> Sequence[dict[str, str]]:
    """Those of the issuer, where it is of the role that makes such papers."""
    issuer, role = known.get(evidence.issuer), KIND[evidence.paper].issuing
    return issuer.keys if issuer and (role is None or role in issuer.roles) else ()
