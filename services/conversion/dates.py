"""Dates as Taiwanese forms print them, of both calendars, into FHIR's.

Read: 民國114年3月5日, 中華民國 114 年 03 月 05 日, 114/03/05, 114.3.5, 114-3-5, 1140305, 2025-03-05, 2025/3/5, 20250305; with a
time 10:20, 10時20分, 下午3:20, or 1140305102000; full-width too. Two or three digits of a year are the ROC calendar's.
"""

import re
from datetime import datetime

from schemas.normalise import ROC_OFFSET
from services.conversion.texts import Unreadable, plain

_YEAR_MONTH_DAY = (
    r"(?:中華民國|民國|西元|公元)?\s*(?P<year>\d{2,4}|\d(?=\s*年))\s*[年/.-]\s*"
    r"(?P<month>\d{1,2})\s*[月/.-]\s*(?P<day>\d{1,2})(?!\d)\s*日?"
)
_COMPACT = r"(?:民國|西元)?(?P<digits>(?:19|20)\d{6}|\d{7})(?P<clock>\d{6}|\d{4})?(?!\d)"
_CLOCK = (
    r"(?:\s*T?\s*(?P<half>[上下]午|AM|PM)?\s*(?P<hour>\d{1,2})\s*[:時]\s*(?P<minute>\d{1,2})\s*"
    r"(?:[:分]\s*(?P<second>\d{1,2})(?:\.\d+)?)?\s*[分秒]?\s*(?P<zone>Z|[+-](?:0\d|1[0-3]):[0-5]\d)?)?"
)
_MOMENT = re.compile(rf"(?<!\d)(?:{_YEAR_MONTH_DAY}|{_COMPACT}){_CLOCK}(?:\([一二三四五六日]\))?", re.IGNORECASE)
_SAME_YEAR = re.compile(r"(?<!\d)(?P<month>\d{1,2})[月/](?P<day>\d{1,2})(?!\d)日?")
_BETWEEN = re.compile(r"[\s自從至到~〜～–—,，、;；起迄止-]*(?:\(?共?計?\s*\d{1,3}\s*[天日]\)?)?[\s起迄止。]*")
_DATE = (
    "日期,例如 114/03/05、民國114年3月5日、1140305 或 2025-03-05",
    "a date, such as 114/03/05, 民國114年3月5日, 1140305 or 2025-03-05",
)


def _moment(found: "re.Match[str]") -> str:
    """A match of `_MOMENT` as FHIR writes it, the ROC year turned; times without zone are Taiwan's."""
    if digits := found["digits"]:
        year, month, day = int(digits[:-4]), int(digits[-4:-2]), int(digits[-2:])
    else:
        year, month, day = int(found["year"]), int(found["month"]), int(found["day"])
        if len(found["year"]) == 4 and year < ROC_OFFSET:  # 0114: neither calendar prints it so
            raise Unreadable(*_DATE)
    year += ROC_OFFSET if year < ROC_OFFSET else 0
    clock = found["clock"]
    hour, minute, second = found["hour"], found["minute"], found["second"]
    if clock:
        hour, minute, second = clock[:2], clock[2:4], clock[4:]
    try:
        if hour is None:
            return datetime(year, month, day).date().isoformat()
        late = (found["half"] or "").upper() in ("下午", "PM") and int(hour) < 12
        early = (found["half"] or "").upper() in ("上午", "AM") and int(hour) == 12
        at = datetime(year, month, day, int(hour) + 12 * late - 12 * early, int(minute), int(second or 0))
    except ValueError:
        raise Unreadable(*_DATE) from None
    return f"{at.isoformat()}{(found['zone'] or '+08:00').upper()}"


def moment(text: str) -> str:
    """A day, with its time when it is printed: YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss+08:00."""
    found = _MOMENT.fullmatch(plain(text))
    if found is None:
        raise Unreadable(*_DATE)
    return _moment(found)


def day(text: str) -> str:
    """A day; a time beside it is not part of it."""
    return moment(text)[:10]


def instant(text: str) -> str:
    """A moment with its time."""
    found = moment(text)
    if len(found) == 10:
        raise Unreadable("日期與時間,例如 114/03/05 10:20", "a date and a time, such as 114/03/05 10:20")
    return found


def period(text: str) -> tuple[str, str]:
    """First and last day: of one day both the same; of a list of days the first and the last of it."""
    wanted = Unreadable(
        "日期或起迄日期,例如 114/06/08 或 114/06/08至114/06/12", "a day, or from and to, such as 114/06/08至114/06/12"
    )
    line = plain(text)
    found = list(_MOMENT.finditer(line))
    if not found:
        raise wanted
    moments = [_moment(one) for one in found]
    rest = _MOMENT.sub("", line)
    for one in _SAME_YEAR.finditer(rest):  # 114年3月5日至3月12日
        moments.append(day(f"{moments[-1][:4]}-{one['month']}-{one['day']}"))
    if not _BETWEEN.fullmatch(_SAME_YEAR.sub("", rest)):
        raise wanted
    return moments[0], moments[-1]
