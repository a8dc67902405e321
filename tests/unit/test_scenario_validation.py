"""Every record of a scenario gets the verdict that its truth expects, and validation reads out of it what was meant."""

import json
from collections import defaultdict
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.ids import record_id
from schemas.json import load
from schemas.problems import errors
from schemas.records import Kind, Record
from services.sandbox import drafts, scenario
from services.sandbox.participants import PARTICIPANTS
from services.sandbox.truth import Acting
from services.validation import check

RECEIVED = "2026-11-21T00:00:00.000000Z"
ROLES = {one.code: one.roles[0] for one in PARTICIPANTS}
KINDS = {
    "/fhir/Bundle": Kind.DOCUMENT,
    "/police/accidents": Kind.ACCIDENT,
    "/papers": Kind.PAPER,
    "/claimlink/applications": Kind.APPLICATION,
    "/disputes": Kind.DISPUTE,
    "/authorisations": Kind.AUTHORISATION,
    "/mandates": Kind.MANDATE,
    "/mandates/{id}/review": Kind.REVIEW,
    "/mandates/{id}": Kind.WITHDRAWAL,
    "/authorisations/{id}/review": Kind.REVIEW,
    "/authorisations/{id}": Kind.WITHDRAWAL,
}
BODIES = {
    Kind.ACCIDENT: "accident",
    Kind.APPLICATION: "application",
    Kind.AUTHORISATION: "authorisation",
    Kind.MANDATE: "mandate",
    Kind.DISPUTE: "dispute",
    Kind.REVIEW: "review",
}


def judged(item):
    """The item's record and validation's finding."""
    kind = Kind.ACCIDENT_FILE if item.content_type == "text/csv" else KINDS[item.path]
    metadata = json.dumps(item.metadata, ensure_ascii=False) if item.metadata else None
    digest = sha256(item.body).hexdigest()
    own = sha256(f"{metadata}{digest}".encode()).hexdigest()
    target = f"line-{item.of}" if item.of else None
    record = Record(
        id=record_id(item.sender, item.method, f"{item.path} {target}", own),
        attempt=1,
        kind=kind,
        sender=item.sender,
        role=ROLES[item.sender],
        method=item.method,
        path=item.path,
        sha256=digest,
        size=len(item.body),
        media_type=item.content_type,
        received=RECEIVED,
        target=target,
    )
    return record, check.check(record, item.body, metadata)


@pytest.fixture(scope="module")
def findings():
    return [(item, *judged(item)) for item in scenario.generate(13, 80)]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**9))
def test_every_record_gets_the_expected_verdict(seed):
    for item in scenario.generate(seed, 12):
        _, found = judged(item)
        refused = item.truths[0].expected == "rejected"
        assert errors(found.problems) == refused, (item.file, [problem.code for problem in found.problems])


def test_good_records_have_no_warnings_either(findings):
    for item, _, found in findings:
        if item.truths[0].expected != "rejected":
            assert [problem.code for problem in found.problems] == [], item.file


def test_bodies_keep_to_their_schemas(findings):
    schemas = {name: Draft202012Validator(load(name)) for name in (*BODIES.values(), "paper")}
    for item, record, _ in findings:
        name = "paper" if record.kind == Kind.PAPER else BODIES.get(record.kind)
        if name and item.truths[0].expected != "rejected":
            schemas[name].validate(item.metadata if name == "paper" else json.loads(item.body))


def test_persons_and_classes_are_read_as_meant(findings):
    meant = {}
    for number in range(80):
        for draft, _ in scenario.tell(13, number)[0]:
            meant[draft.name] = draft
    for item, record, found in findings:
        draft = meant.get(item.file)
        if not found.content or not draft or record.kind in (Kind.REVIEW, Kind.WITHDRAWAL):
            continue
        if record.kind == Kind.MANDATE:
            assert (found.content.principal, found.content.agent) == draft.persons, item.file
            continue
        assert set(found.content.persons) == set(draft.persons) == set(item.truths[0].persons), item.file
        if record.kind == Kind.AUTHORISATION:
            assert set(found.content.grant.recipients) == set(draft.consent.recipients)
            assert set(found.content.grant.classes) == set(draft.consent.classes)
        else:
            assert set(found.content.classes) == set(draft.classes), item.file
        assert (found.content.standing == "entered-in-error") == draft.withdrawn


def test_doubles_and_copies_are_the_same_thing_to_the_fingerprint(findings):
    read = {item.file: (item, found.content) for item, _, found in findings if found.content}
    doubles = copies = 0
    for item, _, found in findings:
        line = item.truths[0]
        if line.duplicate_of:
            doubles += 1
            first, content = read[line.duplicate_of]
            assert found.content.content == content.content != ""
            assert found.content.identity != content.identity and item.sender == first.sender
            assert found.content.version < content.version, "the original must be shown in any order"
        if line.copy_of:
            copies += 1
            assert set(found.content.parts) & set(read[line.copy_of][1].parts)
            assert item.sender != read[line.copy_of][0].sender
        if line.supersedes:
            before = read[line.supersedes][1]
            assert found.content.identity == before.identity and found.content.version > before.version
    assert doubles > 10 and copies > 10


def test_nothing_else_shares_a_fingerprint(findings):
    """What the truth does not call a double, a copy or a version is nothing of the kind to the system either."""
    family = {}

    def root(file):
        while family.get(file, file) != file:
            file = family[file]
        return file

    by_part, by_identity = defaultdict(set), defaultdict(set)
    for item, record, found in findings:
        line = item.truths[0]
        for other in (line.duplicate_of, line.copy_of, line.supersedes):
            if other:
                family[root(line.file)] = root(other)
        if line.acting == Acting.UNMANDATED:
            continue  # a version that takes no other's place
        if not found.content or record.kind in (Kind.REVIEW, Kind.WITHDRAWAL, Kind.ACCIDENT_FILE):
            continue
        for part in found.content.parts if record.kind != Kind.MANDATE else ():
            by_part[part].add(line.file)
        by_identity[item.sender, record.kind, found.content.identity].add(line.file)
    for files in (*by_part.values(), *by_identity.values()):
        assert len({root(file) for file in files}) == 1


def test_open_data_splits_as_told(findings):
    item, _, found = findings[-1]
    told = {line.file: line for line in item.truths}
    assert len(found.children) == len(told) - 1
    parts = {part for _, _, other in findings[:-1] if other.content for part in getattr(other.content, "parts", ())}
    for child in found.children:
        line = told[f"{item.file}#{child.record.lines[0]}"]
        assert child.record.sha256 == line.sha256 and not errors(child.problems)
        assert bool(set(child.content.parts) & parts) == (line.copy_of is not None)


def test_a_mistake_is_found_for_what_it_is():
    codes = set()
    for number in range(120):
        for draft, _ in scenario.tell(2, number)[0]:
            if draft.verdict == "rejected" and draft.kind == "document":
                item = scenario.Item(
                    1, "POST", draft.path, draft.sender, drafts.DOCUMENT_TYPE, draft.name, None, None, draft.body, ()
                )
                codes |= {problem.code for problem in judged(item)[1].problems}
    assert len(codes) >= 3
