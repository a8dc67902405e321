"""What flows under a mandate, over either database: from its first day to its last, in any order, and not after it is revoked."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapters.stores import casebook, consents, reconciling, records
from adapters.stores.dialect import lock
from adapters.stores.tables import acting, handovers
from schemas.events import Message, Refold
from schemas.records import Kind, Role
from schemas.topics import DUE, VERDICTS
from services.consent.worker import ConsentStep
from services.deduplication.worker import Deduplication
from services.delivery.worker import Sequencer
from services.hub.loading import shown
from services.hub.worker import Hub
from services.intake.book import Book, Submission
from services.portal.reading import Reading
from services.sandbox.participants import NON_LIFE, insurer_of, plates
from tests.integration import bodies
from tests.integration.bodies import CLAIMLINK, INSURER, OPERATOR
from tests.servers.places import InPostgres, Place
from tests.servers.postgres import Server
from tests.simulation.test_locks import WAIT_SECONDS, enter, handler, stands_waiting
from tests.simulation.test_two_at_once import Workers, at_once
from tests.simulation.world import NOW, World, core_at

ROUNDS = 8
NAMED = {"code": INSURER, "cover": "motor-compulsory"}
OTHER_INSURER = next(code for code, _ in NON_LIFE if code != INSURER)
PLATE_OF_OTHER = next(one for one in plates() if insurer_of(one) == OTHER_INSURER)
STEPS = ("paper", "mandate", "authorisation")


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    world = World(place)
    yield world
    world.close()


@pytest.fixture
def on_postgres(server: Server, tmp_path: Path) -> Iterator[World]:
    world = World(InPostgres(tmp_path, server.fresh(), server.empty()))
    yield world
    world.close()


def give(world: World, path: str, body: bytes) -> str:
    return world.post(Kind(path.strip("/").removesuffix("s")), CLAIMLINK, "POST", path, body)


def review(world: World, path: str, record: str, decision: str = "approve", reason: str = "ok") -> None:
    world.post(Kind.REVIEW, OPERATOR, "POST", f"{path}/{record}/review", bodies.review(decision, reason), record)


def withdraw(world: World, path: str, record: str) -> None:
    world.post(Kind.WITHDRAWAL, CLAIMLINK, "DELETE", f"{path}/{record}", b"", record)


def upload(world: World, number: int) -> str:
    return world.upload(CLAIMLINK, bodies.metadata(number), bodies.scan(number))


def mandated(world: World, number: int = 1, **changes: Any) -> str:
    """An approved mandate; its record."""
    record = give(world, "/mandates", bodies.mandate(number, **changes))
    review(world, "/mandates", record)
    return record


def authorised(world: World, number: int = 1) -> str:
    record = give(world, "/authorisations", bodies.by_agent(number))
    review(world, "/authorisations", record)
    return record


def flowing(world: World, **changes: Any) -> str:
    """A paper, and an authorisation of it by an agent under a mandate; the mandate's record."""
    upload(world, 1)
    authorised(world)
    return mandated(world, **changes)


def feed(world: World, insurer: str = INSURER) -> list[tuple[int, str, bool]]:
    """Number, type and whether there is content, of every event of an insurer's feed, as handed over now."""
    with world.core.database.write() as tx:
        events = world.core.feed.page(tx, insurer, 0, 100, world.now)
    return [(event["offernumber"], event["type"].split(".")[-1], "papers" in event["data"]) for event in events]


def basis(world: World) -> list[dict[str, str]]:
    """What the last offer goes by."""
    with world.core.database.write() as tx:
        data: Any = world.core.feed.page(tx, INSURER, 0, 100, world.now)[-1]["data"]
    return [one for paper in data["papers"] for one in paper["basis"]]


@pytest.mark.parametrize("order", list(permutations(STEPS)), ids="-".join)
def test_in_any_order_the_paper_goes_once_all_three_are_there(world: World, order: tuple[str, ...]) -> None:
    for place, step in enumerate(order):
        assert feed(world) == [], f"before {order[place:]}"
        {"paper": upload, "mandate": mandated, "authorisation": authorised}[step](world, 1)
    assert feed(world) == [(1, "offer", True)]


