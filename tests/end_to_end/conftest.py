"""A machine without Chromium runs everything but the pages; where CI has it (`.ci/run` sets CI), its absence is a failure."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.end_to_end.browsing import FLAGS, WIDTHS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-headless-shell")
collect_ignore = (
    []
    if CHROMIUM or os.environ.get("CI")
    else [
        "test_live_page.py",
        "test_convert_page.py",
        "test_render_page.py",
        "test_case_page.py",
        "test_worklist_page.py",
    ]
)


def pytest_report_header() -> str:
    return f"browser: {CHROMIUM}" if CHROMIUM else "browser: none, so the pages are NOT tested (install chromium)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "Chromium is missing; .ci/run installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """An empty page in a window of each width; nothing that it loads may be refused by a policy of ours."""
    width, height = WIDTHS[request.param]
    page = browser.new_page(viewport={"width": width, "height": height})
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    yield page
    assert not refused
    page.close()
