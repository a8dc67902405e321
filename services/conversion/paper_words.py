"""Words of the papers: what codes are called in Chinese, and dates as Taiwanese forms print them."""

import re
from datetime import timedelta

from adapters.fhir import moments

MISSING = "未載明"
GENDER = {"male": "男", "female": "女", "other": "其他", "unknown": "不詳"}
VISIT = {"AMB": "門診", "EMER": "急診", "IMP": "住院", "ACUTE": "住院（急性）", "NONAC": "住院（非急性）", "HH": "居家"}
PAYER = {"PUBLICPOL": "健保", "pay": "自費"}
DAYS = {"d": "天", "day": "天", "days": "天"}
FLAG = {"H": "偏高", "HH": "過高", "L": "偏低", "LL": "過低", "N": "正常", "A": "異常", "AA": "嚴重異常"}
ACCIDENT = {"MVA": "車禍"}
STATUS = {  # of Composition, Claim, Condition, Encounter, Procedure, Observation, DiagnosticReport
    "final": "正式",
    "active": "有效",
    "finished": "已結束",
    "completed": "已完成",
    "confirmed": "確認",
    "amended": "已更正",
    "corrected": "已更正",
    "appended": "已補充",
    "preliminary": "初步",
    "partial": "部分",
    "registered": "已登錄，尚無結果",
    "draft": "草稿",
    "planned": "預定",
    "preparation": "準備中",
    "in-progress": "進行中",
    "not-done": "未執行",
    "on-hold": "暫停",
    "stopped": "中止",
    "cancelled": "已取消",
    "provisional": "暫定",
    "differential": "鑑別診斷",
    "unconfirmed": "未確認",
    "refuted": "已排除",
    "unknown": "不明",
    "entered-in-error": "輸入錯誤，作廢",
}
# A status that says nothing to be told: the paper is what it seems.
PLAIN = frozenset({"final", "active", "finished", "completed", "confirmed"})

TYPES = {
    "AllergyIntolerance": "過敏",
    "Binary": "附件",
    "CarePlan": "照護計畫",
    "ChargeItem": "收費項目",
    "Claim": "收據",
    "Composition": "文件",
    "Condition": "診斷",
    "Coverage": "保險",
    "DiagnosticReport": "檢驗檢查報告",
    "DocumentReference": "附件文件",
    "Encounter": "就醫",
    "ImagingStudy": "影像檢查",
    "Immunization": "預防接種",
    "Invoice": "帳單",
    "Location": "地點",
    "Media": "影像",
    "Medication": "藥品",
    "MedicationDispense": "調劑",
    "MedicationRequest": "處方",
    "MedicationStatement": "用藥",
    "Observation": "檢驗檢查結果",
    "Organization": "機構",
    "Patient": "病人",
    "Practitioner": "醫事人員",
    "PractitionerRole": "醫事人員職務",
    "Procedure": "手術處置",
    "Provenance": "來源紀錄",
    "RelatedPerson": "關係人",
    "ServiceRequest": "醫令",
    "Specimen": "檢體",
}
ELEMENTS = {  # the first element under a resource, where the forms have no place for it
    "abatementDateTime": "痊癒日期",
    "accident": "事故",
    "active": "使用中",
    "address": "地址",
    "attester": "簽核",
    "author": "作成者",
    "beneficiary": "被保險人",
    "birthDate": "出生日期",
    "bodySite": "部位",
    "careTeam": "照護團隊",
    "category": "類別",
    "class": "類別",
    "clinicalStatus": "臨床狀態",
    "code": "代碼",
    "contact": "聯絡人",
    "contained": "內含資源",
    "country": "國家",
    "date": "日期",
    "diagnosis": "診斷",
    "effectiveDateTime": "檢查日期",
    "extension": "擴充欄位",
    "gender": "性別",
    "hospitalization": "住院資料",
    "identifier": "識別碼",
    "insurance": "保險",
    "issued": "發布時間",
    "item": "收據項目",
    "language": "語言",
    "length": "天數",
    "location": "地點",
    "maritalStatus": "婚姻",
    "meta": "中繼資料",
    "modifierExtension": "改變原意的擴充欄位",
    "name": "名稱",
    "note": "附註",
    "onsetDateTime": "發病日期",
    "participant": "參與人員",
    "payee": "受款人",
    "performer": "執行者",
    "period": "期間",
    "photo": "照片",
    "policyHolder": "要保人",
    "priority": "優先序",
    "procedure": "處置",
    "qualification": "資格",
    "reasonCode": "原因",
    "relationship": "關係",
    "section": "章節",
    "severity": "嚴重度",
    "stage": "期別",
    "status": "狀態",
    "subscriberId": "會員編號",
    "supportingInfo": "補充資料",
    "telecom": "聯絡方式",
    "text": "文字敘述",
    "type": "類型",
    "use": "用途",
    "verificationStatus": "確認狀態",
}
_CLASSIFICATIONS = re.compile(r"icd-(9|10)-(cm|pcs)(?:-(\d{4}))?", re.IGNORECASE)
_WRITTEN = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:T(?P<time>\d\d:\d\d)(?::\d\d(?:\.\d+)?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d))?)?)?",
    re.ASCII,
)
_HERE = frozenset({"+08:00"})
UNREADABLE = "日期格式無法辨識"


def classification(system: str) -> str:
    """The name of the edition of ICD that a code system is, as `ICD-10-CM 2023`; empty when it is none (facts 5)."""
    found = _CLASSIFICATIONS.search(system)
    return "" if found is None else f"ICD-{found[1]}-{found[2].upper()} {found[3] or ''}".strip()


def roc(year: int) -> str:
    """A year of the ROC calendar; 1912 is its first."""
    return f"中華民國{year - 1911}年" if year > 1911 else f"民國前{1912 - year}年"


def written(text: str, short: bool = False) -> tuple[str, str]:
    """(a FHIR date or time as forms print it, a note). The day and hour are those written; when another zone than
    Taiwan's is written, the note says what that is in Taiwan (facts 1.9). What is no date stays as it is.
    `short`: as in tables, 114/06/08."""
    found = _WRITTEN.fullmatch(text)
    if found is None or moments.instant(text) is None:
        return text, UNREADABLE
    printed = _printed(int(found["year"]), found["month"], found["day"], found["time"], short)
    if not found["zone"] or found["zone"] in _HERE:
        return printed, ""
    moment = moments.instant(text)
    assert moment is not None
    try:
        here = moment + timedelta(hours=8)
    except OverflowError:  # the last hours of the year 9999
        return printed, _zone(found["zone"])
    there = _printed(here.year, f"{here:%m}", f"{here:%d}", f"{here:%H:%M}", short)
    return printed, f"原文為 {_zone(found['zone'])}，臺灣時間 {there}"


def clock(text: str) -> str:
    """The hour of a time in Taiwan's zone, as `14:05`; empty for any other text."""
    found = _WRITTEN.fullmatch(text)
    return found["time"] if found is not None and found["zone"] in _HERE else ""


def _zone(text: str) -> str:
    return "UTC" if text == "Z" else f"UTC{text}"


def _printed(year: int, month: str | None, day: str | None, time: str | None, short: bool) -> str:
    if short:
        days = "/".join(
            part for part in (f"{year - 1911:03}" if year > 1911 else f"民國前{1912 - year}", month, day) if part
        )
        return f"{days} {time}" if time else days
    parts = [roc(year), f"{int(month)}月" if month else "", f"{int(day)}日" if day else "", f" {time}" if time else ""]
    return "".join(parts)
