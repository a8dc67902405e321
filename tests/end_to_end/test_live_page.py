"""The live page in a real browser: signed in with an operator's token, at the width of a phone and of a desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.browsing import fits
from tests.integration import bodies
from tests.integration.running import Running, start


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with start(tmp_path_factory.mktemp("page") / "data") as running:
        with running.client(bodies.HOSPITAL) as client:
            headers = {"content-type": "application/fhir+json", "prefer": "wait=30"}
            assert client.post("/fhir/Bundle", content=bodies.document(), headers=headers).status_code == 201
            assert client.post("/fhir/Bundle", content=b"{}", headers=headers).status_code == 422
        yield running


@pytest.fixture
def page(page: Page, system: Running) -> Page:
    page.goto(system.base_url)
    return page


def sign_in(page: Page, token: str) -> None:
    page.get_by_label("Operator's token").fill(token)
    page.get_by_role("button", name="Sign in").click()


def test_an_operator_sees_counts_and_recent_verdicts(page: Page, system: Running, tmp_path: Path) -> None:
    sign_in(page, system.token("operator-1"))
    expect(page.locator("#recent tbody tr")).to_have_count(2)
    expect(page.locator("#recent tbody")).to_contain_text("rejected")
    expect(page.locator("#recent tbody")).to_contain_text("accepted")
    expect(page.locator("#senders tbody")).to_contain_text(bodies.HOSPITAL)
    fits(page)
    assert system.token("operator-1") not in page.url
    page.screenshot(path=tmp_path / "live.png", full_page=True)
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#board")).to_be_hidden()


def test_a_wrong_token_and_one_of_another_role_are_told(page: Page, system: Running) -> None:
    for token in ("wrong", system.token(bodies.HOSPITAL)):
        sign_in(page, token)
        expect(page.locator("#trouble")).to_be_visible()
        expect(page.locator("#board")).to_be_hidden()


def test_the_page_runs_no_script_of_others(page: Page) -> None:
    policy = page.request.get(page.url).headers["content-security-policy"]
    assert "unsafe" not in policy and "script-src 'self'" in policy or "default-src 'self'" in policy
