"""The narrative of a resource: R4's small XHTML (http://hl7.org/fhir/R4/narrative.html, invariants txt-1 and txt-2).

One `div` in the XHTML namespace with nothing before it, well-formed, with the elements and attributes that txt-1 lists,
some text or an image (txt-2), no DTD, no entities but XML's own and numeric ones (`&nbsp;` is `&#160;`), and nothing
active. expat reads it and never follows anything outside. Where `#` and relative links lead is not judged: they may
lead to other resources and other narratives of the same document.

Half of a document may be narrative. So two readings: patterns that let through what is written as nearly everybody
writes it, after which expat need only say that it is well-formed; and for the rest expat's events, one by one.
"""

import re
from xml.parsers import expat

from adapters.fhir.faults import Fault

_NAMESPACE = "http://www.w3.org/1999/xhtml"
_XHTML = _NAMESPACE + " "
_XML = "http://www.w3.org/XML/1998/namespace "
# txt-1, as its XPath lists them; the most frequent first.
_ELEMENTS = (
    "td|b|tr|p|br|table|span|a|div|li|ul|i|th|code|h2|h3|blockquote|strong|abbr|acronym|big|caption|cite|col|colgroup|"
    "dd|dfn|dl|dt|em|h1|h4|h5|h6|hr|img|ol|pre|q|samp|small|sub|sup|tbody|tfoot|thead|tt|var"
)
_ATTRIBUTES = (  # and href, src, style, whose values matter
    "class|title|name|colspan|id|alt|border|abbr|accesskey|align|axis|bgcolor|cellhalign|cellpadding|cellspacing|"
    "cellvalign|char|charoff|charset|cite|compact|coords|dir|frame|headers|height|hreflang|hspace|lang|longdesc|nowrap|"
    "rel|rev|rowspan|rules|scope|shape|span|start|summary|tabindex|type|valign|value|vspace|width"
)
_KNOWN_ELEMENTS = frozenset(_XHTML + name for name in _ELEMENTS.split("|"))
_KNOWN_ATTRIBUTES = frozenset(_ATTRIBUTES.split("|")) | {"href", "src", "style", _XML + "lang", _XML + "space"}
_BLANK = " \t\r\n"  # what XPath's normalize-space takes for white space

# Browsers skip white space and control characters in a scheme; so do we.
_ACTIVE_LINK = re.compile(r"[\s\x00-\x1f]*(?:j\s*a\s*v\s*a|v\s*b|l\s*i\s*v\s*e)\s*s\s*c\s*r\s*i\s*p\s*t\s*:", re.I)
_DATA_LINK = re.compile(r"[\s\x00-\x1f]*data\s*:(?!image/(?!svg))", re.I)
_ACTIVE_STYLE = re.compile(r"expression\s*\(|script\s*:|-moz-binding|behavior\s*:|@import|\\", re.I)
_DECLARATION = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.I)

# As nearly everybody writes it: one space before each attribute, its value in double quotes and without entities.
_USUAL = (
    rf'(?: (?:(?:{_ATTRIBUTES})="[^"<>&]*"|style="[^"<>&(\\@]*"'
    r'|(?:href|src)="(?:https?:[^"<>&]*|mailto:[^"<>&]*|[^:"<>&]*)"))*+'
)
_USUAL_ROOT = re.compile(rf'<div xmlns="{re.escape(_NAMESPACE)}"{_USUAL}>')
_UNUSUAL_TAG = re.compile(rf"<(?!/|(?:{_ELEMENTS})(?:>|{_USUAL}/?>))")
_TEXT = re.compile(rf">[{_BLANK}]*[^<&{_BLANK}]")


def check(div: object) -> list[Fault] | None:
    """The faults of a narrative's `div`, at that element; each kind once. None when there are none."""
    if type(div) is not str:
        return None
    root = _USUAL_ROOT.match(div)
    if root is not None:
        begin = root.end()
        if _UNUSUAL_TAG.search(div, begin) is None and _TEXT.search(div, begin - 1) is not None:
            try:
                expat.ParserCreate().Parse(div, True)
                return None
            except (expat.ExpatError, UnicodeEncodeError):
                pass  # told below
    found = _read(div)
    return [Fault((), code) for code in sorted(found)] if found else None


def _read(div: str) -> set[str]:
    """What is wrong, by reading each event."""
    reading = _Reading()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.ordered_attributes = True
    parser.StartElementHandler = reading.start
    parser.CharacterDataHandler = reading.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.ProcessingInstructionHandler = _refuse
    try:
        parser.Parse(div, True)
    except _RefusedError:
        reading.found.add("narrative-dtd" if _DECLARATION.search(div) else "narrative-xml")
    except expat.ExpatError as error:
        reading.found.add(_malformed(div, error.code))
    except UnicodeEncodeError:  # half of a surrogate pair
        reading.found.add("narrative-xml")
    else:
        if reading.empty:
            reading.found.add("narrative-empty")
        if not div.lstrip(_BLANK).startswith("<div"):
            reading.found.add("narrative-root")
    return reading.found


class _RefusedError(Exception):
    """The narrative declares something; to read on would be to obey it."""


def _refuse(*_: object) -> None:
    raise _RefusedError


def _malformed(div: str, error: int) -> str:
    if _DECLARATION.search(div):
        return "narrative-dtd"
    if error == expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]:
        return "narrative-entity"
    return "narrative-xml"


class _Reading:
    """What expat's handlers gather."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.empty = True
        self._root = True

    def start(self, name: str, attributes: list[str]) -> None:
        if self._root:
            self._root = False
            if name != _XHTML + "div":
                self.found.add("narrative-root")
        if name not in _KNOWN_ELEMENTS:
            self.found.add("narrative-element")
        for key, value in zip(attributes[::2], attributes[1::2], strict=True):
            if key not in _KNOWN_ATTRIBUTES:
                self.found.add("narrative-attribute")
            elif key == "style":
                if _ACTIVE_STYLE.search(value):
                    self.found.add("narrative-active")
            elif key == "src" and name == _XHTML + "img":
                self.empty = False
            elif key == "href" and (_ACTIVE_LINK.match(value) or _DATA_LINK.match(value)):
                self.found.add("narrative-active")

    def text(self, data: str) -> None:
        if self.empty and data.strip(_BLANK):
            self.empty = False
