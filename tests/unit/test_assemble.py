"""Cases out of nodes: the same whatever the order, strongest links first, nothing united that must stay apart."""

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import Kind
from services.hub.assemble import CLEARLY, UNDECIDED, Component, Word, assemble, links_between
from services.hub.grading import AUTOMATIC
from services.hub.linking import Link, Node, disagreement
from tests.unit.building import A, accident, document, evidence, filing, node
from tests.unit.test_linking import KIND_OF, anything, later


def groups(components: list[Component]) -> set[frozenset[str]]:
    return {frozenset(one.lineage for one in component.nodes) for component in components}


def link(one: str, other: str, weakness: int = 20, gap: int = 0, score: int = AUTOMATIC) -> Link:
    return Link(weakness, gap, *sorted((one, other)), "because", score)


def neutral(*names: str) -> list[Node]:
    return [
        node(name, Kind.PAPER, evidence("other", issued=f"2025-01-0{at}T00:00:00Z")) for at, name in enumerate(names, 1)
    ]


def test_what_is_linked_is_one_case_and_the_rest_stands_alone() -> None:
    components = assemble(neutral("a", "b", "c"), [link("a", "b")], [])
    assert groups(components) == {frozenset("ab"), frozenset("c")}
    assert [one.nodes[0].lineage for one in components] == ["a", "c"], "in the order of their first node"
    assert components[0].links == (link("a", "b"),)


def test_a_second_link_inside_a_case_is_kept_as_a_reason() -> None:
    joined = [link("a", "b"), link("b", "c"), link("a", "c", 30)]
    assert assemble(neutral("a", "b", "c"), joined, [])[0].links == tuple(sorted(joined))


def test_not_same_keeps_two_apart_whatever_links_them() -> None:
    joined = [link("a", "b", 0), link("b", "c", 10), link("a", "c", 20)]
    components = assemble(neutral("a", "b", "c"), joined, [Word("a", "c", same=False)])
    assert groups(components) == {frozenset("ab"), frozenset("c")}, "the strongest link is followed, the next refused"
    assert [one for component in components for one, why in component.refused if "not the same" in why]


def test_a_dispute_joins_one_case_and_unites_no_two() -> None:
    nodes = [
        *neutral("a", "b"),
        node("d", Kind.DISPUTE, evidence("dispute")),
        node("e", Kind.DISPUTE, evidence("dispute")),
    ]
    joined = [link("a", "d", 20), link("b", "d", 30), link("d", "e", 10)]
    components = assemble(nodes, joined, [])
    assert groups(components) == {frozenset("ad"), frozenset("b"), frozenset("e")}
    assert {one for component in components for one, _ in component.refused} == {link("b", "d", 30), link("d", "e", 10)}
    assert groups(assemble(nodes, joined, [Word("b", "d", same=True)])) == {
        frozenset("bd"),
        frozenset("a"),
        frozenset("e"),
    }


def test_same_stands_above_dates_and_not_above_not_same() -> None:
    two = [node("a", Kind.ACCIDENT, accident()), node("b", Kind.ACCIDENT, accident(later(9)))]
    assert len(assemble(two, [link("a", "b", 10)], [])) == 2
    assert len(assemble(two, [], [Word("a", "b", same=True)])) == 1
    three = neutral("a", "b", "c")
    words = [Word("a", "b", same=True), Word("b", "c", same=True), Word("a", "c", same=False)]
    assert groups(assemble(three, [], words)) == {frozenset("ab"), frozenset("c")}


def test_a_word_on_what_is_not_here_says_nothing() -> None:
    assert groups(assemble(neutral("a"), [], [Word("a", "gone", same=True)])) == {frozenset("a")}


