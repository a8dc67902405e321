"""Times as FHIR writes them: the calendar day as written, the day in Taiwan, the instant in UTC.

All take texts that may be anything; what is no time gives None.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

TAIPEI = timezone(timedelta(hours=8))  # no summer time since 1979, before any record here
_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")
MOMENT_LENGTH = 40  # longer ones are not remembered: nobody writes so many digits of a second
_LEAP = re.compile(r"(T[0-9]{2}:[0-9]{2}):60")


def day(text: str) -> str | None:
    """The calendar day as written, YYYY-MM-DD; None when it is written only to the month or year."""
    return _day(text[:10]) if len(text) >= 10 else None


@lru_cache(maxsize=4096)  # the few days of a document stand at every line of its receipt
def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def first_day(text: str) -> str | None:
    """As `day`; of a month or year its first day."""
    if found := _PARTIAL.fullmatch(text):
        return day(f"{found[1]}-{found[2] or '01'}-01")
    return day(text)


def last_day(text: str) -> str | None:
    """As `day`; of a month or year its last day."""
    found = _PARTIAL.fullmatch(text)
    if found is None:
        return day(text)
    year, month = int(found[1]), int(found[2] or 12)
    if not (1 <= year < 9999 and 1 <= month <= 12):
        return None
    return (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).isoformat()


def taipei_day(text: str) -> str | None:
    """The calendar day in Taiwan; a date without time is that day."""
    if len(text) <= 10:
        return day(text)
    return _taipei_day(text) if len(text) <= MOMENT_LENGTH else _taipei_day.__wrapped__(text)


@lru_cache(maxsize=4096)
def _taipei_day(text: str) -> str | None:
    moment = instant(text)
    return None if moment is None else moment.astimezone(TAIPEI).date().isoformat()


def instant(text: str) -> datetime | None:
    """The moment in UTC; of a day, month or year its beginning in Taiwan. A leap second is the second before it."""
    return _instant(text) if len(text) <= MOMENT_LENGTH else _instant.__wrapped__(text)


@lru_cache(maxsize=4096)
def _instant(text: str) -> datetime | None:
    try:
        if len(text) <= 10:
            begin = first_day(text)
            return None if begin is None else datetime.fromisoformat(f"{begin}T00:00:00+08:00").astimezone(UTC)
        moment = datetime.fromisoformat(_LEAP.sub(r"\1:59", text))
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):  # no such time, or beyond the last year of the calendar in UTC
        return None


def utc(text: str) -> str | None:
    """The moment as YYYY-MM-DDTHH:MM:SS.ffffffZ, which sorts as text."""
    moment = instant(text)
    return None if moment is None else f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
