"""The verdicts of de-duplication, in order of precedence: same bytes, identity, fingerprint."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.evidence import Standing
from schemas.records import Kind, Outcome
from services.deduplication.decide import Arrival, Decision, Held, Why, decide

P, C, A, W = Standing.PRELIMINARY, Standing.CURRENT, Standing.AMENDED, Standing.WITHDRAWN


def arrival(record: str, identity: str = "i", version: str = "1", **more: object) -> Arrival:
    values = {"kind": Kind.DOCUMENT, "content": None, "standing": C, "sha256": "s-" + record} | more
    return Arrival(record=record, identity=identity, version=version, **values)  # type: ignore[arg-type]


class World:
    """Applies arrivals one after the other, as the worker does."""

    def __init__(self) -> None:
        self.held: list[Held] = []
        self.decisions: dict[str, Decision] = {}

    def take(self, one: Arrival) -> Decision:
        like = [h for h in self.held if h.identity == one.identity or (one.content and h.content == one.content)]
        decision = decide(one, like)
        self.decisions[one.record] = decision
        if decision.lineage and decision.why != Why.EXISTS:
            self.held = [
                Held(**{**h.__dict__, "lineage": decision.lineage}) if h.lineage in decision.joins else h
                for h in self.held
            ]
            self.held.append(
                Held(one.record, one.identity, one.content, one.version, one.standing, one.sha256, decision.lineage,
                     len(self.held), decision.outcome, decision.original)
            )  # fmt: skip
        return decision


def play(arrivals: Sequence[Arrival]) -> World:
    world = World()
    for one in arrivals:
        world.take(one)
    return world


ACC, REJ, DUP = Outcome.ACCEPTED, Outcome.REJECTED, Outcome.DUPLICATE


@pytest.mark.parametrize(
    ("before", "now", "outcome", "why"),
    [
        ([], arrival("b"), ACC, Why.NEW),
        # identity
        ([arrival("a")], arrival("b", version="2", standing=A), ACC, Why.CORRECTION),
        ([arrival("a")], arrival("b", version="2", standing=W), ACC, Why.CORRECTION),
        ([arrival("a")], arrival("b", version="2"), REJ, Why.NOT_A_CORRECTION),
        ([arrival("a", standing=P)], arrival("b", version="2"), ACC, Why.CORRECTION),
        ([arrival("a")], arrival("b", version="1"), REJ, Why.CONFLICT),
        ([arrival("a")], arrival("b", version="1", sha256="s-a"), DUP, Why.SAME_BYTES),
        # an older version that comes late: superseded, if what follows it says that it corrects
        ([arrival("a", version="2", standing=A)], arrival("b", version="1"), ACC, Why.LATE),
        ([arrival("a", version="2")], arrival("b", version="1"), REJ, Why.NOT_A_CORRECTION),
        ([arrival("a", version="2")], arrival("b", version="1", standing=P), ACC, Why.LATE),
        # JSON: a higher version is enough
        ([arrival("a", kind=Kind.PAPER)], arrival("b", version="2", kind=Kind.PAPER), ACC, Why.CORRECTION),
        ([arrival("a", kind=Kind.PAPER)], arrival("b", version="1", kind=Kind.PAPER), REJ, Why.CONFLICT),
        # fingerprint
        ([arrival("a", content="f")], arrival("b", "j", content="f"), DUP, Why.SAME_CONTENT),
        ([arrival("a", content="f")], arrival("b", "j", content="g"), ACC, Why.NEW),
        ([arrival("a", content=None)], arrival("b", "j", content=None), ACC, Why.NEW),
        # a correction is never a duplicate, even when it becomes equal to another document
        (
            [arrival("a", "j", content="f"), arrival("c", content="g")],
            arrival("b", version="2", standing=A, content="f"),
            ACC,
            Why.CORRECTION,
        ),
        # the same content in an older version of another identity
        (
            [arrival("a", "j", content="f"), arrival("c", "j", version="2", standing=A, content="g")],
            arrival("b", content="f"),
            DUP,
            Why.SAME_CONTENT,
        ),
        # after a withdrawal only a later correction reinstates
        ([arrival("a"), arrival("c", version="2", standing=W)], arrival("b", version="3"), REJ, Why.NOT_A_CORRECTION),
        (
            [arrival("a"), arrival("c", version="2", standing=W)],
            arrival("b", version="3", standing=A),
            ACC,
            Why.CORRECTION,
        ),
        # decided before
        ([arrival("a")], arrival("a"), ACC, Why.EXISTS),
    ],
)
def test_verdicts(before: list[Arrival], now: Arrival, outcome: Outcome, why: Why) -> None:
    world = play(before)
    decision = world.take(now)
    assert (decision.outcome, decision.why) == (outcome, why)


def test_a_duplicate_names_the_first_accepted_and_keeps_its_answer() -> None:
    world = play([arrival("a", content="f"), arrival("b", "j", content="f"), arrival("c", "k", content="f")])
    assert world.decisions["b"].original == "a" == world.decisions["c"].original
    again = world.take(arrival("b", "j", content="f"))
    assert (again.outcome, again.original, again.why) == (DUP, "a", Why.EXISTS)


def test_identities_that_come_to_share_a_content_become_one_document() -> None:
    world = play(
        [
            arrival("a", "i", content="f"),
            arrival("b", "j", content="g"),
            arrival("c", "j", version="2", standing=A, content="f"),
        ]
    )
    assert len({one.lineage for one in world.held}) == 1


arrivals = st.builds(
    arrival,
    record=st.uuids().map(str),
    identity=st.sampled_from("ijk"),
    version=st.sampled_from("1234"),
    content=st.sampled_from([None, "f", "g"]),
    standing=st.sampled_from(list(Standing)),
    kind=st.just(Kind.DOCUMENT),
)


@given(st.lists(arrivals, max_size=12))
def test_deciding_again_gives_the_same_answer(some: list[Arrival]) -> None:
    world = play(some)
    for one in some:
        first = world.decisions[one.record]
        again = world.take(one)
        if first.outcome != REJ:
            assert (again.outcome, again.original) == (first.outcome, first.original)


@given(st.lists(arrivals, max_size=12))
def test_one_version_of_an_identity_holds_one_record_that_is_not_a_duplicate(some: list[Arrival]) -> None:
    world = play(some)
    taken = [(one.identity, one.version) for one in world.held if one.outcome == ACC]
    assert len(taken) == len(set(taken))


@given(st.lists(arrivals, max_size=12))
def test_lineages_are_the_connected_identities(some: list[Arrival]) -> None:
    held = play(some).held
    for one, other in itertools.combinations(held, 2):
        if one.identity == other.identity or (one.content and one.content == other.content):
            assert one.lineage == other.lineage


@given(st.lists(arrivals, max_size=6, unique_by=lambda one: (one.identity, one.version)), st.randoms())
def test_order_of_arrival_does_not_matter_when_every_later_version_corrects(some: list[Arrival], random) -> None:  # type: ignore[no-untyped-def]
    amended = [Arrival(**{**one.__dict__, "standing": A if one.standing == C else one.standing}) for one in some]
    shuffled = list(amended)
    random.shuffle(shuffled)
    straight, mixed = play(amended), play(shuffled)
    if all(one.standing != P for one in amended):
        assert grouped(straight) == grouped(mixed)


def grouped(world: World) -> set[frozenset[str]]:
    """Which records are one document; what that document is called does not matter."""
    lineages = {one.lineage for one in world.held}
    return {frozenset(one.record for one in world.held if one.lineage == lineage) for lineage in lineages}
