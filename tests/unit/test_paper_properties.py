"""Person and machine see the same: every value of a document stands on its paper, exactly, under its path; nothing that a
document holds is ever markup; and nothing makes the drawing fail."""

import base64
import copy
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import json_text
from adapters.fhir.faults import Place, expression
from schemas.problems import problem
from services.conversion.paper import SHEETS, Told, view
from services.conversion.paper_page import POLICY, STYLE, drawn, html
from services.conversion.paper_rest import SHORT, VALUES, narrative
from services.conversion.paper_trace import TEXT_LIMIT, TOTAL_LIMIT, plain, visible
from tests.unit.paper_reading import EXAMPLE, SAMPLES, Json, Page, load, page, paper, resource

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "article", "header", "footer", "div", "p", "span", "b", "br"),
    *("h1", "h2", "h3", "table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "ul", "li", "small", "strong"),
    *("em", "code", "data", "time"),
}
ATTRIBUTES = {
    *(
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "role",
        "aria-hidden",
        "scope",
        "rowspan",
        "colspan",
    ),
    *("title", "value", "datetime", "data-path"),
}
# What names resources, profiles and code systems is told in the list of contents, without a path of its own.
TECHNICAL = {
    *("reference", "system", "url", "valueSet", "valueCanonical", "fullUrl", "id", "resourceType", "type"),
    *("profile", "versionId", "lastUpdated", "source"),
}


def leaves(value: object, place: Place = ()) -> list[tuple[Place, str]]:
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in leaves(item, (*place, key))]
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in leaves(item, (*place, index))]
    return [(place, plain(value))] if plain(value) else []


def missing(value: Json, read: Page) -> list[str]:
    """Paths of values that do not stand on the page as they are."""
    words = read.words
    found = []
    for place, raw in leaves(value):
        path = expression("Bundle", place)
        if place[-1] == "div" and place[-2:-1] == ("text",):
            expected = visible(narrative(raw))
        else:
            expected = raw
        names = next(token for token in reversed(place) if isinstance(token, str)) in TECHNICAL and raw in words
        if expected and expected not in read.values.get(path, ()) and not names:
            found.append(path)
    return found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_value_of_a_document_stands_on_its_paper(path: Path) -> None:
    value, _ = json_text.read(path.read_bytes())
    assert isinstance(value, dict)
    assert missing(value, Page(html(view(value)))) == []


TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=y>',
        "'/><b>",
        "]]>",
        "<!--",
        "&lt;b&gt;",
        "{{ 7*7 }}",
        "\u202e1234",
        "2025-03-05",
    ]
)
SCALARS = (
    TEXTS | st.integers(-(10**9), 10**9) | st.booleans() | st.none() | st.decimals(-1000, 1000, places=2).map(float)
)
VALUES_OF = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=8) | st.sampled_from(["text", "coding", "value", "reference", "div"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=60)


def places(value: object, place: Place = ()) -> list[Place]:
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [place, *(found for key, item in inner for found in places(item, (*place, key)))]


def holder(bundle: Any, place: Place) -> Any:
    for token in place[:-1]:
        bundle = bundle[token]
    return bundle


SAMPLE = st.sampled_from(SAMPLES)
ANYWHERE = st.integers(0, 10**6)  # a place of the document, counted around
CHANGES = st.lists(
    st.tuples(ANYWHERE, st.sampled_from(("replace", "remove", "add")), TEXTS, VALUES_OF), min_size=1, max_size=6
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SAMPLE, CHANGES)
def test_nothing_makes_the_drawing_fail_and_nothing_becomes_markup(
    path: Path, changes: list[tuple[int, str, str, object]]
) -> None:
    bundle = load(path)
    for number, kind, key, content in copy.deepcopy(changes):
        all_of = [place for place in places(bundle) if place not in ((), ("resourceType",), ("type",))]
        if not all_of:
            break
        place = all_of[number % len(all_of)]
        where = holder(bundle, place)
        if kind == "replace":
            where[place[-1]] = content
        elif kind == "remove":
            del where[place[-1]]
        elif isinstance(where, dict):
            where[key] = content
        else:
            where.append(content)
        bundle |= {"resourceType": "Bundle", "type": "document"}
    value, problems = json_text.read(json.dumps(bundle).encode())
    if problems:
        return  # what the reader refuses is never drawn
    assert isinstance(value, dict)
    text = html(view(value, Told(problems=(problem("icd-9", "Bundle.entry[6].resource.code"),))))
    read = Page(text)
    assert read.tags <= TAGS and read.attributes <= ATTRIBUTES
    assert text.count("<style") == 1


@settings(max_examples=100, deadline=None)
@given(
    SAMPLE,
    st.lists(st.tuples(ANYWHERE, WORDS | st.integers(-(10**9), 10**9) | st.booleans()), min_size=1, max_size=8),
)
def test_whatever_a_value_is_it_stands_on_the_paper_as_it_is(path: Path, changes: list[tuple[int, object]]) -> None:
    bundle = load(path)
    kept = {"resourceType", "type", "reference", "fullUrl", "id", "div"}
    texts = [place for place, _ in leaves(bundle) if place[-1] not in kept]
    for number, content in changes:
        place = texts[number % len(texts)]
        holder(bundle, place)[place[-1]] = content
    value, problems = json_text.read(json.dumps(bundle).encode())
    if problems:
        return
    assert isinstance(value, dict)
    assert missing(value, Page(html(view(value)))) == []


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=y>', "' onload='x", "{{ 7*7 }}", "&lt;i&gt;"]
)
def test_hostile_words_are_words(hostile: str) -> None:
    bundle = load(EXAMPLE)
    resource(bundle, "Patient")["name"][0]["text"] = hostile
    resource(bundle, "Composition")["title"] = hostile
    resource(bundle, "Condition")["note"][0]["text"] = hostile
    resource(bundle, "Claim")["item"][0]["productOrService"]["text"] = hostile
    resource(bundle, "Composition")["text"]["div"] = (
        f"<div><script>{hostile}</script><p onclick='x'>{hostile}</p></div>"
    )
    resource(bundle, "Patient")[hostile] = hostile
    read = page(bundle)
    assert read.tags <= TAGS and read.attributes <= ATTRIBUTES
    assert hostile in read.values["Bundle.entry[1].resource.name[0].text"]