def test_before_its_review_and_once_refused_nothing_goes(world: World) -> None:
    upload(world, 1)
    authorised(world)
    record = give(world, "/mandates", bodies.mandate(1))
    assert feed(world) == []
    review(world, "/mandates", record, "refuse")
    assert feed(world) == []
    review(world, "/mandates", record)
    assert feed(world) == [(1, "offer", True)] and basis(world)[1]["mandate"] == record
    review(world, "/mandates", record, "refuse", "another look")
    assert feed(world) == [(1, "offer", False), (2, "withdrawn", False)]


@pytest.mark.parametrize("party", ["principal", "agent"])
def test_whom_it_is_about_does_not_review_it(world: World, party: str) -> None:
    upload(world, 1)
    authorised(world)
    body = bodies.mandate(1)
    record = give(world, "/mandates", body)
    reviewer = json.loads(body)[party]["identifier"].lower()
    one = submission(
        Kind.REVIEW, reviewer, "POST", f"/mandates/{record}/review", bodies.review(), record, Role.OPERATOR
    )
    taken = Book(world.core.host, world.core.archive, world.core.clock).enter([one])[0]
    world.settle()
    with world.core.database.read() as tx:
        row = records.by_ids(tx, [taken.record.id])[taken.record.id]
    assert row.outcome == "rejected" and "reviewer-is-party" in row.problems
    assert feed(world) == []


def test_a_mandate_begins_and_ends_by_itself(world: World) -> None:
    flowing(world, period={"start": "2026-11-23", "end": "2026-11-25"})
    assert feed(world) == []
    world.now = NOW + timedelta(days=2)
    assert world.core.tick() == 1
    world.settle()
    assert feed(world) == [(1, "offer", True)]
    world.now = NOW + timedelta(days=5)
    assert feed(world) == [(1, "offer", False)], "past its period nothing is handed over, due row or not"
    assert world.core.tick() == 1
    world.settle()
    assert feed(world) == [(1, "offer", False), (2, "withdrawn", False)]


def test_revoked_nothing_is_handed_over_even_before_the_hub_hears_of_it(world: World) -> None:
    record = flowing(world)
    assert feed(world) == [(1, "offer", True)]
    sha256 = hashlib.sha256(bodies.scan(1)).hexdigest()
    with world.core.database.write() as tx:
        handed = world.core.feed.paper(tx, INSURER, sha256, world.now)
        assert handed and handed.body == bodies.scan(1)
        before = tx.execute(select(handovers.c.id, handovers.c.basis)).all()
    assert all(f"mandate:{record}" in row.basis for row in before)
    enter(world, CLAIMLINK, Kind.WITHDRAWAL, "DELETE", f"/mandates/{record}", b"", record)
    assert world.core.host.turn(handler(world, ConsentStep)) == 1, "answered"
    assert feed(world) == [(1, "offer", False)]
    with world.core.database.write() as tx:
        assert world.core.feed.paper(tx, INSURER, sha256, world.now) is None
        assert tx.execute(select(handovers.c.id, handovers.c.basis)).all() == before
    world.settle()
    assert feed(world) == [(1, "offer", False), (2, "withdrawn", False)]
    mandated(world, id="another")
    assert feed(world)[2:] == [(3, "offer", True)], "another mandate carries it again"


def test_a_mandate_revoked_before_a_view_is_numbered_numbers_nothing(world: World) -> None:
    upload(world, 1)
    record = mandated(world)
    given = give(world, "/authorisations", bodies.by_agent(1))
    path = f"/authorisations/{given}/review"
    enter(world, OPERATOR, Kind.REVIEW, "POST", path, bodies.review(), given)
    assert world.core.host.turn(handler(world, ConsentStep)) and world.core.host.turn(handler(world, Hub))
    enter(world, CLAIMLINK, Kind.WITHDRAWAL, "DELETE", f"/mandates/{record}", b"", record)
    assert world.core.host.turn(handler(world, ConsentStep))
    assert world.core.host.turn(handler(world, Sequencer)) and feed(world) == []
    world.settle()
    assert feed(world) == []


