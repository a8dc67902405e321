"""An open-data file: split into accidents, each a record of its own with its own problems and verdict. Pure."""

from hashlib import sha256

from adapters.police import open_data
from adapters.police.open_data import Entry
from schemas.evidence import Evidence
from schemas.ids import derive
from schemas.problems import errors, problem
from schemas.records import Kind, Record
from services.validation import accident_evidence
from services.validation.finding import Child, Finding


def check(record: Record, body: bytes, metadata: str | None) -> Finding:
    """The file's own problems and its accidents, in the order of their first lines.

    A faulty accident is a child with its problems; the rest goes on. The file is refused only when no line of it is
    good: then it has no children, and names the faults itself.
    """
    file = open_data.read(body)
    if errors(list(file.problems)):
        return Finding(file.problems, None)
    if not any(entry.accident for entry in file.entries):
        # A line that may be of several accidents is told with each of them.
        faults = tuple(dict.fromkeys((*file.problems, *(fault for entry in file.entries for fault in entry.problems))))
        return Finding((problem("csv-no-good-row"), *open_data.listed(faults)), None)
    version = accident_evidence.version_of_day(file.released, record.received)
    children = tuple(_child(entry, record, version) for entry in file.entries)
    evidence = Evidence(
        paper="accident-file",
        identity=record.sha256,
        version=version,
        issued=record.received,
        issuer=record.sender,
        open_data=True,
        facts={"accidents": len(children), "rows": file.rows},
    )
    return Finding(file.problems, evidence, children)


def _child(entry: Entry, file: Record, version: str) -> Child:
    body = entry.body
    record = Record(
        id=derive("accident", file.id, entry.identity),
        attempt=file.attempt,
        kind=Kind.ACCIDENT,
        sender=file.sender,
        role=file.role,
        method=file.method,
        path=file.path,
        sha256=sha256(body).hexdigest(),
        size=len(body),
        media_type="text/csv",
        received=file.received,
        parent=file.id,
        lines=entry.lines,
    )
    content = None
    if entry.accident:
        content = accident_evidence.of_open_data(entry.accident, entry.identity, version, record)
    return Child(record, body, entry.problems, content)
