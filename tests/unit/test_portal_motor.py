"""The motor case as its readers may see it: drawn from their papers alone, nothing personal, the same for every reader."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.police.own_json import report as report_of
from schemas.evidence import (
    AssessmentWord,
    Cover,
    DataClass,
    Evidence,
    NamedInsurer,
    PartyVerdict,
    Upload,
    VehicleStanding,
)
from schemas.integrity import Answer, Origin, State
from schemas.json import load
from schemas.records import FUND, Kind, Role
from services.hub.assemble import Component
from services.hub.fold import fold
from services.hub.integrity import Attested
from services.hub.linking import Node
from services.motor.benefits import Item, ReceiptLine
from services.motor.costs import Costs, Receipt
from services.motor.fault import Word
from services.motor.stated import Levels, Stated
from services.portal.case_page import html
from services.portal.cases import view_of
from services.portal.dossier import ConsentState, Dossier, Handover, Offer, OfferedPaper
from services.portal.fault import Assessment, proposal, words_of
from services.portal.motor import drawn, may_need, of_insurer, offers_to_tell
from services.portal.reading import READ_BYTES, to_read
from tests.unit.building import A, B, C, X, Y, Z, consent, document, evidence, filing, node
from tests.unit.test_entitlement_views import APPLICATION, COMPULSORY, OF_A, POLICE, THIRD, policies
from tests.unit.test_fund import ASKED, crash
from tests.unit.test_portal_cases import PERSONAL, TIME, dossier, offered

PLATES = ("ABC1234", "MNP5678")


def told(*more: Any, **fields: Any) -> Dossier:
    """The example accident, under the police record of the tables, and what the register says of its plates."""
    given = {"offers": (offered(1, "filed", "police", "doc-a"), offered(1, "doc-a", insurer=Z))} | fields
    found = dossier(POLICE, APPLICATION, OF_A, *more, granted=[consent(A, X)], **given)
    report = report_of(load("accident")["examples"][0])  # type: ignore[index]
    day = {(plate, report.date): [(insurer, COMPULSORY)] for plate, insurer in zip(PLATES, (X, Y), strict=True)}
    return replace(found, contents={"r-police": report}, registered=day)  # type: ignore[arg-type]


def motor(found: Dossier, code: str, role: Role, *handed: str) -> dict[str, Any] | None:
    seen = view_of(found, code, role, frozenset(f"r-{one}" for one in handed))
    return seen.get("motor") if seen else None


def test_an_insurer_is_told_of_what_was_handed_over_and_may_be() -> None:
    whole = motor(told(), X, Role.INSURER, "filed", "police", "doc-a")
    assert whole and whole["accident"] and whole["fault"]["shares"]
    assert {paper["kind"] for paper in whole["papers"]} == {"accident", "application", "document"}
    filed = motor(told(), X, Role.INSURER, "filed")
    assert filed and (filed["accident"], filed["vehicles"], filed["victims"]) == (None, [], []) and "fault" not in filed
    assert motor(told(), X, Role.INSURER) is None
    assert motor(told(), X, Role.INSURER, "doc-b") is None, "handed over once, and not its to have now"


def test_who_has_only_a_hospitals_paper_is_not_told_that_it_was_on_the_road() -> None:
    assert offers_to_tell(told(), X) == (1,) and offers_to_tell(told(), Z) == ()


def test_nothing_personal_is_in_any_of_it() -> None:
    whole = [motor(told(), "operator-1", Role.OPERATOR), motor(told(), X, Role.INSURER, "filed", "police", "doc-a")]
    assert all(whole)
    text = json.dumps(whole, ensure_ascii=False)
    assert not any(one in text for one in (*PERSONAL, *PLATES, "B223456782", "陳以恩", "和風路"))


def test_an_operator_is_told_no_contents() -> None:
    found = motor(told(), "operator-1", Role.OPERATOR)
    assert found and "fault" not in found and all("claimed" not in one for one in found["victims"])
    assert found["victims"][0]["owed"]["shares"] == [{"payer": X, "share": "1"}]


def test_of_other_vehicles_an_insurer_is_told_the_compulsory_cover_alone() -> None:
    found = told()
    day = next(iter(found.registered))[1]
    both = {(plate, day): [(one, cover) for one in (X, Y) for cover in (COMPULSORY, THIRD)] for plate in PLATES}
    found = replace(found, registered=both)

    def covers(code: str, role: Role) -> list[tuple[str, str]]:
        motor_ = motor(found, code, role, "police")
        assert motor_
        return [(one["insurer"], one["cover"]) for one in motor_["vehicles"][0]["insurers"]]

    assert covers(X, Role.INSURER) == [(X, COMPULSORY), (X, THIRD), (Y, COMPULSORY)]
    assert len(covers("operator-1", Role.OPERATOR)) == 4


def with_third_party_cover_alone(found: Dossier) -> Dossier:
    """X is not concerned with the compulsory cover; everybody in the police record lets it have that."""
    assert found.case
    standings = tuple(
        replace(one, covers=frozenset({THIRD})) if one.insurer == X else one for one in found.case.standings
    )
    consents = tuple(consent(one, X, purpose=THIRD, classes=(DataClass.POLICE,), name=one) for one in (A, B))
    return replace(found, case=replace(found.case, standings=standings, consents=consents))


def test_who_is_not_concerned_with_the_compulsory_cover_is_told_nobodys_but_its_own() -> None:
    found = with_third_party_cover_alone(told())
    day = next(iter(found.registered))[1]
    car, other = PLATES
    registered = {(car, day): [(X, THIRD), (Y, COMPULSORY), (Y, THIRD)], (other, day): []}
    handed = frozenset({"r-filed", "r-police"})
    seen = view_of(replace(found, registered=registered), X, Role.INSURER, handed)
    assert seen
    cars = seen["motor"]["vehicles"]
    assert [(one["insured"], one["insuredText"], one["insuredTextEn"]) for one in cars] == [(None, None, None)] * 2
    assert [one["insurers"] for one in cars] == [[{"insurer": X, "cover": THIRD}], []]
    elsewhere = {one: [(X, THIRD)] if one[0] == car else None for one in registered}
    assert view_of(replace(found, registered=elsewhere), X, Role.INSURER, handed) == seen, "not a byte of it"
    text = html(seen, Role.INSURER, {}, None, datetime(2025, 10, 1, tzinfo=UTC))
    assert text.count("<td>—</td>\n<td>") == 2 and Y not in text, "whether either is insured"


def present(*more: Any, granted: Any = (), code: str = X, role: Role = Role.INSURER) -> set[str]:
    """The papers of an injury that are there when A is the victim."""
    offers = (offered(1, "filed", "police", *(one.lineage for one in more)), offered(2, "police", insurer=Y))
    example: Any = load("accident")["examples"][0]  # type: ignore[index]
    first, second = example["parties"]
    report = report_of(
        example | {"parties": [first, second | {"person": {"identifier": A, "name": "測試人"}, "injury": "injured"}]}
    )
    found = replace(dossier(POLICE, APPLICATION, *more, granted=granted, offers=offers), contents={"r-police": report})
    seen = motor(found, code, role, "filed", "police", *(one.lineage for one in more))
    assert seen
    lines = seen["victims"][0]["required"][0]["papers"]
    return {one["anyOf"][0]["kind"] for one in lines if one["present"]}


def test_an_authorisation_in_force_is_the_consent_to_access_records() -> None:
    def consented(*granted: Any, code: str = X, role: Role = Role.INSURER) -> bool:
        return "records-consent" in present(granted=granted, code=code, role=role)

    assert consented(consent(A, X)) and consented(consent(A, X), code="operator-1", role=Role.OPERATOR)
    assert not consented()
    assert not consented(consent(A, X, live=False)), "not approved, or withdrawn"
    assert not consented(consent(A, Y)), "to another insurer"
    assert not consented(consent(B, X)), "somebody else's"
    assert not consented(consent(A, X, classes=(DataClass.POLICE, DataClass.RECEIPT))), "no record of treatment"
    assert not consented(consent(A, X, purpose=THIRD)), "for another purpose"


def test_a_paper_that_its_issuer_calls_false_is_not_there() -> None:
    def upload(kind: str, class_: DataClass, sha: str, *persons: str) -> Node:
        of_party = Upload(sha256=sha, origin=Origin.PARTY)
        told = evidence(kind, classes=(class_,), persons=persons, plates=("AB1",), issuer="unit", upload=of_party)
        return node(kind, Kind.PAPER, told)

    more = [
        upload("certificate", DataClass.CERTIFICATE, SHA, A),
        upload("registration-slip", DataClass.POLICE, OTHER_SHA),
    ]
    found = of_victim_a(*more, granted=[consent(A, X)])
    answers = {(one, "unit"): (Answer.DENIED, TIME) for one in (SHA, OTHER_SHA)}
    assert found.component
    denied = fold(
        "C1", found.component, {"g": consent(A, X)}, policies, found.today, attested=Attested(answers=answers)
    )
    handed = ("filed", "police", "certificate", "registration-slip")

    def lines(code: str, role: Role) -> dict[str, tuple[bool, list[str], list[str]]]:
        told = required(replace(found, case=denied), *handed, code=code, role=role)
        whole = view_of(replace(found, case=denied), code, role, frozenset(f"r-{one}" for one in handed))
        assert whole
        lacking = {one["kind"] for one in whole["missing"]}
        assert lacking >= {"certificate", "registration-slip"}
        return {
            kind: (told[kind]["present"], [one["sha256"] for one in told[kind]["by"]], told[kind]["denied"])
            for kind in ("certificate", "registration-slip")
        }

    before = required(found, *handed)
    assert (before["certificate"]["present"], before["certificate"]["denied"]) == (True, [])
    for code, role in ((X, Role.INSURER), ("operator-1", Role.OPERATOR)):
        assert lines(code, role) == {
            "certificate": (False, [], ["r-certificate"]),
            "registration-slip": (True, ["r-police"], ["r-registration-slip"]),  # the police record does as well
        }
    whole = view_of(replace(found, case=denied), X, Role.INSURER, frozenset(f"r-{one}" for one in handed))
    assert whole and "核發單位否認" in html(whole, Role.INSURER, {}, None, datetime(2025, 10, 1, tzinfo=UTC))
    real = node("real", Kind.DOCUMENT, document(A, issued="2025-09-20T04:00:00.000000Z"))
    beside = Component((*found.component.nodes, real), ())
    both = fold("C1", beside, {}, policies, found.today, attested=Attested(answers=answers))
    senders = view_of(replace(found, case=both), "unit", Role.POLICE)
    assert senders and {one["kind"]: one["dated"] for one in senders["evidence"]}["certificate"] == "2025-09-20"


def test_the_ten_days_begin_when_the_insurer_may_have_the_papers() -> None:
    """All came in on one day: an insurer's clock waits for its offer and the review, and for no other paper's fate."""
    classes = {
        "certificate": DataClass.CERTIFICATE,
        "receipt": DataClass.RECEIPT,
        "identity": DataClass.IDENTITY,
        "bank-account": DataClass.CLAIM,
    }
    more = [
        node(kind, Kind.PAPER, evidence(kind, classes=(one,), persons=(A,), plates=("AB1",)))
        for kind, one in classes.items()
    ]
    consent_ = consent(A, X, classes=tuple(classes.values()))
    names = ("filed", "police", *classes)

    def start(reviewed: str, *offers: Offer, code: str = X, role: Role = Role.INSURER) -> str:
        approved = {consent_.record: ConsentState(consent_.record, "approve", "operator-1", reviewed)}
        found = motor(of_victim_a(*more, granted=[consent_], offers=offers, consents=approved), code, role, *names)
        assert found
        return next(one["start"] for one in found["victims"][0]["clocks"] if one["clock"] == "payment")

    early, late, last = (f"2025-09-{day}T02:00:00.000000Z" for day in ("05", "22", "30"))
    first, again = offered(1, *names, at=early), offered(2, *names, at=last)
    assert start(TIME, offered(1, *names)) == "2025-09-04", "nothing waits"
    assert start(early, offered(1, *names, at=last)) == "2025-09-30"
    assert start(late, first) == "2025-09-22", "the consent was handed in, and not yet approved"
    assert start(TIME, first, again) == "2025-09-05", "it had them"
    assert start(TIME, offered(1, *names, insurer=Y), again) == "2025-09-30", "another's offer"
    assert start(TIME, replace(first, taken_back_by=2), again) == "2025-09-05", "taken back because of another paper"
    assert start(TIME, offered(1, *names, at=early, allowed=False), again) == "2025-09-30", "by what holds no longer"
    assert start(TIME, again, code="operator-1", role=Role.OPERATOR) == "2025-09-04"


def test_a_legal_representatives_application_is_the_victims_claim() -> None:
    filed = node("child", Kind.APPLICATION, filing((X, COMPULSORY), person=C).model_copy(update={"persons": (A, C)}))
    lines = [
        required(of_victim_a(filed, granted=[consent(A, X, grantor=grantor, grantor_role=role)]), "child", "police")
        for grantor, role in ((C, "representative"), (B, "representative"), (C, "heir"))
    ]
    assert [one["application"]["present"] for one in lines] == [True, False, False]


def test_each_clock_stands_still_by_a_claim_with_its_own_debtor_and_an_insurer_looks_to_its_own() -> None:
    police = crash(("AB1", ASKED), ("CD2", ASKED), (None, VehicleStanding.UNTRACEABLE))
    example: Any = load("accident")["examples"][0]  # type: ignore[index]
    car, other = example["parties"]
    gone = {"order": 3, "kind": "other", "role": "driver", "injury": "unknown", "sex": "4"}
    aboard = {"order": 4, "kind": "passenger", "role": "passenger", "injury": "injured"}
    aboard["person"] = {"identifier": A, "name": "測試人"}
    report = report_of(example | {"parties": [car, other | {"injury": "none"}, gone, aboard]})
    day = {(plate, report.date): [(insurer, COMPULSORY)] for plate, insurer in zip(PLATES, (X, Y), strict=True)}

    of_b = node("of-b", Kind.APPLICATION, filing((X, COMPULSORY), person=B, plates=("AB1",)))  # opens the record to X

    def runs(code: str, role: Role, *asked: tuple[str, Cover]) -> tuple[bool, bool]:
        """The insurers' time, and the fund's."""
        filed = node("filed", Kind.APPLICATION, filing(*asked, plates=("AB1",)))
        names = ("filed", "of-b", police.lineage)
        found = dossier(police, filed, of_b, granted=[], offers=(offered(1, *names, insurer=code),))
        found = replace(found, contents={police.record: report}, registered=day)
        told = motor(found, code, role, *names)
        assert told
        clocks = {one["clock"]: one["running"] for one in told["victims"][0]["clocks"]}
        assert len(clocks) == 4
        return clocks["limitation-knowledge"], clocks["fund-limitation-knowledge"]

    x, y, fund = ((one, COMPULSORY) for one in (X, Y, FUND))
    readers = ((X, Role.INSURER), (FUND, Role.INSURER), ("operator-1", Role.OPERATOR))
    assert [runs(*reader, x, y, fund) for reader in readers] == [(False, False)] * 3
    assert [runs(*readers[at], fund) for at in (1, 2)] == [(True, False)] * 2
    assert [runs(*readers[at], x) for at in (0, 2)] == [(False, True)] * 2
    assert runs(X, Role.INSURER, (X, THIRD), y, fund) == (True, False), "another insurer was asked"
    assert runs("operator-1", Role.OPERATOR, (X, THIRD), y) == (False, True)


def test_what_is_not_read_takes_no_room_and_what_is_too_much_is_counted() -> None:
    scan = node("scan", Kind.PAPER, evidence("bank-account", classes=(DataClass.CLAIM,), persons=(A,), plates=("AB1",)))
    found = told(scan)

    def sized(**sizes: int) -> Dossier:
        entries = tuple(replace(one, size=sizes.get(one.record.removeprefix("r-"), 1)) for one in found.entries)
        return replace(found, entries=entries)

    everything = may_need(found, "operator-1", Role.OPERATOR)
    assert "r-scan" in everything
    read, unread = to_read(sized(scan=READ_BYTES + 1), everything)
    assert ({one.record for one in read}, unread) == ({"r-police", "r-filed", "r-doc-a"}, frozenset()), (
        "an upload is never read"
    )
    foreign = may_need(found, Z, Role.INSURER)
    assert foreign == {"r-doc-a"}
    read, unread = to_read(sized(police=READ_BYTES + 1), foreign)
    assert ([one.record for one in read], unread) == (["r-doc-a"], frozenset()), "nor what the reader has not"
    large = sized(**{"doc-a": READ_BYTES})
    read, unread = to_read(large, everything)
    assert {one.record for one in read} | unread == {"r-police", "r-filed", "r-doc-a"} and read and unread
    assert ("r-doc-a" in unread) == (len(read) == 2), "whichever comes first takes the room"
    answer = motor(replace(told(), unread=frozenset({"r-doc-a"})), X, Role.INSURER, "filed", "police", "doc-a")
    assert answer and answer["unreadPapers"] == 1
    without = motor(replace(told(), unread=frozenset({"r-doc-a"})), X, Role.INSURER, "filed", "police")
    assert without and without["unreadPapers"] == 0, "not one of its papers"


def test_each_upload_stands_for_its_own_kind_and_only_where_it_may_go() -> None:
    other = evidence("disability-certificate", classes=(DataClass.CERTIFICATE,), persons=(A,), plates=("AB1",))
    granted = [consent(A, X, classes=(DataClass.CERTIFICATE, DataClass.CLAIM))]
    assert "certificate" not in present(node("other", Kind.PAPER, other), granted=granted)
    own = evidence("certificate", classes=(DataClass.CERTIFICATE,), persons=(A,), plates=("AB1",))
    assert "certificate" in present(node("own", Kind.PAPER, own), granted=granted)
    account = evidence("bank-account", classes=(DataClass.CLAIM,), persons=(A,), plates=("AB1",))
    assert "bank-account" in present(node("account", Kind.PAPER, account), granted=granted)
    assert "bank-account" not in present(node("account", Kind.PAPER, account), granted=[consent(A, X)])


def holders(found: Dossier, code: str, *handed: str, role: Role = Role.INSURER) -> dict[str, list[str]]:
    seen = motor(found, code, role, *handed)
    assert seen
    return {paper["kind"]: paper["heldBy"] for paper in seen["papers"]}


def fetched(insurer: str, *lineages: str) -> tuple[Handover, ...]:
    return tuple(Handover(insurer, 1, TIME, ("law:x",), f"r-{one}", f"r-{one}") for one in lineages)


WHOLE = ("filed", "police", "doc-a")


def test_an_insurer_is_told_who_holds_a_paper_of_those_whose_cover_it_is_told_of() -> None:
    found = told(handovers=(*fetched(X, "doc-a"), *fetched(Y, "doc-a", "police"), *fetched(Z, "doc-a", "police")))
    assert holders(found, X, *WHOLE) == {"application": [], "accident": [Y], "document": sorted([X, Y])}
    everybody = holders(found, "operator-1", role=Role.OPERATOR)
    assert everybody == {"application": [], "accident": sorted([Y, Z]), "document": sorted([X, Y, Z])}
    assert holders(found, X, "filed", "doc-a")["document"] == [X], "no police record, no other vehicle's insurer"
    other = with_third_party_cover_alone(found)
    assert holders(other, X, "filed", "police") == {"application": [], "accident": []}, "another cover's insurer"


def test_who_holds_a_copy_that_the_reader_may_have_holds_the_paper() -> None:
    copy = node("copy", Kind.DOCUMENT, document(A, parts=("p",)), order=2)
    hidden = node("hidden", Kind.DOCUMENT, document(B, parts=("p",)), order=3)
    own = node("own", Kind.DOCUMENT, document(A, parts=("p",)))
    offers = (offered(1, "filed", "police", "own", "copy"),)
    found = told(copy, own, offers=offers, handovers=fetched(Y, "copy"))
    assert holders(found, X, "filed", "police", "own", "copy")["document"] == [Y]
    assert holders(found, X, "filed", "police", "own")["document"] == [], "a copy that was not handed over to it"
    unseen = told(hidden, own, offers=offers, handovers=fetched(Y, "hidden"))
    assert holders(unseen, X, "filed", "police", "own", "hidden").get("document", []) == []


def required(found: Dossier, *handed: str, code: str = X, role: Role = Role.INSURER) -> dict[str, dict[str, Any]]:
    """The lines of the papers of an injury, or of the only victim's first claim, by the first kind of each."""
    seen = motor(found, code, role, *handed)
    assert seen
    claims = seen["victims"][0]["required"] if seen["victims"] else seen["required"]
    return {line["anyOf"][0]["kind"]: line for line in claims[0]["papers"]}


