"""A trace as lines of text for a terminal: what happened, in order, and why. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Told = Mapping[str, Any]
INDENT = "  "


def lines(trace: Told) -> list[str]:
    """The text of a trace (its shape: `services.portal.trace`)."""
    told: list[str] = []
    if trace["is"] == "record":
        told += _record(trace)
        told += _mandate(trace.get("mandate"))
        told += [line for one in trace.get("questions", ()) for line in _question(one)]
    told += _case(trace["case"])
    return told


def _record(trace: Told) -> Iterator[str]:
    one = trace["record"]
    yield f"record {one['record']}"
    yield f"  {one['kind']} from {one['sender']} ({one['role']}), {one['size']:,} bytes, {one['mediaType']}"
    yield f"  sha256 {one['sha256']}"
    yield f"  received {one['received']}  {one['method']} {one['path']}"
    yield f"  trace {one['trace']}"
    if one["parent"]:
        first, last = one["lines"] or (0, 0)
        yield f"  lines {first}-{last} of file {one['parent']}"
    if one["target"]:
        yield f"  acts on {one['target']}"
    if one["erased"]:
        yield "  ERASED: its key is destroyed"
    yield from _verdict(one, trace["verdict"])
    yield from _lineage(trace["lineage"])
    for letter in trace["deadLetters"]:
        yield f"dead letter at {letter['step']}: {letter['reason']}, {letter['time']}"
    if trace["keys"]:
        yield "looked up by " + ", ".join(f"{one['by']} ({one['keys']})" for one in trace["keys"])
    if children := trace.get("children"):
        yield f"split into {len(children)} accidents"
        for child in children:
            yield f"  lines {child['lines'][0]}-{child['lines'][1]}  {child['record']}  {child['outcome']}"


def _verdict(record: Told, verdict: Told | None) -> Iterator[str]:
    attempts = "attempt" if record["attempt"] == 1 else "attempts"
    if verdict is None or record["judged"] < record["attempt"]:
        yield f"{record['attempt']} {attempts}, {record['judged']} judged: the verdict is on its way"
    if verdict is None:
        return
    yield f"verdict {verdict['outcome'].upper()} at {verdict['at']} ({record['attempt']} {attempts})"
    yield f"  why: {verdict['why']}"
    if verdict["original"]:
        yield f"  original: {verdict['original']}"
    for problem in verdict["problems"]:
        at = problem["pointer"] or problem["path"]
        yield f"  {problem['severity']} {problem['code']}{' at ' + at if at else ''}: {problem['textEn']}"


def _lineage(lineage: Told | None) -> Iterator[str]:
    if lineage is None:
        return
    yield f"lineage {lineage['id']}, {_count(len(lineage['versions']), 'record')}"
    for one in lineage["versions"]:
        marks = [mark for mark, is_so in (("shown", one["shown"]), ("erased", one["erased"])) if is_so]
        yield f"  {one['record']}  {one['outcome']}  {one['standing']}  {one['version']}  {' '.join(marks)}".rstrip()


def _mandate(one: Told | None) -> Iterator[str]:
    if one is None:
        return
    yield f"mandate {one['state']}: {', '.join(one['scope'])}; {one['start']} to {one['end'] or 'no end'}"
    yield from _section(
        "under it", [f"{filed['record']}  {filed['kind']} from {filed['sender']}" for filed in one["filings"]]
    )
    yield from _section(
        "by it", [*(_number(offer) for offer in one["offers"]), *(_handed(h) for h in one["handovers"])]
    )


def _question(one: Told) -> Iterator[str]:
    """Of one that is not over, why the latest try brought nothing."""
    answer = f"{one['state'].upper()} at {one['answered']}" if one["answered"] else f"open until {one['deadline']}"
    yield f"is it real? {one['issuer']} was asked at {one['asked']}: {answer}"
    yield f"  question {one['verification']}, by {', '.join(one['askers'])}; tries {one['tries']}"
    if one["fault"]:
        yield f"  the latest: {one['fault']}"


def _number(offer: Told) -> str:
    gone = f", taken back by number {offer['takenBackBy']}" if offer["takenBackBy"] else ""
    papers = _count(len(offer["records"]), "paper")
    return f"number {offer['number']} to {offer['insurer']} at {offer['time']}, case {offer['case']}: {papers}{gone}"


def _handed(one: Told) -> str:
    what = f"paper {one['record']}" if one["record"] else "the offer"
    return f"handed over to {one['insurer']} {one['time']}: {what} of number {one['number']}"


def _case(case: Told) -> Iterator[str]:
    if case["case"] is None:
        yield f"in no case: {case['why']}"
        if "records" not in case:
            return
    else:
        merged = f", merged into it: {', '.join(case['mergedNumbers'])}" if case["mergedNumbers"] else ""
        yield f"case {case['case']}, opened {case['opened']}{merged}"
    for one in case["records"]:
        yield f"  {one['record']}  {one['kind']} from {one['sender']}  {one['standing'] or ''}".rstrip()
    yield from _section(
        "links", [f"{one['records'][0]} - {one['records'][1]}: {one['reason']}" for one in case["links"]]
    )
    yield from _section(
        "links not followed",
        [
            f"{one['records'][0]} - {one['records'][1]}: {one['reason']}; {one['refused']}"
            for one in case["refusedLinks"]
        ],
    )
    yield from _section(
        "judgements",
        [
            f"{one['time']} {one['operator']}: {one['says']} {' and '.join(one['records'])}"
            + (" (taken back)" if one["withdrawn"] else "")
            for one in case["judgements"]
        ],
    )
    yield from _section("evidence", [_evidence(one) for one in case["evidence"]])
    yield from _section("authorisations", [_consent(one) for one in case["consents"]])
    for one in case["insurers"]:
        yield from _insurer(one)
    yield from _section(
        "dead letters", [f"{one['step']}: {one['reason']}, record {one['record']}" for one in case["deadLetters"]]
    )


def _section(title: str, body: Sequence[str]) -> Iterator[str]:
    if body:
        yield title
        yield from (INDENT + line for line in body)


def _evidence(one: Told) -> str:
    since = f", can exist from {one['from']}" if one["from"] and one["presence"] != "present" else ""
    return f"{one['kind']}: {one['presence']}{since}"


def _consent(one: Told) -> str:
    period = f"{one['start']} to {one['end'] or 'no end'}"
    agent = "" if "mandate" not in one else f"; under {one['mandate'] or 'no mandate in force: nothing goes by it'}"
    return (
        f"{one['record']} {one['state']}: {one['purpose']} to {', '.join(one['recipients'])}; "
        f"{', '.join(one['classes'])}; {period}; {one['uses']} use{agent}"
    )


def _insurer(one: Told) -> Iterator[str]:
    yield f"insurer {one['insurer']}{'' if one['admitted'] else ' NOT ADMITTED: nothing is offered or handed over'}"
    yield from (f"  party: {why}" for why in one["party"] or ["no"])
    for paper in one["papers"]:
        yield from _paper(paper)
    for offer in one["offers"]:
        if offer["type"] != "claims.offer":
            yield f"  number {offer['number']} at {offer['time']}: takes offers back"
            continue
        gone = f", taken back by number {offer['takenBackBy']}" if offer["takenBackBy"] else ""
        yield f"  number {offer['number']} at {offer['time']}: {_count(len(offer['records']), 'paper')}{gone}"
    for handed in one["handovers"]:
        what = f"paper {handed['record']}" if handed["record"] else "the offer"
        yield f"  handed over {handed['time']}: {what} of number {handed['number']} by {', '.join(handed['basis'])}"


def _paper(paper: Told) -> Iterator[str]:
    if paper["entitled"]:
        bases = ", ".join(f"law {one['law']}" if "law" in one else _given(one) for one in paper["basis"])
        shown = "" if paper["shown"] else " (a better attested copy is offered in its place)"
        yield f"  GOES  {paper['record']} {paper['kind']}: {bases}{shown}"
        return
    yield f"  STAYS {paper['record']} {paper['kind']}"
    for one in paper["refusals"]:
        who = f"person {one['person']}, authorisation {one['authorisation']}: " if "authorisation" in one else ""
        yield f"    {who}{one['text']}"


def _given(one: Told) -> str:
    record = one["authorisation"] if "authorisation" in one else f"mandate {one['mandate']}"
    return f"person {one['person']} by {record}" if "person" in one else record


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
