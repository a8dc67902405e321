"""The scenario generator: reproducible, in order, and at one with its own truth."""

import csv
import hashlib
import itertools
import json
import random
import zlib
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import FUND, Role
from services.sandbox import (
    accidents,
    applications,
    documents,
    drafts,
    files,
    filings,
    hospital_papers,
    medical,
    motor,
    open_data,
    police_papers,
    scenario,
    truth,
)
from services.sandbox.participants import PARTICIPANTS, insurer_of

CASES = 120
DOORS = {
    "/fhir/Bundle": Role.HOSPITAL,
    "/police/accidents": Role.POLICE,
    "/claimlink/applications": Role.CLAIMLINK,
    "/disputes": Role.CLAIMLINK,
    "/authorisations": Role.CLAIMLINK,
    "/authorisations/{id}": Role.CLAIMLINK,
    "/authorisations/{id}/review": Role.OPERATOR,
    "/mandates": Role.CLAIMLINK,
    "/mandates/{id}": Role.CLAIMLINK,
    "/mandates/{id}/review": Role.OPERATOR,
}
ROLES = {one.code: one.roles[0] for one in PARTICIPANTS}
MEDICAL = {"certificate", "receipt", "laboratory", "operation"}


@pytest.fixture(scope="module")
def items():
    return list(scenario.generate(11, CASES))


@pytest.fixture(scope="module")
def told(items):
    return {line.file: line for item in items for line in item.truths}


def test_the_same_seed_gives_the_same_bytes():
    first, again = list(scenario.generate(5, 30)), list(scenario.generate(5, 30))
    assert first == again
    assert first != list(scenario.generate(6, 30))


def test_a_case_does_not_depend_on_how_many_there_are():
    few = {item.file: item.body for item in scenario.generate(5, 3) if item.file != open_data.NAME}
    many = {item.file: item.body for item in scenario.generate(5, 40)}
    assert few.items() <= many.items()


def test_it_is_lazy():
    begun = list(itertools.islice(scenario.generate(1, 10**9), 200))
    assert len(begun) == 200
    assert len({line.case for item in begun for line in item.truths if line.case}) <= 60


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 25))
def test_lines_stand_in_order_and_name_earlier_ones(seed, cases):
    files_seen, authorisations = set(), set()
    for place, item in enumerate(scenario.generate(seed, cases), start=1):
        assert item.n == place
        assert item.file not in files_seen and item.file == item.truths[0].file
        assert ("{id}" in item.path) == (item.of is not None) == (item.truths[0].kind in ("review", "withdrawal"))
        if item.of:
            assert item.of in authorisations
        if item.path in ("/authorisations", "/mandates"):
            authorisations.add(item.n)
        for line in item.truths:
            for named in (line.duplicate_of, line.copy_of, line.supersedes):
                assert named is None or named in files_seen
        files_seen.update(line.file for line in item.truths)


def test_senders_may_use_their_doors(items):
    for item in items:
        if item.path == "/papers":
            assert ROLES[item.sender] in (Role.CLAIMLINK, Role.POLICE) and item.metadata
        else:
            assert ROLES[item.sender] == DOORS[item.path] and item.metadata is None
        assert (item.method == "DELETE") == (item.body == b"")


def test_hashes_are_of_the_bytes_and_no_paper_has_anothers(items, told):
    for item in items:
        assert item.truths[0].sha256 == hashlib.sha256(item.body).hexdigest()
    papers = [line.sha256 for line in told.values() if line.kind not in ("review", "withdrawal")]
    assert len(papers) == len(set(papers))


def test_every_kind_and_twist_happens():
    seen = Counter()
    for what, table in (
        ("kind", scenario.KINDS),
        ("document", hospital_papers.TWISTS),
        ("application", applications.TWISTS),
        ("accident", police_papers.TWISTS),
    ):
        for number in range(2 * len(table)):
            seen[what, scenario._turn(3, what, number, table)] += 1
        assert {entry for known, entry in seen if known == what} == set(table)
        assert sum(count for (known, _), count in seen.items() if known == what) == 2 * len(table)


