"""A case being told: its records before they have an order, and what is true of each."""

import random
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson

from schemas.ids import derive
from services.sandbox import filings
from services.sandbox.participants import CLAIMLINK, OPERATORS
from services.sandbox.persons import Person, person
from services.sandbox.places import Setting, setting

DOCUMENT_TYPE, JSON_TYPE = "application/fhir+json", "application/json"


@dataclass(frozen=True)
class Consent:
    """What an authorisation gives: the subject's papers of these classes to these recipients."""

    subject: str
    recipients: tuple[str, ...]
    classes: frozenset[str]


@dataclass
class Draft:
    """One record of a case.

    `lineage` is the one thing that versions and duplicates of it share; `identity` and `version` as de-duplication
    sees them. `after` names drafts that must be sent before this one. `verdict`: accepted, rejected or duplicate.
    """

    name: str
    kind: str
    method: str
    path: str
    sender: str
    content_type: str
    body: bytes
    metadata: dict[str, Any] | None = None
    of: str | None = None
    persons: tuple[str, ...] = ()
    classes: frozenset[str] = frozenset()
    lineage: str = ""
    identity: str = ""
    version: str = ""
    withdrawn: bool = False
    verdict: str = "accepted"
    duplicate_of: str | None = None
    copy_of: str | None = None
    supersedes: str | None = None
    after: tuple[str, ...] = ()
    own: bool = True  # sent by who issued it
    parts: frozenset[tuple[str, ...]] = frozenset()
    plates: tuple[str, ...] = ()  # of the vehicles that a police record tells
    insurers: tuple[str, ...] = ()  # that an application or a dispute names
    consent: Consent | None = None
    under: str | None = None  # the mandate that an agent's authorisation or application rests on
    by_agent: bool = False  # of an application
    fund: bool = False  # of a police record: it tells of a vehicle that the special compensation fund answers for
    stood: dict[str, str] | None = None  # of a police record: by driving party how the vehicle stood
    owed: dict[str, dict[str, str]] | None = None  # of a police record: by injured party who owes, and which share
    claimed: dict[str, int] | None = None  # of one whose every paper is there: by injured party her costs, TWD
    approves: bool | None = None  # of a review


def dump(value: Any, *, pretty: bool) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 if pretty else 0)


@dataclass
class Book:
    """A case and what it draws from. `tag` makes identities differ between seeds."""

    seed: int
    number: int
    rng: random.Random
    setting: Setting
    tag: str
    drafts: list[Draft] = field(default_factory=list)
    marks: int = 0

    @property
    def label(self) -> str:
        return f"case-{self.number:05d}"

    @property
    def day(self) -> date:
        return self.setting.day

    def person(self, slot: int, *, youngest: int = 19, oldest: int = 78) -> Person:
        return person(self.seed, self.number, slot, on=self.day, youngest=youngest, oldest=oldest)

    def mark(self) -> str:
        """A text that no other record of the scenario has, and practically none of another seed."""
        self.marks += 1
        return f"{self.tag}{self.number:05d}{self.marks:02d}"

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def claimlink(self) -> str:
        return self.rng.choice(CLAIMLINK)[0]

    def add(self, kind: str, **fields: Any) -> Draft:
        """A draft with a file name of its own. Without more said, it is a version 1 of a thing of its own."""
        ends = {"application/pdf": "pdf", "image/png": "png"}.get(fields.get("content_type", ""), "json")
        if kind == "withdrawal":
            ends = "txt"
        name = f"{self.label}/{len(self.drafts) + 1:02d}-{kind}.{ends}"
        fields.setdefault("content_type", JSON_TYPE)
        fields.setdefault("method", "POST")
        draft = Draft(name=name, kind=kind, **fields)
        draft.identity = draft.identity or name
        draft.lineage = draft.lineage or draft.identity
        self.drafts.append(draft)
        return draft

    def review(self, given: Draft, approves: bool) -> Draft:
        return self.add(
            "review",
            path=f"{given.path}/{{id}}/review",
            sender=self.rng.choice(OPERATORS)[0],
            body=dump(filings.review(approves), pretty=False),
            of=given.name,
            approves=approves,
        )

    def withdraw(self, given: Draft, review: Draft) -> Draft:
        """DELETE has no body: its file is empty."""
        return self.add(
            "withdrawal",
            method="DELETE",
            path=f"{given.path}/{{id}}",
            sender=given.sender,
            body=b"",
            of=given.name,
            after=(review.name,),
        )


def book(seed: int, number: int) -> Book:
    tag = derive("scenario-tag", seed)[:5].upper()
    return Book(seed, number, random.Random(f"case {seed} {number}"), setting(seed, number), tag)
