"""A folded case and each insurer's view of it: who is party, which copies and facts, whose consent frees what."""

from collections.abc import Sequence
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import View
from schemas.evidence import Cover, DataClass, Loss, NumberType, Upload
from schemas.integrity import Answer, Origin
from schemas.records import Kind
from services.consent.entitlement import Consent, Standing, holds
from services.hub.assemble import Component
from services.hub.calendar import Presence
from services.hub.fold import Case, Policies, first_day, fold
from services.hub.integrity import Attested
from services.hub.linking import Node
from services.hub.register import register
from services.hub.views import view
from services.sandbox.participants import Policy
from tests.unit.building import (
    DAY,
    TODAY,
    A,
    B,
    X,
    Y,
    Z,
    accident,
    authorisation,
    consent,
    document,
    evidence,
    filing,
    grant,
    medical,
    node,
    number,
)

NOW = date.fromisoformat(TODAY)
COMPULSORY, THIRD, LIFE = Cover.MOTOR_COMPULSORY, Cover.MOTOR_THIRD_PARTY, Cover.LIFE_HEALTH
REGISTER = {"AB1": ((X, COMPULSORY), (Y, THIRD)), "CD2": ((Y, COMPULSORY),), "ZZ9": ((Z, COMPULSORY),)}


def policies(plate: str, day: str) -> Sequence[tuple[str, Cover]] | None:
    return REGISTER.get(plate) if day >= "2025-01-01" else None


def case(*nodes: Node, consents: Sequence[Consent] = (), lookup: Policies = policies, today: date = NOW) -> Case:
    """Each consent stands in the case as an authorisation that tells nothing else."""
    granting = [authorisation(one.lineage, one.grant, loss=None) for one in consents]
    ordered = sorted((*nodes, *granting), key=lambda one: (one.evidence.issued, one.record))
    by_lineage = {one.lineage: one for one in consents}
    return fold("C1", Component(tuple(ordered), ()), by_lineage, lookup, today)


def seen(folded: Case, insurer: str, today: date = NOW) -> View | None:
    standing = next((one for one in folded.standings if one.insurer == insurer), None)
    sizes = {paper.node.record: (paper.node.record, "application/json", 1) for paper in folded.papers}
    return view(folded, standing, sizes, frozenset(), today) if standing else None


def papers(folded: Case, insurer: str) -> set[str]:
    found = seen(folded, insurer)
    return {paper.lineage for paper in found.papers} if found else set()


POLICE = node("police", Kind.ACCIDENT, accident(plates=("AB1", "CD2"), persons=(A, B)))
APPLICATION = node("filed", Kind.APPLICATION, filing((X, COMPULSORY), plates=("AB1",)))
CRASH = node("crash", Kind.ACCIDENT, accident(open_data=True))  # makes a loss one of the road, and nothing else
OF_A = node("doc-a", Kind.DOCUMENT, document(A))
OF_B = node("doc-b", Kind.DOCUMENT, document(B))


def test_the_holder_has_application_and_police_record_the_other_compulsory_insurer_the_notice() -> None:
    folded = case(POLICE, APPLICATION, OF_A)
    assert papers(folded, X) == {"police", "filed"}
    other = seen(folded, Y)
    assert other and other.notice and not other.papers
    assert other.facts == {"covers": [COMPULSORY, THIRD], "notice": "a claim was received"}


def test_an_insurer_that_no_application_names_gets_no_application_of_another() -> None:
    second = node("filed-b", Kind.APPLICATION, filing((Y, COMPULSORY), person=B, plates=("CD2",)))
    folded = case(POLICE, APPLICATION, second)
    assert papers(folded, X) == {"police", "filed"}
    assert papers(folded, Y) == {"police", "filed-b"}


def test_an_applicants_own_plate_makes_no_insurer_the_compulsory_insurer_of_the_accident() -> None:
    """An impostor names his own car and insurer, and the place and hour of somebody's accident."""
    impostor = node("impostor", Kind.APPLICATION, filing((Z, COMPULSORY), person=B, plates=("ZZ9",)))
    assert papers(case(POLICE, impostor), Z) == {"impostor"}


def test_saying_compulsory_in_an_application_is_no_policy() -> None:
    named = node("filed", Kind.APPLICATION, filing((Z, COMPULSORY), plates=("AB1",)))
    assert papers(case(POLICE, named), Z) == {"filed"}


def test_an_application_for_another_cover_holds_none_for_the_compulsory_one() -> None:
    own_damage = node("filed", Kind.APPLICATION, filing((X, Cover.MOTOR_OWN_DAMAGE), plates=("AB1",)))
    assert papers(case(POLICE, own_damage), X) == {"filed"}