def of_victim_a(*more: Any, granted: Any = (), **fields: Any) -> Dossier:
    example: Any = load("accident")["examples"][0]  # type: ignore[index]
    first, second = example["parties"]
    victim = second | {"person": {"identifier": A, "name": "測試人"}, "injury": "injured"}
    report = report_of(example | {"parties": [first, victim]})
    given = {"offers": (offered(1, "filed", "police", *(one.lineage for one in more)),)} | fields
    found = dossier(POLICE, APPLICATION, *more, granted=granted, **given)
    day = {(plate, report.date): [(insurer, COMPULSORY)] for plate, insurer in zip(PLATES, (X, Y), strict=True)}
    return replace(found, contents={"r-police": report}, registered=day)


def test_each_required_paper_is_there_with_its_holders_or_missing_or_not_to_be_told() -> None:
    by_y = fetched(Y, "doc-a")
    with_consent = required(of_victim_a(OF_A, granted=[consent(A, X)], handovers=by_y), "filed", "police", "doc-a")
    certificate, receipt, account_ = (with_consent[one] for one in ("certificate", "receipt", "bank-account"))
    assert (certificate["present"], certificate["mayHave"]) == (True, True)
    assert certificate["by"] == [{"sha256": "r-doc-a", "heldBy": [Y]}]
    assert (receipt["present"], receipt["mayHave"], receipt["by"]) == (False, True, []), "missing"
    assert (account_["present"], account_["mayHave"], account_["by"]) == (False, False, []), "none of its classes"
    bare = required(of_victim_a(OF_A, handovers=by_y), "filed", "police", "doc-a")
    unknown = {kind for kind, line in bare.items() if not line["mayHave"]}
    assert unknown == {"certificate", "receipt", "identity", "bank-account"}
    assert all(not bare[one]["present"] and bare[one]["by"] == [] for one in unknown)
    assert bare["registration-slip"]["mayHave"] and bare["application"]["mayHave"], "these go by law"
    nobody_known = [required(of_victim_a(OF_A, granted=given), "filed") for given in ([consent(A, X)], [])]
    assert [one["certificate"]["mayHave"] for one in nobody_known] == [True, False], "of whoever authorised it"
    everything = required(of_victim_a(OF_A), code="operator-1", role=Role.OPERATOR)
    assert all(line["mayHave"] for line in everything.values())


