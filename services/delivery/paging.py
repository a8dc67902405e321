"""What an insurer asks of its feed, read out of the query. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LIMIT = 500  # offers a page, as the contract has it: some megabytes at most, a second's work
LONGEST_WAIT = 30  # seconds: proxies cut what stays silent for a minute
LARGEST = 2**31 - 1  # the largest offer number that the schema of an offer allows


class BadAsk(ValueError):
    """A parameter is no whole number of its range; the text says which and what to send, and quotes nothing."""


@dataclass(frozen=True)
class Ask:
    after: int = 0
    limit: int = LIMIT
    wait: int = 0


def ask(query: Mapping[str, str]) -> Ask:
    """`after` 0, `limit` 500, `wait` 0 (seconds) unless given. BadAsk for anything that is no such number."""
    return Ask(
        after=number(query, "after", 0, 0, LARGEST),
        limit=number(query, "limit", LIMIT, 1, LIMIT),
        wait=number(query, "wait", 0, 0, LONGEST_WAIT),
    )


def number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number of the query, else BadAsk."""
    text = query.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST)) and least <= int(text) <= most:
        return int(text)
    raise BadAsk(f"Send {name} as a whole number from {least} to {most}.")


def next_number(wanted: Ask, events: Sequence[Mapping[str, object]]) -> int:
    """What to send as `after` next: the last number in the page, else the one that was sent."""
    return int(str(events[-1]["offernumber"])) if events else wanted.after
