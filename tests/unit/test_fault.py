"""Fault assistance: every scenario of facts-police-motor.md 7, the rule table itself, and any report at all."""

import dataclasses
import os
from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.police import codebook, sources
from adapters.police.codebook import PARTY, SCENE, CodeSystem, Item, Relation
from adapters.police.report import AccidentReport, Person, ReportParty, Source
from schemas.evidence import AssessmentWord
from services.motor.fault import GRAVEST, Word, propose
from services.motor.proposal import Proposal, Share, article, rules
from tests.unit.fault_card import CARD, filled, tables

NEW, OLD, TAICHUNG = CodeSystem.FORM_112, CodeSystem.FORM_96, CodeSystem.TAICHUNG
ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared/data")) / "police/npa-open-data"
FILES = [ROOT / "tests/data/police/internal_109.csv", *sorted(SHARED.glob("a[12]_20*.csv"))]


def coded(text: str, system: CodeSystem | None) -> dict[Item, codebook.Coded]:
    """`median 04 action 11` as coded values."""
    words = text.split()
    return {
        Item(item): value
        for item, code in zip(words[::2], words[1::2], strict=True)
        if (value := codebook.of_code(Item(item), system, code))
    }


def party(order: int, text: str, kind: str | None = "car", system: CodeSystem | None = NEW) -> ReportParty:
    return ReportParty(order, kind, coded(text, system), plate="ABC-1234", person=Person("A123456789", "王小明"))


def report(
    scene: str, *parties: str | ReportParty, system: CodeSystem | None = NEW, whole: bool = True
) -> AccidentReport:
    return AccidentReport(
        source=Source.JSON,
        identity="x",
        date="2025-09-03",
        time="08:15:00",
        place="王小明宅前 ABC-1234",
        severity="A2",
        deaths=0,
        injuries=1,
        codes=coded(scene, system),
        parties=tuple(
            one if isinstance(one, ReportParty) else party(order, one, system=system)
            for order, one in enumerate(parties, 1)
        ),
        whole=whole,
    )


def shares(proposal: Proposal) -> list[tuple[int, int]]:
    return [(one.low, one.high) for one in proposal.shares]


DOUBLE, U_TURN = "median 04", "action 11 cause 10"

# ---- every scenario of the facts file: scene, A, B, the association's point for A, the rule

SCENARIOS = [
    (f"{DOUBLE} accidentType 11", U_TURN, "action 09 cause 13", 90, "u-turn-oncoming"),
    (f"{DOUBLE} accidentType 10", U_TURN, "action 09 cause 44", 100, "u-turn-oncoming"),
    (f"{DOUBLE} accidentType 16", f"{U_TURN} firstImpact 02", "action 09 cause 44", 100, "u-turn-oncoming"),
    (f"{DOUBLE} accidentType 13", U_TURN, "action 09 cause 16", 30, "u-turn-behind"),
    (f"{DOUBLE} accidentType 16", f"{U_TURN} firstImpact 04", "action 09 cause 108", 30, "u-turn-behind"),
    (f"{DOUBLE} accidentType 12", U_TURN, "action 04 cause 94", 50, "both-over-line"),
    (f"{DOUBLE} accidentType 16", f"{U_TURN} firstImpact 04", "action 09 cause 94", 50, "both-over-line"),
    (
        "median 08 accidentType 13",
        "action 11 firstImpact 03 cause 44",
        "action 09 firstImpact 01 cause 16",
        0,
        "u-turn-waiting",
    ),
]


