"""`claims police draw` as a person runs it."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.end_to_end.test_commands import claims

POLICE = Path(__file__).parents[1] / "data/police"
DRAWING = re.compile(r"<svg xmlns.*?</svg>\n", re.DOTALL)
NOTICE = "非肇責認定"


@pytest.mark.parametrize(
    ("name", "accidents"), [("parties.csv", 4), ("taipei_112.csv", 3), ("taichung_113.csv", 4), ("internal_109.csv", 2)]
)
def test_every_accident_of_a_file_is_drawn_with_its_proposal(name: str, accidents: int, tmp_path: Path) -> None:
    out = tmp_path / "made" / "page.html"
    done = claims("police", "draw", POLICE / name, "--out", out, cwd=tmp_path)
    assert done.returncode == 0 and str(out) in done.stderr
    page = out.read_text("utf-8")
    drawings = DRAWING.findall(page)
    assert len(drawings) == page.count(NOTICE) == accidents
    for drawing in drawings:
        ElementTree.fromstring(drawing)
    assert "<script" not in page and "http://" not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_no_name_and_no_plate_is_drawn(tmp_path: Path) -> None:
    claims("police", "draw", POLICE / "internal_109.csv", "--out", tmp_path / "page.html", cwd=tmp_path)
    page, source = ((tmp_path / "page.html").read_text("utf-8"), (POLICE / "internal_109.csv").read_text("utf-8-sig"))
    for personal in ("林景和", "A123456789", "TDF-5021", "ABC-1234"):
        assert personal in source and personal not in page


def test_one_accident_by_any_of_its_lines(tmp_path: Path) -> None:
    pages = []
    for line in ("9", "10"):  # two parties of one accident
        out = tmp_path / f"{line}.html"
        done = claims("police", "draw", POLICE / "parties.csv", "--line", line, "--out", out, cwd=tmp_path)
        assert done.returncode == 0
        pages.append(out.read_text("utf-8"))
    assert pages[0] == pages[1] and len(DRAWING.findall(pages[0])) == 1


def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    odd = tmp_path / "odd.csv"
    odd.write_text("a,b\n1,2\n")
    done = claims("police", "draw", odd, "--out", tmp_path / "page.html", cwd=tmp_path)
    assert done.returncode == 1 and "odd.csv: " in done.stderr and not (tmp_path / "page.html").exists()
    none = claims(
        "police", "draw", POLICE / "taipei_112.csv", "--line", "999", "--out", tmp_path / "page.html", cwd=tmp_path
    )
    assert none.returncode == 1 and "--check" in none.stderr