def test_the_police_record_of_a_merged_accident_goes_by_its_own_vehicles_only() -> None:
    other = node("other", Kind.ACCIDENT, accident("2025-09-03", time="13:00", plates=("CD2",), persons=(B,)))
    merged = case(node("police", Kind.ACCIDENT, accident(plates=("AB1",), persons=(A,))), other, APPLICATION)
    assert papers(merged, X) == {"police", "filed"}, "a merge is no basis"
    standing = next(one for one in merged.standings if one.insurer == X)
    assert standing.vehicles == {"AB1"}


def photo(name: str, *plates: str, case_number: str = "", unit: str = "unit") -> Node:
    """A scene photograph of a police unit."""
    numbers = (number(NumberType.POLICE_CASE, case_number, unit),) if case_number else ()
    told = evidence(
        "scene-photo", classes=(DataClass.POLICE,), persons=(B,), plates=plates, issuer=unit, numbers=numbers
    )
    return node(name, Kind.PAPER, told)


@pytest.mark.parametrize(
    ("upload", "goes"),
    [
        (photo("photo", "AB1"), True),
        (photo("photo", "EF3"), True),  # another vehicle of the accident
        (photo("photo", "CD2"), False),
        (photo("photo", case_number="N1"), True),
        (photo("photo", case_number="N2"), False),
        (photo("photo", "AB1", case_number="N2"), False),  # the number is surer than a plate
        (photo("photo", "AB1", case_number="N2", unit="other"), True),  # of a unit that wrote no record
        (photo("photo"), False),  # says of neither which it is of
    ],
)
def test_an_upload_of_a_merged_accident_goes_by_the_vehicles_of_the_accident_that_it_names(
    upload: Node, goes: bool
) -> None:
    def record(name: str, case_number: str, *plates: str) -> Node:
        told = accident(plates=plates, persons=(A,), numbers=(number(NumberType.POLICE_CASE, case_number, "unit"),))
        return node(name, Kind.ACCIDENT, told)

    merged = case(record("one", "N1", "AB1", "EF3"), record("two", "N2", "CD2"), APPLICATION, upload)
    assert papers(merged, X) == {"one", "filed"} | ({"photo"} if goes else set())


def test_an_upload_goes_with_the_one_record_and_without_one_by_its_number() -> None:
    alone = case(POLICE, APPLICATION, photo("photo"))
    assert papers(alone, X) == {"police", "filed", "photo"}
    slips = photo("one", "AB1", case_number="N1"), photo("two", "CD2", case_number="N1"), photo("other", "CD2")
    assert papers(case(*slips, APPLICATION), X) == {"one", "two", "filed"}


def test_the_notice_needs_an_application_for_the_compulsory_cover() -> None:
    own_damage = node("filed", Kind.APPLICATION, filing((X, Cover.MOTOR_OWN_DAMAGE), plates=("AB1",)))
    assert seen(case(POLICE, own_damage), Y) is None


def test_without_a_police_record_the_police_papers_tell_the_vehicles() -> None:
    slip = node(
        "slip", Kind.PAPER,
        evidence("registration-slip", classes=(DataClass.POLICE,), persons=(A,), plates=("AB1",), issuer="unit"),
    )  # fmt: skip
    assert papers(case(slip, APPLICATION), X) == {"slip", "filed"}
    elsewhere = node("police", Kind.ACCIDENT, accident(plates=("CD2",), persons=(A, B)))
    assert papers(case(slip, APPLICATION, elsewhere), X) == {"filed"}, "the police know: this plate was not in it"


def test_the_register_is_asked_for_the_day_of_the_loss() -> None:
    early = node("police", Kind.ACCIDENT, accident("2024-09-03", plates=("AB1",)))
    assert not [one for one in case(early).standings if one.compulsory]
    dayless = node("paper", Kind.PAPER, evidence("repair-estimate", plates=("AB1",), classes=(DataClass.REPAIR,)))
    assert case(dayless).standings == ()


def test_the_consent_of_one_injured_never_frees_the_paper_of_the_other() -> None:
    folded = case(POLICE, APPLICATION, OF_A, OF_B, consents=[consent(A, X)])
    assert papers(folded, X) == {"police", "filed", "doc-a"}


