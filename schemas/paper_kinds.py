"""The kinds of uploads: the class that a paper of the kind always is, and of police papers day and law.

道路交通事故處理辦法 (D0080090) art. 13 I: the registration slip at the scene, diagram and photographs after seven days, the
preliminary analysis after thirty. "Day 7" is the accident's date plus 7 days; dates are Asia/Taipei. An assessment (鑑定) is
made on request: 車輛行車事故鑑定及覆議作業辦法 (K0040045), its words in art. 8 II.

What else a motor claim needs (services/motor/papers.json) goes with consent alone: also of what police, prosecutor and court
issue for it, nothing is of the class that goes by law.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.evidence import DataClass
from schemas.records import Role


@dataclass(frozen=True)
class PaperKind:
    """`data_class`: what a paper of the kind is whatever else it holds. `days` after the accident it can be had, None where no
    law says; `article`: `law:article.paragraph.item`."""

    name: str
    data_class: DataClass | None
    days: int | None = None
    article: str = ""

    @property
    def issuing(self) -> Role | None:
        """Whose papers these are; None where no role of participants makes them."""
        return ISSUING.get(self.data_class) if self.data_class else None


ISSUING = {DataClass.CERTIFICATE: Role.HOSPITAL, DataClass.RECEIPT: Role.HOSPITAL, DataClass.POLICE: Role.POLICE}

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
    PaperKind("disability-certificate", DataClass.CERTIFICATE),
    PaperKind("death-certificate", DataClass.CERTIFICATE),
    PaperKind("post-mortem-certificate", DataClass.CERTIFICATE),
    PaperKind("home-nursing-certificate", DataClass.CERTIFICATE),
    PaperKind("materials-statement", DataClass.CERTIFICATE),
    PaperKind("bank-account", DataClass.CLAIM),
    PaperKind("records-consent", DataClass.CLAIM),
    PaperKind("transport-receipt", DataClass.CLAIM),
    PaperKind("nursing-receipt", DataClass.CLAIM),
    PaperKind("wage-certificate", DataClass.CLAIM),
    PaperKind("household-removal", DataClass.CLAIM),
    PaperKind("household-register", DataClass.CLAIM),
    PaperKind("heir-statement", DataClass.CLAIM),
    PaperKind("funeral-receipt", DataClass.CLAIM),
    PaperKind("untraceable-proof", DataClass.CLAIM),
    PaperKind("theft-certificate", DataClass.CLAIM),
    PaperKind("indictment", DataClass.CLAIM),
    PaperKind("judgment", DataClass.CLAIM),
    PaperKind("settlement", DataClass.CLAIM),
    PaperKind("fund-receipt-and-undertaking", DataClass.CLAIM),
    PaperKind("vehicle-licence", DataClass.CLAIM),
    PaperKind("driving-licence", DataClass.CLAIM),
    PaperKind("value-list", DataClass.CLAIM),
    PaperKind("direct-billing", DataClass.CLAIM),
    PaperKind("other", None),
)
KIND = {one.name: one for one in PAPER_KINDS}


def class_of(kind: str) -> DataClass:
    """The class that a paper of a kind has at least: an upload's own, a police record's, or the class that the kind is named
    by. ValueError of a kind that has none."""
    if kind == "accident":
        return DataClass.POLICE
    return (KIND[kind].data_class if kind in KIND else None) or DataClass(kind)


def names(paper: str, classes: Iterable[DataClass]) -> frozenset[str]:
    """The kinds that a paper counts as where a kind is asked for: its own, and the classes of what it holds. `paper`: the
    `paper` of its evidence.

    Consent is given for doctors' certificates as one class; a death certificate is no certificate of an injury, nor the
    reverse. So what has a kind of its own within a class that is a kind as well does not count as that.
    A dispute goes as an application does, and is none.
    """
    if paper == "dispute":
        return frozenset({paper})
    own = KIND[paper].data_class if paper in KIND else None
    return frozenset({paper, *(str(one) for one in classes if one != own or own not in KIND)})
