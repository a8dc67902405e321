"""The work list: what two records tell side by side, what of it an operator sees, and its pages."""

import json
from typing import Any

import pytest

from schemas.evidence import Accident, Evidence, Loss, NumberType, Party, Service
from services.delivery.paging import BadAsk
from services.hub.grading import Sign, Told
from services.hub.linking import Link
from services.portal.side_by_side import masked, rows
from services.portal.words import ROWS
from services.portal.worklist import SHOWN, Ask, Side, ask, listed
from tests.unit.building import A, B, document, evidence, filing, medical, number

ONE, OTHER = "a" * 32, "b" * 32


def accident(**fields: Any) -> Accident:
    return Accident(**{"date": "2025-09-03", "time": "08:15", **fields})


def told(one: Evidence, other: Evidence) -> dict[str, tuple[str | None, str | None, str]]:
    """English of both by row, and how they compare."""
    made = {}
    for row in rows(one, other):
        first, second = (value and value["textEn"] for value in row["values"])
        made[row["row"]] = (first, second, row["comparison"])
    swapped = {row["row"]: row["comparison"] for row in rows(other, one)}
    assert swapped == {name: row[2] for name, row in made.items()}
    return made


POLICE = evidence(
    "accident",
    persons=(A, B),
    plates=("ABC1234", "MNP5678"),
    numbers=(number(NumberType.POLICE_CASE, "N114090342", "unit"),),
    accident=accident(
        place="雲澤市中正路",
        severity="A2",
        deaths=0,
        injuries=1,
        parties=(Party(person=A, plate="ABC1234", kind="car"), Party(person=B, plate="MNP5678", kind="motorcycle")),
    ),
)
FILED = filing(
    person=B,
    loss=Loss(kind="motor", date="2025-09-03", plate="ABD1234"),
    plates=("ABD1234",),
    numbers=(number(NumberType.POLICE_CASE, "N114090343"),),
    accident=accident(time="08:35", place="中正路 市場旁"),
)


def test_a_police_record_beside_an_application() -> None:
    assert told(POLICE, FILED) == {
        "day": ("2025-09-03", "2025-09-03", "same"),
        "time": ("08:15", "08:35", "differs"),
        "place": ("雲澤市中正路", "中正路 市場旁", "differs"),
        "severity": ("A2 injury, or later death", None, "one-sided"),
        "toll": ("0 dead, 1 injured", None, "one-sided"),
        "parties": ("2: 1 car, 1 motorcycle", None, "one-sided"),
        "plates": ("ABC•••4 / MNP•••8", "ABD•••4", "differs"),
        "police-case": ("N114090342", "N114090343", "differs"),
        "loss": (None, "motor accident", "one-sided"),
    }
    assert [row["row"] for row in rows(POLICE, FILED)] == [name for name in ROWS if name != "treated"]


@pytest.mark.parametrize(
    ("name", "one", "other", "comparison"),
    [
        # The driver names his own vehicle, the police all: one in common is enough.
        ("plates", evidence(plates=("ABC1234", "MNP5678")), evidence(plates=("MNP5678",)), "same"),
        # Alike where they are masked, and told apart by what is not shown.
        ("plates", evidence(plates=("ABC1234",)), evidence(plates=("ABC1334",)), "differs"),
        ("place", evidence(accident=accident(place="中正 路")), evidence(accident=accident(place="中正路")), "same"),
        ("day", POLICE, document(accident_date="2025-09-04"), "differs"),
        ("treated", document(start="2025-09-03", end="2025-09-09"), document(start="2025-09-09"), "same"),
        ("treated", document(start="2025-09-03"), document(start="2025-09-04"), "differs"),
        ("treated", document(start="2025-09-03"), filing(loss=medical(date="2025-09-03")), "same"),
        ("treated", document(start="2025-09-03"), POLICE, "one-sided"),
        (
            "parties",
            evidence(accident=accident(parties=(Party(kind="car"), Party(kind="bus")))),
            evidence(accident=accident(parties=(Party(kind="bus"), Party(kind="car")))),
            "same",
        ),
        (
            "police-case",
            evidence(numbers=(number(NumberType.POLICE_CASE, "N1", "unit"),)),
            evidence(numbers=(number(NumberType.POLICE_CASE, "N1", "another unit"),)),
            "differs",
        ),
        (
            "toll",
            evidence(accident=accident(deaths=0, injuries=1)),
            evidence(accident=accident(deaths=0, injuries=2)),
            "differs",
        ),
    ],
)
def test_how_a_row_compares(name: str, one: Evidence, other: Evidence, comparison: str) -> None:
    assert told(one, other)[name][2] == comparison


