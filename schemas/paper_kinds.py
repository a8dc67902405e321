"""The kinds of uploads: the class that a paper of the kind always is, and of police papers day and law.

道路交通事故處理辦法 (D0080090) art. 13 I: the registration slip at the scene, diagram and photographs after seven days, the
preliminary analysis after thirty. "Day 7" is the accident's date plus 7 days; dates are Asia/Taipei. An assessment (鑑定) is
made on request: 車輛行車事故鑑定及覆議作業辦法 (K0040045), its words in art. 8 II.
"""

from dataclasses import dataclass

from schemas.evidence import DataClass


@dataclass(frozen=True)
class PaperKind:
    """`data_class`: what a paper of the kind is whatever else it holds. `days` after the accident it can be had, None where no
    law says; `article`: `law:article.paragraph.item`."""

    name: str
    data_class: DataClass | None
    days: int | None = None
    article: str = ""


PAPER_KINDS = (
    PaperKind("certificate", DataClass.CERTIFICATE),
    PaperKind("receipt", DataClass.RECEIPT),
    PaperKind("registration-slip", DataClass.POLICE, 0, "D0080090:13.1.1"),
    PaperKind("scene-diagram", DataClass.POLICE, 7, "D0080090:13.1.2"),
    PaperKind("scene-photo", DataClass.POLICE, 7, "D0080090:13.1.2"),
    PaperKind("preliminary-analysis", DataClass.POLICE, 30, "D0080090:13.1.3"),
    PaperKind("assessment-verdict", DataClass.POLICE, None, "K0040045:8"),
    PaperKind("repair-estimate", DataClass.REPAIR),
    PaperKind("repair-invoice", DataClass.REPAIR),
    PaperKind("damage-photo", DataClass.REPAIR),
    PaperKind("identity", DataClass.IDENTITY),
    PaperKind("other", None),
)
KIND = {one.name: one for one in PAPER_KINDS}
