"""Road accidents: vehicles and their insurers from the register, the injured, their papers and consents."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

from schemas.evidence import Cover
from schemas.records import FUND
from services.sandbox import applications, consents, filings, hospital_papers, police_papers, visits
from services.sandbox.accidents import Occurrence, Participant
from services.sandbox.applications import Insurers, Make
from services.sandbox.consents import Wish
from services.sandbox.drafts import Book, Draft, dump
from services.sandbox.participants import CLAIMLINK, HOSPITALS, LIFE, insurer_of
from services.sandbox.persons import Person

ONE, TWO, PASSENGERS, WITHDRAWN, IMPOSTOR, NO_POLICE, FLED, WHOLE = (
    "one-vehicle",
    "two-vehicles",
    "two-injured",
    "consent-withdrawn",
    "impostor",
    "no-police",
    "fled",
    "every-paper",
)
# What G0390060 art. 40 I ② to ④ has beside a vehicle that fled: the special compensation fund stands in.
UNINSURED, UNCONSENTED, EXEMPT, ALL_EXEMPT = "uninsured", "unconsented", "one-exempt", "all-exempt"
FUND_CASES = (UNINSURED, UNCONSENTED, EXEMPT, ALL_EXEMPT)
BY_AGENT = (applications.MANDATED, applications.REVOKED, applications.ASTRAY)  # kinds too: who files the application
CLASSES = ("certificate", "receipt")
# What a claimant hands in: its data class, and who issued it (None: the hospital that treated her). She claims the way there too.
OWN_PAPERS = {
    "identity": ("identity", "CLAIMANT"),
    "bank-account": ("claim", "CLAIMANT"),
    "transport-receipt": ("claim", "CARRIER"),
    "materials-statement": ("certificate", None),
}
CLAIMED = {"costs": ["transport"]}
FOR_THE_FUND = {"fund-receipt-and-undertaking": ("claim", "CLAIMANT")}  # K0040049 art. 6
CARE = ("REGISTRATION", "PART", "CERTIFICATE")  # what NHI leaves to the patient (G0390067 art. 2 II ②(1))
MATERIALS, MATERIALS_MOST = "METR", 20_000  # TWD a victim (G0390067 art. 2 III ⑥)


@dataclass(frozen=True)
class Sighting:
    """An accident that open data may show too, and the unit's own record of it."""

    record: Draft
    seen: Occurrence


@dataclass(frozen=True)
class _Loss:
    """The accident of a case, and who covers its vehicles."""

    seen: Occurrence
    number: str | None
    injured: tuple[Person, ...]
    insurers: Insurers  # named by the injured
    recipients: tuple[str, ...]  # of these who may owe the compulsory cover: insurers of the vehicles, the fund


def tell(book: Book, kind: str, document_twist: str, application_twist: str, accident_twist: str) -> Sighting | None:
    """Adds the records of one road accident; gives back what open data may show of it."""
    if kind in (WHOLE, UNINSURED):
        return _whole(book, kind)
    seen, injured = _happen(book, kind)
    number = None if kind == NO_POLICE else f"A{book.mark()}"
    named = _named(book, seen)
    compulsory = {FUND, *(insurer_of(plate) for plate in _plates(seen))}
    recipients = tuple(code for code, cover in named if cover == Cover.MOTOR_COMPULSORY and code in compulsory)
    loss = _Loss(seen, number, injured, named, recipients)
    if kind in (*BY_AGENT, *FUND_CASES) and accident_twist not in police_papers.STANDING:
        accident_twist = police_papers.PLAIN
    own = police_papers.tell(book, seen, number, accident_twist) if number else None
    standing = accident_twist in police_papers.STANDING
    # With neither accident nor application nothing would tie the papers together.
    if kind in BY_AGENT:
        _by_agent(book, loss, kind)
    else:
        _apply(book, loss, application_twist if standing and own else applications.PLAIN)
    for place, person in enumerate(injured):
        _treat(book, loss, person, document_twist if place == 0 else hospital_papers.PLAIN)
    _allow(book, kind, loss)
    _further_papers(book, loss, standing)
    if own and standing:
        for record in (draft for draft in book.drafts if draft.kind == "accident" and draft.verdict == "accepted"):
            record.owed, record.stood = _owed(seen), _stood(seen)
    if kind == TWO and own and standing:
        _dispute(book, loss)
    return Sighting(own, seen) if own and standing and seen.coordinates else None


