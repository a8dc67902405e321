"""Problems of FHIR documents: structure, document rules, iClaim's elements, identifiers, receipts, dates."""

from schemas.problems import Entry, Severity

_STRUCTURE = (
    Entry(
        "fhir-not-a-bundle",
        "內容不是 FHIR Bundle",
        "The content is not a FHIR Bundle",
        "Send one JSON object with resourceType Bundle and type document.",
    ),
    Entry(
        "fhir-resource-type",
        "資源沒有 resourceType,或不是 R4 的資源類型",
        "A resource without resourceType, or with one that R4 does not have",
        "Write the R4 resource type, spelled exactly, as the resourceType of the resource.",
    ),
    Entry(
        "fhir-unknown-element",
        "R4 在此處沒有這個欄位",
        "R4 has no such element here",
        "Remove it, correct its spelling (case matters), or carry it in an extension.",
    ),
    Entry(
        "fhir-required",
        "缺少必要欄位 {element}",
        "The required element {element} is missing",
        "Add {element}.",
    ),
    Entry(
        "fhir-choice",
        "{element} 只能擇一填寫",
        "Only one type of {element} may be given",
        "Keep one of them.",
    ),
    Entry(
        "fhir-array",
        "單一值與陣列誤用",
        "An array where a single value belongs, or a single value where an array belongs",
        "Write elements that may repeat as arrays, even for one value, and all others without brackets.",
    ),
    Entry(
        "fhir-type",
        "JSON 型別錯誤,應為 {expected}",
        "Wrong kind of JSON value; {expected} is expected",
        "Write numbers and booleans without quotes, texts and dates in quotes, structures as objects.",
    ),
    Entry(
        "fhir-empty",
        "欄位不可為空(空字串、空陣列、空物件)",
        "An element may not be empty (empty text, array or object)",
        "Leave the element out when there is no value.",
    ),
    Entry(
        "fhir-null",
        "此處不可為 null",
        "null is not allowed here",
        "Leave the element out when there is no value.",
    ),
    Entry(
        "fhir-sibling",
        "欄位與其底線欄位的陣列長度不同",
        "An array and its underscore sibling differ in length",
        "Give both arrays the same length; fill up with null.",
    ),
    Entry(
        "fhir-value",
        "值不符合此欄位的格式",
        "The value does not follow the format of this element",
        "Follow the R4 data type of the element (characters, length, range).",
    ),
    Entry(
        "fhir-structure",
        "資源結構無法讀取",
        "The structure of the resource cannot be read",
        "Compare the resource with its R4 definition.",
    ),
    Entry(
        "roc-date",
        "日期疑似民國紀年,FHIR 須用西元",
        "This looks like a date of the ROC calendar; FHIR takes Gregorian dates only",
        "Write YYYY-MM-DD with the Gregorian year = ROC year + 1911 (ROC 114 is 2025).",
    ),
    Entry(
        "date-impossible",
        "曆法上沒有這一天",
        "There is no such day in the calendar",
        "Correct the day or the month.",
    ),
    Entry(
        "fhir-date",
        "日期時間格式錯誤",
        "Not a FHIR date or time",
        "Write YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss+08:00: with seconds and zone whenever there is a time.",
    ),
    Entry(
        "too-many-problems",
        "問題超過 {limit} 項,其餘未列出",
        "More than {limit} problems; the others are not listed",
        "Correct these first and send again.",
    ),
)

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
        "iclaim-required",
        "iClaim 必要內容缺漏:{label}",
        "Required by iClaim and missing: {label_en}",
        "Add {element}.",
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
        "總額不等於病人支付各項之和",
        "The total is not the sum of the lines that the patient pays",
        "Correct total or the lines; NHI points do not count.",
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

ENTRIES: tuple[Entry, ...] = (*_STRUCTURE, *_DOCUMENT, *_CLAIM)
