"""Problems of FHIR structure: what R4 4.0.1 itself demands of JSON, elements and primitives."""

from schemas.problems import Entry

ENTRIES: tuple[Entry, ...] = (
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
        "fhir-code",
        "代碼不在值集 {value_set} 內",
        "The code is not in the value set {value_set}",
        "Use a code of http://hl7.org/fhir/R4/valueset-{value_set}.html, with its system where there is one.",
    ),
    Entry(
        "fhir-extension",
        "extension 須恰有 value[x] 或內層 extension 其中之一",
        "An extension has either a value or extensions inside, and not both (R4 ext-1)",
        "Give value[x], or extensions inside; leave the extension out when there is neither.",
    ),
    Entry(
        "fhir-id-twice",
        "同一資源內有兩個元素的 id 相同",
        "Two elements of one resource have the same id",
        "Give each element an id of its own, or none.",
    ),
    Entry(
        "fhir-reference",
        "參照的寫法不正確",
        "Not a reference",
        "Write Type/id with an R4 resource type, an absolute address, urn:uuid: and a UUID, or # and the id of what is "
        "contained.",
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