def test_rejected_and_superseded_records_are_nobodys(told):
    superseded = {line.supersedes for line in told.values()} - {None}
    assert superseded
    assert Counter(line.expected for line in told.values()).keys() == {"accepted", "rejected", "duplicate"}
    for line in told.values():
        assert set(line.insurers) <= set(line.allowed_ever)
        if line.expected == "rejected":
            assert (line.case, line.insurers, line.allowed_ever, line.persons) == (None, (), (), ())
        if line.file in superseded or line.kind in (
            "authorisation",
            "mandate",
            "review",
            "withdrawal",
            "repair-estimate",
        ):
            assert line.insurers == ()
        assert (line.expected == "duplicate") == (line.duplicate_of is not None)
        if line.duplicate_of and line.duplicate_of not in superseded:
            assert line.insurers == (), "the double is shown though its original stands"


def grants_of(items, approved_only=True):
    """(subject, classes, recipients) of every approved, unwithdrawn authorisation, out of the bytes sent; of an agent's, while
    a mandate of the subject to him is."""
    by_line = {item.n: json.loads(item.body) for item in items if item.path == "/authorisations"}
    approved = {item.of for item in items if item.path.endswith("/review") and b"approve" in item.body}
    ended = {item.of for item in items if item.method == "DELETE"}
    mandates = {(made["principal"]["identifier"], made["agent"]["identifier"]): item.n for item in items
                if item.path == "/mandates" and (made := json.loads(item.body))}  # fmt: skip
    for n, made in by_line.items():
        rests = {n}
        if made["grantor"]["role"] == "agent":
            rests.add(mandates.get((made["subject"]["identifier"], made["grantor"]["identifier"]), 0))
        if not approved_only or (rests <= approved and not rests & ended):
            yield made["subject"]["identifier"], set(made["classes"]), set(made["recipients"]), made


def test_documents_go_where_the_patient_allows_and_nowhere_else(items, told):
    """Out of the bytes alone: authorisations, reviews, withdrawals against the truth of the documents."""
    given_by = defaultdict(list)
    for subject, classes, recipients, _ in grants_of(items):
        given_by[subject].append((classes, recipients))
    superseded = {line.supersedes for line in told.values()}
    held = 0
    for item in items:
        line = item.truths[0]
        if line.kind != "document" or line.expected == "rejected":
            continue
        bundle = json.loads(item.body)
        kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
        classes = {"certificate", "receipt"}
        classes |= {"laboratory"} if "Observation" in kinds else set()
        classes |= {"operation"} if "Procedure" in kinds else set()
        allowed = set().union(*(to for what, to in given_by[line.persons[0]] if what >= classes))
        status = bundle["entry"][0]["resource"]["status"]
        current = line.file not in superseded and status != "entered-in-error" and not line.duplicate_of
        assert set(line.insurers) == (allowed if current else set(line.insurers) & allowed)
        held += bool(line.insurers)
    assert held > 30


def test_withdrawn_and_unapproved_consents_give_nothing(items, told):
    force = list(grants_of(items))
    given_now = defaultdict(set)
    for subject, _, recipients, _ in force:
        given_now[subject] |= recipients
    withdrawn = impostors = 0
    live = [made for *_, made in force]
    ended = {item.of for item in items if item.method == "DELETE"}
    lines = {json.loads(item.body)["id"]: item.n for item in items if item.path == "/authorisations"}
    for subject, _, recipients, made in grants_of(items, approved_only=False):
        if made in live:
            continue
        for line in told.values():
            if line.kind in ("document", "receipt") and line.persons == (subject,):
                assert not set(line.insurers) & (recipients - given_now[subject])
                if lines[made["id"]] in ended or made["grantor"]["role"] == "agent":
                    withdrawn += bool(set(line.allowed_ever) & recipients)
                else:
                    impostors += 1
                    assert not set(line.allowed_ever) & (recipients - given_now[subject])
    assert withdrawn and impostors


def test_of_two_injured_only_the_one_who_consents_shows_papers():
    book = drafts.book(21, 4)
    motor.tell(book, motor.PASSENGERS, hospital_papers.PLAIN, applications.PLAIN, police_papers.PLAIN)
    first, second = book.person(2).identifier, book.person(3).identifier
    lines = truth.evaluate(book.drafts, book.label)
    mine = [line for line in lines if line.kind == "document" and line.persons == (first,)]
    theirs = [line for line in lines if line.kind in ("document", "receipt") and line.persons == (second,)]
    assert mine and theirs
    assert all(line.insurers for line in mine)
    assert all(line.insurers == line.allowed_ever == () for line in theirs)


