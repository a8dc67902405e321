"""Strict JSON: bytes in, a value or problems out (RFC 8259, and what it leaves open decided); and back into bytes.

Refused: anything but UTF-8 without byte order mark, a key twice in one object (also when written by \\u escape), NaN
and Infinity, lone surrogates, U+0000, nesting past `NESTING_LIMIT`, trailing text, numbers past `NUMBER_LIMIT`.
Numbers become int or Decimal, so 0.40 stays 0.40.

Two readers: jiter, fast, for what is right; and an own scan without recursion that says where and why when something
is wrong. They agree (property test), so a refusal never depends on which of them met it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring

import jiter

from schemas.problems import Problem, problem

NESTING_LIMIT = 64  # the deepest public R4 example has 15 levels; recursion is safe far beyond 64
NUMBER_LIMIT = 400  # digits, and powers of ten: double precision ends at 308, and arithmetic on more is an attack
PROBLEM_LIMIT = 100  # duplicate keys named one by one; the first hundred are enough to see the cause

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"true|false|null")
_NAME = re.compile(r"_?[A-Za-z][A-Za-z_-]{0,62}[0-9]{0,3}")

_FAULTS = {  # zh-TW, English
    "after": ("值之後還有文字", "text after the end of the value"),
    "constant": ("NaN 與 Infinity 不是 JSON 數值", "NaN and Infinity are not JSON numbers"),
    "end": ("內容未完即結束", "the text ends too early"),
    "value": ("此處應為值", "a value was expected"),
    "key": ("此處應為雙引號括住的鍵", "a key in double quotes was expected"),
    "colon": ("此處應為冒號", "a colon was expected"),
    "comma": ("此處應為逗號或結尾括號", "a comma or the closing bracket was expected"),
    "string": (
        "字串含未跳脫的控制字元、錯誤的跳脫序列,或沒有結尾",
        "a string with a raw control character, a wrong escape or no end",
    ),
    "nul": ("含字元 U+0000", "the character U+0000"),
    "surrogate": ("含不成對的代理字元", "half of a surrogate pair"),
    "number": (
        f"數值超過 {NUMBER_LIMIT} 位數或十的次方",
        f"a number of more than {NUMBER_LIMIT} digits or powers of ten",
    ),
}


def is_name(key: str) -> bool:
    """Whether a key may be repeated in a problem: letters, few digits. Anything else could be a person's data."""
    return _NAME.fullmatch(key) is not None


def pointer(tokens: tuple[str | int, ...]) -> str:
    """RFC 6901, cut short before the first key that is not plainly an element's name."""
    out = []
    for token in tokens:
        if isinstance(token, str) and not is_name(token):
            break
        out.append(f"/{token}")
    return "".join(out)


def read(data: bytes) -> tuple[object | None, list[Problem]]:
    """The value and no problems, or None and every problem found (syntax errors end the reading)."""
    doubtful = _doubtful(data)
    try:
        value = jiter.from_json(
            data, allow_inf_nan=False, catch_duplicate_keys=True, float_mode="decimal", cache_mode="all"
        )
    except ValueError:
        return None, _told(data)
    if doubtful and (found := _told(data)):
        return None, found
    return value, []


def write(value: object) -> bytes:
    """The shortest JSON text of a value as `read` gives it; read again it is the same value, digit for digit.

    TypeError, ValueError: something else stands in it.
    """
    return _text(value).encode()


