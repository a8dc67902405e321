"""Strict JSON: what is refused, where, and that both readers agree."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import json_text
from adapters.json_text import NESTING_LIMIT, NUMBER_LIMIT, PROBLEM_LIMIT, read

REFUSED = [
    # bytes, code, pointer, line, column
    (b"", "json-invalid", "", 1, 1),
    (b"{", "json-invalid", "", 1, 2),
    (b"[1,2", "json-invalid", "/1", 1, 5),
    (b"[1 2]", "json-invalid", "/0", 1, 4),
    (b"[1,]", "json-invalid", "/1", 1, 4),
    (b'{"a":1,}', "json-invalid", "/a", 1, 8),
    (b'{"a" 1}', "json-invalid", "/a", 1, 6),
    (b"{a:1}", "json-invalid", "", 1, 2),
    (b"1 2", "json-invalid", "", 1, 3),
    (b"01", "json-invalid", "", 1, 2),
    (b"925.", "json-invalid", "", 1, 4),
    (b"-", "json-invalid", "", 1, 1),
    (b"tru", "json-invalid", "", 1, 1),
    (b'{"a":{"b":[0,NaN]}}', "json-invalid", "/a/b/1", 1, 14),
    (b"[Infinity]", "json-invalid", "/0", 1, 2),
    (b"[-Infinity]", "json-invalid", "/0", 1, 2),
    (b'\n\n  ["\t"]', "json-invalid", "/0", 3, 4),
    (b'["\\x41"]', "json-invalid", "/0", 1, 2),
    (b'["open]', "json-invalid", "/0", 1, 2),
    (b'["\\ud800"]', "json-invalid", "/0", 1, 2),
    (b'["\\udc00\\ud800"]', "json-invalid", "/0", 1, 2),
    (b'{"\\udfff": 1}', "json-invalid", "", 1, 2),
    (b'["\\u0000"]', "json-invalid", "/0", 1, 2),
    (b"[" + b"9" * (NUMBER_LIMIT + 1) + b"]", "json-invalid", "/0", 1, 2),
    (b"1e401", "json-invalid", "", 1, 1),
    (b"1e-99999999999999999999", "json-invalid", "", 1, 1),
    (b"0.0e999999", "json-invalid", "", 1, 1),
    (b'{"a":1,"a":2}', "json-duplicate-key", "/a", 1, 8),
    (b'{"a":1,\n "\\u0061":2}', "json-duplicate-key", "/a", 2, 2),
    (b'{"x":[{"b":0,"b":0}]}', "json-duplicate-key", "/x/0/b", 1, 14),
    (b"[" * (NESTING_LIMIT + 1) + b"]" * (NESTING_LIMIT + 1), "json-too-deep", "/0" * NESTING_LIMIT, 1, 65),
    (b"[" * 1_000_000, "json-too-deep", "/0" * NESTING_LIMIT, 1, 65),
    (b"\xef\xbb\xbf{}", "not-utf8", "", 1, 1),
    (b'{"a":"\xff"}', "not-utf8", "", 1, 7),
    (b'\n"\xed\xa0\x80"', "not-utf8", "", 2, 2),  # a surrogate as bytes
    ('{"a":1}'.encode("utf-16"), "not-utf8", "", 1, 1),
    ("\ufeff{}".encode("utf-16-be"), "not-utf8", "", 1, 1),
]


@pytest.mark.parametrize(("data", "code", "pointer", "line", "column"), REFUSED, ids=lambda value: repr(value)[:30])
def test_refused_where_it_is_wrong(data: bytes, code: str, pointer: str, line: int, column: int) -> None:
    value, problems = read(data)
    assert value is None
    assert [(one.code, one.pointer, one.line, one.column) for one in problems] == [(code, pointer, line, column)]


def test_every_duplicate_key_is_named() -> None:
    _, problems = read(b'{"a":1,"a":2,"b":{"c":1,"c":2},"a":3}')
    assert [one.pointer for one in problems] == ["/a", "/b/c", "/a"]


def test_duplicate_keys_are_named_up_to_a_limit() -> None:
    _, problems = read(b"{" + b",".join([b'"a":1'] * (3 * PROBLEM_LIMIT)) + b"}")
    assert len(problems) == PROBLEM_LIMIT


def test_duplicate_key_before_a_syntax_error_is_told_with_it() -> None:
    _, problems = read(b'{"a":1,"a":2,}')
    assert [one.code for one in problems] == ["json-duplicate-key", "json-invalid"]


def test_a_key_that_may_be_personal_is_not_repeated() -> None:
    """A national id as key: the pointer ends above it."""
    _, problems = read('{"list":{"A123456789":{"王":1,"王":2}}}'.encode())
    assert problems[0].pointer == "/list"
    assert "A123456789" not in problems[0].model_dump_json()


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"[0.40]", [Decimal("0.40")]),
        (b"1e400", Decimal("1e400")),
        (b"-0", 0),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\\\ud800"', "\\ud800"),
        (b'"\\\\u0000"', "\\u0000"),
        ('{"甲":"乙"}'.encode(), {"甲": "乙"}),
        (b'{"a":{"a":1},"b":{"a":1}}', {"a": {"a": 1}, "b": {"a": 1}}),
        (b" \t\r\n null \n", None),
    ],
)
def test_accepted(data: bytes, value: object) -> None:
    assert read(data) == (value, [])


def test_number_text_survives() -> None:
    value, _ = read(b"[0.40, 150.00, 12345678901234567890.12]")
    assert [str(number) for number in value] == ["0.40", "150.00", "12345678901234567890.12"]


def test_nesting_up_to_the_limit() -> None:
    assert read(b"[" * NESTING_LIMIT + b"]" * NESTING_LIMIT)[1] == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_what_json_writes_is_read_back(value: object, ascii_only: bool) -> None:
    if "\\u0000" in (text := json.dumps(value, ensure_ascii=ascii_only)):
        return
    found, problems = read(text.encode("utf-8", "surrogatepass"))
    assert problems == [] and json.loads(text, parse_float=Decimal) == found


@settings(max_examples=400)
@given(
    VALUES,
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from('{}[],:"\\ue019.-+\x00\x1f\ud800 NaNtrue')), max_size=3),
)
def test_both_readers_agree_and_none_raises(value: object, edits: list[tuple[int, str]]) -> None:
    text = json.dumps(value)
    for position, character in edits:
        text = text[: position % (len(text) + 1)] + character + text[position % (len(text) + 1) :]
    if "\ud800" in text:
        assert read(text.encode("utf-8", "surrogatepass"))[1][0].code == "not-utf8"
        return
    scanned = list(json_text._Scan(text).problems())
    try:
        json_text._fast(text)
        fast = True
    except (ValueError, ArithmeticError, RecursionError):
        fast = False
    assert fast == (scanned == [])
    assert read(text.encode())[1] == scanned


@given(st.binary(max_size=60))
def test_no_bytes_raise(data: bytes) -> None:
    value, problems = read(data)
    assert value is None or problems == []
