"""The words of a motor case in Chinese (Taiwan) and English. Data."""

ISSUERS = {
    "claimant": ("請求權人", "the claimant"),
    "police": ("警察機關", "the police"),
    "hospital": ("醫療院所", "the hospital"),
    "carrier": ("運送業者", "the carrier"),
    "carer": ("看護", "the carer"),
    "prosecutor": ("檢察署", "the prosecutor"),
    "undertaker": ("殯葬業者", "the undertaker"),
    "household-office": ("戶政事務所", "the household office"),
    "vehicle-office": ("監理機關", "the vehicle office"),
    "court": ("法院", "the court"),
    "employer": ("雇主", "the employer"),
    "repair-shop": ("修車廠", "the repair shop"),
    "insurer": ("保險公司", "the insurer"),
}
COVERS = {
    "motor-compulsory": ("強制汽車責任保險", "compulsory motor liability"),
    "motor-third-party": ("第三人責任險", "third-party liability"),
    "motor-own-damage": ("車體損失險", "own damage"),
    "life-health": ("人身保險", "life and health"),
}
CLAIMS = {
    "injury": ("傷害醫療", "injury"),
    "disability": ("失能", "disability"),
    "death": ("死亡", "death"),
    "interim-death": ("死亡暫先給付", "interim payment for death"),
    "property": ("財損", "damage to property"),
    "damage": ("車體損失", "damage to the vehicle"),
    "total-loss": ("全損", "total loss"),
    "theft": ("竊盜", "theft"),
}
INSURED = {
    "insured": ("有強制險", "insured"),
    "untraceable": ("無法查究", "cannot be traced"),
    "uninsured": ("未投保", "not insured"),
    "unconsented": ("未經同意使用", "used without consent"),
    "consent-disputed": ("是否經同意有爭議", "consent is disputed"),
    "exempt": ("無須投保", "need not be insured"),
    "never-insured-micro": ("未曾投保之微型電動二輪車", "micro electric two-wheeler, never insured"),
    "not-known": ("登錄資料未回覆", "the register has not answered"),
}
VEHICLES = {
    "car": ("汽車", "car"),
    "bus": ("大客車", "bus"),
    "truck": ("貨車", "truck"),
    "motorcycle": ("機車", "motorcycle"),
    "other": ("其他車輛", "other vehicle"),
}
ROLES = {
    "driver": ("駕駛", "driver"),
    "passenger": ("乘客", "passenger"),
    "outsider": ("車外第三人", "outsider"),
}
CLOCKS = {
    "notice": ("書面通知保險人（五日）", "written notice to the insurer (5 days)"),
    "payment": ("文件齊全後給付（十個工作日）", "payment after all papers (10 working days)"),
    "interim-payment": ("暫先給付（十個工作日）", "interim payment (10 working days)"),
    "interest": ("逾期利息起算（年利一分）", "interest begins (10 % a year)"),
    "interim-interest": ("暫先給付逾期利息起算（年利一分）", "interest on an interim payment begins (10 % a year)"),
    "limitation-knowledge": (
        "時效二年（自知悉起，最早自事故日）",
        "2 years from knowledge, at the earliest from the accident",
    ),
    "limitation-accident": ("時效十年（自事故日）", "10 years from the accident"),
    "fund-limitation-knowledge": (
        "特別補償基金時效二年（最早自事故日）",
        "fund: 2 years from knowledge, at the earliest",
    ),
    "fund-limitation-accident": ("特別補償基金時效十年（自事故日）", "fund: 10 years from the accident"),
}
STEPS = {
    "assessment": ("申請鑑定", "apply for the assessment"),
    "assessment-result": ("鑑定意見書", "verdict of the assessment"),
    "reassessment": ("申請覆議（一次為限）", "apply for the re-assessment (once)"),
    "reassessment-result": ("覆議意見書", "verdict of the re-assessment"),
}
STEP_NOTES = {
    "assessment": (
        "已進入偵查或審判程序者，僅得由司法機關囑託鑑定（K0040045 第3條第1款）",
        "in prosecution or trial only when the court or prosecutor asks for it (K0040045 art. 3 ①)",
    ),
}
WISHES = {
    "correction": ("請求更正警方紀錄", "that the police correct their record"),
    "assessment": ("申請鑑定", "an assessment"),
    "reassessment": ("申請覆議", "a re-assessment"),
}
ITEMS = {
    "first-aid": ("急救費用", "first aid"),
    "care": ("診療費用", "medical care"),
    "care-outside-nhi": ("非健保診療", "care outside NHI"),
    "ward": ("病房費差額", "ward difference"),
    "meals": ("膳食費", "meals"),
    "prosthesis": ("義肢", "prosthesis"),
    "denture": ("義齒", "denture"),
    "artificial-eye": ("義眼", "artificial eye"),
    "materials": ("其他醫療材料", "other materials"),
    "transport": ("接送費用", "transport"),
    "nursing": ("看護費用", "nursing"),
    "home-nursing": ("居家看護", "nursing at home"),
    "medical": ("傷害醫療給付總額", "all medical costs"),
    "death": ("死亡給付", "death"),
    "person": ("每一人給付總額", "all benefits of one person"),
}
UNITS = {
    "day": ("每日", "a day"),
    "limb": ("每一肢", "a limb"),
    "tooth": ("每齒", "a tooth"),
    "eye": ("每眼", "an eye"),
    "victim": ("每人", "a victim"),
}
NEEDS = {
    "units": ("收據未載日數或數量", "the receipt does not say how many days or pieces"),
    "stay": ("住院日數證明", "a certificate of the days in hospital"),
    "home-nursing": ("居家看護之醫師證明", "a doctor's certificate of nursing at home"),
    "necessity": ("醫師認定為治療所必要", "a doctor's word that it is needed"),
    "average-cost": ("健保平均費用", "the NHI's average cost"),
}
STATUSES = {"law": ("依法規條文", "by the text of the law"), "unconfirmed": ("未經確認", "unconfirmed")}
FUND = ("特別補償基金", "special compensation fund")
