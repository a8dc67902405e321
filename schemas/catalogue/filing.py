"""Problems of filings: applications, authorisations, uploads and their kin."""

from schemas.problems import Entry, Severity

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "filing-person-identifier",
        "證號格式或檢查碼錯誤",
        "The form or the checksum of the identifier is wrong",
        "Compare with the identity document: national id or residence permit with its check digit, or a passport "
        "number of 6 to 20 letters and digits.",
    ),
    Entry(
        "filing-company-number",
        "統一編號檢查碼錯誤",
        "The checksum of the company number is wrong",
        "Use the insurer's company number as registered.",
    ),
    Entry(
        "filing-key-unusable",
        "此公鑰不是其曲線上可用的點",
        "The public key is no usable point of its curve",
        "Export the public key again, or make a new pair: claims participant key CODE --generate FILE.",
    ),
    Entry(
        "filing-roc-date",
        "日期為民國年,應為西元年",
        "The date is in the ROC calendar; Gregorian is expected",
        "Write YYYY-MM-DD: ROC year + 1911.",
    ),
    Entry(
        "filing-period-reversed",
        "授權期間的迄日早於起日",
        "The period ends before it starts",
        "Correct the start or the end; both days are included.",
    ),
    Entry(
        "filing-loss-in-future",
        "事故或就醫日期晚於接收日",
        "The date of loss lies after the day of receipt",
        "Correct the date; it is a day in Taiwan.",
    ),
    Entry(
        "filing-occurred-differs",
        "事故時間與損失日期不同日",
        "The time of the accident is not on the date of loss",
        "Correct occurredAt or the date of loss.",
        Severity.WARNING,
    ),
    Entry(
        "filing-grantor-role",
        "授權人身分與當事人不符",
        "The grantor's role does not fit: self means that grantor and subject are one person, any other role that they "
        "are not",
        "Correct the role, or the identifier of grantor or subject.",
    ),
    Entry(
        "filing-basis-differs",
        "法律依據與授權人身分不符",
        "The legal basis does not fit the grantor's role",
        "self: written-consent; representative: representative-consent; heir: heir-consent.",
    ),
    Entry(
        "paper-media-type",
        "檔案不是 PDF、JPEG 或 PNG",
        "The file is not a PDF, JPEG or PNG",
        "Send the paper as PDF, JPEG or PNG, unencrypted and unpacked.",
    ),
    Entry(
        "paper-media-type-generic",
        "未宣告檔案的媒體類型",
        "The media type of the file is not said",
        "Say application/pdf, image/jpeg or image/png in the Content-Type of the file part.",
        Severity.WARNING,
    ),
    Entry(
        "paper-media-type-differs",
        "檔案內容與宣告的媒體類型不同",
        "The file is of another media type than claimed",
        "Claim the media type that the file has; it is handed over under it.",
    ),
    Entry(
        "paper-metadata-missing",
        "缺少 metadata",
        "The metadata is missing",
        "Send the part metadata with the file; /schemas/paper has an example.",
    ),
    Entry(
        "paper-class-missing",
        "classes 缺少此種文件必有的類別 {expected}",
        "The classes lack the one that a paper of this kind always has: {expected}",
        "Add {expected} to classes.",
    ),
    Entry(
        "paper-class-foreign",
        "此種文件不得列為 {foreign} 類別",
        "A paper of this kind cannot be of the class {foreign}",
        "Remove {foreign} from classes, or send the paper under the kind that it is.",
    ),
    Entry(
        "filing-heir-subject",
        "繼承人只能為已故者授權",
        "An heir authorises for a deceased person only",
        "Set subjectRole to deceased, or the grantor's role to self or representative.",
    ),
    Entry(
        "dispute-loss",
        "異議須指明車禍事故",
        "A dispute is of an accident on the road",
        "Name the loss by date and plate (kind motor), or by its case number.",
    ),
    Entry(
        "dispute-day-in-future",
        "鑑定日期晚於接收日",
        "A day of the assessment lies after the day of receipt",
        "Correct the date; it is a day in Taiwan that has come.",
    ),
    Entry(
        "dispute-days-reversed",
        "鑑定各日期先後不符",
        "The days of the assessment are not in order: applied for, received, re-assessment applied for",
        "Correct the dates.",
    ),
    Entry(
        "withdrawal-body",
        "撤回不需內容,已略過",
        "A withdrawal needs no body; it is left out of account",
        "Send DELETE without a body.",
        Severity.WARNING,
    ),
)