def test_what_neither_tells_is_no_row() -> None:
    assert rows(evidence(), evidence(accident=None, loss=None)) == []


@pytest.mark.parametrize(
    ("plate", "shown"),
    [
        ("ABC1234", "ABC•••4"),
        ("1234AB", "•••4AB"),
        ("123ABC", "••3ABC"),
        ("AB12", "••••"),  # too little would be hidden
        ("EXPORT99", "•••••••9"),  # no plate: a name, perhaps
        ("", ""),
    ],
)
def test_a_masked_plate(plate: str, shown: str) -> None:
    assert masked(plate) == shown


def test_nothing_that_names_a_person_or_a_vehicle_is_shown() -> None:
    """Not in a place or a number either, where somebody wrote it."""
    known = evidence(
        "application",
        persons=(A, B),
        applicant=A,
        plates=("ABC1234",),
        numbers=(number(NumberType.POLICE_CASE, A), number(NumberType.CLAIM, "K-77", "82916473")),
        loss=Loss(kind="medical", date="2025-09-03", hospital="1537990035", document="D-99", plate="ABC1234"),
        accident=accident(
            place=f"中山路100-12號 車號ＡＢＣ-1234 電話0912-345678 {B}",
            parties=(Party(person=A, plate="ABC1234", kind="car", injured=True),),
        ),
        service=Service(hospital="1537990035", start="2025-09-03", end="2025-09-03", injury=True, injuries=("S82",)),
        facts={"amount": 4711},
    )
    shown = json.dumps(rows(known, known), ensure_ascii=False)
    hidden = (A, B, "ABC1234", "ABC-1234", "1234", "0912", "345678", "K-77", "D-99", "1537990035", "S82", "4711")
    assert [value for value in hidden if value in shown] == []
    assert "中山路100-12號 車號••• 電話••• •••" in shown
    assert "police-case" not in shown


def test_a_page_and_the_next() -> None:
    sides = [
        Side(record, "accident", "S", "", "2025-09-03T04:00:00.000000Z", None, (), side)
        for record, side in ((ONE, POLICE), (OTHER, FILED))
    ]
    link = Link(1, 0, ONE, OTHER, "why", 15, (Told(Sign.NEAR_PLATE),))
    page = listed(51, [(link, sides[0], sides[1])], (15, ONE, OTHER))
    assert page["waiting"] == 51
    assert page["pairs"][0]["rows"] == rows(POLICE, FILED)
    assert ask({"after": page["next"], "limit": "7"}) == Ask((15, ONE, OTHER), 7)
    assert listed(1, [], None)["next"] is None


def test_what_is_asked_for() -> None:
    assert ask({}) == Ask(None, SHOWN) == ask({"limit": str(SHOWN)})
    for query in (
        {"limit": "0"},
        {"limit": str(SHOWN + 1)},
        {"limit": "x"},
        {"after": ""},
        {"after": ONE},
        {"after": f"15-{ONE}-{OTHER}\n"},
        {"after": f"-15-{ONE}-{OTHER}"},
        {"after": f"１５-{ONE}-{OTHER}"},
    ):
        with pytest.raises(BadAsk):
            ask(query)
