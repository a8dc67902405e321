"""Pictures as a PDF holds them, without the words that they carry: what a preview shows of them. JPEG: ITU-T T.81 annex B;
JBIG2: ITU-T T.88 section 7.2, embedded; JPEG 2000 is drawn anew. Filters: ISO 32000-1 section 7.4."""

import io

from PIL import Image
from pypdf.filters import decode_stream_data
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, StreamObject

from adapters.forms.scan import MARKER, segments

PIXELS = (
    50_000_000  # a page of A3 at 600 dots an inch is 70 million; the largest telephone cameras make 50, drawn in 150 MB
)
QUALITY = 85
DCT, JPX, JBIG2 = "/DCTDecode", "/JPXDecode", "/JBIG2Decode"
SHORT = {"/AHx": "/ASCIIHexDecode", "/A85": "/ASCII85Decode", "/LZW": "/LZWDecode", "/Fl": "/FlateDecode",
         "/RL": "/RunLengthDecode", "/CCF": "/CCITTFaxDecode", "/DCT": DCT}  # fmt: skip
PLAIN = frozenset(SHORT.values()) - {DCT}  # these hold nothing but what they pack

_END = b"\xff\xd9"
_JFIF, _ADOBE = b"\xff\xe0\x00\x10JFIF\x00", b"\xff\xee\x00\x0eAdobe"
_FRAMES, _TABLES = range(0xC0, 0xD0), range(0xDA, 0xE0)
_DRAWN = frozenset(
    (0, 4, 6, 7, 16, 20, 22, 23, 36, 38, 39, 40, 42, 43, 48, 49, 50, 51, 53)
)  # of T.88 7.3, what is drawn


class Unshowable(Exception):
    """No rendition can be made; the text says why and quotes nothing of the file."""


def filters(holder: DictionaryObject, *names: str) -> list[str]:
    """How the data of a stream or inline image are packed, outermost first, by their long names."""
    found = next((holder[name] for name in names if name in holder), ArrayObject())
    every = found if isinstance(found, ArrayObject) else [found]
    return [SHORT.get(str(one.get_object()), str(one.get_object())) for one in every]


def clean(stream: StreamObject) -> None:
    """Takes the words out of the picture that a stream is, if it is one. Unshowable where they cannot be told from it."""
    packed = filters(stream, "/Filter")
    if set(packed) <= PLAIN:
        return
    *outer, codec = packed
    if not set(outer) <= PLAIN or codec not in (DCT, JPX, JBIG2):
        raise Unshowable("a picture in it cannot be cleaned")
    given = stream.get("/DecodeParms", DictionaryObject()).get_object()
    each = list(given) if isinstance(given, ArrayObject) else [given]
    each += [DictionaryObject()] * (len(packed) - len(each))
    data = (
        _unpacked(stream, outer, each) if outer else stream._data
    )  # as it is encoded: pypdf has no public name for it
    stream[NameObject("/Filter")] = NameObject(codec)
    stream[NameObject("/DecodeParms")] = each[len(outer)]
    match codec:
        case "/DCTDecode":
            stream._data = jpeg_without_words(data)
        case "/JPXDecode":
            _draw(stream, data)
        case _:
            _clean_globals(each[len(outer)])
            stream._data = jbig2_without_words(data)


def _unpacked(stream: StreamObject, outer: list[str], each: list[DictionaryObject]) -> bytes:
    packed = StreamObject()
    packed._data = stream._data
    packed[NameObject("/Filter")] = ArrayObject(NameObject(name) for name in outer)
    packed[NameObject("/DecodeParms")] = ArrayObject(each[: len(outer)])
    return decode_stream_data(packed)


def _draw(stream: StreamObject, data: bytes) -> None:
    """JPEG 2000 as a JPEG of its colours, or its grey."""
    if isinstance(stream.get("/ColorSpace", NameObject("/None")).get_object(), ArrayObject) and (
        stream["/ColorSpace"][0] != "/ICCBased"
    ):
        raise Unshowable("a picture in it cannot be cleaned")  # its samples are no colours
    with Image.open(io.BytesIO(data), formats=["JPEG2000"]) as found:
        if found.width * found.height > PIXELS:
            raise Unshowable("too many pixels")
        shown = found.convert("L" if found.mode in ("1", "L", "LA", "I;16") else "RGB")
    made = io.BytesIO()
    shown.save(made, "JPEG", quality=QUALITY)
    for name in ("/Decode", "/DecodeParms", "/SMaskInData"):
        stream.pop(NameObject(name), None)
    stream[NameObject("/Filter")] = NameObject(DCT)
    stream[NameObject("/ColorSpace")] = NameObject("/DeviceGray" if shown.mode == "L" else "/DeviceRGB")
    for name, number in (("/BitsPerComponent", 8), ("/Width", shown.width), ("/Height", shown.height)):
        stream[NameObject(name)] = NumberObject(number)
    stream._data = jpeg_without_words(made.getvalue())


def jpeg_without_words(jpeg: bytes) -> bytes:
    """The same picture without comments, application segments, wherever they stand, and what follows its end. JFIF's first
    words and Adobe's (APP14) say how the colours are to be read, and stay."""
    kept, last, scanned = bytearray(jpeg[:2]), 2, False
    for marker, begin, end in segments(jpeg):
        kept += jpeg[last:begin]  # of the scan before it
        segment = jpeg[begin:end]
        if marker in _FRAMES or marker in _TABLES or marker == 0xDB:
            kept += segment
        elif segment[4:9] == _JFIF[4:] and marker == 0xE0 and len(segment) >= 18:
            kept += _JFIF + segment[9:16] + bytes(2)  # no thumbnail
        elif segment[4:9] == _ADOBE[4:] and marker == 0xEE and len(segment) >= 16:
            kept += _ADOBE + segment[9:16]
        last, scanned = end, scanned or marker == 0xDA
    found = MARKER.search(jpeg, last)
    rest = jpeg[last : found.start() if found else len(jpeg)] if scanned else b""
    return bytes(kept + rest + _END)


def _clean_globals(parameters: DictionaryObject) -> None:
    shared = parameters.get("/JBIG2Globals")
    if shared is not None:
        stream = shared.get_object()
        stream._data = jbig2_without_words(decode_stream_data(stream))
        for name in ("/Filter", "/DecodeParms"):
            stream.pop(NameObject(name), None)


def jbig2_without_words(data: bytes) -> bytes:
    """The segments that are drawn; of the others one kind holds comments."""
    kept, at = bytearray(), 0
    while at < len(data):
        begin, number, flags = at, int.from_bytes(data[at : at + 4], "big"), data[at + 4]
        count, at = data[at + 5] >> 5, at + 6
        if count == 7:
            count = int.from_bytes(data[at - 1 : at + 3], "big") & 0x1FFFFFFF
            at += 3 + (count + 8) // 8
        at += count * (1 if number <= 256 else 2 if number <= 65_536 else 4) + (4 if flags & 0x40 else 1)
        length, at = int.from_bytes(data[at : at + 4], "big"), at + 4
        if at + length > len(data):
            raise Unshowable("a picture in it cannot be cleaned")  # its length is not told, or it is broken
        at += length
        if flags & 0x3F in _DRAWN:
            kept += data[begin:at]
    return bytes(kept)
