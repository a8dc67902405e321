"""Reads what vouches for the uploads of a case: registered keys for their signatures, answers of their issuers."""

from collections.abc import Iterable

from sqlalchemy import Connection

from adapters.stores import participants, verifications
from adapters.vault.jws import signs
from schemas.integrity import Answer
from services.hub.integrity import Attested
from services.hub.linking import Node


def attested(tx: Connection, nodes: Iterable[Node]) -> Attested:
    uploads = [(node, upload) for node in nodes if (upload := node.evidence.upload)]
    if not uploads:
        return Attested()
    issuers = {node.evidence.issuer for node, upload in uploads if upload.signature}
    keys = {code: found.keys for code in sorted(issuers) if (found := participants.get(tx, code))}
    return Attested(
        signed={
            node.lineage: signs(upload.signature, upload.sha256.encode(), keys.get(node.evidence.issuer, ()))
            for node, upload in uploads
            if upload.signature
        },
        answers={
            (row.sha256, row.issuer): (Answer(row.state), row.answered)
            for row in verifications.answered(tx, {upload.sha256 for _, upload in uploads})
        },
    )