def test_of_heirs_nothing_is_told_but_a_number() -> None:
    example: Any = load("accident")["examples"][0]  # type: ignore[index]
    first, second = example["parties"]
    dead = second | {"person": {"identifier": A, "name": "測試人"}, "injury": "death"}
    report = report_of(example | {"parties": [first, dead]})
    heir = consent(A, X, grantor=C, grantor_role="heir", classes=(DataClass.CERTIFICATE, DataClass.CLAIM))
    own = consent(C, X, name="h", classes=(DataClass.CLAIM,))
    account_ = node("account", Kind.PAPER, evidence("bank-account", classes=(DataClass.CLAIM,), persons=(C,)))
    offers = (offered(1, "filed", "police", "account"),)
    found = dossier(POLICE, APPLICATION, account_, granted=[heir, own], offers=offers)
    found = replace(found, contents={"r-police": report})
    seen = motor(found, X, Role.INSURER, "filed", "police", "account")
    assert seen
    (victim,) = seen["victims"]
    (claimant,) = victim["claimants"]
    assert (claimant["claimant"], claimant["filed"]) == (1, False)
    there = {line["anyOf"][0]["kind"]: (line["present"], line["mayHave"]) for line in claimant["papers"]}
    assert there == {"identity": (False, False), "bank-account": (True, True)}
    assert not any(one in json.dumps(seen) for one in (A, C))
    other = motor(replace(found, case=replace(found.case, consents=())), X, Role.INSURER, "filed", "police", "account")  # type: ignore[type-var]
    assert other and other["victims"][0]["claimants"] == [], "an authorisation that is not its own names nobody"


