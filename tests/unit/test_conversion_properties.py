"""Whatever stands in the cells: nothing raises, nothing invalid is produced, and the money adds up."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import json_text
from adapters.forms import writing
from schemas.problems import errors
from services.conversion.convert import Hospital, convert
from services.conversion.mapping import FORMS, NHI, PATIENT, mapping
from services.conversion.template import fields
from services.validation import resource
from tests.unit.test_conversion import NOW, dump, found, pair

DATA = Path(__file__).parents[1] / "data" / "conversion"
TABLES = [
    list(csv.reader(io.StringIO((DATA / name).read_text())))
    for name in ("certificates.csv", "receipts.csv", "receipts-wide.csv")
]
TITLES = [one.label for form in FORMS for one in fields(form)] + [fee.label for fee in mapping().fees]
PRINTED = [cell for table in TABLES for row in table for cell in row] + [
    "",
    "-",
    "#N/A",
    "114/02/30",
    "１２３",
    "1E5",
    "健保",
]
CELL = st.one_of(st.sampled_from(PRINTED), st.text(max_size=20))
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def judged(files: list[bytes]) -> Any:
    """A conversion whose promises were looked at: valid documents only, problems at places that exist."""
    done = convert(files, NOW, Hospital("1537990035"))
    for made in done.made:
        assert not errors(resource.check(made.body))
        assert json_text.write(json_text.read(made.body)[0]) == made.body
    refused = {one.case for one in done.found if one.error and one.case}
    assert not refused & {made.case for made in done.made}
    for one in done.found:
        assert one.problem.code != "convert-failed" and 0 < one.cell.file <= len(files)
        assert one.problem.line in (one.cell.row, None) and one.problem.column in (one.cell.column, None)
    return done


@QUIET
@given(st.lists(st.lists(CELL, max_size=12), max_size=8), st.lists(st.sampled_from(TITLES), max_size=12))
def test_no_table_raises(rows: list[list[str]], titles: list[str]) -> None:
    judged([writing.csv_text([titles, *rows])])
    keys = list(dict.fromkeys(titles))
    judged([json.dumps([dict(zip(keys, row, strict=False)) for row in rows]).encode("utf-8", "replace")])


@QUIET
@given(st.data())
def test_no_change_of_a_good_table_raises_or_gives_an_invalid_document(data: st.DataObject) -> None:
    files = []
    for table in TABLES:
        rows = [list(row) for row in table]
        for _ in range(data.draw(st.integers(0, 3))):
            row = data.draw(st.integers(0, len(rows) - 1))
            column = data.draw(st.integers(0, len(rows[row]) - 1))
            rows[row][column] = data.draw(CELL)
        files.append(dump(rows))
    judged(files)


@QUIET
@given(st.lists(st.tuples(st.sampled_from([NHI, PATIENT]), st.decimals(0, 10**9, places=2)), min_size=1, max_size=30))
def test_the_money_adds_up_whatever_the_amounts(lines: list[tuple[str, Decimal]]) -> None:
    total = sum((amount for payer, amount in lines if payer == PATIENT), Decimal(0))
    rows = [
        {
            "項目": "材料費",
            "付費別": "健保" if payer == NHI else "自費",
            "金額": f"{amount:,}",
            "應繳金額": f"{total:,}",
        }
        for payer, amount in lines
    ]
    done = judged(pair(None, *rows))
    assert len(done.made) == 1 and not done.found
    claim = found(json_text.read(done.made[0].body)[0], "Claim")[0]  # type: ignore[arg-type]
    assert [item["net"]["value"] for item in claim["item"]] == [amount for _, amount in lines]
    assert claim["total"]["value"] == total
    unsaid = judged(pair(None, *({**row, "應繳金額": None} for row in rows)))
    assert found(json_text.read(unsaid.made[0].body)[0], "Claim")[0]["total"]["value"] == total  # type: ignore[arg-type]


@QUIET
@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=200))
def test_any_name_and_advice_is_carried_or_told(name: str, advice: str) -> None:
    done = judged(pair({"姓名": name, "醫師囑言": advice}))
    assert done.made or done.found


@given(st.binary(max_size=200))
def test_no_file_raises(data: bytes) -> None:
    judged([data])
