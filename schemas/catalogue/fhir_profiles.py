"""Problems of the profiles that a resource names: TW Core, iClaim."""

from schemas.problems import Entry, Severity

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "profile-unknown",
        "meta.profile 指名的規範不在已知清單內,未依其檢查",
        "meta.profile names a profile that is not known here; it was not checked",
        "Check its address: TW Core 0.3.x and iClaim are known. Nothing needs to be changed if it is right.",
        Severity.WARNING,
    ),
    Entry(
        "profile-type",
        "{profile} 是 {expected} 的規範,不適用此資源",
        "{profile} is a profile of {expected}, not of this resource",
        "Name a profile of this resource's type.",
    ),
    Entry(
        "profile-required",
        "{profile} 規定必填 {element}",
        "{profile} requires {element}",
        "Add {element}.",
    ),
    Entry(
        "profile-forbidden",
        "{profile} 不允許此欄位或此型別",
        "{profile} does not allow this element, or this type of it",
        "Leave it out, or give the value in the type that the profile allows.",
    ),
    Entry(
        "profile-few",
        "{profile} 規定至少 {count} 項",
        "{profile} requires at least {count}",
        "Add what is missing.",
    ),
    Entry(
        "profile-many",
        "{profile} 規定{what}至多 {count} 項",
        "{profile} allows at most {count} {what_en}",
        "Leave {count} of them.",
    ),
    Entry(
        "profile-value",
        "{profile} 規定此處為 {expected}",
        "{profile} demands {expected} here",
        "Write {expected}.",
    ),
    Entry(
        "profile-slice",
        "{profile} 規定須有 {slice}({expected})",
        "{profile} demands an item {slice} ({expected})",
        "Add an item with {expected}.",
    ),
    Entry(
        "profile-code",
        "代碼不在 {profile} 綁定的值集 {valueset} 內",
        "The code is not in the value set {valueset} that {profile} binds",
        "Use a code of {valueset}.",
    ),
    Entry(
        "profile-reference",
        "{profile} 規定此處只能參照 {expected}",
        "{profile} allows references to {expected} only",
        "Refer to a resource of such a type.",
    ),
    Entry(
        "profile-rule",
        "不符合 {profile} 的規則 {rule}:{label}",
        "Breaks rule {rule} of {profile}: {label_en}",
        "Correct it as the rule says.",
    ),
    Entry(
        "iclaim-required",
        "iClaim 必要內容缺漏:{label}",
        "Required by iClaim and missing: {label_en}",
        "Add {element}.",
    ),
    Entry(
        "iclaim-once",
        "iClaim 文件只能有一份 {element}",
        "An iClaim document holds one {element} only",
        "Send a document for each.",
    ),
    Entry(
        "iclaim-value",
        "iClaim 規定此處為 {expected}",
        "iClaim demands {expected} here",
        "Write {expected}.",
    ),
)
