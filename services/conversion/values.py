"""What hospitals print into what FHIR takes: amounts, identifiers, words for codes.

Each reading takes a cleaned text and gives its value, or raises `Unreadable`, whose words say how to write it.
"""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal

from services.conversion.dates import day, instant, moment, period
from services.conversion.mapping import NHI, PATIENT, compact, mapping
from services.conversion.texts import Unreadable, plain

_ROUNDED = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)


def lines(text: str) -> str:
    """A text as it is, line by line."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def words(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def number(text: str) -> str:
    """An identifier: 診字第1140612031號, R114-0417-00388."""
    found = plain(text)
    if _ROUNDED.fullmatch(found):
        raise Unreadable(
            "完整的號碼(試算表已將它捨入為科學記號;請將該欄設為文字格式)",
            "the whole number (the spreadsheet rounded it; format the column as text)",
        )
    return found


_AMOUNT = re.compile(
    r"(?P<minus>[-−](?:NT|TWD)?\$?|(?:NT|TWD)?\$?\s*-)?(?:NT|TWD)?\$?\s*"
    r"(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(?P<cents>\.[0-9]{1,6})?\s*(?:元整?|點)?"
)


def amount(text: str) -> Decimal:
    """1,870, NT$1,870, 1870元, 1870.00: the digits as written."""
    found = _AMOUNT.fullmatch(plain(text).upper())
    if found is None:
        raise Unreadable("金額或點數,例如 1,870", "an amount or points, such as 1,870")
    sign = "-" if found["minus"] else ""
    return Decimal(f"{sign}{found['digits'].replace(',', '')}{found['cents'] or ''}")


def quantity(text: str) -> tuple[Decimal, str]:
    """How many, and the unit when it is printed: 4, 4日, 2.5 盒."""
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*([^\d\s]{0,8})", plain(text).replace(",", ""))
    if found is None:
        raise Unreadable("數量,例如 4 或 4日", "a quantity, such as 4 or 4日")
    return Decimal(found[1]), found[2]


def count(text: str) -> Decimal:
    """Days: 5, 5天, 共5日."""
    found = re.fullmatch(r"共?計?([0-9]{1,4})[天日]?", plain(text).replace(" ", ""))
    if found is None:
        raise Unreadable("天數,例如 5", "a number of days, such as 5")
    return Decimal(found[1])


def _one_of(expected: str, expected_en: str, **table: str) -> Callable[[str], str]:
    """A reading of words: code=words separated by spaces."""
    known = {word: code.replace("_", "-") for code, listed in table.items() for word in listed.split()}

    def read(text: str) -> str:
        if code := known.get(compact(text)):
            return code
        raise Unreadable(expected, expected_en)

    return read


gender = _one_of(
    "男、女、其他或不詳", "男, 女, 其他 or 不詳",
    male="男 男性 M MALE 1", female="女 女性 F FEMALE 2", other="其他 O OTHER", unknown="不詳 U UNKNOWN 不明",
)  # fmt: skip
visit = _one_of(
    "門診、急診或住院", "門診, 急診 or 住院",
    AMB="門診 門 O OPD AMB 西醫門診 牙醫門診 中醫門診", EMER="急診 急 E ER EMER", IMP="住院 住 I IPD IMP 住診",
)  # fmt: skip
status = _one_of(
    "正式、初步、更正或作廢", "正式, 初步, 更正 or 作廢",
    final="正式 FINAL 正本", preliminary="初步 PRELIMINARY 暫定", amended="更正 AMENDED 補正 修正",
    entered_in_error="作廢 ENTEREDINERROR 註銷",
)  # fmt: skip
edition = _one_of(
    "2023、2021、2014 或 ICD-9", "2023, 2021, 2014 or ICD-9",
    **{
        "icd-10-cm-2023-tw": "2023 2023年版 2023年 ICD10CM2023 ICD102023 ICD10CM2023年版",
        "icd-10-cm-2021-tw": "2021 2021年版 2021年 ICD10CM2021 ICD102021 ICD10CM2021年版",
        "icd-10-cm-2014-tw": "2014 2014年版 2014年 ICD10CM2014 ICD102014 ICD10CM2014年版",
        "icd-9-cm-2001-tw": "ICD9 ICD9CM 9 2001 ICD9CM2001",
    },
)  # fmt: skip


def payer(text: str) -> str:
    """Who pays: 健保 or the patient. What the NHI leaves to the patient (部分負擔) is the patient's."""
    name = compact(text)
    if re.search("非健保|自費|自付|部分負擔|自行負擔|病人|病患|民眾", name):
        return PATIENT
    if re.search("健保|NHI|福保|榮民|榮眷|重大傷病|低收", name):  # the latter are NHI patients free of copayment
        return NHI
    raise Unreadable("健保或自費", "健保 (NHI) or 自費 (the patient)")