@pytest.mark.parametrize("number", range(12))
def test_a_narrow_consent_releases_the_upload_and_not_the_document(number):
    book = drafts.book(8, number)
    medical.tell(book, medical.NARROW, hospital_papers.PLAIN, applications.PLAIN)
    lines = {line.kind: line for line in truth.evaluate(book.drafts, book.label)}
    assert lines["document"].insurers == ()
    assert lines["receipt"].insurers and lines["receipt"].copy_of == lines["document"].file


@pytest.mark.parametrize("number", range(40))
def test_a_wide_consent_releases_the_hospitals_own_and_not_the_upload(number):
    book = drafts.book(8, number)
    medical.tell(book, medical.CLAIMED, hospital_papers.PLAIN, applications.PLAIN)
    lines = {line.kind: line for line in truth.evaluate(book.drafts, book.label)}
    assert lines["document"].insurers
    assert "receipt" not in lines or lines["receipt"].insurers == ()


def test_a_double_stands_in_when_its_original_goes():
    book = drafts.book(8, 1)
    medical.tell(book, medical.CLAIMED, hospital_papers.STAND_IN, applications.PLAIN)
    first, double, gone = (line for line in truth.evaluate(book.drafts, book.label) if line.kind == "document")
    assert (first.insurers, gone.insurers) == ((), ())
    assert double.insurers and double.duplicate_of == first.file and gone.supersedes == first.file


def test_a_record_handed_on_to_the_next_unit_is_replaced_by_theirs():
    book = drafts.book(8, 2)
    motor.tell(book, motor.TWO, hospital_papers.PLAIN, applications.PLAIN, police_papers.HANDED_ON)
    own, gone, copy = (line for line in truth.evaluate(book.drafts, book.label) if line.kind == "accident")
    assert own.insurers == gone.insurers == ()
    assert copy.insurers and copy.copy_of == own.file


def mandates_of(items):
    """(principal, agent) of every approved mandate to file applications that was not withdrawn, out of the bytes sent."""
    approved = {item.of for item in items if item.path.endswith("/review") and b"approve" in item.body}
    ended = {item.of for item in items if item.method == "DELETE"}
    made = [json.loads(item.body) for item in items if item.path == "/mandates" and item.n in approved - ended]
    return {
        (one["principal"]["identifier"], one["agent"]["identifier"]) for one in made if "application" in one["scope"]
    }


def test_police_records_go_to_compulsory_insurers_that_an_application_names(items, told):
    named, plates, answered = defaultdict(set), defaultdict(set), set()
    mandates = mandates_of(items)
    superseded = {line.supersedes for line in told.values()}
    for item in items:
        line = item.truths[0]
        if line.expected != "accepted" or line.file in superseded or item.content_type != "application/json":
            continue
        made = json.loads(item.body or b"{}")
        if made.get("status") == "entered-in-error":
            continue
        by_agent = line.kind == "application" and "agent" in made
        if by_agent and (made["applicant"]["identifier"], made["agent"]["identifier"]) not in mandates:
            continue
        if line.kind == "application":
            named[line.case] |= {one["code"] for one in made["insurers"]}
        if line.kind == "accident":
            plates[line.case] |= {one["plate"] for one in made["parties"] if "plate" in one}
            cars = [one for one in made["parties"] if one["role"] == "driver"]
            if any("vehicleStanding" in one or not insurer_of(one.get("plate", "")) for one in cars):
                answered.add(line.case)
    held = 0
    for line in told.values():
        if line.kind in ("accident", *dict(police_papers.POLICE_PAPERS)) and line.insurers:
            held += 1
            covering = {insurer_of(plate) for plate in plates[line.case]}
            assert set(line.insurers) == (covering | ({FUND} if line.case in answered else set())) & named[line.case]
        if line.kind == "application" and line.insurers:
            assert set(line.insurers) <= named[line.case]
    assert held > 20


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 400), st.randoms(use_true_random=False))
def test_the_truth_does_not_depend_on_the_order(seed, number, rng):
    told, _ = scenario.tell(seed, number)
    shuffled = [draft for draft, _ in told]
    rng.shuffle(shuffled)
    again = {line.file: line for line in truth.evaluate(shuffled, f"case-{number:05d}")}
    assert again == {line.file: line for _, line in told}


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ([("a", "1", False)], "a1"),
        ([("a", "1", False), ("a", "2", False)], "a2"),
        ([("a", "1", False), ("a", "2", True)], None),
        ([("a", "2", False), ("b", "1", False)], "a2"),
        ([("a", "1", False), ("b", "1.5", False), ("a", "2", True)], "b1.5"),
        ([("a", "1", False), ("a", "2", True), ("a", "3", False), ("b", "2", False)], "a3"),
    ],
)
def test_what_a_case_shows_of_one_thing(drawn, expected):
    made = [
        drafts.Draft(
            identity + version,
            "document",
            "POST",
            "",
            "",
            "",
            b"",
            None,
            lineage="one",
            identity=identity,
            version=version,
            withdrawn=withdrawn,
        )  # fmt: skip
        for identity, version, withdrawn in drawn
    ]
    for order in itertools.permutations(made):
        assert [draft.name for draft in truth.shown(order)] == ([expected] if expected else [])


