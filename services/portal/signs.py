"""What two records agree or differ in, in Chinese (Taiwan) and English: how values compare, never the values. Data."""

from services.hub.grading import Sign, Told

SIGNS: dict[Sign, tuple[str, str]] = {
    Sign.PART: ("同一份證明、收據、事故或申請", "the same certificate, receipt, accident or application"),
    Sign.CASE: ("寫明本案編號", "names the case by its number"),
    Sign.POLICE_CASE: ("警方案號相同", "same police case number"),
    Sign.CLAIM: ("同一保險公司的理賠號碼相同", "same claim number at the same insurer"),
    Sign.DOCUMENT: ("寫明醫院文件號碼，同一人", "names the hospital's document by its number, same person"),
    Sign.ENCOUNTER: ("同一醫院同一就醫號碼，同一人", "same encounter at the same hospital, same person"),
    Sign.VISIT: ("同一人、同一醫院、所寫就醫日相符", "same person, the hospital and day that the filing names"),
    Sign.PLATE: ("車牌相同", "same plate"),
    Sign.LEGACY_PLATE: (
        "車牌相同，但為舊式號牌，連字號位置不明",
        "same plate, of an old form that two vehicles may share",
    ),
    Sign.PLATE_DAY_APART: ("車牌相同，日期差 {apart} 天", "same plate, dates {apart} day apart"),
    Sign.NEAR_PLATE: ("車牌差一個字元", "plates differ by one slip of the pen"),
    Sign.PERSON: ("同一人", "same person"),
    Sign.PERSON_DAY_APART: ("同一人，日期差 {apart} 天", "same person, dates {apart} day apart"),
    Sign.TREATED: ("同一人，事故後 {apart} 天因傷就醫", "same person, injury treated {apart} days after"),
    Sign.TREATED_LATE: ("同一人，事故後 {apart} 天才就醫", "same person, treated only {apart} days after"),
    Sign.FOLLOW_UP: (
        "同一人、同一醫院、同類傷害，相隔 {apart} 天",
        "same person, hospital and kind of injury, {apart} days apart",
    ),
    Sign.TRANSFER: (
        "同一人、同類傷害，另一醫院，相隔 {apart} 天",
        "same person and kind of injury, another hospital, {apart} days apart",
    ),
    Sign.TRANSFER_LATE: (
        "同一人、同類傷害，另一醫院，相隔 {apart} 天之久",
        "same person and kind of injury, another hospital, as long as {apart} days apart",
    ),
    Sign.TREATED_AT_ONCE: ("事故當日即就醫", "treated on the very day"),
    Sign.MINUTE: ("時間相差 {apart} 分鐘", "{apart} minutes apart"),
    Sign.MINUTES_5: ("時間相差 {apart} 分鐘", "{apart} minutes apart"),
    Sign.MINUTES_15: ("時間相差 {apart} 分鐘", "{apart} minutes apart"),
    Sign.MINUTES_30: ("時間相差 {apart} 分鐘", "{apart} minutes apart"),
    Sign.HOUR: ("時間相差 {apart} 分鐘", "{apart} minutes apart"),
    Sign.HALF_A_DAY: ("時間相差約半天（上午、下午可能寫反）", "about half a day apart: morning for evening, perhaps"),
    Sign.HOURS: ("時間相差 {apart} 分鐘，不相符", "{apart} minutes apart: the times disagree"),
    Sign.METRES_60: ("位置相距 {apart} 公尺", "{apart} m apart"),
    Sign.METRES_250: ("位置相距 {apart} 公尺", "{apart} m apart"),
    Sign.METRES_600: ("位置相距 {apart} 公尺", "{apart} m apart"),
    Sign.FAR: ("位置相距 {apart} 公尺，不相符", "{apart} m apart: the places disagree"),
    Sign.CROSSING: ("同一路口", "same crossing"),
    Sign.ROAD: ("有一條路相同", "one road in common"),
    Sign.ADDRESS: ("地點文字相同", "place in the same words"),
    Sign.OTHER_ROADS: ("所寫道路不同", "other roads"),
    Sign.PARTIES: ("當事者種類相同", "same kinds of parties"),
    Sign.OTHER_KINDS: ("當事者種類不同", "other kinds of parties"),
    Sign.OTHER_PARTIES: ("當事者人數差 {apart}", "numbers of parties differ by {apart}"),
    Sign.TOLL: ("死傷人數相同", "same numbers of dead and injured"),
    Sign.OTHER_TOLL: ("死傷人數不同", "other numbers of dead and injured"),
    Sign.OTHER_PLATES: ("車牌不同", "other plates"),
    Sign.OTHER_PERSONS: ("沒有相同的人", "no person in common"),
    Sign.OTHER_NUMBER: ("警方案號不同", "other police case number"),
    Sign.UNSUPPORTED: ("僅案號相同，其他不符：可能抄錯一碼", "the number alone agrees: perhaps one wrong digit"),
}


def words(told: Told) -> tuple[str, str]:
    """Chinese and English of a sign on a pair."""
    zh, en = SIGNS[told.sign]
    return zh.format(apart=told.apart), en.format(apart=told.apart)