def _plates(seen: Occurrence) -> list[str]:
    return list(dict.fromkeys(party.plate for party in seen.parties if party.plate))


def _happen(book: Book, kind: str) -> tuple[Occurrence, tuple[Person, ...]]:
    """The accident, and those injured in it: the first of them applies."""
    first, second = book.setting.plates
    driver, other = book.person(0), book.person(1)
    car = Participant("car", "driver", driver, first)
    hit = Participant("motorcycle", "driver", other, second, injured=True)
    rider = Participant("passenger", "passenger", book.person(2), second, injured=True)
    if kind in (ONE, NO_POLICE):
        if book.chance(0.5):
            hurt = Participant("pedestrian", "pedestrian", other, injured=True)
        else:
            hurt = Participant("passenger", "passenger", other, first, injured=True)
        parties = (car, hurt)
    elif kind == PASSENGERS:
        riders = (book.person(2, youngest=19), book.person(3, youngest=19))
        parties = (car, Participant("car", "driver", other, second))
        parties += tuple(Participant("passenger", "passenger", rider, second, injured=True) for rider in riders)
    elif kind == WHOLE:
        parties = (car, replace(hit, kind="car"), rider)
    elif kind == UNINSURED:
        parties = (replace(car, plate=book.setting.uninsured), replace(hit, kind="car"), rider)
    elif kind == UNCONSENTED:
        parties = (replace(car, standing="unconsented"), hit)
    elif kind == EXEMPT:
        parties = (_farm(driver, book.setting.exempt[0]), replace(hit, kind="car"), rider)
    elif kind == ALL_EXEMPT:
        mine, theirs = book.setting.exempt
        # The passenger is owed; her driver is not (G0390060 art. 40 III).
        parties = (_farm(driver, mine), replace(rider, plate=theirs), replace(_farm(other, theirs), injured=True))
    elif kind == FLED:
        parties = (Participant("car", "driver", fled=True), hit)
    else:
        parties = (car, hit)
    where = book.setting.coordinates if book.chance(0.85) else None
    seen = Occurrence(book.setting.moment, book.setting.place, where, book.setting.unit, parties)
    return seen, tuple(party.person for party in parties if party.injured and party.person)


def _farm(driver: Person, plate: str) -> Participant:
    """A farm's vehicle, which the unit found need not be insured."""
    return Participant("other", "driver", driver, plate, standing="exempt")


def _stood(seen: Occurrence) -> dict[str, str]:
    """Of each driving party, by its order, how the vehicle stood."""
    return {str(order): party.stood for order, party in enumerate(seen.parties, start=1) if party.role == "driver"}


def _payers(seen: Occurrence) -> dict[int, str]:
    """Of each driving party, by its order, who owes for the vehicle."""
    return {
        order: (insurer_of(party.plate or "") or "") if party.stood == "insured" else FUND
        for order, party in enumerate(seen.parties, start=1)
        if party.role == "driver"
    }


def _named(book: Book, seen: Occurrence) -> Insurers:
    """Whom the injured name: the fund where it owes, the insurer of the car that hit them, at times of both vehicles, at
    times a third-party cover. Who covers third parties and is compulsory insurer here too is named for both."""
    plates = [plate for plate in _plates(seen) if insurer_of(plate)]
    codes = [(FUND, Cover.MOTOR_COMPULSORY)] if FUND in _payers(seen).values() else []
    wanted = plates if len(plates) == 1 or book.chance(0.6) else plates[:1]
    codes += [(insurer_of(plate) or "", Cover.MOTOR_COMPULSORY) for plate in wanted]
    third = insurer_of(plates[0], Cover.MOTOR_THIRD_PARTY) if plates else None
    if third and book.chance(0.7):
        if third in {insurer_of(plate) for plate in plates}:
            codes.append((third, Cover.MOTOR_COMPULSORY))
        codes.append((third, Cover.MOTOR_THIRD_PARTY))
    return tuple(dict.fromkeys(codes))


def _apply(book: Book, loss: _Loss, twist: str) -> None:
    first, second = (code for code, _ in book.rng.sample(CLAIMLINK, 2))
    plates = _plates(loss.seen)
    applications.tell(book, _application(book, loss), loss.insurers, twist, first)
    first_party = loss.seen.parties[0]
    if len(plates) > 1 and first_party.stood == "insured" and book.chance(0.3):
        # The driver of the first car notifies his own insurer, through another operator.
        driver = first_party.person
        assert driver is not None
        own = ((insurer_of(plates[0]) or "", Cover.MOTOR_COMPULSORY),)
        applications.tell(book, _application(book, loss, driver), own, applications.PLAIN, second)


