"""The tables of the motor claim: dated, without gaps, their articles in the law's text, and the document in step."""

import json
import os
import re
from datetime import date
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from services.motor.law import TABLES, Line, Status, on, status, table

ROOT = Path(__file__).parents[2]
LAW = Path(os.environ.get("CLAIMS_SHARED_DATA", ROOT.parent / "shared/data")) / "law"
MOTOR = ROOT / "services/motor"
DOCUMENT = (ROOT / "docs/motor-claims.md").read_text(encoding="utf-8")
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII")
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮"
ARTICLE = re.compile(
    rf"([A-Z]\d{{7}}) art\. (\d+(?:-\d+)?)(?: (VII|VI|IV|V|I{{1,3}})\b)?(?: ([{CIRCLED}]))?(?:\((\d+)\))?"
)
LINES = [line for name in TABLES for line in table(name)]


def cited() -> list[str]:
    """Every article that the tables, the modules and the document of the motor claim name."""
    texts = [
        DOCUMENT,
        *(path.read_text(encoding="utf-8") for path in MOTOR.iterdir() if path.suffix in (".py", ".json")),
    ]
    return sorted({match.group() for text in texts for match in ARTICLE.finditer(text)})


def law(code: str) -> dict:
    return json.loads((LAW / f"{code}.json").read_text(encoding="utf-8"))


def passage(article: str) -> str:
    """The text of an article, paragraph, item or sub-item. KeyError or IndexError when there is none."""
    match = ARTICLE.fullmatch(article)
    assert match is not None
    code, number, paragraph, item, sub = match.groups()
    text = {one["條號"]: one["條文內容"] for one in law(code)["法規內容"] if "條號" in one}[f"第 {number} 條"]
    paragraphs = parts(text, r"(?!(?:[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）|\d+\.))")
    if paragraph or item:
        text = paragraphs[ROMAN.index(paragraph or "I") + 1]
    if item:
        text = parts(text, r"[一二三四五六七八九十]+、")[CIRCLED.index(item) + 1]
    if sub:
        text = parts(text, r"（[一二三四五六七八九十]+）")[int(sub)]
    return text


def parts(text: str, beginning: str) -> list[str]:
    """What comes before the first line that begins so, then each such line with those that follow it."""
    found = [""]
    for line in text.splitlines():
        if re.match(beginning, line):
            found.append("")
        found[-1] += line + "\n"
    return found


