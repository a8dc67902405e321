"""Days and times as the senders of JSON write them: RFC 3339 in, UTC and days of Asia/Taipei out. Pure."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

TAIPEI = timezone(timedelta(hours=8))  # no daylight saving since 1980
FIRST_YEAR = 1912  # ROC 1: an earlier year is a ROC year written with leading zeros
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def moment(text: str) -> datetime | None:
    """An RFC 3339 time with its zone, in UTC to the microsecond; None if it is none."""
    if not _RFC3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day(text: str) -> date | None:
    """A day written YYYY-MM-DD; None if it is none."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def stamp(time: datetime) -> str:
    """RFC 3339 UTC with microseconds, as `Evidence.issued`."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def midnight(text: str) -> str:
    """The first moment of a day in Taiwan (YYYY-MM-DD), as `Evidence.issued`. ValueError if it is no day."""
    return stamp(datetime.combine(date.fromisoformat(text), datetime.min.time(), TAIPEI))


def taipei_day(received: str) -> str:
    """The day in Taiwan (YYYY-MM-DD) of a time of receipt."""
    return datetime.fromisoformat(received).astimezone(TAIPEI).date().isoformat()
