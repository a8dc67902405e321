"""Filings: applications, authorisations, mandates, disputes, uploads, and the words that govern them. Pure."""

from adapters import json_text
from schemas.evidence import Content, Judgement, Review, Standing, Withdrawal
from schemas.problems import Problem, errors, problem
from schemas.records import Kind, Record
from services.validation import application, authorisation, dispute, fields, mandate, paper, participant
from services.validation.finding import Finding
from services.validation.schema import in_order, structure

_SCHEMAS = {
    Kind.APPLICATION: "application",
    Kind.AUTHORISATION: "authorisation",
    Kind.MANDATE: "mandate",
    Kind.DISPUTE: "dispute",
    Kind.PAPER: "paper",
    Kind.REVIEW: "review",
    Kind.JUDGEMENT: "judgement",
    Kind.PARTICIPANT: "participant",
}
_EVIDENCE = {
    Kind.APPLICATION: application,
    Kind.AUTHORISATION: authorisation,
    Kind.MANDATE: mandate,
    Kind.DISPUTE: dispute,
    Kind.PAPER: paper,
    Kind.PARTICIPANT: participant,
}


def check(record: Record, body: bytes, metadata: str | None) -> Finding:
    """A filing's problems and content. `body` is the JSON; of an upload it is the file, and `metadata` the JSON."""
    if record.kind == Kind.WITHDRAWAL:
        # Withdrawing consent must stay as easy as giving it: a body is no reason to refuse.
        return Finding((problem("withdrawal-body"),) if body.strip() else (), Withdrawal())
    of_file = paper.file_faults(body, record) if record.kind == Kind.PAPER else []
    value, faults = _value(record, body, metadata)
    if value is not None and record.kind in _EVIDENCE:
        faults = in_order([*faults, *_EVIDENCE[record.kind].faults(value, record)])
    faults = [*of_file, *faults]
    content = None if value is None or errors(faults) else _content(value, record)
    return Finding(tuple(faults), content)


def _value(record: Record, body: bytes, metadata: str | None) -> tuple[dict | None, list[Problem]]:
    """The JSON object when its structure can be relied on, and what is wrong with it."""
    if record.kind == Kind.PAPER:
        if metadata is None:
            return None, [problem("paper-metadata-missing")]
        body = metadata.encode("utf-8", "surrogatepass")  # the reader refuses what is not UTF-8
    value, faults = json_text.read(body)
    return (None, faults) if faults else structure(_SCHEMAS[record.kind], value)


def _content(value: dict, record: Record) -> Content:
    match record.kind:
        case Kind.REVIEW:
            return Review(decision=value["decision"], reason=value["reason"])
        case Kind.JUDGEMENT:
            return Judgement(
                identity=value["id"],
                version=fields.version(value),
                judgement=value["judgement"],
                records=tuple(value["records"]),
                reason=value["reason"],
                withdrawn=fields.standing(value) == Standing.WITHDRAWN,
            )
        case _:
            return _EVIDENCE[record.kind].evidence(value, record)
