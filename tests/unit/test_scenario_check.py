"""What the checker calls lost, doubled and leaked: every fault planted once into a run that is as it should be."""

import pytest

from services.sandbox import scenario
from services.sandbox.check import Observed, check, papers_now
from services.sandbox.truth import Truth

A, B = "11111111", "22222222"


def line(file, **fields):
    fields.setdefault("allowed_ever", fields.get("insurers", ()))
    return Truth(file, f"sha-{file}", "document", **fields)


TRUTHS = (
    line("one", insurers=(A,)),
    line("double", duplicate_of="one", expected="duplicate", allowed_ever=(A,)),
    line("early", allowed_ever=(A,)),
    line("late", supersedes="early", insurers=(A,)),
    line("consent-ended", allowed_ever=(A,)),
    line("upload", copy_of="one", allowed_ever=(A,)),
    line("refused", expected="rejected"),
    line("nobodys"),
)
VERDICTS = {truth.file: truth.expected for truth in TRUTHS}


def observed(views=None, handed=None, verdicts=None):
    return Observed(
        verdicts=VERDICTS | (verdicts or {}),
        views={A: [f"sha-{file}" for file in (views if views is not None else ("one", "late"))]},
        handed={insurer: {f"sha-{file}" for file in files} for insurer, files in (handed or {}).items()},
    )


def names(faults):
    return [(fault.insurer, fault.file) for fault in faults]


def test_a_run_as_it_should_be():
    found = check(TRUTHS, observed(handed={A: ("one", "late", "early", "consent-ended", "upload", "double")}))
    assert found.clean and not found.verdicts


@pytest.mark.parametrize(
    ("view", "lost", "doubled", "leaked"),
    [
        (("late",), [(A, "one")], [], []),
        (("double", "late"), [], [], []),  # of equal doubles either may be shown
        (("one", "double", "late"), [], [(A, "double")], []),
        (("one", "one", "late"), [], [(A, "one")], []),
        (("one", "early"), [(A, "late")], [], [(A, "early")]),
        (("one", "early", "late"), [], [(A, "early")], [(A, "early")]),
        (("one", "late", "consent-ended"), [], [], [(A, "consent-ended")]),
        (("one", "late", "upload"), [], [], [(A, "upload")]),
        (("one", "late", "nobodys"), [], [], [(A, "nobodys")]),
        (("one", "late", "unknown"), [], [], [(A, "")]),
        ((), [(A, "late"), (A, "one")], [], []),
    ],
)
def test_faults_of_a_view(view, lost, doubled, leaked):
    found = check(TRUTHS, observed(views=view))
    assert (names(found.lost), names(found.doubled), names(found.leaked)) == (lost, doubled, leaked)
    assert found.clean == (not (lost or doubled or leaked))


def test_a_paper_in_the_view_of_the_wrong_insurer_leaks():
    run = observed()
    found = check(TRUTHS, Observed(run.verdicts, {**run.views, B: ["sha-one"]}))
    assert names(found.leaked) == [(B, "one")] and not found.lost


@pytest.mark.parametrize(
    ("insurer", "file", "leaks"),
    [
        (A, "consent-ended", False),
        (B, "consent-ended", True),
        (A, "nobodys", True),
        (A, "refused", True),
        (B, "one", True),
    ],
)
def test_what_was_ever_handed_over(insurer, file, leaks):
    assert names(check(TRUTHS, observed(handed={insurer: (file,)})).leaked) == ([(insurer, file)] if leaks else [])


def test_a_double_accepted_beside_its_original_counts_twice():
    assert names(check(TRUTHS, observed(verdicts={"double": "accepted"})).doubled) == [("", "double")]
    # Sent the other way round, the original is the duplicate.
    assert check(TRUTHS, observed(verdicts={"double": "accepted", "one": "duplicate"})).clean


def test_of_a_corrected_record_and_its_double_both_may_be_accepted():
    truths = (line("first"), line("second", supersedes="first"), line("again", duplicate_of="first"))
    verdicts = {"first": "accepted", "second": "accepted", "again": "accepted"}
    assert check(truths, Observed(verdicts, {})).clean


def test_what_was_never_acknowledged_is_not_lost():
    assert check(TRUTHS, Observed({}, {})).clean


def test_a_good_record_refused_is_lost_and_misjudged():
    found = check(TRUTHS, observed(views=("late",), verdicts={"one": "rejected"}))
    assert names(found.lost) == [(A, "one")] and names(found.verdicts) == [("", "one")]


def test_a_bad_record_accepted_is_misjudged():
    assert names(check(TRUTHS, observed(verdicts={"refused": "accepted"})).verdicts) == [("", "refused")]


def test_a_double_that_stands_in_is_lost_when_only_the_original_is_held():
    truths = (
        line("one", allowed_ever=(A,)),
        line("gone", supersedes="one", allowed_ever=(A,)),
        line("double", duplicate_of="one", expected="duplicate", insurers=(A,)),
    )
    verdicts = {"one": "accepted", "gone": "accepted", "double": "duplicate"}
    found = check(truths, Observed(verdicts, {A: ["sha-one"]}))
    assert (names(found.lost), names(found.leaked)) == ([(A, "double")], [(A, "one")])
    assert check(truths, Observed(verdicts, {A: ["sha-double"]})).clean


def offer(number, case, *papers):
    data = {"case": case, "facts": {}, "papers": [{"sha256": paper} for paper in papers], "missing": []}
    return {"type": "claims.offer", "offernumber": number, "data": data}


def withdrawn(number, case, *numbers):
    return {"type": "claims.offer.withdrawn", "offernumber": number, "data": {"case": case, "withdraws": list(numbers)}}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], []),
        ([offer(1, "c", "a"), offer(2, "c", "a", "b")], ["a", "b"]),
        ([offer(1, "c", "a"), offer(2, "d", "b")], ["a", "b"]),
        ([offer(1, "c", "a"), withdrawn(2, "c", 1)], []),
        ([offer(1, "c", "a"), withdrawn(2, "c", 1), offer(3, "c", "b")], ["b"]),
        ([{"type": "claims.offer", "offernumber": 1, "data": {"case": "c"}}], []),
        ([offer(1, "c", "a"), offer(2, "c"), withdrawn(3, "c", 1)], []),
        ([offer(1, "c", "a"), offer(2, "d", "a"), withdrawn(3, "c", 1)], ["a"]),
    ],
)
def test_what_a_feed_leaves_in_hand(events, expected):
    assert papers_now(events) == expected


def test_a_whole_scenario_delivered_as_told_is_clean():
    truths = [truth for item in scenario.generate(4, 60) for truth in item.truths]
    views: dict[str, list[str]] = {}
    for truth in truths:
        for insurer in truth.insurers:
            views.setdefault(insurer, []).append(truth.sha256)
    handed = {insurer: set(papers) for insurer, papers in views.items()}
    verdicts = {truth.file: truth.expected for truth in truths}
    assert check(truths, Observed(verdicts, views, handed)) == check((), Observed({}, {}))
    insurer = next(iter(views))
    gone = views[insurer].pop()
    assert [fault.sha256 for fault in check(truths, Observed(verdicts, views, handed)).lost] == [gone]