def _by_agent(book: Book, loss: _Loss, how: str) -> None:
    sender, principal, agent = book.claimlink(), loss.injured[0], book.person(4, youngest=30)
    applications.by_agent(book, _application(book, loss), loss.insurers, how, sender, principal, agent)


def _application(book: Book, loss: _Loss, who: Person | None = None, **more: Any) -> Make:
    """Writes the application of somebody, the first of the injured if no other, with what the applicant knows. `more`: further
    fields of it."""
    applicant, plates = who or loss.injured[0], _plates(loss.seen)
    plate = next((party.plate for party in loss.seen.parties if party.person == applicant and party.plate), plates[0])
    number = loss.number if book.chance(0.6) else None
    about = filings.motor_loss(book.day, plate)
    return lambda identifier, version, insurers: (
        filings.with_accident(
            filings.application(identifier, applicant, about, list(insurers), version=version), loss.seen, number
        )
        | more
    )


def _treat(book: Book, loss: _Loss, person: Person, twist: str) -> None:
    """The first visit of an injured person with its twist, at times a visit later on, at times the receipt again."""
    rng, seen = book.rng, loss.seen
    hospital = rng.choice(HOSPITALS)
    payer = _company(code for code, _ in loss.insurers)
    visit = visits.Visit(hospital, person, payer, book.day, book.mark())
    spec = visits.injury(rng, visit, seen.moment, first=True, dated=book.chance(0.7), place=seen.place)
    document = hospital_papers.tell(book, spec, twist)
    plate = _plates(seen)[0]
    if book.chance(0.3):
        hospital_papers.upload_receipt(book, spec, document, filings.motor_loss(book.day, plate))
    if book.chance(0.35):
        later = replace(visit, day=book.day + timedelta(days=rng.randrange(7, 100)), mark=book.mark())
        # The same injury at the same hospital; with the first document taken back, only its date ties it to the accident.
        dated = book.chance(0.5) or twist == hospital_papers.WITHDRAWN
        again = visits.injury(rng, later, seen.moment, first=False, dated=dated, place=seen.place)
        hospital_papers.tell(book, replace(again, diagnoses=spec.diagnoses), hospital_papers.PLAIN)


def _company(codes: Iterable[str]) -> str:
    """Whom a hospital writes down as payer: the fund is none that it knows."""
    return next((code for code in codes if code != FUND), LIFE[0][0])


def _allow(book: Book, kind: str, loss: _Loss) -> None:
    """Only the first of the injured consents: the papers of the others go to nobody."""
    person = loss.injured[0]
    motor = filings.motor_loss(book.day, book.rng.choice(_plates(loss.seen)))
    compulsory = Wish(person, "injured", loss.recipients, Cover.MOTOR_COMPULSORY, CLASSES, motor)
    consents.grant(book, compulsory, consents.WITHDRAWN if kind == WITHDRAWN else consents.APPROVED)
    third = tuple(code for code, cover in loss.insurers if cover == Cover.MOTOR_THIRD_PARTY)
    if third and kind != WITHDRAWN and book.chance(0.5):
        consents.grant(book, replace(compulsory, recipients=third, purpose=Cover.MOTOR_THIRD_PARTY))
    life = book.rng.choice(LIFE)[0]
    if book.chance(0.25):
        wish = replace(compulsory, role="insured", recipients=(life,), purpose=Cover.LIFE_HEALTH)
        consents.grant(book, wish)
    if kind == IMPOSTOR:
        other = next(code for code, _ in LIFE if code != life)
        consents.impostor(book, replace(compulsory, recipients=(other,), purpose=Cover.LIFE_HEALTH))


def _further_papers(book: Book, loss: _Loss, standing: bool) -> None:
    """Police papers, late or never; and a body shop's estimate, which nobody has consented to hand over."""
    plate = _plates(loss.seen)[0]
    if loss.number and standing:
        for kind, _ in police_papers.POLICE_PAPERS:
            if book.chance(0.2):
                police_papers.papers(book, loss.seen, loss.number, kind, plate)
    if book.chance(0.12):
        mark = book.mark()
        driver = next(party.person for party in loss.seen.parties if party.person)
        metadata = filings.paper(
            f"P-{mark}",
            "repair-estimate",
            persons=[driver.identifier],
            classes=["repair"],
            issuer="SHOP-01",
            issued=book.day + timedelta(days=book.rng.randrange(2, 20)),
            loss=filings.motor_loss(book.day, plate),
        )
        hospital_papers.upload(book, "repair-estimate", sender=book.claimlink(), metadata=metadata, mark=mark)


