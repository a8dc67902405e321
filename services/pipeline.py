"""THE FLOW AS DATA. Every step of the interchange, what it reads and what it may write; the hosts run this list.

doors ─► received ─► validation ─┬─► checked ──► deduplication ─┬─► verdicts ─► hub ─► offers ─► sequencer ─► feeds
                                 └─► controls ◄── of consent ───┘       ▲        ▲
                                         └─► consent ───────────────────┘        │
                                  clock, consent ─► due ─────────────────────────┘
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.topics import CHECKED, CONTROLS, DUE, OFFERS, RECEIVED, VERDICTS, Topic


class Form(StrEnum):
    TRANSFORM = "transform"  # (event) → events; no state
    DECIDE = "decide"  # (view, event) → changes, in one transaction


@dataclass(frozen=True)
class Step:
    name: str
    form: Form
    sources: tuple[Topic, ...]
    targets: tuple[Topic, ...]


VALIDATION = Step("validation", Form.TRANSFORM, (RECEIVED,), (CHECKED, CONTROLS))
DEDUPLICATION = Step("deduplication", Form.DECIDE, (CHECKED,), (VERDICTS, CONTROLS))
CONSENT = Step("consent", Form.DECIDE, (CONTROLS,), (VERDICTS, DUE))
HUB = Step("hub", Form.DECIDE, (VERDICTS, DUE), (OFFERS,))
SEQUENCER = Step("sequencer", Form.DECIDE, (OFFERS,), ())

PIPELINE = (VALIDATION, DEDUPLICATION, CONSENT, HUB, SEQUENCER)
