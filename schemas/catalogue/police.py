"""Problems of police records: open-data files, and accidents in JSON or as rows of such a file."""

from schemas.problems import Entry, Severity

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "csv-header",
        "標題列不是警政署事故開放資料的欄位",
        "The header is not that of the police agency's open accident data",
        "Send the file as published: 51 columns from 發生年度 to 緯度 (2018 on), or the 4 columns 發生時間, 發生地點, "
        "死亡受傷人數, 車種 (2013-2017); comma separated, UTF-8. Coded exports of a city or a police unit go through "
        "`claims police import`.",
    ),
    Entry(
        "police-file-unknown",
        "不是已知的警察事故檔案格式",
        "The file is none of the known kinds of police files",
        "Known are the national open data (51 or 4 columns), the coded open data of Taipei and of Taichung, a police unit's "
        "export with form item numbers (案號, 4天候 …), and an accident as JSON. "
        "Save a workbook as CSV first.",
    ),
    Entry(
        "export-place-missing",
        "沒有地點也沒有座標,無法指明事故",
        "There is neither a place nor coordinates: nothing tells this accident from another",
        "Fill in the place, or longitude and latitude.",
    ),
    Entry(
        "csv-columns",
        "此列有 {have} 欄,應為 {expected} 欄",
        "The line has {have} columns, {expected} are expected",
        "Correct the line; text inside a field uses full-width commas.",
    ),
    Entry(
        "csv-encoding",
        "此列不是 UTF-8",
        "The line is not UTF-8",
        "Encode the file as UTF-8.",
    ),
    Entry(
        "csv-value",
        "欄位「{field}」的值無法讀取",
        "The value of column {field} cannot be read",
        "Write it as {expected}.",
    ),
    Entry(
        "csv-value-ignored",
        "欄位「{field}」的值無法讀取,已略過",
        "The value of column {field} cannot be read and is left out",
        "Write it as {expected}.",
        Severity.WARNING,
    ),
    Entry(
        "csv-person-half",
        "當事人只有「{field}」,未採用",
        "Of this party only {field} is given: it names nobody",
        "Give the party's number and name together; without both nothing is joined by this person.",
        Severity.WARNING,
    ),
    Entry(
        "csv-rows-differ",
        "同一事故各列的「{field}」不一致,採第一列",
        "The lines of one accident differ in column {field}; the first line counts",
        "Repeat the accident's own columns unchanged on every line of its parties.",
        Severity.WARNING,
    ),
    Entry(
        "csv-accident-twice",
        "同一時間與地點出現兩筆內容不同的事故",
        "Two accidents with other content stand under one time and place",
        "Keep one line for each accident.",
    ),
    Entry(
        "csv-too-many-parties",
        "一件事故的當事者超過 {limit} 列",
        "More than {limit} lines of one accident",
        "Check whether the time and the place are filled in on every line.",
    ),
    Entry(
        "csv-no-good-row",
        "檔案內沒有任何一列可用",
        "No line of the file can be used",
        "Correct the lines named; a file needs at least one readable accident.",
    ),
    Entry(
        "csv-release-date",
        "「資料提供日期」無法讀取,以接收日代替",
        "The date of release (資料提供日期) cannot be read; the day of receipt stands in",
        "Write the footer as 資料提供日期:115年08月17日.",
        Severity.WARNING,
    ),
    Entry(
        "accident-coordinates-swapped",
        "經度與緯度互換,已對調",
        "Longitude and latitude are swapped; they were put right",
        "Send the longitude (118 to 123) and the latitude (21 to 27) in their own fields.",
        Severity.WARNING,
    ),
    Entry(
        "accident-coordinates-outside",
        "座標不在臺灣範圍內,已略過",
        "The coordinates lie outside Taiwan and are left out",
        "Leave the coordinates out when they are not known.",
        Severity.WARNING,
    ),
    Entry(
        "accident-in-future",
        "事故時間晚於接收時間",
        "The accident lies after the time of receipt",
        "Check the date and the clock of the sending system.",
        Severity.WARNING,
    ),
    Entry(
        "accident-date-range",
        "事故日期的年份不合理(應為西元年)",
        "The year of the accident is not plausible (Gregorian years)",
        "Write the year as four Gregorian digits: ROC year + 1911.",
    ),
    Entry(
        "accident-casualties-differ",
        "當事者的死傷人數多於事故的{field}",
        "More parties are dead or hurt than the accident's {field} says",
        "Correct {field}, or the injury of the parties.",
        Severity.WARNING,
    ),
    Entry(
        "accident-severity-differs",
        "事故類別與死傷人數不符",
        "The severity does not agree with the numbers of deaths and injuries",
        "A1: a death; A2: an injury or a later death; A3 and A4: neither.",
        Severity.WARNING,
    ),
    Entry(
        "accident-order-repeated",
        "當事者順位重複",
        "Two parties have the same order",
        "Number the parties 1, 2, 3 and so on.",
    ),
    Entry(
        "accident-code-system",
        "有代碼而未註明 codeSystem",
        "A code is given without codeSystem",
        "Name the form whose codes are used: npa-112.07.01 or npa-96.09.09.",
        Severity.WARNING,
    ),
    Entry(
        "accident-code-unknown",
        "代碼不在所註明版本的代碼表內,原樣保留",
        "The code is not in the table of the form that codeSystem names; it is kept as it is",
        "Compare with the form of that version, or name the form whose code it is.",
        Severity.WARNING,
    ),
    Entry(
        "accident-code-contradicts",
        "代碼與同一當事者的 {field} 不符;兩者均保留,任一載明為汽車或死傷者即列入",
        "The code says otherwise than the {field} beside it; both are kept, and a vehicle or a victim by either counts as one",
        "Correct the code, or {field}, and send the record again as a higher version.",
        Severity.WARNING,
    ),
    Entry(
        "accident-person-identifier",
        "證號檢查碼不符",
        "The checksum of the identifier is wrong",
        "Compare with the identity document.",
        Severity.WARNING,
    ),
)
