"""Dates in order: birth, admission, service, discharge, certificate, document.

Calendar days are compared as written first; a day that only seems out of order because it is written in another zone
(facts 1.9) is in order when it is so in Taiwan.
"""

from adapters.fhir import moments
from adapters.fhir.document import Entry, Json, child, word
from adapters.fhir.faults import Place
from services.validation import iclaim
from services.validation.reading import Reading

_Day = tuple[str | None, str | None]  # as written, in Taiwan

_NAMES = {  # zh-TW, English
    "birth": ("出生日期", "the birth"),
    "start": ("應診或住院起日", "the begin of the visit"),
    "end": ("應診或住院迄日", "the end of the visit"),
    "service": ("服務日期", "the service"),
    "certificate": ("診斷證明書開立日期", "the certificate"),
    "composition": ("文件日期", "the date of the document"),
    "bundle": ("Bundle.timestamp", "Bundle.timestamp"),
}


def check(reading: Reading) -> None:
    """Every Encounter, Claim and certificate, then the document itself."""
    for entry in reading.document.typed("Encounter"):
        _visit(reading, entry)
    for entry in reading.document.typed("Claim"):
        _services(reading, entry)
    date = _day(word(reading.document.composition, "date"))
    for entry in _certificates(reading):
        recorded = _day(word(entry.resource, "recordedDate"))
        visit = _visit_of(reading, entry)
        if visit is not None:
            start = _day(word(visit.resource, "period", "start"))
            _ordered(reading, ("start", start), ("certificate", recorded), (*entry.place, "recordedDate"))
        _ordered(reading, ("certificate", recorded), ("composition", date), ("entry", 0, "resource", "date"))
    timestamp = _day(word(reading.document.bundle, "timestamp"))
    _ordered(reading, ("composition", date), ("bundle", timestamp), ("timestamp",))


def _day(text: str) -> _Day:
    return moments.day(text), moments.taipei_day(text)


def _ordered(reading: Reading, before: tuple[str, _Day], after: tuple[str, _Day], place: Place) -> None:
    """A problem when `after` lies before `before` both as written and in Taiwan; unknown days are in order."""
    if _late(before[1], after[1]):
        _add(reading, before[0], after[0], place)


def _late(before: _Day, after: _Day) -> bool:
    """Whether `before` lies after `after`, both as written and in Taiwan."""
    return all(
        earlier is not None and later is not None and earlier > later
        for earlier, later in zip(before, after, strict=True)
    )


def _add(reading: Reading, earlier: str, later: str, place: Place) -> None:
    (earlier_zh, earlier_en), (later_zh, later_en) = _NAMES[earlier], _NAMES[later]
    names = {"earlier": earlier_zh, "earlier_en": earlier_en, "later": later_zh, "later_en": later_en}
    reading.faults.add("date-order", place, severity=reading.severity, **names)


def _visit(reading: Reading, entry: Entry) -> None:
    start, end = word(entry.resource, "period", "start"), word(entry.resource, "period", "end")
    birth = word(reading.document.resolve(child(entry.resource, "subject"), entry), "birthDate")
    _ordered(reading, ("birth", _day(birth)), ("start", _day(start)), (*entry.place, "period", "start"))
    _ordered(reading, ("start", _day(start)), ("end", _day(end)), (*entry.place, "period", "end"))
    first, last = moments.instant(start), moments.instant(end)
    if len(start) > 10 and len(end) > 10 and first is not None and last is not None and last < first:
        _add(reading, "start", "end", (*entry.place, "period", "end"))


def _span(reading: Reading) -> tuple[_Day, _Day]:
    """First and last day of all visits of the document; None where a visit does not say."""
    periods = [child(entry.resource, "period") for entry in reading.document.typed("Encounter")]
    if not periods:
        return (None, None), (None, None)
    starts = list(zip(*(_day(word(period, "start")) for period in periods), strict=True))
    ends = list(zip(*(_day(word(period, "end")) for period in periods), strict=True))
    first = tuple(None if None in days else min(days) for days in starts)
    last = tuple(None if None in days else max(days) for days in ends)
    return first, last  # type: ignore[return-value]


def _services(reading: Reading, claim: Entry) -> None:
    birth = _day(word(reading.document.resolve(child(claim.resource, "patient"), claim), "birthDate"))
    first, last = _span(reading)
    judged: dict[tuple[str, str], list[tuple[str, str]]] = {}  # most lines of a receipt are of the same day
    for line in reading.lines[claim.index]:
        begin, finish, element = serviced(line.item)
        if (begin, finish) not in judged:
            start, end = _day(begin), _day(finish)
            orders = (
                ("birth", birth, "service", start),
                ("start", first, "service", start),
                ("service", end, "end", last),
                ("service", start, "service", end),
            )
            judged[(begin, finish)] = [(early, late) for early, one, late, other in orders if _late(one, other)]
        for early, late in judged[(begin, finish)]:
            _add(reading, early, late, (*claim.place, "item", line.index, element))


def serviced(item: Json) -> tuple[str, str, str]:
    """First and last day of a line's service as written, and the element that says so."""
    if day := word(item, "servicedDate"):
        return day, day, "servicedDate"
    period = child(item, "servicedPeriod")
    return word(period, "start"), word(period, "end"), "servicedPeriod"


def _certificates(reading: Reading) -> list[Entry]:
    """In an iClaim document its certificate's Conditions; elsewhere those that name the visit they belong to."""
    if reading.iclaim:
        return iclaim.certificates(reading)
    return [entry for entry in reading.document.typed("Condition") if _named_visit(reading, entry) is not None]


def _named_visit(reading: Reading, condition: Entry) -> Entry | None:
    target = word(condition.resource, "encounter", "reference")
    found, _ = reading.document.find(target, condition) if target else (None, False)
    return found if found is not None and found.type == "Encounter" else None


def _visit_of(reading: Reading, condition: Entry) -> Entry | None:
    """The Encounter a Condition belongs to: the one it names, else the only one."""
    visits = reading.document.typed("Encounter")
    return _named_visit(reading, condition) or (visits[0] if len(visits) == 1 else None)
