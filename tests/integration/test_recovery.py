"""The store put back to an earlier day, over both databases: no number again, nothing back that was taken away."""

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Row, select, update

from adapters.stores import participants, verifications
from adapters.stores import records as envelopes
from adapters.stores.archive import BLOB_KEY, RECORD_KEY, Erased
from adapters.stores.dialect import unhurried
from adapters.stores.postgres import SETTINGS
from adapters.stores.tables import bodies, records
from schemas.integrity import Answer
from schemas.records import Kind, Outcome, Reads, Role, Status
from schemas.topics import TOPICS
from services.embedded import utc_now
from services.recovery.worker import Recovery
from services.sandbox.scenario import Item, generate
from services.verification.decide import DEADLINE, Question, question_id
from services.verification.worker import Heard, Try
from tests.integration.police_case import POLICE, police_case
from tests.integration.recovering import Feeds, Lossy, differences, feeds_of, settle
from tests.servers.places import InFiles, Place
from tests.simulation.world import NOW, World

SEED, CASES = 7, 12


def halves() -> tuple[list[Item], list[Item]]:
    items = list(generate(SEED, CASES))
    return items[: len(items) // 2], items[len(items) // 2 :]


def send(world: World, items: list[Item], of: list[Item]) -> None:
    """Some of a scenario's items, of which others may have gone in before."""
    by_number = {item.n: item for item in of}
    for item in items:
        target = world.record_of[by_number[item.of].file] if item.of else None
        world.record_of[item.file] = world._enter(world.core, item, target).record.id
        world.settle()


def offered_record(world: World, feeds: Feeds, kind: Kind, besides: set[str]) -> tuple[str, str]:
    """A record of this kind that some insurer has in a standing offer: its id and hash."""
    shown = {
        paper["sha256"]
        for events in feeds.values()
        for event in events
        if "papers" in event["data"]
        for paper in event["data"]["papers"]
    }
    with world.core.database.read() as tx:
        rows = tx.execute(select(records).where(records.c.kind == kind.value, records.c.outcome == "accepted")).all()
    return next((row.record, row.sha256) for row in rows if row.sha256 in shown and row.record not in besides)


def basis_of(feeds: Feeds) -> str:
    """An authorisation that some standing offer goes by."""
    return next(
        basis["authorisation"]
        for events in feeds.values()
        for event in events
        if "papers" in event["data"]
        for paper in event["data"]["papers"]
        for basis in paper["basis"]
        if "authorisation" in basis
    )


def papers_in(feeds: Feeds) -> set[str]:
    return {
        paper["sha256"]
        for events in feeds.values()
        for event in events
        if "papers" in event["data"]
        for paper in event["data"]["papers"]
    }


def bases_in(feeds: Feeds) -> set[str]:
    return {
        basis["authorisation"]
        for events in feeds.values()
        for event in events
        if "papers" in event["data"]
        for paper in event["data"]["papers"]
        for basis in paper["basis"]
        if "authorisation" in basis
    }


def check_numbers(before: Feeds, after: Feeds) -> None:
    """A number says after the restore what it said before, or that it holds no longer: nothing else, and none is new."""
    for insurer, events in before.items():
        for was, now in zip(events, after[insurer], strict=False):
            assert was["id"] == now["id"]
            said = now["data"]
            assert said == was["data"] or said == {"case": was["data"]["case"]}, (was, now)
        assert len(after[insurer]) >= len(events)


def withdraw(world: World, authorisation: str) -> None:
    with world.core.database.read() as tx:
        sender = tx.execute(select(records.c.sender).where(records.c.record == authorisation)).scalar_one()
    world.record_of["withdrawal"] = world.post(
        Kind.WITHDRAWAL, sender, "DELETE", f"/authorisations/{authorisation}", b"{}", authorisation
    )


def test_after_a_restore_nobody_knows_whom_the_brokers_let_read(place: Place, opened: Callable[[Place], World]) -> None:
    core = opened(place).core
    with core.database.write() as tx:
        one, other, *untold = [insurer.code for insurer in participants.insurers(tx)]
        participants.note_reading(tx, [one], Reads.YES)
        participants.note_reading(tx, [other], Reads.NO)
        Recovery(core.keys, core.archive, core.journal, NOW).run(tx)
        assert untold and participants.reading(tx) == {one: Reads.PERHAPS, other: Reads.PERHAPS}


def test_after_a_restore_no_number_is_used_again_and_nothing_taken_away_returns(
    place: Place, tmp_path_factory: pytest.TempPathFactory, opened: Callable[[Place], World]
) -> None:
    world, lossy = opened(place), Lossy(place)
    early, late = halves()
    send(world, early, early)
    backup = lossy.back_up(tmp_path_factory.mktemp("backups") / "store")
    at_backup = feeds_of(world.core, NOW)
    send(world, late, early + late)
    old, old_hash = offered_record(world, at_backup, Kind.DOCUMENT, set())
    new, new_hash = offered_record(
        world, feeds_of(world.core, NOW), Kind.DOCUMENT, {old, *(world.record_of[item.file] for item in early)}
    )
    gone = basis_of(at_backup)
    world.judge("erase", [old])
    world.judge("erase", [new])
    withdraw(world, gone)
    suspended = next(insurer for insurer, events in at_backup.items() if events)
    world.participant(suspended, Role.INSURER, "suspended")
    settle(world)
    before, outcome, known = feeds_of(world.core, NOW), world.outcome(), dict(world.record_of)
    assert {insurer: len(events) for insurer, events in before.items()} != {
        insurer: len(events) for insurer, events in at_backup.items()
    }
    assert not differences(world.core, NOW)
    world.close()
    lossy.lose_store()
    lossy.put_back(backup)

    world = opened(place)
    world.now = max(NOW, utc_now())  # the command is of today
    world.record_of = {item.file: known[item.file] for item in early}
    settle(world)
    after = feeds_of(world.core, NOW)
    check_numbers(before, after)
    assert not {old_hash, new_hash} & papers_in(after)
    assert gone not in bases_in(after)
    assert not world.core.keys.get([RECORD_KEY + old, RECORD_KEY + new])
    with world.core.database.read() as tx:
        for record in (old, new):
            row = tx.execute(select(records).where(records.c.record == record)).one()
            assert (row.erased, row.case_number) == (1, None)
        assert participants.get(tx, suspended).status == Status.SUSPENDED
    wanted = differences(world.core, NOW)
    assert {one["what"] for one in wanted} <= {"body-wanted"}
    assert {one["record"] for one in wanted} <= {known[item.file] for item in late}

    send(world, late, early + late)
    withdraw(world, gone)
    settle(world)
    final = feeds_of(world.core, NOW)
    check_numbers(after, final)
    assert not {old_hash, new_hash} & papers_in(final)
    assert gone not in bases_in(final)
    found = world.outcome()
    other = {file for file, verdict in found.verdicts.items() if verdict != outcome.verdicts[file]}
    # A review of what was withdrawn by then cannot approve it any more; what repeats an erased document repeats nothing.
    repeats = {truth.file: truth.duplicate_of or "" for item in early + late for truth in item.truths}
    assert all("review" in file or known.get(repeats[file]) in (old, new) for file in other)
    assert found.cases == outcome.cases
    assert found.papers.pop(suspended) <= outcome.papers.pop(suspended)  # nothing new for whom is suspended
    assert found.papers == outcome.papers
    assert not differences(world.core, NOW)
    assert sum(map(len, final.values())) > sum(map(len, after.values()))


def test_keys_from_an_older_backup_bring_back_nothing_erased_and_what_they_lack_is_sent_again(
    place: Place, tmp_path_factory: pytest.TempPathFactory, opened: Callable[[Place], World]
) -> None:
    world, lossy = opened(place), Lossy(place)
    early, late = halves()
    send(world, early, early)
    backup = lossy.back_up(tmp_path_factory.mktemp("backups") / "keys", "--keys-only")
    old, old_hash = offered_record(world, feeds_of(world.core, NOW), Kind.DOCUMENT, set())
    send(world, late, early + late)
    world.judge("erase", [old])
    settle(world)
    before, outcome = feeds_of(world.core, NOW), world.outcome()
    known = dict(world.record_of)
    world.close()
    lossy.lose_keys()
    lossy.put_back_keys(backup)

    world = opened(place)
    world.now, world.record_of = max(NOW, utc_now()), known
    settle(world)
    after = feeds_of(world.core, NOW)
    check_numbers(before, after)
    assert not world.core.keys.get([RECORD_KEY + old])
    assert old_hash not in papers_in(after)
    wanted = differences(world.core, NOW)
    assert {one["what"] for one in wanted} == {"body-wanted"}
    with world.core.database.read() as tx:
        unread = {one["record"] for one in wanted}
        rows = tx.execute(select(records).where(records.c.record.in_(unread))).all()
    assert not {row.sha256 for row in rows} & papers_in(after)  # nothing flows of what cannot be read

    send(world, late, early + late)
    settle(world)
    found = world.outcome()
    assert (found.cases, found.papers) == (outcome.cases, outcome.papers)
    other = {file for file, verdict in found.verdicts.items() if verdict != outcome.verdicts[file]}
    assert all("review" in file for file in other)  # judged again: by now its authorisation has another version
    check_numbers(after, feeds_of(world.core, NOW))
    # The judgement alone was not sent again.
    with world.core.database.read() as tx:
        kinds = tx.execute(select(records.c.kind).where(records.c.wanted == 1)).scalars().all()
    assert kinds == [Kind.JUDGEMENT.value]


def test_what_retention_erased_opens_no_more_under_an_older_backup_of_the_keys(
    place: Place, tmp_path_factory: pytest.TempPathFactory, opened: Callable[[Place], World]
) -> None:
    world, lossy = opened(place), Lossy(place)
    send(world, items := list(generate(SEED, 3)), items)
    short = world.post(Kind.DOCUMENT, items[0].sender, "POST", "/fhir/Bundle", b"{}")  # rejected: half a year
    names = [RECORD_KEY + short, BLOB_KEY + short]
    world.core.archive.blob_key(short)
    backup = lossy.back_up(tmp_path_factory.mktemp("backups") / "keys", "--keys-only")
    world.now = NOW + timedelta(days=200)
    settle(world)
    world.core.keys.destroy(names[1:])
    with world.core.database.read() as tx:
        assert envelopes.by_ids(tx, [short])[short].erased
    assert not world.core.keys.get(names)
    world.close()
    lossy.lose_keys()
    lossy.put_back_keys(backup)
    world = opened(place)
    assert not world.core.keys.get(names)


def test_a_lost_file_of_a_large_record_costs_no_key_and_is_given_to_nobody(
    place: Place, tmp_path_factory: pytest.TempPathFactory, opened: Callable[[Place], World]
) -> None:
    """The folder of data is lost, with blobs and master key; the store's database stands."""
    world, lossy = opened(place), Lossy(place)
    send(world, items := list(generate(SEED, 6)), items)
    record, sha256 = offered_record(world, feeds_of(world.core, NOW), Kind.DOCUMENT, set())
    archive = world.core.archive
    with world.core.database.write() as tx:
        body = archive.body(tx, record)
        tx.execute(update(bodies).where(bodies.c.record == record).values(body=None, blob=record))
    archive.blobs.write(record, archive.blob_key(record), body)
    names = [RECORD_KEY + record, BLOB_KEY + record]
    backup = lossy.back_up(tmp_path_factory.mktemp("backups") / "keys", "--keys-only")
    world.close()
    (file,) = (place.folder / "blobs").iterdir()
    shutil.move(file, aside := tmp_path_factory.mktemp("aside") / record)
    lossy.lose_keys()
    lossy.put_back_keys(backup)

    world = opened(place)
    world.now = max(NOW, utc_now())
    settle(world)
    assert len(world.core.keys.get(names)) == 2
    assert sha256 not in papers_in(feeds_of(world.core, NOW))
    assert [one["record"] for one in differences(world.core, NOW)] == [record]
    with world.core.database.read() as tx, pytest.raises(Erased):
        world.core.archive.body(tx, record)
    shutil.copy(aside, file)
    with world.core.database.read() as tx:
        assert world.core.archive.body(tx, record) == body
    (item,) = (one for one in items if hashlib.sha256(one.body).hexdigest() == sha256)
    send(world, [item], items)
    settle(world)
    assert not differences(world.core, NOW)
    assert sha256 in papers_in(feeds_of(world.core, NOW))


def withdrawn(body: bytes) -> bytes:
    """The document's own withdrawal."""
    bundle = json.loads(body)
    bundle["timestamp"] = "2026-11-20T23:59:59+08:00"
    bundle["entry"][0]["resource"]["status"] = "entered-in-error"
    return json.dumps(bundle).encode()


def tried(world: World, one: Row, outcome: Outcome) -> None:
    """An attempt of this record that ended so."""
    envelope, earlier = envelopes.envelope(one), NOW - timedelta(hours=1)
    with world.core.database.write() as tx:
        envelopes.put(tx, [envelope])
        if outcome == Outcome.DEAD:
            envelopes.mark_dead(tx, "validation", "test", envelope.id, "Test", earlier)
        else:
            row = {"record": envelope.id, "judged": 1, "judged_at": envelopes.stamp(earlier), "outcome": outcome.value}
            envelopes.judge(tx, [row])


@pytest.mark.parametrize(
    ("known", "withdrawal"),
    [(True, None), (False, None), (True, Outcome.DEAD), (True, Outcome.REJECTED)],
    ids=["in the backup", "since the backup", "withdrawal dead in it", "withdrawal rejected in it"],
)
def test_what_its_sender_withdrew_since_does_not_return(
    place: Place,
    tmp_path_factory: pytest.TempPathFactory,
    opened: Callable[[Place], World],
    known: bool,
    withdrawal: Outcome | None,
) -> None:
    """`withdrawal`: what had become of its first attempt by the time of the backup."""
    items = list(generate(SEED, 6))
    whole = opened(InFiles(tmp_path_factory.mktemp("whole")))
    send(whole, items, items)
    record, sha256 = offered_record(whole, feeds_of(whole.core, NOW), Kind.DOCUMENT, set())
    (item,) = (one for one in items if whole.record_of[one.file] == record)

    world, lossy = opened(place), Lossy(place)
    send(world, [one for one in items if known or one is not item], items)
    post = (Kind.DOCUMENT, item.sender, "POST", "/fhir/Bundle", withdrawn(item.body))
    if withdrawal:
        last = whole.post(*post)
        with whole.core.database.read() as tx:
            tried(world, envelopes.by_ids(tx, [last])[last], withdrawal)
    backup = lossy.back_up(tmp_path_factory.mktemp("backups") / "store")
    if not known:
        send(world, [item], items)
    gone = world.post(*post)
    before = feeds_of(world.core, NOW)
    assert sha256 not in papers_in(before)
    world.close()
    lossy.lose_store()
    lossy.put_back(backup)

    world = opened(place)
    world.now = max(NOW, utc_now())
    settle(world)
    send(world, [item], items)  # without its withdrawal
    settle(world)
    after = feeds_of(world.core, NOW)
    check_numbers(before, after)
    assert sha256 not in papers_in(after)
    wanted = differences(world.core, NOW)
    assert {one["record"] for one in wanted} == {gone} and "body-wanted" in {one["what"] for one in wanted}
    assert world.post(*post) == gone
    settle(world)
    assert not differences(world.core, NOW)
    assert sha256 not in papers_in(feeds_of(world.core, NOW))


def test_an_authorisation_that_was_replaced_or_refused_since_does_not_hold_again(
    place: Place, tmp_path_factory: pytest.TempPathFactory, opened: Callable[[Place], World]
) -> None:
    world, lossy = opened(place), Lossy(place)
    items = list(generate(SEED, CASES))
    send(world, items, items)
    feeds = feeds_of(world.core, NOW)
    backup = lossy.back_up(tmp_path_factory.mktemp("backups") / "store")
    by_record = {world.record_of[item.file]: item for item in items}
    versions = [one for one in sorted(bases_in(feeds)) if json.loads(by_record[one].body)["version"] == 1]
    replaced, refused = versions[:2]
    item = by_record[replaced]
    body = json.dumps(json.loads(item.body) | {"version": 2}).encode()
    world.post(Kind.AUTHORISATION, item.sender, "POST", "/authorisations", body)
    word = json.dumps({"decision": "refuse", "reason": "test"}).encode()
    world.post(Kind.REVIEW, "operator-1", "POST", f"/authorisations/{refused}/review", word, refused)
    before = feeds_of(world.core, NOW)
    assert not {replaced, refused} & bases_in(before)
    world.close()
    lossy.lose_store()
    lossy.put_back(backup)

    world = opened(place)
    world.now = max(NOW, utc_now())
    assert not {replaced, refused} & bases_in(feeds_of(world.core, NOW))  # before any step has run
    settle(world)
    after = feeds_of(world.core, NOW)
    check_numbers(before, after)
    assert not {replaced, refused} & bases_in(after)


def answered(world: World, record: str, sha256: str, word: Answer) -> str:
    """The unit's word on a paper, kept as the worker keeps it; the question's id."""
    id = question_id(sha256, POLICE, 0)
    question = Question(id, sha256, POLICE, "registration-slip", {}, NOW, NOW + DEADLINE)

    def put(tx: Connection) -> None:
        verifications.ask(tx, id, (sha256, POLICE), record, NOW, NOW + DEADLINE)

    world.core.database.commit(put)
    world.core.verifier.keep([Heard(Try(question, None, (), record, 1), word, "signed.by.unit")])
    return id


def states(world: World, sha256: str) -> set[str]:
    """What each insurer was told last of a paper."""
    told = {
        insurer: paper["integrity"]["state"]
        for insurer, events in feeds_of(world.core, NOW).items()
        for event in events
        for paper in event["data"].get("papers", ())
        if paper["sha256"] == sha256
    }
    return set(told.values())


def test_what_a_unit_has_said_of_a_paper_holds_after_a_restore(
    place: Place, tmp_path_factory: pytest.TempPathFactory, opened: Callable[[Place], World]
) -> None:
    world, lossy = opened(place), Lossy(place)
    denied, erased, later = (police_case() for _ in range(3))
    sha256 = {one.number: hashlib.sha256(one.file).hexdigest() for one in (denied, erased, later)}
    record = {}
    for case in (denied, erased):
        world.post(Kind.ACCIDENT, POLICE, "POST", "/police/accidents", case.accident)
        world.post(Kind.APPLICATION, "CL01", "POST", "/claimlink/applications", case.application)
        record[case.number] = world.upload("CL01", case.slip, case.file)
    ids = {erased.number: answered(world, record[erased.number], sha256[erased.number], Answer.DENIED)}
    world.settle()
    backup = lossy.back_up(tmp_path_factory.mktemp("backups") / "store")
    record[later.number] = world.upload("CL01", later.slip, later.file)
    world.judge("erase", [record[erased.number]])
    for one, word in ((denied.number, Answer.DENIED), (later.number, Answer.CONFIRMED)):
        ids[one] = answered(world, record[one], sha256[one], word)
    assert states(world, sha256[denied.number]) == {"unverified"}, "lost before anybody was told"
    with world.core.database.read() as tx:
        before = verifications.get(tx, ids[denied.number])
    world.close()
    lossy.lose_store()
    lossy.put_back(backup)

    world = opened(place)
    world.now = max(NOW, utc_now())
    settle(world)
    with world.core.database.read() as tx:
        rows = {one: verifications.get(tx, id) for one, id in ids.items()}
    assert rows[erased.number] is None
    row = rows[denied.number]
    assert row and (row.state, row.answer, row.answered) == ("denied", "signed.by.unit", before.answered)
    assert row.next_try is None and (row.asked, row.deadline) == (before.asked, before.deadline)
    assert rows[later.number].state == "confirmed", "its paper is still to be sent again"
    assert states(world, sha256[denied.number]) == {"denied"}
    world.core.database.commit(Recovery(world.core.keys, world.core.archive, world.core.journal, NOW).run)
    with world.core.database.read() as tx:
        assert {one: verifications.get(tx, id) for one, id in ids.items()} == rows


def test_events_about_records_that_the_store_lacks_stop_no_step(
    place: Place, tmp_path_factory: pytest.TempPathFactory, opened: Callable[[Place], World]
) -> None:
    """As a log that was not put back with its store would deliver them."""
    folder = tmp_path_factory.mktemp("other")
    other = opened(InFiles(folder))
    items = list(generate(SEED, 6))
    send(other, items, items)
    other.judge("erase", [next(record for file, record in other.record_of.items() if "document" in file)])
    with other.core.database.read() as tx:
        topics = [topic.name for topic in TOPICS if topic.name != "received"]
        lost = [message for _, message in other.core.log.read(tx, topics, 0, 100_000)]
    assert len(lost) > 50
    world = opened(place)
    world.core.host.append(lambda tx: lost)
    settle(world)
    assert not any(feeds_of(world.core, NOW).values())
    fresh = list(generate(SEED + 1, 6))
    send(world, fresh, fresh)
    assert any(feeds_of(world.core, NOW).values())
    assert all(
        verdict == truth.expected
        for item in fresh
        for truth in item.truths
        if (verdict := _verdict(world, item.file)) and "#" not in truth.file
    )


def _verdict(world: World, file: str) -> str:
    with world.core.database.read() as tx:
        own = select(records.c.outcome).where(records.c.record == world.record_of[file])
        return str(tx.execute(own).scalar_one())


def test_no_time_limit_cuts_a_long_restore_off(
    places: Callable[[str, Path], Place], tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = places("postgresql", tmp_path_factory.mktemp("long")).database()
    with store.write() as tx:
        unhurried(tx)
        for name in (one for one in SETTINGS if one.endswith("_timeout")):
            assert tx.exec_driver_sql(f"SHOW {name}").scalar_one() == "0"
    store.close()
