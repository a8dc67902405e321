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
        "filing-endpoint-unusable",
        "端點不是可用的網址",
        "The endpoint is no URL that can be asked",
        "Write an absolute https URL without user name and fragment; http only for 127.0.0.1, ::1 or localhost.",
    ),
    Entry(
        "filing-roc-date",
        "日期為民國年,應為西元年",
        "The date is in the ROC calendar; Gregorian is expected",
        "Write YYYY-MM-DD: ROC year + 1911.",
    ),
    Entry(
        "filing-period-reversed",
        "期間的迄日早於起日",
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
        "self: written-consent; representative: representative-consent; heir: heir-consent; agent: agent-consent.",
    ),
    Entry(
        "paper-media-type",
        "檔案不是 PDF、JPEG 或 PNG",
        "The file is not a PDF, JPEG or PNG",
        "Send the paper as PDF, JPEG or PNG, unencrypted and unpacked.",
    ),
    Entry(
        "paper-broken",
        "檔案開頭為 PDF、JPEG 或 PNG,但結構不完整",
        "The file begins like a PDF, JPEG or PNG, and is not one: its structure ends before its end",
        "It may have been cut off, or be another file under this name. Scan or export it again, and send all of it.",
    ),
    Entry(
        "paper-before-its-day",
        "文件日期早於事故後 {days} 日,依法此時尚不得取得",
        "The paper is dated before day {days} after the accident, from which it can be had by law (D0080090 art. 13)",
        "Correct the day of issue, or the date of loss; if both are right, nothing needs to be done.",
        Severity.WARNING,
    ),
    Entry(
        "paper-verdict-missing",
        "鑑定意見書未附各當事人的鑑定用語",
        "The assessment comes without its words on the parties",
        "Add verdict: for each party its word of K0040045 art. 8 (肇事原因, 無肇事因素, 同為肇事原因, 肇事主因, 肇事次因).",
        Severity.WARNING,
    ),
    Entry(
        "paper-verdict-foreign",
        "只有鑑定意見書有鑑定用語",
        "Only an assessment verdict has words on the parties",
        "Remove verdict, or send the paper as assessment-verdict.",
    ),
    Entry(
        "paper-verdict-person",
        "鑑定用語所指的當事人不在 persons 中",
        "The verdict names a person whom the paper is not said to be about",
        "Add the person to persons, or name the party by order or plate.",
    ),
    Entry(
        "paper-signature-form",
        "簽章不是分離式 JWS(EdDSA 或 ES256,含 kid)",
        "The signature is no detached JWS of EdDSA or ES256 that names its key",
        "Put the issuer's signature as header..signature, with alg EdDSA or ES256 and the kid of its registered key.",
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
        "filing-agent-subject",
        "委託因本人死亡而消滅,代理人不能為已故者授權",
        "A mandate ends with the principal's death (Civil Code art. 550): no agent authorises for a deceased person",
        "Have an heir authorise: grantor's role heir, basis heir-consent.",
    ),
    Entry(
        "filing-agent-is-principal",
        "代理人與本人是同一人",
        "Agent and principal are one person",
        "Who acts for herself needs no mandate: leave the agent out, or correct one of the identifiers.",
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
        "dispute-stage-missing",
        "申請覆議前須有鑑定意見書",
        "A re-assessment is applied for against a verdict, and the day on which that was received is missing",
        "Add the day `received`, or leave `reapplied` out.",
    ),
    Entry(
        "withdrawal-body",
        "撤回不需內容,已略過",
        "A withdrawal needs no body; it is left out of account",
        "Send DELETE without a body.",
        Severity.WARNING,
    ),
)