def test_what_draws_nothing_or_turns_the_writing_is_shown_by_its_number() -> None:
    bundle = load()
    resource(bundle, "Patient")["name"][0]["text"] = "簡\u202e書\u200b嫻"
    words = page(bundle).words
    assert "簡‹U+202E›書‹U+200B›嫻" in words and "\u202e" not in words
    assert visible("甲\n乙\t丙") == "甲\n乙\t丙"


def test_a_narrative_is_read_as_words() -> None:
    markup = "<div><p>甲&lt;乙</p><table><tr><td>一</td><td>二</td></tr></table><!-- x --><br/>尾 <b>粗</b></div>"
    assert narrative(markup) == "甲<乙\n一 二\n尾 粗"
    assert narrative("<<<<") == "<<<<" and narrative("") == ""


def test_what_is_too_much_is_counted_and_not_hidden() -> None:
    bundle = load()
    one = resource(bundle, "Condition")
    bundle["entry"] += [
        {"fullUrl": f"urn:x:{number}", "resource": one | {"id": f"c{number}", "identifier": [{"value": f"n{number}"}]}}
        for number in range(2 * SHEETS)
    ]
    bundle["entry"] += [
        {"fullUrl": f"urn:y:{number}", "resource": {"resourceType": "Basic", "id": f"b{number}", "code": {"text": "x"}}}
        for number in range(VALUES)
    ]
    drawn_of = paper(bundle)
    assert len(drawn_of.sheets) == SHEETS + 1
    left = 2 * SHEETS + 1 - SHEETS
    assert f"另有 {left} 張證明書或收據未繪出。" in [banner.text for banner in drawn_of.banners]
    listed = sum(len(row.values) for group in drawn_of.rest for row in group.rows)
    assert listed == VALUES and dict(drawn_of.beyond)["Basic"] > 0


def test_what_stands_on_every_form_does_not_multiply() -> None:
    bundle = load()
    for part in ("text", "div"):
        resource(bundle, "Patient")["name"][0][part] = "名" * TEXT_LIMIT
    resource(bundle, "Encounter")["serviceType"]["text"] = "科" * 10 * TEXT_LIMIT
    one = resource(bundle, "Condition")
    bundle["entry"] += [
        {"fullUrl": f"urn:x:{number}", "resource": one | {"id": f"c{number}", "identifier": [{"value": f"n{number}"}]}}
        for number in range(SHEETS)
    ]
    visit = resource(bundle, "Encounter")
    visit["diagnosis"] = [{"condition": {"reference": f"urn:x:{number}"}} for number in range(SHEETS)]
    bundle["entry"] += [
        {"fullUrl": f"urn:e:{number}", "resource": visit | {"id": f"e{number}"}} for number in range(60)
    ]
    assert len(html(paper(bundle))) < 4 * TOTAL_LIMIT


def test_a_long_value_is_cut_and_says_so() -> None:
    bundle = load()
    resource(bundle, "Patient")["photo"] = [{"data": "QUJD" * 1000}]
    words = page(bundle).words
    assert "QUJD" * (SHORT // 4) + "…（以下略，共 4000 字）" in words and "QUJD" * (SHORT // 4 + 1) not in words


def test_the_page_carries_its_own_style_and_nothing_of_others() -> None:
    text = html(paper(load()))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None and style[1] == STYLE
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in POLICY and "unsafe" not in POLICY and "default-src 'none'" in POLICY
    assert not re.search(r"<script|\bstyle=|\bsrc=|\bhref=|@import|url\(", text)


def test_the_drawing_of_bytes() -> None:
    body = EXAMPLE.read_bytes()
    text, problems = drawn(body)
    assert hashlib.sha256(body).hexdigest() in text and not any(one.severity == "error" for one in problems)
    for wrong, code in (
        (b"{", "json-invalid"),
        (b"\xff", "not-utf8"),
        (b"[]", "fhir-not-a-bundle"),
        (b'{"resourceType": "Patient"}', "fhir-not-a-bundle"),
        (b'{"resourceType": "Bundle", "type": "message"}', "document-type"),
    ):
        text, problems = drawn(wrong)
        assert (text, problems[0].code) == ("", code)


def test_a_document_that_is_not_valid_is_drawn_and_says_so() -> None:
    bundle = load()
    resource(bundle, "Claim")["total"]["value"] = 1
    text, problems = drawn(json.dumps(bundle).encode())
    assert any(one.code == "receipt-total" for one in problems)
    words = Page(text).words
    assert "未通過驗證" in words and "核算不符" in words and "Bundle.entry[7].resource.total" in words


def test_no_name_of_a_person_is_in_the_title() -> None:
    text = html(paper(load()))
    title = re.search(r"<title>(.*?)</title>", text)
    assert title is not None and title[1] == "診斷證明書・醫療費用收據"
