"""Claims without an accident: a patient, a hospital, one or two life insurers, and no police."""

from datetime import date

from schemas.evidence import Cover
from services.sandbox import applications, consents, filings, hospital_papers, visits
from services.sandbox.consents import Wish
from services.sandbox.documents import Spec
from services.sandbox.drafts import Book
from services.sandbox.participants import HOSPITALS, LIFE
from services.sandbox.persons import Person

CLAIMED, UNCLAIMED, WITHDRAWN, IMPOSTOR, NARROW, GUARDIAN, HEIR, AGENT, REVOKED = (
    "claimed",
    "unclaimed",
    "consent-withdrawn",
    "impostor",
    "narrow-consent",
    "guardian",
    "heir",
    "agent",
    "mandate-revoked",
)


def tell(book: Book, kind: str, document_twist: str, application_twist: str) -> None:
    """Adds the records of one medical claim."""
    rng = book.rng
    hospital = rng.choice(HOSPITALS)
    life = [code for code, _ in rng.sample(LIFE, 3)]
    child = kind == GUARDIAN
    patient = book.person(0, youngest=1 if child else 19, oldest=17 if child else 78)
    spec = _visit(book, patient, life[0], hospital_index=HOSPITALS.index(hospital))
    # A stand-in has another number than the one it stands in for, so then the loss names the day.
    by_number = book.chance(0.4) and document_twist != hospital_papers.STAND_IN
    loss = (
        filings.medical_loss(hospital.code, document=spec.number)
        if by_number
        else filings.medical_loss(hospital.code, day=_day_of(book, spec))
    )
    named = life[: rng.choice((1, 1, 2))]
    if kind != UNCLAIMED:
        applicant = patient if not child and kind != HEIR else book.person(1, youngest=30, oldest=60)
        pairs = tuple((code, Cover.LIFE_HEALTH) for code in named)
        applications.tell(
            book,
            lambda identifier, version, insurers: (
                filings.application(identifier, applicant, loss, list(insurers), version=version)
                | ({"injured": [_named(patient, hospital.code)]} if applicant is not patient else {})
            ),
            pairs,
            application_twist,
            book.claimlink(),
        )
    document = hospital_papers.tell(book, spec, document_twist)
    _consent(book, kind, patient, spec, tuple(life), loss)
    gone = document_twist in (hospital_papers.WITHDRAWN, hospital_papers.STAND_IN)
    if not gone and (kind == NARROW or book.chance(0.3)):
        hospital_papers.upload_receipt(
            book, spec, document, filings.medical_loss(hospital.code, day=_day_of(book, spec))
        )


def _named(person: Person, hospital: str) -> dict[str, str]:
    return {"identifier": person.identifier, "name": person.name, "hospital": hospital}


def _visit(book: Book, patient: Person, insurer: str, *, hospital_index: int) -> Spec:
    visit = visits.Visit(HOSPITALS[hospital_index], patient, insurer, book.day, book.mark())
    tested = book.chance(0.5)
    if book.chance(0.4):
        return visits.surgery(book.rng, visit, tested=tested)
    return visits.illness(book.rng, visit, tested=tested)


def _day_of(book: Book, spec: Spec) -> date:
    """A day of the service: the first, or the last."""
    return book.rng.choice((spec.start, spec.end)).date()


def _consent(book: Book, kind: str, patient: Person, spec: Spec, life: tuple[str, ...], loss: dict[str, str]) -> None:
    classes = ("receipt",) if kind == NARROW else tuple(visits.classes(spec))
    role = "deceased" if kind == HEIR else "insured"
    # Sometimes only one of two named insurers may see the papers.
    recipients = life[: book.rng.choice((1, 1, 2))]
    wish = Wish(patient, role, recipients, Cover.LIFE_HEALTH, classes, loss)
    if kind == WITHDRAWN:
        consents.grant(book, wish, consents.WITHDRAWN)
    elif kind in (GUARDIAN, HEIR):
        somebody = book.person(1, youngest=30, oldest=60)
        consents.grant(book, wish, by=somebody, how="heir" if kind == HEIR else "representative")
    elif kind in (AGENT, REVOKED):
        agent = book.person(1, youngest=30, oldest=60)
        outcome = consents.WITHDRAWN if kind == REVOKED else consents.APPROVED
        consents.grant(book, wish, by=agent, how="agent", under=consents.mandate(book, patient, agent, outcome))
    else:
        consents.grant(book, wish)
    if kind == IMPOSTOR:
        consents.impostor(book, Wish(patient, role, life[2:], Cover.LIFE_HEALTH, classes, loss))
