"""A rendition of a scanned paper to look at: what it shows, and nothing else that it carries.

JPEG and PNG are drawn anew, without EXIF, texts, profiles or whatever hangs behind their end. Of a PDF the pages are copied
without anything that acts (scripts, actions, forms, embedded files, links), without metadata, its photographs without EXIF, and
its drawing written anew, without comments.

`python -m adapters.forms.preview` reads a file and writes its rendition, within bounds of time and memory that it sets itself:
whoever calls it runs it as a process of its own, because what it opens was written by strangers.
"""

import io
import resource
import sys
import zlib
from collections.abc import Iterator

from PIL import Image, ImageOps
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, NameObject, PdfObject, StreamObject

from adapters.forms.pictures import PIXELS, PLAIN, QUALITY, Unshowable, clean, filters
from adapters.forms.scan import JPEG, PDF, PNG, media_type

EDGE = 2_400  # pixels: an A4 page stays readable at 200 dots an inch
PAGES = 200
MEMORY_BYTES = 1 << 30
CPU_SECONDS = 10

# Of a page what it shows (ISO 32000-1, table 30); annotations, actions, metadata and whatever else hangs on it stay behind.
PAGE = frozenset(("/Type", "/Parent", "/Contents", "/Resources", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox",
                  "/Rotate", "/Group", "/UserUnit"))  # fmt: skip
# Of what a page uses: words about it, private data, files inside (14.3, 14.5, 7.11.4), and files outside (8.10.4, 7.3.8.2).
BEHIND = ("/Metadata", "/PieceInfo", "/LastModified", "/AA", "/OpenAction", "/JavaScript", "/EmbeddedFiles", "/EF", "/AF",
          "/Ref", "/OPI", "/Alternates")  # fmt: skip
OUTSIDE = ("/F", "/FFilter", "/FDecodeParms")
UNREADABLE = (PyPdfError, ValueError, LookupError, TypeError, AttributeError, RecursionError, OSError, SyntaxError,
              AssertionError, NotImplementedError, zlib.error)  # fmt: skip


def preview(file: bytes) -> tuple[bytes, str]:
    """The rendition and its media type, that of the file."""
    kind = media_type(file)
    match kind:
        case "application/pdf":
            return _pages(file), PDF
        case "image/jpeg" | "image/png":
            return _picture(file, kind), kind
    raise Unshowable("no paper")


def _picture(file: bytes, kind: str) -> bytes:
    Image.MAX_IMAGE_PIXELS = None  # our own bound is judged before anything is decoded
    try:
        with Image.open(io.BytesIO(file), formats=["JPEG", "PNG"]) as found:
            if found.width * found.height > PIXELS:
                raise Unshowable("too many pixels")
            found.draft("RGB", (EDGE, EDGE))  # a JPEG is decoded no larger than it is shown
            upright = ImageOps.exif_transpose(found)
            shown = upright.convert("RGBA" if kind == PNG and upright.has_transparency_data else "RGB")
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise Unshowable(f"not readable ({type(error).__name__})") from None
    shown.thumbnail((EDGE, EDGE))
    clean = Image.new(shown.mode, shown.size)  # nothing but pixels goes over
    clean.paste(shown)
    made = io.BytesIO()
    clean.save(made, "JPEG" if kind == JPEG else "PNG", **({"quality": QUALITY} if kind == JPEG else {}))
    return made.getvalue()


def _pages(file: bytes) -> bytes:
    try:
        reader = PdfReader(io.BytesIO(file))
        if reader.is_encrypted:
            raise Unshowable("encrypted")
        if len(reader.pages) > PAGES:
            raise Unshowable("too many pages")
        writer = PdfWriter()
        for page in reader.pages:
            for name in page.keys() - PAGE:  # before it is copied: what hangs on them is not copied at all
                del page[name]
            writer.add_page(page)
        writer.metadata = None
        for page in writer.pages:
            if "/Contents" in page:
                drawing = StreamObject()
                _pack(drawing, _drawing(page["/Contents"]))
                page[NameObject("/Contents")] = writer._add_object(drawing)
        writer.compress_identical_objects(remove_duplicates=False)  # what was drawn there before goes
        for found in writer._objects:
            _strip(found)
        writer.compress_identical_objects(remove_duplicates=False)  # what was led to goes, too
        made = io.BytesIO()
        writer.write(made)
        return made.getvalue()
    except UNREADABLE as error:
        raise Unshowable(f"not readable ({type(error).__name__})") from None


def _strip(found: object) -> None:
    for one in _within(found):
        for name in (*BEHIND, *(OUTSIDE if isinstance(one, StreamObject) else ())):
            one.pop(NameObject(name), None)
        if isinstance(one, StreamObject):
            clean(one)
        if isinstance(one, StreamObject) and (one.get("/Subtype") == "/Form" or one.get("/PatternType") == 1):
            _pack(one, _drawing(one))
        for glyph in one["/CharProcs"].values() if "/CharProcs" in one else ():
            _pack(glyph.get_object(), _drawing(glyph))


def _drawing(contents: PdfObject) -> bytes:
    """Operators and what they work on, written anew: comments go, and inline images that are photographs or unknown."""
    found, kept = ContentStream(contents, None, forced_encoding="bytes"), []
    for on, operator in found.operations:
        if operator == b"INLINE IMAGE":
            if not set(filters(on["settings"], "/F", "/Filter")) <= PLAIN:
                continue
            on["data"] += b"\n"  # for readers that look for the end of the picture
        kept.append((on, operator))
    found.operations = kept
    return found.get_data()


def _pack(stream: StreamObject, data: bytes) -> None:
    stream._data = zlib.compress(data)  # as it is encoded, for which pypdf has no public name
    stream.decoded_self = None
    stream[NameObject("/Filter")] = NameObject("/FlateDecode")
    stream.pop(NameObject("/DecodeParms"), None)


def _within(found: object) -> Iterator[DictionaryObject]:
    """The dictionaries of one object of the file; what it refers to is an object of its own."""
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, DictionaryObject):
            yield one
            waiting += one.values()
        elif isinstance(one, ArrayObject):
            waiting += one


def main() -> None:
    """0 and the rendition; 3 and the reason where there is none."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        made, _ = preview(sys.stdin.buffer.read())
    except Unshowable as error:
        sys.stderr.write(str(error))
        sys.exit(3)
    except MemoryError:
        sys.stderr.write("too large when opened")
        sys.exit(3)
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
