"""What a police file is, by its content, and its accident reports. Pure.

Our own JSON is one accident, checked against its schema first: `own_json.report`.
"""

from adapters.json_text import read as read_json
from adapters.police import internal, open_report, own_json, taichung, taipei
from adapters.police.report import AccidentReport, PoliceFile
from schemas.problems import problem

EXPORTS = (internal, taipei, taichung)  # the unit's own first: it has the columns of Taipei's, and a case number


def read(data: bytes) -> PoliceFile:
    """The reports of a CSV file of any known kind, made as they are walked. Never raises: another header is a problem."""
    for export in EXPORTS:
        found = export.read(data)
        if found is not None:
            return found
    file = open_report.read(data)
    if file.source is None and any(one.code == "csv-header" for one in file.problems):
        return PoliceFile(None, 0, iter(()), (problem("police-file-unknown", line=1, column=1),))
    return file


def accepted(body: bytes) -> AccidentReport | None:
    """The report of a record that validation has accepted: our own JSON, or the lines of one accident of a file."""
    value, faults = read_json(body)
    if not faults:
        return own_json.report(value)
    return next((entry.report for entry in read(body).entries), None)