FOREIGN = {
    "f-cert": node("f-cert", Kind.DOCUMENT, document(A, classes=(DataClass.CERTIFICATE, DataClass.LABORATORY))),
    "f-receipt": node("f-receipt", Kind.DOCUMENT, document(B, classes=(DataClass.RECEIPT,))),
    "f-account": node("f-account", Kind.PAPER, evidence("bank-account", classes=(DataClass.CLAIM,), persons=(A,))),
    "f-heirs": node("f-heirs", Kind.PAPER, evidence("heir-statement", classes=(DataClass.CLAIM,), persons=(A, B))),
    "f-filed": node("f-filed", Kind.APPLICATION, filing((Y, COMPULSORY), person=B, plates=("CD2",), applicant=B)),
    "f-death": node(
        "f-death", Kind.PAPER, evidence("death-certificate", classes=(DataClass.CERTIFICATE,), persons=(B,))
    ),
}


@given(st.sets(st.sampled_from(sorted(FOREIGN))), st.sets(st.sampled_from((X, Y, Z))), st.booleans())
@settings(max_examples=60, deadline=None)
def test_papers_that_an_insurer_may_not_have_change_nothing_that_it_is_told(
    there: set[str], who: set[str], handed_once: bool
) -> None:
    """Neither that they exist nor who holds them: not a byte of its view differs."""
    granted = [consent(A, X, classes=(DataClass.CERTIFICATE, DataClass.RECEIPT))]
    handed = frozenset({"r-filed", "r-police", "r-doc-a", *(f"r-{one}" for one in there if handed_once)})
    handovers = tuple(one for insurer in sorted(who) for one in fetched(insurer, *sorted(there)) if insurer != X)

    def seen(*more: Any, **fields: Any) -> object:
        offers = (offered(1, "filed", "police", "doc-a"),)
        return view_of(of_victim_a(OF_A, *more, granted=granted, offers=offers, **fields), X, Role.INSURER, handed)

    assert seen(*(FOREIGN[one] for one in sorted(there)), handovers=handovers) == seen()