@pytest.mark.parametrize("system", [NEW, OLD])
@pytest.mark.parametrize(("scene", "a", "b", "point", "rule"), SCENARIOS)
def test_every_scenario_of_the_facts(scene, a, b, point, rule, system):
    if system == OLD:  # what the older form has no code for
        b = b.replace("cause 94", "cause 01").replace("cause 108", "cause 23")
    found = propose(report(scene, a, b, system=system))
    assert found.rule.id == rule and found.rule.source == "association"
    (low, high), other = shares(found)
    assert low <= point <= high and high - low <= 10 and other == (100 - high, 100 - low)
    assert {one.version for one in found.cited} == {system.version}


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (Word.CAUSE, Word.NO_FACTOR, [(100, 100), (0, 0)]),
        (Word.MAIN, Word.SECONDARY, [(70, 70), (30, 30)]),
        (Word.EQUAL, Word.EQUAL, [(50, 50), (50, 50)]),
        (Word.MAIN, Word.NEGLIGENT, [(55, 65), (35, 45)]),
        (Word.MAIN, Word.AT_FAULT, [(65, 75), (25, 35)]),
        (Word.MAIN, Word.CARELESS, [(75, 85), (15, 25)]),
        (Word.MAIN, Word.SLIGHTLY, [(85, 95), (5, 15)]),
    ],
)
def test_a_verdict_outranks_every_rule(a, b, expected):
    told = report("accidentType 16", "action 09 cause 44", "action 05 cause 71")
    found = propose(told, {1: a, 2: b})
    assert shares(found) == expected and found.rule.id == "verdict" and not found.cited
    assert str(a) in found.rule.words[0] and found.rule.articles[0].startswith("K0040045:8.2")
    assert shares(propose(told, {1: b, 2: a})) == expected[::-1]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([Word.EQUAL, Word.EQUAL, Word.EQUAL], [(33, 34)] * 3),
        ([Word.EQUAL, Word.EQUAL, Word.NO_FACTOR], [(50, 50), (50, 50), (0, 0)]),
        ([Word.MAIN, Word.SECONDARY, Word.SECONDARY], [(70, 70), (0, 30), (0, 30)]),
        ([Word.CAUSE, Word.NO_FACTOR, Word.NO_FACTOR], [(100, 100), (0, 0), (0, 0)]),
    ],
)
def test_a_verdict_on_three(words, expected):
    assert shares(propose(report("", "", "", ""), dict(enumerate(words, 1)))) == expected


@pytest.mark.parametrize(
    "verdict",
    [
        {},
        {1: Word.MAIN},
        {1: Word.CAUSE},
        {1: Word.MAIN, 2: Word.MAIN},
        {1: Word.MAIN, 2: Word.NO_FACTOR},
        {1: Word.CAUSE, 2: Word.SECONDARY},
        {1: Word.EQUAL, 2: Word.NO_FACTOR},
        {1: Word.NO_FACTOR, 2: Word.NO_FACTOR},
        {1: Word.MAIN, 2: Word.EQUAL},
        {1: Word.CAUSE, 3: Word.NO_FACTOR},
        {1: Word.CAUSE, 2: Word.NO_FACTOR, 3: Word.NO_FACTOR},
    ],
)
def test_a_verdict_that_does_not_hold_together_is_no_ground(verdict):
    found = propose(report("", "cause 71", "cause 44"), verdict)
    assert (found.cannot_tell, found.shares, found.rule) == ("verdict", (), None)


def test_words_that_leave_nothing_are_no_ground():
    words = (Word.MAIN, Word.SECONDARY, Word.NEGLIGENT, Word.AT_FAULT)
    assert propose(report("", "", "", "", ""), dict(enumerate(words, 1))).cannot_tell == "verdict"


def test_a_verdict_need_not_name_a_passenger():
    told = report("", "", "", party(3, "", "passenger"))
    assert shares(propose(told, {1: Word.MAIN, 2: Word.SECONDARY})) == [(70, 70), (30, 30)]
    assert shares(propose(told, {1: Word.MAIN, 2: Word.SECONDARY, 3: Word.NO_FACTOR})) == [(70, 70), (30, 30), (0, 0)]


# ---- what cannot be told


@pytest.mark.parametrize(
    ("scene", "parties", "reason"),
    [
        ("", ("cause 118", "cause 71"), "disputed"),
        ("", ("cause 71", "cause 119"), "hit-and-run"),
        ("mainCause 118", ("cause 71", "cause 44"), "disputed"),
        ("", ("cause 44", "cause 44"), "none-found"),
        ("accidentType 13", ("firstImpact 01 cause 44", "firstImpact 03 cause 44"), "none-found"),
        ("", ("cause 44", ""), "none-found"),
        ("", ("cause 61", "cause 44"), "outside"),
        ("", ("cause 71 action 05",), "one-party"),
        ("", (), "one-party"),
        ("", ("cause 71", "cause 16", "cause 44"), "several"),
        ("accidentType 15 signalType 1", ("action 09", "action 09"), "untold"),
        ("", ("", "", ""), "untold"),
        ("accidentType 16", ("action 05", "action 05"), "untold"),
    ],
)
def test_cannot_tell_is_an_answer(scene, parties, reason):
    found = propose(report(scene, *parties))
    assert (found.cannot_tell, found.shares, found.rule) == (reason, (), None)
    assert rules()["cannotTell"][reason][0] in found.text[0] and "Cannot tell" in found.text[1]
    told = [one for one in report(scene, *parties).parties if Item.CAUSE in one.codes]
    assert reason in ("one-party", "untold") or len(found.cited) >= len(told)


