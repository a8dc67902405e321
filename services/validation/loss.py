"""The loss that a filing names. Pure."""

from schemas import normalise
from schemas.evidence import Loss
from schemas.problems import Problem
from schemas.records import Record
from services.validation import moments
from services.validation.fields import day_faults
from services.validation.schema import at


def read(value: dict) -> Loss:
    """`{kind: motor, date, plate}`, `{kind: medical, hospital, date or document}` or `{case}`, normalised."""
    document, case = value.get("document"), value.get("case")
    return Loss(
        kind=value.get("kind", "case"),
        date=value.get("date"),
        plate=normalise.plate(value["plate"]) or None if "plate" in value else None,
        hospital=value.get("hospital"),
        document=normalise.text(document) if document else None,
        case=normalise.text(case) if case else None,
    )


def fields(loss: Loss) -> list[str | None]:
    """Its fields in the order of the fingerprints."""
    return [loss.kind, loss.date, loss.plate, loss.hospital, loss.document, loss.case]


def plates(loss: Loss, others: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The normalised plates of a filing, sorted, each once."""
    return tuple(sorted({plate for plate in (loss.plate, *(normalise.plate(one) for one in others)) if plate}))


def faults(value: dict, record: Record) -> list[Problem]:
    """A loss's day is a Gregorian one, not after the day of receipt in Taiwan."""
    if "date" not in value:
        return []
    found = day_faults(value["date"], "loss", "date")
    if not found and value["date"] > moments.taipei_day(record.received):
        found.append(at("filing-loss-in-future", "loss", "date"))
    return found
