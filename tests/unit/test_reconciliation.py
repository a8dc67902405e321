"""Everything agrees after a calm run; and whatever is broken in the store is named, by its sort and its record."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.stores import reconciling
from adapters.stores.archive import RECORD_KEY
from adapters.stores.journal import Entry, Journal, What
from adapters.vault.keys import Keys
from services.delivery.worker import offer_key
from services.embedded import Core
from services.hub.register import register
from services.pipeline import VALIDATION
from services.portal.comparing import compare
from services.portal.reconciliation import WHAT, lines, report
from services.portal.watching import steps_of
from services.sandbox.participants import PARTICIPANTS, policies
from services.sandbox.scenario import generate
from tests.simulation.world import NOW, World

SEED, CASES = 11, 14
LATER = NOW + timedelta(hours=1)
OLD = "2026-11-20"


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a small scenario has been played."""
    folder = tmp_path_factory.mktemp("calm")
    world = World(folder)
    world.send(list(generate(SEED, CASES)))
    world.close()
    return folder


class Store:
    """A copy of the calm folder, to break."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sql = sqlite3.connect(folder / "claims.sqlite", isolation_level=None)

    def one(self, question: str) -> Any:
        row = self.sql.execute(question).fetchone()
        assert row, f"the scenario has nothing like this: {question}"
        return row[0] if len(row) == 1 else row

    def destroy(self, *names: str) -> None:
        keys = Keys(self.folder / "keys")
        keys.destroy(names)
        keys.close()

    def make(self, name: str) -> None:
        keys = Keys(self.folder / "keys")
        keys.make([name])
        keys.close()

    def compare(self) -> dict[str, Any]:
        self.sql.close()
        core = Core(self.folder, PARTICIPANTS, register(policies()), clock=lambda: LATER)
        try:
            return compare(core.database, core.log, core.keys, core.journal, steps_of(core.handlers, VALIDATION), LATER)
        finally:
            core.close()


@pytest.fixture
def store(calm: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copytree(calm, tmp_path / "copy")
    made = Store(tmp_path / "copy")
    yield made
    made.sql.close()


def test_after_a_calm_run_everything_agrees(store: Store) -> None:
    found = store.compare()
    assert found["differences"] == []
    assert found["ok"] and not any(found["lag"].values())
    assert found["counts"]["receipts"] > 60 and found["counts"]["offers"] > 10
    assert lines(found)[0] == "everything agrees"


def test_days_that_the_log_no_longer_keeps_are_no_difference(store: Store) -> None:
    store.sql.execute("DELETE FROM log")
    store.sql.execute("DELETE FROM inbox")
    found = store.compare()
    assert found["ok"] and found["logDays"] == []
    assert "  no log in the store: brokers are not read" in lines(found)


def test_a_day_that_is_gone_is_not_asked_for_and_the_next_one_is(store: Store) -> None:
    early, other = (row[0] for row in store.sql.execute("SELECT record FROM records WHERE parent IS NULL LIMIT 2"))
    store.sql.execute(f"UPDATE records SET received = '{OLD}T09:00:00.000000Z', judged_at = '{OLD}T09:00:01.000000Z' "
                      "WHERE record = ?", (early,))  # fmt: skip
    store.sql.execute("DELETE FROM log WHERE key IN (?, ?)", (early, other))
    assert {(one["what"], one["record"]) for one in store.compare()["differences"]} == {
        ("receipt-not-in-log", other),
        ("verdict-not-in-log", other),
    }


Break = Callable[[Store], Any]


def execute(statement: str, *chosen: str) -> Break:
    """Runs a statement whose `?` are the first answers to these questions; gives back the first of them."""

    def act(store: Store) -> Any:
        values = [store.one(question) for question in chosen]
        changed = store.sql.execute(statement, values).rowcount
        assert changed > 0, "nothing was broken"
        return values[0] if values else None

    return act


A_RECORD = "SELECT record FROM records WHERE parent IS NULL AND kind = 'document' AND outcome = 'accepted' ORDER BY seq"
SHOWN = (  # the only record of its document: no double stands in for it
    "SELECT p.record FROM offer_papers p JOIN offers o USING (insurer, number) JOIN records r USING (record) "
    "WHERE taken_back_by IS NULL AND (SELECT count(*) FROM records s WHERE s.lineage = r.lineage) = 1 ORDER BY p.record"
)
HELD = "outcome IN ('accepted', 'duplicate')"
IN_CASE = "SELECT record FROM records WHERE case_number IS NOT NULL AND kind = 'application' ORDER BY seq"
CASE = "SELECT case_number FROM offers WHERE type = 'claims.offer' AND taken_back_by IS NULL ORDER BY case_number"
OTHER_CASE = "SELECT number FROM cases WHERE merged_into IS NULL ORDER BY number DESC"
CONSENT = (
    "SELECT r.record FROM offer_papers p JOIN offers o USING (insurer, number), json_each(p.basis) b "
    "JOIN records r ON r.record = json_extract(b.value, '$[1]') WHERE taken_back_by IS NULL"
)
FEED = "SELECT insurer FROM offers WHERE type = 'claims.offer' AND taken_back_by IS NULL ORDER BY insurer"


def key_of_body(store: Store) -> Any:
    record = store.one(A_RECORD)
    store.destroy(RECORD_KEY + record)
    return record


def key_of_erased(store: Store) -> Any:
    record = store.one(SHOWN)
    store.sql.execute("UPDATE records SET erased = 1 WHERE record = ?", (record,))
    store.sql.execute("DELETE FROM bodies WHERE record = ?", (record,))
    return record


def key_of_offer(store: Store) -> None:
    insurer, number = store.one("SELECT insurer, number FROM offers WHERE content IS NOT NULL")
    store.destroy(offer_key(insurer, number))


def key_of_taken_back(store: Store) -> None:
    insurer, number = store.one("SELECT insurer, number FROM offers WHERE taken_back_by IS NOT NULL")
    store.make(offer_key(insurer, number))


UPLOAD = "SELECT record FROM records WHERE kind = 'paper' AND outcome = 'accepted'"
OF_UPLOAD = "VALUES ('q', (SELECT sha256 FROM records WHERE record = ?), 'unit', ?"


def question_of_erased(store: Store) -> str:
    record = store.one(UPLOAD)
    values = f"{OF_UPLOAD}, 'denied', 't', 't', NULL, 1, NULL, 't', 'jws')"
    store.sql.execute(f"INSERT INTO verifications {values}", (record, record))
    store.sql.execute("UPDATE records SET erased = 1 WHERE record = ?", (record,))
    return str(record)


def journaled(word: Entry) -> Break:
    """The store was set back to before this."""

    def act(store: Store) -> str:
        journal = Journal.in_folder(store.folder / "journal")
        journal.write([word])
        journal.close()
        return word.subject

    return act


BREAKS: list[tuple[str, Break, set[str]]] = [
    (
        "the log lost what a receipt was given for",
        execute("DELETE FROM log WHERE topic = 'received' AND key = ?", A_RECORD),
        {"receipt-not-in-log"},
    ),
    (
        "a record vanished whole",
        execute("DELETE FROM records WHERE record = ?", A_RECORD),
        {"log-without-receipt", "log-verdict-without-record", "body-without-receipt"},
    ),
    (
        "a verdict was never written",
        execute("UPDATE records SET outcome = NULL, judged = 0 WHERE record = ?", A_RECORD),
        {"no-verdict", "log-verdict-without-record"},
    ),
    (
        "a further attempt was never judged",
        execute(
            "UPDATE records SET attempt = 2 WHERE record = ?", "SELECT record FROM records WHERE outcome = 'rejected'"
        ),
        {"no-verdict"},
    ),  # fmt: skip
    (
        "the hub was never told of a verdict",
        execute("DELETE FROM log WHERE topic = 'verdicts' AND key = ?", A_RECORD),
        {"verdict-not-in-log"},
    ),
    ("bytes were lost", execute("DELETE FROM bodies WHERE record = ?", A_RECORD), {"body-missing"}),
    (
        "a restore lost the bytes",
        execute("UPDATE records SET wanted = 1 WHERE record = ?", A_RECORD),
        {"body-wanted"},
    ),
    ("a record's key was lost", key_of_body, {"body-unreadable"}),
    (
        "erased by half: bytes and look-up hashes stay",
        execute("UPDATE records SET erased = 1 WHERE record = ?", SHOWN),
        {"body-of-erased", "keys-of-erased", "key-of-erased", "offer-of-gone"},
    ),
    ("erased, and the key stays", key_of_erased, {"key-of-erased"}),
    (
        "in a case that there is not",
        execute("UPDATE records SET case_number = 'C0' WHERE record = ?", IN_CASE),
        {"case-unknown"},
    ),
    (
        "a case was merged by half",
        execute("UPDATE cases SET merged_into = ?2 WHERE number = ?1 AND ?1 <> ?2", CASE, OTHER_CASE),
        {"case-merged", "offer-of-merged-case"},
    ),
    (
        "merged into nothing",
        execute("UPDATE cases SET merged_into = 'C0' WHERE number = ?", OTHER_CASE),
        {"merged-into-nothing"},
    ),
    (
        "evidence in no case",
        execute("UPDATE records SET case_number = NULL WHERE record = ?", IN_CASE),
        {"no-case"},
    ),
    *(
        (
            f"{kind} whose verdict never came to the hub",
            execute(
                "DELETE FROM links WHERE record = ?", f"SELECT record FROM records WHERE kind = '{kind}' AND {HELD}"
            ),
            {"not-taken-in"},
        )
        for kind in ("document", "accident", "paper", "application", "authorisation")
    ),
    (
        "mandate whose verdict never came to the hub",
        execute("DELETE FROM acting WHERE record = ?", f"SELECT record FROM records WHERE kind = 'mandate' AND {HELD}"),
        {"not-taken-in"},
    ),
    ("a view is lost", execute("DELETE FROM views WHERE case_number = ?", CASE), {"offer-without-view"}),
    (
        "a paper was refused after it was offered",
        execute("UPDATE records SET outcome = 'rejected' WHERE record = ?", SHOWN),
        {"offer-of-gone"},
    ),
    (
        "a paper was taken back, and its offer was not",
        execute("UPDATE records SET standing = 'entered-in-error' WHERE record = ?", SHOWN),
        {"offer-of-gone"},
    ),
    (
        "a consent was withdrawn, and its offer was not",
        execute("INSERT INTO withdrawals SELECT lineage, record, received FROM records WHERE record = ?", CONSENT),
        {"offer-without-consent"},
    ),
    (
        "a consent was refused, and its offer was not taken back",
        execute("UPDATE authorisations SET decision = 'refuse' WHERE record = ?", CONSENT),
        {"offer-without-consent"},
    ),
    (
        "a paper without a basis",
        execute("UPDATE offer_papers SET basis = '[]' WHERE record = ?", SHOWN),
        {"offer-without-basis"},
    ),
    (
        "the content of an offer was lost",
        execute("UPDATE offers SET content = NULL WHERE case_number = ? AND taken_back_by IS NULL", CASE),
        {"offer-content"},
    ),
    ("an offer's key was lost", key_of_offer, {"offer-unreadable"}),
    ("the key of what was taken back stays", key_of_taken_back, {"offer-key-left"}),
    (
        "handed over what was never numbered",
        execute(
            "INSERT INTO handovers (insurer, number, case_number, basis, at) VALUES (?, 9999, 'C', '[]', 't')", FEED
        ),
        {"handover-beyond-feed"},
    ),
    ("a gap in a feed", execute("DELETE FROM offers WHERE number = 1 AND insurer = ?", FEED), {"feed-gap"}),
    (
        "a question that nobody closed",
        execute(
            f"INSERT INTO verifications {OF_UPLOAD}, 'asked', '{OLD}', '{OLD}', '{OLD}', 3, 'no answer', NULL, NULL) ",
            UPLOAD,
            UPLOAD,
        ),
        {"question-overdue"},
    ),
    (
        "a question about what is gone",
        question_of_erased,
        {"question-of-gone"},
    ),
    (
        "an issuer's word that it never signed",
        execute(
            f"INSERT INTO verifications {OF_UPLOAD}, 'confirmed', 't', 't', NULL, 1, NULL, 't', NULL)", UPLOAD, UPLOAD
        ),
        {"answer-unsigned"},
    ),
    (
        "a suspended insurer is still let read",
        execute("UPDATE participants SET reads = 1, status = 'suspended' WHERE code = ?", FEED),
        {"right-owed"},
    ),
    (
        "an erasure of which the store knows nothing any more",
        journaled(Entry(What.ERASED, "r1", "2026-11-21T04:00:00Z", {})),
        {"journal-ahead"},
    ),
    (
        "a withdrawal",
        journaled(Entry(What.WITHDRAWN, "l1", "2026-11-21T04:00:00Z", {})),
        {"journal-ahead"},
    ),
    (
        "a suspension",
        journaled(Entry(What.PARTICIPANT, PARTICIPANTS[0].code, "2026-11-21T04:00:00Z", {"status": "suspended"})),
        {"journal-ahead"},
    ),
    (
        "a number",
        journaled(Entry(What.NUMBERED, PARTICIPANTS[0].code, "2026-11-21T04:00:00Z", {"first": 9_999}, 9_999)),
        {"journal-ahead"},
    ),
    (
        "a dead letter",
        execute("INSERT INTO dead_letters VALUES ('hub', 'e', ?, 'ValueError', '2026-11-21T09:00:00Z')", A_RECORD),
        {"dead-letter"},
    ),
    (
        "a dead letter of a record that nobody knows",
        execute("INSERT INTO dead_letters VALUES ('hub', 'e', 'gone', 'ValueError', '2026-11-21T09:00:00Z')"),
        {"dead-letter"},
    ),
]


@pytest.mark.parametrize(("what", "act", "named"), BREAKS, ids=[one[0] for one in BREAKS])
def test_what_is_broken_is_named(store: Store, what: str, act: Break, named: set[str]) -> None:
    about = act(store)
    found = store.compare()
    assert not found["ok"]
    assert named <= {one["what"] for one in found["differences"]}
    if about is not None:
        assert any(about in str(one) for one in found["differences"] if one["what"] in named), "it is not said of what"
    assert all(one["what"] in " ".join(lines(found)) for one in found["differences"])


def test_numbers_that_a_crash_may_have_left_in_the_journal_are_no_difference(store: Store) -> None:
    insurer, last = store.one("SELECT insurer, last FROM feeds")
    word = Entry(What.NUMBERED, insurer, "2026-11-21T04:00:00Z", {"first": last + 1}, last + 3)
    journaled(word)(store)
    assert store.compare()["ok"]


def test_every_sort_of_difference_has_its_break_here() -> None:
    assert {sort for _, _, named in BREAKS for sort in named} == set(WHAT)


def test_what_a_step_has_yet_to_do_is_no_difference(store: Store) -> None:
    store.sql.execute("UPDATE records SET case_number = NULL WHERE record = ?", (store.one(IN_CASE),))
    store.sql.execute("INSERT INTO withdrawals SELECT lineage, record, received FROM records WHERE record = ?",
                      (store.one(CONSENT),))  # fmt: skip
    store.sql.execute("UPDATE cursors SET position = position - 1 WHERE step = 'hub'")
    found = store.compare()
    assert found["lag"]["hub"] > 0
    assert found["ok"]
    assert any("hub has" in line for line in lines(found))


def test_a_record_that_just_came_is_not_late(store: Store) -> None:
    store.sql.execute(
        "UPDATE records SET outcome = NULL, judged = 0, received = '2026-11-21T04:59:30.000000Z' WHERE record = ?",
        (store.one(A_RECORD),),
    )
    assert "no-verdict" not in {one["what"] for one in store.compare()["differences"]}


def test_a_dead_letter_that_was_redriven_is_none(store: Store) -> None:
    store.sql.execute("INSERT INTO dead_letters VALUES ('hub', 'e', ?, 'ValueError', '2026-11-21T03:00:00.000000Z')",
                      (store.one(A_RECORD),))  # fmt: skip
    found = store.compare()
    assert found["ok"] and found["counts"]["deadLetters"] == 1


def test_of_a_fault_that_is_everywhere_some_are_listed_and_that_there_are_more(store: Store) -> None:
    found = report("now", {}, {}, [], [("no-case", f"r{at}", None, None, "") for at in range(3)], limit=3)
    assert found["more"] == ["no-case"]
    assert lines(found)[-1] == "more of no-case than are listed"
    assert reconciling.LIMIT >= 100


def test_the_report_holds_nothing_personal(store: Store) -> None:
    store.sql.execute("DELETE FROM bodies")
    text = str(store.compare())
    persons = {person for item in generate(SEED, CASES) for truth in item.truths for person in truth.persons}
    assert persons and not [one for one in persons if one in text]