def test_cause_unknown_of_the_older_form_cannot_be_told():
    assert propose(report("", "cause 43", "cause 06", system=OLD)).cannot_tell == "unclear"


def test_a_source_that_tells_the_first_party_only_cannot_be_told():
    assert propose(report("", "cause 21", system=TAICHUNG, whole=False)).cannot_tell == "partly-told"


def test_codes_of_no_known_system_are_not_read():
    assert propose(report("", "cause 71", "cause 44", system=None)).cannot_tell == "untold"


def test_a_dummy_and_a_passenger_share_nothing():
    alone = report("", "cause 108", party(2, "cause 67", None), party(3, "cause 44", "passenger"))
    assert propose(alone).cannot_tell == "one-party"
    door = report("", "cause 44", party(2, "cause 126", "passenger"))
    assert shares(propose(door)) == [(0, 30), (70, 100)]


# ---- causes


@pytest.mark.parametrize(
    ("a", "b", "expected", "rule"),
    [
        ("cause 71", "cause 44", [(70, 100), (0, 30)], "only:yield"),
        ("cause 71", "", [(50, 100), (0, 50)], "only-told:yield"),
        ("cause 71", "cause 13", [(60, 80), (20, 40)], "graver:yield/speed-distance"),
        ("cause 81", "cause 71", [(60, 80), (20, 40)], "graver:signal/yield"),
        ("cause 71", "cause 100", [(40, 60), (40, 60)], "equal:manoeuvre/yield"),
        ("cause 71", "cause 61", [(70, 100), (0, 30)], "only:yield"),
        ("cause 04", "cause 44", [(70, 100), (0, 30)], "only:wrong-way"),
    ],
)
def test_causes_are_compared_by_gravity(a, b, expected, rule):
    found = propose(report("", a, b))
    assert (shares(found), found.rule.id) == (expected, rule)
    assert shares(propose(report("", b, a))) == expected[::-1]


def test_of_many_only_one_has_a_cause():
    found = propose(report("accidentType 13", "cause 16", "cause 44", "cause 44"))
    assert shares(found) == [(70, 100), (0, 30), (0, 30)]


def test_a_rear_ended_vehicle_without_a_factor_is_narrower_than_its_cause():
    told = "accidentType 13", "firstImpact 01 cause 16", "action 14 firstImpact 03 cause 44"
    assert shares(propose(report(*told))) == [(90, 100), (0, 10)]
    braked = "accidentType 13", "firstImpact 01 cause 16", "action 12 firstImpact 03 cause 44"
    assert shares(propose(report(*braked))) == [(80, 90), (10, 20)]


def test_nobody_who_ran_a_red_light_is_spared_by_a_situation():
    found = propose(report(f"{DOUBLE} accidentType 10", U_TURN, "action 09 cause 81"))
    assert found.rule.id == "graver:signal/manoeuvre" and shares(found) == [(20, 40), (60, 80)]
    wrong = propose(report(f"{DOUBLE} accidentType 13", "action 11 cause 04", "action 09 cause 16"))
    assert wrong.rule.id == "graver:wrong-way/speed-distance"


@pytest.mark.parametrize(("b", "kind"), [("action 09", "13"), ("action 04", "12")])
def test_a_situation_burdens_nobody_of_whom_no_factor_was_found(b, kind):
    """Association or not: the police found the cause in one of them alone."""
    found = propose(report(f"{DOUBLE} accidentType {kind}", U_TURN, f"{b} cause 44"))
    assert found.rule.id == "only:manoeuvre" and shares(found) == [(70, 100), (0, 30)]
    assert propose(report(f"{DOUBLE} accidentType {kind}", U_TURN, b)).rule.source == "association"
    late = propose(report(f"{DOUBLE} accidentType 10", "action 11 cause 44", "action 09 cause 13"))
    assert late.rule.id == "only:speed-distance" and shares(late) == [(0, 30), (70, 100)]


