"""THE topic table: every stream of the interchange, what it carries, how it is keyed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """`key` says what orders it; no key holds personal data. `days`: how long the log keeps it."""

    name: str
    key: str
    carries: str
    days: int = 3


RECEIVED = Topic("received", "record id", "received")
CHECKED = Topic("checked", "sender, or the target of a review", "checked")
CONTROLS = Topic("controls", "target", "checked")
VERDICTS = Topic("verdicts", "record id", "verdict")
DUE = Topic("due", "record id", "refold")
OFFERS = Topic("offers", "insurer", "view")

TOPICS = (RECEIVED, CHECKED, CONTROLS, VERDICTS, DUE, OFFERS)
