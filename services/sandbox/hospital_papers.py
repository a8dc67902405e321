"""A hospital's document as it really comes: once, twice, mistyped, corrected, withdrawn; and the owner's own upload."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.sandbox import documents, filings, persons, visits
from services.sandbox.documents import Spec
from services.sandbox.drafts import DOCUMENT_TYPE, Book, Draft, dump

_FULL_WIDTH = {ord(digit): chr(ord("０") + place) for place, digit in enumerate("0123456789")}
PLAIN, DUPLICATE, AMENDED, PRELIMINARY, WITHDRAWN, STAND_IN, TYPO = (
    "plain",
    "duplicate",
    "amended",
    "preliminary",
    "withdrawn",
    "stand-in",
    "typo",
)
TWISTS = (PLAIN, DUPLICATE, AMENDED, TYPO, PLAIN, PRELIMINARY, DUPLICATE, WITHDRAWN, PLAIN, STAND_IN)


def tell(book: Book, spec: Spec, twist: str) -> Draft:
    """Adds the document to the case with its twist; gives back the record that stands for it first."""
    if twist == TYPO:
        bundle = documents.build(replace(spec, sent=spec.sent - timedelta(minutes=15)))
        book.rng.choice(_MISTAKES)(bundle, spec)
        wrong = _send(book, spec, bundle)
        wrong.verdict, wrong.persons, wrong.classes = "rejected", (), frozenset()
        wrong.identity = wrong.lineage = wrong.name
        return _draft(book, spec, after=(wrong.name,))
    if twist == PRELIMINARY:
        early = _draft(book, replace(spec, status="preliminary"))
        _draft(book, replace(_changed(book, spec), sent=spec.sent + timedelta(days=2)), supersedes=early.name)
        return early
    first = _draft(book, spec)
    if twist in (DUPLICATE, STAND_IN):
        _again(book, spec, first)
    if twist == AMENDED:
        later = replace(_changed(book, spec), status="amended", sent=spec.sent + timedelta(days=3))
        _draft(book, later, supersedes=first.name)
    if twist in (WITHDRAWN, STAND_IN):
        taken = replace(spec, status="entered-in-error", sent=spec.sent + timedelta(days=4))
        _draft(book, taken, supersedes=first.name).withdrawn = True
    return first


def _draft(book: Book, spec: Spec, **more: Any) -> Draft:
    return _send(book, spec, documents.build(spec), **more)


def _send(book: Book, spec: Spec, bundle: dict[str, Any], **more: Any) -> Draft:
    hospital, own = spec.hospital.code, spec.person.identifier
    identity = f"{spec.hospital.system}|{spec.number}"
    return book.add(
        "document",
        path="/fhir/Bundle",
        sender=hospital,
        content_type=DOCUMENT_TYPE,
        body=dump(bundle, pretty=book.chance(0.6)),
        persons=(own,),
        classes=visits.classes(spec),
        identity=identity,
        version=spec.sent.isoformat(),
        parts=frozenset({("certificate", hospital, own, spec.certificate), ("receipt", hospital, own, spec.receipt)}),
        **{"lineage": identity, **more},
    )


def _again(book: Book, spec: Spec, first: Draft) -> Draft:
    """The same content under a new number, from an earlier export: keys in another order, full-width digits.

    It is the older one, so the case shows the first whichever comes first.
    """
    other = replace(
        spec,
        number=f"{spec.number}-E",
        sent=spec.written + timedelta(minutes=1),
        certificate=spec.certificate.translate(_FULL_WIDTH),
        receipt=spec.receipt.translate(_FULL_WIDTH),
        rank=1,
    )
    draft = _send(book, other, reordered(documents.build(other)), lineage=first.lineage)
    draft.parts = first.parts
    draft.verdict, draft.duplicate_of = "duplicate", first.name
    return draft


def reordered(value: Any) -> Any:
    """The same JSON with the keys of every object the other way round."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        return [reordered(item) for item in value]
    return value


def _changed(book: Book, spec: Spec) -> Spec:
    """The document after a correction: another price of one line, and other advice."""
    lines = list(spec.lines)
    place = book.rng.randrange(len(lines))
    lines[place] = replace(lines[place], price=lines[place].price + 20)
    return replace(spec, lines=tuple(lines), advice=spec.advice + "（更正）")


def _mistype_identifier(bundle: dict[str, Any], spec: Spec) -> None:
    patient = next(entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Patient")
    patient["identifier"][0]["value"] = persons.wrong(spec.person.identifier)


def _mistype_total(bundle: dict[str, Any], spec: Spec) -> None:
    claim = next(entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Claim")
    claim["total"]["value"] = spec.total + 100


def _swap_period(bundle: dict[str, Any], spec: Spec) -> None:
    found = next(entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Encounter")
    found["period"] = {"start": spec.end.isoformat(), "end": spec.start.isoformat()}


_MISTAKES: tuple[Callable[[dict[str, Any], Spec], None], ...] = (_mistype_identifier, _mistype_total, _swap_period)


def upload_receipt(book: Book, spec: Spec, document: Draft, loss: dict[str, Any]) -> Draft:
    """The owner's photograph or scan of the receipt that the hospital's document carries too."""
    own, hospital = spec.person.identifier, spec.hospital.code
    mark = book.mark()
    draft = upload(
        book,
        "receipt",
        sender=book.claimlink(),
        metadata=filings.paper(
            f"P-{mark}",
            "receipt",
            persons=[own],
            classes=["receipt"],
            issuer=hospital,
            issued=spec.written.date(),
            loss=loss,
            numbers={"receipt": spec.receipt},
        ),
        mark=mark,
    )
    draft.parts = frozenset({("receipt", hospital, own, spec.receipt)})
    draft.copy_of = document.name
    draft.own = False
    return draft


def upload(book: Book, kind: str, *, sender: str, metadata: dict[str, Any], mark: str) -> Draft:
    scan = book.chance(0.5)
    return book.add(
        kind,
        path="/papers",
        sender=sender,
        content_type="application/pdf" if scan else "image/png",
        body=filings.pdf(mark) if scan else filings.png(mark),
        metadata=metadata,
        persons=tuple(metadata["persons"]),
        classes=frozenset(metadata["classes"]),
        identity=f"{sender} {metadata['id']}",
        version=f"{metadata['version']:012d}",
    )
