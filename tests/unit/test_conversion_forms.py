"""Files of every format into the same rows; hostile ones refused cleanly, none raises."""

import io
import json
import struct
import zipfile
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.forms import writing
from adapters.forms.reading import read
from adapters.forms.sheet import CELL_LIMIT, COLUMN_LIMIT, ROW_LIMIT, SHEET_LIMIT
from adapters.forms.workbook import PARTS_LIMIT

ROWS = [["姓名", "病歷號"], ["陶予安", "0098-5512"], ["許功蓋", "0000001"]]  # the latter end in a backslash in Big5
SHEET = "xl/worksheets/sheet1.xml"


def text(rows: list[list[str]] = ROWS, delimiter: str = ",") -> str:
    return "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"


def workbook(rows: list[list[object]], **sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, more in sheets.items():
        sheet = book.create_sheet(name)
        for row in more:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def changed(data: bytes, named: dict[str, bytes]) -> bytes:
    """The container with parts added or replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            if name not in named:
                after.writestr(name, before.read(name))
        for name, content in named.items():
            after.writestr(name, content)
    return out.getvalue()


def part(data: bytes, name: str = SHEET) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as container:
        return container.read(name)


def shared(rows: list[list[str]]) -> bytes:
    """As Excel itself saves: the texts stand in a part of their own, the cells name their places."""
    data = workbook([[""]])
    texts = [one for row in rows for one in row]
    items = "".join(f"<si><t>{one}</t></si>" for one in texts)
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    place = iter(range(len(texts)))
    cells = "".join("<row>" + "".join(f'<c t="s"><v>{next(place)}</v></c>' for _ in row) + "</row>" for row in rows)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    types = part(data, "[Content_Types].xml").replace(b"</Types>", override.encode())
    return changed(
        data,
        {
            "[Content_Types].xml": types,
            "xl/sharedStrings.xml": f'<sst xmlns="{namespace}">{items}</sst>'.encode(),
            SHEET: f'<worksheet xmlns="{namespace}"><sheetData>{cells}</sheetData></worksheet>'.encode(),
        },
    )


def codes(data: bytes) -> list[str]:
    sheets, problems = read(data)
    assert not (sheets and problems)
    return [one.code for one in problems]


def rows(data: bytes, sheet: int = 0) -> list[list[str]]:
    sheets, problems = read(data)
    assert not problems
    return [list(row.cells) for row in sheets[sheet].rows]


@pytest.mark.parametrize(
    "data",
    [
        text().encode(),
        text().encode("utf-8-sig"),
        text().encode("cp950"),
        text().encode("utf-16"),
        text(delimiter="\t").encode("utf-16"),
        text(delimiter="\t").encode(),
        text(delimiter=";").encode("cp950"),
        text().replace("\r\n", "\n").encode(),
        workbook(ROWS),
        shared(ROWS),
        json.dumps([dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]], ensure_ascii=False).encode(),
        json.dumps({"certificates": [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]}).encode(),
        writing.csv_text(ROWS),
        writing.workbook({"表": ROWS}),
    ],
    ids=lambda data: repr(data[:4]),  # further on a workbook has the time of its making
)
def test_every_format_gives_the_same_rows(data: bytes) -> None:
    assert rows(data) == ROWS


def test_rows_are_counted_as_a_spreadsheet_shows_them() -> None:
    data = '甲,乙\n"一\n二",2\n\n3,4\n'.encode()
    sheets, _ = read(data)
    assert [(row.number, row.cells) for row in sheets[0].rows] == [
        (1, ("甲", "乙")),
        (2, ("一\n二", "2")),
        (3, ()),
        (4, ("3", "4")),
    ]
    sheets, _ = read(workbook([["甲"], [], [], ["乙"]]))
    assert [(row.number, row.cells) for row in sheets[0].rows] == [(1, ("甲",)), (4, ("乙",))]


def test_cells_read_as_a_person_reads_them() -> None:
    row = [150, 150.5, 1234.56, True, None, date(2025, 3, 5), datetime(2025, 3, 5, 10, 20), "0131060029", 1.14e18, 1e14]
    expected = ["150", "150.5", "1234.56", "TRUE", "", "2025-03-05", "2025-03-05 10:20:00", "0131060029", "1.14E+18"]
    assert rows(workbook([row])) == [[*expected, "100000000000000"]]
    assert rows(b'[{"a": 150, "b": 150.00, "c": 1E3, "d": true, "e": null, "f": ""}]')[1] == [
        "150",
        "150.00",
        "1000",
        "True",
        "",
        "",
    ]


def test_a_character_without_encoding_is_kept_apart_as_lost() -> None:
    # 0xFA40 is one of a hospital's own characters: no table says which.
    assert rows("姓名,病歷號\n".encode("cp950") + b"\xfa\x40" + b",1\n")[1][0][:1] == "\ufffd"
    assert rows("姓名,病歷號\n陶予安".encode() + b"\xff,1\n")[1][0] == "陶予安\ufffd"


def test_hidden_sheets_are_not_read_and_others_keep_their_number() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([["甲"]], 乙=[["乙"]], 丙=[["丙"]])))
    book["乙"].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    sheets, problems = read(out.getvalue())
    assert not problems and [(sheet.number, sheet.rows[0].cells) for sheet in sheets] == [(1, ("甲",)), (3, ("丙",))]


def test_json_says_where_its_shape_is_wrong() -> None:
    assert codes(b"{") == ["json-invalid"]
    assert codes(b'{"certificates": [], "certificates": []}') == ["json-duplicate-key"]
    for wrong in (b"{}", b'{"a": []}', b'{"certificates": {}}', b'{"receipts": [1]}', b'[{"a": {}}]', b'[{"a": []}]'):
        assert codes(wrong) == ["form-json-shape"], wrong


def test_what_is_no_form_is_refused() -> None:
    assert codes(b"\x00\x01\x02") == ["form-unreadable"]
    assert codes(b"%PDF-1.7\n\x00") == ["form-unreadable"]
    assert codes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)) == ["form-old-workbook"]
    assert codes(b"PK\x03\x04nothing") == ["form-unreadable"]
    assert codes(changed(workbook(ROWS), {"xl/workbook.xml": b"<nothing"})) == ["form-unreadable"]
    assert codes(changed(workbook(ROWS), {SHEET: b"<worksheet><sheetData><row>"})) == ["form-unreadable"]
    assert codes(b"") == [] and read(b"")[0][0].rows == ()


@pytest.mark.parametrize(
    "name",
    [
        "xl/vbaProject.bin",
        "xl/externalLinks/externalLink1.xml",
        "xl/embeddings/oleObject1.bin",
        "xl/activeX/activeX1.xml",
        "xl/connections.xml",
        "XL/VBAPROJECT.BIN",
        "xl/macrosheets/sheet1.xml",
    ],
)
def test_programs_links_and_objects_are_refused(name: str) -> None:
    assert codes(changed(workbook(ROWS), {name: b"<x/>"})) == ["form-active"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_before_anything_expands(encoding: str) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "1234567890"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'.encode(encoding)
    assert codes(changed(workbook(ROWS), {SHEET: bomb})) == ["form-active"]
    assert codes(changed(workbook(ROWS), {"xl/sharedStrings.xml": bomb})) == ["form-active"]


def test_formulas_are_never_computed() -> None:
    assert codes(workbook([["甲", "=1+1"]])) == ["form-formula"]  # a program wrote it, nobody computed it
    data = workbook([["甲", "=1+1"]])
    saved = part(data).replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>")
    assert rows(changed(data, {SHEET: saved})) == [["甲", "2"]]
    nothing = part(data).replace(b'<c r="B1">', b'<c r="B1" t="str">')  # an empty text is a result too
    assert rows(changed(data, {SHEET: nothing})) == [["甲"]]


def test_a_zip_bomb_is_refused_by_what_it_declares_and_cannot_lie() -> None:
    zeros = bytes(80_000_000)
    bomb = changed(workbook(ROWS), {"xl/media/image1": zeros})
    assert len(bomb) < 200_000
    assert codes(bomb) == ["form-too-large"]
    lying = bomb.replace(struct.pack("<I", len(zeros)), struct.pack("<I", 1000))
    assert codes(lying) in (["form-unreadable"], [])  # its part ends where it declares; the sheet is not touched
    assert codes(changed(workbook(ROWS), {f"x{number}": b"" for number in range(PARTS_LIMIT)})) == ["form-too-large"]


def test_past_a_limit_nothing_is_read() -> None:
    assert codes(b"a\n" * (ROW_LIMIT + 1)) == ["form-too-large"]
    assert rows(b"a\n" * ROW_LIMIT)[-1] == ["a"]
    assert codes(b"," * COLUMN_LIMIT) == ["form-too-large"]
    assert codes(b"a" * (CELL_LIMIT + 1)) == ["form-too-large"]
    assert codes(b'"' + b"a" * 200_000 + b'"') in (["form-too-large"], ["form-unreadable"])
    assert codes(json.dumps([{"a": 1}] * (ROW_LIMIT + 1)).encode()) == ["form-too-large"]
    assert codes(json.dumps([{f"k{number}": 1 for number in range(COLUMN_LIMIT + 1)}]).encode()) == ["form-too-large"]
    assert codes(json.dumps([{"a": "b" * (CELL_LIMIT + 1)}]).encode()) == ["form-too-large"]
    assert codes(workbook([["a"] * (COLUMN_LIMIT + 1)])) == ["form-too-large"]
    assert codes(workbook([["a" * (CELL_LIMIT + 1)]])) == ["form-too-large"]
    assert codes(workbook([], **{f"s{number}": [["a"]] for number in range(SHEET_LIMIT)})) == ["form-too-large"]


def test_a_sheet_may_be_wide_and_long_of_nothing() -> None:
    """Cells at the far corner of the sheet: what is empty costs nothing, what is not is past the limits."""
    data = workbook(ROWS)
    far = part(data).replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    assert codes(changed(data, {SHEET: far})) == ["form-too-large"]
    empty = far.replace(b"<v>1</v>", b"")
    assert rows(changed(data, {SHEET: empty})) == ROWS
    beyond = far.replace(b"1048576", b"999999999")
    assert codes(changed(data, {SHEET: beyond})) in ([], ["form-unreadable"])


def test_elements_that_would_fill_the_memory_are_counted_first() -> None:
    data = workbook(ROWS)
    row = part(data).replace(b"</row>", b"<c/>" * 200_000 + b"</row>", 1)
    assert codes(changed(data, {SHEET: row})) == ["form-too-large"]
    styles = part(data, "xl/styles.xml").replace(b"</cellXfs>", b"<xf/>" * 200_000 + b"</cellXfs>")
    assert codes(changed(data, {"xl/styles.xml": styles})) == ["form-too-large"]
    many = part(shared(ROWS), "xl/sharedStrings.xml").replace(b"</sst>", b"<si><t>a</t></si>" * 500_000 + b"</sst>")
    assert codes(changed(shared(ROWS), {"xl/sharedStrings.xml": many})) == ["form-too-large"]
    # A sheet under another name is held to the stricter limit.
    book = part(data, "xl/_rels/workbook.xml.rels").replace(b"worksheets/sheet1.xml", b"evil.bin")
    assert codes(changed(data, {"xl/_rels/workbook.xml.rels": book, "xl/evil.bin": row})) == ["form-too-large"]


@given(st.binary(max_size=300))
@example(b"\xff\xfea")
@example(b"[" * 200)
@example(b'"')
def test_no_bytes_raise(data: bytes) -> None:
    read(data)


WORKBOOK = workbook(ROWS)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(WORKBOOK) - 1), st.integers(0, 255), st.integers(0, len(WORKBOOK)))
def test_no_damaged_workbook_raises(place: int, byte: int, end: int) -> None:
    read(WORKBOOK[:place] + bytes([byte]) + WORKBOOK[place + 1 :])
    read(WORKBOOK[:end])


XML = part(WORKBOOK)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(XML) - 1), st.binary(min_size=1, max_size=12))
def test_no_damaged_sheet_raises(place: int, content: bytes) -> None:
    read(changed(WORKBOOK, {SHEET: XML[:place] + content + XML[place + len(content) :]}))


def test_numbers_of_json_keep_their_digits() -> None:
    assert Decimal(rows(b'[{"a": 12345678901234567890.10}]')[1][0]) == Decimal("12345678901234567890.10")