def test_a_step_says_what_bars_it_and_that_its_fee_is_unconfirmed() -> None:
    disputed = evidence("dispute", persons=(A,), plates=("AB1",), facts={"wish": "assessment"})
    found = told(node("said", Kind.DISPUTE, disputed))
    seen = motor(found, "operator-1", Role.OPERATOR)
    assert seen
    first, second, *_ = seen["disputes"][0]["steps"]
    assert "K0040045 art. 3 ①" in first["noteEn"] and second["note"] is None
    assert (first["fee"], first["feeStatus"], second["feeStatus"]) == (3000, "unconfirmed", "law")
    whole = view_of(found, "operator-1", Role.OPERATOR)
    assert whole
    text = html(whole, Role.OPERATOR, {}, None, datetime(2025, 10, 1, tzinfo=UTC))
    assert "僅得由司法機關囑託鑑定" in text and "未經確認" in text


@pytest.mark.parametrize("stranger", [False, True])
@pytest.mark.parametrize("late", [False, True])
def test_a_late_dispute_and_a_strangers_are_told_and_not_refused(stranger: bool, late: bool) -> None:
    (party, *_) = load("accident")["examples"][0]["parties"]  # type: ignore[index]
    who = "C123456781" if stranger else party["person"]["identifier"]
    facts = {"wish": "assessment", "applied": "2026-03-31" if late else "2025-09-20"}
    disputed = evidence("dispute", persons=(who,), plates=("AB1",), facts=facts)
    whole = view_of(told(node("said", Kind.DISPUTE, disputed)), "operator-1", Role.OPERATOR)
    assert whole
    (found,) = whole["motor"]["disputes"]
    assert (found["party"], found["notParty"], found["late"]) == (None if stranger else 1, stranger, late)
    assert [one["late"] for one in found["steps"]] == [late, False, False, False]
    text = html(whole, Role.OPERATOR, {}, None, datetime(2025, 10, 1, tzinfo=UTC))
    assert ("中無此人" in text, "申請逾期" in text) == (stranger, late)


