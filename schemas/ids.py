"""Derived ids: the same input gives the same id, on any machine, at any time."""

import hashlib

ID_LENGTH = 32  # hexadecimal digits = 128 bits: no two of 10^15 records collide


def derive(*parts: str | int) -> str:
    """The id that follows from `parts`. Parts are length-prefixed, so ("ab", "c") and ("a", "bc") differ."""
    told = [str(part).encode() for part in parts]
    whole = b"".join([len(one).to_bytes(8, "big") + one for one in told])
    return hashlib.sha256(whole).hexdigest()[:ID_LENGTH]


def record_id(sender: str, method: str, path: str, sha256: str) -> str:
    """A record's id; `sha256` of an upload is of its metadata's and its file's digests joined."""
    return derive("record", sender, method, path, sha256)


def event_id(record: str, attempt: int, step: str = "received", counter: int = 0) -> str:
    """An event's id: of the record and its attempt at intake, of the input, the step and a counter after that."""
    return derive("event", record, attempt, step, counter)


def trace_id(record: str) -> str:
    """The OpenTelemetry trace of a record: 32 hexadecimal digits, found from the record's id alone."""
    return derive("trace", record)


def root_span_id(record: str) -> str:
    """The root of that trace, its pass through the door: 16 hexadecimal digits."""
    return derive("root span", record)[:16]
