"""A store that is older than its journal, over both databases: no number is given twice, and where more is lost than numbers
nothing starts."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.stores import casebook, copying, feeds
from adapters.stores.feeds import SetBack
from adapters.streams.kafka import Broker, trouble
from adapters.streams.kafka_topics import Topics
from schemas.events import Message, View
from schemas.topics import OFFERS
from services.delivery.worker import Sequencer
from services.recovery.worker import pass_over
from services.sandbox.scenario import Item, generate
from tests.contract.crashing import Crash
from tests.integration.recovering import Feeds, Lossy, differences, feeds_of, settle
from tests.servers.places import InFiles, Place
from tests.simulation.world import NOW, World

SEED, CASES = 7, 12
PATIENCE = 120.0
ROOT = Path(__file__).parents[2]


def start(world: World) -> None:
    """What the sequencer and the embedded system do before anything is numbered."""
    core = world.core
    pass_over(core.database, core.keys, core.journal, world.now)


def set_back(place: Place, backup: Path) -> None:
    """As an old volume or a replica that lagged: nobody asks the journal."""
    Lossy(place).lose_store()
    shutil.copytree(backup / "blobs", place.folder / "blobs")
    if isinstance(place, InFiles):
        shutil.copy(backup / "claims.sqlite", place.folder / "claims.sqlite")
    else:
        copying.load(place.store, backup / "claims.dump")


def send_but_number_nothing(world: World, items: list[Item]) -> None:
    *_, sequencer = world.core.handlers
    world.core.handlers = tuple(world.core.handlers[:-1])
    world.send(items)
    world.core.handlers = (*world.core.handlers, sequencer)


def changed(before: Feeds, after: Feeds) -> list[int]:
    """Numbers that say something else than before, except that they hold no longer."""
    return [
        was["offernumber"]
        for insurer, events in before.items()
        for was, now in zip(events, after[insurer], strict=False)
        if now["data"] not in (was["data"], {"case": was["data"]["case"]})
    ]


def test_numbers_of_a_batch_that_a_crash_rolled_back_are_passed_over(
    place: Place, opened: Callable[[Place], World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = opened(place)
    send_but_number_nothing(world, list(generate(SEED, CASES)))

    def crash(*_: object) -> None:
        raise Crash("between the journal and the store")

    with monkeypatch.context() as patched, pytest.raises(Crash):
        patched.setattr("services.delivery.worker.append", crash)
        world.settle()
    given = world.core.journal.highest()
    assert given and not any(feeds_of(world.core, NOW).values())
    with monkeypatch.context() as patched:  # and again, while it is being mended
        patched.setattr("services.delivery.worker.append", crash)
        told = []
        for _ in range(3):
            with pytest.raises(Crash):
                start(world)
            told.append(world.core.journal.highest())
    assert told == [told[0]] * 3, "each try burned numbers of its own"
    start(world)
    passed = feeds_of(world.core, NOW)
    for insurer, last in given.items():
        assert {tuple(event["data"]) for event in passed[insurer][:last]} <= {("case",), ("case", "withdraws")}
        withdrawn = {number for event in passed[insurer] for number in event["data"].get("withdraws", ())}
        assert withdrawn >= {one["offernumber"] for one in passed[insurer] if one["type"] == "claims.offer"}
    settle(world)
    after = feeds_of(world.core, NOW)
    assert all(len(events) > len(passed[insurer]) for insurer, events in after.items() if passed[insurer])
    assert differences(world.core, NOW) == []
    start(world)
    assert feeds_of(world.core, NOW) == after, "it is done once"


def test_a_store_set_back_by_one_batch_gives_none_of_its_numbers_again(
    place: Place, opened: Callable[[Place], World], tmp_path_factory: pytest.TempPathFactory
) -> None:
    world, items = opened(place), list(generate(SEED, CASES))
    send_but_number_nothing(world, items)
    backup = Lossy(place).back_up(tmp_path_factory.mktemp("backups") / "store")
    settle(world)
    before, outcome = feeds_of(world.core, NOW), world.outcome()
    assert sum(map(len, before.values())) > 10
    world.close()
    set_back(place, backup)
    again = opened(place)
    again.sent, again.record_of = world.sent, world.record_of
    start(again)
    settle(again)
    after = feeds_of(again.core, NOW)
    assert changed(before, after) == []
    assert all(len(after[insurer]) > len(events) for insurer, events in before.items() if events)
    assert again.outcome() == outcome
    assert differences(again.core, NOW) == []


def refused(place: Place, request: pytest.FixtureRequest) -> str:
    """Why what gives numbers does not start."""
    words = ["--sandbox", "--data", str(place.folder), "--journal", str(place.folder / "journal")]
    if isinstance(place, InFiles):
        words = ["up", "--port", "0", *words]
    else:
        address = request.getfixturevalue("kafka_address")
        Topics(Broker(address)).apply((), ())
        words = ["run", "sequencer", "--kafka", address, "--database", place.store, "--keys", place.wrapped, *words]
    command = [sys.executable, "-m", "services", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1, done.stderr
    return done.stderr


def test_a_store_that_was_certainly_further_is_refused_until_it_is_restored(
    place: Place,
    opened: Callable[[Place], World],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> None:
    world, items = opened(place), list(generate(SEED, CASES))
    world.send(items[: len(items) // 2])
    backups = tmp_path_factory.mktemp("backups")
    backup = Lossy(place).back_up(backups / "store")
    world.send(items[len(items) // 2 :])
    settle(world)
    before = feeds_of(world.core, NOW)
    world.close()
    set_back(place, backup)
    again = opened(place)
    with pytest.raises(SetBack, match="`claims restore`"):
        start(again)
    assert "journal-ahead" in {one["what"] for one in differences(again.core, NOW)}
    again.close()
    assert "was set back" in refused(place, request)
    lossy = Lossy(place)
    as_it_is = lossy.back_up(backups / "as it is")
    lossy.lose_store()
    lossy.put_back(as_it_is)
    again = opened(place)
    start(again)
    settle(again)
    assert changed(before, feeds_of(again.core, NOW)) == []


def test_a_server_that_takes_over_and_lags_is_noticed_while_the_sequencer_runs(
    place: Place, opened: Callable[[Place], World]
) -> None:
    world = opened(place)
    world.send(list(generate(SEED, 4)))
    core = world.core
    *_, sequencer = core.handlers
    assert isinstance(sequencer, Sequencer)
    with core.database.read() as tx:
        insurer, last = max(feeds.totals(tx).items(), key=lambda one: one[1])
        case = feeds.page(tx, insurer, last - 1, 1)[0].case_number
        version = casebook.latest_views(tx, insurer, [case])[case]
    view = View(insurer=insurer, case=case, version=version)
    with core.database.write() as tx:
        feeds.set_last(tx, insurer, last - 1)
    with pytest.raises(SetBack) as raised, core.database.write() as tx:
        sequencer.handle(tx, [Message(OFFERS.name, insurer, "again", view)], NOW)
    assert trouble(raised.value), "no message is to blame"