def person(text: str) -> str:
    """A national id or a residence permit's number; which of the two its form says, its checksum is for validation."""
    found = plain(text).replace(" ", "").replace("-", "").upper()
    if not re.fullmatch(r"[A-Z][0-9A-D][0-9]{8}", found):
        raise Unreadable("身分證字號或居留證統一證號,十碼", "a national id or residence permit number, ten characters")
    return found


def _digits(length: int, expected: str, expected_en: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        found = plain(text).replace(" ", "")
        if not re.fullmatch(rf"[0-9]{{{length}}}", found):
            raise Unreadable(expected, expected_en)
        return found

    return read


institution = _digits(
    10,
    "十碼醫事機構代碼(試算表請設為文字格式,以保留開頭的 0)",
    "the ten-digit institution code (format the column as text, so that a leading 0 stays)",
)
company = _digits(8, "八碼統一編號", "the eight-digit company number")


def uri(text: str) -> str:
    found = plain(text)
    if not re.fullmatch(r"(?:https?://|urn:)[!-~]+", found):
        raise Unreadable("網址,例如 https://www.example.org", "an address, such as https://www.example.org")
    return found.rstrip("/")


def code(text: str) -> str:
    """A code of any system: letters, digits, dots and hyphens."""
    found = number(text).upper()
    if not re.fullmatch(r"[0-9A-Z][0-9A-Z.\-]{0,30}", found):
        raise Unreadable("代碼(英數字)", "a code of letters and digits")
    return found


def department(text: str) -> str:
    return plain(text)


_ICD = r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?|\d{3}(?:\.?\d{1,2})?"
_ICD_IN_BRACKETS = re.compile(rf"\s*[(\[](?:ICD-?\d*(?:-CM)?\s*[:：]?\s*)?({_ICD})[)\]]\s*\Z", re.IGNORECASE)
_NUMBERING = re.compile(r"^\s*(?:\(?\d{1,2}[)、.．:：]|[①-⑳])\s*(?!\d)")


def icds(text: str) -> list[str]:
    """ICD codes with their dot; several in a cell are separated."""
    found = [one for one in re.split(r"[\s,;/、]+", number(text).upper()) if one]
    if not found or not all(re.fullmatch(_ICD, one) for one in found):
        raise Unreadable("ICD 診斷碼,例如 S52.501A", "ICD codes, such as S52.501A")
    return [_dotted(one) for one in found]


def _dotted(icd: str) -> str:
    return icd if "." in icd or len(icd) == 3 else f"{icd[:3]}.{icd[3:]}"


def texts(text: str) -> list[tuple[str, str]]:
    """Diagnoses with the ICD code that stands in brackets behind each, or none; several in a cell stand on lines of
    their own or between semicolons."""
    found = []
    for part in re.split(r"[;；\n]", text):
        name = _NUMBERING.sub("", part).strip()
        if bracketed := _ICD_IN_BRACKETS.search(unicodedata.normalize("NFKC", name)):
            name = unicodedata.normalize("NFKC", name)[: bracketed.start()]
        if name:
            found.append((name, _dotted(bracketed[1].upper()) if bracketed else ""))
    if not found:
        raise Unreadable("病名", "a diagnosis")
    return found


READINGS: dict[str, Callable[[str], object]] = {
    "text": words, "lines": lines, "number": number, "moment": moment, "day": day, "instant": instant, "period": period,
    "amount": amount, "quantity": quantity, "count": count, "gender": gender, "visit": visit, "status": status,
    "edition": edition, "payer": payer, "person": person, "institution": institution, "company": company, "uri": uri,
    "code": code, "department": department, "departmentCode": code, "icds": icds, "texts": texts,
}  # fmt: skip


def department_code(name: str) -> str:
    """The NHI code in the printed name of a department: 骨科, 06, 06 骨科, 骨科(06); nothing when there is none."""
    known = mapping().department_names
    if found := known.get(compact(name)):
        return found
    codes = {code for _, listed in mapping().departments for code in listed}
    for pattern in (r"([0-9A-Z]{2})[\s-]*\D*", r".*?[\s(]([0-9A-Z]{2})\)?"):
        if (found := re.fullmatch(pattern, name.upper())) and found[1] in codes:
            return found[1]
    return ""
