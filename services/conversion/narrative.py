"""What a person reads in the document: certificate and receipt as short tables, every text escaped."""

from html import escape

from services.conversion.cases import Case, days
from services.conversion.mapping import PATIENT
from services.conversion.words import Json

_VISITS = {"AMB": "門診", "EMER": "急診", "IMP": "住院"}


def document(case: Case) -> Json:
    """Whose document it is and of which days."""
    facts = case.facts
    rows = [
        ("姓名", facts.get("patientName")),
        ("就醫類別", _VISITS.get(facts.get("visit", ""))),
        ("日期", _days(case)),
        ("診斷證明書字號", facts.get("certificateNumber")),
        ("收據號碼", "、".join(one.facts["receiptNumber"] for one in case.receipts if "receiptNumber" in one.facts)),
    ]
    return _narrative(_table(rows))


def certificate(case: Case) -> Json:
    facts = case.facts
    names = [f"{place}. {name}" for place, (name, _) in enumerate(case.diagnoses, start=1)]
    rows = [
        ("姓名", facts.get("patientName")),
        ("應診科別", facts.get("department") or facts.get("departmentCode")),
        ("應診日期", _days(case)),
        ("病名", "；".join(names)),
        ("手術", facts.get("operation")),
        ("醫師囑言", facts.get("advice")),
        ("診治醫師", facts.get("doctorName")),
    ]
    return _narrative(f"{_table(rows)}<p>以上病人經本院醫師診斷屬實，特予證明。</p>")


def receipt(case: Case) -> Json:
    lines = [line for one in case.receipts for line in one.lines]
    cells = [
        f"<tr><td>{escape(line.text)}</td><td>{'自付' if line.payer == PATIENT else '健保'}</td>"
        f"<td>{line.net:,f} {'元' if line.payer == PATIENT else '點'}</td></tr>"
        for line in lines
    ]
    head = "<thead><tr><th>項目</th><th>付款</th><th>金額</th></tr></thead>"
    return _narrative(f"<table>{head}<tbody>{''.join(cells)}</tbody></table>") if cells else _narrative("<p>收據</p>")


def _days(case: Case) -> str:
    start, end = (roc(day) if day else "" for day in days(case.facts))
    return start if start == end else f"{start}至{end}"


def roc(day: str) -> str:
    """A day as forms write it: 114年9月3日."""
    return f"{int(day[:4]) - 1911}年{int(day[5:7])}月{int(day[8:10])}日"


def _table(rows: list[tuple[str, str | None]]) -> str:
    cells = [
        f"<tr><td>{name}</td><td>{escape(value).replace(chr(10), '<br/>')}</td></tr>" for name, value in rows if value
    ]
    return f"<table><tbody>{''.join(cells)}</tbody></table>" if cells else "<p>（無內容）</p>"


def _narrative(html: str) -> Json:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{html}</div>'}
