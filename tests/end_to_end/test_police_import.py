"""`claims police import` as a person runs it: read only, and through the doors of one running system."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.json import load
from services.sandbox.participants import HOSPITALS
from tests.end_to_end.test_commands import Up, claims

ROOT = Path(__file__).parents[2]
POLICE = ROOT / "tests/data/police"
SHARED = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared/data")) / "police/npa-open-data"
UNIT = "379130000C"  # of every sandbox


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    up = Up(tmp_path_factory.mktemp("police"))
    yield up
    up.stop()


# ---- --check: no system


def checked(*files: Path, cwd: Path) -> list[dict]:
    done = claims("police", "import", *files, "--check", "--json", cwd=cwd)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_check_reads_every_kind_without_a_system(tmp_path: Path) -> None:
    names = ("parties.csv", "accidents_four_columns.csv", "taipei_112.csv", "taichung_113.csv", "internal_109.csv")
    told = checked(*(POLICE / name for name in names), cwd=tmp_path)
    assert [set(one) for one in told] == [{"file", "accidents", "rows", "problems", "unknown"}] * 5
    assert [(one["accidents"], one["rows"]) for one in told] == [(4, 9), (2, 2), (3, 6), (4, 5), (2, 4)]
    assert told[2]["unknown"] == [{"field": "天候", "label": "77", "line": 7, "column": 14, "rows": 1}]
    assert told[4]["unknown"] == [{"field": "33_2其他車損", "label": None, "line": 2, "column": 45, "rows": 1}]
    assert [(one["code"], one["line"]) for one in told[3]["problems"]] == [("export-place-missing", 6)]
    assert list(tmp_path.iterdir()) == []


def test_a_check_of_what_is_published(tmp_path: Path) -> None:
    # Without the shared data an invented file stands in.
    name, accidents, rows = ("a1_2023.csv", 1753, 4493) if SHARED.is_dir() else ("parties.csv", 4, 9)
    path = (SHARED if SHARED.is_dir() else POLICE) / name
    done = claims("police", "import", path, "--check", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (done.returncode, told["accidents"], told["rows"]) == (0, accidents, rows)
    assert all(one["severity"] == "warning" for one in told["problems"])


def test_a_check_says_what_is_wrong_and_exits_with_1(tmp_path: Path) -> None:
    odd = tmp_path / "odd.csv"
    odd.write_text("a,b\n1,2\n")
    done = claims("police", "import", odd, POLICE / "taichung_113.csv", "--check", cwd=tmp_path)
    assert done.returncode == 1
    assert "police-file-unknown" in done.stdout and "not recognised" in done.stdout
    assert "taichung: 4 accidents, 5 rows" in done.stdout and "export-place-missing" in done.stdout
    assert "unknown 道路類別: 6 in 1 rows, first at line 2 column 17" in done.stdout


def test_a_check_of_our_json_names_what_the_door_would(tmp_path: Path) -> None:
    good, bad, broken = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "broken.json"
    value = load("accident")["examples"][0]
    good.write_text(json.dumps(value | {"weather": "77"}))
    bad.write_text(json.dumps(value | {"severity": "A9"}))
    broken.write_text('{"id": ')
    told = checked(good, bad, broken, cwd=tmp_path)
    assert [(one["accidents"], one["rows"]) for one in told] == [(1, 2), (0, 0), (0, 0)]
    assert [[found["code"] for found in one["problems"]] for one in told] == [
        ["accident-code-unknown"],
        ["schema"],
        ["json-invalid"],
    ]
    assert told[0]["unknown"] == [{"field": "weather", "label": "77", "line": 1, "column": 1, "rows": 1}]


def test_check_and_a_system_exclude_each_other(tmp_path: Path) -> None:
    done = claims("police", "import", POLICE / "parties.csv", "--check", "--sandbox", "sandbox.json", cwd=tmp_path)
    assert done.returncode == 1 and "Choose one" in done.stderr
    done = claims("police", "import", POLICE / "parties.csv", "--released", "soon", cwd=tmp_path)
    assert done.returncode == 1 and "YYYYMMDD" in done.stderr


# ---- through the doors


def test_open_data_goes_through_the_door_as_it_is(system: Up) -> None:
    told = system.json("police", "import", POLICE / "parties.csv")
    assert (told["accidents"], told["verdicts"], told["sender"]) == (4, {"accepted": 4}, "NPA-OPEN")
    record = system.json("trace", told["record"])["record"]
    assert record["sha256"] == hashlib.sha256((POLICE / "parties.csv").read_bytes()).hexdigest()


def test_accidents_that_come_again_in_another_file_are_told_as_duplicates(system: Up, tmp_path: Path) -> None:
    system.json("police", "import", POLICE / "parties.csv")
    joined = tmp_path / "joined.csv"
    joined.write_bytes((POLICE / "parties.csv").read_bytes() + b"\r\n")
    told = system.json("police", "import", joined)
    assert (told["verdicts"], told["refused"]) == ({"duplicate": 4}, [])


def test_open_data_of_which_a_line_names_no_day_goes_in_whole_once_it_is_mended(system: Up, tmp_path: Path) -> None:
    whole = (POLICE / "parties.csv").read_bytes().replace(b",20180", b",20190")
    path = tmp_path / "later.csv"
    torn = whole.splitlines(keepends=True)
    torn[3] = torn[3].replace(b",20190105,", b",20190231,")
    path.write_bytes(b"".join(torn))
    told = json.loads(system.run("police", "import", path, "--json").stdout)
    assert (told["accidents"], told["verdicts"]) == (3, {"accepted": 3, "rejected": 1})
    (refused,) = told["refused"]
    assert refused["lines"] == [2, 4]
    assert [(one["code"], one["line"], one["column"]) for one in refused["problems"]] == [("csv-value", 4, 3)]
    path.write_bytes(whole)
    assert system.json("police", "import", path)["verdicts"] == {"accepted": 1, "duplicate": 3}
    changed = whole.replace("女".encode(), "男".encode())
    path.write_bytes(changed)
    done = system.run("police", "import", path)
    assert done.returncode == 1 and "identity-conflict" in done.stdout
    assert "later 資料提供日期" in done.stdout and "--released" not in done.stdout
    path.write_bytes(changed.replace("111年09月28日".encode(), "111年10月28日".encode()))
    assert "rejected" not in system.json("police", "import", path)["verdicts"]


def test_a_coordinate_that_is_none_splits_no_accident_of_a_city(system: Up, tmp_path: Path) -> None:
    """Neither half goes in: the whole does, once the line is mended."""
    path = tmp_path / "taipei_112.csv"
    whole = (POLICE / "taipei_112.csv").read_bytes().replace(b"\r\n112,7,1,8,15,", b"\r\n112,7,2,8,15,")
    lines = whole.splitlines(keepends=True)
    lines[3] = lines[3].replace(b",121.5431,", b",0,")
    path.write_bytes(b"".join(lines))
    told = json.loads(system.run("police", "import", path, "--as", UNIT, "--json").stdout)
    assert (told["accidents"], told["verdicts"], told["held"]) == (2, {"accepted": 2}, [])
    assert {(one["code"], one["line"]) for one in told["problems"]} >= {("csv-value", 4)}
    path.write_bytes(whole)
    assert system.json("police", "import", path, "--as", UNIT)["verdicts"] == {"accepted": 3}


def test_a_city_export_becomes_an_accident_each_in_the_units_name(system: Up) -> None:
    told = system.json("police", "import", POLICE / "taipei_112.csv", "--as", UNIT)
    assert (told["accidents"], told["rows"], told["verdicts"], told["refused"]) == (3, 6, {"accepted": 3}, [])
    own = system.json("police", "import", POLICE / "taichung_113.csv")  # the file names its unit
    assert (own["sender"], own["verdicts"]) == ("387130000C", {"accepted": 4})


def test_who_is_no_unit_is_told_before_anything_is_sent(system: Up) -> None:
    done = system.run("police", "import", POLICE / "taipei_112.csv", "--as", HOSPITALS[0].code)
    assert done.returncode == 1 and f"{HOSPITALS[0].code} is no police unit" in done.stderr and UNIT in done.stderr


def test_an_import_repeats_nothing_and_a_later_file_corrects(system: Up, tmp_path: Path) -> None:
    first = system.json("police", "import", POLICE / "internal_109.csv", "--as", UNIT)
    before = system.json("reconcile")
    assert first["verdicts"] == {"accepted": 2} and before["ok"]
    assert system.json("police", "import", POLICE / "internal_109.csv", "--as", UNIT)["verdicts"] == {"accepted": 2}
    assert system.json("reconcile")["counts"] == before["counts"]
    changed = tmp_path / "internal_109.csv"
    changed.write_bytes((POLICE / "internal_109.csv").read_bytes().replace("曜谷路3號".encode(), "曜谷路5號".encode()))
    conflict = system.json("police", "import", changed, "--as", UNIT)
    assert conflict["verdicts"] == {"accepted": 1, "rejected": 1}
    assert [one["problems"][0]["code"] for one in conflict["refused"]] == ["identity-conflict"]
    assert "--released" in system.run("police", "import", changed, "--as", UNIT).stdout
    later = system.json("police", "import", changed, "--as", UNIT, "--released", "20260817")
    assert later["verdicts"] == {"accepted": 2}


def test_a_line_of_no_accident_holds_those_of_its_day_and_the_rest_goes(system: Up, tmp_path: Path) -> None:
    """It may be a party of each of them: they would go without it, and the mended file be a conflict."""
    whole = (POLICE / "internal_109.csv").read_bytes()
    torn = tmp_path / "torn.csv"
    torn.write_bytes(b"".join(
        line.replace(b"A109010502,", b",", 1) if number == 5 else line
        for number, line in enumerate(whole.splitlines(keepends=True), start=1)))  # fmt: skip
    done = system.run("police", "import", torn, "--as", UNIT)
    assert done.returncode == 1 and "lines [3, 3]: held for line 5" in done.stdout
    told = json.loads(system.run("police", "import", torn, "--as", UNIT, "--json").stdout)
    assert (told["held"], told["verdicts"]) == ([{"lines": [3, 3], "stray": 5}], {"accepted": 1})
    torn.write_bytes(whole)
    assert system.json("police", "import", torn, "--as", UNIT)["verdicts"] == {"accepted": 2}


def test_what_the_door_refuses_is_told_with_its_lines(system: Up, tmp_path: Path) -> None:
    header, line, *_ = (POLICE / "internal_109.csv").read_text("utf-8-sig").splitlines()
    long = tmp_path / "long.csv"
    long.write_text("\n".join([header, line.replace("TDF-5021", "T" * 30)]))
    done = system.run("police", "import", long, "--as", UNIT)
    assert done.returncode == 1 and "lines [2, 2]: rejected" in done.stdout and "parties[0].plate" in done.stdout
    assert "T" * 30 not in done.stdout


def test_json_goes_through_the_door_as_it_is(system: Up, tmp_path: Path) -> None:
    path = tmp_path / "accident.json"
    path.write_text(json.dumps(load("accident")["examples"][0], ensure_ascii=False))
    told = system.json("police", "import", path)
    assert (told["sender"], told["accidents"], told["rows"], told["verdicts"]) == ("387130000C", 1, 2, {"accepted": 1})


def test_who_sends_must_be_said_where_the_file_does_not(system: Up) -> None:
    done = system.run("police", "import", POLICE / "taipei_112.csv")
    assert done.returncode == 1 and "--as CODE" in done.stderr
