"""Faults of the JSON text itself (RFC 8259), which no value can hold."""

import random
from collections.abc import Callable

from adapters import json_text
from tests.mutation.walk import Walk, pick

_MARK = "@@"  # a key that stands in no resource


def duplicate_key(walk: Walk, chance: random.Random) -> bytes:
    """A key twice in one object, with the same value or another."""
    return _twice(walk, chance, lambda key: key)


def duplicate_key_escaped(walk: Walk, chance: random.Random) -> bytes:
    """The second time by its code point."""
    return _twice(walk, chance, lambda key: f"\\u{ord(key[0]):04x}{key[1:]}")


def _twice(walk: Walk, chance: random.Random, spelled: Callable[[str], str]) -> bytes:
    node = pick(chance, walk.nodes)
    key = pick(chance, list(node.value))
    node.value[_MARK] = pick(chance, [node.value[key], "x"])
    return json_text.write(walk.root).replace(f'"{_MARK}":'.encode(), f'"{spelled(key)}":'.encode())


def _texts(*texts: str | bytes) -> Callable[[Walk, random.Random], bytes]:
    """One of the texts where the value of an element stands."""

    def fault(walk: Walk, chance: random.Random) -> bytes:
        pick(chance, walk.spots).put(_MARK)
        text = pick(chance, texts)
        text = text.encode() if isinstance(text, str) else text
        return json_text.write(walk.root).replace(f'"{_MARK}"'.encode(), text)

    return fault


def cut_short(walk: Walk, chance: random.Random) -> bytes:
    """The end is missing."""
    body = json_text.write(walk.root)
    return body[: chance.randrange(len(body))]


def text_after(walk: Walk, chance: random.Random) -> bytes:
    """Something follows."""
    return json_text.write(walk.root) + pick(chance, [b"x", b"{}", b"]", b"\x00", b"null", b","])


def before(walk: Walk, chance: random.Random) -> bytes:
    """Something precedes: a byte order mark, another encoding."""
    body = json_text.write(walk.root)
    return pick(chance, [b"\xef\xbb\xbf" + body, b"\x00" + body, body.decode().encode("utf-16"), b"//x\n" + body])


def too_deep(walk: Walk, chance: random.Random) -> bytes:
    """Nested past the limit, in extensions of extensions."""
    inner: dict[str, object] = {"url": "http://fhir.example/x", "valueString": "x"}
    for _ in range(json_text.NESTING_LIMIT):
        inner = {"url": "http://fhir.example/x", "extension": [inner]}
    walk.resource["extension"] = [inner]
    return json_text.write(walk.root)


FAULTS = (duplicate_key, duplicate_key_escaped, cut_short, text_after, before, too_deep)
NAMED = {
    "bad-utf8": _texts(b'"\xff"', b'"\xc3"', b'"\xed\xa0\x80"', b'"\xf5\x80\x80\x80"'),
    "control-character": _texts('"a\x01b"', '"a\nb"', '"\x00"', '"\t"'),
    "bad-escape": _texts('"\\x41"', '"\\u12"', '"\\"', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"'),
    "no-json-value": _texts("NaN", "Infinity", "-Infinity", "undefined", "'x'", "01", "1.", ".5", "+1", "True", "0x1"),
    "number-too-large": _texts("1e401", "-1e999999", "9" * 500, "1e-4000"),
    "json-syntax": _texts('"x" "y"', '"x",', "[1,]", '{"a":1,}', "/* x */ 1", '{"a" 1}', "{a:1}", '"x"}'),
}
