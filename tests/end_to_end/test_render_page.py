"""Papers in a real browser: signed in, at the width of a phone and of a desk, and printed on A4."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from services.conversion.paper_page import drawn
from tests.end_to_end.browsing import fits
from tests.integration import bodies
from tests.integration.running import Running, start

A4 = (595, 842)  # points


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with start(tmp_path_factory.mktemp("papers") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def path(system: Running) -> str:
    """Of a document's paper."""
    with system.client(bodies.HOSPITAL) as client:
        headers = {"content-type": "application/fhir+json", "prefer": "wait=30"}
        answer = client.post("/fhir/Bundle", content=bodies.document(), headers=headers)
        assert answer.status_code == 201
    return f"{answer.headers['location']}/paper"


def test_a_clerk_signs_in_and_sees_the_papers(page: Page, system: Running, path: str, tmp_path: Path) -> None:
    page.goto(system.base_url + path)
    fits(page)
    page.get_by_label("Hospital's token").fill("wrong")
    page.get_by_role("button", name="View").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Hospital's token").fill(system.token(bodies.HOSPITAL))
    page.get_by_role("button", name="View").click()
    expect(page.locator("article.certificate h1")).to_contain_text("診斷證明書")
    expect(page.locator("article.receipt")).to_contain_text("核算相符")
    expect(page.locator("article.certificate .seal")).to_contain_text("未附電子簽章")
    birth = page.locator("article.certificate time").first
    assert birth.get_attribute("datetime") == "1976-02-07"
    assert birth.get_attribute("data-path") == "Bundle.entry[1].resource.birthDate"
    background = page.locator("article.certificate").evaluate("one => getComputedStyle(one).backgroundColor")
    assert background == "rgb(255, 255, 255)", "the page's own style is refused by its policy"
    fits(page)
    assert system.token(bodies.HOSPITAL) not in page.url + page.content()
    page.screenshot(path=tmp_path / "paper.png", full_page=True)


def test_a_document_that_is_not_there_is_told(page: Page, system: Running) -> None:
    page.goto(f"{system.base_url}/fhir/Bundle/{'0' * 32}/paper")
    page.get_by_label("Hospital's token").fill(system.token(bodies.HOSPITAL))
    page.get_by_role("button", name="View").click()
    expect(page.get_by_role("alert")).to_contain_text("no such document of yours")


def test_a_hostile_document_runs_nothing(page: Page, tmp_path: Path) -> None:
    body = bodies.EXAMPLE.read_bytes()
    for word in ("童若毓", "肺炎", "掛號費"):
        body = body.replace(word.encode(), b"<script>document.title='x'</script><img src=x onerror=alert(1)>")
    text, _ = drawn(body)
    file = tmp_path / "paper.html"
    file.write_text(text, "utf-8")
    page.goto(file.as_uri())
    assert page.title() == "診斷證明書・醫療費用收據"
    assert page.locator("script, img").count() == 0
    fits(page)


def test_each_form_prints_on_one_a4_page(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "paper.html"
    file.write_text(drawn(bodies.EXAMPLE.read_bytes())[0], "utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    rest = page.locator("article.rest")
    rest.evaluate("one => one.remove()")
    printed = page.pdf(prefer_css_page_size=True)
    page.close()
    sizes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert [(round(float(width)), round(float(height))) for width, height in sizes] == [A4, A4]
