"""What a new view does to a feed: what is taken back, whether the view is numbered; and what a page is asked for."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import Paper, View
from services.delivery.paging import LARGEST, LIMIT, LONGEST_WAIT, Ask, BadAsk, ask, next_number
from services.delivery.sequence import Append, Numbered, sequence


def paper(lineage: str) -> Paper:
    return Paper(record=f"r{lineage}", lineage=lineage, sha256="0", kind="document", persons=("A",), classes=(),
                 media_type="application/json", size=1)  # fmt: skip


def view(*papers: str, allowed: tuple[str, ...] | None = None, notice: bool = False) -> View:
    return View(insurer="X", case="C", version=1, papers=tuple(paper(one) for one in papers), notice=notice,
                allowed=papers if allowed is None else allowed)  # fmt: skip


def numbered(number: int, *lineages: str, digest: str = "old", lapsed: bool = False) -> Numbered:
    return Numbered(number, digest, frozenset(lineages), lapsed)


CASES: list[tuple[str, View, list[Numbered], dict[str, Any], Append]] = [
    ("the first view is offered", view("a"), [], {}, Append((), True)),
    ("the same view is not offered again", view("a"), [numbered(1, "a", digest="new")], {}, Append()),
    ("another view is", view("a", "b"), [numbered(1, "a")], {}, Append((), True)),
    (
        "back to an earlier view: it is news",
        view("a"),
        [numbered(1, "a", digest="new"), numbered(2, "a")],
        {},
        Append((), True),
    ),
    ("a paper is no longer allowed", view("a"), [numbered(1, "a", "b")], {}, Append((1,), True)),
    ("… and nothing is left", view(), [numbered(1, "a"), numbered(2, "b")], {}, Append((1, 2), False)),
    ("nothing was, nothing is", view(), [], {}, Append()),
    (
        "only what shows it is taken back",
        view("a"),
        [numbered(1, "a"), numbered(2, "a", "b"), numbered(3, "a", digest="new")],
        {},
        Append((2,), True),
    ),
    (
        "a paper that stands behind a better copy is still allowed",
        view("b", allowed=("a", "b")),
        [numbered(1, "a")],
        {},
        Append((), True),
    ),
    (
        "an erased record is taken back though the paper's latest version goes on",
        view("a"),
        [numbered(1, "a", lapsed=True), numbered(2, "a", digest="new")],
        {},
        Append((1,), True),
    ),
    ("a notice is an offer", view(notice=True), [], {}, Append((), True)),
    ("a notice takes the papers back", view(notice=True), [numbered(1, "a")], {}, Append((1,), True)),
    ("suspended: nothing new", view("a"), [], {"admitted": False}, Append()),
    ("suspended: taking back goes on", view("a"), [numbered(1, "b")], {"admitted": False}, Append((1,), False)),
    (
        "what replaced it was taken back: it is offered again, though it stands",
        view("a"),
        [numbered(1, "a", digest="new")],
        {"withdrawn": 3},
        Append((), True),
    ),
    ("… once", view("a"), [numbered(1, "a"), numbered(4, "a", digest="new")], {"withdrawn": 3}, Append()),
    ("judged again, no longer allowed", view("a"), [numbered(1, "a")], {"still_allowed": False}, Append()),
]


@pytest.mark.parametrize(("what", "seen", "feed", "state", "append"), CASES, ids=[case[0] for case in CASES])
def test_a_view_meets_a_feed(
    what: str, seen: View, feed: list[Numbered], state: dict[str, Any], append: Append
) -> None:
    assert sequence(seen, feed, "new", **{"withdrawn": 0, "still_allowed": True, "admitted": True, **state}) == append


lineages = st.frozensets(st.sampled_from("abc"), max_size=3)
views = st.builds(
    lambda shown, behind, notice: view(*sorted(shown), allowed=tuple(sorted(shown | behind)), notice=notice),
    lineages,
    lineages,
    st.booleans(),
)
feeds = st.lists(
    st.builds(Numbered, st.just(0), st.sampled_from(("old", "new")), lineages, st.booleans()), max_size=5
).map(lambda found: [Numbered(at, one.digest, one.lineages, one.lapsed) for at, one in enumerate(found, 1)])


@given(views, feeds, st.integers(0, 6), st.booleans(), st.booleans())
def test_what_stays_in_the_feed_may_be_seen_and_the_view_is_there_when_it_may(
    seen: View, feed: list[Numbered], withdrawn: int, still_allowed: bool, admitted: bool
) -> None:
    step = sequence(seen, feed, "new", withdrawn=withdrawn, still_allowed=still_allowed, admitted=admitted)
    left = [one for one in feed if one.number not in step.take_back]
    empty = not seen.papers and not seen.notice
    for one in left:
        assert not empty and not one.lapsed and one.lineages <= set(seen.allowed)
    assert list(step.take_back) == sorted(step.take_back)
    if step.offer:
        assert admitted and still_allowed and not empty
    elif admitted and still_allowed and not empty:
        assert left[-1].digest == "new" and left[-1].number > withdrawn, (
            "the insurer's newest word is not what it may see"
        )
    # Judged once more after it was written, nothing happens.
    after = [*left, Numbered(99, "new", frozenset(one.lineage for one in seen.papers))] if step.offer else left
    back = 98 if step.take_back else withdrawn
    again = sequence(seen, after, "new", withdrawn=back, still_allowed=still_allowed, admitted=admitted)
    assert again == Append()


few = st.sampled_from([view(), view("a"), view("b"), view("a", "b"), view("a", allowed=("a", "b"))])


@settings(max_examples=400)
@given(st.lists(st.tuples(few, st.booleans(), st.booleans()), max_size=8), few)
def test_a_reader_holds_what_the_last_view_says_whatever_came_before(
    before: list[tuple[View, bool, bool]], last: View
) -> None:
    """As an insurer reads: an offer replaces what it has of the case; what is taken back is gone, and what that had replaced
    does not come again by itself."""
    feed: list[tuple[int, str, frozenset[str]]] = []
    number, withdrawn = 0, 0
    holding: tuple[int, tuple[str, ...]] | None = None
    for seen, still_allowed, admitted in [*before, (last, True, True)]:
        digest = f"{[one.lineage for one in seen.papers]} {seen.notice}"
        stands = [Numbered(*one) for one in feed]
        step = sequence(seen, stands, digest, withdrawn=withdrawn, still_allowed=still_allowed, admitted=admitted)
        if step.take_back:
            number = withdrawn = number + 1
            feed = [one for one in feed if one[0] not in step.take_back]
            holding = None if holding and holding[0] in step.take_back else holding
        if step.offer:
            number += 1
            feed.append((number, digest, frozenset(one.lineage for one in seen.papers)))
            holding = number, tuple(one.lineage for one in seen.papers)
    assert (holding[1] if holding else ()) == tuple(one.lineage for one in last.papers)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, Ask(0, LIMIT, 0)),
        ({"after": "17", "limit": "1", "wait": "30"}, Ask(17, 1, 30)),
        ({"after": "0", "limit": "500", "wait": "0", "other": "x"}, Ask(0, 500, 0)),
        ({"after": str(LARGEST)}, Ask(LARGEST, LIMIT, 0)),
    ],
)
def test_a_page_is_asked_for(query: dict[str, str], wanted: Ask) -> None:
    assert ask(query) == wanted


@pytest.mark.parametrize(
    "query",
    [
        {"after": "-1"},
        {"after": ""},
        {"after": "1.5"},
        {"after": "１"},
        {"after": "9" * 5000},
        {"after": str(LARGEST + 1)},
        {"limit": "0"},
        {"limit": str(LIMIT + 1)},
        {"wait": str(LONGEST_WAIT + 1)},
        {"wait": "soon"},
    ],
)
def test_what_is_no_number_of_its_range_is_refused_without_quoting_it(query: dict[str, str]) -> None:
    with pytest.raises(BadAsk) as refused:
        ask(query)
    name, value = next(iter(query.items()))
    assert name in str(refused.value)
    if len(value) > 3 and not value.isdigit():
        assert value not in str(refused.value)


def test_next_is_the_last_number_of_the_page_else_what_was_sent() -> None:
    assert next_number(Ask(after=4), []) == 4
    assert next_number(Ask(after=4), [{"offernumber": 5}, {"offernumber": 6}]) == 6
