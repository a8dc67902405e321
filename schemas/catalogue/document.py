"""Problems of FHIR documents beyond R4 itself: document rules, iClaim's elements, identifiers, receipts, dates."""

from schemas.problems import Entry, Severity

_DOCUMENT = (
    Entry(
        "document-type",
        "Bundle.type 必須是 document",
        "Bundle.type must be document",
        "Send a document: type document, the Composition as first entry. Messages, collections and transactions are "
        "not taken.",
    ),
    Entry(
        "document-identifier",
        "Bundle.identifier 必須有 system 與 value",
        "Bundle.identifier needs system and value",
        "Give the document its own identifier: the hospital's system and the case number.",
    ),
    Entry(
        "document-timestamp",
        "Bundle.timestamp 必須有值",
        "Bundle.timestamp is missing",
        "Write the time when the document was put together, with zone.",
    ),
    Entry(
        "document-status",
        "Composition.status 必須是 preliminary、final、amended 或 entered-in-error",
        "Composition.status must be preliminary, final, amended or entered-in-error",
        "Use one of the four codes.",
    ),
    Entry(
        "composition-first",
        "文件的第一個 entry 必須是 Composition",
        "The first entry of a document must be its Composition",
        "Put the Composition first.",
    ),
    Entry(
        "full-url-missing",
        "entry 缺少 fullUrl",
        "An entry without fullUrl",
        "Give each entry a fullUrl, such as urn:uuid: and a UUID.",
    ),
    Entry(
        "full-url-relative",
        "fullUrl 不是絕對網址",
        "A fullUrl that is not absolute",
        "Write urn:uuid: and a UUID, or an absolute http(s) address without version.",
    ),
    Entry(
        "full-url-duplicate",
        "fullUrl 重複",
        "The same fullUrl stands twice",
        "Give each entry a fullUrl of its own.",
    ),
    Entry(
        "composition-reference",
        "Composition 所指的資源不在文件內",
        "What the Composition refers to is not inside the document",
        "Add the resource as an entry, with the fullUrl that the reference names.",
    ),
    Entry(
        "reference-unresolved",
        "所指的資源不在文件內",
        "What is referred to is not inside the document",
        "Add the resource as an entry, or correct the reference.",
        Severity.WARNING,
    ),
    Entry(
        "reference-by-id",
        "以資源類型與 id 才找得到所指的資源",
        "The reference resolves only by type and id, not by a fullUrl",
        "Refer to the fullUrl of the entry.",
        Severity.WARNING,
    ),
    Entry(
        "author-missing",
        "找不到作者機構的醫事機構代碼",
        "The institution code of the author cannot be found",
        "Name the hospital's Organization as Composition.author (or custodian), with its ten-digit institution code as "
        "identifier of type PRN.",
    ),
    Entry(
        "case-number-differs",
        "案件編號與 Bundle.identifier 不同",
        "The case number differs from Bundle.identifier",
        "Write the same case number in Bundle, Composition and Claim.",
        Severity.WARNING,
    ),
    Entry(
        "resource-without-id",
        "有資源沒有 id",
        "There are resources without id",
        "Give each resource an id.",
        Severity.WARNING,
    ),
    Entry(
        "identifier-without-system",
        "診斷證明書序號沒有 system",
        "The certificate number has no system",
        "Add the hospital's system to Condition.identifier.",
        Severity.WARNING,
    ),
    Entry(
        "icd-9",
        "診斷碼為 ICD-9",
        "The diagnosis is coded in ICD-9",
        "Use ICD-10-CM 2023.",
        Severity.WARNING,
    ),
    Entry(
        "coverage-member",
        "Coverage 沒有與被保險人關係或會員(保單)號碼",
        "The Coverage has no relationship, or no member number",
        "Add relationship, and an identifier of type MB or subscriberId.",
        Severity.WARNING,
    ),
    Entry(
        "date-other-zone",
        "以書寫時區看與臺灣時間看是不同的日期",
        "The date as written and the date in Taiwan differ",
        "Write times with +08:00.",
        Severity.WARNING,
    ),
)

_CLAIM = (
    Entry(
        "gender-contradicts-id",
        "性別與身分證字號第二碼不符",
        "The gender contradicts the second character of the national id",
        "Compare both with the identity card: 1 is male, 2 is female.",
        Severity.WARNING,
    ),
    Entry(
        "icd-system",
        "不是 TW Core 的 ICD 代碼系統",
        "Not one of the ICD code systems of TW Core",
        "Use https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-10-cm-2023-tw or icd-10-pcs-2023-tw.",
        Severity.WARNING,
    ),
    Entry(
        "icd-code",
        "代碼不符合此 ICD 版本的格式",
        "The code does not have the form of this ICD version",
        "Write it as the code list does: ICD-10-CM with its dot (S52.501A), ICD-10-PCS as seven characters (0DTJ4ZZ).",
        Severity.WARNING,
    ),
    Entry(
        "certificate-not-chinese",
        "保險用診斷證明書的病名應以中文記載(醫療法第 76 條)",
        "The diagnosis of a certificate for insurance must be in Chinese (Medical Care Act, art. 76)",
        "Write the Chinese name of the disease in code.text.",
        Severity.WARNING,
    ),
    Entry(
        "identifier-national-id",
        "身分證字號格式或檢查碼錯誤",
        "The form or checksum of the national id is wrong",
        "Compare it with the identity card: one letter, 1 or 2, eight digits.",
        Severity.WARNING,
    ),
    Entry(
        "identifier-permit",
        "居留證統一證號格式或檢查碼錯誤",
        "The form or checksum of the residence permit number is wrong",
        "Compare it with the permit: one letter, 8 or 9, eight digits; or the old form, two letters and eight digits.",
        Severity.WARNING,
    ),
    Entry(
        "identifier-company",
        "統一編號格式或檢查碼錯誤",
        "The form or checksum of the company number is wrong",
        "Compare it with the registration: eight digits.",
        Severity.WARNING,
    ),
    Entry(
        "identifier-institution",
        "醫事機構代碼不是十碼數字",
        "The institution code is not ten digits",
        "Write the ten-digit code of the institution.",
        Severity.WARNING,
    ),
    Entry(
        "receipt-line",
        "金額不等於數量乘以單價",
        "The amount is not quantity times unit price",
        "Correct net, quantity, unitPrice or factor of this line.",
        Severity.WARNING,
    ),
    Entry(
        "receipt-payer",
        "收據明細須標明由病人或健保支付",
        "A receipt line must say who pays: the patient or the NHI",
        "Give modifier exactly one of coverage-selfpay#pay and v3-ActCode#PUBLICPOL.",
        Severity.WARNING,
    ),
    Entry(
        "receipt-total",
        "總額不等於病人支付各項之和(須為同一幣別)",
        "The total is not the sum of the lines that the patient pays, in one currency",
        "Correct total or the lines; NHI points do not count.",
        Severity.WARNING,
    ),
    Entry(
        "receipt-points-currency",
        "健保支付為點數,不應有幣別",
        "What the NHI pays is points and has no currency",
        "Remove the currency of this line.",
        Severity.WARNING,
    ),
    Entry(
        "receipt-currency",
        "病人支付的金額沒有幣別",
        "An amount that the patient pays has no currency",
        "Add currency TWD.",
        Severity.WARNING,
    ),
    Entry(
        "date-order",
        "日期先後不合理:{later} 早於 {earlier}",
        "Dates out of order: {later_en} before {earlier_en}",
        "Correct the wrong one of the two.",
        Severity.WARNING,
    ),
)

ENTRIES: tuple[Entry, ...] = (*_DOCUMENT, *_CLAIM)
