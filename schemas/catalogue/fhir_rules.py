"""Problems of R4's invariants, references, Bundle rules and narrative.

An invariant's problem names the key under which R4 lists it (`{rule}`), so that both sides can look it up.
"""

from schemas.problems import Entry, Severity

_INVARIANTS = (
    Entry(
        "fhir-one-of",
        "{elements} 至少須填一項(R4 {rule})",
        "At least one of {elements} is needed (R4 {rule})",
        "Give one of {elements}.",
    ),
    Entry(
        "fhir-exactly-one",
        "{elements} 須恰填一項(R4 {rule})",
        "Exactly one of {elements} is needed (R4 {rule})",
        "Keep one of {elements} and leave out the others.",
    ),
    Entry(
        "fhir-not-together",
        "{elements} 不可同時填寫(R4 {rule})",
        "{elements} may not stand together (R4 {rule})",
        "Leave out what does not apply.",
    ),
    Entry(
        "fhir-together",
        "{elements} 須同時填寫或同時省略(R4 {rule})",
        "{elements} stand together or not at all (R4 {rule})",
        "Give all of {elements}, or none.",
    ),
    Entry(
        "fhir-needs",
        "有 {element} 時須有 {needed}(R4 {rule})",
        "{element} needs {needed} (R4 {rule})",
        "Add {needed}, or leave out {element}.",
    ),
    Entry(
        "fhir-needed-where",
        "{where} 時須有 {needed}(R4 {rule})",
        "{needed} is needed where {where} (R4 {rule})",
        "Add {needed}, or correct what it follows from.",
    ),
    Entry(
        "fhir-not-where",
        "{where} 時不可有 {element}(R4 {rule})",
        "{element} is not allowed where {where} (R4 {rule})",
        "Leave out {element}, or correct what forbids it.",
    ),
    Entry(
        "fhir-expected",
        "{element} 須為 {expected}(R4 {rule})",
        "{element} must be {expected} (R4 {rule})",
        "Correct {element}.",
    ),
    Entry(
        "fhir-order",
        "{second} 早於或小於 {first}(R4 {rule})",
        "{second} lies before or below {first} (R4 {rule})",
        "Correct the wrong one of the two.",
    ),
    Entry(
        "fhir-distinct",
        "{element} 重複(R4 {rule})",
        "The same {element} stands twice (R4 {rule})",
        "Give each {element} once.",
    ),
    Entry(
        "fhir-invariant",
        "違反 R4 的規則 {rule}",
        "R4's rule {rule} does not hold",
        "Look up {rule} among the constraints of this type.",
    ),
    Entry(
        "message-first",
        "訊息的第一個 entry 必須是 MessageHeader",
        "The first entry of a message must be its MessageHeader",
        "Put the MessageHeader first.",
    ),
)

_CONTAINED = (
    Entry(
        "contained-nested",
        "內含資源不可再內含資源(R4 dom-2)",
        "A contained resource contains another (R4 dom-2)",
        "Contain both in the outer resource; they may refer to each other by # and id.",
    ),
    Entry(
        "contained-unreferenced",
        "內含資源未被引用,也未引用外層資源(R4 dom-3)",
        "A contained resource that nothing refers to, and that does not refer to its container (R4 dom-3)",
        "Refer to it by # and its id, or leave it out.",
    ),
    Entry(
        "contained-version",
        "內含資源不可有 meta.versionId 或 meta.lastUpdated(R4 dom-4)",
        "A contained resource may not have meta.versionId or meta.lastUpdated (R4 dom-4)",
        "Leave them out: it has no versions of its own.",
    ),
    Entry(
        "contained-security",
        "內含資源不可有 meta.security(R4 dom-5)",
        "A contained resource may not have meta.security (R4 dom-5)",
        "Put the security label on the outer resource.",
    ),
    Entry(
        "contained-id-missing",
        "內含資源沒有 id",
        "A contained resource without id",
        "Give it an id; it is referred to by # and that id.",
    ),
    Entry(
        "contained-id-duplicate",
        "內含資源的 id 重複",
        "Two contained resources with the same id",
        "Give each contained resource an id of its own.",
    ),
    Entry(
        "reference-contained",
        "# 所指的內含資源不存在(R4 ref-1)",
        "A reference by # to a contained resource that does not exist (R4 ref-1)",
        "Contain the resource, or correct the reference.",
    ),
)

