"""The portal's words in Chinese (Taiwan) and English: kinds of evidence, what happens to a case. Data."""

KINDS = {
    "document": ("醫療文件", "hospital document"),
    "accident": ("事故紀錄", "police record of the accident"),
    "accident-file": ("事故開放資料檔", "open-data file of accidents"),
    "paper": ("上傳文件", "upload"),
    "application": ("理賠申請", "application"),
    "dispute": ("肇責異議", "dispute"),
    "authorisation": ("授權", "authorisation"),
    "mandate": ("委託", "mandate"),
    "review": ("授權或委託審核", "review of an authorisation or mandate"),
    "withdrawal": ("授權或委託撤回", "withdrawal of an authorisation or mandate"),
    "judgement": ("人工判定", "judgement"),
    "participant": ("參與者異動", "change of a participant"),
    "certificate": ("診斷證明書", "medical certificate"),
    "receipt": ("醫療費用收據", "medical receipt"),
    "registration-slip": ("當事人登記聯單", "registration slip"),
    "scene-diagram": ("事故現場圖", "scene diagram"),
    "scene-photo": ("現場照片", "scene photographs"),
    "preliminary-analysis": ("初步分析研判表", "preliminary analysis"),
    "assessment-verdict": ("鑑定意見書", "assessment verdict"),
    "repair-estimate": ("估價單", "repair estimate"),
    "repair-invoice": ("維修發票", "repair invoice"),
    "damage-photo": ("車損照片", "photographs of the damage"),
    "identity": ("身分文件", "identity paper"),
    "other": ("其他文件", "other paper"),
    "bank-account": ("匯款帳戶", "bank account"),
    "records-consent": ("病歷調閱同意書", "consent to access records"),
    "medical-record": ("病歷資料", "medical record"),
    "transport-receipt": ("接送費用單據", "transport receipt"),
    "nursing-receipt": ("看護費用單據", "nursing receipt"),
    "home-nursing-certificate": ("居家看護之醫師證明", "doctor's certificate of nursing at home"),
    "materials-statement": ("醫療材料必要之醫師證明", "doctor's statement that materials are needed"),
    "disability-certificate": ("失能診斷書", "disability certificate"),
    "imaging": ("影像資料", "imaging"),
    "death-certificate": ("死亡證明書", "death certificate"),
    "post-mortem-certificate": ("相驗屍體證明書", "post-mortem certificate"),
    "household-removal": ("除戶戶籍謄本", "household register with the removal"),
    "household-register": ("全體遺屬戶籍謄本", "household register of all survivors"),
    "heir-statement": ("繼承系統表", "statement of heirs"),
    "funeral-receipt": ("殯葬費用單據", "funeral receipt"),
    "untraceable-proof": ("肇事車輛無法查究證明", "proof that the vehicle cannot be traced"),
    "indictment": ("起訴書或不起訴處分書", "decision of the prosecutor"),
    "fund-receipt-and-undertaking": ("特別補償基金收據及切結書", "receipt and undertaking to the fund"),
    "vehicle-licence": ("行車執照", "vehicle licence"),
    "driving-licence": ("駕駛執照", "driving licence"),
    "settlement": ("和解書", "settlement"),
    "judgment": ("確定判決", "final judgment"),
    "wage-certificate": ("薪資證明", "wage certificate"),
    "value-list": ("車輛重置價格表", "list of vehicle values"),
    "direct-billing": ("匯款同意書", "consent to direct billing"),
    "theft-certificate": ("失竊證明", "theft certificate"),
}

# Of the work list: what two records are compared by, and what they tell.
ROWS = {
    "day": ("事故日期", "Day of the accident"),
    "time": ("時間", "Time"),
    "place": ("地點", "Place"),
    "severity": ("事故類別", "Class"),
    "toll": ("死傷", "Dead and injured"),
    "parties": ("當事者", "Parties"),
    "plates": ("車牌（部分隱藏）", "Plates (masked)"),
    "police-case": ("警方案號", "Police case number"),
    "treated": ("就醫日期", "Treated"),
    "loss": ("損失種類", "Loss"),
}
SEVERITIES = {
    "A1": ("A1 當場或 24 小時內死亡", "A1 death within 24 hours"),
    "A2": ("A2 受傷，或逾 24 小時死亡", "A2 injury, or later death"),
    "A3": ("A3 僅財物損失", "A3 damage only"),
    "A4": ("A4 當事人自行和解", "A4 settled by the parties"),
}
PARTIES = {
    "car": ("小客車", "car"),
    "bus": ("大客車", "bus"),
    "truck": ("貨車", "truck"),
    "motorcycle": ("機車", "motorcycle"),
    "bicycle": ("自行車", "bicycle"),
    "pedestrian": ("行人", "pedestrian"),
    "passenger": ("乘客", "passenger"),
    "other": ("其他", "other"),
}
LOSSES = {
    "motor": ("車禍", "motor accident"),
    "medical": ("就醫", "medical"),
    "case": ("以案件編號指明", "named by a case number"),
}

PRESENCE = {
    "present": ("已具備", "present"),
    "expected": ("尚未可取得", "cannot exist yet"),
    "missing": ("缺少", "missing"),
}

EVENTS = {
    "opened": ("案件成立", "The case was opened"),
    "received": ("收到{zh}", "Received: {en}"),
    "accepted": ("{zh}已受理", "Accepted: {en}"),
    "duplicate": ("{zh}與先前紀錄重複", "A duplicate: {en}"),
    "dead": ("{zh}處理延遲", "Delayed on our side: {en}"),
    "taken-back": ("{zh}由傳送者撤銷", "Taken back by its sender: {en}"),
    "reviewed-approve": ("授權經審核同意", "The authorisation was approved"),
    "reviewed-refuse": ("授權經審核不同意", "The authorisation was refused"),
    "consent-withdrawn": ("授權已撤回", "The authorisation was withdrawn"),
    "present": ("已具備{zh}", "There is: {en}"),
    "expected": ("{zh}自此日起可取得", "Can exist from this day: {en}"),
    "same": ("人工判定為同一案", "An operator judged two records the same"),
    "not-same": ("人工判定非同一案", "An operator judged two records not the same"),
    "offered": ("提供第 {number} 號予 {insurer}", "Offered as number {number} to {insurer}"),
    "withdrawn": ("第 {number} 號通知 {insurer} 收回", "Number {number} to {insurer} takes offers back"),
    "handed-over": ("{insurer} 取得第 {number} 號", "Handed over to {insurer}: number {number}"),
    "paper-handed-over": (
        "{insurer} 取得文件（第 {number} 號）",
        "Handed over to {insurer}: a paper of number {number}",
    ),
}


def kind(name: str) -> tuple[str, str]:
    """Chinese and English of a kind; a kind without words speaks for itself."""
    return KINDS.get(name, (name, name))


def event(what: str, of_kind: str = "", **names: object) -> tuple[str, str]:
    """Chinese and English of what happened, to evidence of a kind if it is about one."""
    zh, en = kind(of_kind)
    chinese, english = EVENTS[what]
    return chinese.format(zh=zh, en=en, **names), english.format(zh=zh, en=en, **names)