def test_a_link_that_would_bring_two_days_together_is_refused_with_the_reason() -> None:
    between = node("b", Kind.PAPER, evidence("other"))
    nodes = [node("a", Kind.ACCIDENT, accident()), between, node("c", Kind.ACCIDENT, accident(later(5)))]
    components = assemble(nodes, [link("a", "b", 10, score=AUTOMATIC + CLEARLY), link("b", "c", 12)], [])
    assert groups(components) == {frozenset("ab"), frozenset("c")}
    assert {why for component in components for _, why in component.refused} == {"their days or times of loss differ"}


MORNING, EVENING = accident(time="08:00"), accident(time="18:00")
SURE, ALMOST = AUTOMATIC + CLEARLY, AUTOMATIC + CLEARLY - 1


@pytest.mark.parametrize(
    ("joined", "words", "expected", "asked"),
    [
        ([("x", "m", 20), ("x", "e", 20)], [], "x m e", {"xm", "xe"}),
        ([("x", "m", ALMOST), ("x", "e", 20)], [], "x m e", {"xm", "xe"}),
        ([("x", "m", SURE), ("x", "e", 20)], [], "xm e", set()),
        ([("x", "m", 20), ("x", "e", SURE)], [], "m xe", set()),  # though the other link sorts before it
        ([("x", "m", 20), ("x", "e", 20)], [("x", "m", True)], "xm e", set()),
        ([("x", "m", 20), ("x", "e", 20)], [("x", "e", False)], "xm e", set()),
        ([("x", "m", 20), ("x", "e", 20)], [("x", "e", False), ("x", "m", False)], "x m e", set()),
        # Two that belong together surely go together: neither by chance.
        ([("x", "y", 40), ("x", "m", 20), ("y", "m", 20), ("x", "e", 20), ("y", "e", 20)], [], "xy m e",
         {"xm", "ym", "xe", "ye"}),
        # What holds one of them surely holds the other.
        ([("x", "y", 40), ("y", "m", 30), ("x", "m", 20), ("x", "e", 20), ("y", "e", 20)], [], "xym e", set()),
        # It stands with the one accident over another record of it, not over the police record.
        ([("y", "m", 40), ("x", "y", 20), ("x", "e", 20)], [], "x ym e", {"xy", "xe"}),
        # What is of an accident surely stays, whoever else cannot be placed.
        ([("x", "m", 20), ("x", "y", 20), ("y", "m", 20), ("x", "e", 20)], [], "x ym e", {"xm", "xy", "xe"}),
    ],
)  # fmt: skip
def test_links_that_exclude_each_other_are_asked_about_unless_one_is_clearly_stronger(
    joined: list[tuple[str, str, int]], words: list[tuple[str, str, bool]], expected: str, asked: set[str]
) -> None:
    """`m` and `e` are a taxi's two accidents of a day; `x` and `y` name the day alone."""
    names = {name for one, other, _ in joined for name in (one, other)}
    nodes = [node("m", Kind.ACCIDENT, MORNING), node("e", Kind.ACCIDENT, EVENING)]
    nodes += [one for one in neutral("x", "y") if one.lineage in names]
    links = [link(one, other, score=score) for one, other, score in joined]
    for mixed in (links, links[::-1]):
        components = assemble(nodes, mixed, [Word(*word) for word in words])
        assert groups(components) == {frozenset(one) for one in expected.split()}
        assert {
            frozenset((one.one, one.other)) for part in components for one, why in part.refused if why == UNDECIDED
        } == {frozenset(pair) for pair in asked}


def test_a_dispute_of_one_of_two_accidents_is_asked_about() -> None:
    nodes = [
        node("m", Kind.ACCIDENT, MORNING),
        node("e", Kind.ACCIDENT, EVENING),
        node("d", Kind.DISPUTE, evidence("dispute")),
    ]
    assert groups(assemble(nodes, [link("d", "m"), link("d", "e")], [])) == {frozenset("d"), *map(frozenset, "me")}