def test_a_new_version_stands_alone_and_waits_for_its_own_review(world: World) -> None:
    flowing(world)
    newer = give(world, "/mandates", bodies.mandate(1, version=2))
    assert feed(world) == [(1, "offer", False), (2, "withdrawn", False)]
    review(world, "/mandates", newer)
    assert feed(world)[2:] == [(3, "offer", True)] and basis(world)[1]["mandate"] == newer
    narrower = give(world, "/mandates", bodies.mandate(1, version=3, scope=["application"]))
    review(world, "/mandates", narrower)
    assert [one[1] for one in feed(world)] == ["offer", "withdrawn", "offer", "withdrawn"]


def test_taken_back_as_an_error_it_is_no_mandate_even_if_that_is_approved(world: World) -> None:
    flowing(world)
    error = give(world, "/mandates", bodies.mandate(1, version=2, status="entered-in-error"))
    review(world, "/mandates", error)
    assert feed(world) == [(1, "offer", False), (2, "withdrawn", False)]


def test_an_erased_mandate_takes_back_what_went_by_it(world: World) -> None:
    record = flowing(world)
    world.judge("erase", [record])
    assert feed(world) == [(1, "offer", False), (2, "withdrawn", False)]
    with world.core.database.read() as tx:
        assert record not in tx.execute(select(acting.c.record)).scalars().all()
    upload(world, 2)
    assert feed(world)[2:] == []


def test_an_application_by_an_agent(world: World) -> None:
    """Of the day of its filing: it outlives the period of its mandate, and not its revocation."""
    record = mandated(world, scope=["application"], period={"start": "2025-09-05", "end": "2026-11-21"})
    assert feed(world) == []
    give(world, "/applications", bodies.application(1, agent=bodies.agent(1)))
    assert feed(world) == [(1, "offer", True)]
    assert basis(world) == [{"law": "own-filing"}, {"mandate": record}]
    world.now = NOW + timedelta(days=5)
    world.core.tick()
    world.settle()
    assert feed(world) == [(1, "offer", True)]
    withdraw(world, "/mandates", record)
    assert feed(world) == [(1, "offer", False), (2, "withdrawn", False)]
    give(world, "/applications", bodies.application(1, id="her-own"))
    assert feed(world)[2:] == [(3, "offer", True)] and basis(world) == [{"law": "own-filing"}]


def by_agent(number: int, **changes: Any) -> bytes:
    """Her application `app-{number}` in a second version by her agent, who names another insurer and another plate."""
    other = {"code": OTHER_INSURER, "cover": "motor-compulsory"}
    loss = {"kind": "motor", "date": "2025-09-03", "plate": PLATE_OF_OTHER}
    value = {"version": 2, "insurers": [other], "loss": loss, "vehicles": [{"plate": PLATE_OF_OTHER}]}
    return bodies.application(number, agent=bodies.agent(number), **(value | changes))


def parties(world: World, record: str) -> tuple[str | None, set[str]]:
    """The record that stands for this one's application, and who is party to its case."""
    with world.core.database.read() as tx:
        row = records.by_ids(tx, [record])[record]
        lineage = casebook.rows_of_lineages(tx, [row.lineage])
        stands = shown(lineage, world.core.hub.loader.unmandated(tx, lineage))
        story = Reading(world.core.hub, world.core.archive).record(tx, record, world.now)
    assert story and story[1] and story[1].case and stands and story[0].shown == stands.record
    return stands.record, {one.insurer for one in story[1].case.standings}


OWN_STEPS = ("own", "agents", "mandate")


@pytest.mark.parametrize("status", ["current", "entered-in-error"])
@pytest.mark.parametrize("order", list(permutations(OWN_STEPS)), ids="-".join)
def test_an_agents_version_takes_the_place_of_hers_only_under_a_mandate(
    world: World, order: tuple[str, ...], status: str
) -> None:
    given: dict[str, str] = {}
    more = {} if status == "current" else {"status": status}
    steps = {
        "own": lambda: give(world, "/applications", bodies.application(1, insurers=[NAMED])),
        "agents": lambda: give(world, "/applications", by_agent(1, **more)),
        "mandate": lambda: mandated(world, scope=["application"]),
    }
    for step in order:
        given[step] = steps[step]()
        if "mandate" not in given:
            assert feed(world, OTHER_INSURER) == []
            if "own" in given:
                assert parties(world, given["own"]) == (given["own"], {INSURER})
                assert [one for one in feed(world) if one[2]] == [(1, "offer", True)]
    assert [one for one in feed(world) if one[2]] == [], "the agent's version stands"
    assert bool(feed(world, OTHER_INSURER)) == (status == "current")
    withdraw(world, "/mandates", given["mandate"])
    assert parties(world, given["own"]) == (given["own"], {INSURER})
    assert [one[1:] for one in feed(world)][-1] == ("offer", True), "and hers again"
    assert not [one for one in feed(world, OTHER_INSURER) if one[2]]
    with world.core.database.read() as tx:
        assert list(reconciling.differences(tx, records.stamp(NOW), {})) == []


