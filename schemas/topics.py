"""THE topic table: every stream of the interchange, what it carries, how it is keyed, how it rests on a broker.

The log's own retention is no promise to erase: a broker removes closed segments only, when it likes. What ends a value is
the destruction of its day's key, at most `days` after it was written, once every step is past that day. The broker keeps it
longer, so that a step which was down for days loses nothing.
"""

from dataclasses import dataclass

DAY_MS = 86_400_000
SEGMENT_MS = 3_600_000  # only closed segments are removed: an hour, so that what ended does not lie about
BROKER_DAYS = 14  # a step may be down for so long, and goes on where it stood, if the brokers remember that as long
# An event with the problems of 5,000 entries; the bytes of a record travel beside it up to 700 kB, else by reference.
MESSAGE_BYTES = 16 << 20
# The largest view as an offer: what names its bases makes 1.75 of it at most, sealing 4/3 of that.
OFFER_BYTES = 3 * MESSAGE_BYTES


def _settings(days: int, largest: int) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(days * DAY_MS),
        "segment.ms": str(SEGMENT_MS),
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(largest),
    }


LOG_SETTINGS = _settings(BROKER_DAYS, MESSAGE_BYTES)  # of the topics between the steps
FEED_SETTINGS = _settings(30, OFFER_BYTES)  # of an insurer's own topic: its values are handed over, and end with it


@dataclass(frozen=True)
class Topic:
    """`key` says what orders it; no key holds personal data. `carries`: the types of its events. `days`: for how long its
    values can be read, at the most.

    `ordered`: the order of one key matters, so that its partitions are never widened (a key would move and overtake
    itself); a wider one is a new version. `partitions`: as many workers can share its step."""

    name: str
    key: str
    carries: tuple[str, ...]
    days: int = 3
    partitions: int = 12
    ordered: bool = False
    version: int = 1

    def on_broker(self, space: str) -> str:
        """Its name on a broker, under the interchange's own first word."""
        return f"{space}.{self.name}.v{self.version}"


RECEIVED = Topic("received", "record id", ("received",))
CHECKED = Topic("checked", "sender, or the target of a review", ("checked",), ordered=True)
CONTROLS = Topic("controls", "target", ("checked", "verdict"), partitions=4, ordered=True)
VERDICTS = Topic("verdicts", "record id", ("verdict",))
DUE = Topic("due", "record id", ("refold", "expire"), partitions=4)
OFFERS = Topic("offers", "insurer", ("view",), partitions=4)  # versions of a view order it; insurers are few

TOPICS = (RECEIVED, CHECKED, CONTROLS, VERDICTS, DUE, OFFERS)


def feed_name(insurer: str) -> str:
    """An insurer's own topic: its feed, in one partition."""
    return f"offers.{insurer}"