def test_a_situation_that_fits_both_ways_says_nothing():
    assert propose(report(f"{DOUBLE} accidentType 10", U_TURN, U_TURN)).rule.id == "equal:manoeuvre/manoeuvre"


# ---- manoeuvres, where no cause is told


@pytest.mark.parametrize(
    ("scene", "a", "b", "expected", "rule"),
    [
        ("accidentType 13", "firstImpact 11", "firstImpact 03", (80, 100), "rear-end"),
        ("accidentType 14", "action 02", "action 09", (80, 100), "reversing"),
        ("accidentType 16", "action 05", "action 09", (60, 90), "turning"),
        ("accidentType 17", "action 11", "action 09", (60, 90), "u-turn"),
        ("accidentType 12", "action 07", "action 09", (60, 90), "lane-change"),
        ("accidentType 12", "action 01", "action 09", (60, 90), "starting"),
        (
            "accidentType 15 signalType 4",
            "action 09 firstImpact 02",
            "action 09 firstImpact 01",
            (50, 80),
            "left-of-right",
        ),
        (
            "accidentType 15 signalType 4",
            "action 09 firstImpact 01",
            "action 09 firstImpact 04",
            (50, 80),
            "left-of-right",
        ),
        ("accidentType 03 position 18", "action 06", "action 16 partyType H01", (80, 100), "crosswalk"),
    ],
)
def test_manoeuvres_decide_where_no_cause_is_told(scene, a, b, expected, rule):
    found = propose(report(scene, a, b))
    assert (shares(found)[0], found.rule.id) == (expected, rule)
    assert {one.party for one in found.cited} >= {1}


# ---- modifiers and clamp


@pytest.mark.parametrize(
    ("a", "b", "expected", "modifiers"),
    [
        ("cause 71", "cause 44 alcohol 4", (60, 90), [("alcohol", 2)]),
        ("cause 71", "cause 44 alcohol 3", (70, 100), []),
        ("cause 71", "cause 44 device 2", (60, 90), [("phone", 2)]),
        ("cause 71 device 2", "cause 44", (80, 100), [("phone", 1)]),
        (
            "cause 71",
            "cause 44 device 2 alcohol 6 action 12",
            (50, 80),
            [("alcohol", 2), ("phone", 2), ("sudden-braking", 2)],
        ),
        ("cause 71", "cause 13", (60, 80), []),
        ("cause 71", "cause 21 alcohol 6", (60, 80), []),
        ("cause 71", "cause 111 device 2", (60, 80), []),
        ("cause 71 alcohol 5", "cause 44 alcohol 5", (70, 100), [("alcohol", 1), ("alcohol", 2)]),
    ],
)
def test_modifiers_move_a_range_once(a, b, expected, modifiers):
    found = propose(report("", a, b))
    assert shares(found)[0] == expected
    assert [(one.rule.id, one.party) for one in found.modifiers] == modifiers


def test_a_clamp_is_told():
    assert propose(report("", "cause 71 device 2", "cause 44")).clamped
    assert propose(report("", "cause 71", "cause 44 device 2 alcohol 6 action 12")).clamped
    assert "(clamped)" in propose(report("", "cause 71 device 2", "cause 44")).text[1]
    assert not propose(report("", "cause 71", "cause 44 device 2")).clamped


# ---- both forms and Taichung's renumbering


def test_the_coarser_form_is_read_and_told():
    found = propose(report("", "cause 25 action 09", "cause 44 action 09", system=OLD))
    assert shares(found) == [(70, 100), (0, 30)] and found.rule.articles == ("K0040013:102.1.1",)
    (signal, none) = found.cited
    assert (signal.code, signal.relation, signal.system, signal.version) == ("25", Relation.BROADER, "npa", "96.09.09")
    assert set(signal.read) == {"69", "81", "82", "83", "84", "85"} and none.relation is None
    assert "原代碼較粗" in found.text[0] and "of 112.07.01: broader" in found.text[1]


def test_a_code_that_may_be_several_things_fits_no_single_one():
    """Old 26 may be an overtaking over the line, or any other sign."""
    found = propose(report(f"{DOUBLE} accidentType 12", U_TURN, "action 09 cause 26", system=OLD))
    assert found.rule.id == "u-turn-behind"


def test_the_commonest_cause_of_the_older_form_has_a_rule_of_its_own():
    found = propose(report("", "cause 06", "cause 23", system=OLD))
    assert found.rule.id == "graver:yield/attention" and "K0040013:94.3" in found.rule.articles


