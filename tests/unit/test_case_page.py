"""The case page says what the JSON says, whatever it says, and escapes all of it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.police.own_json import report as report_of
from schemas.evidence import DataClass
from schemas.json import load
from schemas.records import Role
from services.motor.benefits import Item, ReceiptLine
from services.motor.costs import Costs, Receipt
from services.portal.case_page import html
from services.portal.cases import view_of
from services.portal.dossier import Dossier, Handover
from tests.unit.building import A, B, X, consent
from tests.unit.test_entitlement_views import APPLICATION, COMPULSORY, OF_A, POLICE
from tests.unit.test_portal_cases import TIME, dossier, offered

ROOT = Path(__file__).parents[2]
NOW = datetime(2025, 10, 1, tzinfo=UTC)
PARTY = {"order": 1, "kind": "car", "role": "driver", "plate": "ABC-1234", "injury": "none"}
HURT = {
    "order": 2, "kind": "pedestrian", "role": "pedestrian", "injury": "injured",
    "person": {"identifier": A, "name": "測試人"},
}  # fmt: skip
LINES = (
    ReceiptLine("1.1", Item.WARD, 6000, 3),
    ReceiptLine("1.2", Item.MATERIALS, 30_000),
    ReceiptLine("1.3", Item.CARE, 1),
)


def page(found: Dossier, code: str, role: Role, names: Mapping[str, str] | None = None) -> str:
    seen = view_of(found, code, role, frozenset({"r-police", "r-filed", "r-doc-a"}))
    assert seen is not None
    return html(seen, role, names or {}, None, NOW)


def crash(*parties: dict[str, Any], registered: list[Any] | None = None, **changes: Any) -> Dossier:
    value: Any = load("accident")["examples"][0]  # type: ignore[index]
    report = report_of(value | {"parties": list(parties)} | changes)
    found = dossier(
        POLICE, APPLICATION, OF_A, granted=[consent(A, X)], offers=(offered(1, "filed", "police", "doc-a"),)
    )
    told = Costs((Receipt(frozenset({"1"}), LINES, 2, Decimal("12.5")),), frozenset({date(2025, 9, 3)}))
    return replace(
        found,
        contents={"r-police": report, "r-doc-a": told},
        registered={("ABC1234", report.date): registered},
    )


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (crash(PARTY, HURT, registered=[(X, COMPULSORY)]), ("第 2 當事者", "車外第三人", "<strong>")),
        (crash(PARTY, HURT), ("登錄資料未回覆", "承保情形不明")),
        (crash(PARTY, HURT, registered=[]), ("未投保", "特別補償基金")),
        (crash(PARTY, HURT | {"injury": "death"}, registered=[]), ("死亡暫先給付",)),
        (crash(PARTY | {"injury": "injured"}, registered=[(X, COMPULSORY)]), ("<li>無 ",)),
        (crash(PARTY, HURT, occurredAt="2019-09-03T08:15:00+08:00"), ("該日法規未載於資料", "此日所需文件未載於資料")),
        (crash(PARTY, HURT, occurredAt="2026-07-01T08:15:00+08:00", registered=[(X, COMPULSORY)]), ("未經確認",)),
        (crash(PARTY | {"cause": "118"}, HURT | {"cause": "118"}), ("無法判定",)),
    ],
)
def test_every_answer_has_its_words(found: Dossier, says: tuple[str, ...]) -> None:
    for code, role in ((X, Role.INSURER), ("operator-1", Role.OPERATOR)):
        text = page(found, code, role)
        assert "案件 C1" in text and A not in text and "ABC1234" not in text
        if role == Role.INSURER:
            assert all(one in text for one in says), [one for one in says if one not in text]


def test_what_limits_cut_and_what_a_person_must_read_is_told() -> None:
    text = page(crash(PARTY, HURT, registered=[(X, COMPULSORY)]), X, Role.INSURER)
    for cell in ("1,500", "20,000", "住院日數證明", "醫師認定為治療所必要", "另有 2 列須由人判讀，計 12.5 元"):
        assert cell in text, cell
    assert "1,501" in text, "a day of the ward and the care; the rest waits for proof"


def test_what_is_missing_is_told_apart_from_what_may_not_be_had() -> None:
    text = page(crash(PARTY, HURT, registered=[(X, COMPULSORY)]), X, Role.INSURER)
    assert text.count("缺少</span>") and text.count("未獲授權</span>")
    operators = page(crash(PARTY, HURT, registered=[(X, COMPULSORY)]), "operator-1", Role.OPERATOR)
    assert "缺少</span>" in operators and "未獲授權" not in operators


def test_who_holds_a_paper_stands_beside_it() -> None:
    found = crash(PARTY, HURT, registered=[(X, COMPULSORY)])
    assert "fetched by</span>" not in page(found, X, Role.INSURER)
    fetched = replace(found, handovers=(Handover(X, 1, TIME, (), "r-police", "r-police"),))
    assert page(fetched, X, Role.INSURER).count("fetched by</span>") == 2, "the record is two claims' paper"


def test_each_survivor_has_his_papers_and_clocks() -> None:
    found = crash(PARTY, HURT | {"injury": "death"}, registered=[(X, COMPULSORY)])
    heir = consent(A, X, grantor=B, grantor_role="heir", classes=(DataClass.CERTIFICATE,))
    text = page(replace(found, case=replace(found.case, consents=(heir,))), X, Role.INSURER)  # type: ignore[type-var]
    assert "請求權人 1：未見請求" in text and "每一請求權人" in text and B not in text
    assert "請求權人 1" not in page(found, X, Role.INSURER)


BESIDE = re.compile(r"[\u3400-\u9fff、。）」][,:;(]|[,:;)][\u3400-\u9fff（「]")
SAID = [
    *sorted((ROOT / "services/portal/templates").glob("*.html")),
    *sorted((ROOT / "services/motor/templates").glob("*.html")),
    *sorted((ROOT / "services/pages/templates").iterdir()),
    *(ROOT / "services" / name for name in ("portal/words.py", "portal/motor_words.py", "motor/fault_rules.json")),
    *sorted((ROOT / "services/portal/static").glob("*.js")),
]


@pytest.mark.parametrize("file", SAID, ids=lambda file: file.name)
def test_chinese_sentences_have_chinese_punctuation(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    assert not [(number, line) for number, line in enumerate(lines, 1) if BESIDE.search(line)]


def test_names_are_escaped() -> None:
    found = crash(PARTY, HURT, registered=[(X, COMPULSORY)])
    text = page(found, X, Role.INSURER, {X: "<script>alert(1)</script>"})
    assert "<script" not in text and "&lt;script&gt;" in text


def test_a_sender_sees_its_own_records() -> None:
    found = crash(PARTY, HURT)
    own = found.entries[0].sender
    assert "自己的紀錄" in page(found, own, Role.CLAIMLINK)