def test_two_equal_copies_are_refused():
    def made(name, lineage):
        return drafts.Draft(
            name, "application", "POST", "", "", "", b"", classes=frozenset({"application"}), insurers=("1",),
            lineage=lineage, identity=lineage, version="1", parts=frozenset({("x",)}),
        )  # fmt: skip

    with pytest.raises(ValueError, match="equally well attested"):
        truth.evaluate([made("a", "a"), made("b", "b")], "c")


def test_the_open_data_file_is_as_published(items, told):
    last = items[-1]
    assert last.content_type == "text/csv" and last.sender == "NPA-OPEN"
    text = last.body.decode("utf-8-sig")
    rows = list(csv.reader(text.splitlines()))
    assert {len(row) for row in rows} == {51}
    assert text.endswith("\r\n") and rows[-2][0].startswith("資料提供日期：") and rows[-1][0] == "事故類別：A2類"
    raw = last.body.splitlines(keepends=True)
    children = [line for line in last.truths if "#" in line.file]
    assert len(children) >= open_data.STRANGERS + 3
    assert any(line.copy_of for line in children) and any(line.case and not line.copy_of for line in children)
    starts = [int(line.file.partition("#")[2]) for line in children]
    for line, start, end in zip(children, starts, [*starts[1:], len(raw) - 1], strict=True):
        own = raw[0] + b"".join(raw[start - 1 : end - 1])
        assert line.sha256 == hashlib.sha256(own).hexdigest()
        if line.copy_of:
            assert told[line.copy_of].case == line.case and line.insurers == ()
        elif line.case is None:
            assert line.insurers == line.allowed_ever == ()


def test_the_header_is_the_published_one():
    assert accidents.COLUMNS == 51
    assert accidents.HEADER.startswith("發生年度,發生月份,發生日期,發生時間,") and accidents.HEADER.endswith(
        "經度,緯度"
    )


def test_copies_in_open_data_have_the_units_time_and_place(items, told):
    by_file = {item.file: item for item in items}
    last = items[-1]
    rows = dict(enumerate(last.body.decode("utf-8-sig").splitlines(), start=1))
    for line in last.truths:
        if line.copy_of:
            row = rows[int(line.file.partition("#")[2])].split(",")
            made = json.loads(by_file[line.copy_of].body)
            assert row[2] + row[3] == made["occurredAt"][:19].translate({ord(mark): None for mark in "-:T"})
            assert (float(row[-2]), float(row[-1])) == (made["place"]["longitude"], made["place"]["latitude"])


def test_documents_are_built_the_same_again_and_with_other_ids_at_another_rank():
    told, _ = scenario.tell(3, 1)
    body = next(json.loads(draft.body) for draft, _ in told if draft.kind == "document")
    urls = [entry["fullUrl"] for entry in body["entry"]]
    assert len(urls) == len(set(urls)) and body["entry"][0]["resource"]["resourceType"] == "Composition"
    text = json.dumps(body)
    for found in text.split('"reference": "')[1:]:
        assert found.partition('"')[0] in urls
    assert body["identifier"] == body["entry"][0]["resource"]["identifier"]


def test_reordering_keeps_the_content():
    value = {"a": 1, "b": [{"c": 2, "d": 3}]}
    turned = hospital_papers.reordered(value)
    assert turned == value and json.dumps(turned) == '{"b": [{"d": 3, "c": 2}], "a": 1}'


