"""Working days of Taiwan's government calendar (政府行政機關辦公日曆表), make-up working Saturdays included. Pure.

`holidays` knows them by rule and table. Its answers agree with the published calendars on every day from `FIRST` to `LAST`
(the test holds the published days); it would go on to guess beyond, and the answer here is "not known". Days on which work
stops for a typhoon are announced on the eve, by county: no calendar has them.
"""

from datetime import date, timedelta

from holidays import country_holidays

FIRST, LAST = date(2017, 1, 1), date(2027, 12, 31)  # raise LAST when the next calendar is out, each June
_TAIWAN = country_holidays("TW", years=range(FIRST.year, LAST.year + 1), expand=False)


def is_working(day: date) -> bool | None:
    """None when no calendar covers the day."""
    return _TAIWAN.is_working_day(day) if FIRST <= day <= LAST else None


def working_day_after(day: date, count: int) -> date | None:
    """The `count`-th working day after a day, which itself does not count. None when no calendar covers the way there."""
    while count > 0:
        day += timedelta(days=1)
        match is_working(day):
            case None:
                return None
            case True:
                count -= 1
    return day


def extended(last: date) -> date | None:
    """The working day in place of a last day that is one of rest, else that day. None when no calendar covers the way there."""
    return last if is_working(last) else working_day_after(last, 1)
