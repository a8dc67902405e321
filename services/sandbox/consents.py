"""Who allows what: authorisations with their reviews, refusals, withdrawals, and those of impostors; mandates of agents."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from schemas.evidence import Cover
from services.sandbox import filings
from services.sandbox.drafts import Book, Consent, Draft, dump
from services.sandbox.persons import Person

APPROVED, PENDING, REFUSED, WITHDRAWN = "approved", "pending", "refused", "withdrawn"
IMPOSTOR_SLOT = 15


@dataclass(frozen=True)
class Wish:
    """What the subject is asked to allow."""

    subject: Person
    role: str
    recipients: tuple[str, ...]
    purpose: Cover
    classes: tuple[str, ...]
    loss: dict[str, Any]


def grant(
    book: Book,
    wish: Wish,
    outcome: str = APPROVED,
    *,
    by: Person | None = None,
    how: str = "representative",
    under: Draft | None = None,
) -> Draft:
    """An authorisation and what becomes of it. `by`: someone who acts for the subject, as `how` says; `under`: his mandate."""
    sender, mark = book.claimlink(), book.mark()
    made = filings.authorisation(
        f"G-{mark}",
        grantor=by or wish.subject,
        role=how if by else "self",
        subject=wish.subject,
        subject_role=wish.role,
        recipients=list(wish.recipients),
        purpose=wish.purpose,
        classes=sorted(wish.classes),
        start=book.day - timedelta(days=book.rng.randrange(1, 60)),
        uses="single" if book.chance(0.2) else "multiple",
        loss=wish.loss,
    )
    draft = book.add(
        "authorisation",
        path="/authorisations",
        sender=sender,
        body=dump(made, pretty=book.chance(0.3)),
        persons=(wish.subject.identifier,),  # about the subject, whoever gives it
        identity=f"{sender} {made['id']}",
        consent=Consent(wish.subject.identifier, wish.recipients, frozenset(wish.classes)),
        under=under.name if under else None,
    )
    return _decided(book, draft, outcome)


def mandate(
    book: Book, principal: Person, agent: Person, outcome: str = APPROVED, scope: str = "authorisation"
) -> Draft:
    """A mandate to act for the principal, and what becomes of it."""
    sender, mark = book.claimlink(), book.mark()
    start = book.day - timedelta(days=book.rng.randrange(60, 120))
    made = filings.mandate(f"M-{mark}", principal=principal, agent=agent, scope=scope, start=start)
    draft = book.add(
        "mandate",
        path="/mandates",
        sender=sender,
        body=dump(made, pretty=book.chance(0.3)),
        persons=(principal.identifier, agent.identifier),
        identity=f"{sender} {made['id']}",
    )
    return _decided(book, draft, outcome)


def _decided(book: Book, draft: Draft, outcome: str) -> Draft:
    if outcome == PENDING:
        return draft
    review = book.review(draft, outcome != REFUSED)
    if outcome == WITHDRAWN:
        book.withdraw(draft, review)
    return draft


def impostor(book: Book, wish: Wish) -> Draft:
    """Somebody claims to act for the subject; the review refuses it, or never comes."""
    somebody = book.person(IMPOSTOR_SLOT)
    return grant(book, wish, book.rng.choice((PENDING, REFUSED)), by=somebody)