def test_taichungs_numbers_are_its_own():
    found = propose(report("", "cause 21 firstImpact 16", "cause 87", system=TAICHUNG))
    assert found.rule.id == "only:signal" and [one.code for one in found.cited] == ["21", "87"]
    assert found.cited[0].label == "駕駛者/闖紅燈直行"


# ---- the table


@pytest.mark.parametrize("system", [NEW, OLD, TAICHUNG])
def test_every_cause_of_a_form_names_one_duty(system):
    for code in codebook.codes(Item.CAUSE, system):
        read = {match.code for match in codebook.crosswalk(Item.CAUSE, system, code, NEW)}
        duties = [
            duty["id"]
            for duty in rules()["duties"]
            if read & duty["causes"].keys() or (system == OLD and code in duty.get("old", {}))
        ]
        assert len(duties) == 1, (code, duties)


def test_every_code_and_article_of_the_table_exists():
    table = rules()
    for row in (*table["situations"], *table["manoeuvres"], *table["modifiers"]):
        whens = row["when"] if isinstance(row["when"], list) else [{"a": row["when"]}]
        for when in whens:
            wanted = {**{k: v for k, v in when.items() if k not in "ab"}, **when["a"]}
            for item, codes in [*wanted.items(), *when.get("b", {}).items()]:
                assert set(codes) <= codebook.codes(Item(item), NEW).keys(), (row["id"], item)
            assert {Item(item) for item in when["a"]} <= set(PARTY)
        assert row["source"] in table["sources"] and all(row["words"])
        for place in row["article"].split():
            assert "第" in article(f"K0040013:{place}")[0]
    for duty in table["duties"]:
        assert (duty["rank"] > 0) == all({**duty["causes"], **duty.get("old", {})}.values())
        assert duty["rank"] >= 0 or duty["id"] in table["cannotTell"]
    assert max(duty["rank"] for duty in table["duties"]) == GRAVEST
    assert set(table["verdicts"]) == set(Word)
    lawful = {word for word, row in table["verdicts"].items() if row["article"]}
    assert lawful == {one.value for one in AssessmentWord}, "the card: a case knows these alone"
    read = {name for row in (*table["situations"], *table["manoeuvres"]) for when in row["when"] for name in when}
    assert Item.SIGNAL_ACTION not in read | {name for row in table["modifiers"] for name in row["when"]}, (
        "the card says so"
    )
    ranges = [row["range"] for row in (*table["situations"], *table["manoeuvres"], *table["comparisons"].values())]
    assert all(0 <= low < high <= 100 and low % 5 == 0 and high % 5 == 0 for low, high in ranges)


def test_articles_are_named_as_lawyers_do():
    assert article("K0040013:102.1.7") == (
        "道路交通安全規則第102條第1項第7款",
        "Road Traffic Safety Rules art. 102 I ⑦",
    )
    assert article("K0040013:106..2") == ("道路交通安全規則第106條第2款", "Road Traffic Safety Rules art. 106 ②")
    assert article("K0040045:8.2.3")[0] == "車輛行車事故鑑定及覆議作業辦法第8條第2項第3款"


def test_the_card_has_the_rules_of_the_table():
    card = CARD.read_text(encoding="utf-8")
    assert all(f"<!-- {name} -->" in card for name in tables())
    assert filled(card) == card, "run python -m tests.unit.fault_card"


# ---- never final, never personal


def test_a_proposal_has_no_field_that_could_be_a_decision():
    fields = {one.name for one in dataclasses.fields(Proposal)} | {one.name for one in dataclasses.fields(Share)}
    assert fields == {"shares", "rule", "cited", "modifiers", "clamped", "cannot_tell", "party", "low", "high"}
    for found in (propose(report("", "cause 71", "cause 44")), propose(report("", "cause 118", "cause 118"))):
        zh, en = found.text
        assert zh.startswith("僅供理賠人員參考之建議範圍，非肇責認定") and "decides nothing" in en


def test_the_text_names_rule_article_and_fields():
    zh, en = propose(report("", "cause 71", "cause 44 device 2")).text
    for part in (
        "第1當事者 60–90%",
        "道路交通安全規則第102條第1項第7款",
        "使用手持裝置加重10%",
        "第34項初步分析研判：71",
    ):
        assert part in zh
    for part in ("party 2: 10–40 %", "art. 102 I ⑦", "+10", "item 25", "npa 112.07.01"):
        assert part in en


