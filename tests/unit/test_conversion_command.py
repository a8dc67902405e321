"""`claims convert` without a server: templates, documents on disk, both reports, exit status."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.__main__ import claims
from services.conversion import template

DATA = Path(__file__).parents[1] / "data" / "conversion"
PAIR = [str(DATA / name) for name in ("certificates.csv", "receipts.csv", "receipts-wide.csv")]
TIME = ["--timestamp", "2025-09-03T18:00:00+08:00"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(claims, ["convert", *map(str, arguments)])


def test_documents_are_written_under_their_case_numbers(tmp_path: Path) -> None:
    done = run(*PAIR, *TIME, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    expected = {path.name: path.read_bytes() for path in (DATA / "expected").iterdir()}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == expected
    assert "3 documents, 0 errors, 0 warnings" in done.stdout
    assert "姓名  3 of 3 → Patient.name.text" in done.stdout
    assert "預繳金額  0 of 1  付款經過" in done.stdout
    assert "Not in the files" in done.stdout


def test_a_case_number_that_is_no_file_name(tmp_path: Path) -> None:
    odd = tmp_path / "odd.csv"
    odd.write_text(Path(PAIR[0]).read_text().replace("YG-1140903-0152", "../診字1號"))
    done = run(odd, *TIME, "--out", tmp_path / "out", "--report", "json")
    written = [one["file"] for one in json.loads(done.stdout)["bundles"]]
    assert len(written) == 3 and all(Path(one).parent == tmp_path / "out" for one in written)
    assert Path(written[0]).name.startswith("case-")


def test_the_time_is_that_of_the_newest_file(tmp_path: Path) -> None:
    for path in PAIR[:2]:
        (tmp_path / Path(path).name).write_bytes(Path(path).read_bytes())
    older, newer = sorted(tmp_path.iterdir())
    os.utime(older, (1756893000, 1756893000))
    os.utime(newer, (1756893600, 1756893600))
    done = run(older, newer, "--out", tmp_path / "out", "--report", "json")
    body = (tmp_path / "out" / "YG-1140903-0152.json").read_bytes()
    assert done.exit_code == 0 and b'"timestamp":"2025-09-03T18:00:00+08:00"' in body


def test_problems_are_shown_with_file_row_and_column_and_end_in_one(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_bytes(Path(PAIR[0]).read_bytes().replace(b"58.2.17", b"58.2.30"))
    done = run(wrong, *PAIR[1:], *TIME)
    assert done.exit_code == 1
    assert "wrong.csv row 4 column 15" in done.stdout and "convert-value" in done.stdout
    assert "58.2.30" not in done.stdout
    told = json.loads(run(wrong, *PAIR[1:], *TIME, "--report", "json").stdout)
    problem = told["problems"][0]
    assert (problem["file"], problem["line"], problem["column"], problem["code"]) == (1, 4, 15, "convert-value")
    assert set(told) == {"files", "bundles", "report", "problems", "sent"}


def test_templates_are_written(tmp_path: Path) -> None:
    done = run("--template", tmp_path / "templates")
    assert done.exit_code == 0
    assert {path.name for path in (tmp_path / "templates").iterdir()} == set(template.files())
    content = (tmp_path / "templates" / "certificate.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") and content == template.template("certificate.csv")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "--template DIR"),
        ([PAIR[0], "--timestamp", "now"], 1, "a time with zone"),
        ([PAIR[0], "--timestamp", "2025-09-03T18:00:00"], 1, "a time with zone"),
        (["nowhere.csv"], 2, "nowhere.csv"),
        ([*PAIR, "--send", "--sandbox", "nowhere.json"], 1, "claims up"),
        ([*PAIR, *TIME, "--out", PAIR[0]], 2, "file"),
    ],
)
def test_wrong_uses_end_in_a_sentence(arguments: list[str], status: int, said: str) -> None:
    done = run(*arguments)
    assert done.exit_code == status and said in done.output
    assert "Traceback" not in done.output
