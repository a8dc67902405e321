"""The demo's figures: which latencies are counted, what is lost, what is clean."""

import hashlib
import math
from collections.abc import Iterable

import pytest

from services.commands.outcome import latencies, outcome, percentile
from services.sandbox.observer import Seen
from services.sandbox.player import Sent, rows_of
from services.sandbox.scenario import Item
from services.sandbox.truth import Acting, Truth


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sent(
    n: int,
    file: str,
    started: float,
    *,
    path: str = "/fhir/Bundle",
    of: int | None = None,
    verdict: str = "accepted",
    **truth,
) -> Sent:
    told = Truth(file, sha(file), "document", case="case-1", **truth)
    item = Item(n, "POST", path, "1131990017", "application/fhir+json", file, None, of, b"", (told,))
    return Sent(item, 201, verdict, f"record-{n}", started, started + 0.1)


def feed(*papers: tuple[str, float, list[dict[str, str]]]) -> Seen:
    seen = Seen("82916473")
    for file, at, basis in papers:
        seen.papers[sha(file)], seen.basis[sha(file)] = at, basis
    return seen


CONSENT = [{"person": "x", "authorisation": "record-1"}]


def played(document_at: float, review_at: float) -> list[Sent]:
    return [
        sent(1, "a/1.json", 0.0, path="/authorisations"),
        sent(2, "a/2.json", review_at, path="/authorisations/{id}/review", of=1),
        sent(3, "a/3.json", document_at),
    ]


@pytest.mark.parametrize(
    ("document_at", "review_at", "counted"),
    [(2.0, 1.0, [0.5]), (1.0, 2.0, [])],
    ids=["the consent was there", "the consent came later: the paper waited for it, not for us"],
)
def test_only_papers_that_waited_for_nothing_are_timed(
    document_at: float, review_at: float, counted: list[float]
) -> None:
    times = latencies(played(document_at, review_at), [feed(("a/3.json", document_at + 0.5, CONSENT))])
    assert times == pytest.approx(counted)


LAW = [{"law": "G0390062-17-2"}]


@pytest.mark.parametrize(
    ("application_at", "accident_at", "basis", "counted"),
    [
        (1.0, 1.5, LAW, [0.25]),
        (3.0, 1.5, LAW, []),
        (1.0, 2.1, LAW, []),
        (3.0, 2.1, [{"law": "own-filing"}], [0.25]),
    ],
    ids=["all was there", "the application came later", "the accident came later", "an application waits for nothing"],
)
def test_a_paper_that_goes_by_law_waits_for_application_and_accident(
    application_at: float, accident_at: float, basis: list[dict[str, str]], counted: list[float]
) -> None:
    records = [
        sent(1, "a/1.json", application_at, path="/claimlink/applications"),
        sent(2, "a/2.json", accident_at, path="/police/accidents"),
        sent(3, "a/3.json", 2.0, path="/papers"),
    ]
    assert latencies(records, [feed(("a/3.json", 2.25, basis))]) == pytest.approx(counted)


def test_percentiles_are_of_the_nearest_rank() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1.0)) == (50.0, 99.0, 100.0)
    assert percentile([3.0], 0.99) == 3.0
    assert math.isnan(percentile([], 0.5))


def result(records: Iterable[Sent], views: dict[str, list[str]], handed: Iterable[str] = ()):
    seen = Seen("82916473")
    for file in handed:
        seen.papers[sha(file)], seen.basis[sha(file)] = 9.0, []
    return outcome(list(records), {"82916473": seen}, views)


RIGHT = {"insurers": ("82916473",), "allowed_ever": ("82916473",)}


def test_clean_when_everybody_holds_what_is_theirs() -> None:
    found = result([sent(1, "a/1.json", 0.0, **RIGHT)], {"82916473": [sha("a/1.json")]}, ["a/1.json"])
    assert found.clean and found.lost == 0 and not found.report.verdicts


def test_lost_doubled_leaked_are_counted() -> None:
    one = sent(1, "a/1.json", 0.0, **RIGHT)
    assert result([one], {"82916473": []}).lost == 1
    assert len(result([one], {"82916473": [sha("a/1.json")] * 2}).report.doubled) == 1
    foreign = sent(1, "a/1.json", 0.0)
    assert len(result([foreign], {"82916473": []}, ["a/1.json"]).report.leaked) == 1


@pytest.mark.parametrize("verdict", ["later", "refused"])
def test_a_record_without_a_verdict_is_lost(verdict: str) -> None:
    found = result([sent(1, "a/1.json", 0.0, verdict=verdict)], {"82916473": []})
    assert found.lost == 1 and not found.clean


def test_duplicates_and_copies_are_compared_with_the_truth() -> None:
    records = [
        sent(1, "a/1.json", 0.0, **RIGHT),
        sent(2, "a/2.json", 0.0, verdict="duplicate", duplicate_of="a/1.json", expected="duplicate", **RIGHT),
        sent(3, "a/3.json", 0.0, copy_of="a/1.json", allowed_ever=("82916473",)),
    ]
    found = result(records, {"82916473": [sha("a/1.json")]})
    assert found.found == found.known == {"a/2.json"}
    assert (found.copies, found.copies_held_back) == (1, 1)


def test_what_agents_filed_is_counted_by_how_their_mandates_stand() -> None:
    records = [
        sent(1, "a/1.json", 0.0, acting=Acting.MANDATED, **RIGHT),
        sent(2, "a/2.json", 0.0, acting=Acting.REVOKED, allowed_ever=("82916473",)),
        sent(3, "a/3.json", 0.0, acting=Acting.REVOKED, allowed_ever=("82916473",)),
        sent(4, "a/4.json", 0.0, acting=Acting.UNMANDATED),
        sent(5, "a/5.json", 0.0),
    ]
    found = result(records, {"82916473": [sha("a/1.json")]}, ["a/1.json", "a/2.json"])
    assert found.acting == {Acting.MANDATED: (1, 1, 1), Acting.REVOKED: (2, 1, 0), Acting.UNMANDATED: (1, 0, 0)}
    assert found.clean and not result(records, {"82916473": [sha("a/1.json")]}, ["a/4.json"]).clean


def test_a_fault_of_a_feed_is_not_clean() -> None:
    seen = Seen("82916473", faults=["number 3 follows 1"])
    found = outcome([sent(1, "a/1.json", 0.0)], {"82916473": seen}, {})
    assert not found.clean and found.feed_faults == ("82916473: number 3 follows 1",)


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        ([{"lines": [2, 3], "record": "x", "verdict": "accepted", "problems": []}], {2: "accepted"}),
        ([{"lines": [4, 4], "record": None, "verdict": None, "problems": []}], {}),
        ({"accidents": [{"lines": [2, 3], "record": "x", "verdict": "rejected", "problems": []}]}, {2: "rejected"}),
        ({"accidents": {"judged": 1, "expected": 2}}, {}),
        (None, {}),
    ],
)
def test_rows_of_a_police_file(answer: object, rows: dict[int, str]) -> None:
    assert rows_of(answer) == rows