def test_a_recipient_is_party_only_while_the_authorisation_is_in_force() -> None:
    for given_, there in ((consent(A, Z, purpose=LIFE), True), (consent(A, Z, purpose=LIFE, live=False), False),
                          (consent(A, Z, purpose=LIFE, end="2025-09-30"), False)):  # fmt: skip
        assert (Z in {one.insurer for one in case(OF_A, consents=[given_]).standings}) is there
    assert holds(consent(A, Z, start=TODAY, end=TODAY), TODAY)


def test_a_motor_purpose_is_honoured_only_where_something_happened_on_the_road() -> None:
    asked = [consent(A, X, purpose=THIRD)]
    assert case(OF_A, consents=asked).standings == ()
    assert papers(case(OF_A, CRASH, consents=asked), X) == {"doc-a"}
    named = consent(A, X, purpose=THIRD)
    crashed = authorisation(named.lineage, named.grant, loss=Loss(kind="motor", date=DAY, plate="AB1"))
    assert papers(fold("C1", Component((OF_A, crashed), ()), {named.lineage: named}, policies, NOW), X) == {"doc-a"}


def test_a_copy_is_about_the_persons_of_both() -> None:
    """A receipt that two patients' papers hold goes only with the consent of both."""
    upload = node("upload", Kind.PAPER, evidence("receipt", parts=("p",), persons=(B,), classes=(DataClass.RECEIPT,)))
    own = node("own", Kind.DOCUMENT, document(A, parts=("p",), classes=(DataClass.RECEIPT,)))
    assert papers(case(CRASH, own, upload, consents=[consent(A, X)]), X) == set()
    assert papers(case(CRASH, own, upload, consents=[consent(A, X), consent(B, X, name="h")]), X) == {"own"}


def test_of_copies_the_best_attested_that_it_is_entitled_to() -> None:
    upload = node("upload", Kind.PAPER,
                  evidence("receipt", parts=("p",), persons=(A,), classes=(DataClass.RECEIPT,), issuer="H1"),
                  order=1, sender="CL01")  # fmt: skip
    both = (DataClass.CERTIFICATE, DataClass.RECEIPT)
    own = node("own", Kind.DOCUMENT, document(A, parts=("p", "q"), classes=both), order=2)
    assert papers(case(CRASH, own, upload, consents=[consent(A, X)]), X) == {"own"}
    assert papers(case(CRASH, own, upload, consents=[consent(A, X, classes=(DataClass.RECEIPT,))]), X) == {"upload"}
    better = seen(case(CRASH, own, upload, consents=[consent(A, X)]), X)
    assert better and better.allowed == ("own", "upload"), "what stands behind a better copy stays allowed"


def test_a_document_that_holds_more_than_a_better_copy_goes_too() -> None:
    """Two documents share a receipt; the later one holds a certificate that nothing else has."""
    first = node("first", Kind.DOCUMENT, document(A, parts=("receipt",)), order=1)
    second = node("second", Kind.DOCUMENT, document(A, parts=("receipt", "certificate")), order=2)
    third = node("third", Kind.DOCUMENT, document(A, parts=("certificate",)), order=3)
    assert papers(case(CRASH, first, second, third, consents=[consent(A, X)]), X) == {"first", "second"}


def test_equal_copies_the_first_accepted() -> None:
    two = [node(name, Kind.DOCUMENT, document(A, parts=("p",)), order=order) for name, order in (("a", 2), ("b", 1))]
    assert papers(case(CRASH, *two, consents=[consent(A, X)]), X) == {"b"}


def test_the_record_with_persons_is_shown_before_open_data() -> None:
    open_data = node("open", Kind.ACCIDENT, accident(open_data=True, parts=("p",), plates=("AB1",)), order=1)
    own = node("own", Kind.ACCIDENT, accident(parts=("p",), plates=("AB1",), persons=(A,)), order=2)
    folded = case(open_data, own, APPLICATION)
    assert papers(folded, X) == {"own", "filed"}
    assert folded.accident == own.evidence.accident


def test_facts_come_from_papers_that_go_and_from_no_other() -> None:
    nodes = [
        node("police", Kind.ACCIDENT, accident(plates=("AB1",), persons=(A,), facts={"severity": "A2"})),
        node("filed", Kind.APPLICATION, filing((X, COMPULSORY), plates=("AB1",), facts={"cover": "c"})),
        node("doc-a", Kind.DOCUMENT, document(A, facts={"lines": 3})),
        node("doc-b", Kind.DOCUMENT, document(B, facts={"lines": 4})),
        node("up", Kind.PAPER, evidence("receipt", persons=(A,), classes=(DataClass.RECEIPT,), facts={"n": 1})),
    ]
    found = seen(case(*nodes, consents=[consent(A, X)]), X)
    assert found
    assert {name: value for name, value in found.facts.items() if name != "covers"} == {
        "accident": {"severity": "A2"},
        "applications": [{"cover": "c"}],
        "documents": [{"lines": 3}],
        "uploads": [{"n": 1}],
    }


