"""Strict JSON: what is refused, where, and that both readers agree."""

import json
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters import json_text
from adapters.json_text import NESTING_LIMIT, NUMBER_LIMIT, PROBLEM_LIMIT, read, write

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
    (b"0." + b"9" * (NUMBER_LIMIT + 1), "json-invalid", "", 1, 1),
    (b"9" * 300 + b"." + b"9" * 101, "json-invalid", "", 1, 1),
    (b"0." + b"0" * 310 + b"1e-91", "json-invalid", "", 1, 1),
    (b"[-" + b"9" * 5000 + b"]", "json-invalid", "/0", 1, 2),
    (b"1e401", "json-invalid", "", 1, 1),
    (b'{"a":1E+401}', "json-invalid", "/a", 1, 6),
    (b"[1E-401 ]", "json-invalid", "/0", 1, 2),
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
        (b"[1E5, 1e-0000400]", [Decimal("1E5"), Decimal("1E-400")]),
        (b"0." + b"9" * NUMBER_LIMIT, Decimal("0." + "9" * NUMBER_LIMIT)),
        (b'["1e999", "' + b"0" * 500 + b'"]', ["1e999", "0" * 500]),
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


def around(*numbers: int) -> st.SearchStrategy[int]:
    return st.sampled_from([number + off for number in numbers for off in (-1, 0, 1)])


DIGITS = st.integers(0, 99).map(str) | around(NUMBER_LIMIT // 4, NUMBER_LIMIT * 3 // 4, NUMBER_LIMIT).map(
    lambda count: "9" * count
)
POWERS = st.integers(0, 2000).map(str) | around(NUMBER_LIMIT // 4, NUMBER_LIMIT, 10**20).map(str) | st.just("000400")
NUMBERS = st.tuples(
    st.sampled_from(["", "-"]),
    DIGITS,
    st.just("") | DIGITS.map(lambda digits: f".{digits}"),
    st.just("") | st.tuples(st.sampled_from(["e", "E", "e+", "E-", "e-"]), POWERS).map("".join),
).map("".join)
STRINGS = st.lists(
    st.sampled_from(
        [
            "a",
            "é",
            "\\\\",
            '\\"',
            "\\n",
            "\\u0000",
            "\\u0061",
            "\\ud83d",
            "\\ude00",
            "{",
            "[",
            "]",
            "}",
            " 1e999,",
            "0" * 401,
        ]
    ),
    max_size=4,
).map(lambda parts: '"' + "".join(parts) + '"')
TEXTS = st.recursive(
    NUMBERS | STRINGS | st.sampled_from(["true", "false", "null"]),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda items: f"[{' , '.join(items)}]")
        | st.lists(st.tuples(STRINGS, inner).map(": ".join), max_size=4).map(lambda items: f"{{{','.join(items)}}}")
        | st.tuples(inner, around(NESTING_LIMIT)).map(
            lambda pair: '[{"":' * (pair[1] // 2) + pair[0] + "}]" * (pair[1] // 2)
        )
    ),
    max_leaves=8,
)
EDITS = st.lists(
    st.tuples(st.integers(0, 10**6), st.sampled_from('{}[],:"\\ue019.-+\x00\x1f\ud800\ufeff NaNtrue')), max_size=2
)


@settings(max_examples=1000, deadline=None)
@given(TEXTS, EDITS)
def test_both_readers_agree_and_none_raises(text: str, edits: list[tuple[int, str]]) -> None:
    for position, character in edits:
        text = text[: position % (len(text) + 1)] + character + text[position % (len(text) + 1) :]
    value, problems = read(text.encode("utf-8", "surrogatepass"))
    if "\ud800" in text or text.startswith("\ufeff"):
        assert [one.code for one in problems] == ["not-utf8"]
        return
    assert problems == list(json_text._Scan(text).problems())
    assert value == (None if problems else json.loads(text, parse_float=Decimal))


BRACKETS = st.sampled_from(['"]"', '"["', '"}{"', '"\\\\"', '"\\"["', '""', '"[]"'])


@given(st.integers(0, 2 * NESTING_LIMIT), BRACKETS, BRACKETS)
@example(NESTING_LIMIT + 1, '"]"', '"["')  # to who does not know strings, all brackets close at once
def test_brackets_in_strings_neither_hide_nor_feign_depth(depth: int, before: str, after: str) -> None:
    text = f"[{before}," * depth + "0" + f",{after}]" * depth
    assert (read(text.encode())[1] == []) == (depth <= NESTING_LIMIT)


def exact(value: object) -> object:
    """A value that tells 0.40 from 0.4 and 1 from true; 12e0 is 12."""
    if isinstance(value, dict):
        return {key: exact(child) for key, child in value.items()}
    if isinstance(value, list):
        return [exact(child) for child in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value), Decimal(value).as_tuple().exponent
    return type(value), value


@given(TEXTS)
def test_parse_write_parse_is_the_identity(text: str) -> None:
    value, problems = read(text.encode())
    if not problems:
        again, none = read(write(value))
        assert none == [] and exact(again) == exact(value)


@given(VALUES)
def test_what_is_written_is_read_back(value: object) -> None:
    if "\\u0000" not in (text := json.dumps(value)):
        value = json.loads(text, parse_float=Decimal)
        assert read(write(value)) == (value, [])


@pytest.mark.parametrize("value", [0.5, {1: 2}, Decimal("NaN"), Decimal("-Infinity"), object(), {"a": (1,)}, "\ud800"])
def test_what_read_never_gives_is_not_written(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        write(value)


@given(st.binary(max_size=60))
def test_no_bytes_raise(data: bytes) -> None:
    value, problems = read(data)
    assert value is None or problems == []