def test_of_a_record_that_does_not_name_every_party_nobody_is_a_stranger() -> None:
    found = told(node("said", Kind.DISPUTE, evidence("dispute", persons=("C123456781",), facts={"wish": "assessment"})))
    report = found.contents["r-police"]
    unnamed = replace(report, parties=(replace(report.parties[0], person=None), *report.parties[1:]))  # type: ignore
    seen = motor(replace(found, contents={"r-police": unnamed}), "operator-1", Role.OPERATOR)
    assert seen and (seen["disputes"][0]["party"], seen["disputes"][0]["notParty"]) == (None, False)


def test_the_scene_goes_with_the_police_record() -> None:
    found = told()
    assert (drawn(found, X, Role.INSURER, frozenset({"r-police"})) or "").startswith("<svg")
    assert drawn(found, X, Role.INSURER, frozenset({"r-filed"})) is None
    assert drawn(found, POLICE.sender, Role.POLICE, frozenset())
    assert drawn(found, "somebody", Role.POLICE, frozenset()) is None
    assert drawn(found, "operator-1", Role.OPERATOR, frozenset()) is None
    assert of_insurer(found, Z, frozenset({"r-police"})).records == frozenset()


SHA, OTHER_SHA = "ab" * 32, "cd" * 32
REPORT = report_of(load("accident")["examples"][0])  # type: ignore[index]
SECONDARY = PartyVerdict(word=AssessmentWord.SECONDARY, order=1)
MAIN = PartyVerdict(word=AssessmentWord.MAIN, order=2)


def assessed(*verdict: PartyVerdict, origin: Origin = Origin.ISSUER, **fields: Any) -> Evidence:
    return evidence(
        "assessment-verdict", classes=(DataClass.POLICE,), persons=(A,), plates=("AB1",), issuer="unit",
        upload=Upload(sha256=SHA, origin=origin), verdict=verdict, **fields,
    )  # fmt: skip