def _whole(book: Book, kind: str) -> Sighting | None:
    """Two cars, the first at times uninsured, and two victims of whom no paper is missing: each is handed in once, and each
    victim consents that it goes to whoever owes her. One company may cover both cars."""
    seen, injured = _happen(book, kind)
    number, plates = f"A{book.mark()}", _plates(seen)
    insurers = tuple(dict.fromkeys((payer, Cover.MOTOR_COMPULSORY) for payer in _payers(seen).values()))
    record = police_papers.tell(book, seen, number, police_papers.PLAIN)
    record.owed, record.stood, record.claimed = _owed(seen), _stood(seen), {}
    loss = filings.motor_loss(book.day, plates[1])
    whole = _Loss(seen, number, injured, insurers, tuple(code for code, _ in insurers))
    for person in injured:  # a claim is his who applies
        make = _application(book, whole, person, claimed=CLAIMED)
        applications.tell(book, make, insurers, applications.PLAIN, book.claimlink())
    for kind, _ in police_papers.POLICE_PAPERS:
        police_papers.papers(book, seen, number, kind, plates[0])
    for order, party in enumerate(seen.parties, start=1):
        if party.injured and party.person:
            debtors = tuple(record.owed[str(order)])
            record.claimed[str(order)] = _claim(book, seen, party.person, debtors, loss)
    return Sighting(record, seen) if seen.coordinates else None


def _claim(book: Book, seen: Occurrence, person: Person, debtors: tuple[str, ...], loss: dict[str, Any]) -> int:
    """All that one victim hands in, and her consent; the costs that are hers to claim without further proof, TWD."""
    visit = visits.Visit(book.rng.choice(HOSPITALS), person, _company(debtors), book.day, book.mark())
    spec = visits.injury(book.rng, visit, seen.moment, first=True, dated=True, place=seen.place)
    hospital_papers.tell(book, spec, hospital_papers.PLAIN)
    own = OWN_PAPERS | (FOR_THE_FUND if FUND in debtors else {})
    for kind, (data_class, issuer) in own.items():
        mark = book.mark()
        metadata = filings.paper(
            f"P-{mark}",
            kind,
            persons=[person.identifier],
            classes=[data_class],
            issuer=issuer or visit.hospital.code,
            issued=book.day + timedelta(days=book.rng.randrange(1, 20)),
            loss=loss,
        )
        hospital_papers.upload(book, kind, sender=book.claimlink(), metadata=metadata, mark=mark)
    classes = tuple(dict.fromkeys((*CLASSES, *(data_class for data_class, _ in own.values()))))
    consents.grant(book, Wish(person, "injured", debtors, Cover.MOTOR_COMPULSORY, classes, loss))
    materials = sum(line.net for line in spec.lines if line.code == MATERIALS)
    return sum(line.net for line in spec.lines if line.code in CARE) + min(materials, MATERIALS_MOST)


def _owed(seen: Occurrence) -> dict[str, dict[str, str]]:
    """Of each injured party, by its order: who owes the compulsory cover, and the share of each (G0390060 art. 36)."""
    cars = _payers(seen)
    none_insured = set(_stood(seen).values()) == {"exempt"}
    owed = {}
    for order, party in enumerate(seen.parties, start=1):
        if party.injured:
            payers = [payer for car, payer in cars.items() if car != order]
            if none_insured and order in cars:
                payers = []  # G0390060 art. 40 III
            owed[str(order)] = {payer: str(Fraction(payers.count(payer), len(payers))) for payer in payers}
    return owed


def _dispute(book: Book, loss: _Loss) -> None:
    """The injured driver disputes what was found of the fault, with the insurers that she named."""
    party, insurers = loss.injured[0], tuple(dict.fromkeys(code for code, _ in loss.insurers))
    identifier = f"D-{book.mark()}"
    book.add(
        "dispute",
        path="/disputes",
        sender=CLAIMLINK[book.number % len(CLAIMLINK)][0],
        body=dump(
            filings.dispute(identifier, party, filings.motor_loss(book.day, _plates(loss.seen)[0]), insurers),
            pretty=False,
        ),
        persons=(party.identifier,),
        classes=frozenset({"application"}),
        insurers=insurers,
    )
