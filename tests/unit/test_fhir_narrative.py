"""Narrative: what R4 allows passes, what it forbids has its code, and both readings agree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.fhir import narrative
from adapters.fhir.narrative import check
from schemas.catalogue import fhir_rules

XMLNS = 'xmlns="http://www.w3.org/1999/xhtml"'
OPEN = f"<div {XMLNS}>"


def div(content: str) -> str:
    return f"{OPEN}{content}</div>"


RIGHT = [
    div("診斷證明書"),
    div("<h1>a</h1><p>b<br/>c</p><ul><li>d</li></ul><ol><li>e</li></ol><pre>f</pre><hr/>"),
    div(
        '<table border="1"><caption>a</caption><tbody><tr><th scope="col">b</th><td colspan="2">c</td></tr></tbody></table>'
    ),
    div('<a href="https://hospital.example/x">a</a><a name="b"> </a><a href="#c">c</a><a href="Patient-d.html">d</a>'),
    div('<a href="mailto:desk@hospital.example">a</a>'),
    div('<a href="https://hospital.example/?a=1&amp;b=2">a</a>'),
    div('<a href="data:image/png;base64,AAAA">a</a>'),
    div('<img src="#picture" alt="x"/>'),
    div('<img src="data:image/png;base64,AAAA"/>'),
    div('<span style="color: red; background: url(data:image/png;base64,AAAA)" title="x">a</span>'),
    div("&lt;&gt;&amp;&quot;&apos;&#160;&#x4E2D;"),
    div("&#160;"),  # XPath's normalize-space does not take it for white space
    div("<!-- a comment --> a"),
    div("<![CDATA[ a < b ]]>"),
    div("<p xml:lang='zh-TW' lang='zh-TW'>a</p>"),
    div(f"<div {XMLNS}>a</div>"),
    div('<p title="a > b">c</p>'),
    f" \n<div\n{XMLNS} lang='zh'>a</div>\n",
    f'<div lang="zh" {XMLNS}>a</div>',
    div("<p >a</p >"),
    div("<P>a</P>".lower()),
]
WRONG = [
    (div("<script>alert(1)</script>"), "narrative-element"),
    (div("a<script/>"), "narrative-element"),
    (div("<style>p {}</style>a"), "narrative-element"),
    (div('<form action="x">a</form>'), "narrative-element"),
    (div("<P>a</P>"), "narrative-element"),
    (div("<iframe>a</iframe>"), "narrative-element"),
    (div("<object>a</object>"), "narrative-element"),
    (div('<svg xmlns="http://www.w3.org/2000/svg">a</svg>'), "narrative-element"),
    (div('<p xmlns="urn:other">a</p>'), "narrative-element"),
    (div('<x:p xmlns:x="urn:other">a</x:p>'), "narrative-element"),
    (div('<p onclick="x()">a</p>'), "narrative-attribute"),
    (f'<div {XMLNS} onload="x()">a</div>', "narrative-attribute"),
    (div('<a href="#b" target="_blank">a</a>'), "narrative-attribute"),
    (div('<p xmlns:x="urn:x" x:class="b">a</p>'), "narrative-attribute"),
    (div('<a href="javascript:x()">a</a>'), "narrative-active"),
    (div('<a href=" Java&#10;Script:x()">a</a>'), "narrative-active"),
    (div('<a href="&#106;avascript:x()">a</a>'), "narrative-active"),
    (div('<a href="vbscript:x()">a</a>'), "narrative-active"),
    (div('<a href="data:text/html,x">a</a>'), "narrative-active"),
    (div('<a href="data:image/svg+xml,x">a</a>'), "narrative-active"),
    (div('<p style="width: expression(x())">a</p>'), "narrative-active"),
    (div('<p style="background: url(javascript:x())">a</p>'), "narrative-active"),
    (div('<p style="behavior: url(x.htc)">a</p>'), "narrative-active"),
    (div('<p style="b\\65 havior: x">a</p>'), "narrative-active"),
    (div('<p style="@import x">a</p>'), "narrative-active"),
    (div('<p style="-moz-binding: url(x)">a</p>'), "narrative-active"),
    (div('<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>&y;'), "narrative-dtd"),
    (f'<!DOCTYPE div [<!ENTITY y "z">]>{div("&y;")}', "narrative-dtd"),
    (f'<!DOCTYPE div SYSTEM "http://other.example/x.dtd">{div("a")}', "narrative-dtd"),
    (div("CPT&reg;"), "narrative-entity"),
    (div("a&nbsp;b"), "narrative-entity"),
    (div('<p title="&copy;">a</p>'), "narrative-entity"),
    ("<div>a</div>", "narrative-root"),
    ('<div xmlns="http://hl7.org/fhir">a</div>', "narrative-root"),
    (f"<p {XMLNS}>a</p>", "narrative-root"),
    (f'<x:div xmlns:x="{XMLNS[7:-1]}">a</x:div>', "narrative-root"),
    (f'<?xml version="1.0"?>{div("a")}', "narrative-root"),
    (f"<!-- first -->{div('a')}", "narrative-root"),
    (f"<?xml-stylesheet href='x'?>{div('a')}", "narrative-xml"),
    (div("<?php x ?>a"), "narrative-xml"),
    (div("<p>a"), "narrative-xml"),
    (div("<b><i>a</b></i>"), "narrative-xml"),
    (div("a < b"), "narrative-xml"),
    (div("a & b"), "narrative-xml"),
    (div("a ]]> b"), "narrative-xml"),
    (div("<p class=a>a</p>"), "narrative-xml"),
    (div('<p class="a" class="b">a</p>'), "narrative-xml"),
    (div("&#0;"), "narrative-xml"),
    (div("a\ud800"), "narrative-xml"),
    (div("a\x01"), "narrative-xml"),
    (div("a") + div("b"), "narrative-xml"),
    (div("a") + "b", "narrative-xml"),
    ("a", "narrative-xml"),
    ("", "narrative-xml"),
    (div(""), "narrative-empty"),
    (div(" \n\t"), "narrative-empty"),
    (div("<p><br/></p>"), "narrative-empty"),
    (div("<!-- a -->"), "narrative-empty"),
    (div("<!-- > a -->"), "narrative-empty"),
    (div("&#32;"), "narrative-empty"),
    (div('<img alt="x"/>'), "narrative-empty"),
    (div('<a title="a > b"> </a>'), "narrative-empty"),
]


@pytest.mark.parametrize("text", RIGHT)
def test_right(text: str) -> None:
    assert check(text) is None


@pytest.mark.parametrize(("text", "code"), WRONG)
def test_wrong(text: str, code: str) -> None:
    found = check(text)
    assert found is not None
    assert code in [one.code for one in found]
    assert {one.place for one in found} == {()}


def test_every_code_is_told_somewhere() -> None:
    assert {code for _, code in WRONG} == {one.code for one in fhir_rules.ENTRIES if one.code.startswith("narrative-")}


def test_each_kind_is_told_once() -> None:
    found = check(div('<script/><script/><p onclick="x">a</p>'))
    assert found is not None
    assert [one.code for one in found] == ["narrative-attribute", "narrative-element"]


@pytest.mark.parametrize("value", [None, 5, True, [], {}, {"a": 1}])
def test_what_is_no_text_is_told_elsewhere(value: object) -> None:
    assert check(value) is None


PARTS = [
    "<p>", "</p>", "<b>", "</b>", "<br/>", "<td>", "</td>", "<a href=\"#x\">", "</a>", "<a href=\"javascript:x\">", "<img/>",
    "<img src=\"x\"/>", "<script>", "</script>", "<p class=\"x\">", "<p onclick=\"x\">", "<p style=\"a:b\">",
    "<p style=\"expression(\">", "<p  class='x'>", "<div>", "</div>", OPEN, "<!-- x -->", "<!--", "-->", "<![CDATA[", "]]>",
    "<?x y?>", "<!DOCTYPE x>", "&amp;", "&nbsp;", "&#32;", "&#160;", "&", "<", ">", "\"", "字", " ", "\n", "\u00a0", "\x00",
    "<p title=\"a>b\">", "<p title=\"&amp;\">", "<x:p>", "<p xmlns=\"x\">", "<p xml:lang=\"x\">", "<a href=\"x:y\">",
]  # fmt: skip
PAIRS = st.sampled_from(["p", "b", "td", "span", "script", "a"]).map(lambda name: (f"<{name}>", f"</{name}>"))
CONTENT = st.recursive(
    st.lists(st.sampled_from(PARTS), max_size=4).map("".join) | st.sampled_from(["a", " ", "<br/>", "&#160;", ""]),
    lambda inner: st.tuples(PAIRS, inner, inner).map(lambda each: each[0][0] + each[1] + each[0][1] + each[2]),
    max_leaves=8,
)


@settings(max_examples=1500, deadline=None)
@given(CONTENT.map(div) | CONTENT | st.text())
def test_both_readings_agree(text: str) -> None:
    """What the patterns let through has nothing wrong for the reading of each event, and the other way round."""
    found = check(text)
    assert {one.code for one in found or ()} == narrative._read(text)


def test_a_large_narrative_is_read_once() -> None:
    rows = "<tr><td>白血球</td><td>7.1</td></tr>" * 20_000
    assert check(div(f"<table><tbody>{rows}</tbody></table>")) is None
    assert check(div("<b>" * 20_000 + "a" + "</b>" * 20_000)) is None
    assert check(div("<p " * 20_000)) is not None
