"""`claims validate`: any resource, files and folders, text and JSON, exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schemas.problems import Problem, Severity
from services.commands.validate import ALONE, validate
from services.validation.resource import check

OWN = Path(__file__).parents[1] / "data" / "fhir"
RIGHT, WRONG = OWN / "resources" / "claim.json", OWN / "invalid" / "required-missing.json"


def run(*arguments: object, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(validate, [str(one) for one in arguments], input=stdin)


def lines(result: Result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_right_file() -> None:
    result = run(RIGHT, "--format", "json")
    assert result.exit_code == 0
    assert lines(result) == [{"file": str(RIGHT), "valid": True, "problems": []}]


def test_a_wrong_file_has_problems_as_the_contract_writes_them() -> None:
    result = run(WRONG, "--format", "json")
    assert result.exit_code == 1
    (line,) = lines(result)
    assert line["valid"] is False
    (found,) = line["problems"]
    assert set(found) == {"code", "severity", "path", "pointer", "line", "column", "text", "textEn", "fix"}
    assert (found["code"], found["path"], found["severity"]) == ("fhir-required", "Claim.provider", "error")


def test_text_for_a_person() -> None:
    result = run(WRONG, RIGHT)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"invalid  {WRONG}",
        "    error fhir-required at Claim.provider",
        "        缺少必要欄位 provider",
        "        The required element provider is missing",
        "        → Add provider.",
        f"valid    {RIGHT}",
    ]


def test_a_folder_in_order_of_names() -> None:
    result = run(OWN / "invalid", "--format", "json")
    assert result.exit_code == 1
    found = [line["file"] for line in lines(result)]
    assert found == sorted(str(path) for path in (OWN / "invalid").glob("*.json"))
    assert not any(line["valid"] for line in lines(result))


def test_standard_input() -> None:
    assert lines(run("-", "--format", "json", stdin=RIGHT.read_bytes()))[0]["valid"] is True
    assert lines(run("-", "--format", "json", stdin=b"{"))[0]["problems"][0]["line"] == 1


def test_many_files_in_the_order_asked_for(tmp_path: Path) -> None:
    """In worker processes; large files between small ones do not change the order."""
    names = []
    for number in range(3 * ALONE):
        path = tmp_path / f"{number}.json"
        body = (WRONG, RIGHT, OWN / "bundle-songling-outpatient.json")[number % 3].read_bytes()
        path.write_bytes(body)
        names.append(str(path))
    done = subprocess.run(
        [sys.executable, "-m", "services", "validate", "--format", "json", *names], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, b"")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in found] == names
    assert [line["valid"] for line in found] == [number % 3 > 0 for number in range(3 * ALONE)]


def test_what_cannot_be_read(tmp_path: Path) -> None:
    missing = run(tmp_path / "none.json")
    assert missing.exit_code == 2 and "does not exist" in missing.stderr
    empty = run(tmp_path)
    assert empty.exit_code == 2 and "no .json file" in empty.stderr
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "a.json").write_bytes(WRONG.read_bytes())
    some = run(tmp_path, "--format", "json")
    assert some.exit_code == 2 and "folder.json: cannot be read" in some.stderr
    assert [Path(line["file"]).name for line in lines(some)] == ["a.json"]
    assert run().exit_code == 2
    assert run(RIGHT, "--format", "xml").exit_code == 2


def codes(value: object) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in check(json.dumps(value).encode()) if one.severity == Severity.ERROR]


@pytest.mark.parametrize("value", [None, 5, "x", [], [{"resourceType": "Patient"}]])
def test_no_resource(value: object) -> None:
    assert codes(value) == [("fhir-resource-type", "Resource")]


@pytest.mark.parametrize("name", [None, 5, [], {}, "", "Resource", "DomainResource", "Period", "A123456789", "patient"])
def test_a_type_that_is_none_is_not_repeated(name: object) -> None:
    assert codes({"resourceType": name, "id": "x"}) == [("fhir-resource-type", "Resource")]
    assert codes({"id": "x"}) == [("fhir-resource-type", "Resource")]


def test_a_document_is_held_to_its_rules_and_nobody_is_its_sender() -> None:
    """The total of the receipt is wrong, and the author is unknown here: only the first is told."""
    bundle = json.loads((OWN / "bundle-songling-outpatient.json").read_text())
    assert codes(bundle) == []
    claim = next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Claim")
    claim["total"]["value"] += 1
    (found,) = codes(bundle)
    assert found[0].startswith("receipt-")
    bundle["type"] = "collection"
    del bundle["meta"]  # which says that it is a document
    assert codes(bundle) == []


def test_a_document_of_another_purpose_may_be_a_persons() -> None:
    bundle = json.loads((OWN / "bundle-songling-summary.json").read_text())
    del bundle["entry"][0]["resource"]["custodian"]
    found: tuple[Problem, ...] = check(json.dumps(bundle).encode())
    assert ("author-missing", Severity.WARNING) in {(one.code, one.severity) for one in found}
    assert not [one for one in found if one.severity == Severity.ERROR]


def test_a_bundle_of_more_entries_than_a_door_takes() -> None:
    bundle = json.loads((OWN / "bundle-songling-outpatient.json").read_text())
    bundle["entry"] += [{}] * 5_000
    assert codes(bundle) == [("too-many-entries", "Bundle.entry")]
