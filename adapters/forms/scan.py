"""Scanned papers: what a file is by its first bytes, and whether it is whole. Pure; nothing is decoded.

PDF: ISO 32000-1 section 7.5. JPEG: ITU-T T.81 annex B. PNG: ISO/IEC 15948 section 5.
"""

import re
from collections.abc import Iterator

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
SIGNATURES = ((b"%PDF-", PDF), (b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG))
TAIL = 1_024  # bytes at the end in which every reader looks for a PDF's last words
_PDF_END = re.compile(rb"startxref\s+\d+\s+%%EOF")
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # JPEG's start of frame, of any coding
_SCAN, _LAST, _END = 0xDA, 0xD9, b"\xff\xd9"
MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # of a JPEG; in a scan FF 00 is data, and FF D0 to FF D7 restart it


def media_type(file: bytes) -> str | None:
    """What the file is by its first bytes; None when it is no paper."""
    return next((name for signature, name in SIGNATURES if file.startswith(signature)), None)


def whole(file: bytes) -> bool:
    """Whether a file of one of these types has the structure of it, from its head to its end."""
    match media_type(file):
        case "application/pdf":
            return bool(_PDF_END.search(file[-TAIL:]))
        case "image/jpeg":
            return _whole_jpeg(file)
        case "image/png":
            return _whole_png(file)
    return False


def segments(jpeg: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, begin, end) of each segment of a JPEG; after that of a scan its data follow. Ends where the structure does."""
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        if jpeg[at + 1] == 0xFF:  # a fill byte
            at += 1
            continue
        if jpeg[at + 1] == _LAST:
            return
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if end < at + 4 or end > len(jpeg):
            return
        yield jpeg[at + 1], at, end
        following = MARKER.search(jpeg, end) if jpeg[at + 1] == _SCAN else None
        at = following.start() if following else end


def _whole_jpeg(file: bytes) -> bool:
    framed = False
    for marker, begin, end in segments(file):
        if marker in _FRAMES:
            height, width = file[begin + 5 : begin + 7], file[begin + 7 : begin + 9]
            framed = end - begin >= 10 and any(height) and any(width)
        if marker == _SCAN:
            return framed and file.rfind(_END) >= end
    return False


def _whole_png(file: bytes) -> bool:
    at, drawn = 8, False
    while at + 12 <= len(file):
        length, name = int.from_bytes(file[at : at + 4], "big"), file[at + 4 : at + 8]
        if at == 8 and (name != b"IHDR" or length != 13 or not any(file[16:20]) or not any(file[20:24])):
            return False
        drawn = drawn or name == b"IDAT"
        at += 12 + length
        if name == b"IEND":
            return drawn and at <= len(file)
    return False
