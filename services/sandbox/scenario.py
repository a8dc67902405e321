"""The seeded world: claims as hospitals, police, owners and insurers would live them, with their typos and doubles, and
what must be true at the end.

`generate` gives the records in sending order. It holds a few dozen cases at a time, whatever the size of the scenario.
The same seed and number of cases give the same bytes.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.sandbox import applications, drafts, hospital_papers, medical, motor, open_data, police_papers
from services.sandbox.drafts import Book, Draft
from services.sandbox.open_data import Shown
from services.sandbox.participants import OPEN_DATA
from services.sandbox.truth import Truth, evaluate, police_recipients

ABREAST = 24  # cases whose records mix on the way in
KINDS = (
    *(("medical", kind) for kind in (medical.CLAIMED, medical.UNCLAIMED, medical.CLAIMED, medical.WITHDRAWN)),
    *(("medical", kind) for kind in (medical.IMPOSTOR, medical.NARROW, medical.CLAIMED, medical.UNCLAIMED)),
    *(("medical", kind) for kind in (medical.GUARDIAN, medical.HEIR, medical.AGENT, medical.REVOKED)),
    *(("motor", kind) for kind in (motor.ONE, motor.TWO, motor.PASSENGERS, motor.WITHDRAWN, motor.IMPOSTOR)),
    *(("motor", kind) for kind in (motor.NO_POLICE, motor.TWO, motor.PASSENGERS, motor.ONE, motor.FLED)),
    *(("motor", kind) for kind in (motor.WHOLE, *motor.BY_AGENT, motor.WHOLE, *motor.FUND_CASES)),
)


@dataclass(frozen=True)
class Item:
    """A record to send. `n` counts from 1; `of`: the line whose record id fills `{id}` in the path.

    `metadata` is that of an upload, whose `content_type` is then the file part's. A DELETE has an empty body.
    `truths` has one line, of a CSV one more for every accident in it.
    """

    n: int
    method: str
    path: str
    sender: str
    content_type: str
    file: str
    metadata: dict[str, Any] | None
    of: int | None
    body: bytes
    truths: tuple[Truth, ...]

    def line(self) -> dict[str, Any]:
        """The contract's object of `manifest.jsonl`."""
        return {
            "n": self.n,
            "method": self.method,
            "path": self.path,
            "sender": self.sender,
            "contentType": self.content_type,
            "file": self.file,
            "metadata": self.metadata,
            "of": self.of,
        }


def generate(seed: int, cases: int) -> Iterator[Item]:
    """The records of a scenario in sending order, each with its truth; the open-data file comes last."""
    rng = random.Random(f"order {seed}")
    waiting = iter(range(cases))
    active: list[tuple[list[tuple[Draft, Truth]], dict[str, int]]] = []  # what is left of a case, and its lines so far
    chosen: list[Shown] = []
    n = 0
    while True:
        while len(active) < ABREAST and (number := next(waiting, None)) is not None:
            told, sighting = tell(seed, number)
            if sighting and len(chosen) < open_data.MOST and (not chosen or rng.random() < 0.4):
                chosen.append(sighting)
            active.append((told[::-1], {}))
        if not active:
            break
        turn = rng.randrange(len(active))
        left, lines = active[turn]
        draft, truth = left.pop()
        n += 1
        lines[draft.name] = n
        yield Item(
            n=n,
            method=draft.method,
            path=draft.path,
            sender=draft.sender,
            content_type=draft.content_type,
            file=draft.name,
            metadata=draft.metadata,
            of=lines[draft.of] if draft.of else None,
            body=draft.body,
            truths=(truth,),
        )
        if not left:
            active.pop(turn)
    body, truths = open_data.make(seed, chosen)
    yield Item(n + 1, "POST", "/police/accidents", OPEN_DATA, "text/csv", open_data.NAME, None, None, body, truths)


def tell(seed: int, number: int) -> tuple[list[tuple[Draft, Truth]], Shown | None]:
    """One case: its records in sending order with their truth, and what open data may show of it."""
    book = drafts.book(seed, number)
    family, kind = _turn(seed, "kind", number, KINDS)
    document = _turn(seed, "document", number, hospital_papers.TWISTS)
    application = _turn(seed, "application", number, applications.TWISTS)
    sighting = None
    if family == "medical":
        medical.tell(book, kind, document, application)
    else:
        accident = _turn(seed, "accident", number, police_papers.TWISTS)
        sighting = motor.tell(book, kind, document, application, accident)
    truths = {truth.file: truth for truth in evaluate(book.drafts, book.label)}
    found = None
    if sighting:
        found = Shown(
            book.label,
            sighting.record.name,
            sighting.seen,
            tuple(sorted(police_recipients(book.drafts))),
            truths[sighting.record.name].allowed_ever,
        )
    return [(draft, truths[draft.name]) for draft in _arranged(book)], found


def _turn(seed: int, what: str, number: int, table: tuple[Any, ...]) -> Any:
    """The entry whose turn it is: every entry comes once in every round of cases, each round in an order of its own."""
    turn, place = divmod(number, len(table))
    order = list(range(len(table)))
    random.Random(f"{what} {seed} {turn}").shuffle(order)
    return table[order[place]]


def _arranged(book: Book) -> list[Draft]:
    """The records in an order of arrival: any, but none before one that it names."""
    left = {draft.name: draft for draft in book.drafts}
    done: set[str] = set()
    order: list[Draft] = []
    while left:
        ready = [draft for draft in left.values() if done.issuperset(_needs(draft))]
        draft = book.rng.choice(ready)
        del left[draft.name]
        done.add(draft.name)
        order.append(draft)
    return order


def _needs(draft: Draft) -> list[str]:
    named = (draft.of, draft.duplicate_of, draft.copy_of, draft.supersedes, *draft.after)
    return [name for name in named if name]