_BUNDLE = (
    Entry(
        "full-url-id",
        "fullUrl 與資源的類型或 id 不一致",
        "The fullUrl does not agree with the type or id of its resource",
        "Let an http(s) fullUrl end with the type and the id of the resource, or use urn:uuid:.",
    ),
    Entry(
        "resource-id-duplicate",
        "同類型的兩個資源有相同的 id",
        "Two resources of one type have the same id",
        "Give each resource an id of its own.",
        Severity.WARNING,
    ),
    Entry(
        "entry-without-resource",
        "此類 Bundle 的每個 entry 須有資源",
        "Each entry of such a Bundle needs a resource",
        "Add the resource, or remove the entry.",
    ),
    Entry(
        "reference-ambiguous",
        "所指的資源在 Bundle 內不只一個",
        "More than one resource in the Bundle fits the reference",
        "Name the version (…/_history/n), or keep one of the resources.",
    ),
    Entry(
        "reference-type",
        "Reference.type 與所指資源的類型不同",
        "Reference.type differs from the type of the resource referred to",
        "Correct the type, or the reference.",
    ),
    Entry(
        "reference-target",
        "所指資源的類型不可用於此處",
        "The resource referred to is of a type that R4 does not allow here",
        "Refer to a resource of an allowed type.",
    ),
    Entry(
        "entry-unreachable",
        "從 Composition 出發引用不到此 entry",
        "No chain of references leads from the Composition to this entry",
        "Refer to it from a section, or leave it out.",
        Severity.WARNING,
    ),
    Entry(
        "search-id",
        "查詢結果的資源沒有 id",
        "A search result without id",
        "Give each resource found its id.",
    ),
    Entry(
        "search-mode",
        "search.mode 與資源類型不符:outcome 須為 OperationOutcome,其餘不可為 OperationOutcome",
        "search.mode does not fit: outcome is for an OperationOutcome, match and include are for anything else",
        "Correct search.mode.",
    ),
    Entry(
        "link-duplicate",
        "同一 relation 的連結出現兩次",
        "Two links with the same relation",
        "Keep one link for each relation.",
    ),
)

_NARRATIVE = (
    Entry(
        "narrative-xml",
        "敘述不是格式正確的 XHTML",
        "The narrative is not well-formed XHTML",
        "Close every element, quote every attribute, write &lt; and &amp; for < and &.",
    ),
    Entry(
        "narrative-dtd",
        "敘述不可有 DOCTYPE 或實體宣告",
        "A narrative may not have a DOCTYPE or declare entities",
        "Remove the declaration.",
    ),
    Entry(
        "narrative-entity",
        "敘述只能用 XML 的實體(&lt; &gt; &amp; &quot; &apos;)或數字實體",
        "A narrative knows only XML's own entities (&lt; &gt; &amp; &quot; &apos;) and numeric ones",
        "Write the character itself, or its number (&#160; for &nbsp;).",
    ),
    Entry(
        "narrative-root",
        "敘述的最外層須為 XHTML 命名空間的 div",
        "The narrative must be one div in the XHTML namespace, with nothing before it",
        'Begin with <div xmlns="http://www.w3.org/1999/xhtml">.',
    ),
    Entry(
        "narrative-element",
        "敘述含 R4 不允許的元素(R4 txt-1)",
        "The narrative has an element that R4 does not allow (R4 txt-1)",
        "Use basic text formatting, lists, tables, links and images only: no script, style, form, frame or object.",
    ),
    Entry(
        "narrative-attribute",
        "敘述含 R4 不允許的屬性(R4 txt-1)",
        "The narrative has an attribute that R4 does not allow (R4 txt-1)",
        "Remove it; event attributes (onclick and the like) are never allowed.",
    ),
    Entry(
        "narrative-active",
        "敘述的連結或樣式會執行程式",
        "A link or style in the narrative runs a program",
        "Use http, https, mailto, tel or # links, and styles without expressions.",
    ),
    Entry(
        "narrative-empty",
        "敘述沒有文字或圖片(R4 txt-2)",
        "The narrative has neither text nor image (R4 txt-2)",
        "Write a summary, or leave the narrative out.",
    ),
)

ENTRIES: tuple[Entry, ...] = (*_INVARIANTS, *_CONTAINED, *_BUNDLE, *_NARRATIVE)
