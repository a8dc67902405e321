"""A plate has one normal form, however it is written and wherever it is compared."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.police.own_json import report as report_of
from schemas import normalise
from schemas.evidence import AssessmentWord, Cover, Evidence, PartyVerdict
from schemas.json import load
from services.hub.linking import Key, keys
from services.hub.register import register
from services.motor.fault import Word
from services.portal.fault import words_of
from tests.unit import test_accident, test_filing, test_filing_paper
from tests.unit.building import plain

# facts-police-motor section 6: what is issued, and the old styles that are still valid.
STYLES = ("LLL-DDDD", "LL-DDDDD", "LL-DDDD", "DDDD-LL", "LD-DDDD", "LLL-DDD", "DDD-LLL", "DD-LL", "LLL-DD")
HYPHENS = ("-", "－", "‐", "‑", "–", "—", "−", "﹣", "ー", "_", "·", ".", " ", "　", " - ", "")


@st.composite
def plates(draw: st.DrawFn) -> str:
    """As issued: upper case, one hyphen."""
    letter, digit = st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ"), st.sampled_from("0123456789")
    return "".join(draw({"L": letter, "D": digit}[one]) if one != "-" else "-" for one in draw(st.sampled_from(STYLES)))


@st.composite
def written(draw: st.DrawFn, plate: str) -> str:
    """As somebody writes it: any hyphen or none, lower case, full width, spaces at its ends."""
    found = ""
    for one in plate.replace("-", draw(st.sampled_from(HYPHENS))):
        one = one.lower() if draw(st.booleans()) else one
        found += chr(ord(one) + 0xFEE0) if one.isascii() and one.isalnum() and draw(st.booleans()) else one
    return draw(st.sampled_from(("", " ", "　", "\t"))) + found + draw(st.sampled_from(("", " ", "　")))


pairs = plates().flatmap(lambda plate: st.tuples(st.just(plate), written(plate), written(plate)))


@given(pairs)
def test_one_form_however_it_is_written(given_: tuple[str, str, str]) -> None:
    plate, one, other = given_
    assert normalise.plate(one) == normalise.plate(other) == plate.replace("-", "")
    assert normalise.plate(normalise.plate(one)) == normalise.plate(one)


def filed(plate: str) -> Evidence:
    value = test_filing.example("application")
    value["vehicles"], value["loss"]["plate"] = [{"plate": plate}], plate
    found = test_filing.check("application", value).content
    assert isinstance(found, Evidence)
    return found


def told(plate: str) -> Evidence:
    value = test_accident.example()
    value["parties"][0]["plate"] = plate
    value["parties"] = value["parties"][:1]
    found = test_accident.check(value).content
    assert isinstance(found, Evidence)
    return found


def uploaded(plate: str) -> Evidence:
    value = load("paper")["examples"][0]  # type: ignore[index]
    found = test_filing_paper.check(value | {"loss": {"kind": "motor", "date": "2025-09-03", "plate": plate}}).content
    assert isinstance(found, Evidence)
    return found


@dataclass(frozen=True)
class Line:
    plate: str
    start: str = "2000-01-01"
    end: str = "2100-01-01"
    insurer: str = "82916473"
    cover: Cover = Cover.MOTOR_COMPULSORY


@given(pairs.filter(lambda one: all(2 <= len(way) <= 20 for way in one)))
@settings(max_examples=60, deadline=None)
def test_the_same_plate_everywhere_that_plates_are_compared(ways: tuple[str, str, str]) -> None:
    plate, one, other = ways
    bare = plate.replace("-", "")
    for read in (filed, told, uploaded):
        first, second = read(one), read(other)
        assert first.plates == second.plates == (bare,), read.__name__
        assert first.content.replace(first.identity, "") == second.content.replace(second.identity, "")
        under = [
            {hash for hash, key in keys(each, ["r"], plain).items() if key == Key.PLATE} for each in (first, second)
        ]
        assert under[0] == under[1] == {f"plate|{bare}"}, "found under one key"
    assert told(one).accident.parties[0].plate == filed(other).loss.plate == bare  # type: ignore[union-attr]
    assert register([Line(one)])(other, "2025-09-03") == [("82916473", Cover.MOTOR_COMPULSORY)]


@given(pairs)
@settings(max_examples=60, deadline=None)
def test_whom_an_assessment_means_by_a_plate(ways: tuple[str, str, str]) -> None:
    _, one, other = ways
    value = test_accident.example()
    value["parties"][0]["plate"] = one
    said = PartyVerdict(word=AssessmentWord.MAIN, plate=normalise.plate(other))
    order = value["parties"][0]["order"]
    for verdict in (said, said.model_copy(update={"order": order})):
        assert words_of([verdict], report_of(value)) == ({order: Word.MAIN}, [])