def test_what_police_records_tell_apart_themselves_is_not_asked_about() -> None:
    nodes = [node("m", Kind.ACCIDENT, MORNING), node("e", Kind.ACCIDENT, EVENING)]
    assert [why == UNDECIDED for part in assemble(nodes, [link("m", "e")], []) for _, why in part.refused] == [
        False
    ] * 2


def test_open_data_does_not_bring_two_accidents_at_one_crossing_together() -> None:
    """Each of two police records is near the open one; united, each one's insurers would see the other's papers."""
    first = node("a", Kind.ACCIDENT, accident(time="12:00", plates=("AB1",)))
    second = node("b", Kind.ACCIDENT, accident(time="12:30", plates=("CD2",)))
    open_data = node("o", Kind.ACCIDENT, accident(time="12:01", open_data=True, issuer="agency"))
    nodes = [first, second, open_data]
    components = assemble(nodes, links_between(nodes), [])
    assert groups(components) == {frozenset("ao"), frozenset("b")}


def test_open_data_and_authorisations_make_no_case() -> None:
    open_data = node("o", Kind.ACCIDENT, accident(open_data=True))
    assert not assemble([open_data], [], [])[0].is_case
    assert assemble([open_data, node("a", Kind.APPLICATION, filing())], [link("o", "a")], [])[0].is_case


def test_nodes_of_a_case_are_in_the_order_in_which_they_were_made() -> None:
    two = [
        node("late", Kind.DOCUMENT, document(issued="2025-09-05T00:00:00Z")),
        node("soon", Kind.DOCUMENT, document(issued="2025-09-04T00:00:00Z")),
    ]
    assert [one.lineage for one in assemble(two, [link("late", "soon")], [])[0].nodes] == ["soon", "late"]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Node], list[Word]]:
    told = draw(st.lists(anything, min_size=1, max_size=7))
    nodes = [node(f"n{at}", KIND_OF.get(one.paper, Kind.PAPER), one, order=at) for at, one in enumerate(told)]
    pairs = list(combinations([one.lineage for one in nodes], 2))
    spoken = draw(st.lists(st.tuples(st.sampled_from(pairs), st.booleans()), max_size=3)) if pairs else []
    return nodes, [Word(one, other, same) for (one, other), same in dict(spoken).items()]


@settings(max_examples=300, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_cases(world: tuple[list[Node], list[Word]], rng: random.Random) -> None:
    nodes, words = world
    calm = assemble(nodes, links_between(nodes), words)
    shuffled, spoken = rng.sample(nodes, len(nodes)), rng.sample(words, len(words))
    found = links_between(shuffled)
    mixed = assemble(shuffled, rng.sample(found, len(found)), spoken)
    assert groups(mixed) == groups(calm)
    assert [one.links for one in mixed] == [one.links for one in calm]
    assert [sorted(one.refused) for one in mixed] == [sorted(one.refused) for one in calm]


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_every_node_stands_once_and_nothing_is_united_that_must_stay_apart(
    world: tuple[list[Node], list[Word]],
) -> None:
    nodes, words = world
    components = assemble(nodes, links_between(nodes), words)
    assert sorted(one.lineage for component in components for one in component.nodes) == sorted(
        one.lineage for one in nodes
    )
    united = {frozenset((word.one, word.other)) for word in words if word.same}
    for component in components:
        names = {one.lineage for one in component.nodes}
        assert not [word for word in words if not word.same and {word.one, word.other} <= names]
        if not any(pair <= names for pair in united):
            assert not [
                pair for pair in combinations(component.nodes, 2) if disagreement(pair[0].evidence, pair[1].evidence)
            ]
        for used in component.links:
            assert {used.one, used.other} <= names


def test_persons_alone_do_not_chain_strangers() -> None:
    """Two documents of one patient are two cases, however close: nothing says that they are of one loss."""
    nodes = [node("a", Kind.DOCUMENT, document(A)), node("b", Kind.DOCUMENT, document(A, later(1)))]
    assert len(assemble(nodes, links_between(nodes), [])) == 2
