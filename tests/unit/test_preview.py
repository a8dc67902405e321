"""Previews: what a scan shows, and nothing else that it carries; what is too large or broken shows nothing."""

import io
import subprocess
import sys
import zlib
from collections.abc import Callable

import pytest
from PIL import Image, PngImagePlugin
from pypdf import PdfReader, PdfWriter

from adapters.forms import preview as module
from adapters.forms.pictures import Unshowable, jbig2_without_words, jpeg_without_words
from adapters.forms.preview import preview
from services.sandbox.filings import pdf, png

SECRET = b"A123456789"
ACTS = (b"/JavaScript", b"/JS", b"/OpenAction", b"/AA", b"/Annots", b"/URI", b"/EmbeddedFiles", b"/AcroForm", b"/Metadata",
        b"/Info", b"/PieceInfo", b"/Ref")  # fmt: skip


def photograph(kind: str = "JPEG", size: tuple[int, int] = (60, 40)) -> bytes:
    """A picture, red on the left, that names somebody in EXIF, in a comment or text, and behind its end."""
    picture = Image.new("RGB", size, "white")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = SECRET.decode(), 3  # ImageDescription; Orientation: upside down
    made = io.BytesIO()
    if kind == "JPEG":
        picture.save(made, kind, exif=exif, comment=SECRET, quality=95)
    else:
        words = PngImagePlugin.PngInfo()
        words.add_text("Author", SECRET.decode(), zip=True)
        picture.save(made, kind, pnginfo=words, exif=exif)
    return made.getvalue() + SECRET


def busy_pdf() -> bytes:
    """A page with a photograph, and everything on it that acts or tells."""
    photo = photograph()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction 6 0 R /AA << /WC 6 0 R >> /Names << /EmbeddedFiles 7 0 R >>"
        b" /AcroForm << /XFA (x) >> /Metadata 8 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /AA << /O 6 0 R >> /Annots [9 0 R]"
        b" /PieceInfo << /X << /Private (A123456789) >> >> /Metadata 8 0 R"
        b" /Resources << /XObject << /A 5 0 R /F 11 0 R >> >> >>",
        b"<< /Length 44 >>\nstream\nq 600 0 0 400 0 0 cm /A Do /F Do Q          \nendstream",
        b"<< /Type /XObject /Subtype /Image /Width 60 /Height 40 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter"
        b" /DCTDecode /Metadata 8 0 R /Length %d >>\nstream\n%s\nendstream" % (len(photo), photo),
        b"<< /S /JavaScript /JS (app.alert('A123456789')) >>",
        b"<< /Names [(a) 10 0 R] >>",
        b"<< /Type /Metadata /Subtype /XML /Length 10 >>\nstream\nA123456789\nendstream",
        b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://tracker.example/A123456789) >> >>",
        b"<< /Type /Filespec /F (a) /EF << /F 8 0 R >> >>",
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Ref << /F (other.pdf) /Page 0 >> /PieceInfo << /P 8 0 R >>"
        b" /Length 0 >>\nstream\n\nendstream",
    )
    made, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    info = b"%d 0 obj\n<< /Author (A123456789) >>\nendobj\n" % (len(objects) + 1)
    return (
        made + info + b"xref\n0 %d\n0000000000 65535 f \n%s%010d 00000 n \n" % (len(objects) + 2, table, len(made))
        + b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 2, len(objects) + 1, len(made) + len(info))
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png")])
def test_a_picture_is_drawn_anew_without_its_words(kind: str, media_type: str) -> None:
    taken = photograph(kind)
    made, of_type = preview(taken)
    assert of_type == media_type and SECRET in taken and SECRET not in made
    with Image.open(io.BytesIO(made)) as shown:
        assert not shown.getexif() and not {"comment", "exif", "Author"} & shown.info.keys()
        assert shown.size == (60, 40)
        left, right = (shown.convert("RGB").getpixel((x, 20)) for x in (5, 55))
    # It was taken upside down, and is shown upright.
    assert left[1] > 200 and right[1] < 60  # type: ignore[index]


