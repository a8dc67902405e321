"""A police unit's record of an accident as it really comes, and the dated papers that follow it."""

from datetime import timedelta
from typing import Any

from services.sandbox import accidents, filings
from services.sandbox.accidents import Occurrence
from services.sandbox.drafts import Book, Draft, dump
from services.sandbox.hospital_papers import upload

PLAIN, DUPLICATE, AMENDED, COPIED, HANDED_ON, WITHDRAWN, TYPO = (
    "plain",
    "duplicate",
    "amended",
    "copied",
    "handed-on",
    "withdrawn",
    "typo",
)
TWISTS = (PLAIN, COPIED, DUPLICATE, AMENDED, PLAIN, HANDED_ON, TYPO, PLAIN, WITHDRAWN)
STANDING = (PLAIN, DUPLICATE, AMENDED, COPIED, TYPO)  # after which the unit's own record is still there
POLICE_PAPERS = (("registration-slip", 0), ("scene-diagram", 7), ("scene-photo", 7), ("preliminary-analysis", 30))


def tell(book: Book, seen: Occurrence, number: str, twist: str) -> Draft:
    """Adds the accident to the case with its twist; gives back the unit's own current record, or its first."""
    identifier = f"{number}-{book.mark()}"
    if twist == TYPO:
        wrong = accidents.record(seen, identifier, number=number) | {"severity": "A5"}
        refused = _send(book, seen, wrong)
        refused.verdict, refused.persons, refused.classes, refused.plates = "rejected", (), frozenset(), ()
        refused.fund = False
        refused.identity = refused.lineage = refused.name
        return _send(book, seen, accidents.record(seen, identifier, number=number), after=(refused.name,))
    if twist == DUPLICATE:
        # The second version, so that the case shows it and not the double, whichever comes first.
        first = _send(book, seen, accidents.record(seen, identifier, version=2, number=number))
        again = accidents.record(_unspaced(seen), f"{identifier}-E", number=number)
        double = _send(book, seen, again, lineage=first.lineage)
        double.verdict, double.duplicate_of = "duplicate", first.name
        return first
    first = _send(book, seen, accidents.record(seen, identifier, number=number))
    if twist == AMENDED:
        changed = accidents.record(seen, identifier, version=2, number=number, weather="6")
        return _send(book, seen, changed, supersedes=first.name)
    if twist in (WITHDRAWN, HANDED_ON):
        _withdraw(book, seen, accidents.record(seen, identifier, version=2, number=number), first)
    if twist in (COPIED, HANDED_ON):
        _by_another_unit(book, seen, first, keeps=twist == HANDED_ON)
    return first


def _send(book: Book, seen: Occurrence, made: dict[str, Any], **more: Any) -> Draft:
    identity = f"{seen.unit[0]} {made['id']}"
    kinds = ",".join(sorted(party.kind for party in seen.parties))
    return book.add(
        "accident",
        path="/police/accidents",
        sender=seen.unit[0],
        body=dump(made, pretty=book.chance(0.3)),
        persons=tuple(party.person.identifier for party in seen.parties if party.person),
        classes=frozenset({"police"}),
        identity=identity,
        version=f"{made['version']:012d}",
        parts=frozenset({("accident", seen.moment.isoformat(), seen.place.replace(" ", ""), kinds)}),
        plates=tuple(dict.fromkeys(party.plate for party in seen.parties if party.plate)),
        fund=any(party.role == "driver" and party.stood != "insured" for party in seen.parties),
        **{"lineage": identity, **more},
    )


def _withdraw(book: Book, seen: Occurrence, made: dict[str, Any], first: Draft) -> None:
    taken = _send(book, seen, made | {"status": "entered-in-error"}, supersedes=first.name)
    taken.withdrawn = True


def _by_another_unit(book: Book, seen: Occurrence, first: Draft, *, keeps: bool) -> None:
    """The unit next door files the accident too; it keeps the case, or takes its record back.

    Never do both keep it: which of two equal copies is offered would depend on the order of arrival.
    """
    theirs = Occurrence(seen.moment, seen.place, seen.coordinates, book.setting.other_unit, seen.parties)
    number = f"B{book.mark()}"
    copy = _send(book, theirs, accidents.record(theirs, number, number=number))
    copy.copy_of = first.name
    if not keeps:
        _withdraw(book, theirs, accidents.record(theirs, number, version=2, number=number), copy)


def _unspaced(seen: Occurrence) -> Occurrence:
    """The same place, written without spaces."""
    return Occurrence(seen.moment, seen.place.replace(" ", ""), seen.coordinates, seen.unit, seen.parties)


def papers(book: Book, seen: Occurrence, number: str, kind: str, plate: str) -> Draft:
    """A dated police paper, uploaded by the unit, or by a party who applied for it."""
    mark = book.mark()
    sender = seen.unit[0] if book.chance(0.4) else book.claimlink()
    persons = list(dict.fromkeys(party.person.identifier for party in seen.parties if party.person))
    return upload(
        book,
        kind,
        sender=sender,
        metadata=filings.paper(
            f"P-{mark}",
            kind,
            persons=persons,
            classes=["police"],
            issuer=seen.unit[0],
            issued=book.day + timedelta(days=dict(POLICE_PAPERS)[kind]),
            loss=filings.motor_loss(book.day, plate),
            numbers={"policeCase": number},
        ),
        mark=mark,
    )
