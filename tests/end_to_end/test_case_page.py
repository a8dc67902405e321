"""The case page in a real browser: an insurer signs in at the width of a phone and of a desk, and sees the accident."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.browsing import fits
from tests.integration import claims
from tests.integration.bodies import OPERATOR
from tests.integration.running import Running, start
from tests.integration.test_motor_case import CAR, Accident, dispute, happen


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with start(tmp_path_factory.mktemp("case") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def crash(system: Running) -> Accident:
    one = happen(system)
    dispute(system, one)
    return one


def enter(page: Page, token: str) -> None:
    page.get_by_label("Your token").fill(token)
    page.get_by_role("button", name="View").click()


def test_an_insurer_sees_its_case(page: Page, system: Running, crash: Accident, tmp_path: Path) -> None:
    case = claims.case_of(system, crash.records["application"])
    page.goto(f"{system.base_url}/cases/{case}")
    fits(page)
    enter(page, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("not accepted")
    enter(page, system.token(crash.insurers[CAR]))
    expect(page.locator("h1")).to_contain_text(case)
    expect(page.locator("#vehicles tbody tr")).to_have_count(2)
    expect(page.locator(".victim .claimed")).to_contain_text("760")
    expect(page.locator("#fault .shares")).to_contain_text("70–100 %")
    expect(page.locator("#fault svg.scene")).to_be_visible()
    expect(page.locator("#fault .dispute")).to_contain_text("2026-06-05")
    expect(page.locator("#clocks")).to_contain_text("2025-12-10")
    expect(page.locator("#timeline li").first).to_be_visible()
    fits(page)
    shown = page.content()
    assert system.token(crash.insurers[CAR]) not in page.url + shown
    assert crash.rider not in shown and not any(plate in shown for plate in crash.plates)
    assert page.locator("script").count() == 0
    page.screenshot(path=tmp_path / "case.png", full_page=True)


def test_an_operators_page_has_no_contents(page: Page, system: Running, crash: Accident) -> None:
    case = claims.case_of(system, crash.records["application"])
    page.goto(f"{system.base_url}/cases/{case}")
    enter(page, system.token(OPERATOR))
    expect(page.locator("#vehicles tbody tr")).to_have_count(2)
    expect(page.locator("#evidence")).to_contain_text("當事人登記聯單")
    assert page.locator(".claimed, svg.scene, .shares, blockquote").count() == 0
    fits(page)


def test_who_may_not_see_the_case_is_told_so(page: Page, system: Running, crash: Accident) -> None:
    case = claims.case_of(system, crash.records["application"])
    page.goto(f"{system.base_url}/cases/{case}")
    enter(page, system.token("66316960"))
    expect(page.get_by_role("alert")).to_contain_text("no such case")