def in_chinese(amount: int) -> str:
    """As the standard writes amounts: 1,070,000 is 一百零七萬, 1,500 is 一千五百, 170,000 is 十七萬."""
    if amount >= 10_000:
        return in_chinese(amount // 10_000) + "萬" + (in_chinese(amount % 10_000) if amount % 10_000 else "")
    digits = "".join(
        "零一二三四五六七八九"[int(digit)] + (unit if digit != "0" else "")
        for digit, unit in zip(f"{amount:04}", ("千", "百", "十", ""), strict=True)
    )
    digits = re.sub("零+", "零", digits).strip("零")
    return digits.removeprefix("一") if digits.startswith("一十") else digits


@pytest.mark.parametrize("article", cited())
def test_every_article_cited_is_there(article: str) -> None:
    assert ARTICLE.fullmatch(article)
    if LAW.is_dir():
        assert passage(article).strip()


def test_an_article_that_is_not_there_is_found_out() -> None:
    for article in ("G0390060 art. 99", "G0390060 art. 36 III", "G0390060 art. 40 I ⑤", "G0390062 art. 14 I ①(4)"):
        if LAW.is_dir():
            with pytest.raises((KeyError, IndexError)):
                passage(article)
        assert article not in cited()


def test_articles_are_written_so_that_they_can_be_found() -> None:
    for line in LINES:
        assert all(ARTICLE.fullmatch(article) for article in line.article.split("; ") if article), line.article


def test_a_line_of_law_names_its_article_and_is_no_older_than_the_text() -> None:
    for line in LINES:
        if line.status == Status.UNCONFIRMED:
            assert line.source, line.key
            continue
        assert line.article and not line.source, line.key
        for article in line.article.split("; ") if LAW.is_dir() else ():
            changed = law(article.split()[0])["最新異動日期"]
            assert line.since >= date.fromisoformat(f"{changed[:4]}-{changed[4:6]}-{changed[6:]}"), line.key


def test_amounts_stand_in_the_article() -> None:
    lines = [line for line in table("benefits") if line.status == Status.LAW and line.values.get("limit")]
    assert len(lines) == 26  # 9 of medical costs, 15 levels, death, all of a person
    for line in lines if LAW.is_dir() else ():
        assert f"新臺幣{in_chinese(line.values['limit'])}元" in passage(line.article), line.key
    for key, word in {"nursing": "三十日", "denture": "五齒"}.items():
        line = next(line for line in lines if line.key == key)
        assert word == in_chinese(line.values["most"]) + word[-1]
        assert not LAW.is_dir() or word in passage(line.article)


def test_lengths_stand_in_the_article() -> None:
    words = {
        "notice": "五日",
        "payment": "十個工作日",
        "interim-payment": "十個工作日",
        "interest": "年利一分",
        "interim-interest": "年利一分",
        "limitation-knowledge": "二年",
        "limitation-accident": "十年",
    }
    for line in table("clocks"):
        if (word := words.get(line.key)) and LAW.is_dir():
            assert word in passage(line.article.split("; ")[0]), line.key
    assert {line.key: line.values.get("length", line.values.get("percent")) for line in table("clocks")} == {
        "notice": 5,
        "payment": 10,
        "interim-payment": 10,
        "interest": 10,
        "interim-interest": 10,
        "limitation-knowledge": 2,
        "limitation-accident": 10,
        "fund-limitation-knowledge": 2,
        "fund-limitation-accident": 10,
        "suspension": None,
    }


def test_the_days_and_fees_of_an_assessment_stand_in_the_article() -> None:
    words = {
        "assessment": ("六個月", "三千元"),
        "assessment-result": ("二個月", "一次為限"),
        "reassessment": ("三十日", "一次為限", "二千元"),
        "reassessment-result": ("二個月", "一次為限"),
    }
    for line in table("assessment"):
        text = "".join(passage(one) for one in line.article.split("; ")) if LAW.is_dir() else "".join(words[line.key])
        assert all(word in text for word in words[line.key]), line.key
    assert {
        line.key: (line.values["length"], line.values.get("more"), line.values.get("fee"))
        for line in table("assessment")
    } == {
        "assessment": (6, None, 3000),
        "assessment-result": (2, 2, None),
        "reassessment": (30, None, 2000),
        "reassessment-result": (2, 2, None),
    }


@pytest.mark.parametrize("name", TABLES)
def test_a_table_begins_whole_on_one_day(name: str) -> None:
    """No answer from half a table."""
    first = min(line.since for line in table(name))
    keys = {(line.key, str(line.values.get("cover")), str(line.values.get("claim"))) for line in table(name)}
    assert {
        (line.key, str(line.values.get("cover")), str(line.values.get("claim"))) for line in on(name, first)
    } == keys
    assert on(name, date.fromordinal(first.toordinal() - 1)) == ()
    assert first.isoformat() in DOCUMENT


@pytest.mark.parametrize("name", ["assessment", "benefits", "clocks", "owing"])
def test_on_any_day_a_key_holds_once_and_without_a_gap(name: str) -> None:
    for _, group in groupby(sorted(table(name), key=lambda line: (line.key, line.since)), key=lambda line: line.key):
        *closed, last = group
        assert last.until is None
        for line, following in pairwise([*closed, last]):
            assert line.until == following.since > line.since


def test_from_is_included_and_until_excluded() -> None:
    change = date(2026, 7, 1)
    assert {line.status for line in on("benefits", date(2026, 6, 30))} == {Status.LAW}
    assert {line.status for line in on("benefits", change)} == {Status.UNCONFIRMED}
    assert {line.since for line in on("benefits", change)} == {change}


def test_one_unconfirmed_line_makes_a_result_unconfirmed() -> None:
    first, last = table("benefits")[:2]
    assert (status([first]), status([first, last]), status([])) == (Status.LAW, Status.UNCONFIRMED, Status.LAW)


def money(line: Line) -> str:
    if "limit" not in line.values:
        return ""
    amount, unit, most = (line.values.get(name) for name in ("limit", "unit", "most"))
    if amount is None:
        return "not in the data" if unit else "none"
    return f"{amount:,}" + (f" / {unit}" if unit else "") + (f", {most} at most" if most else "")


def rows() -> list[str]:
    """The document's tables, as the data has them."""
    found = []
    for key, group in groupby(table("benefits"), key=lambda line: line.key):
        before, after = group
        if key.startswith("several-"):
            found.append(f"| `{key}` | {before.values['raise']} up | {after.values['raise']} up | {before.article} |")
        else:
            found.append(f"| `{key}` | {money(before)} | {money(after)} | {before.article} |")
    for name in ("owing", "clocks", "assessment"):
        found += [f"| `{line.key}` | {line.since} | {line.article} |" for line in table(name)]
    lines: dict[tuple[str, ...], list[str]] = {}
    for line in table("papers"):
        kinds = " or ".join(f"{kind} ({holder})" for kind, holder in line.values["kinds"].items())
        values = (line.values["cover"], kinds, line.values.get("when", ""), line.status, line.article)
        lines.setdefault(values, []).append(line.values["claim"])
    for (cover, kinds, when, state, article), claims in lines.items():
        found.append(f"| {cover} | {', '.join(claims)} | {kinds} | {when} | {state} | {article} |")
    return found


def test_the_document_has_exactly_the_lines_of_the_tables() -> None:
    expected = rows()
    assert len(set(expected)) == len(expected)
    written = [line for line in DOCUMENT.splitlines() if line.startswith(("| `", "| motor-"))]
    assert sorted(written) == sorted(expected)
