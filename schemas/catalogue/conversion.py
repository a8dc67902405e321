"""Problems of forms on their way into documents: files that cannot be read, columns, cells, rows that do not fit."""

from schemas.problems import Entry, Severity

_FORMS = (
    Entry(
        "form-unreadable",
        "檔案無法讀取:不是 CSV、Excel(.xlsx)或 JSON,或已損壞",
        "The file cannot be read: not CSV, Excel (.xlsx) or JSON, or damaged",
        "Open it in the program that wrote it and save it again as .xlsx or CSV.",
    ),
    Entry(
        "form-old-workbook",
        "這是舊版 Excel(.xls)或有密碼的活頁簿",
        "This is a workbook of the old format (.xls), or one with a password",
        "Open it in Excel, remove the password, and save it as .xlsx.",
    ),
    Entry(
        "form-active",
        "活頁簿含巨集、外部連結或內嵌物件",
        "The workbook holds macros, links to other files, or embedded objects",
        "Copy the values into a new workbook, and save it as .xlsx.",
    ),
    Entry(
        "form-formula",
        "活頁簿有尚未計算的公式",
        "The workbook has formulas whose results are not in it",
        "Open it in Excel and save it, or paste the values in place of the formulas.",
    ),
    Entry(
        "form-too-large",
        "超過上限:{what}",
        "Larger than the limit: {what_en}",
        "Send the rows in several files.",
    ),
    Entry(
        "form-json-shape",
        "JSON 的結構不是 {{certificates: [列], receipts: [列]}}",
        "The JSON is not of the shape {{certificates: [row], receipts: [row]}}",
        'Send {{"certificates": [{{header: value}}], "receipts": [...]}}; values are texts, numbers, true, false or null.',
    ),
)

_COLUMNS = (
    Entry(
        "convert-unrecognised",
        "認不出是診斷證明書或收據明細:找不到標題列",
        "Neither a certificate nor a receipt: no row of headers was found",
        "Take the template, or name the columns as docs/conversion.md lists them, in one row within the first {within}.",
    ),
    Entry(
        "convert-sheet-skipped",
        "此工作表認不出是診斷證明書或收據明細,未轉入",
        "This sheet is neither a certificate nor a receipt, and was left out",
        "Nothing to do if it holds neither; else name its columns as docs/conversion.md lists them.",
        Severity.WARNING,
    ),
    Entry(
        "convert-column-unknown",
        "第 {number} 欄的標題不認得,其內容未轉入",
        "The header of column {number} is not known; what stands in it was left out",
        "Name the column as docs/conversion.md lists it, or leave it out.",
        Severity.WARNING,
    ),
    Entry(
        "convert-column-twice",
        "欄位「{field}」出現兩次(第 {first} 欄已有)",
        "The column {field} stands twice (column {first} has it already)",
        "Keep one of them. Several diagnoses are numbered: 病名1, 病名2.",
    ),
    Entry(
        "convert-column-missing",
        "缺少必要欄位「{field}」",
        "The required column {field} ({field_en}) is missing",
        "Add the column {field}.",
    ),
)

_CELLS = (
    Entry(
        "convert-value",
        "「{field}」的值無法讀取,應為{expected}",
        "The value of {field} ({field_en}) cannot be read; {expected_en} is expected",
        "Write {expected_en}.",
    ),
    Entry(
        "convert-missing",
        "必填欄位「{field}」空白",
        "The required value {field} ({field_en}) is missing",
        "Fill in {field}.",
    ),
    Entry(
        "convert-differs",
        "同一案件的「{field}」不一致",
        "{field} ({field_en}) differs within one case",
        "Correct the wrong one, or give the rows case numbers (案件編號) of their own.",
    ),
    Entry(
        "convert-department",
        "科別名稱查無健保科別代碼",
        "The department has no NHI code by this name",
        "Add the column 科別代碼 (such as 06), or write the name as the NHI does (骨科).",
    ),
    Entry(
        "convert-diagnoses",
        "病名與診斷碼的個數不同",
        "There are not as many diagnoses as codes",
        "Give each diagnosis its code in the same order, separated by ; or in numbered columns.",
    ),
    Entry(
        "convert-payer",
        "「{field}」未註明由健保或病人支付",
        "{field} does not say who pays: the NHI or the patient",
        "Add the column 付費別 (健保, 自費), or name the column for it, such as 診察費(健保).",
    ),
    Entry(
        "convert-payer-differs",
        "「{field}」與「{other}」的金額互相矛盾",
        "{field} ({field_en}) contradicts the amount under {other} ({other_en})",
        "Correct one of them. A line that both pay for is written with its amounts in columns and {field} blank.",
    ),
    Entry(
        "convert-sum",
        "「{field}」不等於各項之和",
        "{field} ({field_en}) is not the sum of its lines",
        "Correct it or the lines. A fee in a column whose header is not known is missing in the sum.",
    ),
    Entry(
        "convert-fee-unknown",
        "收據項目不在對照表中,只以文字轉入",
        "The receipt line is not in the table of fees; it is carried as text only",
        "Use a name that docs/conversion.md lists, where one fits.",
        Severity.WARNING,
    ),
    Entry(
        "convert-row-left",
        "此列不列為收據明細:{why}",
        "The row is no line of the receipt: {why_en}",
        "Nothing to do if it is none; else name its fee as docs/conversion.md lists it.",
        Severity.WARNING,
    ),
    Entry(
        "convert-no-lines",
        "收據沒有任何明細",
        "The receipt has no lines",
        "Add its lines: a row each, or its fees in columns.",
    ),
)

_CASES = (
    Entry(
        "convert-empty",
        "標題列之下沒有任何資料",
        "There are no rows below the header",
        "Fill in a row for each certificate or receipt line.",
    ),
    Entry(
        "convert-case-unclear",
        "同一就醫序號有數個案件編號,無法判斷此列屬於何者",
        "Several case numbers share this visit; which of them the row belongs to cannot be told",
        "Add the case number (案件編號) to the row.",
    ),
    Entry(
        "convert-row-homeless",
        "同一表中第 {row} 列不知屬於哪一案件,此案件可能不完整,未產生",
        "Row {row} of the same table belongs to no known case; this case may lack it and was not produced",
        "Give row {row} its case number (案件編號), or take the row out. Merged cells hold their value in one row only.",
    ),
    Entry(
        "convert-certificates",
        "同一案件有兩張字號不同的診斷證明書",
        "One case has two certificates of different numbers",
        "Give each certificate a case number (案件編號) of its own.",
    ),
    Entry(
        "convert-receipt-twice",
        "同一收據出現兩列",
        "The same receipt stands in two rows",
        "Keep one row a receipt when the fees stand in columns.",
    ),
    Entry(
        "convert-unpaired",
        "找不到同一案件的{other},單獨轉入",
        "There is no {other_en} of this case; the other was converted alone",
        "Compare the case number (案件編號) or the number of the visit (就醫序號) in both files.",
        Severity.WARNING,
    ),
    Entry(
        "convert-too-many",
        "一次超過 {limit} 件",
        "More than {limit} cases at once",
        "Send the rows in several files.",
    ),
    Entry(
        "convert-failed",
        "本平台轉換失敗,此案件未產生",
        "Our failure: no document could be made of this case",
        "Report this with the row; other cases are not touched.",
    ),
)

ENTRIES: tuple[Entry, ...] = (*_FORMS, *_COLUMNS, *_CELLS, *_CASES)
