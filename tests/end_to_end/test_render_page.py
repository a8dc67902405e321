"""Papers in a real browser: signed in, at the width of a phone and of a desk, and printed on A4."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from services.conversion.paper_page import drawn
from tests.end_to_end.test_live_page import FLAGS, WIDTHS
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-headless-shell")
    assert chromium, "Chromium is missing; .ci/run installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    width, height = WIDTHS[request.param]
    page = browser.new_page(viewport={"width": width, "height": height})
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    yield page
    assert not refused
    page.close()


def fits(page: Page) -> None:
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"the page is {overflow} px wider than the window"


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