def test_the_words_of_an_assessment_outrank_the_rules() -> None:
    found = told(node("said", Kind.PAPER, assessed(SECONDARY, MAIN)))
    with_it = motor(found, X, Role.INSURER, "police", "said")
    assert with_it and with_it["fault"]["rule"]["id"] == "verdict"
    assert [(one["party"], one["low"]) for one in with_it["fault"]["shares"]] == [(1, 30), (2, 70)]
    assert with_it["fault"]["assessments"] == [{"sha256": SHA, "state": "issued", "used": True, "unresolved": []}]
    without = motor(found, X, Role.INSURER, "police")
    assert without and without["fault"]["rule"]["id"] != "verdict", "an assessment that it has not got"
    assert without["fault"]["assessments"] == []


def test_an_assessment_that_nobody_vouches_for_is_told_of_and_not_used() -> None:
    found = told(node("said", Kind.PAPER, assessed(SECONDARY, MAIN, origin=Origin.PARTY), sender="CL01"))
    seen = motor(found, X, Role.INSURER, "police", "said")
    assert seen and seen["fault"]["rule"]["id"] != "verdict"
    assert seen["fault"]["assessments"] == [{"sha256": SHA, "state": "unverified", "used": False, "unresolved": []}]


@pytest.mark.parametrize("state", State)
def test_what_state_an_assessment_must_be_in(state: State) -> None:
    seen = proposal(REPORT, [Assessment(SHA, assessed(SECONDARY, MAIN), state)])
    good = state in (State.ISSUED, State.SIGNED, State.MATCHED)
    assert (seen["rule"]["id"] == "verdict") == seen["assessments"][0]["used"] == good
    assert seen["assessments"][0]["state"] == state.value


def test_the_latest_with_words_that_is_vouched_for_counts() -> None:
    first = Assessment(SHA, assessed(SECONDARY, MAIN), State.MATCHED)
    wordless = Assessment(OTHER_SHA, assessed(), State.ISSUED)
    forged = Assessment(OTHER_SHA, assessed(MAIN.model_copy(update={"order": 1})), State.DENIED)
    seen = proposal(REPORT, [first, wordless, forged])
    assert [one["used"] for one in seen["assessments"]] == [True, False, False]
    assert [(one["party"], one["low"]) for one in seen["shares"]] == [(1, 30), (2, 70)]


PLATE, PERSON = {"plate": "ABC1234"}, {"person": "B223456782"}  # of the first party, of the second


@pytest.mark.parametrize(
    ("first", "second", "unresolved"),
    [
        (PLATE, PERSON, []),
        ({"order": 1, **PLATE}, {"order": 2, **PERSON}, []),
        (PLATE, {"order": 2}, []),
        ({"order": 2, **PLATE}, {"order": 2}, ["肇事次因"]),  # order and plate speak of two
        ({"plate": "XYZ9999"}, {"order": 2}, ["肇事次因"]),
        ({"order": 9}, {"order": 2}, ["肇事次因"]),
        ({**PLATE, **PERSON}, PERSON, ["肇事次因"]),
        ({"order": 1}, PLATE, ["肇事主因"]),  # one party, two words
        (PLATE, {"person": "C123456781"}, ["肇事主因"]),
    ],
)
def test_whom_the_words_mean(first: dict[str, Any], second: dict[str, Any], unresolved: list[str]) -> None:
    said = (PartyVerdict(word=AssessmentWord.SECONDARY, **first), PartyVerdict(word=AssessmentWord.MAIN, **second))
    seen = proposal(REPORT, [Assessment(SHA, assessed(*said), State.SIGNED)])
    assert seen["assessments"][0]["unresolved"] == unresolved
    shares = [(one["party"], one["low"]) for one in seen["shares"]]
    assert (shares, seen["cannotTell"]) == (([], "verdict") if unresolved else ([(1, 30), (2, 70)], None))


def test_no_share_is_drawn_where_one_word_is_of_nobody() -> None:
    third = PartyVerdict(word=AssessmentWord.NO_FACTOR, order=9)
    seen = proposal(REPORT, [Assessment(SHA, assessed(SECONDARY, MAIN, third), State.ISSUED)])
    assert (seen["shares"], seen["cannotTell"]) == ([], "verdict")
    assert seen["assessments"][0]["unresolved"] == ["無肇事因素"]


def test_a_plate_is_its_drivers() -> None:
    driver, other = REPORT.parties
    aboard = replace(REPORT, parties=(driver, other, replace(driver, order=3, kind="passenger", person=None)))
    words, unresolved = words_of([PartyVerdict(word=AssessmentWord.MAIN, **PLATE)], aboard)
    assert (words, unresolved) == ({1: Word.MAIN}, [])
    twice = replace(REPORT, parties=(driver, other, replace(other, order=3, plate=driver.plate)))
    assert words_of([PartyVerdict(word=AssessmentWord.MAIN, **PLATE)], twice) == ({}, ["肇事主因"])
    bare = replace(REPORT, parties=(replace(driver, plate=None, person=None), other))
    assert words_of([PartyVerdict(word=AssessmentWord.MAIN, order=1, **PLATE)], bare) == ({1: Word.MAIN}, [])