# ---- any report


USED = (Item.CAUSE, Item.ACTION, Item.FIRST_IMPACT, Item.PARTY_TYPE, Item.ALCOHOL, Item.DEVICE)
SYSTEMS = [NEW, OLD, TAICHUNG, CodeSystem.TAICHUNG_OLD, None]
KINDS = ["car", "car", "motorcycle", "pedestrian", "passenger", "bicycle", "truck", "other", None]


def values(items: tuple[Item, ...], system: CodeSystem | None) -> st.SearchStrategy:
    """Any of the known codes of each item, or one of none, or none at all."""
    texts = {item: [*sorted(codebook.codes(item, system or NEW)), "77", "王小明"] for item in items}
    optional = {
        item: st.sampled_from([codebook.of_code(item, system, text) for text in known]) for item, known in texts.items()
    }
    return st.fixed_dictionaries({}, optional=optional)


def reports(system: CodeSystem | None) -> st.SearchStrategy:
    parties = st.builds(
        ReportParty, st.integers(1, 9), st.sampled_from(KINDS), values(USED, system), st.none(), st.just("ABC-1234")
    )
    return st.builds(
        lambda scene, several, whole: dataclasses.replace(report("", whole=whole), codes=scene, parties=tuple(several)),
        values(SCENE, system),
        st.lists(parties, max_size=5),
        st.booleans() | st.just(True),
    )


ANY_REPORT = st.one_of([reports(system) for system in SYSTEMS])
VERDICTS = st.none() | st.dictionaries(st.integers(1, 9), st.sampled_from(list(Word)), max_size=4)


def consistent(found: Proposal) -> bool:
    """Some choice within the ranges adds up to 100, and every end of every range is in such a choice."""
    low, high = sum(one.low for one in found.shares), sum(one.high for one in found.shares)
    return all(
        0 <= one.low <= one.high <= 100 and low - one.low + one.high <= 100 <= high - one.high + one.low
        for one in found.shares
    )


@settings(max_examples=400)
@given(ANY_REPORT, VERDICTS)
def test_any_report_gives_a_proposal(told, verdict):
    found = propose(told, verdict)
    assert bool(found.shares) == bool(found.rule) == (not found.cannot_tell)
    assert len(found.shares) >= 2 or not found.shares or verdict
    assert consistent(found)
    assert found.rule is None or found.rule.articles
    assert {one.party for one in found.shares} <= {one.order for one in told.parties}
    text = " ".join(found.text)
    assert "王小明" not in text and "ABC-1234" not in text


@settings(max_examples=400)
@given(ANY_REPORT, st.randoms(use_true_random=False))
def test_the_order_of_parties_does_not_change_who_gets_what(told, random):
    named = [dataclasses.replace(one, order=number) for number, one in enumerate(told.parties, 1)]
    new = list(range(1, len(named) + 1))
    random.shuffle(new)
    moved = [dataclasses.replace(one, order=to) for one, to in zip(named, new, strict=True)]
    random.shuffle(moved)
    one = propose(dataclasses.replace(told, parties=tuple(named)))
    other = propose(dataclasses.replace(told, parties=tuple(moved)))
    assert (one.cannot_tell, one.clamped) == (other.cannot_tell, other.clamped)
    assert {(new[share.party - 1], share.low, share.high) for share in one.shares} == {
        (share.party, share.low, share.high) for share in other.shares
    }


@pytest.mark.parametrize(
    ("scene", "parties"),
    [(scene, (a, b)) for scene, a, b, _, _ in SCENARIOS] + [("", ("cause 71", "cause 13", "cause 44"))],
)
def test_scenarios_do_not_depend_on_who_is_first(scene, parties):
    found = {
        tuple(sorted((told[share.party - 1], share.low, share.high) for share in propose(report(scene, *told)).shares))
        for told in permutations(parties)
    }
    assert len(found) == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_published_accident_gives_an_answer(path):
    rule = Counter()
    for entry in sources.read(path.read_bytes()).entries:
        found = propose(entry.report)
        assert consistent(found)
        rule[found.cannot_tell or found.rule.id.partition(":")[0]] += 1
    assert rule.total() > 0 and (path.name == "a1_2015_four_columns.csv" or len(rule) > 1)