def test_what_is_missing_tells_nothing_of_papers_that_are_not_its_to_see() -> None:
    """B's certificate is there, and the police know the day; the insurer of A sees of neither."""
    life = [consent(A, Z, purpose=LIFE, subject_role="insured", classes=(DataClass.RECEIPT,))]
    receipt = node("receipt", Kind.PAPER, evidence("receipt", persons=(A,), classes=(DataClass.RECEIPT,)))
    alone = seen(case(receipt, consents=life), Z)
    among = seen(case(receipt, OF_B, POLICE, APPLICATION, consents=life), Z)
    assert alone and among
    assert (
        among.missing
        == alone.missing
        == (
            {"kind": "application", "from": "", "issuer": "claimant"},
            {"kind": "certificate", "from": "", "issuer": "hospital"},
        )
    )
    notice = seen(case(POLICE, APPLICATION), Y)
    assert notice and {one["from"] for one in notice.missing} == {""}, "a notice tells no day"


def test_what_is_missing_for_a_motor_insurer() -> None:
    found = seen(case(POLICE, APPLICATION, today=date(2025, 9, 5)), X, date(2025, 9, 5))
    assert found and {one["kind"]: one["from"] for one in found.missing} == {
        "registration-slip": DAY,
        "certificate": DAY,
        "receipt": DAY,
        "scene-diagram": "2025-09-10",
        "scene-photo": "2025-09-10",
        "preliminary-analysis": "2025-10-03",
    }


def test_nothing_for_an_insurer_is_no_view() -> None:
    folded = case(OF_A, consents=[consent(A, X)])
    assert view(folded, Standing(Y, frozenset()), {}, frozenset(), NOW) is None


@pytest.mark.parametrize(
    ("nodes", "motor"),
    [
        ((OF_A,), False),
        ((node("fall", Kind.DOCUMENT, document(A, accident_date=DAY)),), False),
        ((node("med", Kind.APPLICATION, filing((Z, LIFE), loss=medical(date=DAY))), OF_A), False),
        ((POLICE,), True),
        ((node("open", Kind.ACCIDENT, accident(open_data=True)),), True),
        ((APPLICATION,), True),
        ((node("est", Kind.PAPER, evidence("repair-estimate", plates=("AB1",))),), True),
        ((OF_A, authorisation("g", grant(A))), True),
    ],
)
def test_what_is_a_motor_case(nodes: tuple[Node, ...], motor: bool) -> None:
    folded = case(*nodes)
    assert folded.motor is motor
    assert any(line.kind == "scene-diagram" for line in folded.calendar) is motor


def test_the_calendar_of_a_case_counts_everything_in_it() -> None:
    folded = case(POLICE, APPLICATION, OF_B)
    present = {line.kind for line in folded.calendar if line.presence == Presence.PRESENT}
    assert present == {"application", "accident", "certificate"}


def test_the_day_of_a_case() -> None:
    stay = node("stay", Kind.DOCUMENT, document(A, start="2025-08-30", end="2025-09-02"))
    named = node("named", Kind.APPLICATION, filing(loss=medical(date="2025-08-29")))
    assert first_day([POLICE, stay, named]) == date.fromisoformat(DAY)
    assert first_day([node("next", Kind.APPLICATION, filing(day="2025-09-04")), POLICE]) == date.fromisoformat(DAY)
    assert first_day([stay, named]) == date(2025, 8, 30)
    assert first_day([named]) == date(2025, 8, 29)
    assert first_day([node("case", Kind.APPLICATION, filing(loss=Loss(kind="case", case="C9")))]) is None


@pytest.mark.parametrize("day", ["2025-09-02", "2025-09-03", "2025-09-04"])
def test_cover_is_of_the_day_that_the_police_tell(day: str) -> None:
    """At half past midnight people write the day before; the cover passed from X to Y at that midnight."""

    def passing(plate: str, on: str) -> Sequence[tuple[str, Cover]] | None:
        return ((X if on < "2025-09-03" else Y, COMPULSORY),) if plate == "AB1" else ()

    night = node("night", Kind.ACCIDENT, accident(time="00:30", plates=("AB1",), persons=(A,)))
    filed = node("both", Kind.APPLICATION, filing((X, COMPULSORY), (Y, COMPULSORY), day=day, plates=("AB1",)))
    service = node("visit", Kind.DOCUMENT, document(A, accident_date=day))
    folded = case(night, filed, service, lookup=passing)
    assert folded.day == date(2025, 9, 3)
    assert {one.insurer for one in folded.standings if one.compulsory} == {Y}


