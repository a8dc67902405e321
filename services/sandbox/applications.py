"""Applications as they really come: once, twice, mistyped, corrected, taken back, by the claimant or her agent."""

from collections.abc import Callable
from typing import Any

from schemas.evidence import Cover
from services.sandbox import consents, filings, persons
from services.sandbox.drafts import Book, Draft, dump
from services.sandbox.persons import Person

PLAIN, DUPLICATE, AMENDED, WITHDRAWN, TYPO = "plain", "duplicate", "amended", "withdrawn", "typo"
TWISTS = (PLAIN, DUPLICATE, PLAIN, AMENDED, PLAIN, TYPO, PLAIN, WITHDRAWN, PLAIN, AMENDED, PLAIN)

Insurers = tuple[tuple[str, Cover], ...]
Make = Callable[[str, int, Insurers], dict[str, Any]]  # (id, version, insurers) → the application
MANDATED, REVOKED, ASTRAY = "mandated", "mandate-revoked", "without-mandate"


def tell(book: Book, make: Make, insurers: Insurers, twist: str, sender: str) -> Draft:
    """Adds the application with its twist. Gives back the current one."""
    identifier = f"A-{book.mark()}"
    if twist == TYPO:
        wrong = make(identifier, 1, insurers)
        wrong["applicant"]["identifier"] = persons.wrong(wrong["applicant"]["identifier"])
        refused = _send(book, wrong, (), sender)
        refused.verdict, refused.persons = "rejected", ()
        refused.identity = refused.lineage = refused.name
        return _send(book, make(identifier, 1, insurers), insurers, sender, after=(refused.name,))
    if twist == DUPLICATE:
        # The second version, so that the case shows it and not the double, whichever comes first.
        first = _send(book, make(identifier, 2, insurers), insurers, sender)
        double = _send(book, make(f"{identifier}-E", 1, insurers), insurers, sender, lineage=first.lineage)
        double.verdict, double.duplicate_of = "duplicate", first.name
        return first
    if twist == AMENDED and len(insurers) > 1:
        early = _send(book, make(identifier, 1, insurers[:1]), insurers[:1], sender)
        return _send(book, make(identifier, 2, insurers), insurers, sender, supersedes=early.name)
    first = _send(book, make(identifier, 1, insurers), insurers, sender)
    if twist == WITHDRAWN:
        taken = make(identifier, 2, insurers) | {"status": "entered-in-error"}
        _send(book, taken, insurers, sender, supersedes=first.name).withdrawn = True
    return first


def by_agent(
    book: Book, make: Make, insurers: Insurers, how: str, sender: str, principal: Person, agent: Person
) -> None:
    """Adds the application that an agent files: under a mandate, under one that is then revoked and once more after that,
    or, over the principal's own, with none."""
    identifier = f"A-{book.mark()}"

    def send(version: int, **more: Any) -> Draft:
        made = filings.by_agent(make(identifier, version, insurers), agent)
        return _send(book, made, insurers, sender, by_agent=True, **more)

    if how == ASTRAY:
        own = _send(book, make(identifier, 1, insurers[:1]), insurers[:1], sender)
        send(2, after=(own.name,))
        return
    mandate = consents.mandate(book, principal, agent, scope="application")
    first = send(1, under=mandate.name)
    if how == REVOKED:
        review = next(draft for draft in book.drafts if draft.of == mandate.name)
        ended = book.withdraw(mandate, review)
        ended.after += (first.name,)
        send(2, under=mandate.name, supersedes=first.name, after=(ended.name,))


def _send(book: Book, made: dict[str, Any], insurers: Insurers, sender: str, **more: Any) -> Draft:
    vehicles, injured = made.get("vehicles", []), made.get("injured", [])
    people = [made["applicant"], *(vehicle["driver"] for vehicle in vehicles if "driver" in vehicle), *injured]
    identity = f"{sender} {made['id']}"
    return book.add(
        "application",
        path="/claimlink/applications",
        sender=sender,
        body=dump(made, pretty=book.chance(0.3)),
        persons=tuple(dict.fromkeys(person["identifier"] for person in people)),
        classes=frozenset({"application"}),
        identity=identity,
        version=f"{made['version']:012d}",
        insurers=tuple(dict.fromkeys(code for code, _ in insurers)),
        **{"lineage": identity, **more},
    )