def test_a_dispute_by_an_agent_is_nobodys_without_a_mandate(world: World) -> None:
    """It joins no case, makes the insurer of the plate that it names no party, and takes no version's place."""
    party = json.loads(bodies.mandate(1))["principal"]
    told = {"party": party, "loss": json.loads(bodies.application(1))["loss"], "insurers": [INSURER]}
    own = give(world, "/applications", bodies.application(1, insurers=[NAMED]))
    hers = give(world, "/disputes", bodies.dispute(1, **told))
    elsewhere = {"loss": told["loss"] | {"plate": PLATE_OF_OTHER}, "insurers": [OTHER_INSURER]}
    agents = give(world, "/disputes", bodies.dispute(1, **(told | elsewhere), version=2, agent=bodies.agent(1)))
    other = give(world, "/disputes", bodies.dispute(2, **told, agent=bodies.agent(1)))

    def stands() -> tuple[str | None, str | None, str | None]:
        """What stands for her dispute, its case, and the case of the agent's own."""
        with world.core.database.read() as tx:
            rows = records.by_ids(tx, [hers, other])
            lineage = casebook.rows_of_lineages(tx, [rows[hers].lineage])
            shown_ = shown(lineage, world.core.hub.loader.unmandated(tx, lineage))
        return shown_.record if shown_ else None, rows[hers].case_number, rows[other].case_number

    with world.core.database.read() as tx:
        case = records.by_ids(tx, [own])[own].case_number
    assert case and stands() == (hers, case, None)
    assert parties(world, own) == (own, {INSURER}) and feed(world, OTHER_INSURER) == []
    record = mandated(world, scope=["dispute"])
    assert stands()[0] == agents and stands()[2] == case
    assert OTHER_INSURER not in parties(world, own)[1]
    withdraw(world, "/mandates", record)
    assert stands() == (hers, case, None)


def test_a_version_by_an_agent_that_the_hub_has_not_heard_of_replaces_nothing(world: World) -> None:
    """Its verdict is given, and another record of the case is folded first."""
    own = give(world, "/applications", bodies.application(1, insurers=[NAMED]))
    Book(world.core.host, world.core.archive, world.core.clock).enter(
        [submission(Kind.APPLICATION, CLAIMLINK, "POST", "/claimlink/applications", by_agent(1))]
    )
    world.core.validate_here()
    assert world.core.host.turn(handler(world, Deduplication)) == 1
    due = Message(DUE.name, own, "again", Refold(records=(own,), why="test"))
    views = world.core.database.commit(lambda tx: handler(world, Hub).handle(tx, [due], NOW))
    assert [(one.key, [paper.record for paper in one.event.papers]) for one in views] == [(INSURER, [own])]


def test_what_an_agent_files_without_a_mandate_joins_no_two_cases(world: World) -> None:
    def apart(number: int, **changes: Any) -> dict[str, Any]:
        value = json.loads(bodies.application(number, insurers=[NAMED], **changes))
        del value["place"]  # else all of them are about one accident
        return value

    hers, another = apart(1), apart(2)
    bridging = apart(1, id="both", agent=bodies.agent(1), policeCaseNumber=another["policeCaseNumber"])
    bridging["vehicles"] += another["vehicles"]
    first, second, bridge = (
        give(world, "/applications", json.dumps(one).encode()) for one in (hers, another, bridging)
    )

    def cases() -> list[str]:
        with world.core.database.read() as tx:
            known = records.by_ids(tx, [first, second, bridge])
        return [known[one].case_number for one in (first, second, bridge)]

    assert len(set(cases())) == 3
    record = mandated(world, scope=["application"])
    assert len(set(cases())) == 1
    withdraw(world, "/mandates", record)
    assert len(set(cases())) == 3