def test_a_directory_holds_what_was_written(tmp_path, items):
    assert files.write(items, tmp_path) == len(items)
    again = list(files.read(tmp_path))
    assert [item.line() for item in again] == [item.line() for item in items]
    assert [item.body for item in again] == [item.body for item in items]
    for item, other in zip(items, again, strict=True):
        assert [line.line() for line in item.truths] == [line.line() for line in other.truths]
    lines = (tmp_path / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    assert list(json.loads(lines[0])) == ["n", "method", "path", "sender", "contentType", "file", "metadata", "of"]
    lines = (tmp_path / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    assert list(json.loads(lines[0])) == [
        "file", "sha256", "kind", "persons", "case", "duplicate_of", "copy_of", "supersedes", "insurers",
    ]  # fmt: skip


def test_sums_and_sizes(items):
    sizes = [len(item.body) for item in items if item.path == "/fhir/Bundle"]
    assert min(sizes) > 14_000 and max(sizes) < 70_000
    assert documents.Line("DRUG", "藥費", "nhi", 3, 7).net == 21


@pytest.mark.parametrize("number", range(30))
def test_a_double_that_stands_in_is_still_better_than_the_upload(number):
    book = drafts.book(8, number)
    motor.tell(book, motor.TWO, hospital_papers.STAND_IN, applications.PLAIN, police_papers.PLAIN)
    lines = truth.evaluate(book.drafts, book.label)
    double = next(line for line in lines if line.duplicate_of)
    assert double.insurers
    assert all(line.insurers == () for line in lines if line.kind == "receipt" and line.copy_of == double.duplicate_of)


@pytest.mark.parametrize("number", range(12))
def test_no_impostor_is_approved(number):
    book = drafts.book(8, number)
    medical.tell(book, medical.IMPOSTOR, hospital_papers.PLAIN, applications.PLAIN)
    genuine, impostor = (draft for draft in book.drafts if draft.consent)
    reviews = {draft.of: draft.approves for draft in book.drafts if draft.kind == "review"}
    assert reviews[genuine.name] is True and not reviews.get(impostor.name)
    document = next(line for line in truth.evaluate(book.drafts, book.label) if line.kind == "document")
    assert not set(document.allowed_ever) & set(impostor.consent.recipients)


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize(("kind", "held"), [(medical.AGENT, True), (medical.REVOKED, False)])
def test_an_agents_authorisation_rests_on_his_mandate(number, kind, held):
    book = drafts.book(8, number)
    medical.tell(book, kind, hospital_papers.PLAIN, applications.PLAIN)
    mandate = next(json.loads(draft.body) for draft in book.drafts if draft.kind == "mandate")
    given = next(json.loads(draft.body) for draft in book.drafts if draft.kind == "authorisation")
    assert given["grantor"]["role"] == "agent" and mandate["period"]["start"] <= given["period"]["start"]
    assert (mandate["principal"], mandate["agent"]["identifier"]) == (given["subject"], given["grantor"]["identifier"])
    document = next(line for line in truth.evaluate(book.drafts, book.label) if line.kind == "document")
    assert set(document.allowed_ever) == set(given["recipients"])
    assert set(document.insurers) == (set(given["recipients"]) if held else set())
    assert {draft.path for draft in book.drafts if draft.method == "DELETE"} == (set() if held else {"/mandates/{id}"})


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("kind", motor.BY_AGENT)
def test_an_agents_application_rests_on_his_mandate(number, kind):
    book = drafts.book(8, number)
    motor.tell(book, kind, hospital_papers.PLAIN, applications.PLAIN, police_papers.WITHDRAWN)
    lines = truth.evaluate(book.drafts, book.label)
    filed = {line.file: json.loads(draft.body) for draft, line in zip(book.drafts, lines, strict=True)
             if line.kind == "application"}  # fmt: skip
    told = [(line.acting, "agent" in filed[line.file], bool(line.insurers), bool(line.allowed_ever))
            for line in lines if line.kind == "application"]  # fmt: skip
    police = next(line for line in lines if line.kind == "accident")
    assert (
        told
        == {
            applications.MANDATED: [(truth.Acting.MANDATED, True, True, True)],
            applications.REVOKED: [(truth.Acting.REVOKED, True, False, True)] * 2,
            applications.ASTRAY: [(None, False, True, True), (truth.Acting.UNMANDATED, True, False, False)],
        }[kind]
    )
    assert bool(police.insurers) == (kind != applications.REVOKED)
    if kind == applications.ASTRAY:
        own = next(made for made in filed.values() if "agent" not in made)
        assert set(police.insurers) <= {one["code"] for one in own["insurers"]}


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("kind", [motor.WHOLE, motor.UNINSURED])
def test_of_an_accident_with_every_paper_each_goes_to_who_owes_its_victim(kind, number):
    book = drafts.book(8, number)
    motor.tell(book, kind, hospital_papers.WITHDRAWN, applications.WITHDRAWN, police_papers.WITHDRAWN)
    lines = truth.evaluate(book.drafts, book.label)
    (record,) = [line for line in lines if line.owed]
    assert record.owed.keys() == record.claimed.keys() == {"2", "3"}
    everyone = {payer for owed in record.owed.values() for payer in owed}
    assert (FUND in everyone) == (kind == motor.UNINSURED)
    assert {line.expected for line in lines} == {"accepted"}
    of_case = [line for line in lines if line.kind in ("application", "accident", *dict(police_papers.POLICE_PAPERS))]
    assert len(of_case) == 7 and all(set(line.insurers) == everyone for line in of_case), (
        "an application of each victim"
    )
    for party, owed in record.owed.items():
        person = book.person(int(party) - 1).identifier
        hers = [line for line in lines if line.persons == (person,) and line.kind != "authorisation"]
        for_fund = {"fund-receipt-and-undertaking"} if FUND in owed else set()
        assert {line.kind for line in hers} == {"document", *motor.OWN_PAPERS} | for_fund
        assert all(set(line.insurers) == set(owed) for line in hers) and record.claimed[party] > 0


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize(
    ("kind", "stood", "owed"),
    [
        (motor.FLED, {"1": "untraceable", "2": "insured"}, {"2": {FUND: "1"}}),
        (motor.UNINSURED, {"1": "uninsured", "2": "insured"}, {"2": {FUND: "1"}, "3": {FUND: "1/2", "own": "1/2"}}),
        (motor.UNCONSENTED, {"1": "unconsented", "2": "insured"}, {"2": {FUND: "1"}}),
        (motor.EXEMPT, {"1": "exempt", "2": "insured"}, {"2": {FUND: "1"}, "3": {FUND: "1/2", "own": "1/2"}}),
        (motor.ALL_EXEMPT, {"1": "exempt", "3": "exempt"}, {"2": {FUND: "1"}, "3": {}}),
    ],
)
def test_the_fund_stands_in_as_article_40_has_it(kind, stood, owed, number):
    book = drafts.book(8, number)
    motor.tell(book, kind, hospital_papers.PLAIN, applications.PLAIN, police_papers.PLAIN)
    own = insurer_of(book.setting.plates[1])
    lines = truth.evaluate(book.drafts, book.label)
    (record,) = [line for line in lines if line.owed]
    assert record.stood == stood
    told = {
        party: {own if payer == "own" else payer: share for payer, share in by.items()} for party, by in owed.items()
    }
    assert record.owed == told and FUND in record.insurers
    assert any(FUND in line.insurers for line in lines if line.kind == "document"), "by the consent of who applies"


def test_a_crash_of_one_party_has_a_second_row_for_nothing():
    where = drafts.book(1, 1).setting
    alone = accidents.Occurrence(
        where.moment, where.place, where.coordinates, where.unit, (accidents.Participant("motorcycle", "driver"),)
    )
    first, second = (row.split(",") for row in accidents.rows(random.Random(1), alone))
    assert len(first) == len(second) == accidents.COLUMNS
    assert (first[33], second[33], second[36]) == ("1", "2", accidents.DUMMY)


def test_uploads_are_valid_files():
    picture, end = filings.png("note"), 8
    names = []
    while end < len(picture):
        size = int.from_bytes(picture[end : end + 4], "big")
        body = picture[end + 4 : end + 8 + size]
        assert zlib.crc32(body) == int.from_bytes(picture[end + 8 + size : end + 12 + size], "big")
        names.append(body[:4])
        end += 12 + size
    assert names == [b"IHDR", b"tEXt", b"IDAT", b"IEND"] and end == len(picture)
    page = filings.pdf("note")
    start = int(page.rpartition(b"startxref\n")[2].split()[0])
    assert page[start:].startswith(b"xref\n0 6\n")
    for number, line in enumerate(page[start:].splitlines()[3:8], start=1):
        assert page[int(line[:10]) :].startswith(b"%d 0 obj\n" % number)
