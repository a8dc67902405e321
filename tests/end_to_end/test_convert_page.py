"""The clerk's page in a real browser: two files in, problems beside their rows, a paper to look at, documents sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.browsing import fits
from tests.integration import bodies
from tests.integration.running import Running, start

DATA = Path(__file__).parents[1] / "data" / "conversion"
PAIR = [DATA / "certificates.csv", DATA / "receipts.csv", DATA / "receipts-wide.csv"]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with start(tmp_path_factory.mktemp("convert") / "data") as running:
        yield running


@pytest.fixture
def page(page: Page, system: Running) -> Page:
    page.goto(f"{system.base_url}/convert")
    return page


def sign_in(page: Page, token: str) -> None:
    page.get_by_label("Hospital's token").fill(token)
    page.get_by_role("button", name="Sign in").click()


def convert(page: Page, *files: Path) -> None:
    page.get_by_label("Drop certificates and receipts here").set_input_files(files)
    page.get_by_role("button", name="Convert and check").click()
    expect(page.locator("#summary")).to_be_visible()


def test_a_clerk_converts_looks_and_sends(page: Page, system: Running, tmp_path: Path) -> None:
    sign_in(page, system.token(bodies.HOSPITAL))
    convert(page, *PAIR)
    expect(page.locator("#summary")).to_contain_text("3 documents to send, 0 errors, 0 warnings")
    fits(page)
    page.screenshot(path=tmp_path / "converted.png", full_page=True)
    page.get_by_role("button", name="預覽 YG-1140612-0077").click()
    paper = page.frame_locator("#paper")
    expect(paper.get_by_text("醫療費用收據").first).to_be_visible()
    page.screenshot(path=tmp_path / "preview.png")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Send all").click()
    # The second width sends the same bytes again: nothing is made twice, whichever comes first.
    for verdict in page.locator("#cases .verdict").all():
        expect(verdict).to_contain_text("record", timeout=30_000)
    assert "Refused" not in page.locator("#cases").inner_text()
    details = page.locator("#report details").nth(0)
    details.locator("summary").click()
    expect(details).to_contain_text("Patient.identifier.value")
    fits(page)
    page.screenshot(path=tmp_path / "sent.png", full_page=True)
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#work")).to_be_hidden()
    assert "陶予安" not in page.content()


def test_problems_stand_beside_their_rows(page: Page, system: Running, tmp_path: Path) -> None:
    text = PAIR[0].read_text().replace("A212345679", "A212345670").replace("58.2.17", "58.2.30")
    text = text.replace("院長\n", "護理站\n", 1)
    wrong = tmp_path / "certificates.csv"
    wrong.write_bytes(text.encode("cp950"))
    sign_in(page, system.token(bodies.HOSPITAL))
    convert(page, wrong, *PAIR[1:])
    expect(page.locator("#summary")).to_contain_text("1 documents to send")
    problems = page.locator("#problems")
    expect(problems).to_contain_text("身分證字號格式或檢查碼錯誤")
    expect(problems).to_contain_text("「出生日期」的值無法讀取")
    expect(problems.locator("td.wrong").first).to_have_text("A212345670")
    expect(problems.locator("td.wrong").nth(1)).to_have_text("58.2.30")
    expect(problems).to_contain_text("欄的標題不認得")
    fits(page)
    page.screenshot(path=tmp_path / "problems.png", full_page=True)
    page.get_by_role("button", name="Show the whole table").first.click()
    fits(page)
    # Nothing at all can be made of a file that is no form; the page says so and stays.
    page.get_by_role("button", name="移除 receipts.csv").click()
    other = tmp_path / "other.csv"
    other.write_text("甲,乙\n1,2\n")
    page.get_by_role("button", name="移除 certificates.csv").click()
    page.get_by_role("button", name="移除 receipts-wide.csv").click()
    convert(page, other)
    expect(problems).to_contain_text("認不出是診斷證明書或收據明細")
    expect(page.locator("#summary")).to_contain_text("0 documents")


def test_a_wrong_token_and_one_of_another_role_are_told(page: Page, system: Running) -> None:
    sign_in(page, "wrong")
    expect(page.locator("#trouble")).to_be_visible()
    sign_in(page, system.token("operator-1"))
    page.get_by_label("Drop certificates and receipts here").set_input_files(PAIR)
    page.get_by_role("button", name="Convert and check").click()
    expect(page.locator("#trouble")).to_contain_text("not an admitted hospital's token")
    expect(page.locator("#work")).to_be_hidden()


def test_the_page_works_from_the_keyboard_and_runs_no_script_of_others(page: Page, system: Running) -> None:
    policy = page.request.get(page.url).headers["content-security-policy"]
    assert "unsafe" not in policy and "script-src 'self'" in policy and "default-src 'none'" in policy
    page.keyboard.type(system.token(bodies.HOSPITAL))  # the field has the focus
    page.keyboard.press("Enter")
    expect(page.locator("#files")).to_be_focused()
    for name in ("certificate.xlsx", "certificate.csv", "receipt.xlsx", "receipt.csv"):
        link = page.locator(f"a[href='/convert/templates/{name}']")
        with page.expect_download() as download:
            link.press("Enter")
        assert download.value.suggested_filename == name