def test_what_is_too_large_is_shown_small_or_not_at_all() -> None:
    with Image.open(io.BytesIO(preview(photograph(size=(5_000, 2_500)))[0])) as shown:
        assert shown.size == (module.EDGE, module.EDGE // 2)
    head = png("x")
    bomb = head[:16] + (60_000).to_bytes(4, "big") * 2 + head[24:29]
    bomb += zlib.crc32(bomb[12:29]).to_bytes(4, "big") + head[33:]
    with pytest.raises(Unshowable, match="too many pixels"):
        preview(bomb)


def test_of_a_pdf_the_pages_alone_are_copied() -> None:
    taken = busy_pdf()
    assert all(word in taken for word in (SECRET, *ACTS))
    made, of_type = preview(taken)
    assert of_type == "application/pdf"
    assert [word for word in (SECRET, b"other.pdf", *ACTS) if word in made] == []
    reader = PdfReader(io.BytesIO(made))
    (page,) = reader.pages
    assert b"/A Do" in page.get_contents().get_data()  # type: ignore[union-attr]
    resources = page["/Resources"]["/XObject"]  # type: ignore[index]
    assert sorted(resources) == ["/A", "/F"]  # names that a page gave to what it shows stay
    with Image.open(io.BytesIO(resources["/A"].get_object()._data)) as shown:
        shown.load()
        assert shown.size == (60, 40) and not shown.getexif()


def test_a_photograph_without_its_words_is_the_same_picture() -> None:
    taken = photograph()[: -len(SECRET)]
    with Image.open(io.BytesIO(taken)) as before, Image.open(io.BytesIO(jpeg_without_words(taken))) as after:
        assert before.tobytes() == after.tobytes()


def one_picture(packed: bytes, data: bytes, drawing: bytes = b"q 60 0 0 40 0 0 cm /A Do Q") -> bytes:
    """The page above with nothing but this picture and drawing."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 60 40] /Contents 4 0 R /Resources << /XObject << /A 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<< /Type /XObject /Subtype /Image /Width 60 /Height 40 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter %s"
        b" /Length %d >>\nstream\n%s\nendstream" % (packed, len(data), data),
        b"/DCTDecode",
    )
    made, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return made + b"xref\n0 7\n0000000000 65535 f \n%strailer\n<< /Size 7 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        table, len(made))  # fmt: skip


def shown(file: bytes) -> tuple[bytes, Image.Image]:
    """What the one page of the preview draws, and its picture; nothing of the file says the secret, packed or not."""
    made, _ = preview(file)
    reader = PdfReader(io.BytesIO(made))
    (page,) = reader.pages
    picture = page["/Resources"]["/XObject"]["/A"].get_object()  # type: ignore[index]
    drawing = page.get_contents().get_data()  # type: ignore[union-attr]
    assert not any(SECRET in part or SECRET.hex().encode() in part.lower() for part in (made, drawing, picture._data))
    drawn = Image.open(io.BytesIO(picture._data))
    drawn.load()
    assert drawn.size == (60, 40) and picture["/Filter"] == "/DCTDecode"
    return drawing, drawn


@pytest.mark.parametrize(
    ("packed", "pack"),
    [
        (b"/DCTDecode", bytes),
        (b"6 0 R", bytes),  # the name is an object of its own
        (b"[6 0 R]", bytes),
        (b"[/FlateDecode /DCTDecode]", zlib.compress),
        (b"[/ASCIIHexDecode /DCTDecode]", lambda data: data.hex().encode() + b">"),
        (b"[/ASCIIHexDecode /FlateDecode /DCTDecode]", lambda data: zlib.compress(data).hex().encode() + b">"),
    ],
)
def test_a_photograph_loses_its_words_however_it_is_packed(packed: bytes, pack: Callable[[bytes], bytes]) -> None:
    _, drawn = shown(one_picture(packed, pack(photograph())))
    assert drawn.tobytes() == Image.open(io.BytesIO(photograph())).tobytes()


def test_a_picture_in_jpeg_2000_is_drawn_anew() -> None:
    made = io.BytesIO()
    Image.open(io.BytesIO(photograph())).convert("RGB").save(made, "JPEG2000", comment=SECRET.decode())
    taken = made.getvalue() + (8 + 10).to_bytes(4, "big") + b"xml " + SECRET
    assert taken.count(SECRET) == 2
    _, drawn = shown(one_picture(b"/JPXDecode", taken))
    assert drawn.getpixel((5, 20))[0] > 200 and drawn.getpixel((5, 20))[1] < 60  # type: ignore[index]


@pytest.mark.parametrize("packed", [b"[/DCTDecode /FlateDecode]", b"/Unknown", b"[/JPXDecode /DCTDecode]"])
def test_a_picture_that_cannot_be_cleaned_shows_nothing(packed: bytes) -> None:
    with pytest.raises(Unshowable, match="cannot be cleaned"):
        preview(one_picture(packed, photograph()))


def test_a_drawing_loses_its_comments_and_photographs() -> None:
    inline = b"\nBI /W 60 /H 40 /CS /RGB /BPC 8 /F /DCT ID " + photograph()[: -len(SECRET)] + b"\nEI\n"
    kept = b"\nBI /W 1 /H 1 /CS /G /BPC 8 ID \x80\nEI\n"
    words = b"% by A123456789\nq 60 0 0 40 0 0 cm% A123456789\r/A Do" + inline + kept + b"BT (50%\\) \x96) Tj ET Q"
    drawing, _ = shown(one_picture(b"/DCTDecode", photograph(), words))
    assert drawing.split() == [
        *b"q 60 0 0 40 0 0 cm /A Do BI".split(), *b"/W 1 /H 1 /CS /G /BPC 8 ID \x80 EI".split(),
        *b"BT <353025292096> Tj ET Q".split()]  # fmt: skip


def test_words_between_the_scans_of_a_photograph_go() -> None:
    made = io.BytesIO()
    Image.effect_noise((60, 40), 80).convert("RGB").save(made, "JPEG", progressive=True)
    taken = made.getvalue()
    between = taken.index(b"\xff\xc4", taken.index(b"\xff\xda"))
    words = b"".join(
        marker + (2 + len(SECRET)).to_bytes(2, "big") + SECRET for marker in (b"\xff\xfe", b"\xff\xe1", b"\xff\xf0")
    )
    told = taken[:between] + words + taken[between:]
    assert jpeg_without_words(told) == jpeg_without_words(taken) and SECRET in told
    with Image.open(io.BytesIO(taken)) as before, Image.open(io.BytesIO(jpeg_without_words(told))) as after:
        assert before.tobytes() == after.tobytes()


def test_the_comments_of_a_jbig2_picture_go() -> None:
    def segment(number: int, kind: int, data: bytes, refers: bytes = b"\x00") -> bytes:
        return number.to_bytes(4, "big") + bytes([kind]) + refers + b"\x01" + len(data).to_bytes(4, "big") + data

    page, region = segment(0, 48, bytes(19)), segment(2, 38, b"pixels", b"\x20\x01")
    many = segment(3, 6, b"text", b"\xe0\x00\x00\x05\x00" + bytes(5))
    assert jbig2_without_words(page + segment(1, 62, SECRET) + region + many) == page + region + many
    with pytest.raises(Unshowable):
        jbig2_without_words(page[:-1])


@pytest.mark.parametrize(
    "file",
    [
        b"GIF89a",
        b"%PDF-1.7\nstartxref\n0\n%%EOF\n",
        b"\xff\xd8\xff\xe0invented",
        b"\x89PNG\r\n\x1a\n" + bytes(30),
        png("x")[:-30],
        pdf("x").replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"),  # a tree of pages that is its own branch
    ],
    ids=range(6),
)
def test_what_cannot_be_read_shows_nothing(file: bytes) -> None:
    with pytest.raises(Unshowable):
        preview(file)


def test_an_encrypted_pdf_shows_nothing() -> None:
    writer, made = PdfWriter(), io.BytesIO()
    writer.add_page(PdfReader(io.BytesIO(pdf("x"))).pages[0])
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(made)
    with pytest.raises(Unshowable, match="encrypted"):
        preview(made.getvalue())


def run(file: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "adapters.forms.preview"], input=file, capture_output=True, check=False, timeout=60
    )


def test_the_process_gives_the_rendition_or_the_reason() -> None:
    done = run(png("x"))
    assert done.returncode == 0 and done.stdout == preview(png("x"))[0]
    refused = run(b"%PDF-1.7\nstartxref\n0\n%%EOF\n")
    assert refused.returncode == 3 and refused.stdout == b"" and refused.stderr.endswith(b"not readable (PdfReadError)")


def test_a_bomb_shows_nothing() -> None:
    """A stream of objects that unpacks to 240 times its size."""
    packed = zlib.compressobj(1)
    bomb = b"".join(packed.compress(bytes(1 << 24)) for _ in range(20)) + packed.flush()
    objects = (
        b"1 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\n"
    )
    body = b"%PDF-1.5\n" + objects % (len(bomb), bomb)
    rows = b"\x00\x00\x00\x00\x00\x01\x00\x00\x09\x00\x02\x00\x00\x01\x00\x02\x00\x00\x01\x01"
    table = b"2 0 obj\n<< /Type /XRef /Size 4 /W [1 3 1] /Root 3 0 R /Length %d >>\nstream\n%s\nendstream\nendobj\n"
    file = body + table % (len(rows), rows) + b"startxref\n%d\n%%%%EOF\n" % len(body)
    assert len(file) < 2_000_000
    done = run(file)
    assert done.returncode != 0 and done.stdout == b"", done.stderr
