"""Problems of any record: JSON itself, authorship, identity."""

from schemas.problems import Entry, Severity

ENTRIES = (
    Entry(
        "json-invalid",
        "不是正確的 JSON:{what}",
        "Not valid JSON: {what_en}",
        "Correct the JSON at the given line and column.",
    ),
    Entry(
        "json-duplicate-key",
        "物件內同一鍵出現兩次",
        "The same key stands twice in one object",
        "Keep one of the two; which one is meant cannot be guessed.",
    ),
    Entry(
        "json-too-deep",
        "巢狀層數超過 {limit}",
        "Nested deeper than {limit} levels",
        "Flatten the content; no claim document needs more than {limit} levels.",
    ),
    Entry(
        "too-many-entries",
        "項目數超過 {limit}",
        "More than {limit} entries",
        "Send the content as several documents of at most {limit} entries.",
    ),
    Entry(
        "not-utf8",
        "內容不是 UTF-8",
        "The content is not UTF-8",
        "Encode as UTF-8 without a byte order mark.",
    ),
    Entry(
        "schema",
        "不符合 {schema} 的結構:{what}",
        "Does not follow the schema {schema}: {what}",
        "Follow /schemas/{schema}; it has a valid example.",
    ),
    Entry(
        "foreign-author",
        "文件作者不是傳送者",
        "The author of the document is not the sender",
        "Send with the token of the institution that wrote the document, or correct the author's institution code.",
    ),
    Entry(
        "identity-conflict",
        "相同識別碼已有位元組不同的內容,且未標示為更正",
        "The same identity already has other bytes, and this does not say that it is a correction",
        "To correct: a document needs a later Bundle.timestamp and Composition.status amended (or entered-in-error to "
        "withdraw); JSON needs a higher version, an open-data file a later 資料提供日期. To send something new: give it an "
        "identity of its own.",
    ),
    Entry(
        "authorisation-withdrawn",
        "授權已撤回,不能再審核",
        "The authorisation was withdrawn; it can no longer be reviewed",
        "Ask the person for a new authorisation.",
    ),
    Entry(
        "reviewer-is-grantor",
        "審核者不得為授權人",
        "The reviewer is the grantor",
        "Have another operator review it.",
    ),
    Entry(
        "mandate-withdrawn",
        "委託已撤回,不能再審核",
        "The mandate was withdrawn; it can no longer be reviewed",
        "Ask the principal for a new mandate.",
    ),
    Entry(
        "reviewer-is-party",
        "審核者不得為委託人或受託人",
        "The reviewer is the principal or the agent",
        "Have another operator review it.",
    ),
    Entry(
        "review-superseded",
        "此授權或委託已有較新版本",
        "The authorisation or mandate has a newer version",
        "Review the newest version.",
    ),
    Entry(
        "own-standing",
        "不得變更自己的資格",
        "Nobody changes their own standing",
        "Have another operator change it.",
    ),
    Entry(
        "last-operator",
        "這是最後一位在職的操作人員",
        "This is the last admitted operator",
        "Admit another operator first; without one nobody could be admitted again.",
    ),
    Entry(
        "record-unknown",
        "所指的紀錄不存在",
        "A record named here does not exist",
        "Use the record id of the receipt.",
    ),
    Entry(
        "erase-withdrawal",
        "撤回紀錄不得刪除:其所撤回者將因此恢復",
        "A withdrawal cannot be erased: what it withdrew would stand again",
        "Erase the record that it withdrew.",
    ),
    Entry(
        "judged-one-document",
        "兩筆紀錄是同一文件的版本或重複",
        "The two records are versions or duplicates of one document",
        "Have the sender withdraw or correct one of them.",
    ),
    Entry(
        "version-in-future",
        "時間晚於接收時間",
        "The time lies after the time of receipt",
        "Check the clock of the sending system.",
        Severity.WARNING,
    ),
    Entry(
        "version-far-in-future",
        "時間晚於接收時間一日以上",
        "The time lies more than a day after the time of receipt",
        "Put it right: the latest time is current, so until then no correction could take this one's place.",
    ),
)