def _text(value: object) -> str:
    if type(value) is dict:
        return "{" + ",".join([f"{encode_basestring(key)}:{_text(child)}" for key, child in value.items()]) + "}"
    if type(value) is list:
        return "[" + ",".join([_text(child) for child in value]) + "]"
    if type(value) is str:
        return encode_basestring(value)
    if type(value) is int or (type(value) is Decimal and value.is_finite()):
        return str(value)
    if value is None or type(value) is bool:
        return json.dumps(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


# What jiter takes and this module refuses is looked for in the bytes, with the searches of bytes alone: a walk over the
# value would take half as long as reading it. For numbers every digit and point becomes 0, every sign -, every end of a
# value a comma; for nesting only the brackets outside strings are kept. A number is past the limit only by so many
# digits, or by a power of three digits or more.
_FIGURES = bytes.maketrans(b"123456789.E+]} \t\r\n", b"0000000000e-,,,,,,")
_LONG = b"0" * (NUMBER_LIMIT - 99)
_POWER = re.compile(rb"0e-?0{3,}(?:,|\Z)")
_BRACKETS = bytes.maketrans(b"[{]}", b"(())")
_NO_BRACKETS = bytes(set(range(256)) - set(b'"[{]}'))
_STRINGS = re.compile(rb'"[^"]*"')
_ESCAPES = re.compile(rb"\\(?!u0000).", re.DOTALL)  # all but the one that is refused


def _doubtful(data: bytes) -> bool:
    """Whether right JSON text may still break a limit of this module: False is certain, True is for the scan to judge."""
    figures = data.translate(_FIGURES)
    if _LONG in figures or _POWER.search(figures):
        return True
    if b"\\" in data and b"\\" in (data := _ESCAPES.sub(b"", data)):
        return True
    brackets = _STRINGS.sub(b"", data.translate(_BRACKETS, _NO_BRACKETS).replace(b'""', b""))
    for _ in range(NESTING_LIMIT):
        if not brackets:
            return False
        brackets = brackets.replace(b"()", b"")  # the innermost level
    return bool(brackets)


def _told(data: bytes) -> list[Problem]:
    """What is wrong with a text, by the scan."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode("utf-8"))
        return [problem("not-utf8", line=line, column=column)]
    if text.startswith("\ufeff"):
        return [problem("not-utf8", line=1, column=1)]
    return list(_Scan(text).problems())


def _in_range(text: str) -> bool:
    """Whether a number is short enough to reckon with, in digits and in powers of ten."""
    try:
        _, digits, power = Decimal(text).as_tuple()
    except InvalidOperation:
        return False
    return len(digits) <= NUMBER_LIMIT and abs(int(power)) <= NUMBER_LIMIT


def _place(before: str) -> tuple[int, int]:
    """Line and column, both from 1, of the character after `before`."""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


@dataclass
class _Frame:
    """An object or array being read: its keys so far, and where in it the scan stands."""

    is_object: bool
    keys: set[str] = field(default_factory=set)
    at: str | int = ""


class _Stop(Exception):
    """A syntax error: nothing after it can be read."""

    def __init__(self, found: Problem) -> None:
        super().__init__(found.code)
        self.found = found


class _Scan:
    """Reads a text without building it, with a stack of its own, and says what is wrong with it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.frames: list[_Frame] = []
        self.counted = 0

    def problems(self) -> Iterator[Problem]:
        try:
            for found in self._document():
                self.counted += 1
                if self.counted > PROBLEM_LIMIT:
                    return
                yield found
        except _Stop as stop:
            yield stop.found

    def _problem(self, code: str, at: int, **names: str | int) -> Problem:
        line, column = _place(self.text[:at])
        tokens = tuple(frame.at for frame in self.frames if frame.at != "")
        return problem(code, pointer=pointer(tokens), line=line, column=column, **names)

    def _stop(self, fault: str) -> _Stop:
        what, what_en = _FAULTS[fault]
        return _Stop(self._problem("json-invalid", self.position, what=what, what_en=what_en))

    def _space(self) -> str:
        """Skips white space; the character that follows, or nothing at the end."""
        self.position = _SPACE.match(self.text, self.position).end()  # type: ignore[union-attr]
        return self.text[self.position : self.position + 1]

    def _document(self) -> Iterator[Problem]:
        wanted = True  # a value comes next; otherwise a comma or the end of what is open
        while wanted or self.frames:
            if wanted:
                wanted = self._value()
            else:
                wanted = self._after_value()
            if wanted and self.frames[-1].is_object:
                yield from self._key()
        if self._space():
            raise self._stop("after")

    def _value(self) -> bool:
        """Reads a scalar, or opens an object or array; whether a value inside it comes next."""
        mark = self._space()
        if mark == "{" or mark == "[":
            return self._open(mark == "{")
        if mark == '"':
            self._string()
        elif found := _NUMBER.match(self.text, self.position):
            if not _in_range(found.group()):
                raise self._stop("number")
            self.position = found.end()
        elif found := _WORD.match(self.text, self.position):
            self.position = found.end()
        elif not mark:
            raise self._stop("end")
        elif self.text.startswith(("NaN", "Infinity", "-Infinity"), self.position):
            raise self._stop("constant")
        else:
            raise self._stop("value")
        return False

    def _open(self, is_object: bool) -> bool:
        if len(self.frames) == NESTING_LIMIT:
            raise _Stop(self._problem("json-too-deep", self.position, limit=NESTING_LIMIT))
        self.position += 1
        if self._space() == ("}" if is_object else "]"):
            self.position += 1
            return False
        self.frames.append(_Frame(is_object, at="" if is_object else 0))
        return True

    def _key(self) -> Iterator[Problem]:
        frame = self.frames[-1]
        if self._space() != '"':
            raise self._stop("key")
        start = self.position
        frame.at = ""
        frame.at = key = self._string()
        if key in frame.keys:
            yield self._problem("json-duplicate-key", start)
        frame.keys.add(key)
        if self._space() != ":":
            raise self._stop("colon")
        self.position += 1

    def _after_value(self) -> bool:
        """Reads the comma (True: a value or key comes next) or the bracket that closes what is open."""
        frame = self.frames[-1]
        mark = self._space()
        if mark == ("}" if frame.is_object else "]"):
            self.position += 1
            self.frames.pop()
            return False
        if mark != ",":
            raise self._stop("comma" if mark else "end")
        self.position += 1
        if not frame.is_object:
            frame.at = int(frame.at) + 1
        return True

    def _string(self) -> str:
        found = _STRING.match(self.text, self.position)
        if found is None:
            raise self._stop("string")
        value = json.loads(found.group())
        if "\x00" in value:
            raise self._stop("nul")
        if "\\u" in found.group() and not _encodable(value):
            raise self._stop("surrogate")
        self.position = found.end()
        return value


def _encodable(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
