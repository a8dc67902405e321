"""The live page's figures, the metrics, and when a step counts as stuck."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.portal import words
from services.portal.live import (
    STUCK_SECONDS,
    Figures,
    Progress,
    Recent,
    Tally,
    board,
    by_kind,
    codes,
    progress,
    stuck,
)
from services.portal.metrics import exposition

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
FIGURES = Figures(
    at=NOW,
    tallies=(
        Tally("H1", "document", "accepted", 7),
        Tally("H1", "document", "rejected", 2),
        Tally("CL01", "paper", "accepted", 1),
        Tally("CL01", "document", "accepted", 3),
    ),
    cases=4,
    worklist=3,
    offers={"82916473": 9},
    published={"82916473": 8},
    backlog={"82916473": 2},
    lag={"validation": 3, "hub": 0},
    last_minute={"received": 90, "judged": 60, "offered": 3},
    recent=(Recent("r1", "document", "H1", "rejected", '[{"code": "b"}, {"code": "a"}, {"code": "b"}]', "t"),),
    oldest_waiting="2026-11-21T03:59:55.500000Z",
    next_due="2026-11-21T03:59:00.000000Z",
    oldest_key="2026-11-17",
    dead={"hub": 2},
    problems={"date-order": 5},
    rights_owed=1,
)


def test_the_boards_figures() -> None:
    told = board(FIGURES, {"H1": "醫院"})
    assert told["records"] == 13
    assert told["senders"] == [
        {"sender": "CL01", "name": "", "verdicts": {"accepted": 4}},
        {"sender": "H1", "name": "醫院", "verdicts": {"accepted": 7, "rejected": 2}},
    ]
    assert told["offers"] == [{"insurer": "82916473", "name": "", "offers": 9}]
    assert told["perSecond"] == {"received": 1.5, "judged": 1.0, "offered": 0.1}
    assert told["oldestWaitingSeconds"] == 4.5
    assert told["deadLetters"] == 2
    assert told["recent"] == [
        {"record": "r1", "kind": "document", "sender": "H1", "verdict": "rejected", "problems": ["b", "a"], "time": "t"}
    ]


def test_nothing_waits_and_a_clock_that_was_set_back() -> None:
    assert replace(FIGURES, oldest_waiting=None).oldest_waiting_seconds == 0
    assert replace(FIGURES, next_due="2026-11-27T00:00:00.000000Z").overdue_seconds == 0
    assert replace(FIGURES, oldest_key=None).oldest_key_days == 0
    assert replace(FIGURES, oldest_waiting="2026-11-21T05:00:00.000000Z").oldest_waiting_seconds == 0


def test_codes_once_and_in_published_order() -> None:
    assert codes(None) == []
    assert codes('[{"code": "z"}, {"code": "a"}, {"code": "z"}]') == ["z", "a"]


def test_by_kind() -> None:
    assert by_kind(FIGURES.tallies) == {
        ("document", "accepted"): 10,
        ("document", "rejected"): 2,
        ("paper", "accepted"): 1,
    }


def test_metrics_are_prometheus_text() -> None:
    families = {one.name: one for one in text_string_to_metric_families(exposition(FIGURES).decode())}
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert samples[("claims_records", (("kind", "document"), ("outcome", "accepted")))] == 10
    assert samples[("claims_step_lag", (("step", "validation"),))] == 3
    assert samples[("claims_oldest_unprocessed_seconds", ())] == 4.5
    assert samples[("claims_offers", (("insurer", "82916473"),))] == 9
    assert samples[("claims_offers_published", (("insurer", "82916473"),))] == 8
    assert samples[("claims_insurer_backlog", (("insurer", "82916473"),))] == 2
    assert samples[("claims_last_minute", (("what", "judged"),))] == 60
    assert samples[("claims_overdue_seconds", ())] == 60
    assert samples[("claims_oldest_log_key_days", ())] == 4
    assert samples[("claims_dead_letters", (("step", "hub"),))] == 2
    assert samples[("claims_dead_letters", (("step", "validation"),))] == 0
    assert samples[("claims_problems", (("code", "date-order"),))] == 5
    assert samples[("claims_cases", ())] == 4
    assert samples[("claims_worklist", ())] == 3
    assert exposition(FIGURES) == exposition(FIGURES), "a scrape leaves something behind for the next"


@pytest.mark.parametrize(
    ("looks", "late"),
    [
        ([(0, 5, 3), (30, 5, 3), (STUCK_SECONDS, 5, 3)], []),
        ([(0, 5, 3), (STUCK_SECONDS + 1, 5, 3)], ["hub"]),
        ([(0, 5, 3), (50, 6, 3), (STUCK_SECONDS + 1, 6, 3)], []),  # it moved
        ([(0, 5, 0), (100, 5, 0)], []),  # nothing to do
        ([(0, 5, 0), (100, 5, 0), (101, 5, 3), (120, 5, 3)], []),  # work just came
        ([(0, 5, 3), (100, 5, 0)], []),
    ],
)
def test_a_step_is_stuck_that_has_something_to_do_and_does_not_move(
    looks: list[tuple[int, int, int]], late: list[str]
) -> None:
    known: dict[str, Progress] = {}
    for seconds, position, lag in looks:
        known = progress(known, {"hub": (position, lag)}, seconds)
    assert stuck(known, looks[-1][0]) == late


def test_every_word_is_said_in_both_languages() -> None:
    for table in (words.KINDS, words.PRESENCE, words.EVENTS, words.ROWS, words.SEVERITIES, words.PARTIES, words.LOSSES):
        for zh, en in table.values():
            assert any("一" <= sign <= "鿿" for sign in zh), zh
            assert en.isascii(), en
    assert words.kind("unheard-of") == ("unheard-of", "unheard-of")