def test_an_authorisation_by_an_agent_without_a_mandate_ties_nothing_together(world: World) -> None:
    """It names her, and the plate of somebody else's accident of that day."""

    def apart(number: int) -> bytes:
        value = json.loads(bodies.application(number, insurers=[NAMED]))
        del value["place"]
        return json.dumps(value).encode()

    loss = {"kind": "motor", "date": "2025-09-03", "plate": bodies.plate(2)}
    first, second = (give(world, "/applications", apart(number)) for number in (1, 2))
    bridge = give(world, "/authorisations", bodies.by_agent(1, loss=loss))
    review(world, "/authorisations", bridge)

    def cases() -> list[str | None]:
        with world.core.database.read() as tx:
            known = records.by_ids(tx, [first, second, bridge])
        return [known[one].case_number for one in (first, second, bridge)]

    def are_apart() -> bool:
        one, other, tie = cases()
        return one != other and tie is None

    assert are_apart()
    given = give(world, "/mandates", bodies.mandate(1))
    assert are_apart(), "it waits for its review"
    review(world, "/mandates", given)
    assert len(set(cases())) == 1 and cases()[2]
    withdraw(world, "/mandates", given)
    assert are_apart()
    mandated(world, id="of-another-scope", scope=["application"])
    assert are_apart()
    mandated(world, id="over", period={"start": "2025-09-05", "end": "2025-12-31"})
    assert len(set(cases())) == 1, "what it gave in its time still says of which loss it is"
    with world.core.database.read() as tx:
        assert list(reconciling.differences(tx, records.stamp(NOW), {})) == []


def test_an_offer_that_stands_without_its_mandate_is_named_by_the_reconciliation(world: World) -> None:
    record = flowing(world)
    with world.core.database.write() as tx:
        before = list(reconciling.differences(tx, records.stamp(NOW), {}))
        lineage = records.by_ids(tx, [record])[record].lineage
        consents.write_withdrawal(tx, lineage, record, NOW)  # behind the back of the hub
        found = [one for one in reconciling.differences(tx, records.stamp(NOW), {}) if one not in before]
    assert {(what, insurer) for what, _, insurer, _, _ in found} == {
        ("offer-without-consent", INSURER),
        ("offer-without-consent", "74643675"),
    }
    assert all(f"under mandate:{record}" in detail for *_, detail in found)


def test_it_holds_after_a_restart(world: World, place: Place) -> None:
    record = flowing(world)
    world.close()
    again = World(place)
    assert feed(again) == [(1, "offer", True)]
    enter(again, CLAIMLINK, Kind.WITHDRAWAL, "DELETE", f"/mandates/{record}", b"", record)
    again.close()  # taken in and validated, and nothing more
    last = World(place)
    last.settle()
    assert feed(last) == [(1, "offer", False), (2, "withdrawn", False)]
    last.close()


def test_a_revocation_is_answered_when_no_hand_over_under_it_is_under_way(on_postgres: World) -> None:
    world = on_postgres
    record = flowing(world)
    enter(world, CLAIMLINK, Kind.WITHDRAWAL, "DELETE", f"/mandates/{record}", b"", record)
    with ThreadPoolExecutor(1) as pool, world.core.database.write() as tx:
        (event,) = world.core.feed.page(tx, INSURER, 0, 10, NOW)
        assert "papers" in event["data"]
        revoking = pool.submit(world.core.host.turn, handler(world, ConsentStep))
        assert stands_waiting(world, revoking)
        tx.commit()
        assert revoking.result(WAIT_SECONDS) == 1
    assert feed(world) == [(1, "offer", False)], "and none is written after it"


def test_numbering_waits_for_the_mandate(on_postgres: World) -> None:
    world = on_postgres
    upload(world, 1)
    authorised(world)
    record = give(world, "/mandates", bodies.mandate(1))
    enter(world, OPERATOR, Kind.REVIEW, "POST", f"/mandates/{record}/review", bodies.review(), record)
    assert world.core.host.turn(handler(world, ConsentStep)) and world.core.host.turn(handler(world, Hub))
    with ThreadPoolExecutor(1) as pool, world.core.database.write() as tx:
        lock(tx, [f"authorisation:{record}"])
        numbering = pool.submit(world.core.host.turn, handler(world, Sequencer))
        assert stands_waiting(world, numbering)
        tx.commit()
        assert numbering.result(WAIT_SECONDS)
    assert feed(world) == [(1, "offer", True)]


