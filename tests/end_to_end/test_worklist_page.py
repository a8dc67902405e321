"""The work list in a real browser: an operator signs in, sees a pair side by side, says why and decides, and it is gone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.browsing import fits
from tests.end_to_end.test_live_page import sign_in
from tests.integration import claims
from tests.integration.running import Running, start
from tests.integration.test_worklist import POLICE, asked, doubtful, slip, told


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
    time = card.get_by_role("row", name="Time")
    expect(time).to_have_class("differs")
    expect(time.get_by_role("rowheader")).to_contain_text("differs")
    assert sorted(time.get_by_role("cell").all_inner_texts()) == ["08:15", "08:35"]
    expect(card.get_by_role("row", name="Day of the accident")).to_have_class("same")
    expect(card.get_by_role("row", name="Dead and injured")).to_contain_text("not told")
    left, right = (one.bounding_box() for one in time.get_by_role("cell").all())
    assert left and right and left["y"] == right["y"] and left["x"] < right["x"], "side by side at any width"
    digit = 2 * number % 10
    expect(card.get_by_role("row", name="Plates")).to_contain_text(re.compile(f"TSV•+{digit}"))
    assert slip(number) not in page.content() and "TST-" not in page.content(), "plates are masked"
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


def test_pages_are_turned_and_what_is_being_written_stays(page: Page, system: Running, tmp_path: Path) -> None:
    """A page of one pair instead of fifty: the page asks as it does, and is answered as of a smaller limit."""
    for _ in range(2):
        doubtful(system)
    order = [[side["record"] for side in pair["sides"]] for pair in told(system)["pairs"]]
    page.clock.install()
    page.route("**/worklist*", lambda route: route.continue_(url=limited(route.request.url)))
    sign_in(page, system.token("operator-1"))
    first, second = (page.locator("article.pair", has_text=order[at][0]).filter(has_text=order[at][1]) for at in (0, 1))
    expect(first).to_be_visible()
    expect(page.locator("article.pair")).to_have_count(1)
    reason = first.get_by_label("Reason")
    reason.fill("還在看")
    for _ in range(2):  # the list is asked for while somebody writes; the second time once the first was shown
        with page.expect_response("**/worklist*"):
            page.clock.run_for(5000)
    expect(reason).to_be_focused()
    expect(page.get_by_role("button", name="Back")).to_be_disabled()
    page.get_by_role("button", name="More").click()
    expect(second).to_be_visible()
    expect(page.locator("article.pair")).to_have_count(1)
    expect(page.locator("#number")).to_contain_text("Page 2")
    fits(page)
    page.screenshot(path=tmp_path / "second.png", full_page=True)
    page.get_by_role("button", name="Back").click()
    expect(first).to_be_visible()
    expect(reason).to_have_value("還在看")
    page.unroute("**/worklist*")
    page.reload()
    expect(first).to_be_visible()
    expect(second).to_be_visible()
    expect(page.get_by_role("button", name="More")).to_be_hidden()


def limited(url: str) -> str:
    return url + ("&" if "?" in url else "?") + "limit=1"


def test_a_token_that_is_no_operators_is_told(page: Page, system: Running) -> None:
    sign_in(page, system.token("CL01"))
    expect(page.locator("#trouble")).to_contain_text("not an admitted operator")
    expect(page.locator("#list")).to_be_hidden()
