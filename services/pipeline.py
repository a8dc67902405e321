"""THE FLOW AS DATA. Every step of the interchange, what it reads and what it may write; the hosts run this list.

doors ─► received ─► validation ─┬─► checked ──► deduplication ─┬─► verdicts ─► hub ─► offers ─► sequencer ─► feeds
                                 └─► controls ◄── of consent ───┘       ▲        ▲
                                         └─► consent ───────────────────┘        │
                                  clock, answers ─► due ─────────────────────────┘
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from schemas.topics import CHECKED, CONTROLS, DUE, OFFERS, RECEIVED, VERDICTS, Topic


class Form(StrEnum):
    TRANSFORM = "transform"  # (event) → events; no state
    DECIDE = "decide"  # (view, event) → changes, in one transaction


@dataclass(frozen=True)
class Step:
    """`rest`: the seconds for which a decide step rests after a batch that was not full. A lone record is not delayed; under
    load the next batch shares its statements and its flush to disk among more records, which costs each of them less than
    it waits."""

    name: str
    form: Form
    sources: tuple[Topic, ...]
    targets: tuple[Topic, ...]
    rest: float = 0.0


PAUSE, LATER = 0.05, 0.15  # where a sender waits for the verdict, and after it
RETRY = timedelta(hours=1)  # after a dead letter that nobody posts again: time for an operator to see why


VALIDATION = Step("validation", Form.TRANSFORM, (RECEIVED,), (CHECKED, CONTROLS))
DEDUPLICATION = Step("deduplication", Form.DECIDE, (CHECKED,), (VERDICTS, CONTROLS), PAUSE)
CONSENT = Step("consent", Form.DECIDE, (CONTROLS,), (VERDICTS,), PAUSE)
HUB = Step("hub", Form.DECIDE, (VERDICTS, DUE), (OFFERS,), LATER)
SEQUENCER = Step("sequencer", Form.DECIDE, (OFFERS,), (), LATER)

PIPELINE = (VALIDATION, DEDUPLICATION, CONSENT, HUB, SEQUENCER)
