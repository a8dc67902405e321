"""The work list in a real browser: an operator signs in, sees a pair side by side, says why and decides, and it is gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.browsing import fits
from tests.end_to_end.test_live_page import sign_in
from tests.integration import claims
from tests.integration.running import Running, start
from tests.integration.test_worklist import POLICE, asked, doubtful, slip


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with start(tmp_path_factory.mktemp("worklist") / "data") as running:
        yield running


@pytest.fixture
def page(page: Page, system: Running) -> Page:
    page.goto(f"{system.base_url}/worklist")
    return page


@pytest.mark.parametrize(("button", "joined"), [("Same accident", True), ("Not the same", False)])
def test_a_pair_is_judged_and_gone(page: Page, system: Running, tmp_path: Path, button: str, joined: bool) -> None:
    number, accident, application = doubtful(system)
    assert frozenset((accident, application)) in asked(system)
    sign_in(page, system.token("operator-1"))
    card = page.locator("article.pair", has_text=accident)
    expect(card).to_contain_text(application)
    expect(card).to_contain_text("plates differ by one slip of the pen")
    expect(card).to_contain_text("20 minutes apart")
    assert slip(number) not in page.content() and "TST-" not in page.content(), "how values compare, not what they are"
    fits(page)
    page.screenshot(path=tmp_path / "worklist.png", full_page=True)
    card.get_by_role("button", name=button).click()
    expect(card).to_be_visible()  # not without a reason
    card.get_by_label("Reason").fill("看過兩份紀錄")
    card.get_by_role("button", name=button).click()
    expect(card).to_have_count(0)
    assert frozenset((accident, application)) not in asked(system)
    assert (claims.case_of(system, accident, POLICE) == claims.case_of(system, application)) is joined
    page.reload()  # signed in for as long as the tab lives
    expect(page.locator("#list")).to_be_visible()
    expect(page.locator("article.pair", has_text=accident)).to_have_count(0)


def test_a_token_that_is_no_operators_is_told(page: Page, system: Running) -> None:
    sign_in(page, system.token("CL01"))
    expect(page.locator("#trouble")).to_contain_text("not an admitted operator")
    expect(page.locator("#list")).to_be_hidden()
