"""The way of a dispute: assessment (鑑定) and its one re-assessment (覆議), with their last days and fees. Pure.

K0040045 and K0040070, by the law of the accident's day. A committee counts from the day after it took the application on,
which only it knows: the days here are counted from the application, so the true ones may be later.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from services.motor.law import Line, Status, by_key
from services.motor.office_calendar import extended

APPLICATIONS = ("assessment", "reassessment")  # the party's own steps


@dataclass(frozen=True)
class Step:
    """`due`: the last day, `latest`: the same once prolonged, None where what it is counted from has not come; `extended`: the
    working day in place of `due` when that is one of rest, None where that is not known; `done`: the day
    on which it was taken, as the dispute tells; `asked`: of the step that the dispute wishes for, the day on which it came in;
    `fee` TWD a case, 0 for none, with its own status and source."""

    name: str
    due: date | None
    extended: date | None
    latest: date | None
    done: date | None
    asked: date | None
    fee: int
    fee_status: Status
    fee_source: str
    article: str
    status: Status

    @property
    def late(self) -> bool:
        """An application after its last day: by the day on which it reached the committee, as far as the dispute tells that, else
        by the day on which the dispute came in. Of a verdict only its committee knows its last day."""
        taken = self.done or self.asked
        if self.name not in APPLICATIONS or taken is None or self.latest is None:
            return False
        return taken > (extended(self.latest) or self.latest)


def steps(
    accident: date,
    applied: date | None = None,
    received: date | None = None,
    reapplied: date | None = None,
    *,
    wish: str = "",
    filed: date | None = None,
) -> tuple[Step, ...]:
    """The steps in their order. Empty when the law of that day is not in the data.

    `applied`: for the assessment; `received`: its verdict; `reapplied`: for the re-assessment, which there is once; `wish`: the
    step that the dispute asks for, `filed` the day on which it came in."""
    law = by_key("assessment", accident)
    if not law:
        return ()
    way = (
        ("assessment", accident, applied),
        ("assessment-result", applied, received),
        ("reassessment", received, reapplied),
        ("reassessment-result", reapplied, None),
    )
    return tuple(_step(law[name], start, done, filed if name == wish else None) for name, start, done in way)


def _step(line: Line, start: date | None, done: date | None, asked: date | None) -> Step:
    values = line.values
    due = _after(start, values["length"], values["unit"]) if start else None
    more = _after(start, values["length"] + values["more"], values["unit"]) if start and "more" in values else due
    return Step(
        name=line.key,
        due=due,
        extended=extended(due) if due else None,
        latest=more,
        done=done,
        asked=asked,
        fee=values.get("fee", 0),
        fee_status=Status(values.get("feeStatus", line.status)),
        fee_source=values.get("feeSource", ""),
        article=line.article,
        status=line.status,
    )


def _after(start: date, length: int, unit: str) -> date:
    """The last day of a period whose first day is the one after `start`: of months the day before the one that corresponds to
    the first; where the last month has no such day, that month's last (Civil Code art. 120 II, 121 II)."""
    if unit == "day":
        return start + timedelta(days=length)
    first = start + timedelta(days=1)
    end = first + relativedelta(months=length)
    return end - timedelta(days=1) if end.day == first.day else end