def test_a_mandate_is_folded_after_a_filing_that_did_not_see_it(on_postgres: World) -> None:
    """The filing is folded while the mandate waits for its review, and is not committed when the review is: else it is missed."""
    world, database = on_postgres, on_postgres.core.database
    record = give(world, "/mandates", bodies.mandate(1))
    body = bodies.application(1, agent=bodies.agent(1))
    one = submission(Kind.APPLICATION, CLAIMLINK, "POST", "/claimlink/applications", body)
    Book(world.core.host, world.core.archive, world.core.clock).enter([one])
    world.core.validate_here()
    world.core.host.turn(handler(world, Deduplication))
    hub = handler(world, Hub)

    def last_verdict() -> Message:
        with database.read() as tx:
            return world.core.log.read(tx, [VERDICTS.name], 0, 1000)[-1][1]

    filing = last_verdict()
    enter(world, OPERATOR, Kind.REVIEW, "POST", f"/mandates/{record}/review", bodies.review(), record)
    with ThreadPoolExecutor(1) as pool, database.write() as tx:
        assert hub.handle(tx, [filing], NOW) == [], "nobody's yet"
        assert pool.submit(world.core.host.turn, handler(world, ConsentStep)).result(WAIT_SECONDS) == 1
        review = last_verdict()
        folding = pool.submit(database.commit, lambda tx: hub.handle(tx, [review], NOW))
        assert stands_waiting(world, folding)
        tx.commit()
        assert INSURER in {view.key for view in folding.result(WAIT_SECONDS)}


def submission(
    kind: Kind,
    sender: str,
    method: str,
    path: str,
    body: bytes,
    target: str | None = None,
    role: Role = Role.CLAIMLINK,
) -> Submission:
    sha256 = hashlib.sha256(body).hexdigest()
    return Submission(
        kind, sender, role, method, path, "application/json", body, sha256, sha256, len(body), target=target
    )


def test_a_filing_and_the_review_of_its_mandate_at_one_instant(server: Server, tmp_path: Path) -> None:
    """Whichever worker comes first, the filing rests on the mandate in the end; and revoked at once with a filing, on none."""
    core = core_at(InPostgres(tmp_path, server.fresh(), server.empty()), lambda: NOW)
    book, workers = Book(core.host, core.archive, core.clock), Workers(core)

    def offers() -> list[Any]:
        with core.database.write() as tx:
            return [one for one in core.feed.page(tx, INSURER, 0, 500, NOW) if "papers" in one["data"]]

    def filed(number: int, **changes: object) -> Submission:
        value = json.loads(bodies.application(number, agent=bodies.agent(number), **changes))
        del value["place"]  # else all of them are about one accident
        return submission(Kind.APPLICATION, CLAIMLINK, "POST", "/claimlink/applications", json.dumps(value).encode())

    def together(*both: Submission) -> None:
        at_once([lambda one=one: book.enter([one]) for one in both])
        workers.run()

    given = []
    for number in range(1, ROUNDS + 1):
        body = bodies.mandate(number, scope=["application"])
        given.append(book.enter([submission(Kind.MANDATE, CLAIMLINK, "POST", "/mandates", body)])[0].record.id)
        workers.run()
        path = f"/mandates/{given[-1]}/review"
        together(
            filed(number), submission(Kind.REVIEW, OPERATOR, "POST", path, bodies.review(), given[-1], Role.OPERATOR)
        )
        assert len(offers()) == number, f"round {number}"
    for number, record in enumerate(given, start=1):
        loss = {"kind": "motor", "date": "2025-09-02", "plate": bodies.plate(number)}
        path = f"/mandates/{record}"
        together(
            filed(number, id=f"other-{number}", loss=loss),
            submission(Kind.WITHDRAWAL, CLAIMLINK, "DELETE", path, b"", record),
        )
        assert len(offers()) == ROUNDS - number, f"round {number}"
    core.close()
