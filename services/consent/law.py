"""The law table: what goes to an insurer by law, without an authorisation. Medical papers never do."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.evidence import Cover, DataClass


class Recipient(StrEnum):
    NAMED = "an insurer that this application itself names"
    HOLDER = "the compulsory insurer of a vehicle in the accident that holds an application"
    FUND = "the special compensation fund that holds an application, for a vehicle in the accident that it answers for"
    OTHER_COMPULSORY = "another compulsory insurer of a vehicle in an accident that an application was filed for"


@dataclass(frozen=True)
class Line:
    """`classes` empty: no paper, only the notice that a claim was received. `purposes` empty: any."""

    id: str
    article: str
    classes: tuple[DataClass, ...]
    recipient: Recipient
    purposes: tuple[Cover, ...]
    since: str
    until: str | None = None


LAW_TABLE = (
    Line(
        "own-filing",
        "the applicant's own filing (G0390062 art. 15)",
        (DataClass.APPLICATION,),
        Recipient.NAMED,
        (),
        "2018-01-01",
    ),
    Line(
        "G0390062-17-2",
        "強制汽車責任保險承保及理賠作業處理辦法 art. 17 ②",
        (DataClass.POLICE,),
        Recipient.HOLDER,
        (Cover.MOTOR_COMPULSORY,),
        "2018-01-01",
    ),
    # It must investigate what is claimed from it; what it may consider begins with the police's papers (G0390061 art. 7 ①).
    Line(
        "K0040049-3",
        "財團法人汽車交通事故特別補償基金管理辦法 art. 3",
        (DataClass.POLICE,),
        Recipient.FUND,
        (Cover.MOTOR_COMPULSORY,),
        "2019-09-27",
    ),
    Line(
        "G0390062-14-3",
        "強制汽車責任保險承保及理賠作業處理辦法 art. 14 III",
        (),
        Recipient.OTHER_COMPULSORY,
        (Cover.MOTOR_COMPULSORY,),
        "2018-01-01",
    ),
)

LAW = {line.id: line for line in LAW_TABLE}
NOTICE = next(line for line in LAW_TABLE if not line.classes)