def test_the_page_says_which_assessment_was_used() -> None:
    vague = PartyVerdict(word=AssessmentWord.MAIN, order=9)
    for said, origin, text in (
        ((SECONDARY, MAIN), Origin.ISSUER, "issued，採用"),
        ((SECONDARY, MAIN), Origin.PARTY, "unverified，未採用"),
        ((SECONDARY, vague), Origin.ISSUER, "肇事主因：無法辨識所指當事者"),
    ):
        found = told(node("said", Kind.PAPER, assessed(*said, origin=origin), sender="CL01"))
        seen = view_of(found, X, Role.INSURER, frozenset({"r-police", "r-said"}))
        assert seen and text in html(seen, Role.INSURER, {}, None, datetime(2025, 10, 1, tzinfo=UTC))


def test_a_disability_as_claimed_and_interest_to_today_are_told_to_an_insurer_and_shown() -> None:
    """All papers came on 4 September: the tenth working day is the 18th, and today is 1 October."""
    classes = {"identity": DataClass.IDENTITY, "bank-account": DataClass.CLAIM}
    both = (DataClass.CERTIFICATE, DataClass.RECEIPT)
    more = [node("doc", Kind.DOCUMENT, document(A, classes=both))]
    more += [
        node(kind, Kind.PAPER, evidence(kind, classes=(one,), persons=(A,), plates=("AB1",)))
        for kind, one in classes.items()
    ]
    consent_ = consent(A, X, classes=(*both, *classes.values()))
    approved = {consent_.record: ConsentState(consent_.record, "approve", "operator-1", TIME)}
    names = ("filed", "police", *(one.lineage for one in more))
    found = of_victim_a(*more, granted=[consent_], offers=(offered(1, *names),), consents=approved)
    receipt = Receipt(frozenset({"R1"}), (ReceiptLine("1.1", Item.CARE, 100_000),), 0, Decimal(0))
    claimed = Stated(frozenset(), None, {A: Levels((9, 12), 13)})
    contents = found.contents | {"r-doc": Costs((receipt,), frozenset()), "r-filed": claimed}
    found = replace(found, contents=contents)

    def victim(code: str, role: Role) -> tuple[dict[str, Any], str]:
        whole = view_of(found, code, role, frozenset(f"r-{one}" for one in names))
        assert whole
        text = html(whole, role, {}, None, datetime(2025, 10, 1, tzinfo=UTC))
        return whole["motor"]["victims"][0], text

    told_, page = victim(X, Role.INSURER)
    assert told_["claimed"]["interest"] == {
        "amount": 356, "percent": 10, "since": "2025-09-19", "days": 13, "article": "G0390060 art. 25 III", "status": "law",
    }  # fmt: skip
    assert (told_["disability"]["level"], told_["disability"]["amount"]) == (8, 600_000 - 100_000)
    assert told_["claimed"]["total"] == 100_000 and told_["claimed"]["nhiRemainder"] == 100_000
    assert "遲延利息：356 元（2025-09-19 起 13 日，年利 10 %）" in page
    assert "第 9、12 等級（原有第 13 等級），合計第 8 等級：500,000 元" in page
    hers, page = victim("operator-1", Role.OPERATOR)
    assert "claimed" not in hers and "disability" not in hers and "主張之失能" not in page


def test_a_dispute_is_late_by_the_day_on_which_the_reader_first_saw_it() -> None:
    filed = {"classes": (DataClass.APPLICATION,), "insurers": (NamedInsurer(insurer=X, cover=THIRD),)}
    disputed = evidence("dispute", persons=(A,), plates=("AB1",), facts={"wish": "assessment"}, **filed)
    found = told(node("said", Kind.DISPUTE, disputed), offers=(offered(1, "filed", "police", "said"),))
    early, late = "2026-03-03T01:00:00.000000Z", "2026-03-05T01:00:00.000000Z"
    entries = tuple(replace(one, received=late) if one.lineage == "said" else one for one in found.entries)
    first = replace(next(one for one in entries if one.lineage == "said"), record="r-first", received=early)
    found = replace(found, entries=(*entries, first))

    def judged(found: Dossier, code: str, role: Role, *handed: str) -> tuple[str, bool]:
        seen = motor(found, code, role, *handed)
        assert seen
        step = seen["disputes"][0]["steps"][0]
        assert step["late"] == seen["disputes"][0]["late"]
        return step["asked"], step["late"]

    assert judged(found, "operator-1", Role.OPERATOR) == ("2026-03-03", False)
    assert judged(found, X, Role.INSURER, "filed", "police", "said") == ("2026-03-05", True), "the first was not for it"
    before = Offer(X, 2, "claims.offer", "C1", TIME, 3, (OfferedPaper("r-first", "said", "s", ((-1, "law:x"),), True),))
    known = replace(found, offers=(*found.offers, before))
    assert judged(known, X, Role.INSURER, "filed", "police", "said") == ("2026-03-03", False)
    whole = view_of(found, X, Role.INSURER, frozenset({"r-filed", "r-police", "r-said"}))
    assert whole
    text = html(whole, Role.INSURER, {}, None, datetime(2026, 4, 1, tzinfo=UTC))
    assert "異議提出日" in text and "2026-03-05" in text and "申請逾期" in text