def test_what_its_issuer_never_made_makes_nobody_party() -> None:
    """Who was asked for the cover stays, and learns that it is none."""
    upload = Upload(sha256="f" * 64, origin=Origin.PARTY)
    slip = evidence(
        "registration-slip", classes=(DataClass.POLICE,), plates=("AB1", "ZZ9"), issuer="unit", upload=upload
    )
    nodes = (APPLICATION, node("slip", Kind.PAPER, slip))

    def compulsory(**attested: dict) -> set[str]:
        folded = fold("C1", Component(nodes, ()), {}, policies, NOW, attested=Attested(**attested))
        return {one.insurer for one in folded.standings if one.compulsory}

    assert compulsory() == {X, Z}
    assert compulsory(answers={("f" * 64, "unit"): (Answer.DENIED, f"{DAY}T04:00:00Z")}) == {X}


def test_the_register_by_plate_and_day() -> None:
    find = register(
        [Policy("AB1", "2025-01-01", "2025-12-31", X, COMPULSORY), Policy("AB1", "2026-01-01", "2026-12-31", Y, THIRD)]
    )
    assert find("AB1", "2025-12-31") == [(X, COMPULSORY)]
    assert find("AB1", "2026-01-01") == [(Y, THIRD)]
    assert find("AB1", "2024-12-31") == [], "known, and not insured"
    assert find("CD2", "2025-06-01") is None, "the register does not answer"


people = (A, B)
given_consents = st.lists(
    st.builds(
        lambda who, to, purpose, classes, live, name: consent(
            who, *to, purpose=purpose, classes=classes, live=live, name=name
        ),
        st.sampled_from(people),
        st.sampled_from(((X,), (Z,), (X, Z))),
        st.sampled_from((COMPULSORY, LIFE)),
        st.sampled_from(((DataClass.CERTIFICATE,), (DataClass.RECEIPT,), (DataClass.CERTIFICATE, DataClass.RECEIPT))),
        st.booleans(),
        st.sampled_from("ghij"),
    ),
    max_size=4,
    unique_by=lambda one: one.lineage,
)
medical_papers = st.lists(
    st.tuples(
        st.sampled_from(((A,), (B,), (A, B))),
        st.sampled_from(((DataClass.CERTIFICATE,), (DataClass.RECEIPT,), (DataClass.CERTIFICATE, DataClass.RECEIPT))),
        st.sampled_from(((), ("p",), ("q",), ("p", "q"))),
    ),
    max_size=5,
)


@settings(max_examples=200)
@given(medical_papers, given_consents)
def test_no_medical_paper_without_each_persons_own_consent(
    made: list[tuple[tuple[str, ...], tuple[DataClass, ...], tuple[str, ...]]], given_: list[Consent]
) -> None:
    nodes = [
        node(f"m{at}", Kind.PAPER, evidence("receipt", persons=who, classes=of, parts=parts), order=at)
        for at, (who, of, parts) in enumerate(made)
    ]
    folded = case(POLICE, APPLICATION, *nodes, consents=given_)
    for insurer, one in product((X, Y, Z), nodes):
        if one.lineage not in papers(folded, insurer):
            continue
        for person in one.evidence.persons:
            assert [
                c for c in given_
                if c.live and c.grant.subject == person and insurer in c.grant.recipients
                and set(one.evidence.classes) <= set(c.grant.classes)
            ], f"{insurer} has a paper of somebody who did not consent"  # fmt: skip


@settings(max_examples=200)
@given(medical_papers, given_consents)
def test_every_part_that_may_be_seen_is_seen(
    made: list[tuple[tuple[str, ...], tuple[DataClass, ...], tuple[str, ...]]], given_: list[Consent]
) -> None:
    """Leaving a copy out never leaves a certificate or receipt out."""
    nodes = [
        node(f"m{at}", Kind.PAPER, evidence("receipt", persons=who, classes=of, parts=parts), order=at)
        for at, (who, of, parts) in enumerate(made)
    ]
    folded = case(CRASH, *nodes, consents=given_)
    for insurer in (X, Z):
        found = seen(folded, insurer)
        if found:
            may = {part for one in nodes if one.lineage in found.allowed for part in one.evidence.parts}
            shown = {part for one in nodes if one.lineage in papers(folded, insurer) for part in one.evidence.parts}
            assert shown == may
